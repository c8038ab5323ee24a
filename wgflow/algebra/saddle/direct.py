"""The saddle-point system by sparse factors of its Schur complement."""

from __future__ import annotations

from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.errors import SolverError
from wgflow.grid import Grid
from wgflow.mesh import Mesh

__all__ = ["NOT_FINITE", "SMALLEST", "DirectSaddle", "conductances"]

NOT_FINITE = "the saddle-point system is not finite: reduce tau, or add diffusion"
SMALLEST = 1e-290  # diagonal below which a row is left alone: its cell is empty


class DirectSaddle:
    """Factors of S = A C A^T + L, the matrix of the potentials once the densities are eliminated.

    C = compliance / volume is diagonal. S is symmetric and positive semidefinite; it is scaled
    by its diagonal before it is factorized.

    Parameters
    ----------
    grid, coefficients, mobility, compliance, factor :
        See :func:`wgflow.algebra.saddle.saddle_system`.
    """

    iterations = 0

    def __init__(
        self,
        grid: Grid | Mesh,
        coefficients: list[tuple[Array, Array]],
        mobility: list[Array],
        compliance: Array,
        factor: float,
    ) -> None:
        from scipy.sparse import coo_array, diags_array
        from scipy.sparse.linalg import splu

        self.grid = grid
        volumes = grid.volumes.ravel()
        size = len(volumes)
        self._compliance = compliance.ravel() / volumes
        numbers = np.arange(size, dtype=float).reshape(grid.shape)
        rows, columns = [np.arange(size)], [np.arange(size)]
        advection: list[Array] = [volumes.copy()]
        laplacian: list[Array] = [np.zeros(size)]
        for axis, (forth, back) in enumerate(coefficients):
            conductance = factor * conductances(grid, axis)
            low, high = (n.ravel().astype(np.int64) for n in grid.beside(numbers, axis))
            weight = (conductance * mobility[axis]).ravel()
            for source, target, rate in ((low, high, forth), (high, low, back)):
                moved = (conductance * rate).ravel()
                advection[0] += np.bincount(source, moved, size)
                laplacian[0] += np.bincount(source, weight, size)
                rows.append(target)
                columns.append(source)
                advection.append(-moved)
                laplacian.append(-weight)
        where = (np.concatenate(rows), np.concatenate(columns))
        self._advection = coo_array((np.concatenate(advection), where), (size, size)).tocsr()
        schur = self._advection @ diags_array(self._compliance) @ self._advection.T
        schur = schur + coo_array((np.concatenate(laplacian), where), (size, size)).tocsr()
        diagonal = schur.diagonal()
        self._scale = np.where(diagonal > SMALLEST, 1 / np.sqrt(np.maximum(diagonal, SMALLEST)), 0)
        scaled = diags_array(self._scale) @ schur @ diags_array(self._scale)
        scaled = scaled + diags_array((self._scale == 0).astype(float))
        if not np.all(np.isfinite(scaled.data)):
            raise SolverError(NOT_FINITE)
        try:
            self._factors: Any = splu(scaled.tocsc(), options={"SymmetricMode": True})
        except RuntimeError as error:
            raise SolverError(
                f"the saddle-point system cannot be factorized ({error}): reduce tau"
            ) from None

    def solve(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Solve; see :class:`wgflow.algebra.saddle.SaddleSystem`."""
        volumes = self.grid.volumes.ravel()
        f, g = first.ravel() * volumes, second.ravel() * volumes
        right = f + self._advection @ (self._compliance * g)
        potential = self._scale * self._factors.solve(self._scale * right)
        density = self._compliance * (self._advection.T @ potential - g)
        return density.reshape(self.grid.shape), potential.reshape(self.grid.shape)


def conductances(grid: Grid | Mesh, axis: int) -> Array:
    """Areas of the faces of ``difference`` over the distances of the centres beside them."""
    if isinstance(grid, Mesh):
        return np.asarray(grid.geometry.areas / grid.distances)
    lower = grid.along(grid.face_widths(axis)[0], axis)
    return np.asarray(
        grid.beside(grid.volumes, axis)[0] / (lower * grid.along(grid.face_distances(axis), axis))
    )
