"""Linear solves behind one interface: SciPy and compiled kernels in serial, PETSc under MPI."""

from wgflow.algebra.gmres import gmres
from wgflow.algebra.local import LocalSystem
from wgflow.algebra.mesh_system import MeshSystem
from wgflow.algebra.systems import LinearSystem, linear_system

__all__ = ["LinearSystem", "LocalSystem", "MeshSystem", "gmres", "linear_system"]
