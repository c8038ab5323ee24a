"""Distances between two densities on one grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError, nearest_first
from wgflow.grid import Grid

__all__ = ["NORMS", "distance", "l1", "l2", "linf", "wasserstein1", "wasserstein2"]


def l1(first: Array, second: Array, grid: Grid) -> float:
    """Integral of the absolute difference."""
    return grid.integrate(np.abs(first - second))


def l2(first: Array, second: Array, grid: Grid) -> float:
    """Square root of the integral of the squared difference."""
    return float(np.sqrt(grid.integrate((first - second) ** 2)))


def linf(first: Array, second: Array, grid: Grid) -> float:
    """Largest absolute difference."""
    return float(np.max(np.abs(first - second)))


def _one_axis(grid: Grid, name: str) -> None:
    if grid.dimension != 1:
        raise InputError(f"{name} is exact in one dimension only, not in {grid.dimension}: use L1")


def wasserstein1(first: Array, second: Array, grid: Grid) -> float:
    """1-Wasserstein distance in one dimension, ∫ |F - G| of the distribution functions.

    On a periodic axis it is min over c of ∫ |F - G - c|. The densities are constant in each
    cell, and the integral of the modulus of the piecewise linear difference is exact.
    """
    _one_axis(grid, "W1")
    width = grid.widths[0]
    gap = np.concatenate([[0.0], np.cumsum((first - second) * width)])
    if grid.box.axes[0].periodic:
        gap = gap - _median(gap, width)
    else:
        gap[-1] = 0.0  # equal masses: what is left is rounding
    low, high = gap[:-1], gap[1:]
    crossing = low * high < 0
    size = np.abs(low) + np.abs(high)
    mean = size / 2
    mean[crossing] = (low[crossing] ** 2 + high[crossing] ** 2) / (2 * size[crossing])
    return float(np.dot(mean, width))


def _median(values: Array, width: Array) -> float:
    """Median over the axis of a piecewise linear function given at the edges."""
    low, high = np.minimum(values[:-1], values[1:]), np.maximum(values[:-1], values[1:])
    rise = np.where(high > low, high - low, 1.0)
    below, above = float(values.min()), float(values.max())
    for _ in range(60):  # bisection, to rounding
        middle = (below + above) / 2
        share = np.where(high > low, np.clip((middle - low) / rise, 0.0, 1.0), low < middle)
        if np.dot(share, width) < width.sum() / 2:
            below = middle
        else:
            above = middle
    return (below + above) / 2


def wasserstein2(first: Array, second: Array, grid: Grid) -> float:
    """2-Wasserstein distance on an interval, from the inverse distribution functions.

    Both are piecewise linear between the merged levels, so that Simpson's rule is exact.
    """
    _one_axis(grid, "W2")
    if grid.box.axes[0].periodic:
        raise InputError("W2 is not available on a periodic axis: use W1")
    edges, width = grid.edges[0], grid.widths[0]
    levels = []
    for density in (first, second):
        level = np.concatenate([[0.0], np.cumsum(density * width)])
        levels.append(level / level[-1])
    merged = np.unique(np.concatenate(levels))
    low, high = merged[:-1], merged[1:]
    total = np.zeros(len(low))
    samples = [_inverse(level, edges, low, high) for level in levels]
    for weight, point in ((1, 0), (4, 1), (1, 2)):
        total += weight * (samples[0][point] - samples[1][point]) ** 2
    return float(np.sqrt(np.dot(total, high - low) / 6))


def _inverse(level: Array, edges: Array, low: Array, high: Array) -> tuple[Array, ...]:
    """Values of an inverse distribution function at both ends and the middle of pieces."""
    middle = (low + high) / 2
    cell = np.clip(np.searchsorted(level, middle, side="right") - 1, 0, len(edges) - 2)
    rise = level[cell + 1] - level[cell]
    slope = (edges[cell + 1] - edges[cell]) / np.where(rise > 0, rise, np.inf)
    base, start = edges[cell], level[cell]
    return tuple(base + slope * (point - start) for point in (low, middle, high))


NORMS: dict[str, Callable[[Array, Array, Grid], float]] = {
    "L1": l1,
    "L2": l2,
    "Linf": linf,
    "W1": wasserstein1,
    "W2": wasserstein2,
}


def distance(norm: str, first: Array, second: Array, grid: Grid) -> float:
    """Distance by the name of its norm.

    Raises
    ------
    InputError
        If the norm is not known, or not available on the grid.

    Examples
    --------
    >>> import wgflow as wg
    >>> grid = wg.Grid(wg.Box((0, 4)), 4)
    >>> a, b = np.array([1.0, 0, 0, 0]), np.array([0, 0, 1.0, 0])
    >>> [round(distance(n, a, b, grid), 12) for n in ("L1", "W1", "W2")]
    [2.0, 2.0, 2.0]
    """
    if norm not in NORMS:
        raise InputError(f"norm {norm!r} is not known: use {', '.join(nearest_first(norm, NORMS))}")
    return NORMS[norm](first, second, grid)


def available(grid: Grid) -> list[str]:
    """Names of the norms that are defined on a grid."""
    if grid.dimension > 1:
        return ["L1", "L2", "Linf"]
    periodic = grid.box.axes[0].periodic
    return [name for name in NORMS if not (periodic and name == "W2")]
