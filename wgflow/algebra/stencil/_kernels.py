"""Compiled sweeps over the rows of a grid: contiguous inner loops without branches.

Arrays are flat. A row is a run of cells along the last axis; ``starts`` are the places of the
rows in arrays with ghost cells, ``own_starts`` in those without, and rows that are neighbours
along axis a are ``strides[a]`` apart. Row r is the ``places[a, r]``-th along axis a.
``lower[a, j]`` and ``upper[a, j]`` are 1/(distance * width) of the faces of the j-th cell along
axis a, the last axis included, and 0 at the end of the domain, where nothing flows; ``bends[a, j]``
belongs to its lower face. ``spread[a]`` holds what each cell's lower face along axis a spreads in
both directions, so that of a face with potential difference d, z below and w above, the flux is
``spread (z - w) + max(-d, 0) z - max(d, 0) w``.
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
def run_fluxes(
    face: Array, spread: Array, potential: Array, y: Array, first: int, stride: int
) -> None:
    """Fluxes between a run of cells and the cells one stride before, into ``face``."""
    m = len(face)
    low, high, f = first - stride, first, spread[first : first + m]
    # slices: the compiler sees that no index is negative, and makes vectors of the loop
    low_potential, high_potential = potential[low : low + m], potential[high : high + m]
    low_y, high_y = y[low : low + m], y[high : high + m]
    for k in range(m):
        face[k] = flux(f[k], high_potential[k] - low_potential[k], low_y[k], high_y[k])


@njit(cache=True)
def bend_run(face: Array, potential: Array, bends: Array, first: int, stride: int) -> None:
    """Multiply such fluxes by the mobility."""
    under, low = potential[first - 2 * stride :], potential[first - stride :]
    high, over = potential[first:], potential[first + stride :]
    for k in range(len(face)):
        face[k] *= mobility(bends[k], under[k], low[k], high[k], over[k])


@njit(cache=True)
def add_leaving(
    rate: Array,
    drift: Array,
    factor: Array,
    spread: Array,
    potential: Array,
    first: int,
    stride: int,
    side: float,
) -> None:
    """Add what leaves cells through such faces, their lower (side 1) or upper (-1) ones.

    To ``drift`` half of |difference| is added.
    """
    m = len(rate)
    low, high = potential[first - stride :], potential[first:]
    f = spread[first : first + m]
    for k in range(m):
        step = high[k] - low[k]
        rate[k] += factor[k] * (f[k] + 0.5 * (abs(step) + side * step))
        drift[k] += factor[k] * (0.5 * abs(step))


@njit(cache=True)
def combine(
    y: Array,
    y2: Array,
    plain: Array,
    out: Array,
    out_starts: IntArray,
    potential: Array,
    spread: Array,
    starts: IntArray,
    own_starts: IntArray,
    strides: IntArray,
    places: IntArray,
    lower: Array,
    upper: Array,
    bends: Array,
    bent: bool,
    share: tuple[float, float, float],
    moving: float,
) -> None:
    """Set out = s0 y + s1 y2 + s2 plain + m L(y); out may be y2 or plain."""
    axes, rows = places.shape
    m = len(plain) // rows
    s0, s1, s2 = share
    lower_last, upper_last = lower[axes], upper[axes]
    face, change = np.empty(m + 1), np.empty(m)
    # the flux above a row is the one below the next row along the last but one axis
    carried, passing, bend = np.empty(m), np.empty(m), np.empty(m)
    for r in range(rows):
        i = starts[r]
        run_fluxes(face, spread[axes], potential, y, i, 1)
        if bent:
            bend_run(face, potential, bends[axes], i, 1)
        for k in range(m):
            change[k] = lower_last[k] * face[k] - upper_last[k] * face[k + 1]
        for a in range(axes):
            s, j = strides[a], places[a, r]
            last = a == axes - 1
            if lower[a, j] != 0.0:
                below = carried if last else passing
                if not (last and j > 0):
                    run_fluxes(below, spread[a], potential, y, i, s)
                    if bends[a, j] != 0.0:
                        bend[:] = bends[a, j]
                        bend_run(below, potential, bend, i, s)
                for k in range(m):
                    change[k] += lower[a, j] * below[k]
            if upper[a, j] != 0.0:
                above = carried if last else passing
                run_fluxes(above, spread[a], potential, y, i + s, s)
                if bends[a, j + 1] != 0.0:
                    bend[:] = bends[a, j + 1]
                    bend_run(above, potential, bend, i + s, s)
                for k in range(m):
                    change[k] -= upper[a, j] * above[k]
        to, own = out_starts[r], own_starts[r]
        here, before, kept = y[i : i + m], y2[i : i + m], plain[own : own + m]
        result = out[to : to + m]
        for k in range(m):
            result[k] = (s0 * here[k] + s1 * before[k]) + (s2 * kept[k] + moving * change[k])


@njit(cache=True, fastmath={"nnan", "nsz"})
def largest_rate(density: Array, rate: Array, top: float) -> float:
    """Largest of ``top`` and the rates of cells above 0."""
    for k in range(len(density)):
        here = rate[k] if density[k] > 0.0 else 0.0
        top = here if here > top else top
    return top


@njit(cache=True)
def least_ratio(density: Array, rate: Array, drift: Array, floor: float, least: float) -> float:
    """Least of ``least`` and rate/drift² of cells above the floor."""
    smaller = 0  # counted first, which makes vectors; few rows have any
    for k in range(len(density)):
        smaller += density[k] > floor and drift[k] * drift[k] * least > rate[k]
    if smaller > 0:
        for k in range(len(density)):
            if density[k] > floor and drift[k] * drift[k] * least > rate[k]:
                least = rate[k] / (drift[k] * drift[k])
    return least


@njit(cache=True)
def bounds(
    density: Array,
    potential: Array,
    spread: Array,
    starts: IntArray,
    own_starts: IntArray,
    strides: IntArray,
    places: IntArray,
    lower: Array,
    upper: Array,
    bends: Array,
    bent: bool,
    floor: float,
) -> tuple[float, float, float]:
    """Largest rate q at which a cell above 0 is emptied, least q/a² of cells above the floor.

    a is the part of the rate that is transport, half the sum of |difference|. The third is the
    largest mobility, which the others are without.
    """
    axes, rows = places.shape
    m = len(density) // rows
    rate, drift, factor, bend, face = np.empty((5, m))
    fastest, shortest, most = 0.0, np.inf, 1.0
    for r in range(rows):
        i, own = starts[r], own_starts[r]
        rate[:] = 0.0
        drift[:] = 0.0
        for a in range(axes + 1):
            s = 1 if a == axes else strides[a]
            for side in range(2):
                first, table = i + side * s, lower if side == 0 else upper
                if a == axes:
                    factor[:] = table[a, :m]
                    bend[:] = bends[a, side : side + m]
                else:
                    factor[:] = table[a, places[a, r]]
                    bend[:] = bends[a, places[a, r] + side]
                add_leaving(rate, drift, factor, spread[a], potential, first, s, 1.0 - 2.0 * side)
                if bent:
                    face[:] = 1.0
                    bend_run(face, potential, bend, first, s)
                    most = max(most, face.max())
        here = density[own : own + m]
        fastest = largest_rate(here, rate, fastest)
        shortest = least_ratio(here, rate, drift, floor, shortest)
    return fastest, shortest, most
