"""Compiled sweeps over the rows of a grid: contiguous inner loops without branches.

A row is a run of cells along the last axis. ``below[a, r]`` and ``above[a, r]`` are the flat
starts of the rows beside row r along axis a, r's own start where the domain ends; the flux
between a row and itself is zero. ``spread[a]`` holds what each cell's lower face along axis a
spreads in both directions, so that of a face with potential difference d, z below and w above,
the flux is ``spread (z - w) + max(-d, 0) z - max(d, 0) w``. ``lower`` and ``upper`` are
1/(distance * width) of the faces of each row, ``lower_last`` and ``upper_last`` of each cell in
a row.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from wgflow._typing import Array, IntArray

LEAST, MOST = 0.5, 2.0  # of a mobility


@njit(cache=True, inline="always")
def flux(spread: float, difference: float, low: float, high: float) -> float:
    """Flux through a face. The halves are exact, and one of the two is exactly 0."""
    size = abs(difference)
    up, down = 0.5 * (size - difference), 0.5 * (size + difference)
    return spread * (low - high) + (up * low - down * high)


@njit(cache=True, inline="always")
def mobility(bend: float, under: float, low: float, high: float, over: float) -> float:
    """Factor of a flux from the second difference of the potential about its face."""
    factor = 1.0 + bend * ((over - high) - (low - under))
    factor = factor if factor > LEAST else LEAST
    return factor if factor < MOST else MOST


@njit(cache=True)
def bend_row(
    face: Array, potential: Array, bend: float, rows: tuple[int, int, int, int], m: int
) -> None:
    """Multiply the fluxes between two rows by the mobility, if the rows beside them exist."""
    under, low, high, over = rows
    if bend != 0.0 and under != low and over != high:
        for k in range(m):
            face[k] *= mobility(
                bend,
                potential[under + k],
                potential[low + k],
                potential[high + k],
                potential[over + k],
            )


@njit(cache=True)
def bend_line(face: Array, potential: Array, bend: float, i: int, m: int, wrap: bool) -> None:
    """Multiply the fluxes within a row, of which ``face[k]`` is that below cell k."""
    if bend == 0.0:
        return
    for k in range(2, m - 1):
        c = i + k
        face[k] *= mobility(
            bend, potential[c - 2], potential[c - 1], potential[c], potential[c + 1]
        )
    if wrap:
        for k in (0, 1, m - 1):
            around = i + (k - 2) % m, i + (k - 1) % m, i + k, i + (k + 1) % m
            face[k] *= mobility(
                bend,
                potential[around[0]],
                potential[around[1]],
                potential[around[2]],
                potential[around[3]],
            )
        face[m] = face[0]


@njit(cache=True)
def combine(
    y: Array,
    y0: Array,
    y2: Array,
    out: Array,
    potential: Array,
    spread: Array,
    bend: Array,
    below: IntArray,
    above: IntArray,
    lower: Array,
    upper: Array,
    lower_last: Array,
    upper_last: Array,
    wrap: bool,
    share: tuple[float, float, float],
    moving: tuple[float, float],
) -> None:
    """Set out = s0 y + s1 y2 + s2 y0 + L(m0 y + m1 y0); out may be y2."""
    axes, rows = below.shape[0], below.shape[1]
    m = len(lower_last)
    s0, s1, s2 = share
    m0, m1 = moving
    z, face, change = np.empty(m), np.zeros(m + 1), np.empty(m)
    # the flux above a row is the one below the next row along the last but one axis
    carried, passing = np.zeros(m), np.zeros(m)
    for r in range(rows):
        i = r * m
        for k in range(m):
            z[k] = m0 * y[i + k] + m1 * y0[i + k]
        for k in range(1, m):
            face[k] = flux(
                spread[axes, i + k], potential[i + k] - potential[i + k - 1], z[k - 1], z[k]
            )
        if wrap:
            step = potential[i] - potential[i + m - 1]
            face[0] = flux(spread[axes, i], step, z[m - 1], z[0])
            face[m] = face[0]
        bend_line(face, potential, float(bend[axes]), i, m, wrap)
        for k in range(m):
            change[k] = lower_last[k] * face[k] - upper_last[k] * face[k + 1]
        for a in range(axes):
            under, over = below[a, r], above[a, r]
            if a == axes - 1 and under == i - m:
                for k in range(m):
                    change[k] += lower[a, r] * carried[k]
            elif under != i:
                for k in range(m):
                    passing[k] = flux(
                        spread[a, i + k],
                        potential[i + k] - potential[under + k],
                        m0 * y[under + k] + m1 * y0[under + k],
                        z[k],
                    )
                around = (below[a, under // m], under, i, over)
                bend_row(passing, potential, float(bend[a]), around, m)
                for k in range(m):
                    change[k] += lower[a, r] * passing[k]
            if over != i:
                ahead = carried if a == axes - 1 else passing
                for k in range(m):
                    ahead[k] = flux(
                        spread[a, over + k],
                        potential[over + k] - potential[i + k],
                        z[k],
                        m0 * y[over + k] + m1 * y0[over + k],
                    )
                around = (under, i, over, above[a, over // m])
                bend_row(ahead, potential, float(bend[a]), around, m)
                for k in range(m):
                    change[k] -= upper[a, r] * ahead[k]
        for k in range(m):
            out[i + k] = (s0 * y[i + k] + s1 * y2[i + k]) + (s2 * y0[i + k] + change[k])


@njit(cache=True)
def bounds(
    density: Array,
    potential: Array,
    spread: Array,
    below: IntArray,
    above: IntArray,
    lower: Array,
    upper: Array,
    lower_last: Array,
    upper_last: Array,
    wrap: bool,
    floor: float,
) -> tuple[float, float]:
    """Largest rate q at which a cell above 0 is emptied, least q/a² of cells above the floor.

    a is the part of the rate that is transport, half the sum of |difference|.
    """
    axes, rows = below.shape[0], below.shape[1]
    m = len(lower_last)
    rate, drift = np.empty(m), np.empty(m)
    fastest, shortest = 0.0, np.inf
    for r in range(rows):
        i = r * m
        rate[:] = 0.0
        drift[:] = 0.0
        for k in range(m):
            if k > 0 or wrap:
                step = potential[i + k] - potential[i + (k - 1) % m]
                rate[k] += lower_last[k] * (spread[axes, i + k] + max(step, 0.0))
                drift[k] += 0.5 * lower_last[k] * abs(step)
            if k < m - 1 or wrap:
                ahead = i + (k + 1) % m
                step = potential[ahead] - potential[i + k]
                rate[k] += upper_last[k] * (spread[axes, ahead] + max(-step, 0.0))
                drift[k] += 0.5 * upper_last[k] * abs(step)
        for a in range(axes):
            under, over = below[a, r], above[a, r]
            for k in range(m):
                step = potential[i + k] - potential[under + k]
                if under != i:
                    rate[k] += lower[a, r] * (spread[a, i + k] + max(step, 0.0))
                    drift[k] += 0.5 * lower[a, r] * abs(step)
                step = potential[over + k] - potential[i + k]
                if over != i:
                    rate[k] += upper[a, r] * (spread[a, over + k] + max(-step, 0.0))
                    drift[k] += 0.5 * upper[a, r] * abs(step)
        for k in range(m):
            if density[i + k] > 0.0:
                fastest = max(fastest, rate[k])
            if density[i + k] > floor and drift[k] * drift[k] * shortest > rate[k]:
                shortest = rate[k] / (drift[k] * drift[k])
    return fastest, shortest
