"""PETSc's Krylov methods for cells that exchange mass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar
from weakref import ReferenceType, ref

import numpy as np

from wgflow._typing import Array
from wgflow.algebra.krylov import TOLERANCE
from wgflow.cells import Cells
from wgflow.errors import SolverError
from wgflow.parallel import configure, told_by_petsc

__all__ = ["ExchangeKSP", "System"]

PREFIX = "wgflow_"
MAXIMUM_ITERATIONS = 500

System = TypeVar("System")


class ExchangeKSP(ABC, Generic[System]):
    """A KSP for the systems of some cells: BiCGStab, preconditioned from the right.

    Options with the prefix ``wgflow_`` change it.

    Parameters
    ----------
    cells : Grid or Mesh
    operator : PETSc.Mat
        The matrix in terms of cell masses; :meth:`prepare` gives it its entries.
    kind : str
        Type of the preconditioner.
    context : object, optional
        What a preconditioner of the type python does.

    Attributes
    ----------
    reason : str
        Why the last iteration has ended.
    remedy : str
        Options to try when it does not converge.
    """

    remedy: ClassVar[str] = "-wgflow_pc_type gamg"

    def __init__(self, cells: Cells, operator: Any, kind: str, context: Any = None) -> None:
        from petsc4py import PETSc

        self.reason = ""
        self._comm = cells.comm
        # the system has the cells, with which this solver is to end
        self._system: ReferenceType[System] | None = None
        self._diagonal: Array = np.zeros(0)
        self._operator = operator
        ksp = PETSc.KSP().create(cells.comm.raw)
        ksp.setOptionsPrefix(PREFIX)
        ksp.setType(PETSc.KSP.Type.BCGS)
        ksp.setPCSide(PETSc.PC.Side.RIGHT)
        ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        ksp.setTolerances(max_it=MAXIMUM_ITERATIONS)
        ksp.getPC().setType(kind)
        if context is not None:
            ksp.getPC().setPythonContext(context)
        ksp.setOperators(operator, operator)
        configure(ksp)
        given = PETSc.Options(PREFIX)
        self._told = given.hasName("ksp_rtol") or given.hasName("ksp_atol")
        self._ksp = ksp
        self._b, self._x = operator.createVecs()

    @abstractmethod
    def prepare(self, system: System) -> Array:
        """Take the entries of a system; give the matrix' diagonal."""

    def solve(self, system: System, masses: Array) -> Array | None:
        """Masses after the step, flat, or None if the iteration does not converge.

        Of masses that are not negative the solution is not, and it is within 1e-13 of the
        total in L1, unless other tolerances are set by options.

        Raises
        ------
        SolverError
            If the masses are not finite.
        """
        comm = self._comm
        if self._system is None or self._system() is not system:
            self._diagonal, self._system = self.prepare(system), ref(system)
        rest = masses - self._times(masses)
        size, count, step, whole = comm.sum(
            np.array([np.abs(masses).sum(), masses.size, rest @ rest, masses @ masses], dtype=float)
        )
        if size == 0:
            return masses.copy()
        if not np.isfinite(size):
            raise SolverError("the linear system has values that are not finite: reduce dt")
        # the masses before are a good guess for a short step, and a bad one for a long step
        guess, given = (masses, rest) if step < whole else (0.0, masses)
        # the inverse has the norm 1 in L1, and |r|_1 <= sqrt(n) |r|_2
        if not self._told:
            self._ksp.setTolerances(rtol=0.0, atol=TOLERANCE * size / np.sqrt(count))
        self._b.array[:] = given
        with told_by_petsc("PETSc cannot solve with its options"):
            self._ksp.solve(self._b, self._x)
        self.reason = f"PETSc's reason {self._ksp.getConvergedReason()}"
        if self._ksp.getConvergedReason() <= 0:
            return None
        solved: Array = guess + self._x.array_r
        if comm.any(solved.min() < 0) and not comm.any(masses.min() < 0):
            solved = self._swept(masses, np.maximum(solved, 0.0))
        return solved

    def _swept(self, masses: Array, x: Array) -> Array:
        """Improve x, not below 0, by a Jacobi sweep: it stays so if the masses are not below 0."""
        diagonal = self._diagonal
        # what comes in is what the product lacks of its diagonal part
        return (masses + np.maximum(diagonal * x - self._times(x), 0.0)) / diagonal

    def _times(self, x: Array) -> Array:
        self._x.array[:] = x
        with told_by_petsc("PETSc cannot multiply"):
            self._operator.mult(self._x, self._b)
        product: Array = self._b.array_r.copy()
        return product
