"""Compiled loops of entropic transport: a matrix of exponentials on lines, and proximal points.

Along a line log sum_j K_ij exp(f_j) is formed in blocks of cells. Each block of f has its largest
value taken out, and so has each pair of blocks of K, so that nothing leaves the range of numbers:
there is one exponential a cell and one a pair of blocks. Pairs of blocks that are below rounding
are left out. What is still too small within its block is summed pair by pair.
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
def _pair_by_pair(logs: Array, exact: Array, i: int) -> float:
    """Give log sum_j exp(exact[i, j] + logs[j])."""
    row = exact[i]
    top = -math.inf
    for j in range(len(logs)):
        top = max(top, row[j] + logs[j])
    if top == -math.inf:
        return top
    total = 0.0
    for j in range(len(logs)):
        x = row[j] + logs[j] - top
        if x > -NEGLIGIBLE:
            total += math.exp(x)
    return top + math.log(total)


@njit(cache=True, fastmath={"contract"})
def log_apply(logs: Array, blocks: Array, offsets: Array, exact: Array, out: Array) -> None:
    """Set out[l, i] = log sum_j exp(exact[i, j] + logs[l, j]).

    ``blocks[J, I, j, i] exp(offsets[J, I])`` is exp(exact) of cells i of block I, j of block J;
    0 beyond the last cell. ``logs`` may be -inf.
    """
    lines, cells = logs.shape
    count = len(offsets)
    values = np.zeros(count * BLOCK)
    high, low = np.empty(count), np.empty(count)
    sums = np.empty(BLOCK)
    for line in range(lines):
        f = logs[line]
        for b in range(count):
            first, last = b * BLOCK, min((b + 1) * BLOCK, cells)
            top, least = -math.inf, math.inf
            for i in range(first, last):
                top = max(top, f[i])
                least = min(least, f[i] + exact[i, i])  # a sum is not below its own term
            high[b], low[b] = top, least
            for i in range(first, last):
                values[i] = math.exp(f[i] - top) if top > -math.inf else 0.0
        for b in range(count):
            first, last = b * BLOCK, min((b + 1) * BLOCK, cells)
            top = -math.inf
            for other in range(count):
                top = max(top, high[other] + offsets[other, b])
            floor = max(low[b] - NEGLIGIBLE, top - 740.0)
            sums[:] = 0.0
            for other in range(count):
                x = high[other] + offsets[other, b]
                if not x > floor:
                    continue
                factor = math.exp(x - top)
                for j in range(BLOCK):
                    value = factor * values[other * BLOCK + j]
                    for i in range(BLOCK):
                        sums[i] += blocks[other, b, j, i] * value
            for i in range(first, last):
                if sums[i - first] > SMALLEST:
                    out[line, i] = top + math.log(sums[i - first])
                else:
                    out[line, i] = _pair_by_pair(f, exact, i)


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
        for _ in range(ITERATIONS):
            value, slope = _local(z, linear, powers)
            miss = value - right[i]
            if miss > 0.0:
                upper = z
            else:
                lower = z
            new = z - miss / slope
            slow = not abs(miss) < 0.5 * last
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
