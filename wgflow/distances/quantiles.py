"""Inverse distribution functions of densities that are constant in each cell."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array

__all__ = ["circle_wasserstein2", "interval_wasserstein2"]

GOLDEN = (np.sqrt(5.0) - 1) / 2
SEARCH_STEPS = 60  # of a golden-section search on an interval of length 2: to 1e-12
SMALLEST_RISE = 1e-300  # of a level within a cell: quotients stay finite


def interval_wasserstein2(first: Array, second: Array, edges: Array) -> float:
    """2-Wasserstein distance of cell masses spread evenly over the cells of an interval.

    Parameters
    ----------
    first, second : (n,) arrays
        Masses of the cells, >= 0; each is normalized to 1.
    edges : (n + 1,) array

    Examples
    --------
    >>> float(interval_wasserstein2(np.array([1.0, 0]), np.array([0, 1.0]), np.arange(3.0)))
    1.0
    """
    return float(np.sqrt(_cost(_levels(first), edges, _levels(second), edges)))


def circle_wasserstein2(first: Array, second: Array, edges: Array) -> float:
    """2-Wasserstein distance on a circle, the edges running once around it.

    The cost of matching level s of the one with level s - shift of the other is convex in
    the shift (Delon, Salomon, Sobolevski 2010); its minimum is found by golden section.

    Examples
    --------
    >>> a, b = np.array([1.0, 0, 0, 0]), np.array([0, 0, 0, 1.0])
    >>> round(circle_wasserstein2(a, b, np.arange(5.0)), 9)
    1.0
    """
    one, two = _levels(first), _levels(second)
    length = edges[-1] - edges[0]
    # three turns of the second, so that every shift in [-1, 1] finds its levels
    turns = np.concatenate([two[:-1] - 1, two[:-1], two + 1])
    around = np.concatenate([edges[:-1] - length, edges[:-1], edges + length])

    def cost(shift: float) -> float:
        return _cost(one, edges, turns + shift, around)

    low, high = -1.0, 1.0
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = cost(left), cost(right)
    for _ in range(SEARCH_STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = cost(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = cost(right)
    return float(np.sqrt(min(at_left, at_right)))


def _levels(mass: Array) -> Array:
    level = np.concatenate([[0.0], np.cumsum(mass)])
    normalized: Array = level / level[-1]
    return normalized


def _cost(one: Array, first: Array, two: Array, second: Array) -> float:
    """Integral over [0, 1] of the squared difference of two inverse distribution functions.

    Each is given by its levels and the edges at which they are reached. Both are linear between
    the merged levels, so that Simpson's rule is exact.
    """
    inner = two[(two > 0) & (two < 1)]
    merged = np.unique(np.concatenate([one, inner]))
    low, high = merged[:-1], merged[1:]
    points = (low, (low + high) / 2, high)
    ones, twos = _inverse(one, first, points), _inverse(two, second, points)
    total = sum(weight * (a - b) ** 2 for weight, a, b in zip((1, 4, 1), ones, twos, strict=True))
    return float(np.dot(np.asarray(total), high - low) / 6)


def _inverse(level: Array, edges: Array, points: tuple[Array, Array, Array]) -> list[Array]:
    """Values of an inverse distribution function at both ends and the middle of pieces."""
    cell = np.clip(np.searchsorted(level, points[1], side="right") - 1, 0, len(edges) - 2)
    rise = level[cell + 1] - level[cell]
    slope = (edges[cell + 1] - edges[cell]) / np.where(rise > SMALLEST_RISE, rise, np.inf)
    return [edges[cell] + slope * (point - level[cell]) for point in points]
