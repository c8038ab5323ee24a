"""The linear system of one implicit step with a two-point flux."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

import numpy as np

from wgflow._typing import Array, IntArray, Values
from wgflow.algebra.krylov import ExchangeKrylov
from wgflow.algebra.shares import FaceShares
from wgflow.errors import SolverError
from wgflow.grid import Grid
from wgflow.mesh import Mesh

__all__ = ["LocalSystem", "checked", "keeps_mass"]

# Relative. At a large dt rounding moves the solution along the stationary density, which scaling
# to the mass undoes; only a solve that misses the mass by more than this is not trusted.
# Factors of a plane grid cost what about twenty iterative solves do, and serve at a quarter of the
# price of one; in space they fill.
FACTORS_ARE_CHEAP = 4096  # cells
FACTORS_PAY_AFTER = 64  # solves: what the factors of 512² cells cost more than as many iterations
FACTORS_FIT = 30_000  # cells of a grid in three or four dimensions, for when iterations fail
MASS_TOLERANCE = 0.1
ITERATED_MASS_TOLERANCE = 1e-6


class LocalSystem:
    """The system ``rho - factor * divergence(rho) = given`` with a linear two-point flux.

    In terms of cell masses the matrix has unit column sums and no positive entry off the
    diagonal: its inverse is nonnegative and keeps the mass. In one dimension it is solved by
    a subtraction-free elimination, otherwise by SuperLU without pivoting, whose factors
    keep the signs, and a nonnegative solution is scaled to its mass.

    Parameters
    ----------
    grid : Grid
        Of one rank.
    shares : FaceShares
        Shares of mass that cross the faces in the step; see :func:`face_shares`.
    once : bool
        Whether it is for one solve: factors are then made only if iterations fail.
    """

    def __init__(self, grid: Grid, shares: FaceShares, once: bool = False) -> None:
        self.grid, self._once = grid, once
        self._ascent, self._descent = shares  # mass leaving the cells below and above each face
        self._factors: Any = None
        self._krylov: ExchangeKrylov | None = None
        self._solves = 0

    def state(self) -> Values:
        """Tell how it has come to solve by now, for a checkpoint."""
        return {"solves": self._solves, "factorized": int(self._factors is not None)}

    def restore(self, state: Values) -> None:
        """Go on solving in the same way; the state may be that of several ranks' system."""
        self._solves = cast(int, state.get("solves", 0))
        if state.get("factorized"):
            self._factors = self._factorize()

    def solve(self, density: Array) -> Array:
        """Densities after the step, nonnegative and of the same mass as those given.

        The given density may have negative cells (a residual does).

        Raises
        ------
        SolverError
            If the sparse solve loses mass or sign, at steps of about 1e15 over the fastest rate.
        """
        if self.grid.dimension == 1:
            return self._solve_chain(density)
        return self._solve_sparse(density)

    def _solve_chain(self, density: Array) -> Array:
        from wgflow.algebra import _kernels

        widths = self.grid.widths[0]
        n = len(widths)
        ascent, descent = np.zeros(n), np.zeros(n)
        faces = len(self._ascent[0])
        ascent[:faces] = self._ascent[0]
        descent[1:] = self._descent[0][: n - 1]
        if faces == n:
            descent[0] = self._descent[0][-1]
        masses: Array = _kernels.solve_chain(ascent, descent, density * widths)
        return masses / widths

    def _solve_sparse(self, density: Array) -> Array:
        masses = (density * self.grid.volumes).ravel()
        self._solves += 1
        solved = self._solved(masses)
        return checked(self.grid, solved, masses)

    def _solved(self, masses: Array) -> Array:
        """Solve by iteration for a few times, by factors where they are cheap or pay."""
        plane = self.grid.dimension == 2 and not self._once
        pays = plane and (self.grid.size <= FACTORS_ARE_CHEAP or self._solves > FACTORS_PAY_AFTER)
        if self._factors is None and not pays:
            if self._krylov is None:
                self._krylov = ExchangeKrylov(self.grid, (self._ascent, self._descent))
            solved = self._krylov.solve(masses)
            if solved is not None and keeps_mass(self.grid, solved, masses):
                return solved
            if self.grid.size > FACTORS_FIT:
                raise SolverError("the linear solve did not converge: reduce dt")
        if self._factors is None:
            self._factors, self._krylov = self._factorize(), None
        factors_solved: Array = self._factors.solve(masses)
        return factors_solved

    def _factorize(self) -> Any:
        from scipy.sparse import csc_array
        from scipy.sparse.linalg import splu

        lower, upper = _face_cells(self.grid.shape, tuple(a.periodic for a in self.grid.box.axes))
        size = self.grid.size
        diagonal = np.ones(size)
        rows, columns, entries = [np.arange(size)], [np.arange(size)], [diagonal]
        for low, high, up, down in zip(lower, upper, self._ascent, self._descent, strict=True):
            up, down = np.broadcast_arrays(up, down)
            for source, target, rate in ((low, high, up.ravel()), (high, low, down.ravel())):
                diagonal += np.bincount(source, rate, size)
                rows.append(target)
                columns.append(source)
                entries.append(-rate)
        matrix = csc_array(
            (np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))),
            shape=(size, size),
        )
        try:
            return splu(
                matrix,
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
        except RuntimeError as error:  # entries that are not finite
            raise SolverError(
                f"the linear system cannot be factorized ({error}): reduce dt"
            ) from None


def checked(grid: Grid | Mesh, solved: Array, masses: Array) -> Array:
    """Densities of the masses that were solved for, of the mass of those given.

    Raises
    ------
    SolverError
        If the solve lost mass or sign.
    """
    before, after, size = grid.sum(np.array([masses.sum(), solved.sum(), np.abs(masses).sum()]))
    if not abs(after - before) <= MASS_TOLERANCE * size:
        raise SolverError(f"the linear solve changed the mass by {after - before:.3g}: reduce dt")
    least = grid.minimum(solved)
    if least < 0 and grid.minimum(masses) >= 0:
        raise SolverError(f"the linear solve gave a negative mass {least:.3g}: reduce dt")
    if abs(before) > size / 2 and after != 0:  # not a residual, whose mass is about 0
        solved *= before / after
    density_after: Array = solved.reshape(grid.shape) / grid.volumes
    return density_after


def keeps_mass(grid: Grid | Mesh, solved: Array, masses: Array) -> bool:
    """Whether iterations that ended well are to be believed.

    The residual bounds the change of the mass; where rates differ by more than 1e16, as beside
    empty cells, its recursion drifts off.
    """
    before, after, size = grid.sum(np.array([masses.sum(), solved.sum(), np.abs(masses).sum()]))
    return bool(abs(after - before) <= ITERATED_MASS_TOLERANCE * size)


@lru_cache(maxsize=8)
def _face_cells(
    shape: tuple[int, ...], periodic: tuple[bool, ...]
) -> tuple[list[IntArray], list[IntArray]]:
    """Flat numbers of the cells below and above each face, one array an axis."""
    numbers = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    lower, upper = [], []
    for axis, wrap in enumerate(periodic):
        above = np.roll(numbers, -1, axis)
        faces = shape[axis] if wrap else shape[axis] - 1
        lower.append(numbers.take(range(faces), axis).ravel())
        upper.append(above.take(range(faces), axis).ravel())
    return lower, upper
