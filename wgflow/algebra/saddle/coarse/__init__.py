"""A saddle-point system on fewer cells, of the same form."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.algebra.saddle.levels import SMALLEST, Level, Numbers, neighbours

__all__ = ["ALIKE", "coarser", "distances"]

ALIKE = 0.25  # an axis is coarsened if its neighbours are as strong as this, beside the strongest


def coarser(level: Level) -> tuple[Level, Numbers]:
    """Join pairs of cells along the axes whose neighbours are strong.

    Returns
    -------
    level : Level
    parents : (cells,) array
        Flat number of the coarse cell of each cell.
    """
    from wgflow.algebra.saddle.coarse import _kernels

    strength = level.entries[1].sum(axis=1)
    strength[[n < 2 for n in level.shape]] = -1.0
    chosen = strength >= ALIKE * strength.max()
    starts = [_starts(n, c) for n, c in zip(level.shape, chosen, strict=True)]
    widths = tuple(np.add.reduceat(w, s) for w, s in zip(level.widths, starts, strict=True))
    shape = tuple(len(w) for w in widths)
    parents = _parents(level.shape, tuple(bool(c) for c in chosen))
    nearer = np.empty((len(shape), *shape))
    for axis, first in enumerate(starts):
        ratio = distances(level.widths[axis])[first] / distances(widths[axis])
        nearer[axis] = ratio.reshape([-1 if a == axis else 1 for a in range(len(shape))])
    cells = level.volumes, level.compliance, level.potential
    size = nearer[0].size
    volumes, compliance, potential = _kernels.join_cells(parents, *cells, size, SMALLEST)
    moves, weights = _kernels.join_faces(
        parents,
        level.compliance,
        level.moves,
        level.weights,
        level.beside[0],
        nearer.reshape(len(shape), -1),
        compliance,
        potential,
        neighbours(shape, level.periodic)[0],
        SMALLEST,
    )
    return Level(widths, level.periodic, potential, volumes, compliance, moves, weights), parents


def _starts(n: int, pairs: bool) -> IntArray:
    """First cells of the pairs along an axis; the last is one of three if the number is odd."""
    return np.arange(0, n - 1, 2, dtype=np.int64) if pairs else np.arange(n, dtype=np.int64)


@lru_cache(maxsize=32)
def _parents(shape: tuple[int, ...], chosen: tuple[bool, ...]) -> Numbers:
    """Flat number of the coarse cell of each cell."""
    coarse = np.zeros(1, dtype=np.int32)
    for n, pairs in zip(shape, chosen, strict=True):
        starts = _starts(n, pairs)
        places = np.repeat(np.arange(len(starts), dtype=np.int32), np.diff([*starts, n]))
        coarse = (coarse[:, None] * np.int32(len(starts)) + places).ravel()
    return coarse


def distances(widths: Array) -> Array:
    """Distances of the centres of each cell and the one below, around the end."""
    return np.asarray((widths + np.roll(widths, 1)) / 2)
