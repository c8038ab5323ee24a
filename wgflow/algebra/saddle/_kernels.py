"""Compiled work on S = A C A^T + L, with the cells of a box as flat arrays.

Every face belongs to the cell i above it: ``low[a, i]`` is the cell below along axis a, or i itself
where there is no face. ``moves[a, i]`` is what the face moves of the mass per density, upwards if
positive, ``weights[a, i] >= 0`` its entry of L. A has the diagonal ``volumes`` plus what leaves.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wgflow._typing import Array

Numbers = NDArray[np.int32]

ROUNDING = 1e-12  # of an entry that the factors are to have
LEAST_PIVOT = 1e-14  # of the diagonal: in exact arithmetic a pivot is never negative


@njit(cache=True)
def draw(x: Array, out: Array, volumes: Array, moves: Array, low: Numbers) -> None:
    """Set out = A^T x."""
    axes, n = low.shape
    for i in range(n):
        out[i] = volumes[i] * x[i]
    for a in range(axes):
        for i in range(n):
            j, f = low[a, i], moves[a, i]
            out[j if f > 0.0 else i] -= f * (x[i] - x[j])


@njit(cache=True)
def move(masses: Array, out: Array, volumes: Array, moves: Array, low: Numbers) -> None:
    """Set out = A masses."""
    axes, n = low.shape
    for i in range(n):
        out[i] = volumes[i] * masses[i]
    for a in range(axes):
        for i in range(n):
            j, f = low[a, i], moves[a, i]
            flux = f * masses[j if f > 0.0 else i]
            out[j] += flux
            out[i] -= flux


@njit(cache=True)
def multiply(
    x: Array,
    out: Array,
    masses: Array,
    volumes: Array,
    compliance: Array,
    moves: Array,
    weights: Array,
    low: Numbers,
) -> None:
    """Set masses = C A^T x, out = A masses + L x."""
    axes, n = low.shape
    draw(x, masses, volumes, moves, low)
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
    volumes: Array, compliance: Array, moves: Array, weights: Array, low: Numbers
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
def downhill(potential: Array, low: Numbers, high: Numbers) -> Numbers:
    """Order the cells so that each comes after its neighbours of higher potential.

    Of all such orders one that keeps neighbours together: cells are taken as they lie in memory,
    each after what is uphill of it.
    """
    axes, n = low.shape
    order, stack = np.empty(n, np.int32), np.empty(n, np.int32)
    state = np.zeros(n, np.int8)  # the neighbour to look at next; -1 if numbered
    count = 0
    for first in range(n):
        if state[first] < 0:
            continue
        depth = 0
        stack[0] = first
        while depth >= 0:
            i = stack[depth]
            side = state[i]
            if side == 2 * axes:
                order[count] = i
                count += 1
                state[i] = -1
                depth -= 1
                continue
            state[i] = side + 1
            j = low[side, i] if side < axes else high[side - axes, i]
            if state[j] >= 0 and potential[j] > potential[i]:
                depth += 1
                stack[depth] = j
    return order


@njit(cache=True)
def factorize(
    diagonal: Array,
    beside: Array,
    compliance: Array,
    moves: Array,
    order: Numbers,
    low: Numbers,
    high: Numbers,
    least: float,
) -> tuple[Array, Array, Numbers]:
    """Incomplete factors G d G^T of S, G of unit diagonal with entries of neighbours only.

    In an order that goes downhill they are exact but for L: no two neighbours of a cell are
    neighbours, so that nothing but pivots changes, and these stay above those of A C A^T. Where
    the product lacks some of what S has between two neighbours of a cell, their pivots are raised
    by it: else it would be too small, and smoothing by it would amplify what is rough, unseen
    where there is next to no mass.

    Returns
    -------
    inverse : (cells,) array
        Of d, in the order; 0 for rows that are empty.
    shares, before : (cells, 2 D) arrays
        Minus the entries of G in each row in the order, and their columns.

    References
    ----------
    Jennings, Malik, J. Inst. Math. Appl. 20 (1977), for the raised pivots.
    """
    axes, n = low.shape
    place = np.empty(n, np.int32)
    for k in range(n):
        place[order[k]] = k
    inverse = np.zeros(n)
    shares, before = np.zeros((n, 2 * axes)), np.empty((n, 2 * axes), np.int32)
    raised = np.zeros(n)
    after, entries_after, moved = np.empty((3, 2 * axes))
    for k in range(n):
        i = order[k]
        pivot = diagonal[i] + raised[i]
        count = 0
        for side in range(2 * axes):
            a = side // 2
            j = low[a, i] if side % 2 == 0 else high[a, i]
            before[k, side] = i
            if j == i:
                continue
            entry = beside[a, i if side % 2 == 0 else j]
            if place[j] < k:
                before[k, side] = j
                shares[k, side] = entry * inverse[place[j]]
                pivot -= entry * shares[k, side]
            else:
                f = -moves[a, i] if side % 2 == 0 else moves[a, j]
                after[count], entries_after[count], moved[count] = j, entry, max(f, 0.0)
                count += 1
        if diagonal[i] <= least:
            continue
        inverse[k] = 1.0 / max(pivot, LEAST_PIVOT * diagonal[i])
        for s in range(count):
            for t in range(s):
                there = compliance[i] * moved[s] * moved[t]
                lacking = there - entries_after[s] * entries_after[t] * inverse[k]
                if lacking > ROUNDING * there:
                    one, other = int(after[s]), int(after[t])
                    ratio = np.sqrt(diagonal[one] / diagonal[other])
                    raised[one] += ratio * lacking
                    raised[other] += lacking / ratio
    return inverse, shares, before


@njit(cache=True)
def precondition(
    b: Array, x: Array, inverse: Array, shares: Array, before: Numbers, order: Numbers
) -> None:
    """Solve G d G^T x = b, with 0 in empty rows."""
    n, sides = shares.shape
    for i in range(n):
        x[i] = 0.0  # a cell that has no neighbour before it names itself
    for k in range(n):
        i = order[k]
        total = b[i]
        for s in range(sides):
            total += shares[k, s] * x[before[k, s]]
        x[i] = total
    for k in range(n):
        x[order[k]] *= inverse[k]
    for k in range(n - 1, -1, -1):
        here = x[order[k]]
        for s in range(sides):
            x[before[k, s]] += shares[k, s] * here


@njit(cache=True)
def bands(
    width: int,
    place: Numbers,
    volumes: Array,
    compliance: Array,
    moves: Array,
    weights: Array,
    low: Numbers,
    high: Numbers,
) -> Array:
    """S with the cells renumbered, entry (p, q) of its lower half at [p - q, q]."""
    axes, n = low.shape
    out = np.zeros((width + 1, n))
    where, value = np.empty(2 * axes + 1, np.int64), np.empty(2 * axes + 1)
    for j in range(n):  # the column of A
        where[0], value[0] = place[j], volumes[j]
        count = 1
        for a in range(axes):
            for side in range(2):
                to = low[a, j] if side == 0 else high[a, j]
                f = -moves[a, j] if side == 0 else moves[a, to]
                if to != j and f > 0.0:
                    where[count], value[count] = place[to], -f
                    value[0] += f
                    count += 1
            if low[a, j] != j:
                p, q, w = place[j], place[low[a, j]], weights[a, j]
                out[0, p] += w
                out[0, q] += w
                out[abs(p - q), min(p, q)] -= w
        for k in range(count):
            for m in range(count):
                if where[k] >= where[m]:
                    out[where[k] - where[m], where[m]] += compliance[j] * value[k] * value[m]
    return out
