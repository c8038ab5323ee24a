"""Cell averages from one grid to another, mass by mass."""

from __future__ import annotations

from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.grid.grid import Grid
from wgflow.parallel.transposes import Box, Transpose, pencils, sides

__all__ = ["overlaps", "remapped", "swept"]


def remapped(values: Array, source: Grid, target: Grid) -> Array:
    """Cell averages on another grid of the same axes; collective.

    One axis after the other, each by the integral of a limited linear reconstruction over the
    new cells: of second order, values stay nonnegative, and the mass is kept to rounding. Mass
    beyond the bounds of the target goes to its outermost cells; where the source has no cells
    there is none.

    Parameters
    ----------
    values : array of the source's shape
        Nonnegative.
    source, target : Grid
        Of the same ranks; an axis whose edges agree is left as it is, bit for bit.

    Returns
    -------
    array of the target's shape

    References
    ----------
    Dukowicz, Kodis, SIAM J. Sci. Stat. Comput. 8 (1987) 305-321.
    """
    comm = source.comm
    old, new = source.whole.edges, target.whole.edges
    changed = [a for a in range(source.dimension) if not np.array_equal(old[a], new[a])]
    if comm.size == 1:
        for axis in changed:
            values = swept(values, old[axis], new[axis], axis)
        return values
    cells = list(source.cells)
    here = [source.partition.block(rank) for rank in range(comm.size)]
    for axis in changed:
        there = pencils(cells, axis, comm.size)
        values = swept(_moved(values, here, there, source), old[axis], new[axis], axis)
        cells[axis] = target.cells[axis]
        whole = slice(0, cells[axis])
        here = [box if _empty(box) else (*box[:axis], whole, *box[axis + 1 :]) for box in there]
        values = values.reshape(sides(here[comm.rank]))
    blocks = [target.partition.block(rank) for rank in range(comm.size)]
    return _moved(values, here, blocks, source)


def _empty(box: Box) -> bool:
    return min(sides(box)) == 0


def _moved(values: Array, here: list[Box], there: list[Box], grid: Grid) -> Array:
    """Give this rank's part of another division."""
    out = np.empty(sides(there[grid.comm.rank]))
    move = Transpose(grid.comm, here, there, complex_values=False)
    move.forward(np.ascontiguousarray(values), out)
    return out


def swept(values: Array, old: Array, new: Array, axis: int) -> Array:
    """Averages over the new cells along one axis, of which an array has all old cells."""
    if values.size == 0:
        return values
    lines = np.moveaxis(values, axis, 0)
    flat = np.ascontiguousarray(lines).reshape(len(lines), -1)
    half = slopes(flat, old)
    half *= np.diff(old)[:, None] / 2
    lower, upper = overlaps(old, new)
    # of the limited values at the two ends of a cell both are nonnegative but for rounding
    found = lower @ np.maximum(flat - half, 0.0) + upper @ np.maximum(flat + half, 0.0)
    shaped = np.asarray(found).reshape(len(new) - 1, *lines.shape[1:])
    return np.ascontiguousarray(np.moveaxis(shaped, 0, axis))


def slopes(values: Array, edges: Array) -> Array:
    """Slopes along the first axis, so limited that no end of a cell lies beyond its neighbour.

    The monotonized central ones of van Leer (1977); 0 in the outermost cells.
    """
    widths, centers = np.diff(edges)[:, None], ((edges[1:] + edges[:-1]) / 2)[:, None]
    found = np.zeros_like(values)
    steps = np.diff(values, axis=0)
    before, after = steps[:-1], steps[1:]
    middle = (values[2:] - values[:-2]) / (centers[2:] - centers[:-2])
    least = 2 * np.minimum(np.abs(before), np.abs(after)) / widths[1:-1]
    found[1:-1] = np.where(before * after > 0, np.clip(middle, -least, least), 0.0)
    return found


def overlaps(old: Array, new: Array) -> tuple[Any, Any]:
    """Weights of the values at the lower and the upper ends of old cells in new averages.

    Parameters
    ----------
    old, new : (n + 1,), (m + 1,) arrays
        Edges. The outermost new cells are taken as far as the old ones reach.

    Returns
    -------
    two (m, n) sparse arrays
        Nonnegative; with the widths of both their columns add up: no mass is lost.
    """
    from scipy.sparse import coo_array

    reach = new.copy()
    reach[0], reach[-1] = min(new[0], old[0]), max(new[-1], old[-1])
    cuts = np.unique(np.concatenate([old, reach[(reach > old[0]) & (reach < old[-1])]]))
    low, high = cuts[:-1], cuts[1:]
    middle = (low + high) / 2
    of = np.clip(np.searchsorted(old, middle, "right") - 1, 0, len(old) - 2)
    into = np.clip(np.searchsorted(reach, middle, "right") - 1, 0, len(new) - 2)
    share = (middle - old[of]) / (old[of + 1] - old[of])  # where in the old cell
    weight = (high - low) / np.diff(new)[into]
    shape = (len(new) - 1, len(old) - 1)
    made = [coo_array((weight * part, (into, of)), shape=shape) for part in (1 - share, share)]
    return made[0].tocsr(), made[1].tocsr()
