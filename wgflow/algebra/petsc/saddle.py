"""The saddle-point system of a variational step on several ranks."""

from __future__ import annotations

import math
from weakref import WeakKeyDictionary

import numpy as np

from wgflow._typing import Array
from wgflow.algebra.petsc.saddle_entries import SaddleData
from wgflow.algebra.petsc.saddle_krylov import SaddleKrylov
from wgflow.algebra.petsc.saddle_multigrid import PREFIX, SaddleMultigrid
from wgflow.algebra.petsc.system import GATHERED_CELLS
from wgflow.algebra.saddle.systems import SaddleSystem, saddle_system
from wgflow.cells import Cells
from wgflow.errors import SolverError
from wgflow.grid import Grid
from wgflow.mesh import Mesh, as_mesh

__all__ = ["DividedSaddle"]

TOLERANCE = 1e-10

_solvers: WeakKeyDictionary[Cells, SaddleKrylov | SaddleMultigrid] = WeakKeyDictionary()


class DividedSaddle:
    """The system of :func:`wgflow.algebra.saddle.saddle_system` on the cells of all ranks.

    The densities are eliminated, and PETSc's KSP with the prefix ``wgflow_saddle_`` solves for
    the potentials: on grids flexible conjugate gradients with the multigrid of one rank, its
    levels divided, and no matrix; on meshes, and if options ask for another preconditioner
    (``-wgflow_saddle_pc_type gamg``, ``bjacobi``, ``redundant`` …), GMRES on the assembled Schur
    complement. The system of both unknowns is not formed: its Schur complement is symmetric and
    definite, and half as large. In one dimension the cells are gathered, and so is what the
    iteration cannot solve, if it is small.

    The mass of the change is that of the right-hand side to rounding: what the iteration
    leaves of it goes into a constant of the potential.

    Parameters
    ----------
    cells : Grid or Mesh
    data : SaddleData
    tolerance : float
        Of the residual in L1 on grids, otherwise of the potentials; relative.
    """

    def __init__(self, cells: Grid | Mesh, data: SaddleData, tolerance: float = TOLERANCE) -> None:
        self.cells, self.data, self.tolerance = cells, data, tolerance
        self.iterations = 0
        self._gathered: SaddleSystem | None = None
        self._krylov: SaddleKrylov | SaddleMultigrid | None = None
        if math.prod(cells.cells) > max(cells.cells) or as_mesh(cells) is not None:
            self._krylov = _krylov_of(cells)
            self._krylov.prepare(self, cells, data)

    def solve(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Solve; see :class:`wgflow.algebra.saddle.SaddleSystem`.

        Raises
        ------
        SolverError
            If what is given is not finite, or neither the iteration nor the gathered system
            gives a solution.
        """
        krylov, cells, compliance = self._krylov, self.cells, self.data.compliance
        self.iterations = 0
        if krylov is None:
            return self._solve_gathered(first, second)
        krylov.prepare(self, cells, self.data)
        right = first + self._advected(compliance * second)
        flat = krylov.solve((right * cells.volumes).ravel(), self.tolerance)
        self.iterations = krylov.iterations
        if flat is None:
            if math.prod(cells.cells) <= GATHERED_CELLS[cells.dimension - 1]:
                return self._solve_gathered(first, second)
            raise SolverError(
                f"the saddle-point system did not converge ({krylov.reason}): reduce tau, or try "
                f"another preconditioner, such as -- {krylov.remedy}"
            )
        potential = flat.reshape(cells.shape)
        density = compliance * (self._carried(potential) - second)
        # S 1 = A compliance: a constant changes the mass, and the sum of L p is none
        missing = cells.integrate(first) - cells.integrate(density)
        held = cells.integrate(compliance)
        if held > 0:
            potential = potential + missing / held
            density = density + missing / held * compliance
        return density, potential

    def _advected(self, values: Array) -> Array:
        """Give A times a density, per volume."""
        cells, out = self.cells, values.copy()
        for axis, (forth, back) in enumerate(self.data.coefficients):
            low, high = cells.beside(values, axis)
            flux = (forth * low - back * high) * self._over_distance(axis)
            out += cells.face_divergence(flux, axis)
        return out

    def _carried(self, potential: Array) -> Array:
        """Give A^T times a potential, per volume: it falls along the way of the mass."""
        cells, out = self.cells, potential.copy()
        for axis, (forth, back) in enumerate(self.data.coefficients):
            rise = cells.difference(potential, axis) * self._over_distance(axis)
            out -= cells.to_cells(forth * rise, axis, 0)
            out += cells.to_cells(back * rise, axis, 1)
        return out

    def _over_distance(self, axis: int) -> Array:
        return self.data.factor / self.cells.along(self.cells.face_distances(axis), axis)

    def _solve_gathered(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Solve the system of all cells on every rank, to the same digits."""
        cells = self.cells
        if self._gathered is None:
            data = self.data
            self._gathered = saddle_system(
                cells.whole,
                [
                    (_all_faces(cells, forth, axis), _all_faces(cells, back, axis))
                    for axis, (forth, back) in enumerate(data.coefficients)
                ],
                [_all_faces(cells, values, axis) for axis, values in enumerate(data.mobility)],
                cells.gather(data.compliance),
                data.factor,
                self.tolerance,
            )
        density, potential = self._gathered.solve(cells.gather(first), cells.gather(second))
        self.iterations += self._gathered.iterations
        return _own(cells, density), _own(cells, potential)


def _krylov_of(cells: Grid | Mesh) -> SaddleKrylov | SaddleMultigrid:
    """Give the solver of these cells, which their systems share."""
    from petsc4py import PETSc

    if cells not in _solvers:
        if as_mesh(cells) is None and not PETSc.Options(PREFIX).hasName("pc_type"):
            assert isinstance(cells, Grid)
            _solvers[cells] = SaddleMultigrid(cells)
        else:
            _solvers[cells] = SaddleKrylov(cells)
    return _solvers[cells]


def _all_faces(cells: Grid | Mesh, values: Array, axis: int) -> Array:
    """Give every rank the values of all faces across an axis."""
    mesh = as_mesh(cells)
    if mesh is not None:
        return mesh.gather_faces(values)
    assert isinstance(cells, Grid)
    upper = cells.gather(cells.faces[axis].to_cells(values, 0))
    return cells.whole.faces[axis].beside(upper)[0]


def _own(cells: Grid | Mesh, values: Array) -> Array:
    """Give this rank's cells of an array of all."""
    mesh = as_mesh(cells)
    if mesh is not None:
        return mesh.own(values)
    assert isinstance(cells, Grid)
    return np.ascontiguousarray(cells.partition.own(values))
