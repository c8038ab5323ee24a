"""Compiled joining of cells to fewer, for the coarse levels of a saddle-point system.

Arrays are those of :mod:`wgflow.algebra.saddle._kernels`; ``parents`` are the flat numbers of the
coarse cells of all cells.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wgflow._typing import Array

Numbers = NDArray[np.int32]


@njit(cache=True)
def join(values: Array, parents: Numbers, out: Array) -> None:
    """Set out to the sums over the cells that have a parent in common."""
    out[:] = 0.0
    for i in range(len(values)):
        out[parents[i]] += values[i]


@njit(cache=True)
def add_joined(values: Array, parents: Numbers, out: Array) -> None:
    """Add to each cell the value of its parent."""
    for i in range(len(out)):
        out[i] += values[parents[i]]


@njit(cache=True)
def join_cells(
    parents: Numbers, volumes: Array, compliance: Array, potential: Array, size: int, least: float
) -> tuple[Array, Array, Array]:
    """Volumes, compliances and potentials of joined cells.

    Their C |K|² is the sum of the parts, and weighs the potentials where it is not 0.
    """
    volume, held, weighed, total, count = np.zeros((5, size))
    for i in range(len(parents)):
        p = parents[i]
        own = compliance[i] * volumes[i] * volumes[i]
        volume[p] += volumes[i]
        held[p] += own
        weighed[p] += own * potential[i]
        total[p] += potential[i]
        count[p] += 1.0
    for p in range(size):
        total[p] = weighed[p] / held[p] if held[p] > least else total[p] / count[p]
        held[p] /= volume[p] * volume[p]
    return volume, held, total


@njit(cache=True)
def join_faces(
    parents: Numbers,
    compliance: Array,
    moves: Array,
    weights: Array,
    low: Numbers,
    nearer: Array,
    coarse_compliance: Array,
    coarse_potential: Array,
    coarse_low: Numbers,
    least: float,
) -> tuple[Array, Array]:
    """Rates and weights of the faces of joined cells.

    Their energies C move² are the sums over the parts of each face, ``nearer`` times, the old
    distance over the new one. What moves against the potentials counts as a weight.
    """
    axes, n = coarse_low.shape
    up, down, out = np.zeros((3, axes, n))
    for a in range(axes):
        for i in range(len(parents)):
            j, p, f = low[a, i], parents[i], moves[a, i]
            if p != parents[j]:
                up[a, p] += compliance[j] * max(f, 0.0) ** 2
                down[a, p] += compliance[i] * min(f, 0.0) ** 2
                out[a, p] += weights[a, i]
    for a in range(axes):
        for p in range(n):
            q, near = coarse_low[a, p], nearer[a, p]
            out[a, p] *= near
            fall = coarse_potential[q] - coarse_potential[p]
            rate = 0.0
            if fall > 0.0 and coarse_compliance[q] > least:
                rate = np.sqrt(near * up[a, p] / coarse_compliance[q])
                up[a, p] = 0.0
            elif fall < 0.0 and coarse_compliance[p] > least:
                rate = -np.sqrt(near * down[a, p] / coarse_compliance[p])
                down[a, p] = 0.0
            out[a, p] += near * (up[a, p] + down[a, p])
            up[a, p] = rate
    return up, out
