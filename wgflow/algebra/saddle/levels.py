"""A saddle-point system on the cells of a box, as flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from wgflow._typing import Array
from wgflow.algebra.saddle.direct import SMALLEST, conductances
from wgflow.grid import Grid

__all__ = ["SMALLEST", "Level", "Numbers", "finest", "neighbours"]

BoolArray = NDArray[np.bool_]
Numbers = NDArray[np.int32]


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
        found = _kernels.factorize(
            *self.entries, self.compliance, self.moves, order, *self.beside, SMALLEST
        )
        inverse, shares, before = found
        return inverse, shares, before, order

    @cached_property
    def work(self) -> Array:
        """Room for what is computed again and again, shape (4, cells)."""
        return np.empty((4, self.size))

    def multiply(self, x: Array, out: Array) -> None:
        """Set out = S x; uses the first row of the room."""
        from wgflow.algebra.saddle import _kernels

        data = self.volumes, self.compliance, self.moves, self.weights, self.beside[0]
        _kernels.multiply(x, out, self.work[0], *data)

    def smooth(self, b: Array, out: Array) -> None:
        """Solve with the incomplete factors."""
        from wgflow.algebra.saddle import _kernels

        _kernels.precondition(b, out, *self.factors)

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
