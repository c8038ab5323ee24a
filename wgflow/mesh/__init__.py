"""Unstructured meshes: the cells of a region that is no box."""

from wgflow.mesh.mesh import Mesh, as_mesh
from wgflow.mesh.quality import Quality
from wgflow.mesh.region import Region
from wgflow.mesh.restored import restored

__all__ = ["Mesh", "Quality", "Region", "as_mesh", "restored"]
