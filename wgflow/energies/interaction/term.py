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

    A convolution by fast Fourier transforms, O(n log n) for n cells, without a dense kernel:
    zero-padded on bounded axes, circular on periodic ones.

    A smooth kernel is taken at the displacements of cell centres, which is exact for masses at
    the centres and of order 2 for densities. A kernel that is singular at 0, such as log|x|,
    the Newtonian one or |x|^a with a > -D, or that has a kink there, such as |x|, asks for
    ``singular=True``: it is then averaged over the cell around each displacement, the one at 0
    included, by quadrature to about ten digits. That gives the exact potential of the piecewise
    constant density at the centres, and order 2 for smooth densities.

    Parameters
    ----------
    kernel : callable
        ``W(dx, dy, ...)`` at arrays of displacements; on a periodic axis displacements lie
        within half a period, and W is to be periodic.
    singular : bool
        Whether to average the kernel over cells.

    Notes
    -----
    Memory in arrays of the grid's size: the transform of the kernel is real and is kept; it
    takes half an array, times 2 for each axis that is not periodic (2 in the plane). A
    convolution takes 2 arrays for the spectrum and 1 for its result (6 in one dimension, 5 in
    four). Making the transform takes five times the transform's own size for a moment.

    On several ranks each has its share of the transform and of the spectrum, also while they are
    made; the spectrum is moved twice a convolution, between ranks that have lines of cells and
    ranks that have frequencies of the last axis. In one dimension every rank does all.

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
        """Give the term times a number."""
        return Interaction(Multiple(self.kernel, factor), self.singular)

    def latex(self, letters: Letters) -> TermFormula:
        """Give the term's formulas."""
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
