"""The entries of a saddle-point system's Schur complement, row by row of a rank's own cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.algebra.saddle.direct import SMALLEST, conductances
from wgflow.grid import Grid
from wgflow.mesh import Mesh

__all__ = ["Entries", "Pattern", "SaddleData"]


@dataclass(frozen=True)
class SaddleData:
    """What :func:`wgflow.algebra.saddle.saddle_system` is given, but for the cells."""

    coefficients: list[tuple[Array, Array]]
    mobility: list[Array]
    compliance: Array
    factor: float


@dataclass(frozen=True)
class Entries:
    """The matrices of S = B^T B + L, scaled by the diagonal of S from both sides.

    Attributes
    ----------
    root, laplacian : (entries,) array
        Of B = C^(1/2) A^T and of L, in the order of :class:`Pattern`.
    sizes : (cells,) array
        Square root of the diagonal of S; 1 for an empty cell, whose row is that of the identity.
    """

    root: Array
    laplacian: Array
    sizes: Array


@dataclass(frozen=True)
class _Side:
    """The faces of one axis that an own cell lies below (or above)."""

    faces: IntArray  # which of them
    cells: IntArray  # the own cell beside each

    def add_up(self, values: Array, size: int) -> Array:
        """Add the values of the faces up in the cells."""
        return np.asarray(np.bincount(self.cells, values[self.faces], size))


class Pattern:
    """Where the entries of A^T and of L lie, in the rows of this rank's cells.

    First the diagonal; then for each axis those of the cells above and of the cells below.

    Parameters
    ----------
    cells : Grid or Mesh
    """

    def __init__(self, cells: Grid | Mesh) -> None:
        # not the cells: PETSc's objects have this, and these end with the cells
        size = cells.size
        start = sum(cells.comm.everyone(size)[: cells.comm.rank])
        mine = np.arange(start, start + size)
        rows, columns = [mine], [mine]
        self._axes: list[tuple[_Side, _Side]] = []
        self._conductances = [conductances(cells, axis) for axis in range(len(cells.shape))]
        for axis in range(len(cells.shape)):
            low, high = (
                np.asarray(n, dtype=np.int64).ravel()
                for n in cells.beside(mine.reshape(cells.shape).astype(float), axis)
            )
            sides = []
            for own, other in ((low, high), (high, low)):
                faces = np.flatnonzero((own >= start) & (own < start + size))
                sides.append(_Side(faces, own[faces] - start))
                rows.append(own[faces])
                columns.append(other[faces])
            self._axes.append((sides[0], sides[1]))
        self.rows, self.columns = np.concatenate(rows), np.concatenate(columns)

    def entries(self, cells: Grid | Mesh, data: SaddleData) -> Entries:
        """Give the entries; collective."""
        size = cells.size
        density = data.compliance / cells.volumes
        weights, advection, laplacian, squares = [], *self._start(cells)
        for axis, (forth, back) in enumerate(data.coefficients):
            conductance = data.factor * self._conductances[axis]
            up, down = (conductance * forth).ravel(), (conductance * back).ravel()
            weight = (conductance * data.mobility[axis]).ravel()
            weights.append((up, down, weight))
            from_low, from_high = (c.ravel() for c in cells.beside(density, axis))
            below, above = self._axes[axis]
            advection += below.add_up(up, size) + above.add_up(down, size)
            laplacian += below.add_up(weight, size) + above.add_up(weight, size)
            squares += below.add_up(from_high * down**2, size)
            squares += above.add_up(from_low * up**2, size)
        diagonal = density.ravel() * advection**2 + squares + laplacian
        filled = diagonal > SMALLEST
        scale = np.where(filled, 1 / np.sqrt(np.maximum(diagonal, SMALLEST)), 0.0)
        roots = np.sqrt(density).ravel()
        root, spread = [roots * advection * scale], [laplacian * scale**2 + ~filled]
        for axis, (up, down, weight) in enumerate(weights):
            low, high = (s.ravel() for s in cells.beside(scale.reshape(cells.shape), axis))
            for side, moved, other in zip(self._axes[axis], (up, down), (high, low), strict=True):
                beyond = other[side.faces]
                root.append(-roots[side.cells] * moved[side.faces] * beyond)
                spread.append(-scale[side.cells] * weight[side.faces] * beyond)
        sizes = np.where(filled, np.sqrt(np.maximum(diagonal, SMALLEST)), 1.0)
        return Entries(np.concatenate(root), np.concatenate(spread), sizes)

    @staticmethod
    def _start(cells: Grid | Mesh) -> tuple[Array, Array, Array]:
        return cells.volumes.ravel().copy(), np.zeros(cells.size), np.zeros(cells.size)
