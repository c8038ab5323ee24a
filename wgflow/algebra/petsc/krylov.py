"""PETSc's Krylov methods for cells that exchange mass, on blocks of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.algebra.krylov import TOLERANCE
from wgflow.algebra.petsc.factors import BlockFactors
from wgflow.grid import Grid
from wgflow.parallel import configure

if TYPE_CHECKING:
    from wgflow.algebra.petsc.system import BlockSystem

__all__ = ["BlockKrylov", "krylov_of"]

PREFIX = "wgflow_"
MAXIMUM_ITERATIONS = 500

_solvers: WeakKeyDictionary[Grid, BlockKrylov] = WeakKeyDictionary()


def krylov_of(grid: Grid) -> BlockKrylov:
    """Give the solver of a grid, which its systems share."""
    if grid not in _solvers:
        _solvers[grid] = BlockKrylov(grid)
    return _solvers[grid]


class BlockKrylov:
    """A KSP whose matrix is applied by sweeps, preconditioned block by block.

    The preconditioner is the modified incomplete factorization that serial solves use, of
    each rank's block. Any other PETSc has may be asked for by options (``-wgflow_pc_type
    gamg``, ``bjacobi``, ``asm``, ``lu`` …): for those the matrix is assembled.

    Parameters
    ----------
    grid : Grid
        Of two dimensions or more.
    """

    def __init__(self, grid: Grid) -> None:
        from petsc4py import PETSc

        self.system: BlockSystem | None = None
        self.reason = ""
        self._matrix = _Matrix(grid)
        self._factors = BlockFactors(grid)
        sizes = ((grid.size, None), (grid.size, None))
        comm = grid.comm.raw
        self._operator = PETSc.Mat().createPython(sizes, self._matrix, comm=comm)
        self._operator.setUp()
        ksp = PETSc.KSP().create(comm)
        ksp.setOptionsPrefix(PREFIX)
        ksp.setType(PETSc.KSP.Type.BCGS)
        ksp.setPCSide(PETSc.PC.Side.RIGHT)
        ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        ksp.setTolerances(max_it=MAXIMUM_ITERATIONS)
        ksp.getPC().setType(PETSc.PC.Type.PYTHON)
        ksp.getPC().setPythonContext(self._factors)
        ksp.setOperators(self._operator, self._operator)
        ksp.setInitialGuessNonzero(True)
        configure(ksp)
        given = PETSc.Options(PREFIX)
        self._told = given.hasName("ksp_rtol") or given.hasName("ksp_atol")
        self._assembled: _Assembled | None = None
        if ksp.getPC().getType() != PETSc.PC.Type.PYTHON:
            self._assembled = _Assembled(grid)
            ksp.setOperators(self._operator, self._assembled.matrix)
        self._ksp = ksp
        self._b, self._x = self._operator.createVecs()
        self._grid = grid

    def solve(self, system: BlockSystem, masses: Array) -> Array | None:
        """Masses after the step, flat, or None if the iteration does not converge.

        Of masses that are not negative the solution is not, and it is within 1e-13 of the
        total in L1, unless other tolerances are set by options.
        """
        comm = self._grid.comm
        if self.system is not system:
            self.system = self._matrix.system = system
            self._factors.prepare(system.shares)
            if self._assembled is not None:
                self._assembled.fill(system)
        size, count = comm.sum(np.array([np.abs(masses).sum(), float(masses.size)]))
        if size == 0:
            return masses.copy()
        # the inverse has the norm 1 in L1, and |r|_1 <= sqrt(n) |r|_2
        if not self._told:
            self._ksp.setTolerances(rtol=0.0, atol=TOLERANCE * size / np.sqrt(count))
        self._b.array[:] = masses
        self._x.array[:] = masses
        self._ksp.solve(self._b, self._x)
        self.reason = f"PETSc's reason {self._ksp.getConvergedReason()}"
        if self._ksp.getConvergedReason() <= 0:
            return None
        solved: Array = self._x.array.copy()
        if comm.any(solved.min() < 0) and not comm.any(masses.min() < 0):
            solved = self._matrix.swept(masses, np.maximum(solved, 0.0))
        return solved


class _Matrix:
    """The matrix of a system, applied by a sweep over a block with ghost cells."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self.system: BlockSystem | None = None
        self._padded = np.zeros(grid.ghosted_shape)
        self._inside = tuple(slice(2, -2) for _ in grid.shape)
        lines = grid.lines[-1]
        self._starts = lines.ghosted_starts
        self._strides = np.array([line.ghosted_stride for line in grid.lines])

    def mult(self, matrix: Any, x: Any, y: Any) -> None:
        """Multiply, as PETSc asks for it."""
        self._times(x.array_r, y.array)

    def _times(self, x: Array, out: Array) -> None:
        from wgflow.algebra.krylov import _kernels

        assert self.system is not None
        self._padded[self._inside] = x.reshape(self._grid.shape)
        self._grid.fill(self._padded)
        shares = self.system.shares
        _kernels.multiply_padded(
            self._padded.reshape(-1),
            out,
            shares.diagonal,
            shares.from_below,
            shares.from_above,
            self._starts,
            self._strides,
        )

    def swept(self, masses: Array, x: Array) -> Array:
        """Improve x, not below 0, by a Jacobi sweep: it stays so if the masses are not below 0."""
        assert self.system is not None
        diagonal = self.system.shares.diagonal
        moved = np.empty_like(x)
        self._times(x, moved)
        # what comes in is what the product lacks of its diagonal part
        return (masses + np.maximum(diagonal * x - moved, 0.0)) / diagonal


class _Assembled:
    """The matrix with its entries, for preconditioners that need them."""

    def __init__(self, grid: Grid) -> None:
        from petsc4py import PETSc

        self._grid = grid
        starts = np.cumsum([0, *grid.comm.everyone(grid.size)])
        mine = np.arange(starts[grid.comm.rank], starts[grid.comm.rank] + grid.size)
        padded = grid.padded(mine.reshape(grid.shape).astype(float))
        center = tuple(slice(2, -2) for _ in grid.shape)
        rows, columns = [mine], [mine]
        self._kept: list[tuple[int, int, IntArray]] = []
        for axis, (lower, upper) in enumerate(grid.open_ends):
            for side, opened in ((0, lower), (1, upper)):
                shift = list(center)
                shift[axis] = slice(1, -3) if side == 0 else slice(3, -1)
                beside = padded[tuple(shift)].astype(np.int64)
                exists = np.ones(grid.shape, dtype=bool)
                if not opened:
                    exists[(slice(None),) * axis + ((0,) if side == 0 else (-1,))] = False
                kept = np.flatnonzero(exists)
                self._kept.append((axis, side, kept))
                rows.append(mine[kept])
                columns.append(beside.ravel()[kept])
        kind = PETSc.IntType
        self.matrix = PETSc.Mat().createAIJ(
            ((grid.size, None), (grid.size, None)), comm=grid.comm.raw
        )
        self.matrix.setPreallocationCOO(
            np.concatenate(rows).astype(kind), np.concatenate(columns).astype(kind)
        )

    def fill(self, system: BlockSystem) -> None:
        """Set the entries to those of a system."""
        shares = system.shares
        entries = [shares.diagonal]
        for axis, side, kept in self._kept:
            entries.append(-(shares.from_above if side else shares.from_below)[axis][kept])
        self.matrix.setValuesCOO(np.concatenate(entries))
        self.matrix.assemble()
