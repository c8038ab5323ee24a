"""Compiled work on S = A C A^T + L, with the cells of a box as flat arrays.

Every face belongs to the cell i above it: ``low[a, i]`` is the cell below along axis a, or i itself
where there is no face. ``moves[a, i]`` is what the face moves of the mass per density, upwards if
positive, ``weights[a, i] >= 0`` its entry of L. A has the diagonal ``volumes`` plus what leaves.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from wgflow._typing import Array, IntArray

LEAST_PIVOT = 1e-14  # of the diagonal: in exact arithmetic a pivot is never negative


@njit(cache=True)
def multiply(
    x: Array,
    out: Array,
    masses: Array,
    volumes: Array,
    compliance: Array,
    moves: Array,
    weights: Array,
    low: IntArray,
) -> None:
    """Set masses = C A^T x, out = A masses + L x."""
    axes, n = low.shape
    for i in range(n):
        masses[i] = volumes[i] * x[i]
    for a in range(axes):
        for i in range(n):
            j, f = low[a, i], moves[a, i]
            masses[j if f > 0.0 else i] -= f * (x[i] - x[j])
    for i in range(n):
        masses[i] *= compliance[i]
        out[i] = volumes[i] * masses[i]
    for a in range(axes):
        for i in range(n):
            j, f = low[a, i], moves[a, i]
            flux = f * masses[j if f > 0.0 else i] - weights[a, i] * (x[i] - x[j])
            out[j] += flux
            out[i] -= flux


@njit(cache=True)
def entries(
    volumes: Array, compliance: Array, moves: Array, weights: Array, low: IntArray
) -> tuple[Array, Array]:
    """Diagonal of S, and minus its entries of neighbours, one a face."""
    axes, n = low.shape
    leaving = volumes.copy()  # the diagonal of A
    for a in range(axes):
        for i in range(n):
            leaving[low[a, i] if moves[a, i] > 0.0 else i] += abs(moves[a, i])
    diagonal, beside = np.empty(n), np.empty((axes, n))
    for i in range(n):
        diagonal[i] = leaving[i] * leaving[i] * compliance[i]
    for a in range(axes):
        for i in range(n):
            j, f, w = low[a, i], moves[a, i], weights[a, i]
            source = j if f > 0.0 else i
            target = i if f > 0.0 else j
            moved = abs(f) * compliance[source]
            diagonal[target] += abs(f) * moved
            diagonal[i] += w
            diagonal[j] += w
            beside[a, i] = moved * leaving[source] + w
    return diagonal, beside


@njit(cache=True)
def factorize(
    diagonal: Array, beside: Array, order: IntArray, low: IntArray, high: IntArray, least: float
) -> tuple[Array, Array, IntArray]:
    """Inverse pivots of the incomplete factors of S with its entries of neighbours only.

    In an order in which A is triangular they are those of A C A^T, but for L. The entries come
    with them in that order, of neighbours before each cell, and these neighbours.
    """
    axes, n = low.shape
    place = np.empty(n, np.int32)
    for k in range(n):
        place[order[k]] = k
    inverse = np.zeros(n)
    shares, before = np.zeros((n, 2 * axes)), np.empty((n, 2 * axes), np.int32)
    for k in range(n):
        i = order[k]
        pivot = diagonal[i]
        for a in range(axes):
            for side in range(2):
                j = low[a, i] if side == 0 else high[a, i]
                face = i if side == 0 else j
                before[k, 2 * a + side] = i
                if j != i and place[j] < k:
                    entry = beside[a, face]
                    before[k, 2 * a + side] = j
                    shares[k, 2 * a + side] = entry
                    pivot -= entry * (entry * inverse[j])
        if diagonal[i] > least:
            inverse[i] = 1.0 / max(pivot, LEAST_PIVOT * diagonal[i])
    return inverse, shares, before


@njit(cache=True)
def precondition(
    b: Array, x: Array, inverse: Array, order: IntArray, shares: Array, before: IntArray
) -> None:
    """Solve with the incomplete factors; empty rows get 0."""
    n, sides = shares.shape
    for k in range(n):
        i = order[k]
        total = b[i]
        for s in range(sides):
            total += shares[k, s] * x[before[k, s]]
        x[i] = total * inverse[i]
    for k in range(n - 1, -1, -1):
        here = x[order[k]]
        for s in range(sides):
            j = before[k, s]
            x[j] += shares[k, s] * here * inverse[j]
