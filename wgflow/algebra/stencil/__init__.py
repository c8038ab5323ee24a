"""The rate of change as a linear map of the density, for coefficients that are held."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.grid import Grid

__all__ = ["Stencil", "mobility", "rows"]

NEGLIGIBLE = 1e-12


class Stencil:
    """The map L from a density to its rate of change by a linear two-point flux.

    The coefficients are those of the drift it was last given, one number a face: drifts
    that do not change cost their exponentials once. No array of fluxes is formed.

    Parameters
    ----------
    grid : Grid

    Attributes
    ----------
    bend : (D,) array
        Factor of the second difference of the potential, over the four cells about a face, in
        the mobility by which the flux there is multiplied, 0 for none. The mobility is kept
        within [1/2, 2], and 1 at faces next to the end of the domain.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._rows = rows(grid)
        self._potential = np.zeros(0)
        self._spread = np.empty((grid.dimension, grid.size))
        self.bend = np.zeros(grid.dimension)

    @property
    def spread(self) -> Array:
        """What the lower face of each cell spreads both ways, shape (D, cells), to be filled."""
        return self._spread

    def lower_difference(self, values: Array, axis: int) -> Array:
        """Difference of cell values to the cells below, 0 at the end of the domain."""
        change = np.empty(self.grid.shape)
        lead = (slice(None),) * axis
        inner, first, last = (*lead, slice(1, None)), (*lead, slice(0, 1)), (*lead, slice(-1, None))
        np.subtract(values[inner], values[(*lead, slice(None, -1))], out=change[inner])
        if self.grid.box.axes[axis].periodic:
            np.subtract(values[first], values[last], out=change[first])
        else:
            change[first] = 0.0
        return change

    def set_potential(self, potential: Array) -> None:
        """Set the drift potential, which is kept and not copied."""
        self._potential = np.ascontiguousarray(potential).ravel()

    def emptying(self, density: Array) -> float:
        """Largest rate at which any cell that is not empty is emptied."""
        return self.bounds(density)[0]

    def bounds(self, density: Array) -> tuple[float, float]:
        """Largest emptying rate q, and the least q/a² with a its part by transport.

        The second is over the cells that matter, above ``NEGLIGIBLE`` of the largest density;
        inf without transport.
        """
        from wgflow.algebra.stencil import _kernels

        flat = np.ascontiguousarray(density).ravel()
        floor = NEGLIGIBLE * float(flat.max())
        fastest, shortest = _kernels.bounds(flat, self._potential, self._spread, *self._rows, floor)
        most = self.largest_mobility()
        return most * fastest, shortest / most

    def largest_mobility(self) -> float:
        """Largest factor of a flux."""
        most = 1.0
        shaped = self._potential.reshape(self.grid.shape)
        for axis, bend in enumerate(self.bend):
            if bend != 0:
                most = max(most, float(np.max(mobility(self.grid, shaped, axis, bend))))
        return most

    def combine(
        self,
        y: Array,
        y0: Array,
        y2: Array,
        share: tuple[float, float, float],
        moving: tuple[float, float],
        out: Array,
    ) -> Array:
        """Set ``out = s0 y + s1 y2 + s2 y0 + L(m0 y + m1 y0)`` in one sweep.

        Parameters
        ----------
        y, y0, y2 : arrays of the grid's shape
        share : (s0, s1, s2)
        moving : (m0, m1)
        out : contiguous array of the grid's shape
            Filled; it may be ``y2``, not ``y`` or ``y0``.
        """
        from wgflow.algebra.stencil import _kernels

        _kernels.combine(
            np.ascontiguousarray(y).ravel(),
            np.ascontiguousarray(y0).ravel(),
            np.ascontiguousarray(y2).ravel(),
            out.reshape(-1),
            self._potential,
            self._spread,
            self.bend,
            *self._rows,
            share,
            moving,
        )
        return out


def mobility(grid: Grid, potential: Array, axis: int, bend: float) -> Array | float:
    """Factor of the fluxes through the faces of :meth:`Grid.difference`.

    It is 1 + bend times the change of the potential's difference over the two next faces.
    """
    if bend == 0:
        return 1.0
    change = grid.faces[axis].second_change(grid.difference(potential, axis))
    factor: Array = np.clip(1 + bend * change, 0.5, 2.0)
    return factor


def rows(grid: Grid) -> tuple[IntArray, IntArray, Array, Array, Array, Array, bool]:
    """Neighbours and face factors of the rows, as the kernels take them."""
    lead = grid.shape[:-1]
    m = grid.shape[-1]
    rows = int(np.prod(lead))
    numbers = np.arange(rows, dtype=np.int64).reshape(lead)
    below, above = np.empty((2, len(lead), rows), dtype=np.int64)
    lower, upper = np.empty((2, len(lead), rows))
    for axis in range(len(lead)):
        under, over = np.roll(numbers, 1, axis), np.roll(numbers, -1, axis)
        if not grid.box.axes[axis].periodic:
            first, last = [(slice(None),) * axis + (end,) for end in (0, -1)]
            under[first], over[last] = numbers[first], numbers[last]
        below[axis], above[axis] = under.ravel() * m, over.ravel() * m
        for out, values in zip((lower, upper), _factors(grid, axis), strict=True):
            shape = [1] * len(lead)
            shape[axis] = -1
            out[axis] = np.broadcast_to(values.reshape(shape), lead).ravel()
    return below, above, lower, upper, *_factors(grid, -1), grid.box.axes[-1].periodic


def _factors(grid: Grid, axis: int) -> tuple[Array, Array]:
    """1/(distance * width) of the lower and the upper face of each cell along an axis."""
    lines = grid.lines[axis]
    widths, distances = lines.widths[1:-1], lines.distances[1:-1]
    return 1 / (distances[:-1] * widths), 1 / (distances[1:] * widths)
