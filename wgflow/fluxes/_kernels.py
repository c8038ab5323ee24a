"""Compiled flux kernels: pure functions of flat local arrays with ghost cells.

Each sweep runs over the faces of one axis, adds the divergence of the flux to ``out`` and
returns the largest rate at which a face empties a cell beside it, from which the caller
bounds the time step. An empty cell bounds nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from wgflow._typing import Array, IntArray

NONE, MINMOD, VAN_LEER, CENTRAL = 0, 1, 2, 3
TINY = 1e-300  # keeps quotients of slopes finite where both vanish
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
    first, second = abs(back), abs(ahead)
    low = first if first < second else second
    if limiter == VAN_LEER:
        low = 2.0 * first * second / (first + second + TINY)
    if limiter == CENTRAL:
        mean = 0.5 * (first + second)
        low = 2.0 * low if 2.0 * low < mean else mean
    signed = low if back > 0.0 else -low
    return signed if back * ahead > 0.0 else 0.0


@njit(cache=True, inline="always")
def kept(change: float, value: float) -> float:
    """Change from a cell's value to its faces that keeps both in [0, 2 value]: positivity."""
    above = change if change < value else value
    return above if above > -value else -value


@njit(cache=True, inline="always")
def upwind_flux(
    under: float,
    low: float,
    high: float,
    over: float,
    speed: float,
    inverse: float,
    inverse_below: float,
    inverse_above: float,
    half_left: float,
    half_right: float,
    limiter: int,
) -> float:
    """Speed times the density that is carried, limited if asked for; without branches."""
    if limiter == NONE:
        return speed * (low if speed > 0.0 else high)
    slope = (high - low) * inverse
    from_left = low + kept(limited((low - under) * inverse_below, slope, limiter) * half_left, low)
    from_right = high - kept(
        limited(slope, (over - high) * inverse_above, limiter) * half_right, high
    )
    return speed * (from_left if speed > 0.0 else from_right)


@njit(cache=True, fastmath={"nnan", "nsz"})
def largest(values: Array) -> float:
    """Largest of values that are not nan."""
    top = 0.0
    for i in range(len(values)):
        top = values[i] if values[i] > top else top
    return top


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
    open_lower: bool,
    open_upper: bool,
    temperature: float,
    limiter: int,
) -> float:
    """Add the divergence of the upwind flux (limited if asked for) plus T times a gradient."""
    first = 0 if open_lower else 1
    last = cells if open_upper else cells - 1
    fastest = 0.0
    s = ghosted_stride
    # the inner loop runs along memory: over the lines of a bundle, or over the faces of a line
    along = stride == 1
    size = cells + 1 if along else width
    flux, take = np.zeros(size), np.zeros(size)
    inverses, per_width = 1.0 / distances, 1.0 / widths
    for bundle in range(len(starts)):
        if along:
            start, here = ghosted_starts[bundle], starts[bundle]
            for j in range(first, last + 1):  # face between cells j - 1 and j
                c, inverse = start + j, inverses[j + 1]
                speed = (potential[c - 1] - potential[c]) * inverse
                low, high = density[c - 1], density[c]
                flux[j] = temperature * inverse * (low - high) + upwind_flux(
                    density[c - 2], low, high, density[c + 1], speed,
                    inverse, inverses[j], inverses[j + 2],
                    widths[j] / 2.0, widths[j + 1] / 2.0, limiter,
                )  # fmt: skip
                # diffusion empties the cell downwind too, and the one upwind may be empty
                down, up = (speed, 0.0) if speed > 0.0 else (0.0, -speed)
                down = (down + temperature * inverse) * per_width[j] if low > 0.0 else 0.0
                up = (up + temperature * inverse) * per_width[j + 1] if high > 0.0 else 0.0
                take[j] = down if down > up else up
            for j in range(cells):
                out[here + j] += (flux[j] - flux[j + 1]) * per_width[j + 1]
            fastest = max(fastest, largest(take))
            continue
        for j in range(first, last + 1):
            inverse, below, above = inverses[j + 1], inverses[j], inverses[j + 2]
            left, right = per_width[j], per_width[j + 1]
            half_left, half_right = widths[j] / 2.0, widths[j + 1] / 2.0
            start, here = ghosted_starts[bundle] + j * s, starts[bundle] + j * stride
            for k in range(width):
                c = start + k
                speed = (potential[c - s] - potential[c]) * inverse
                low, high = density[c - s], density[c]
                flux[k] = temperature * inverse * (low - high) + upwind_flux(
                    density[c - 2 * s], low, high, density[c + s], speed,
                    inverse, below, above, half_left, half_right, limiter,
                )  # fmt: skip
                down, up = (speed, 0.0) if speed > 0.0 else (0.0, -speed)
                down = (down + temperature * inverse) * left if low > 0.0 else 0.0
                up = (up + temperature * inverse) * right if high > 0.0 else 0.0
                take[k] = down if down > up else up
            if j > 0:
                for k in range(width):
                    out[here - stride + k] -= flux[k] * left
            if j < cells:
                for k in range(width):
                    out[here + k] += flux[k] * right
            fastest = max(fastest, largest(take))
    return fastest


@njit(cache=True)
def fitted_spread(difference: Array, temperature: Array, out: Array) -> None:
    """T B(|d|/T) at each face, with a temperature for each or one for all."""
    step = 0 if len(temperature) == 1 else 1
    for i in range(len(difference)):
        heat = temperature[i * step]
        if heat > 0.0:
            small, _ = bernoulli_pair(abs(difference[i]) / heat)
            out[i] = heat * small
        else:
            out[i] = 0.0


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
