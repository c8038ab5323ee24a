"""Linear solves behind one interface."""

from wgflow.algebra.local import LocalSystem
from wgflow.algebra.mesh_system import MeshSystem

__all__ = ["LocalSystem", "MeshSystem"]
