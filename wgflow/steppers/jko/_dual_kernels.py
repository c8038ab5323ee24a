"""Compiled loops over cells of the dual of a JKO step; arrays have two axes, or are flat."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from wgflow._typing import Array

QUICK = {"reassoc", "contract"}  # sums in lanes


@njit(cache=True)
def compare(
    potential: Array,
    drift: Array,
    moved: Array,
    coefficient: float,
    exponent: float,
    gradient: Array,
    bound: Array,
) -> tuple[float, float, float]:
    """Compare the density that was moved with the one that the potential asks for.

    Writes their difference and the larger of the two. Returns the sums of potential times moved
    density, of the conjugate of the local energy, and of what the two densities lack of being
    conjugate, which is nonnegative in every cell. Cells of infinite drift are closed.
    """
    c, m = coefficient, exponent
    linear, conjugate, gap = 0.0, 0.0, 0.0
    rows, columns = potential.shape
    for i in range(rows):
        row_linear, row_conjugate, row_gap = 0.0, 0.0, 0.0
        for j in range(columns):
            rho, v = moved[i, j], drift[i, j]
            if v == np.inf:
                gradient[i, j], bound[i, j] = 0.0, 0.0
                continue
            phi = potential[i, j]
            p = phi - v
            if m == 1.0:
                asked = math.exp(p / c - 1.0)
                star = c * asked
                lack = star
                if rho > 0.0:
                    lack += rho * (c * math.log(rho) - p)
            elif p <= 0.0:
                asked, star = 0.0, 0.0
                lack = -rho * p
                if rho > 0.0:
                    lack += c * rho * (rho if m == 2.0 else rho ** (m - 1.0)) / (m - 1.0)
            elif m == 2.0:
                asked = 0.5 * p / c
                star = 0.5 * asked * p
                lack = c * (rho - asked) ** 2
            else:
                power = (m - 1.0) / (c * m) * p
                asked = math.sqrt(power) if m == 3.0 else power ** (1.0 / (m - 1.0))
                star = asked * p * (m - 1.0) / m
                lack = c * rho**m / (m - 1.0) + star - rho * p
            gradient[i, j] = rho - asked
            bound[i, j] = max(rho, asked)
            row_linear += rho * phi
            row_conjugate += star
            row_gap += max(lack, 0.0)
        linear += row_linear
        conjugate += row_conjugate
        gap += row_gap
    return linear, conjugate, gap


@njit(cache=True)
def weighted(
    values: Array, bound: Array, scale: float, floor: float, power: float, out: Array
) -> None:
    """Divide by (bound/scale + floor)^power, not where power is 0."""
    for k in range(len(values)):
        if power == 0.5:
            out[k] = values[k] / math.sqrt(bound[k] / scale + floor)
        elif power == 0.0:
            out[k] = values[k]
        else:
            out[k] = values[k] / (bound[k] / scale + floor) ** power


@njit(cache=True)
def solve_line(
    gradient: Array, bound: Array, least: float, response: float, length: float, out: Array
) -> None:
    """Solve (response bound - length div(bound grad)) d = gradient between walls.

    ``length`` is in units of the width squared. Where the density is below least, it is least. The
    elimination neither subtracts nor cancels, so that d is exact in far tails also.
    """
    n = len(gradient)
    over = np.empty(n)  # share of an unknown that follows from the next
    own, rest, link = 0.0, 0.0, 0.0
    for k in range(n):
        rho = max(bound[k], least)
        # what the cells before leave: their mass in series with the link to them
        inherited = own / (own + link) * link if k > 0 else 0.0
        moved = rest * over[k - 1] if k > 0 else 0.0
        own = response * rho + inherited
        rest = gradient[k] + moved
        link = 0.5 * length * (rho + max(bound[k + 1], least)) if k + 1 < n else 0.0
        over[k] = link / (own + link)
        out[k] = rest / (own + link)
    for k in range(n - 2, -1, -1):
        out[k] += over[k] * out[k + 1]


@njit(cache=True)
def divide_modes(modes: Array, mass: float, first: Array, rest: Array) -> None:
    """Divide the modes, real or complex, by mass + first[i] + rest[j]."""
    rows, columns = modes.shape
    for i in range(rows):
        here = mass + first[i]
        for j in range(columns):
            modes[i, j] /= here + rest[j]


@njit(cache=True, fastmath=QUICK)
def dot(one: Array, other: Array) -> float:
    """Sum of products."""
    total = 0.0
    for k in range(len(one)):
        total += one[k] * other[k]
    return total


@njit(cache=True, fastmath=QUICK)
def add(values: Array, factor: float, other: Array, against: Array) -> float:
    """Add factor times another array; the product of the sum with a third."""
    total = 0.0
    for k in range(len(values)):
        value = values[k] + factor * other[k]
        values[k] = value
        total += value * against[k]
    return total


@njit(cache=True)
def ahead(values: Array, factor: float, direction: Array, out: Array) -> None:
    """Write values + factor * direction."""
    for k in range(len(values)):
        out[k] = values[k] + factor * direction[k]


@njit(cache=True)
def slope_energy(change: Array, density: Array, periodic: bool) -> float:
    """Σ density |difference of change|² along the middle axis, on both sides of a cell by half."""
    outer, n, inner = change.shape
    total = 0.0
    for o in range(outer):
        for j in range(n if periodic else n - 1):
            after = (j + 1) % n
            for b in range(inner):
                weight = 0.5 * (density[o, j, b] + density[o, after, b])
                if weight > 0.0:
                    total += weight * (change[o, after, b] - change[o, j, b]) ** 2
    return total
