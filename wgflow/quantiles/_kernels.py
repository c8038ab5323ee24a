"""Compiled sums over quantiles."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from wgflow._typing import Array, IntArray


@njit(cache=True)
def deposit(
    start: Array,
    gaps: Array,
    masses: Array,
    tilts: Array,
    cells: IntArray,
    edges: Array,
    periodic: bool,
) -> Array:
    """Masses of the cells of intervals that begin in given cells.

    Over an interval the density is its mean times 1 - tilt at the lower end to 1 + tilt at the
    upper one.
    """
    count = len(edges) - 1
    found = np.zeros(count)
    for k in range(len(masses)):
        if masses[k] == 0.0:
            continue
        cell, position, left = cells[k], start[k], gaps[k]
        if not left > 0.0:
            found[cell] += masses[k]
            continue
        rest, passed = masses[k], 0.0
        while True:
            room = max(edges[cell + 1] - position, 0.0)
            if left - passed <= room or (cell == count - 1 and not periodic):
                found[cell] += rest
                break
            passed += room
            t = passed / left  # what lies beyond is counted, and not lost to rounding
            beyond = masses[k] * (1.0 - t) * (1.0 + tilts[k] * t)
            beyond = min(max(beyond, 0.0), rest)
            found[cell] += rest - beyond
            rest = beyond
            cell = 0 if cell == count - 1 else cell + 1
            position = edges[cell]
    return found


@njit(cache=True)
def nearest_ordered(values: Array, weights: Array) -> Array:
    """Not decreasing sequence nearest to another in the weighted mean square.

    The pool of adjacent violators (Ayer et al., Ann. Math. Stat. 26, 1955).
    """
    n = len(values)
    level, mass, size = np.empty(n), np.empty(n), np.empty(n, dtype=np.int64)
    blocks = 0
    for i in range(n):
        level[blocks], mass[blocks], size[blocks] = values[i], weights[i], 1
        blocks += 1
        while blocks > 1 and level[blocks - 2] > level[blocks - 1]:
            both = mass[blocks - 2] + mass[blocks - 1]
            if both > 0.0:
                share = mass[blocks - 1] / both
                level[blocks - 2] += share * (level[blocks - 1] - level[blocks - 2])
            mass[blocks - 2] = both
            size[blocks - 2] += size[blocks - 1]
            blocks -= 1
    out = np.empty(n)
    at = 0
    for k in range(blocks):
        out[at : at + size[k]] = level[k]
        at += size[k]
    return out


@njit(cache=True)
def spline(x: Array, lower: float, step: float, coefficients: Array, period: float) -> Array:
    """Values and two derivatives of cubic splines, shape (3, K, n); period 0 for none."""
    rows, pieces, _ = coefficients.shape
    out = np.empty((3, rows, len(x)))
    for j in range(len(x)):
        at = x[j] - lower
        if period > 0.0:
            at -= math.floor(at / period) * period
        i = min(max(int(at / step), 0), pieces - 1)
        r = at - i * step
        for k in range(rows):
            a, b = coefficients[k, i, 0], coefficients[k, i, 1]
            c, d = coefficients[k, i, 2], coefficients[k, i, 3]
            out[0, k, j] = a + r * (b + r * (c + r * d))
            out[1, k, j] = b + r * (2.0 * c + 3.0 * r * d)
            out[2, k, j] = 2.0 * c + 6.0 * r * d
    return out


@njit(cache=True)
def kernel_at(
    z: float, least: float, start: float, step: float, coefficients: Array
) -> tuple[float, float, float]:
    """Value and two derivatives of W at a distance; a table in log z if ``least`` > 0."""
    t = z
    if least > 0.0:
        z = max(z, least)
        t = math.log(z)
    i = min(max(int((t - start) / step), 0), len(coefficients) - 1)
    r = t - start - i * step
    a, b, c, d = coefficients[i, 0], coefficients[i, 1], coefficients[i, 2], coefficients[i, 3]
    f = a + r * (b + r * (c + r * d))
    f1 = b + r * (2.0 * c + 3.0 * r * d)
    f2 = 2.0 * c + 6.0 * r * d
    if least > 0.0:
        return f, f1 / z, (f2 - f1) / (z * z)
    return f, f1, f2


@njit(cache=True)
def pair_value(
    x: Array, w: Array, period: float, least: float, start: float, step: float, table: Array
) -> float:
    """Sum of w_i w_j W over pairs i < j."""
    total = 0.0
    for i in range(len(x)):
        row = 0.0
        for j in range(i + 1, len(x)):
            z = x[j] - x[i]
            if period > 0.0 and 2.0 * z > period:
                z = period - z
            row += w[j] * kernel_at(z, least, start, step, table)[0]
        total += w[i] * row
    return total


@njit(cache=True)
def pair_expansion(
    x: Array,
    w: Array,
    period: float,
    least: float,
    start: float,
    step: float,
    table: Array,
    band: int,
    convex: bool,
) -> tuple[float, Array, Array]:
    """Sum over pairs, its gradient, and the diagonals 0 … band of its second derivative.

    ``bands[k, i]`` belongs to the quantiles i and i + k; negative curvature is left out if
    ``convex``. Of quantiles that coincide the earlier one counts as the lower.
    """
    n = len(x)
    total, gradient, bands = 0.0, np.zeros(n), np.zeros((band + 1, n))
    for i in range(n):
        for j in range(i + 1, n):
            z, sign = x[j] - x[i], 1.0
            if period > 0.0 and 2.0 * z > period:
                z, sign = period - z, -1.0
            f, f1, f2 = kernel_at(z, least, start, step, table)
            both = w[i] * w[j]
            if convex and f2 < 0.0:
                f2 = 0.0
            total += both * f
            gradient[j] += sign * both * f1
            gradient[i] -= sign * both * f1
            bands[0, i] += both * f2
            bands[0, j] += both * f2
            if j - i <= band:
                bands[j - i, i] = -both * f2
    return total, gradient, bands


@njit(cache=True)
def pair_product(
    x: Array,
    w: Array,
    period: float,
    least: float,
    start: float,
    step: float,
    table: Array,
    band: int,
    convex: bool,
    vector: Array,
) -> Array:
    """Product of a vector with the second derivative beyond its first diagonals."""
    n = len(x)
    out = np.zeros(n)
    for i in range(n):
        for j in range(i + 1 + band, n):
            z = x[j] - x[i]
            if period > 0.0 and 2.0 * z > period:
                z = period - z
            f2 = kernel_at(z, least, start, step, table)[2]
            if convex and f2 < 0.0:
                f2 = 0.0
            both = w[i] * w[j] * f2
            out[i] -= both * vector[j]
            out[j] -= both * vector[i]
    return out
