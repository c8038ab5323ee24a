"""One saddle-point system on ever fewer cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.algebra.saddle.direct import conductances
from wgflow.grid import Grid

__all__ = ["Level", "coarser", "finest"]

SMALLEST = 1e-290  # diagonal below which a row is left alone: its cell is empty
ALIKE = 0.25  # an axis is coarsened if its neighbours are as strong as this, beside the strongest


@dataclass(frozen=True, eq=False)
class Level:
    """A system on cells of a box: see :mod:`wgflow.algebra.saddle._kernels` for the flat arrays.

    Attributes
    ----------
    widths : tuple of arrays
        Of the cells, along each axis.
    periodic : tuple of bool
    potential : array of the shape of the cells
        A is triangular if cells are taken in the order in which it falls.
    volumes, compliance : (cells,) arrays
        ``compliance`` is over the volume.
    moves, weights : (D, cells) arrays
    """

    widths: tuple[Array, ...]
    periodic: tuple[bool, ...]
    potential: Array
    volumes: Array
    compliance: Array
    moves: Array
    weights: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells along each axis."""
        return tuple(len(w) for w in self.widths)

    @cached_property
    def beside(self) -> tuple[IntArray, IntArray]:
        """Flat numbers of the cells below and above each, shape (D, cells)."""
        return neighbours(self.shape, self.periodic)

    @cached_property
    def entries(self) -> tuple[Array, Array]:
        """Diagonal of S, and minus its entries of neighbours, one a face."""
        from wgflow.algebra.saddle import _kernels

        of_faces = self.moves, self.weights, self.beside[0]
        diagonal, entries = _kernels.entries(self.volumes, self.compliance, *of_faces)
        return diagonal, entries

    @cached_property
    def factors(self) -> tuple[Array, IntArray, Array, IntArray]:
        """Inverse pivots, order, entries before and their cells, of the incomplete factors."""
        from wgflow.algebra.saddle import _kernels

        order = np.argsort(-self.potential.ravel(), kind="stable").astype(np.int32)
        found = _kernels.factorize(*self.entries, order, *self.beside, SMALLEST)
        inverse, shares, before = found
        return inverse, order, shares, before

    def multiply(self, x: Array) -> Array:
        """S x."""
        from wgflow.algebra.saddle import _kernels

        out, masses = np.empty_like(x), np.empty_like(x)
        data = self.volumes, self.compliance, self.moves, self.weights, self.beside[0]
        _kernels.multiply(x, out, masses, *data)
        return out

    def smooth(self, b: Array) -> Array:
        """Solve with the incomplete factors."""
        from wgflow.algebra.saddle import _kernels

        x = np.zeros_like(b)
        _kernels.precondition(b, x, *self.factors)
        return x

    def drawn(self, x: Array) -> Array:
        """A^T x, the change of the potentials' law with the densities."""
        from wgflow.algebra.saddle import _kernels

        out, masses = np.empty_like(x), np.empty_like(x)
        ones, nothing = np.ones_like(x), np.zeros_like(self.weights)
        _kernels.multiply(x, out, masses, self.volumes, ones, self.moves, nothing, self.beside[0])
        return masses


@lru_cache(maxsize=64)
def neighbours(shape: tuple[int, ...], periodic: tuple[bool, ...]) -> tuple[IntArray, IntArray]:
    """Flat numbers of the cells below and above each, itself where there is none."""
    numbers = np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)
    low, high = np.empty((2, len(shape), numbers.size), dtype=np.int32)
    for axis, wrap in enumerate(periodic):
        under, over = np.roll(numbers, 1, axis), np.roll(numbers, -1, axis)
        if not wrap:
            lead = (slice(None),) * axis
            under[(*lead, 0)], over[(*lead, -1)] = numbers[(*lead, 0)], numbers[(*lead, -1)]
        low[axis], high[axis] = under.ravel(), over.ravel()
    return low, high


def finest(
    grid: Grid,
    coefficients: Sequence[tuple[Array, Array]],
    mobility: Sequence[Array],
    compliance: Array,
    factor: float,
) -> Level:
    """Give the level of a grid; see :func:`wgflow.algebra.saddle.saddle_system`."""
    moves, weights = np.empty((2, grid.dimension, grid.size))
    potential = np.zeros(grid.shape)
    for axis, (forth, back) in enumerate(coefficients):
        faces, conductance = grid.faces[axis], factor * conductances(grid, axis)
        fall = forth - back
        moves[axis] = faces.to_cells(conductance * fall, 1).ravel()
        weights[axis] = faces.to_cells(conductance * mobility[axis], 1).ravel()
        edge = faces.to_cells(fall, 1)[(slice(None),) * (axis + 1) + (slice(1),) * (grid.dimension - axis - 1)]
        edge = edge.copy()
        edge[(slice(None),) * axis + (0,)] = 0.0
        potential -= np.cumsum(edge, axis)
    return Level(
        grid.widths,
        tuple(axis.periodic for axis in grid.box.axes),
        potential,
        grid.volumes.ravel(),
        (compliance / grid.volumes).ravel(),
        moves,
        weights,
    )


def coarser(level: Level) -> tuple[Level, IntArray]:
    """Join pairs of cells along the axes whose neighbours are strong.

    Returns
    -------
    level : Level
    parents : (cells,) array
        Flat number of the coarse cell of each cell.
    """
    strength = level.entries[1].sum(axis=1)
    strength[[n < 2 for n in level.shape]] = -1.0
    chosen = strength >= ALIKE * strength.max()
    starts = [_starts(n) if c else np.arange(n) for n, c in zip(level.shape, chosen, strict=True)]

    def summed(values: Array, axes: Sequence[int] | None = None) -> Array:
        out = values.reshape(level.shape) if axes is None else values
        axes = range(len(starts)) if axes is None else axes
        for axis in axes:
            out = np.add.reduceat(out, starts[axis], axis)
        return out

    volumes = summed(level.volumes)
    held = level.compliance * level.volumes * level.volumes
    total = summed(held)
    count = summed(np.ones(level.shape))
    flat = summed(level.potential) / count
    with np.errstate(divide="ignore", invalid="ignore"):
        potential = np.where(total > SMALLEST, summed(held * level.potential.ravel()) / total, flat)
    widths = tuple(np.add.reduceat(w, s) for w, s in zip(level.widths, starts, strict=True))
    compliance = total / (volumes * volumes)
    moves, weights = np.empty((2, len(starts), volumes.size))
    fine = level.compliance.reshape(level.shape)
    for axis, first in enumerate(starts):
        others = [a for a in range(len(starts)) if a != axis]
        shape = [1] * len(starts)
        shape[axis] = -1
        nearer = (_distances(level.widths[axis])[first] / _distances(widths[axis])).reshape(shape)
        rate = level.moves[axis].reshape(level.shape).take(first, axis)
        below = np.roll(fine, 1, axis).take(first, axis)
        up = summed(below * np.maximum(rate, 0) ** 2, others) * nearer
        down = summed(fine.take(first, axis) * np.minimum(rate, 0) ** 2, others) * nearer
        fall = np.roll(potential, 1, axis) - potential
        source = np.where(fall > 0, np.roll(compliance, 1, axis), compliance)
        along = np.where(fall > 0, up, down) * (fall != 0)
        size = np.sqrt(along / np.maximum(source, SMALLEST))
        moves[axis] = np.where(fall > 0, size, -size).ravel()
        taken = level.weights[axis].reshape(level.shape).take(first, axis)
        weights[axis] = (summed(taken, others) * nearer + (up + down - along)).ravel()
    places = [np.repeat(np.arange(len(s)), np.diff(np.append(s, n))) for s, n in zip(starts, level.shape, strict=True)]
    shape = tuple(len(s) for s in starts)
    parents = np.ravel_multi_index(np.ix_(*places), shape).ravel().astype(np.int32)
    made = Level(
        widths, level.periodic, potential, volumes.ravel(), compliance.ravel(), moves, weights
    )
    return made, parents


def _starts(n: int) -> IntArray:
    """First cells of the pairs along an axis; the last is one of three if the number is odd."""
    return np.arange(0, n - 1, 2)


def _distances(widths: Array) -> Array:
    """Distances of the centres of each cell and the one below, around the end."""
    return np.asarray((widths + np.roll(widths, 1)) / 2)
