"""Averages of a kernel over cells, also one that is singular at 0.

The average over the cell around a displacement is what a piecewise constant density feels.
Far from 0 it is a Gauss rule; near it cells are split until each part lies at least its own
length away from 0, where a Gauss rule of high order is exact to about 1e-12; the part that
holds 0 in its middle is a union of pyramids with their apex there, and the integral along
the rays of a pyramid is done by a double-exponential rule, which sees no algebraic or
logarithmic singularity.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wgflow._typing import Array, IntArray
from wgflow.errors import InputError

__all__ = ["displacement_averages"]

Kernel = Callable[..., Array]

# by dimension: Gauss points beyond, and within, the radius (in cells) of the second number
FAR_POINTS, MIDDLE_RADIUS, MIDDLE_POINTS = (4, 3, 2, 2), (16, 16, 12, 6), (6, 5, 4, 3)
NEAR_RADIUS = 4  # cells within are split
NEAR_POINTS = (12, 10, 8, 6)
FACE_POINTS = 24
SMALLEST = 100.0  # the rays' rule reaches to 10^-100 of the cell
RAY_STEP = 0.05  # of the double-exponential rule; 1e-14 for powers and logarithms
NEGLIGIBLE = 1e-8  # of the average: what lies inside the smallest distance
CHUNK = 2**20  # kernel evaluations at a time


def displacement_averages(kernel: Kernel, displacements: list[Array], widths: Array) -> Array:
    """Averages of a kernel over the cells around displacements.

    Parameters
    ----------
    kernel : callable
        Even; ``kernel(dx, dy, ...)`` at arrays of displacements. It may be singular at 0 only,
        and integrable there: |x|^a with a > -D + 0.08, or logarithms of |x|.
    displacements : list of arrays
        Displacements along each axis; all their combinations are meant.
    widths : (D,) array
        Widths of a cell.

    Returns
    -------
    array of shape (len(dx), len(dy), ...)

    Raises
    ------
    InputError
        If the kernel is not integrable at 0.

    Examples
    --------
    >>> import numpy as np
    >>> average = displacement_averages(lambda x: np.log(abs(x)), [np.zeros(1)], np.ones(1))
    >>> bool(abs(average[0] - (-1 - np.log(2))) < 1e-13)
    True
    """
    dimension = len(displacements)
    far = FAR_POINTS[dimension - 1]
    nodes, weights = _gauss(far, dimension)
    averages = np.zeros(tuple(len(d) for d in displacements))
    grids = np.meshgrid(*displacements, indexing="ij", sparse=True)
    with np.errstate(all="ignore"):  # values at 0 are replaced below
        for node, weight in zip(nodes, weights, strict=True):
            averages += weight * kernel(
                *(g + x * h / 2 for g, x, h in zip(grids, node, widths, strict=True))
            )
        scaled = sum((g / widths.max()) ** 2 for g in grids)
        middle = np.argwhere(scaled < MIDDLE_RADIUS[dimension - 1] ** 2)
        near = np.argwhere(scaled < NEAR_RADIUS**2)
        for chosen, rule in ((middle, MIDDLE_POINTS), (near, None)):
            centers = _points(displacements, chosen)
            where = tuple(chosen.T)
            if rule is not None:
                halves = np.broadcast_to(widths / 2, centers.shape)
                averages[where] = _box_averages(kernel, centers, halves, rule[dimension - 1])
            else:
                averages[where] = _split_averages(kernel, centers, widths)
    return averages


def _points(displacements: list[Array], chosen: IntArray) -> Array:
    return np.stack([d[i] for d, i in zip(displacements, chosen.T, strict=True)], axis=1)


def _gauss(points: int, dimension: int) -> tuple[Array, Array]:
    """Nodes (points^D, D) in [-1, 1]^D and weights that add up to 1."""
    x, w = np.polynomial.legendre.leggauss(points)
    if dimension == 0:
        return np.zeros((1, 0)), np.ones(1)
    nodes = np.stack(np.meshgrid(*[x] * dimension, indexing="ij"), axis=-1)
    weights = np.ones(1)
    for _ in range(dimension):
        weights = np.multiply.outer(weights, w / 2)
    return nodes.reshape(-1, dimension), weights.ravel()


def _box_averages(kernel: Kernel, centers: Array, halves: Array, points: int) -> Array:
    """Gauss rule on boxes with centres and half widths of shape (boxes, D)."""
    nodes, weights = _gauss(points, centers.shape[1])
    averages = np.empty(len(centers))
    size = max(1, CHUNK // len(nodes))
    for start in range(0, len(centers), size):
        part = slice(start, start + size)
        at = centers[part, None, :] + halves[part, None, :] * nodes
        averages[part] = _values(kernel, at) @ weights
    return averages


def _values(kernel: Kernel, points: Array) -> Array:
    values = np.asarray(kernel(*np.moveaxis(points, -1, 0)), dtype=float)
    return np.broadcast_to(values, points.shape[:-1])


def _split_averages(kernel: Kernel, centers: Array, widths: Array) -> Array:
    """Averages over equal cells near 0, split until each part is far from it by its length."""
    dimension = centers.shape[1]
    # largest ratio of the sides of a cell that is cut into pyramids: sides cut in three by turns,
    # the longest first, come below it, and stay above any smaller one if they are as 1, 3^(1/D), …
    roundness = 3.0 ** ((dimension - 1) / dimension) * (1 + 1e-9)
    averages = np.zeros(len(centers))
    owner = np.arange(len(centers))
    halves = np.tile(widths / 2, (len(centers), 1))
    shares = np.ones(len(centers))
    while len(owner):
        gaps = np.maximum(np.abs(centers) - halves, 0.0)
        longest = 2 * halves.max(axis=1)
        holds = np.all(np.abs(centers) < halves, axis=1)
        apart = np.sqrt((gaps**2).sum(axis=1)) >= longest * (1 - 1e-9)
        parts = _box_averages(kernel, centers[apart], halves[apart], NEAR_POINTS[dimension - 1])
        np.add.at(averages, owner[apart], shares[apart] * parts)
        round_enough = holds & (longest <= 2 * roundness * halves.min(axis=1))
        for i in np.flatnonzero(round_enough):
            averages[owner[i]] += shares[i] * _pyramids(kernel, halves[i])
        rest = ~(apart | round_enough)
        owner, shares, centers, halves = _split(
            owner[rest], shares[rest], centers[rest], halves[rest]
        )
    return averages


def _split(
    owner: IntArray, shares: Array, centers: Array, halves: Array
) -> tuple[IntArray, Array, Array, Array]:
    """Cut each box in three across its longest side: 0 stays in the middle of one of them."""
    rows = np.arange(len(owner))
    side = halves.argmax(axis=1)
    thirds = halves.copy()
    thirds[rows, side] /= 3
    moved = []
    for shift in (-2.0, 0.0, 2.0):
        center = centers.copy()
        center[rows, side] += shift * thirds[rows, side]
        moved.append(center)
    return np.tile(owner, 3), np.tile(shares / 3, 3), np.concatenate(moved), np.tile(thirds, (3, 1))


def _pyramids(kernel: Kernel, halves: Array) -> float:
    """Average over a box around 0: over points b of the faces, of ∫ s^(D-1) W(s b) ds.

    The kernel is even, so that one of two opposite faces does for both.
    """
    dimension = len(halves)
    s, weights = _rays()
    s_power = s ** (dimension - 1) * weights
    nodes, face_weights = _gauss(FACE_POINTS, dimension - 1)
    total = 0.0
    for axis in range(dimension):
        face = np.insert(nodes, axis, 1.0, axis=1) * halves
        size = max(1, CHUNK // len(s))
        for start in range(0, len(face), size):
            part = slice(start, start + size)
            values = _values(kernel, face[part, None, :] * s[:, None])
            finite = np.isfinite(values)
            rays = np.where(finite, values, 0.0) @ s_power
            _check_integrable(values, finite, rays, s**dimension)
            total += float(face_weights[part] @ rays)
    return total


def _rays() -> tuple[Array, Array]:
    """Double-exponential rule on (0, 1): s = 1 / (1 + exp(-π sinh t))."""
    first = -math.asinh(SMALLEST * math.log(10) / math.pi)
    last = math.asinh(37 / math.pi)  # 1 - s = 1e-16
    t = np.arange(first, last, RAY_STEP)
    s = 1 / (1 + np.exp(-np.pi * np.sinh(t)))
    weights = RAY_STEP * np.pi * np.cosh(t) * s / (1 + np.exp(np.pi * np.sinh(t)))
    return s, weights


def _check_integrable(
    values: Array, finite: NDArray[np.bool_], rays: Array, measure: Array
) -> None:
    """Raise unless s^D W(s b), what is left below s, vanishes at the smallest s."""
    first = finite.argmax(axis=1)
    left = np.abs(values[np.arange(len(values)), first]) * measure[first]
    worst = float(np.max(left / np.maximum(np.abs(rays), 1e-300)))
    if not worst < NEGLIGIBLE:
        raise InputError(
            "the interaction kernel is not integrable at 0, or too nearly not: about |x|^a needs "
            "a > -D + 0.08 in D dimensions; regularize it"
        )
