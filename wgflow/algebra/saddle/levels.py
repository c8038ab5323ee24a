"""One saddle-point system on ever fewer cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from wgflow._typing import Array, IntArray
from wgflow.algebra.saddle.direct import conductances
from wgflow.grid import Grid

__all__ = ["SMALLEST", "Level", "Numbers", "coarser", "finest"]

BoolArray = NDArray[np.bool_]
Numbers = NDArray[np.int32]

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
    potential : (cells,) array
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

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.volumes.size

    @property
    def empty(self) -> BoolArray:
        """Cells of which the row of S is empty."""
        rows: BoolArray = self.entries[0] <= SMALLEST
        return rows

    @cached_property
    def beside(self) -> tuple[Numbers, Numbers]:
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
    def factors(self) -> tuple[Array, Array, Numbers, Numbers]:
        """Inverse pivots, shares, cells before and order of the incomplete factors."""
        from wgflow.algebra.saddle import _kernels

        order = _kernels.downhill(self.potential, *self.beside)
        found = _kernels.factorize(*self.entries, order, *self.beside, SMALLEST)
        inverse, shares, before = found
        return inverse, shares, before, order

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

        x = np.empty_like(b)
        _kernels.precondition(b, x, *self.factors)
        return x

    def right(self, first: Array, second: Array) -> Array:
        """Right-hand side f + A C g of the potentials."""
        from wgflow.algebra.saddle import _kernels

        out = np.empty_like(first)
        masses = self.compliance * second
        _kernels.move(masses, out, self.volumes, self.moves, self.beside[0])
        out += first
        return out

    def density(self, potential: Array, second: Array) -> Array:
        """Densities C (A^T p - g) of the potentials."""
        from wgflow.algebra.saddle import _kernels

        out = np.empty_like(potential)
        _kernels.draw(potential, out, self.volumes, self.moves, self.beside[0])
        out -= second
        out *= self.compliance
        return out


@lru_cache(maxsize=64)
def neighbours(shape: tuple[int, ...], periodic: tuple[bool, ...]) -> tuple[Numbers, Numbers]:
    """Flat numbers of the cells below and above each, itself where there is none."""
    numbers = np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)
    low, high = np.empty((2, len(shape), numbers.size), dtype=np.int32)
    for axis, wrap in enumerate(periodic):
        last = shape[axis] - 1
        places = np.arange(-1, last), np.arange(1, last + 2)
        if not wrap:
            places = np.maximum(places[0], 0), np.minimum(places[1], last)
        low[axis] = numbers.take(places[0], axis, mode="wrap").ravel()
        high[axis] = numbers.take(places[1], axis, mode="wrap").ravel()
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
        potential -= _summed(faces.to_cells(fall, 1), axis)
    return Level(
        grid.widths,
        tuple(axis.periodic for axis in grid.box.axes),
        potential.ravel(),
        grid.volumes.ravel(),
        (compliance / grid.volumes).ravel(),
        moves,
        weights,
    )


def _summed(differences: Array, axis: int) -> Array:
    """Sum differences at lower faces along an axis, where the later axes are at their start."""
    for later in range(axis + 1, differences.ndim):
        differences = differences.take([0], later)
    sums = np.cumsum(differences, axis)
    return np.asarray(sums - sums.take([0], axis))


def coarser(level: Level) -> tuple[Level, Numbers]:
    """Join pairs of cells along the axes whose neighbours are strong.

    Returns
    -------
    level : Level
    parents : (cells,) array
        Flat number of the coarse cell of each cell.
    """
    from wgflow.algebra.saddle import _kernels

    strength = level.entries[1].sum(axis=1)
    strength[[n < 2 for n in level.shape]] = -1.0
    chosen = strength >= ALIKE * strength.max()
    starts = [_starts(n, c) for n, c in zip(level.shape, chosen, strict=True)]
    widths = tuple(np.add.reduceat(w, s) for w, s in zip(level.widths, starts, strict=True))
    shape = tuple(len(w) for w in widths)
    parents = _parents(level.shape, tuple(bool(c) for c in chosen))
    nearer = np.empty((len(shape), *shape))
    for axis, first in enumerate(starts):
        ratio = _distances(level.widths[axis])[first] / _distances(widths[axis])
        nearer[axis] = ratio.reshape([-1 if a == axis else 1 for a in range(len(shape))])
    cells = level.volumes, level.compliance, level.potential
    size = nearer[0].size
    volumes, compliance, potential = _kernels.join_cells(parents, *cells, size, SMALLEST)
    moves, weights = _kernels.join_faces(
        parents,
        level.compliance,
        level.moves,
        level.weights,
        level.beside[0],
        nearer.reshape(len(shape), -1),
        compliance,
        potential,
        neighbours(shape, level.periodic)[0],
        SMALLEST,
    )
    return Level(widths, level.periodic, potential, volumes, compliance, moves, weights), parents


def _starts(n: int, pairs: bool) -> IntArray:
    """First cells of the pairs along an axis; the last is one of three if the number is odd."""
    return np.arange(0, n - 1, 2, dtype=np.int64) if pairs else np.arange(n, dtype=np.int64)


@lru_cache(maxsize=32)
def _parents(shape: tuple[int, ...], chosen: tuple[bool, ...]) -> Numbers:
    """Flat number of the coarse cell of each cell."""
    coarse = np.zeros(1, dtype=np.int32)
    for n, pairs in zip(shape, chosen, strict=True):
        starts = _starts(n, pairs)
        places = np.repeat(np.arange(len(starts), dtype=np.int32), np.diff([*starts, n]))
        coarse = (coarse[:, None] * np.int32(len(starts)) + places).ravel()
    return coarse


def _distances(widths: Array) -> Array:
    """Distances of the centres of each cell and the one below, around the end."""
    return np.asarray((widths + np.roll(widths, 1)) / 2)
