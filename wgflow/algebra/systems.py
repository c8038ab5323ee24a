"""Which linear system serves which cells."""

from __future__ import annotations

from typing import Protocol

from wgflow._typing import Array, Values
from wgflow.algebra.local import LocalSystem
from wgflow.algebra.mesh_system import MeshSystem, mesh_shares
from wgflow.algebra.shares import face_shares
from wgflow.grid import Grid
from wgflow.mesh import as_mesh

__all__ = ["LinearSystem", "linear_system"]


class LinearSystem(Protocol):
    """The system ``rho - factor * divergence(rho) = given`` with a linear two-point flux."""

    def solve(self, density: Array) -> Array:
        """Densities after the step, nonnegative and of the same mass as those given."""

    def state(self) -> Values:
        """Tell how it has come to solve by now, for a checkpoint; the same on all ranks."""

    def restore(self, state: Values) -> None:
        """Go on solving in the same way."""


def linear_system(
    grid: Grid, coefficients: list[tuple[Array, Array]], factor: float, once: bool = False
) -> LinearSystem:
    """Make the system of an implicit step.

    Parameters
    ----------
    grid : Grid or Mesh
    coefficients : list of (forth, back)
        For each axis the coefficients of :meth:`wgflow.fluxes.Flux.coefficients` at the
        faces of :meth:`wgflow.grid.Grid.difference`.
    factor : float
        Time step times time scale.
    once : bool
        Whether it is for one solve, for which it does not pay to make factors.
    """
    mesh = as_mesh(grid)
    if mesh is not None:
        crossing = mesh_shares(mesh, coefficients[0], factor)
        if not mesh.comm.active:
            return MeshSystem(mesh, crossing)
        from wgflow.algebra.petsc import DividedMeshSystem

        return DividedMeshSystem(mesh, crossing)
    shares = face_shares(grid, coefficients, factor)
    if not grid.comm.active:
        return LocalSystem(grid, shares, once)
    from wgflow.algebra.petsc import BlockSystem

    return BlockSystem(grid, shares)
