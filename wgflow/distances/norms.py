"""Distances between two densities on one grid, the same number on all ranks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from wgflow._typing import Array
from wgflow.distances.quantiles import circle_wasserstein2, interval_wasserstein2
from wgflow.errors import InputError, nearest_first
from wgflow.grid import Grid

__all__ = [
    "NORMS",
    "available",
    "directions",
    "distance",
    "l1",
    "l2",
    "linf",
    "wasserstein1",
    "wasserstein2",
]

DIRECTIONS = 16  # of the sliced distances; their mean over 2-D angles is then within about 1 %
LARGEST_SLICED = 2**18  # cells up to which a run's summary holds the sliced distances


def l1(first: Array, second: Array, grid: Grid) -> float:
    """Integral of the absolute difference."""
    return grid.integrate(np.abs(first - second))


def l2(first: Array, second: Array, grid: Grid) -> float:
    """Square root of the integral of the squared difference."""
    return float(np.sqrt(grid.integrate((first - second) ** 2)))


def linf(first: Array, second: Array, grid: Grid) -> float:
    """Largest absolute difference."""
    return grid.maximum(np.abs(first - second))


def wasserstein1(first: Array, second: Array, grid: Grid) -> float:
    """1-Wasserstein distance: exact in one dimension, sliced beyond.

    In one dimension it is ∫ |F - G| of the distribution functions; on a periodic axis the
    minimum over c of ∫ |F - G - c|. The densities are constant in each cell, and the integral
    of the modulus of the piecewise linear difference is exact. In more dimensions it is the
    sliced distance, the mean over :func:`directions` of the distances of the projections.
    Every rank gathers both densities and computes the same number.

    Raises
    ------
    InputError
        In more than one dimension with a periodic axis.
    """
    first, second, grid = _gathered(first, second, grid)
    if grid.dimension > 1:
        return _sliced(first, second, grid, 1, "W1")
    width = grid.widths[0]
    gap = np.concatenate([[0.0], np.cumsum((first - second) * width)])
    if grid.box.axes[0].periodic:
        gap = gap - middle(gap[:-1], gap[1:], width)
    else:
        gap[-1] = 0.0  # equal masses: what is left is rounding
    return area(gap[:-1], gap[1:], width)


def area(low: Array, high: Array, width: Array) -> float:
    """Integrate the modulus of a function that is linear in pieces, from low to high in each."""
    crossing = low * high < 0
    size = np.abs(low) + np.abs(high)
    mean = size / 2
    mean[crossing] = (low[crossing] ** 2 + high[crossing] ** 2) / (2 * size[crossing])
    return float(np.dot(mean, width))


def middle(first: Array, last: Array, width: Array) -> float:
    """Median over the axis of a function that is linear in pieces, from first to last in each."""
    low, high = np.minimum(first, last), np.maximum(first, last)
    rise = np.where(high > low, high - low, 1.0)
    below, above = float(low.min()), float(high.max())
    for _ in range(60):  # bisection, to rounding
        half = (below + above) / 2
        share = np.where(high > low, np.clip((half - low) / rise, 0.0, 1.0), low < half)
        if np.dot(share, width) < width.sum() / 2:
            below = half
        else:
            above = half
    return (below + above) / 2


def wasserstein2(first: Array, second: Array, grid: Grid) -> float:
    """2-Wasserstein distance: exact in one dimension, sliced beyond.

    In one dimension it comes from the inverse distribution functions, on a periodic axis
    minimized over the rotation that matches them (Delon, Salomon, Sobolevski, SIAM J. Appl.
    Math. 70 (2010)). In more dimensions it is the sliced distance, the root mean square over
    :func:`directions` of the distances of the projections. Every rank gathers both densities
    and computes the same number.

    Raises
    ------
    InputError
        In more than one dimension with a periodic axis.
    """
    first, second, grid = _gathered(first, second, grid)
    if grid.dimension > 1:
        return _sliced(first, second, grid, 2, "W2")
    solve = circle_wasserstein2 if grid.box.axes[0].periodic else interval_wasserstein2
    return solve(first * grid.widths[0], second * grid.widths[0], grid.edges[0])


def _gathered(first: Array, second: Array, grid: Grid) -> tuple[Array, Array, Grid]:
    """Give both densities on all cells; who carries mass how far is no sum over ranks."""
    return grid.gather(first), grid.gather(second), grid.whole


def directions(dimension: int) -> Array:
    """Give the fixed unit vectors of the sliced distances, shape (DIRECTIONS, dimension).

    In two dimensions equally spaced angles of the half circle, beyond it the normalized
    normal quantiles of a Kronecker sequence (generalized golden ratio), which covers the
    sphere evenly and is the same on every machine.

    Examples
    --------
    >>> directions(3).shape
    (16, 3)
    """
    index = np.arange(DIRECTIONS)
    if dimension == 2:
        angle = np.pi * (index + 0.5) / DIRECTIONS
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    from scipy.special import ndtri

    ratio = 2.0
    for _ in range(60):  # the root of x^(D+1) = x + 1
        ratio = (1 + ratio) ** (1 / (dimension + 1))
    steps = ratio ** -np.arange(1.0, dimension + 1)
    normal: Array = ndtri(np.mod(0.5 + (index[:, None] + 1) * steps, 1.0))
    unit: Array = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    return unit


def _sliced(first: Array, second: Array, grid: Grid, power: int, name: str) -> float:
    """Sliced distance of the cell masses at the cell centres."""
    if grid.box.periodic:
        raise InputError(
            f"{name} in {grid.dimension} dimensions needs axes that are not periodic: use L1"
        )
    mass, other = ((d * grid.volumes).ravel() for d in (first, second))
    mass, other = mass / mass.sum(), other / other.sum()
    total = 0.0
    for direction in directions(grid.dimension):
        projected = np.zeros(grid.shape)
        for component, coordinate in zip(direction, grid.coordinates, strict=True):
            projected += component * coordinate
        flat = projected.ravel()
        order = np.argsort(flat, kind="stable")
        points, one, two = flat[order], mass[order], other[order]
        if power == 1:
            gap = np.abs(np.cumsum(one - two))[:-1]
            total += float(np.dot(gap, np.diff(points)))
        else:
            total += _points_wasserstein2(points, one, two)
    return float((total / DIRECTIONS) ** (1 / power))


def _points_wasserstein2(points: Array, first: Array, second: Array) -> float:
    """Squared W2 of masses at sorted points."""
    levels = [np.cumsum(mass) for mass in (first, second)]
    for level in levels:
        level[-1] = 1.0
    merged = np.sort(np.concatenate(levels))
    share = np.diff(merged, prepend=0.0)
    middle = merged - share / 2
    last = len(points) - 1
    one, two = (points[np.minimum(np.searchsorted(v, middle), last)] for v in levels)
    return float(np.dot(share, (one - two) ** 2))


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
    for density in (first, second):
        if np.shape(density) not in ((), grid.shape):
            raise InputError(
                f"density of shape {np.shape(density)} on a grid of shape {grid.shape}: give one "
                "value a cell"
            )
    return NORMS[norm](first, second, grid)


def available(grid: Grid) -> list[str]:
    """Names of the norms that are defined on a grid and quick enough for every run."""
    if grid.dimension > 1 and (grid.box.periodic or math.prod(grid.cells) > LARGEST_SLICED):
        return ["L1", "L2", "Linf"]
    return list(NORMS)
