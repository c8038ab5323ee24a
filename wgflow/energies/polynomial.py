"""Interaction by a polynomial of the squared distance: moments in place of a convolution."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.energies.base import DiscreteTerm, Term
from wgflow.energies.latex import Letters, TermFormula, braced, number, times
from wgflow.errors import InputError
from wgflow.grid import Grid

__all__ = ["PolynomialInteraction"]

HIGHEST_POWER = 16  # beyond it cancellation between moments costs more than ten digits


@dataclass(frozen=True, eq=False)
class PolynomialInteraction(Term):
    """The term ½ ∬ W(x - y) rho(x) rho(y) with W(z) a polynomial of |z|².

    By the binomial theorem W(x - y) is a sum of products of monomials in x and in y. The
    moments of the density give W * rho as a polynomial, with O(degree) operations per cell and
    no stored array. For masses at the cell centres this is exact to rounding, in any dimension,
    on equal and stretched cells. Rounding is about 2^degree units of the largest value of W on
    the box.

    Parameters
    ----------
    coefficients : mapping of int to float
        Coefficients, keyed by even powers of |z|:
        ``{4: 0.25, 2: -0.5}`` is |z|⁴/4 - |z|²/2.

    Raises
    ------
    InputError
        If there are no powers, a power is odd, negative or above 16, or a coefficient is not
        finite.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow import Box, Grid
    >>> grid = Grid(Box((-1, 1)), 50)
    >>> term = PolynomialInteraction({2: 0.5}).discretize(grid)
    >>> bool(abs(term.value(np.full(50, 0.5), 0.0) - 1 / 6) < 1e-3)
    True
    """

    coefficients: Mapping[int, float]

    def __post_init__(self) -> None:
        if not self.coefficients:
            raise InputError("no coefficients: give them by power, as {2: 0.5}")
        for power, coefficient in self.coefficients.items():
            even = isinstance(power, int | np.integer) and power % 2 == 0
            if not (even and 0 <= power <= HIGHEST_POWER):
                raise InputError(
                    f"power {power!r} of the distance: give even whole numbers from 0 to "
                    f"{HIGHEST_POWER}, or use Interaction for other kernels"
                )
            if not np.isfinite(coefficient):
                raise InputError(f"coefficient {coefficient} of power {power}: give a finite one")
        object.__setattr__(self, "coefficients", dict(self.coefficients))

    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Prepare the monomials of the cell centres.

        Raises
        ------
        InputError
            If an axis is periodic or radial.
        """
        return _DiscretePolynomial(self, grid)

    def scaled(self, factor: float) -> PolynomialInteraction:
        """Return the term multiplied by a number."""
        return PolynomialInteraction({p: factor * c for p, c in self.coefficients.items()})

    def latex(self, letters: Letters) -> TermFormula:
        """Return the formulas of the term, with the polynomial."""
        name = f"W{letters.label}"
        monomials = [
            times(c, f"|z|^{braced(str(power))}") if power else number(c)
            for power, c in sorted(self.coefficients.items(), reverse=True)
            if c != 0
        ]
        polynomial = " + ".join(monomials).replace("+ -", "- ") or "0"
        return TermFormula(
            rf"\frac{{1}}{{2}} \int ({name} * \rho)\,\rho",
            rf"{name} * \rho",
            meanings=(f"{name}(z) = {polynomial}",),
            letter="W",
        )


class _DiscretePolynomial(DiscreteTerm):
    """Coordinates are shifted and scaled to [-1, 1], so that no power is large."""

    interacting: ClassVar[bool] = True

    def __init__(self, term: PolynomialInteraction, grid: Grid) -> None:
        self.grid = grid
        for name, axis in zip(grid.box.names, grid.box.axes, strict=True):
            if axis.periodic or axis.radial is not None:
                kind = "periodic" if axis.periodic else "radial"
                raise InputError(
                    f"axis {name} is {kind}: a polynomial of |x - y| needs plain axes; use "
                    "Interaction on periodic ones, FeatureInteraction on radial ones"
                )
        scale = max(axis.length for axis in grid.box.axes) / 2
        powers = np.arange(max(term.coefficients) + 1)
        # (degree + 1, cells) of each axis: small, whatever the size of the grid
        self._monomials = [
            ((c - (a.lower + a.upper) / 2) / scale) ** powers[:, None]
            for c, a in zip(grid.centers, grid.box.axes, strict=True)
        ]
        self._weighted = [m * w for m, w in zip(self._monomials, grid.widths, strict=True)]
        self._degree = int(powers[-1])
        self._kernel = list(_expansion(term.coefficients, grid.dimension, scale))

    def _polynomial(self, density: Array) -> Array:
        """Coefficients of W * rho, an array of degree + 1 entries an axis, from the moments."""
        moments = density
        for weighted in reversed(self._weighted):  # last axis first: along the memory
            moments = np.moveaxis(moments @ weighted.T, -1, 0)
        # each contraction has moved its axis to the front: they are in order again
        moments = self.grid.sum(moments)
        result = np.zeros((self._degree + 1,) * self.grid.dimension)
        for exponents, factors in self._kernel:
            part = tuple(slice(0, e + 1) for e in exponents)
            flipped = (slice(None, None, -1),) * len(exponents)
            result[part] += (factors * moments[part])[flipped]
        return result

    def _convolve(self, density: Array) -> Array:
        values = self._polynomial(density)
        for monomials in self._monomials:  # the last axis last: the result is contiguous
            values = np.tensordot(values, monomials, axes=(0, 0))
        return np.ascontiguousarray(values)

    def value(self, density: Array, time: float) -> float:
        """Value ½ ∬ W rho rho."""
        return self.grid.integrate(density * self._convolve(density)) / 2

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation W * rho."""
        return self._convolve(density)

    def second_variation(self, density: Array, direction: Array) -> Array:
        """Second variation W * direction."""
        return self._convolve(direction)


def _expansion(
    coefficients: Mapping[int, float], dimension: int, scale: float
) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Products of one-dimensional binomials that add up to W(x - y).

    |z|^(2p) = Σ p!/β! Π z_a^(2 β_a) over |β| = p, and (x - y)^k = Σ_j C(k, j) x^(k-j) (-y)^j:
    each item is the exponents k = 2β and the factors of y^j, which belong to x^(k-j).
    """
    for power, coefficient in coefficients.items():
        half = power // 2
        for split in np.ndindex(*(half + 1,) * dimension):
            if sum(split) != half:
                continue
            count = math.factorial(half) // math.prod(map(math.factorial, split))
            factors = np.array(coefficient * scale**power * count)
            for share in split:
                row = [math.comb(2 * share, j) * (-1.0) ** j for j in range(2 * share + 1)]
                factors = np.multiply.outer(factors, row)
            yield tuple(2 * share for share in split), factors
