"""PETSc's Krylov methods for the Schur complement of a saddle-point system."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, ClassVar
from weakref import ReferenceType, ref

import numpy as np

from wgflow._typing import Array
from wgflow.algebra.petsc.saddle_entries import Entries, Pattern, SaddleData
from wgflow.errors import SolverError
from wgflow.grid import Grid
from wgflow.mesh import Mesh
from wgflow.parallel import configure, told_by_petsc

__all__ = ["SaddleKrylov"]

PREFIX = "wgflow_saddle_"
MAXIMUM_ITERATIONS = 300
RESTART = 50
TRUSTED = 100  # what is left may exceed the tolerance so many times, in units of the solution

# Between full and empty cells the solution is carried by sweeps of incomplete factors, which
# Jacobi's smoothing, PETSc's own choice, takes as many iterations for as there are cells. A
# prolongation that is smoothed would go wrong there: without it coarse matrices have, as S by
# and large, no positive entry off the diagonal, and what they carry outwards does not grow.
MULTIGRID = {
    "pc_gamg_agg_nsmooths": "0",
    "pc_gamg_threshold": "0.05",  # below which cells are not lumped: beside much emptier ones
    "mg_levels_ksp_type": "richardson",
    "mg_levels_ksp_max_it": "2",
    "mg_levels_pc_type": "asm",  # blocks overlap by a cell: iterations hardly depend on the ranks
    "mg_levels_sub_pc_type": "icc",
    "mg_levels_sub_pc_factor_levels": "1",
    "mg_levels_sub_pc_factor_shift_type": "positive_definite",
}


class SaddleKrylov:
    """A KSP for S = A C A^T + L: GMRES preconditioned by algebraic multigrid (PETSc's GAMG).

    Multigrid is made for D S D, D the inverse root of the diagonal, which is symmetric however
    much the rows of S differ in size. GMRES sees D² S and minimizes the preconditioned
    residual: both are potentials, and where there is next to no mass they count as much as
    elsewhere. Conjugate gradients would weigh them by the density, and leave them anywhere.

    Options with the prefix ``wgflow_saddle_`` change it.

    Parameters
    ----------
    cells : Grid or Mesh

    Attributes
    ----------
    iterations : int
        Of the last solve.
    reason : str
        Why it has ended.
    remedy : str
        Options to try when it does not converge.
    """

    remedy: ClassVar[str] = "-wgflow_saddle_pc_type redundant"

    def __init__(self, cells: Grid | Mesh) -> None:
        from petsc4py import PETSc

        # not the cells, with which this is to end
        self.iterations, self.reason = 0, ""
        self._system: ReferenceType[object] | None = None
        self._comm = cells.comm
        self.pattern = Pattern(cells)
        self._root, self._laplacian = (self._empty(cells.size) for _ in range(2))
        self._schur: Any = None
        self._scaled = _Scaled(cells.size)
        shell = PETSc.Mat().createPython(((cells.size, None),) * 2, self._scaled, comm=self._raw)
        shell.setUp()
        ksp = PETSc.KSP().create(self._raw)
        ksp.setOptionsPrefix(PREFIX)
        ksp.setType(PETSc.KSP.Type.GMRES)
        ksp.setGMRESRestart(RESTART)
        ksp.setPCSide(PETSc.PC.Side.LEFT)
        ksp.setTolerances(atol=0.0, max_it=MAXIMUM_ITERATIONS)
        ksp.setOperators(shell)
        outer = ksp.getPC()
        outer.setOptionsPrefix(f"{PREFIX}scaled_")  # the words are for the one inside
        outer.setType(PETSc.PC.Type.PYTHON)
        outer.setPythonContext(self._scaled)
        configure(ksp)
        given = PETSc.Options(PREFIX)
        self._told = given.hasName("ksp_rtol") or given.hasName("ksp_atol")
        self._ksp, self._shell = ksp, shell
        self._b, self._x = shell.createVecs()

    @property
    def _raw(self) -> Any:
        return self._comm.raw

    def _empty(self, size: int) -> Any:
        from petsc4py import PETSc

        matrix = PETSc.Mat().createAIJ(((size, None), (size, None)), comm=self._raw)
        kind = PETSc.IntType
        matrix.setPreallocationCOO(
            self.pattern.rows.astype(kind), self.pattern.columns.astype(kind)
        )
        return matrix

    def prepare(self, system: object, cells: Grid | Mesh, data: SaddleData) -> None:
        """Take the entries of a system, unless they are here, and make the preconditioner.

        Raises
        ------
        SolverError
            If they are not finite.
        """
        if self._system is not None and self._system() is system:
            return
        entries = self.pattern.entries(cells, data)
        if self._comm.any(
            not (np.isfinite(entries.root).all() and np.isfinite(entries.laplacian).all())
        ):
            raise SolverError("the saddle-point system is not finite: reduce tau")
        self._form(entries)
        self._scaled.prepare(self._schur, entries.sizes)
        self._system = ref(system)

    def _form(self, entries: Entries) -> None:
        from petsc4py import PETSc

        for matrix, values in ((self._root, entries.root), (self._laplacian, entries.laplacian)):
            matrix.setValuesCOO(values)
            matrix.assemble()
        with told_by_petsc("PETSc cannot form the Schur complement"):
            self._schur = self._root.transposeMatMult(self._root, self._schur)
            # with the cells beside in each row of A^T, the pattern has that of L
            within = PETSc.Mat.Structure.SUBSET_NONZERO_PATTERN
            self._schur.axpy(1.0, self._laplacian, structure=within)
        self._schur.setOption(PETSc.Mat.Option.SPD, True)
        constant = self._schur.createVecRight()
        constant.array[:] = entries.sizes
        constant.normalize()
        near = PETSc.NullSpace().create(constant=False, vectors=[constant], comm=self._raw)
        self._schur.setNearNullSpace(near)

    def solve(self, right: Array, tolerance: float) -> Array | None:
        """Potentials of S p = right, flat, or None if the iteration does not converge.

        Parameters
        ----------
        right : (cells,) array
        tolerance : float
            Of the preconditioned residual, relative to that of p = 0; options come first.

        Raises
        ------
        SolverError
            If the right-hand side is not finite.
        """
        sizes = self._scaled.sizes
        given = right / sizes / sizes
        largest = self._comm.maximum(float(np.abs(given).max(initial=0.0)))
        self.iterations = 0
        if not np.isfinite(largest):
            raise SolverError("the saddle-point system has values that are not finite")
        if largest == 0:
            return np.zeros_like(given)
        if not self._told:
            self._ksp.setTolerances(rtol=tolerance)
        self._b.array[:] = given
        with told_by_petsc("PETSc cannot solve with its options"):
            self._ksp.solve(self._b, self._x)
            reason = self._ksp.getConvergedReason()
            self.iterations = self._ksp.getIterationNumber()
            self.reason = f"PETSc's reason {reason}"
            solved: Array = self._x.array_r.copy()
            self._shell.mult(self._x, self._b)
        if reason <= 0:
            return None
        left = self._comm.maximum(float(np.abs(given - self._b.array_r).max(initial=0.0)))
        size = self._comm.maximum(float(np.abs(solved).max(initial=0.0)))
        if not (self._told or left <= TRUSTED * tolerance * max(size, largest)):
            self.reason = f"a residual of {left:.3g}, for potentials of {size:.3g}"
            return None
        return solved


class _Scaled:
    """The matrix D² S and its preconditioner, by D S D and its own.

    It does not know the cells: PETSc holds it, and what PETSc holds no collector sees.
    """

    def __init__(self, size: int) -> None:
        self.sizes: Array = np.ones(size)
        self._schur: Any = None
        self._pc: Any = None
        self._work: Any = None

    def prepare(self, schur: Any, sizes: Array) -> None:
        """Take D S D, which has the same pattern each time, and 1/D."""
        from petsc4py import PETSc

        if self._pc is None:
            self._work = schur.createVecRight()
        else:  # multigrid would keep the near-kernel that it was given first
            self._pc.destroy()
        self._schur, self.sizes = schur, sizes
        self._pc = PETSc.PC().create(schur.getComm())
        self._pc.setOptionsPrefix(PREFIX)
        self._pc.setType(PETSc.PC.Type.GAMG)
        self._pc.setOperators(schur)
        configure(self._pc)
        with told_by_petsc("PETSc cannot precondition with its options"), _multigrid(self._pc):
            self._pc.setFromOptions()
            self._pc.setUp()

    def mult(self, matrix: Any, x: Any, y: Any) -> None:
        """Multiply by D² S, as PETSc asks for it."""
        self._work.array[:] = x.array_r * self.sizes
        self._schur.mult(self._work, y)
        y.array[:] /= self.sizes

    def apply(self, pc: Any, x: Any, y: Any) -> None:
        """Precondition, as PETSc asks for it."""
        self._work.array[:] = x.array_r * self.sizes
        self._pc.apply(self._work, y)
        y.array[:] /= self.sizes


@contextlib.contextmanager
def _multigrid(pc: Any) -> Iterator[None]:
    """Set what multigrid is to do by default, which options alone can tell it."""
    from petsc4py import PETSc

    options = PETSc.Options(PREFIX)
    multigrid = pc.getType() == PETSc.PC.Type.GAMG
    added = [name for name in MULTIGRID if multigrid and not options.hasName(name)]
    for name in added:
        options.setValue(name, MULTIGRID[name])
    try:
        yield
    finally:
        for name in added:  # of few cells there is one level, and nobody asks how to smooth
            options.delValue(name)
