"""The saddle-point system on a line, by banded factors of its Schur complement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wgflow._typing import Array
from wgflow.algebra.saddle.direct import NOT_FINITE, SMALLEST
from wgflow.algebra.saddle.levels import Numbers, finest
from wgflow.errors import SolverError
from wgflow.grid import Grid

__all__ = ["BandedSaddle"]

SHIFTS = (0.0, 1e-15, 1e-13)  # of the scaled diagonal, where rounding has made it indefinite


class BandedSaddle:
    """Cholesky factors of S = A C A^T + L, which has five diagonals, in time of the cells.

    S is scaled by its diagonal, so that densities may differ by any factor. On a ring cells are
    numbered from both sides in turn, which makes nine diagonals of five and of the corners.

    Parameters
    ----------
    grid, coefficients, mobility, compliance, factor :
        See :func:`wgflow.algebra.saddle.saddle_system`; the grid has one axis.
    """

    iterations = 0

    def __init__(
        self,
        grid: Grid,
        coefficients: Sequence[tuple[Array, Array]],
        mobility: Sequence[Array],
        compliance: Array,
        factor: float,
    ) -> None:
        from wgflow.algebra.saddle import _kernels

        self.grid = grid
        self._level = level = finest(grid, coefficients, mobility, compliance, factor)
        periodic = level.periodic[0]
        self._place = _places(grid.size, periodic)
        data = level.volumes, level.compliance, level.moves, level.weights, *level.beside
        bands = _kernels.bands(4 if periodic else 2, self._place, *data)
        if not np.all(np.isfinite(bands)):
            raise SolverError(NOT_FINITE)
        filled = bands[0] > SMALLEST
        self._scale = np.where(filled, 1 / np.sqrt(np.where(filled, bands[0], 1.0)), 0.0)
        for k, band in enumerate(bands):
            count = len(band) - k
            band[:count] *= self._scale[:count]
            band[:count] *= self._scale[k:]
        bands[0] += ~filled
        self._factors = _cholesky(bands)

    def solve(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Solve; see :class:`wgflow.algebra.saddle.SaddleSystem`."""
        from scipy.linalg import cho_solve_banded

        f, g = first * self.grid.volumes, second * self.grid.volumes
        right = np.empty_like(f)
        right[self._place] = self._level.right(f, g)
        right *= self._scale
        found = cho_solve_banded((self._factors, True), right, check_finite=False) * self._scale
        potential: Array = found[self._place]
        if not np.all(np.isfinite(potential)):
            raise SolverError("the saddle-point system has no finite solution: reduce tau")
        return self._level.density(potential, g), potential


def _cholesky(bands: Array) -> Array:
    """Banded factors, in place of which the diagonal is raised a little if need be."""
    from scipy.linalg import cholesky_banded

    for shift in SHIFTS:
        bands[0] += shift
        try:
            return np.asarray(cholesky_banded(bands, lower=True, check_finite=False))
        except np.linalg.LinAlgError:
            continue
    raise SolverError(
        "the saddle-point system is not positive definite: reduce tau, or add diffusion"
    )


def _places(size: int, periodic: bool) -> Numbers:
    """Give the new numbers of the cells: 0, 2, 4, … 5, 3, 1 on a ring."""
    numbers = np.arange(size, dtype=np.int32)
    if not periodic:
        return numbers
    return np.minimum(2 * numbers, 2 * (size - numbers) - 1).astype(np.int32)
