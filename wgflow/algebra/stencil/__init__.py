"""The rate of change as a linear map of the density, for coefficients that are held."""

from __future__ import annotations

import math

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.grid import Grid
from wgflow.lines import HALO

__all__ = ["Stencil", "mobility"]

NEGLIGIBLE = 1e-12


class Stencil:
    """The map L from a density to its rate of change by a linear two-point flux.

    The coefficients are those of the drift it was last given, one number a face: drifts
    that do not change cost their exponentials once. No array of fluxes is formed. What is swept
    has ghost cells, so that the neighbouring rank's cells are read like one's own.

    Parameters
    ----------
    grid : Grid
    bend : (D,) array, optional
        Factor of the second difference of the potential, over the four cells about a face, in
        the mobility by which the flux there is multiplied, 0 for none. The mobility is kept
        within [1/2, 2], and 1 at faces next to the end of the domain.
    """

    def __init__(self, grid: Grid, bend: Array | None = None) -> None:
        self.grid = grid
        bend = np.zeros(grid.dimension) if bend is None else bend
        self._bent = bool(np.any(bend))
        self._tables = _tables(grid, bend)
        self._potential = np.empty(0)
        self._spread = np.empty((grid.dimension, *grid.ghosted_shape))

    def set_potential(self, potential: Array) -> None:
        """Set the drift potential; what :meth:`Grid.kept` made is not copied."""
        self._potential = _ghosted(self.grid, potential)

    def differences(self, axis: int) -> Array:
        """Potential differences across all faces of an axis, from end to end of the block.

        They are one more than the cells along the axis; at the end of the domain 0.
        """
        lower, upper = list(self.grid.inner), list(self.grid.inner)
        lower[axis], upper[axis] = slice(HALO - 1, -HALO), slice(HALO, 1 - HALO)
        return np.subtract(self._potential[tuple(upper)], self._potential[tuple(lower)])

    def set_spread(self, spread: Array, axis: int) -> None:
        """Set what the faces of :meth:`differences` spread both ways."""
        above = list(self.grid.inner)
        above[axis] = slice(HALO, 1 - HALO)
        self._spread[axis][tuple(above)] = spread

    def bounds(self, density: Array) -> tuple[float, float]:
        """Largest emptying rate q, and the least q/a² with a its part by transport.

        The first is over the cells of all ranks that are not empty, with the largest mobility
        for all faces. The second is over the cells that matter, above ``NEGLIGIBLE`` of the
        largest density; inf without transport.
        """
        from wgflow.algebra.stencil import _kernels

        floor = NEGLIGIBLE * self.grid.maximum(density)
        found = _kernels.bounds(
            np.ascontiguousarray(density).ravel(),
            self._potential.ravel(),
            self._spread.reshape(self.grid.dimension, -1),
            *self._tables,
            self._bent,
            floor,
        )
        # what is not a number is not seen by the maximum over the ranks
        mine = [math.inf if x != x else x for x in found]
        fastest, shortest, most = self.grid.comm.maximum(np.array(mine) * (1.0, -1.0, 1.0))
        return float(most * fastest), float(-shortest / most)

    def combine(
        self,
        y: Array,
        y2: Array,
        plain: Array,
        share: tuple[float, float, float],
        moving: float,
        out: Array,
    ) -> Array:
        """Set ``out = s0 y + s1 y2 + s2 plain + m L(y)`` in one sweep.

        Parameters
        ----------
        y, y2 : contiguous arrays with ghost cells
            Those of ``y`` must be filled; beyond the end of the domain, be finite.
        plain : array of the grid's shape
        share : (s0, s1, s2)
        moving : m
        out : contiguous array with ghost cells, which are left alone, or of the grid's shape
            Filled; it may be ``y2`` or ``plain``, not ``y``.
        """
        from wgflow.algebra.stencil import _kernels

        ghosted = out.shape == self.grid.ghosted_shape
        starts, own = self._tables[:2]
        _kernels.combine(
            y.reshape(-1),
            y2.reshape(-1),
            np.ascontiguousarray(plain).ravel(),
            out.reshape(-1),
            starts if ghosted else own,
            self._potential.ravel(),
            self._spread.reshape(self.grid.dimension, -1),
            *self._tables,
            self._bent,
            share,
            moving,
        )
        return out

    def rate(self, density: Array, factor: float = 1.0, out: Array | None = None) -> Array:
        """Rate of change of a density without ghost cells, times a factor."""
        out = np.empty(self.grid.shape) if out is None else out
        ghosted = self.grid.padded(density)
        return self.combine(ghosted, ghosted, density, (0.0, 0.0, 0.0), factor, out)


def _ghosted(grid: Grid, values: Array) -> Array:
    """Give values ghost cells, without a copy of those that :meth:`Grid.kept` made."""
    base = values.base
    if base is None or base.shape != grid.ghosted_shape or not base.flags.c_contiguous:
        return grid.padded(values)
    inner = base[grid.inner]
    if inner.ctypes.data != values.ctypes.data or inner.strides != values.strides:
        return grid.padded(values)
    grid.fill(base)
    return base


def mobility(grid: Grid, potential: Array, axis: int, bend: float) -> Array | float:
    """Factor of the fluxes through the faces of :meth:`Grid.difference`.

    It is 1 + bend times the change of the potential's difference over the two next faces.
    """
    if bend == 0:
        return 1.0
    change = grid.faces[axis].second_change(grid.difference(potential, axis))
    factor: Array = np.clip(1 + bend * change, 0.5, 2.0)
    return factor


def _factors(grid: Grid, axis: int) -> tuple[Array, Array]:
    """1/(distance * width) of the lower and the upper face of each cell along an axis."""
    lines = grid.lines[axis]
    widths, distances = lines.widths[1:-1], lines.distances[1:-1]
    return 1 / (distances[:-1] * widths), 1 / (distances[1:] * widths)


def _tables(
    grid: Grid, bend: Array
) -> tuple[IntArray, IntArray, IntArray, IntArray, Array, Array, Array]:
    """Rows, and what belongs to the cells and faces of each axis, as the kernels take them."""
    lead = grid.shape[:-1]
    lines = grid.lines[-1]
    strides = np.array([ln.ghosted_stride for ln in grid.lines[:-1]], dtype=np.int64)
    places = np.indices(lead, dtype=np.int64).reshape(len(lead), math.prod(lead))
    longest = max(grid.shape)
    lower, upper = np.zeros((2, grid.dimension, longest))
    bends = np.zeros((grid.dimension, longest + 1))
    for axis, (n, ends) in enumerate(zip(grid.shape, grid.open_ends, strict=True)):
        lower[axis, :n], upper[axis, :n] = _factors(grid, axis)
        bends[axis, : n + 1] = bend[axis]
        if not ends[0]:
            lower[axis, 0] = 0.0
            bends[axis, :2] = 0.0
        if not ends[1]:
            upper[axis, n - 1] = 0.0
            bends[axis, n - 1 : n + 1] = 0.0
    return lines.ghosted_starts, lines.starts, strides, places, lower, upper, bends
