"""Compiled transforms of the quadratic cost and the movements that belong to them, line by line.

Positions along a line of n cells are in units of its cells: cell i is [i - 1/2, i + 1/2].
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wgflow._typing import Array

Targets = NDArray[np.int32]
BLOCK = 8  # lines that are copied at once: as many doubles as a cache line has


@njit(cache=True)
def _lower(
    heights: Array,
    first: int,
    many: int,
    low: float,
    high: float,
    stiffness: float,
    targets: Targets,
    starts: Array,
) -> int:
    """Lower envelope of heights[j] + stiffness (x - j)² for x in [low, high]; how many are on it.

    j runs over ``many`` from ``first``, the heights go on periodically. The k-th of the envelope
    is the least from starts[k] to starts[k + 1] (Felzenszwalb, Huttenlocher).
    """
    n = len(heights)
    count = 0
    half = 0.5 / stiffness
    last = 0
    at = 0.0
    for j in range(first, first + many):
        f = heights[j if j < n else j - n]
        if f == np.inf:
            continue
        begin = low
        while count > 0:
            if j == last + 1:
                begin = 0.5 * (j + last) + (f - at) * half
            else:
                begin = 0.5 * (j + last) + (f - at) * half / (j - last)
            if begin > starts[count - 1]:
                break
            count -= 1
            begin = low
            if count > 0:
                last = targets[count - 1]
                at = heights[last if last < n else last - n]
        if count > 0 and begin >= high:
            continue
        targets[count] = j
        starts[count] = begin
        count += 1
        last = j
        at = f
    starts[count] = high
    return count


@njit(cache=True)
def _envelope(
    heights: Array,
    stiffness: float,
    periodic: bool,
    targets: Targets,
    starts: Array,
    work: tuple[Targets, Array],
) -> bool:
    """Envelope over the whole line, False where all heights are infinite.

    On a circle the targets are those of the covering line. The lowest height is on the envelope
    at its own place, so that no parabola beyond two of its images is between them: one more than
    on a line with walls is enough.
    """
    n = len(heights)
    if not periodic:
        return _lower(heights, 0, n, -0.5, n - 0.5, stiffness, targets, starts) > 0
    least = int(np.argmin(heights))
    if heights[least] == np.inf:
        return False
    there, begun = work
    count = _lower(heights, least, n + 1, float(least), float(least + n), stiffness, there, begun)
    # from between the images to between the walls: what is beyond the end goes to the beginning
    beyond = 0
    while begun[beyond + 1] <= n - 0.5:
        beyond += 1
    k = 0
    for other in range(beyond, count):
        targets[k] = there[other] - n
        starts[k] = max(begun[other] - n, -0.5)
        k += 1
    for other in range(1, beyond + 1):
        targets[k] = there[other]
        starts[k] = begun[other]
        k += 1
    starts[k] = n - 0.5
    return True


@njit(cache=True)
def _wrapped(target: int, n: int) -> int:
    """Cell of a target on the covering line."""
    return target + n if target < 0 else target - n if target >= n else target


@njit(cache=True)
def _average(
    heights: Array,
    tilts: Array,
    stiffness: float,
    targets: Targets,
    starts: Array,
    out: Array,
) -> None:
    """Mean of the envelope over each cell, less that of its own parabola's square."""
    n = len(heights)
    k = 0
    target = targets[0]
    height = heights[_wrapped(target, n)]
    end = starts[1]
    for i in range(n):
        low, high = i - 0.5, i + 0.5
        total = 0.0
        tilt = 2.0 * tilts[i]
        while True:
            to = min(end, high)
            size = to - low
            if size > 0.0:
                middle = 0.5 * (to + low)
                here, there = middle - i, middle - target
                spread = size * size / 12.0
                mass = 1.0 + tilt * here
                square = (there * there + spread) * mass + 2.0 * tilt * there * spread
                total += size * (mass * height + stiffness * square)
                low = to
            if end >= high:
                break
            k += 1
            target = targets[k]
            height = heights[_wrapped(target, n)]
            end = starts[k + 1]
        out[i] = total - stiffness / 12.0


@njit(cache=True)
def _push(masses: Array, tilts: Array, targets: Targets, starts: Array, out: Array) -> float:
    """Move the mass of each cell to the targets; the squared way, less that of staying."""
    n = len(masses)
    k = 0
    target = targets[0]
    slot = _wrapped(target, n)
    end = starts[1]
    cost = 0.0
    out[:] = 0.0
    for i in range(n):
        low, high = i - 0.5, i + 0.5
        whole = masses[i]
        if end >= high:
            if target == i:
                out[i] += whole
            else:
                out[slot] += whole
                away = i - target
                cost += whole * (away * away + 2.0 * away * tilts[i] / 6.0)
            continue
        tilt = 2.0 * tilts[i]
        rest = whole
        total = 0.0
        while True:
            to = min(end, high)
            size = to - low
            if size > 0.0:
                middle = 0.5 * (to + low)
                here, there = middle - i, middle - target
                spread = size * size / 12.0
                mass = 1.0 + tilt * here
                square = (there * there + spread) * mass + 2.0 * tilt * there * spread
                total += size * square
                if end >= high:  # what is left, so that nothing is lost to rounding
                    out[slot] += rest
                else:
                    part = min(whole * size * mass, rest)
                    out[slot] += part
                    rest -= part
                low = to
            elif end >= high:
                out[slot] += rest
            if end >= high:
                break
            k += 1
            target = targets[k]
            slot = _wrapped(target, n)
            end = starts[k + 1]
        cost += whole * (total - 1.0 / 12.0)
    return cost


@njit(cache=True)
def transform(
    heights: Array,
    tilts: Array,
    stiffness: float,
    periodic: bool,
    out: Array,
    targets: Targets,
    starts: Array,
) -> None:
    """Average the envelope along the middle axis, and keep the envelope of each line."""
    outer, n, inner = heights.shape
    block = min(BLOCK, inner)
    above, tilt, mean = np.empty((block, n)), np.empty((block, n)), np.empty((block, n))
    work = np.empty(n + 1, np.int32), np.empty(n + 2)
    for o in range(outer):
        for first in range(0, inner, block):
            many = min(block, inner - first)
            for j in range(n):
                for b in range(many):
                    above[b, j] = heights[o, j, first + b]
                    tilt[b, j] = tilts[o, j, first + b]
            for b in range(many):
                line = o * inner + first + b
                found, begun = targets[line], starts[line]
                if _envelope(above[b], stiffness, periodic, found, begun, work):
                    _average(above[b], tilt[b], stiffness, found, begun, mean[b])
                else:
                    mean[b, :] = np.inf  # nothing comes here: any envelope does for the push
                    found[0], begun[1] = 0, n - 0.5
            for j in range(n):
                for b in range(many):
                    out[o, j, first + b] = mean[b, j]


@njit(cache=True)
def push(masses: Array, tilts: Array, targets: Targets, starts: Array, out: Array) -> float:
    """Move masses along the middle axis by kept envelopes; the squared way in cells."""
    outer, n, inner = masses.shape
    block = min(BLOCK, inner)
    mass, tilt, moved = np.empty((block, n)), np.empty((block, n)), np.empty((block, n))
    cost = 0.0
    for o in range(outer):
        for first in range(0, inner, block):
            many = min(block, inner - first)
            for j in range(n):
                for b in range(many):
                    mass[b, j] = masses[o, j, first + b]
                    tilt[b, j] = tilts[o, j, first + b]
            for b in range(many):
                line = o * inner + first + b
                cost += _push(mass[b], tilt[b], targets[line], starts[line], moved[b])
            for j in range(n):
                for b in range(many):
                    out[o, j, first + b] = moved[b, j]
    return cost


@njit(cache=True)
def move(
    heights: Array, masses: Array, tilts: Array, stiffness: float, periodic: bool, out: Array
) -> float:
    """Move masses along the middle axis to where the envelope is; the squared way in cells."""
    outer, n, inner = masses.shape
    block = min(BLOCK, inner)
    above, mass = np.empty((block, n)), np.empty((block, n))
    tilt, moved = np.empty((block, n)), np.empty((block, n))
    targets, starts = np.empty(n + 1, np.int32), np.empty(n + 2)
    work = np.empty(n + 1, np.int32), np.empty(n + 2)
    cost = 0.0
    for o in range(outer):
        for first in range(0, inner, block):
            many = min(block, inner - first)
            for j in range(n):
                for b in range(many):
                    above[b, j] = heights[o, j, first + b]
                    mass[b, j] = masses[o, j, first + b]
                    tilt[b, j] = tilts[o, j, first + b]
            for b in range(many):
                _envelope(above[b], stiffness, periodic, targets, starts, work)
                cost += _push(mass[b], tilt[b], targets, starts, moved[b])
            for j in range(n):
                for b in range(many):
                    out[o, j, first + b] = moved[b, j]
    return cost
