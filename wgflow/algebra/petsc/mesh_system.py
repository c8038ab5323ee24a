"""The linear system of one implicit step on a mesh that is divided among ranks."""

from __future__ import annotations

from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np

from wgflow._typing import Array, Values
from wgflow.algebra.mesh_system import MeshShares, MeshSystem
from wgflow.algebra.petsc.krylov import ExchangeKSP
from wgflow.algebra.petsc.system import solved_or_gathered
from wgflow.mesh import Mesh

__all__ = ["DividedMeshSystem"]


class DividedMeshSystem:
    """The system of :class:`wgflow.algebra.MeshSystem` on the cells of all ranks.

    PETSc's KSP with the prefix ``wgflow_`` solves it: BiCGStab with an incomplete
    factorization of each rank's cells by default. A nonnegative solution is scaled to its
    mass. What the iteration cannot solve is gathered, if it is small.

    Parameters
    ----------
    mesh : Mesh
    shares : MeshShares
        Shares of mass that cross this rank's faces in the step.
    """

    def __init__(self, mesh: Mesh, shares: MeshShares) -> None:
        self.mesh, self.shares = mesh, shares
        self._gathered: MeshSystem | None = None
        self._krylov = _krylov_of(mesh)

    def solve(self, density: Array) -> Array:
        """Densities after the step, nonnegative and of the same mass as those given.

        The given density may have negative cells (a residual does).

        Raises
        ------
        SolverError
            If the solve loses mass or sign, or the iteration does not converge.
        """
        return solved_or_gathered(self.mesh, self, self._krylov, density, self._solve_gathered)

    def state(self) -> Values:
        """Give nothing: each solve is by the same means."""
        return {}

    def restore(self, state: Values) -> None:
        """Do nothing."""

    def _solve_gathered(self, density: Array) -> Array:
        mesh = self.mesh
        if self._gathered is None:
            up, down = (mesh.gather_faces(share) for share in self.shares)
            self._gathered = MeshSystem(mesh.whole, (up, down))
        return mesh.own(self._gathered.solve(mesh.gather(density)))


_solvers: WeakKeyDictionary[Mesh, _MeshKrylov] = WeakKeyDictionary()


def _krylov_of(mesh: Mesh) -> _MeshKrylov:
    """Give the solver of a mesh, which its systems share."""
    if mesh not in _solvers:
        _solvers[mesh] = _MeshKrylov(mesh)
    return _solvers[mesh]


class _MeshKrylov(ExchangeKSP[DividedMeshSystem]):
    """A KSP with an assembled matrix, whose pattern is made once for a mesh.

    Where many centres are one point, as in six tetrahedra of a cube, incomplete factors of a
    long step do not serve, and complete ones of each rank's cells do.
    """

    remedy: ClassVar[str] = "-wgflow_sub_pc_type lu"

    def __init__(self, mesh: Mesh) -> None:
        from petsc4py import PETSc

        size, left, right = mesh.size, mesh.geometry.left, mesh.geometry.right
        start = sum(mesh.comm.everyone(size)[: mesh.comm.rank])
        mine = np.arange(start, start + size)
        low, high = (np.asarray(side, dtype=np.int64) for side in mesh.beside(mine.astype(float)))
        # the rows of own cells only: the other side of a face is another rank's to set
        self._ups, self._downs = np.flatnonzero(right < size), np.flatnonzero(left < size)
        rows = np.concatenate([mine, high[self._ups], low[self._downs]])
        columns = np.concatenate([mine, low[self._ups], high[self._downs]])
        matrix = PETSc.Mat().createAIJ(((size, None), (size, None)), comm=mesh.comm.raw)
        matrix.setPreallocationCOO(rows.astype(PETSc.IntType), columns.astype(PETSc.IntType))
        self._left, self._right, self._size = left, right, size
        super().__init__(mesh, matrix, PETSc.PC.Type.BJACOBI)

    def prepare(self, system: DividedMeshSystem) -> Array:
        """Take the entries of a system; give the matrix' diagonal."""
        up, down = system.shares
        size = self._size
        leaving_left = np.bincount(self._left, up, size)[:size]
        leaving_right = np.bincount(self._right, down, size)[:size]
        diagonal = np.asarray(1 + leaving_left + leaving_right, dtype=float)
        self._operator.setValuesCOO(np.concatenate([diagonal, -up[self._ups], -down[self._downs]]))
        self._operator.assemble()
        return diagonal
