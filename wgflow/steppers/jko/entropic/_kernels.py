"""Compiled loops of entropic transport: a matrix of exponentials on lines, and proximal points.

Along a line log sum_j K_ij exp(f_j) is formed in blocks of cells. Each block of f has its largest
value taken out, and so has each pair of blocks of K, so that nothing leaves the range of numbers:
there is one exponential a cell and one a pair of blocks. Pairs of blocks that are below rounding
are left out, so that a narrow kernel costs little. What is still too small within its block is
summed pair by pair.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from wgflow._typing import Array

BLOCK = 16  # cells
NEGLIGIBLE = 45.0  # exp(-45) of a sum is below its rounding, however many there are
SMALLEST = 1e-200  # a sum of numbers below 1 that has lost nothing to underflow
ITERATIONS = 200


@njit(cache=True)
def pair_by_pair(logs: Array, exact: Array, sums: Array, out: Array) -> None:
    """Set out[l, i] = log sum_j exp(exact[i, j] + logs[l, j]) where ``sums`` is too small."""
    lines, cells = logs.shape
    for line in range(lines):
        f = logs[line]
        for i in range(cells):
            if sums[line, i] > SMALLEST:
                continue
            row = exact[i]
            top = -math.inf
            for j in range(cells):
                top = max(top, row[j] + f[j])
            total = 0.0
            for j in range(cells):
                x = row[j] + f[j] - top
                if x > -NEGLIGIBLE:
                    total += math.exp(x)
            out[line, i] = top + math.log(total) if total > 0.0 else -math.inf


@njit(cache=True)
def ranges(logs: Array, diagonal: Array, tops: Array, high: Array, low: Array) -> None:
    """Set ``high[l, b]`` to the largest value of a block, ``tops[l, i]`` to that of i's block.

    ``low[l, b]`` is a bound from below on the sums in the block: a sum is not below its own term.
    Where a block is empty its ``tops`` are 0.
    """
    lines, cells = logs.shape
    for line in range(lines):
        for b in range(high.shape[1]):
            first, last = b * BLOCK, min((b + 1) * BLOCK, cells)
            top, least = -math.inf, math.inf
            for i in range(first, last):
                top = max(top, logs[line, i])
                least = min(least, logs[line, i] + diagonal[i])
            high[line, b], low[line, b] = top, least
            tops[line, first:last] = top if top > -math.inf else 0.0


@njit(cache=True, fastmath={"contract"})
def add_blocks(
    values: Array,
    high: Array,
    low: Array,
    blocks: Array,
    offsets: Array,
    reach: Array,
    tops: Array,
    sums: Array,
) -> None:
    """Set sums[l, i] exp(tops[l, i]) = sum_j exp(exact[i, j] + logs[l, j]).

    ``blocks[I, J, j, i] exp(offsets[I, J])`` is the matrix for cells i of block I, j of block J,
    0 beyond the last cell, and ``values exp(high)`` what it is applied to. ``reach[d]`` bounds
    the offsets of blocks that are d or more apart, counted around a circle.
    """
    lines, cells = values.shape
    count = len(offsets)
    part = np.empty(BLOCK)
    which, logs = np.empty(count, dtype=np.int64), np.empty(count)
    for line in range(lines):
        most = high[line].max()
        for b in range(count):
            found, top = 0, -math.inf
            floor = low[line, b] - NEGLIGIBLE
            for d in range(count // 2 + 1):
                if most + reach[d] <= floor:
                    break
                for side in range(1 if d == 0 or 2 * d == count else 2):
                    other = (b + d) % count if side == 0 else (b - d) % count
                    x = high[line, other] + offsets[b, other]
                    if x > floor:
                        which[found], logs[found] = other, x
                        found += 1
                        top = max(top, x)
            part[:] = 0.0
            for k in range(found):
                if not logs[k] - top > -740.0:
                    continue
                other = which[k]
                factor = math.exp(logs[k] - top)
                start = other * BLOCK
                for j in range(min(BLOCK, cells - start)):
                    value = factor * values[line, start + j]
                    for i in range(BLOCK):
                        part[i] += blocks[b, other, j, i] * value
            first, last = b * BLOCK, min((b + 1) * BLOCK, cells)
            for i in range(first, last):
                sums[line, i] = part[i - first]
                tops[line, i] = top


@njit(cache=True)
def _local(z: float, linear: float, powers: Array) -> tuple[float, float]:
    """Give linear z + sum of H'(exp z), and its derivative by z."""
    value, slope = linear * z, linear
    for k in range(len(powers)):
        c, m, cutoff = powers[k]
        if m < 1.0 and z < math.log(cutoff):  # continued as the energy is
            curvature = c * m * cutoff ** (m - 2.0)
            rho = math.exp(z)
            value += c * m / (m - 1.0) * cutoff ** (m - 1.0) + curvature * (rho - cutoff)
            slope += curvature * rho
        else:
            exponent = (m - 1.0) * z
            power = c * m * math.exp(exponent) if exponent < 700.0 else math.inf
            value += power / (m - 1.0)
            slope += power
    return value, slope


@njit(cache=True)
def proximal(right: Array, linear: float, powers: Array, logs: Array) -> None:
    """Solve linear z + sum_k H_k'(exp z) = right in each cell, from ``logs`` and into it.

    Both sides increase: Newton's method within a bracket. ``powers[k]`` is (c, m, cut-off).
    """
    for i in range(len(right)):
        z, lower, upper = logs[i], -math.inf, math.inf
        last = math.inf
        for iteration in range(ITERATIONS):
            value, slope = _local(z, linear, powers)
            miss = value - right[i]
            if miss > 0.0:
                upper = z
            else:
                lower = z
            new = z - miss / slope
            # far above the solution Newton's steps are 1/(m - 1), though they halve the miss
            long = iteration >= 8 and iteration % 4 == 0
            slow = long or not abs(miss) < 0.5 * last
            last = abs(miss)
            outside = not lower <= new <= upper  # also if it is not a number
            if (slow or outside) and lower > -math.inf and upper < math.inf:
                new = 0.5 * (lower + upper)
            elif outside:
                new = z - 1.0 - abs(z)  # above, where a power is not finite
            change = abs(new - z)
            z = new
            if change <= 4e-16 * (1.0 + abs(z)):
                break
        logs[i] = z
