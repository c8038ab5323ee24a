"""Geometry of cells and faces, from vertices or from a FiPy mesh."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.errors import InputError
from wgflow.fitting import shown

__all__ = ["Geometry", "circumcentres", "inside", "of_fipy", "of_simplices"]

ROUND = 1e-8  # relative; how far vertices may be from one circle or sphere
FLAT = 1e-12  # volume of a simplex over the cube of its size, below which it has none


@dataclass(frozen=True, eq=False)
class Geometry:
    """What a two-point flux needs of n cells in D dimensions, F faces between them.

    Attributes
    ----------
    volumes : (n,) array
    centroids : (n, D) array
    left, right : (F,) int arrays
        The cells beside each inner face.
    areas : (F,) array
    normals : (F, D) array
        Unit normals, from left to right.
    corners : (n, k, D) array
        Vertices of each cell; of a cell with fewer than k the last one repeats.
    simplicial : bool
        Whether all cells are triangles (2-D) or tetrahedra (3-D).
    """

    volumes: Array
    centroids: Array
    left: IntArray
    right: IntArray
    areas: Array
    normals: Array
    corners: Array
    simplicial: bool


def of_simplices(points: Array, cells: IntArray) -> Geometry:
    """Geometry of triangles or tetrahedra.

    Parameters
    ----------
    points : (P, D) array
        Vertices, D = 2 or 3.
    cells : (n, D + 1) int array
        Vertices of each cell, in any order.

    Raises
    ------
    InputError
        If the arrays do not fit, a cell has no volume, or a face has more than two cells.
    """
    points = np.asarray(points, dtype=float)
    cells = np.asarray(cells, dtype=np.int64)
    dimension = points.shape[-1]
    if points.ndim != 2 or dimension not in (2, 3) or cells.ndim != 2:
        raise InputError(f"points {points.shape}, cells {cells.shape}: give (P, D), (n, D + 1)")
    if cells.shape[1] != dimension + 1 or not len(cells):
        raise InputError(f"cells {cells.shape} of points in {dimension} dimensions: not simplices")
    if cells.min() < 0 or cells.max() >= len(points):
        raise InputError(f"cells name vertices up to {cells.max()}: there are {len(points)}")
    corners = points[cells]
    edges = corners[:, 1:] - corners[:, :1]
    volumes = np.abs(np.linalg.det(edges)) / math.factorial(dimension)
    flat = volumes <= FLAT * np.abs(edges).max(axis=(1, 2)) ** dimension
    if flat.any():
        raise InputError(f"{flat.sum()} cells have no volume, first number {np.argmax(flat)}")
    # the face opposite to vertex i holds the other ones
    faces = np.concatenate([np.delete(cells, i, axis=1) for i in range(dimension + 1)])
    owner = np.tile(np.arange(len(cells)), dimension + 1)
    faces = np.sort(faces, axis=1)
    order = np.lexsort(faces.T[::-1])
    same = np.all(faces[order][1:] == faces[order][:-1], axis=1)
    if np.any(same[1:] & same[:-1]):
        raise InputError("a face belongs to more than two cells: the mesh overlaps itself")
    first = order[:-1][same]
    left, right = owner[first], owner[order[1:][same]]
    vertices = points[faces[first]]
    centroids = corners.mean(axis=1)
    areas, normals = _face_normals(vertices)
    normals = _oriented(normals, centroids[right] - centroids[left])
    return Geometry(volumes, centroids, left, right, areas, normals, corners, True)


def _face_normals(vertices: Array) -> tuple[Array, Array]:
    """Areas and unit normals of edges (F, 2, 2) or triangles (F, 3, 3)."""
    if vertices.shape[1] == 2:
        edge = vertices[:, 1] - vertices[:, 0]
        normal = np.stack([edge[:, 1], -edge[:, 0]], axis=1)
        area = np.linalg.norm(normal, axis=1)
        return area, normal / area[:, None]
    normal = np.cross(vertices[:, 1] - vertices[:, 0], vertices[:, 2] - vertices[:, 0])
    size = np.linalg.norm(normal, axis=1)
    return size / 2, normal / size[:, None]


def _oriented(normals: Array, direction: Array) -> Array:
    sign = np.where(np.einsum("fd,fd->f", normals, direction) < 0, -1.0, 1.0)
    oriented: Array = normals * sign[:, None]
    return oriented


def of_fipy(mesh: Any) -> Geometry:
    """Geometry of a FiPy mesh in two or three dimensions.

    Raises
    ------
    InputError
        If it has one dimension, is periodic, or is divided among ranks by FiPy.
    """
    if not hasattr(mesh, "cellVolumes"):
        raise InputError(f"mesh {shown(mesh)}: give one of FiPy, such as fipy.Gmsh2D(...)")
    if getattr(mesh.communicator, "Nproc", 1) > 1:
        raise InputError(
            f"FiPy has divided this {type(mesh).__name__} among the ranks, which wgflow does "
            "itself: make it with communicator=fipy.serialComm (adding a vector to it loses that)"
        )
    dimension = int(mesh.dim)
    if dimension not in (2, 3):
        raise InputError(f"a FiPy mesh of dimension {dimension}: use wgflow.Grid for an interval")
    volumes = np.asarray(mesh.cellVolumes, dtype=float)
    centroids = _plain(mesh.cellCenters).T
    beside = np.ma.filled(mesh.faceCellIDs, -1)
    inner = beside[1] >= 0
    left, right = (np.asarray(side, dtype=np.int64) for side in beside[:, inner])
    areas = _plain(mesh._faceAreas)[inner]
    gap = centroids[right] - centroids[left]
    measured = _plain(mesh._cellDistances)[inner]
    if not np.allclose(np.linalg.norm(gap, axis=1), measured, rtol=1e-6):
        raise InputError(
            f"{type(mesh).__name__} is periodic: use wgflow.Grid with periodic axes for it"
        )
    normals = _oriented(_plain(mesh.faceNormals).T[inner], gap)
    ids = mesh._cellVertexIDs
    missing = np.ma.getmaskarray(ids).T
    # the vertices of a cell come first in no particular place: repeat one that is there
    some = np.ma.filled(ids, -1).max(axis=0)
    table = np.where(missing, some[:, None], np.ma.filled(ids, 0).T)
    corners = _plain(mesh.vertexCoords).T[table]
    simplicial = table.shape[1] == dimension + 1 and not missing.any()
    return Geometry(volumes, centroids, left, right, areas, normals, corners, simplicial)


def _plain(values: Any) -> Array:
    """Give a FiPy variable or masked array as an array."""
    return np.asarray(np.ma.getdata(getattr(values, "value", values)), dtype=float)


def circumcentres(corners: Array) -> Array | None:
    """Points at equal distance from all vertices of each cell, (n, D).

    Triangles and tetrahedra have one; so have rectangles, cuboids and right prisms over
    triangles. Where two cells share a face, the line between their points is perpendicular
    to it. None if some cell has no such point.
    """
    edges = corners[:, 1:] - corners[:, :1]
    square = np.einsum("nid,nid->ni", edges, edges)
    if edges.shape[1] == edges.shape[2]:
        offset = np.linalg.solve(2 * edges, square[..., None])[..., 0]
    else:  # more vertices than needed: least squares, which must leave nothing
        normal = np.einsum("nid,nie->nde", edges, edges)
        known = np.einsum("nid,ni->nd", edges, square)
        offset = np.linalg.solve(2 * normal, known[..., None])[..., 0]
        left_over = 2 * np.einsum("nid,nd->ni", edges, offset) - square
        if np.any(np.abs(left_over).max(axis=1) > ROUND * square.max(axis=1)):
            return None
    centres: Array = corners[:, 0] + offset
    return centres


def inside(corners: Array, points: Array) -> Any:
    """Tell which simplices hold their point, up to rounding; (n,) bool."""
    edges = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
    offset = (points - corners[:, 0])[..., None]
    weights = np.linalg.solve(edges, offset)[..., 0]
    return (weights.min(axis=1) >= -1e-9) & (weights.sum(axis=1) <= 1 + 1e-9)
