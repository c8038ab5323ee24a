"""Compiled flux kernels: pure functions of flat local arrays with ghost cells.

Each sweep runs over the faces of one axis, adds the divergence of the flux to ``out`` and
returns the largest rate at which a face empties a cell beside it, from which the caller
bounds the time step. An empty cell bounds nothing.
"""

from __future__ import annotations

import math

from numba import njit

from wgflow._typing import Array, IntArray

NONE, MINMOD, VAN_LEER, CENTRAL = 0, 1, 2, 3
LARGEST_EXPONENT = 700.0  # exp(700) is finite, exp(710) is not; B(700) = 7e-302


@njit(cache=True, inline="always")
def bernoulli_pair(x: float) -> tuple[float, float]:
    """B(x) and B(-x) = B(x) + x for B(x) = x / (e^x - 1), without cancellation.

    The pair is formed from B(|x|), which decays, so that neither difference loses digits:
    B(x) + x at x = -40 would keep no digit of B(40) = 1.7e-16.
    """
    size = abs(x)
    if size < 1e-5:
        small = 1.0 - size / 2.0 + size * size / 12.0  # next term x^4/720 < 1e-22
    elif size < LARGEST_EXPONENT:
        small = size / math.expm1(size)
    else:
        small = 0.0
    if x >= 0.0:
        return small, small + size
    return small + size, small


@njit(cache=True, inline="always")
def limited(back: float, ahead: float, limiter: int) -> float:
    """Slope between two one-sided slopes: 0 unless they agree in sign."""
    if back * ahead <= 0.0:
        return 0.0
    if limiter == VAN_LEER:
        return 2.0 * back * ahead / (back + ahead)
    sign = 1.0 if back > 0.0 else -1.0
    low = min(abs(back), abs(ahead))
    if limiter == CENTRAL:
        low = min(2.0 * low, 0.5 * abs(back + ahead))
    return sign * low


@njit(cache=True, inline="always")
def kept(change: float, value: float) -> float:
    """Change from a cell's value to its faces that keeps both in [0, 2 value]: positivity."""
    return max(-value, min(value, change))


@njit(cache=True)
def transport(
    density: Array,
    potential: Array,
    out: Array,
    starts: IntArray,
    ghosted_starts: IntArray,
    cells: int,
    width: int,
    stride: int,
    ghosted_stride: int,
    widths: Array,
    distances: Array,
    open_ends: bool,
    temperature: float,
    limiter: int,
) -> float:
    """Add the divergence of the upwind flux (limited if asked for) plus T times a gradient."""
    first = 0 if open_ends else 1
    last = cells if open_ends else cells - 1
    fastest = 0.0
    for bundle in range(len(starts)):
        for j in range(first, last + 1):  # face between cells j - 1 and j
            gap, below, above = distances[j + 1], distances[j], distances[j + 2]
            half_left, half_right = widths[j] / 2.0, widths[j + 1] / 2.0
            diffusion = temperature / gap
            for k in range(width):
                right = ghosted_starts[bundle] + j * ghosted_stride + k
                left = right - ghosted_stride
                low, high = density[left], density[right]
                speed = (potential[left] - potential[right]) / gap
                if limiter == NONE:
                    face = low if speed > 0.0 else high
                elif speed > 0.0:
                    back = (low - density[left - ghosted_stride]) / below
                    face = low + kept(limited(back, (high - low) / gap, limiter) * half_left, low)
                else:
                    ahead = (density[right + ghosted_stride] - high) / above
                    face = high - kept(
                        limited((high - low) / gap, ahead, limiter) * half_right, high
                    )
                flux = speed * face + diffusion * (low - high)
                # diffusion empties the cell downwind too, and the one upwind may be empty
                if low > 0.0:
                    fastest = max(fastest, (max(speed, 0.0) + diffusion) / widths[j])
                if high > 0.0:
                    fastest = max(fastest, (max(-speed, 0.0) + diffusion) / widths[j + 1])
                here = starts[bundle] + j * stride + k
                if j > 0:
                    out[here - stride] -= flux / widths[j]
                if j < cells:
                    out[here] += flux / widths[j + 1]
    return fastest


@njit(cache=True)
def scharfetter_gummel(
    density: Array,
    potential: Array,
    out: Array,
    starts: IntArray,
    ghosted_starts: IntArray,
    cells: int,
    width: int,
    stride: int,
    ghosted_stride: int,
    widths: Array,
    distances: Array,
    open_ends: bool,
    temperature: float,
) -> float:
    """Add the divergence of the Scharfetter-Gummel flux."""
    first = 0 if open_ends else 1
    last = cells if open_ends else cells - 1
    fastest = 0.0
    for bundle in range(len(starts)):
        for j in range(first, last + 1):
            factor = temperature / distances[j + 1]
            for k in range(width):
                right = ghosted_starts[bundle] + j * ghosted_stride + k
                left = right - ghosted_stride
                low, high = density[left], density[right]
                forth, back = bernoulli_pair((potential[right] - potential[left]) / temperature)
                flux = factor * (forth * low - back * high)
                if low > 0.0:
                    fastest = max(fastest, factor * forth / widths[j])
                if high > 0.0:
                    fastest = max(fastest, factor * back / widths[j + 1])
                here = starts[bundle] + j * stride + k
                if j > 0:
                    out[here - stride] -= flux / widths[j]
                if j < cells:
                    out[here] += flux / widths[j + 1]
    return fastest


@njit(cache=True)
def two_point(difference: Array, temperature: float, forth: Array, back: Array) -> None:
    """Coefficients of ``flux * distance = forth * rho_left - back * rho_right`` at each face."""
    for i in range(len(difference)):
        if temperature > 0.0:
            b, c = bernoulli_pair(difference[i] / temperature)
            forth[i], back[i] = temperature * b, temperature * c
        else:
            forth[i], back[i] = max(-difference[i], 0.0), max(difference[i], 0.0)


@njit(cache=True)
def two_point_slope(
    difference: Array, temperature: float, low: Array, high: Array, out: Array
) -> None:
    """Differentiate ``forth * low - back * high`` by the potential difference."""
    for i in range(len(difference)):
        if temperature > 0.0:
            x = difference[i] / temperature
            size = abs(x)
            if size < 1e-4:
                slope = -0.5 + x / 6.0  # B'(x), next term x^3/180 < 1e-14
            elif size < LARGEST_EXPONENT:
                small, _ = bernoulli_pair(size)
                # B' = (B - B^2 e^x)/x, with B e^x = B + x; evaluated at |x|
                slope = small * (1.0 - (small + size)) / size
                if x < 0.0:
                    slope = -1.0 - slope  # B'(-x) = -1 - B'(x)
            else:
                slope = 0.0 if x > 0.0 else -1.0
            out[i] = slope * low[i] + (1.0 + slope) * (-high[i])
        else:
            out[i] = -low[i] if difference[i] < 0.0 else -high[i]
