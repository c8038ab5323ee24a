"""A mesh made again from the geometry that a file holds."""

from __future__ import annotations

from wgflow.errors import InputError
from wgflow.mesh.geometry import Geometry
from wgflow.mesh.mesh import Mesh
from wgflow.mesh.quality import measure
from wgflow.mesh.region import Region
from wgflow.parallel import Communicator

__all__ = ["restored"]


def restored(geometry: Geometry, region: Region, centres: str, comm: Communicator) -> Mesh:
    """Make a mesh that was accepted before, with the centres it had and without warning again.

    Parameters
    ----------
    geometry : Geometry
        Of all cells, the same on all ranks.
    region : Region
    centres : str
        ``"circumcentre"`` or ``"centroid"``.
    comm : Communicator

    Raises
    ------
    InputError
        If some cell has no such centre.
    """
    chosen = measure(geometry, centres)
    if chosen is None:
        raise InputError(f"some cell has no {centres}: the geometry is not that of a saved mesh")
    mesh = Mesh.__new__(Mesh)
    mesh._fill(geometry, chosen, region, None, comm)
    return mesh
