"""What a figure shows of a solution, brought together on the root in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.grid import Grid
from wgflow.mesh import as_mesh
from wgflow.parallel import SERIAL

if TYPE_CHECKING:
    from wgflow.solution import Solution

__all__ = ["LARGEST_PICTURE", "Picture", "pictured"]

LARGEST_STACK = 8  # curves in one panel
LARGEST_PICTURE = 2**22  # cells that are drawn; more are averaged in groups
ROW_BYTES = 2**25  # of a slab that is averaged at once


@dataclass(frozen=True)
class Picture:
    """Densities on a grid that one rank holds.

    Attributes
    ----------
    grid : Grid or Mesh
        All cells, or coarser ones.
    times : list of float
    densities : list of arrays of the grid's shape
        Some over time in one dimension, the last one in two and on a mesh; none beyond.
    exact : array or None
        The exact density at the last time, in one dimension.
    marginals : list of arrays
        Of the last density in three dimensions and more, one an axis.
    """

    grid: Grid
    times: list[float]
    densities: list[Array]
    exact: Array | None
    marginals: list[Array]


def pictured(solution: Solution) -> Picture | None:
    """Bring together what is drawn; None on the other ranks. Collective."""
    grid = solution.grid
    mesh = as_mesh(grid)
    root = grid.comm.is_root
    if mesh is not None:
        last = mesh.gather(solution.density)
        # where a Grid is declared a Mesh may stand
        whole: Grid = mesh.whole  # type: ignore[assignment]
        return Picture(whole, [solution.time], [last], None, []) if root else None
    if grid.dimension > 2:
        marginals = [_marginal(solution.density, grid, axis) for axis in range(grid.dimension)]
        return Picture(grid.whole, [solution.time], [], None, marginals) if root else None
    last_index = len(solution.times) - 1
    chosen = _chosen(solution) if grid.dimension == 1 else [last_index]
    groups = _groups(grid)
    densities = [_averaged(solution.densities[i], grid, groups) for i in chosen]
    exact = None
    if grid.dimension == 1 and solution.problem is not None and solution.errors:
        exact = _averaged(solution.exact_density(solution.time), grid, groups)
    if not root:
        return None
    times = [float(solution.times[i]) for i in chosen]
    return Picture(
        _coarser(grid, groups), times, [d for d in densities if d is not None], exact, []
    )


def _chosen(solution: Solution) -> list[int]:
    count = len(solution.times)
    picked = np.linspace(0, count - 1, min(count, LARGEST_STACK)).round().astype(int)
    return sorted(set(picked.tolist()))


def _marginal(density: Array, grid: Grid, axis: int) -> Array:
    """Marginal density over all cells of an axis, from every rank's share."""
    masses = density
    for other in reversed(range(grid.dimension)):
        if other != axis:
            letters = "abcd"[: masses.ndim]
            masses = np.einsum(f"{letters},{letters[other]}", masses, grid.widths[other])
    whole = np.zeros(grid.cells[axis])
    start = grid.partition.starts[axis]
    whole[start : start + grid.shape[axis]] = masses
    return grid.comm.sum(whole)


def _groups(grid: Grid) -> list[IntArray] | None:
    """First cell of each group that is drawn as one, for each axis; None if all are drawn."""
    if math.prod(grid.cells) <= LARGEST_PICTURE:
        return None
    most = int(LARGEST_PICTURE ** (1 / grid.dimension))
    return [np.arange(0, n, -(-n // most)) for n in grid.cells]


def _coarser(grid: Grid, groups: Sequence[IntArray] | None) -> Grid:
    whole = grid.whole
    if groups is None:
        return whole
    edges = [np.append(e[g], e[-1]) for e, g in zip(whole.edges, groups, strict=True)]
    return Grid(grid.box, [len(g) for g in groups], edges, comm=SERIAL)


def _averaged(values: Array, grid: Grid, groups: Sequence[IntArray] | None) -> Array | None:
    """Averages of all ranks' cells over groups, on the root; collective."""
    shape = grid.cells if groups is None else tuple(map(len, groups))
    out = np.zeros(shape) if grid.comm.is_root else np.zeros(0)
    along = [grid.along(w, a) for a, w in enumerate(grid.whole.widths)]

    def add(rows: slice, slab: Array) -> None:
        if groups is None:
            out[rows] = slab
            return
        step = max(1, ROW_BYTES // max(1, slab[:1].nbytes))
        for first in range(0, len(slab), step):
            part = slab[first : first + step]
            start = rows.start + first
            masses = part * along[0][start : start + len(part)]
            for axis in range(1, grid.dimension):
                masses = np.add.reduceat(masses * along[axis], groups[axis], axis=axis)
            number = np.searchsorted(groups[0], np.arange(start, start + len(part)), "right") - 1
            begins = np.flatnonzero(np.diff(number, prepend=-1))
            out[number[begins]] += np.add.reduceat(masses, begins, axis=0)

    grid.slabs.write(values, add)
    if not grid.comm.is_root:
        return None
    if groups is not None:
        for axis, starts in enumerate(groups):
            out /= grid.along(np.add.reduceat(along[axis].ravel(), starts), axis)
    return out
