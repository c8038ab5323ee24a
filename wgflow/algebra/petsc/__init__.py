"""Linear solves on several ranks, by PETSc."""

from wgflow.algebra.petsc.gmres import gmres
from wgflow.algebra.petsc.mesh_system import DividedMeshSystem
from wgflow.algebra.petsc.system import BlockSystem

__all__ = ["BlockSystem", "DividedMeshSystem", "gmres"]
