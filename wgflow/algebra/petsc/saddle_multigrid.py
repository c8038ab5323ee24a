"""PETSc's Krylov methods for the saddle-point systems of grids, with a multigrid of our own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, ClassVar
from weakref import ReferenceType, ref

import numpy as np

from wgflow._typing import Array
from wgflow.algebra.petsc.saddle_blocks import Block, finest_block
from wgflow.algebra.petsc.saddle_cycle import BlockCycle
from wgflow.algebra.petsc.saddle_entries import SaddleData
from wgflow.algebra.saddle.direct import NOT_FINITE
from wgflow.algebra.saddle.levels import SMALLEST, Level
from wgflow.cells import Cells
from wgflow.errors import SolverError
from wgflow.grid import Grid
from wgflow.parallel import configure, told_by_petsc

__all__ = ["SaddleMultigrid"]

PREFIX = "wgflow_saddle_"
MAXIMUM_ITERATIONS = 200
DIRECTIONS = "3"  # that a new one is conjugate to


class SaddleMultigrid:
    """A KSP for S = A C A^T + L, which is applied by sweeps: flexible conjugate gradients.

    The preconditioner is a V-cycle on all ranks, almost symmetric. What is small at the end is
    the residual in L1, as on one rank. Options with the prefix ``wgflow_saddle_`` change the KSP.

    Parameters
    ----------
    grid : Grid
        Of two dimensions or more.

    Attributes
    ----------
    iterations, reason, remedy :
        See :class:`wgflow.algebra.petsc.saddle_krylov.SaddleKrylov`.
    """

    remedy: ClassVar[str] = "-wgflow_saddle_pc_type gamg"

    def __init__(self, grid: Grid) -> None:
        from petsc4py import PETSc

        self.iterations, self.reason = 0, ""
        self._system: ReferenceType[object] | None = None
        self._comm = grid.comm
        self._block = Block(grid.partition, grid.whole.widths)
        self._sweeps = _Sweeps(self._block)
        shell = PETSc.Mat().createPython(((grid.size, None),) * 2, self._sweeps, comm=grid.comm.raw)
        shell.setUp()
        ksp = PETSc.KSP().create(grid.comm.raw)
        ksp.setOptionsPrefix(PREFIX)
        ksp.setType(PETSc.KSP.Type.FCG)
        ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        ksp.setTolerances(atol=0.0, max_it=MAXIMUM_ITERATIONS)
        ksp.setOperators(shell)
        ksp.getPC().setType(PETSc.PC.Type.PYTHON)
        ksp.getPC().setPythonContext(self._sweeps)
        with _directions():
            configure(ksp)
        given = PETSc.Options(PREFIX)
        if not (given.hasName("ksp_rtol") or given.hasName("ksp_atol")):
            ksp.setConvergenceTest(self._sweeps.converged)
        self._ksp = ksp
        self._b, self._x = shell.createVecs()

    def prepare(self, system: object, cells: Cells, data: SaddleData) -> None:
        """Take the entries of a system, unless they are here, and make the preconditioner.

        Raises
        ------
        SolverError
            If they are not finite.
        """
        if self._system is not None and self._system() is system:
            return
        assert isinstance(cells, Grid)
        given = data.coefficients, data.mobility, data.compliance, data.factor
        level = finest_block(self._block, cells, *given)
        if self._comm.any(not np.isfinite(level.entries[0]).all()):
            raise SolverError(NOT_FINITE)
        self._sweeps.level, self._sweeps.cycle = level, BlockCycle(self._block, level)
        self._system = ref(system)

    def solve(self, right: Array, tolerance: float) -> Array | None:
        """Potentials of S p = right, flat, or None if the iteration does not converge.

        Parameters
        ----------
        right : (cells,) array
        tolerance : float
            Of the residual in L1, relative to the right-hand side; options come first.

        Raises
        ------
        SolverError
            If the right-hand side is not finite.
        """
        from petsc4py import PETSc

        sweeps = self._sweeps
        assert sweeps.level is not None
        assert sweeps.cycle is not None
        empty = self._block.own(sweeps.level.entries[0]).ravel() <= SMALLEST
        given = np.where(empty, 0.0, right)
        size = self._comm.sum(float(np.abs(given).sum()))
        self.iterations = 0
        if not np.isfinite(size):
            raise SolverError("the saddle-point system has values that are not finite")
        if size == 0:
            return given
        sweeps.goal = tolerance * size
        self._b.array[:] = given
        self._ksp.setInitialGuessNonzero(False)
        reason = self._descend()
        while reason <= 0:
            # of a cycle that is not positive the smoothers are too strong
            late = reason == PETSc.KSP.ConvergedReason.DIVERGED_MAX_IT
            if late or self.iterations >= MAXIMUM_ITERATIONS or not sweeps.cycle.weaken():
                return None
            self._ksp.setInitialGuessNonzero(True)
            reason = self._descend()
        solved: Array = np.where(empty, 0.0, self._x.array_r)
        return solved

    def _descend(self) -> int:
        """Iterate, and tell why that has ended."""
        with told_by_petsc("PETSc cannot solve with its options"):
            self._ksp.solve(self._b, self._x)
            reason = int(self._ksp.getConvergedReason())
            self.iterations += self._ksp.getIterationNumber()
        self.reason = f"PETSc's reason {reason}"
        return reason


class _Sweeps:
    """The matrix and its preconditioner on a block, and when it is solved.

    It does not know the grid: PETSc holds it, and what PETSc holds no collector sees.
    """

    def __init__(self, block: Block) -> None:
        self._block, self._comm = block, block.partition.comm
        self.level: Level | None = None
        self.cycle: BlockCycle | None = None
        self.goal = 0.0

    def mult(self, matrix: Any, x: Any, y: Any) -> None:
        """Multiply, as PETSc asks for it."""
        level, block = self.level, self._block
        assert level is not None
        here: Array = level.work[1]
        out: Array = level.work[2]
        _copy(x.array_r, block.own(here))
        block.exchange(here)
        level.multiply(here, out)
        _copy(block.own(out), y.array)

    def apply(self, pc: Any, x: Any, y: Any) -> None:
        """Precondition, as PETSc asks for it."""
        level, block = self.level, self._block
        assert level is not None
        assert self.cycle is not None
        given: Array = level.work[3]
        _copy(x.array_r, block.own(given))
        _copy(block.own(self.cycle(given)), y.array)

    def converged(self, ksp: Any, iteration: int, norm: float) -> Any:
        """Ask for a small residual in L1, where the norm at hand, the Euclidean, is no larger."""
        from petsc4py import PETSc

        reasons = PETSc.KSP.ConvergedReason
        if not np.isfinite(norm):
            return reasons.DIVERGED_NANORINF
        if norm <= self.goal:
            left = float(np.abs(ksp.buildResidual().array_r).sum())
            if self._comm.sum(left) <= self.goal:
                return reasons.CONVERGED_ATOL
        return reasons.DIVERGED_MAX_IT if iteration >= MAXIMUM_ITERATIONS else reasons.ITERATING


def _copy(values: Array, out: Array) -> None:
    out[...] = values.reshape(out.shape)


@contextlib.contextmanager
def _directions() -> Iterator[None]:
    """Set what flexible conjugate gradients keep, which options alone can tell them."""
    from petsc4py import PETSc

    options, added = PETSc.Options(PREFIX), {"ksp_fcg_mmax": DIRECTIONS, "ksp_fcg_nprealloc": "1"}
    added = {name: value for name, value in added.items() if not options.hasName(name)}
    for name, value in added.items():
        options.setValue(name, value)
    try:
        yield
    finally:
        for name in added:
            options.delValue(name)
