"""Pairwise interaction ½ ∬ W(x - y) rho(x) rho(y), by fast Fourier transforms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from wgflow._typing import Array
from wgflow.asked import Multiple
from wgflow.energies.base import DiscreteTerm, Term
from wgflow.energies.interaction.convolution import Convolution, displacements_of
from wgflow.energies.interaction.divided import DividedConvolution, GatheredConvolution
from wgflow.energies.interaction.kernel import KernelValues, check_even
from wgflow.energies.latex import Letters, TermFormula, times
from wgflow.errors import InputError
from wgflow.grid import Grid

__all__ = ["Interaction"]


@dataclass(frozen=True)
class Interaction(Term):
    """The term ½ ∬ W(x - y) rho(x) rho(y) with an even kernel W.

    Computed as a convolution by fast Fourier transforms, O(n log n) for n cells, without a dense
    kernel: zero-padded on bounded axes, circular on periodic ones.

    A smooth kernel is evaluated at the displacements of cell centres, which is exact for masses
    at the centres and second order for densities. A kernel that is singular at 0, such as log|x|,
    the Newtonian kernel or |x|^a with a > -D, or has a kink there, such as |x|, requires
    ``singular=True``: it is then averaged over the cell around each displacement, including 0, by
    quadrature to about ten digits. This gives the exact potential of the piecewise constant
    density at the centres, and second order for smooth densities.

    Parameters
    ----------
    kernel : callable
        ``W(dx, dy, ...)`` on arrays of displacements; on a periodic axis displacements lie
        within half a period, and W must be periodic.
    singular : bool
        Whether to average the kernel over cells.

    Notes
    -----
    Memory, in arrays of the grid's size: the transform of the kernel is real and is stored; it
    takes half an array, times 2 for each non-periodic axis (2 in the plane). A convolution takes
    2 arrays for the spectrum and 1 for its result (6 in one dimension, 5 in four). Computing the
    transform temporarily takes five times its own size.

    On several ranks, each holds its part of the transform and of the spectrum, even while they
    are computed; each convolution moves the spectrum twice, between ranks that hold lines of
    cells and ranks that hold frequencies of the last axis. In one dimension every rank computes
    the whole.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow import Box, Grid
    >>> grid = Grid(Box((-1, 1)), 50)
    >>> term = Interaction(lambda x: x**2 / 2).discretize(grid)
    >>> density = np.full(50, 0.5)
    >>> bool(abs(term.value(density, 0.0) - 1 / 6) < 1e-3)
    True

    The self-energy of a uniform line of charge, -½ ∬ log|x - y| / 4 = 3/4 - log(2)/2:

    >>> term = Interaction(lambda x: -np.log(abs(x)), singular=True).discretize(grid)
    >>> bool(abs(term.value(density, 0.0) - (0.75 - np.log(2) / 2)) < 1e-3)
    True
    """

    kernel: Callable[..., Array]
    singular: bool = False

    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Transform the kernel on the grid's displacements.

        Raises
        ------
        InputError
            If an axis has unequal cells or is radial, or the kernel is not even, not finite or
            not integrable.
        """
        return _DiscreteInteraction(self, grid)

    def scaled(self, factor: float) -> Interaction:
        """Return the term multiplied by a number."""
        return Interaction(Multiple(self.kernel, factor), self.singular)

    def latex(self, letters: Letters) -> TermFormula:
        """Return the formulas of the term."""
        name = f"W{letters.label}"
        factor = Multiple.in_front(self.kernel)
        if factor == 0:
            return TermFormula("")
        energy = times(factor / 2, rf"\int ({name} * \rho)\,\rho")
        if factor == 1:
            energy = rf"\frac{{1}}{{2}} \int ({name} * \rho)\,\rho"
        return TermFormula(energy, times(factor, rf"{name} * \rho"), letter="W")


class _DiscreteInteraction(DiscreteTerm):
    interacting: ClassVar[bool] = True

    def __init__(self, term: Interaction, grid: Grid) -> None:
        self.grid = grid
        for name, axis, uniform in zip(grid.box.names, grid.box.axes, grid.uniform, strict=True):
            if axis.radial is not None or not uniform:
                raise InputError(
                    f"axis {name}: a kernel of x - y by Fourier transforms needs "
                    "equal cells on a plain axis; use PolynomialInteraction or "
                    "FeatureInteraction, which do on any cells, or equal cells"
                )
        check_even(term.kernel, displacements_of(grid))
        evaluate = KernelValues(term.kernel, term.singular, grid)
        self._convolve: Callable[[Array], Array]
        if grid.comm.size == 1:
            self._convolve = Convolution(evaluate, grid)
        elif grid.dimension == 1:
            self._convolve = GatheredConvolution(evaluate, grid)
        else:
            self._convolve = DividedConvolution(evaluate, grid)

    def value(self, density: Array, time: float) -> float:
        """Value ½ ∬ W rho rho."""
        return self.grid.integrate(density * self._convolve(density)) / 2

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation W * rho."""
        return self._convolve(density)

    def second_variation(self, density: Array, direction: Array) -> Array:
        """Second variation W * direction."""
        return self._convolve(direction)
