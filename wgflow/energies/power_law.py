"""The power law c ∫ rho^m / (m - 1): porous-medium and fast diffusion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from wgflow._typing import Array
from wgflow.energies.base import DiscreteTerm, Term
from wgflow.energies.latex import Letters, TermFormula, braced, number, times
from wgflow.errors import InputError
from wgflow.grid import Grid

__all__ = ["DiscretePowerLaw", "PowerLaw"]

CUTOFF = 1e-12  # density below which a singular derivative is continued
LARGEST_EXPONENT = 700.0  # exp(700) is finite, exp(710) is not
TINY = float(np.finfo(float).tiny)
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class PowerLaw(Term):
    """The term ∫ H(rho) with H = c rho^m / (m - 1), which produces the diffusion c Δ rho^m.

    It is convex for every m > 0: porous-medium diffusion for m > 1, whose fronts move at
    finite speed, and fast diffusion for 0 < m < 1, whose tails are algebraic. In D dimensions
    fast diffusion on the whole space conserves mass only for m > 1 - 2/D; on a box it always
    does. The limit m -> 1 is the :class:`wgflow.Entropy`.

    A derivative that is infinite at rho = 0 is cut off at densities below ``cutoff``:

    * m < 1: H is continued below the cut-off by its second-order Taylor polynomial there, so
      that H, H' and H'' are continuous, H stays convex, and H' and H'' agree with H. This
      bounds the diffusivity by c m cutoff^(m-1) and lowers the energy of an empty cell by
      c (1 - m/2) cutoff^m per unit volume.
    * 1 < m < 2: H and H' are exact, and H'' is that at the cut-off.
    * m >= 2: everything is finite and exact.

    On a radial axis of dimension d the term is relative to the measure mu = r^(d-1) dr, as
    the entropy is: ∫ H(rho/mu) mu. A coefficient c of the power law in R^d becomes
    c area^(1-m) here, where 2 π^(d/2) / Γ(d/2) is the area of the unit sphere.

    Parameters
    ----------
    coefficient : float
        c, at least 0.
    exponent : float
        m, positive and not 1.
    cutoff : float
        Density (relative to mu) below which singular derivatives are continued, > 0.

    Raises
    ------
    InputError
        If a number is not finite or is out of range.

    References
    ----------
    Vázquez, The Porous Medium Equation (2007); Otto, Comm. Partial Differential Equations 26
    (2001), for the energy.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow import Box, Grid
    >>> term = PowerLaw(1.0, 2.0).discretize(Grid(Box((0, 2)), 4))
    >>> density = np.full(4, 0.5)
    >>> term.value(density, 0.0), term.first_variation(density, 0.0).tolist()
    (0.5, [1.0, 1.0, 1.0, 1.0])
    """

    coefficient: float
    exponent: float
    cutoff: float = CUTOFF

    def __post_init__(self) -> None:
        if not (np.isfinite(self.coefficient) and self.coefficient >= 0):
            raise InputError(f"power-law coefficient {self.coefficient}: give a finite number >= 0")
        if self.exponent == 1:
            raise InputError(
                f"power-law exponent 1: use Entropy({self.coefficient}), which is its limit"
            )
        if not (np.isfinite(self.exponent) and self.exponent > 0):
            raise InputError(
                f"power-law exponent {self.exponent}: give a finite number > 0 other than 1"
            )
        if not (np.isfinite(self.cutoff) and self.cutoff > 0):
            raise InputError(f"cut-off {self.cutoff}: give a small finite density > 0")

    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Return the power law of cell averages."""
        return DiscretePowerLaw(self, grid)

    def scaled(self, factor: float) -> PowerLaw:
        """Return the term multiplied by a number."""
        return replace(self, coefficient=factor * self.coefficient)

    def latex(self, letters: Letters) -> TermFormula:
        """Return the formulas of the term."""
        if self.coefficient == 0:
            return TermFormula("")
        m = braced(number(self.exponent))
        what = rf"\int \mu\,(\rho/\mu)^{m}" if letters.weighted else rf"\int \rho^{m}"
        energy = times(self.coefficient / (self.exponent - 1), what)
        return TermFormula(energy, temperature=self.coefficient, power=self.exponent)


class DiscretePowerLaw(DiscreteTerm):
    """Power law of cell averages relative to the grid's reference density.

    In terms of u = rho/mu: the value is the sum of mu H(u), its derivative by the mass of a
    cell H'(u), and the derivative of that by the density H''(u)/mu.
    """

    interacting: ClassVar[bool] = True
    local: ClassVar[bool] = True

    def __init__(self, term: PowerLaw, grid: Grid) -> None:
        self.term, self.grid = term, grid
        self._log_reference = grid.log_reference

    def value(self, density: Array, time: float) -> float:
        """Value ∫ H(rho/mu) mu."""
        c, m, e = self.term.coefficient, self.term.exponent, self.term.cutoff
        low, kept = self._split(density)
        values = self._powers(kept, m - 1.0)
        values *= c / (m - 1.0)
        values *= kept
        if low is not None:
            gap = self._ratio(density[low], low) - e
            slope, curvature = self._at_cutoff()
            taylor = c * e**m / (m - 1.0) + gap * (slope + curvature / 2.0 * gap)
            values[low] = taylor * self._reference(low)
        return self.grid.integrate(values)

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation H'(rho/mu)."""
        c, m, e = self.term.coefficient, self.term.exponent, self.term.cutoff
        low, kept = self._split(density)
        values = self._powers(kept, m - 1.0)
        values *= c * m / (m - 1.0)
        if low is not None:
            slope, curvature = self._at_cutoff()
            values[low] = slope + curvature * (self._ratio(density[low], low) - e)
        return values

    def second_variation(self, density: Array, direction: Array) -> Array:
        """Second variation H''(rho/mu) direction/mu."""
        return self.slope(density) * direction

    def slope(self, density: Array) -> Array:
        """Differentiate the first variation, H''(rho/mu)/mu, by the density of the cell."""
        c, m = self.term.coefficient, self.term.exponent
        kept = np.maximum(density, 0.0 if m >= 2 else self._floor())
        values = self._powers(kept, m - 2.0, shift=1.0)
        values *= c * m
        return values

    def _at_cutoff(self) -> tuple[float, float]:
        """H' and H'' at the cut-off."""
        c, m, e = self.term.coefficient, self.term.exponent, self.term.cutoff
        return c * m / (m - 1.0) * e ** (m - 1.0), c * m * e ** (m - 2.0)

    def _reference(self, where: Mask | None = None) -> Array | float:
        """Give the reference density mu, in some of the cells."""
        if self._log_reference is None:
            return 1.0
        log = self._log_reference if where is None else self._log_reference[where]
        return np.asarray(np.exp(log))

    def _floor(self) -> Array | float:
        """Density at which rho/mu is the cut-off."""
        return self.term.cutoff * self._reference()

    def _split(self, density: Array) -> tuple[Mask | None, Array]:
        """Cells that are continued, or None, and the densities with these and negative ones cut."""
        if self.term.exponent > 1:
            return None, np.maximum(density, 0.0)
        floor = self._floor()
        return density < floor, np.maximum(density, floor)

    def _ratio(self, density: Array, where: Mask) -> Array:
        ratio: Array = density / np.maximum(self._reference(where), TINY)
        return ratio

    def _powers(self, density: Array, power: float, shift: float = 0.0) -> Array:
        """(rho/mu)^power / mu^shift, in a new array; through logarithms if mu is not 1."""
        if self._log_reference is None:
            return _power(density, power)
        logarithm = np.log(np.maximum(density, TINY))
        exponent = power * logarithm - (power + shift) * self._log_reference
        values = np.exp(np.minimum(exponent, LARGEST_EXPONENT))
        if power > 0:
            values[density <= 0] = 0.0
        return values


def _power(density: Array, power: float) -> Array:
    """density^power in a new array, by products where they do: ten times faster than powers."""
    if power == int(power) and 0 <= power <= 3:
        values = np.ones_like(density)
        for _ in range(int(power)):
            values *= density
        return values
    return np.asarray(density**power)
