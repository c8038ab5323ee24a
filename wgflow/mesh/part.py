"""The part of a mesh that one rank computes on: its own cells, and the faces around them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.errors import InputError
from wgflow.mesh.geometry import Geometry
from wgflow.parallel import CellDivision, Communicator, divide_cells

__all__ = ["Part"]


@dataclass(frozen=True, eq=False)
class Part:
    """A rank's cells, increasing in number, followed by the cells of other ranks beside them.

    A face between cells of two ranks is held by both, with the same sides and values: no
    divergence needs a sum over ranks. Faces increase in number too, so that sums over the
    faces of a cell are the same to the last digit on any number of ranks.

    Attributes
    ----------
    division : CellDivision
    faces : (F,) int array
        Numbers of the faces.
    geometry : Geometry
        Of own cells; ``left`` and ``right`` count the ghost cells after them.
    ghosts : int
        Number of ghost cells.
    exchange : Exchange or None
        What fills the ghost cells; None for one rank.
    """

    division: CellDivision
    faces: IntArray
    geometry: Geometry
    ghosts: int
    exchange: Any

    @classmethod
    def of(cls, comm: Communicator, geometry: Geometry, points: Array) -> Part:
        """Take this rank's part of a mesh that all ranks have built; collective.

        Raises
        ------
        InputError
            If the ranks have built different meshes, or there are fewer cells than ranks.
        """
        _check_same(comm, geometry)
        left, right = geometry.left, geometry.right
        division = divide_cells(comm, points, left, right)
        own = division.numbers
        local = np.full(len(points), -1, dtype=np.int64)
        local[own] = np.arange(len(own))
        faces = np.flatnonzero((local[left] >= 0) | (local[right] >= 0))
        around = np.unique(np.concatenate([left[faces], right[faces]]))
        ghosts = around[local[around] < 0]
        local[ghosts] = len(own) + np.arange(len(ghosts))
        part = replace(
            geometry,
            volumes=geometry.volumes[own],
            centroids=geometry.centroids[own],
            corners=geometry.corners[own],
            left=local[left[faces]],
            right=local[right[faces]],
            areas=geometry.areas[faces],
            normals=geometry.normals[faces],
        )
        exchange = division.exchange(ghosts) if comm.size > 1 else None
        return cls(division, faces, part, len(ghosts), exchange)

    def extended(self, values: Array) -> Array:
        """Give own cell values followed by those of the ghost cells; collective."""
        if self.exchange is None:
            return values
        out = np.empty(len(values) + self.ghosts)
        out[: len(values)] = values
        self.exchange(out)
        return out


def _check_same(comm: Communicator, geometry: Geometry) -> None:
    if comm.size == 1:
        return
    mark = 0
    for array in (geometry.left, geometry.right, geometry.volumes, geometry.areas):
        mark = zlib.crc32(np.ascontiguousarray(array).tobytes(), mark)
    if len(set(comm.everyone(mark))) > 1:
        raise InputError(
            "the ranks have built different meshes: build the same one on each, from the same "
            "file, or from arrays that the root has broadcast"
        )
