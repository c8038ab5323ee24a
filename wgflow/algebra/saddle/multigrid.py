"""The saddle-point system by conjugate gradients and multigrid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wgflow._typing import Array
from wgflow.algebra.saddle.coarse import coarser
from wgflow.algebra.saddle.direct import NOT_FINITE, DirectSaddle
from wgflow.algebra.saddle.levels import SMALLEST, Level, Numbers, finest
from wgflow.errors import SolverError
from wgflow.grid import Grid

__all__ = ["MultigridSaddle"]

FEW = 40  # cells that are left to a dense inverse
MAXIMUM_ITERATIONS = 200
FACTORS_FIT = 20_000  # cells, for when iterations fail
WEAKER = 3  # times that the smoother may be halved
RANK = 1e-13  # of the scaled dense matrix; below it is rounding


class MultigridSaddle:
    """Conjugate gradients for S = A C A^T + L; S is never formed.

    The preconditioner is a V-cycle. Its smoother is an incomplete Cholesky factorization with
    the entries of neighbours only, in an order that goes downhill: exact but for L, it is good
    where moving dominates, and smooths where L does. The coarse matrices are of the same form;
    their rates keep, up to the factor of the distances, the energies x^T S x of what is constant
    in each coarse cell.

    Parameters
    ----------
    grid, coefficients, mobility, compliance, factor, tolerance :
        See :func:`wgflow.algebra.saddle.saddle_system`; the grid has several axes.

    References
    ----------
    Meijerink, van der Vorst, Math. Comp. 31 (1977), for the factors; Braess, Computing 55 (1995),
    for aggregates as a preconditioner.
    """

    def __init__(
        self,
        grid: Grid,
        coefficients: Sequence[tuple[Array, Array]],
        mobility: Sequence[Array],
        compliance: Array,
        factor: float,
        tolerance: float,
    ) -> None:
        self.grid = grid
        self.iterations = 0
        self._given = list(coefficients), list(mobility), compliance, factor
        self._tolerance = tolerance
        level = finest(grid, coefficients, mobility, compliance, factor)
        if not np.all(np.isfinite(level.entries[0])):
            raise SolverError(NOT_FINITE)
        self._cycle = Cycle(level)
        self._direct: DirectSaddle | None = None

    def solve(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Solve; see :class:`wgflow.algebra.saddle.SaddleSystem`."""
        if self._direct is not None:
            return self._direct.solve(first, second)
        level, volumes = self._cycle.levels[0], self.grid.volumes
        f, g = (first * volumes).ravel(), (second * volumes).ravel()
        right = level.right(f, g)
        right[level.empty] = 0.0
        potential = self._iterated(right)
        if potential is None:
            if self.grid.size > FACTORS_FIT:
                raise SolverError(
                    f"the saddle-point system did not converge in {self.iterations} iterations "
                    "of conjugate gradients: reduce tau"
                )
            self._direct = DirectSaddle(self.grid, *self._given)
            return self._direct.solve(first, second)
        potential[level.empty] = 0.0  # the coarse levels have left something
        density = level.density(potential, g)
        return density.reshape(self.grid.shape), potential.reshape(self.grid.shape)

    def _iterated(self, right: Array) -> Array | None:
        """Conjugate gradients, with a weaker smoother where it proves too strong; or None."""
        level = self._cycle.levels[0]
        x, rest = np.zeros_like(right), right.copy()
        self.iterations = 0
        goal = self._tolerance * float(np.abs(right).sum())
        while not self._descend(x, rest, goal):
            if self.iterations >= MAXIMUM_ITERATIONS or not self._cycle.weaken():
                return None
            level.multiply(x, rest)
            np.subtract(right, rest, out=rest)
        return x

    def _descend(self, x: Array, rest: Array, goal: float) -> bool:
        """Improve x until the residual is small in L1; false if the cycle is not positive."""
        multiply, image = self._cycle.levels[0].multiply, np.empty_like(x)
        direction, before = np.zeros_like(x), np.inf
        while float(np.abs(rest, out=image).sum()) > goal:
            if self.iterations >= MAXIMUM_ITERATIONS:
                return False
            ready = self._cycle(rest)
            size = float(rest @ ready)
            if not 0 < size < np.inf:
                return False
            direction *= size / before
            direction += ready
            multiply(direction, image)
            curvature = float(direction @ image)
            if not 0 < curvature < np.inf:
                return False
            self.iterations += 1
            image *= size / curvature
            rest -= image
            np.multiply(direction, size / curvature, out=image)
            x += image
            before = size
        return True


class Cycle:
    """A V-cycle: an approximate inverse of S, symmetric and positive."""

    def __init__(self, level: Level) -> None:
        self.levels, self._parents = [level], list[Numbers]()
        while self.levels[-1].size > FEW:
            coarse, parents = coarser(self.levels[-1])
            self.levels.append(coarse)
            self._parents.append(parents)
        self._inverse = _inverse(self.levels[-1])
        self._weakened = 0

    def weaken(self) -> bool:
        """Halve what the smoothers do; false if that was done often enough.

        They are too strong, more than twice the inverse in some direction, where densities beside
        each other differ at random by orders of magnitude.
        """
        self._weakened += 1
        for level in self.levels[:-1]:
            level.factors[0][:] *= 0.5
        return self._weakened <= WEAKER

    def __call__(self, right: Array) -> Array:
        """Solve approximately; the next call overwrites what this one gives."""
        return self._solved(0, right)

    def _solved(self, depth: int, right: Array) -> Array:
        from wgflow.algebra.saddle.coarse import _kernels

        if depth == len(self._parents):
            solved: Array = self._inverse @ right
            return solved
        level, coarse = self.levels[depth : depth + 2]
        correction: Array = level.work[0]
        x: Array = level.work[1]
        rest: Array = level.work[2]
        level.smooth(right, x)
        level.multiply(x, rest)
        np.subtract(right, rest, out=rest)
        joined = coarse.work[3]
        _kernels.join(rest, self._parents[depth], joined)
        _kernels.add_joined(self._solved(depth + 1, joined), self._parents[depth], x)
        level.multiply(x, rest)
        np.subtract(right, rest, out=rest)
        level.smooth(rest, correction)
        x += correction
        return x


def _inverse(level: Level) -> Array:
    """Inverse of S, dense, with 0 in empty rows and columns."""
    matrix = np.empty((level.size, level.size))
    for unit, row in zip(np.eye(level.size), matrix, strict=True):
        level.multiply(unit, row)
    diagonal = matrix.diagonal()
    filled = diagonal > SMALLEST
    scale = np.where(filled, 1 / np.sqrt(np.where(filled, diagonal, 1.0)), 0.0)
    scaled = matrix * scale * scale[:, None] + np.diag((~filled).astype(float))
    inverse = np.linalg.pinv((scaled + scaled.T) / 2, rcond=RANK, hermitian=True)
    return np.asarray(inverse * scale * scale[:, None], dtype=float)
