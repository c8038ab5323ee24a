"""XDMF: tells ParaView and VTK how to read solution.h5.

A grid in two or three dimensions is described by the corners of its cells, one point each, in
the order of our arrays (the last axis runs fastest). XDMF's own rectilinear grids run fastest
along x: with them x and z would change places. The corners repeat themselves and are packed to
a hundredth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from wgflow._typing import Array
from wgflow.io.cells import CellFile, chunks_of
from wgflow.io.files import atomically
from wgflow.mesh import Mesh, as_mesh

__all__ = ["Outline", "write_outline", "write_xdmf"]

POINTS, CELLS = "xdmf/points", "xdmf/cells"
POLYGON = 3  # XDMF's number of the type, in mixed topologies
LARGEST_OUTLINE = 2**28  # cells; the corners of more take too long to write
ROW_BYTES = 2**25  # of the corners that are in memory at once
AXES = 3  # as many as XDMF knows


@dataclass(frozen=True)
class Outline:
    """The cells as XDMF describes them.

    Attributes
    ----------
    kind : str
        XDMF's type of topology.
    cells : tuple of int
        Shape of an array of cell values.
    points : tuple of int
        Shape of the dataset of points.
    vertices : tuple of int
        Shape of the dataset of the cells' vertices; empty where the order of the points tells.
    """

    kind: str
    cells: tuple[int, ...]
    points: tuple[int, ...]
    vertices: tuple[int, ...] = ()


def write_outline(file: CellFile, grid: Any) -> Outline | None:
    """Write points and, where needed, vertices of all cells into an HDF5 file; collective.

    Returns
    -------
    Outline or None
        None if XDMF does not know such cells: four axes, meshes of solids other than
        tetrahedra; or if there are too many.
    """
    mesh = as_mesh(grid)
    if mesh is not None:
        return _write_mesh(file, mesh)
    if grid.dimension > AXES or math.prod(grid.cells) > LARGEST_OUTLINE:
        return None
    edges = grid.whole.edges
    if len(edges) > 1:
        shape = (*map(len, edges), len(edges))
        file.apply(lambda opened: _write_corners(opened, edges, shape, file))
        return Outline(f"{len(edges)}DSMesh", grid.cells, shape)
    positions = np.zeros((len(edges[0]), 3))
    positions[:, 0] = edges[0]
    first = np.arange(grid.cells[0])
    pieces = np.stack([first, first + 1], axis=1)
    return _written(file, "Polyline", grid.cells, positions, pieces)


def _write_corners(
    opened: Any, edges: Sequence[Array], shape: tuple[int, ...], file: CellFile
) -> None:
    """Write the corners of all cells, some layers at a time, on the root."""
    chunks = (*chunks_of(shape[:-1]), 1)  # one coordinate in each: it repeats, and is packed well
    rows = max(1, ROW_BYTES // (8 * math.prod(shape[1:])) // chunks[0]) * chunks[0]
    packing: dict[str, Any] = {}
    if not file.parallel:
        packing = {"compression": "gzip", "compression_opts": 1, "shuffle": True, "chunks": chunks}
    dataset = opened.create_dataset(POINTS, shape, "f8", **packing)
    if not file.comm.is_root:
        return
    for start in range(0, shape[0], rows):
        first = edges[0][start : start + rows]
        block = np.empty((len(first), *shape[1:]))
        for axis, values in enumerate((first, *edges[1:])):
            block[..., axis] = values.reshape([-1 if a == axis else 1 for a in range(len(edges))])
        dataset[start : start + rows] = block


def _write_mesh(file: CellFile, mesh: Mesh) -> Outline | None:
    corners = mesh.whole.geometry.corners
    count, each, dimension = corners.shape
    points, numbers = np.unique(corners.reshape(-1, dimension), axis=0, return_inverse=True)
    cells = numbers.reshape(count, each)
    if mesh.whole.geometry.simplicial:
        kind = "Triangle" if dimension == 2 else "Tetrahedron"
        return _written(file, kind, mesh.cells, points, cells)
    if dimension != 2:
        return None  # vertices come in no order that would tell a solid's faces
    return _written(file, "Mixed", mesh.cells, points, _polygons(corners, cells))


def _polygons(corners: Array, cells: Any) -> Any:
    """Vertices of polygons as XDMF lists them: type, number, vertices in order around."""
    around = corners - corners.mean(axis=1, keepdims=True)
    order = np.argsort(np.arctan2(around[..., 1], around[..., 0]), axis=1, kind="stable")
    ordered = np.take_along_axis(cells, order, axis=1)
    kept = ordered != np.roll(ordered, 1, axis=1)  # a vertex repeats in a cell with fewer
    sizes = kept.sum(axis=1)
    flat = ordered[kept]
    heads = np.stack([np.full(len(cells), POLYGON), sizes], axis=1)
    ends = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.insert(flat, np.repeat(ends, 2), heads.ravel())


def _written(
    file: CellFile, kind: str, shape: tuple[int, ...], points: Array, vertices: Any
) -> Outline:
    file.put(POINTS, points)
    file.put(CELLS, vertices)
    return Outline(kind, shape, points.shape, vertices.shape)


def write_xdmf(path: Path, outline: Outline | None, times: Array, single: bool = False) -> None:
    """Write the description of ``solution.h5`` beside it, or remove an earlier one.

    Parameters
    ----------
    path : Path
    outline : Outline or None
    times : (S,) array
        Of the snapshots.
    single : bool
        Whether they are in single precision.
    """
    if outline is None:
        path.unlink(missing_ok=True)
        return
    root = ElementTree.Element("Xdmf", Version="2.0")
    series = ElementTree.SubElement(
        ElementTree.SubElement(root, "Domain"),
        "Grid",
        Name="density",
        GridType="Collection",
        CollectionType="Temporal",
    )
    for index, time in enumerate(times):
        grid = ElementTree.SubElement(series, "Grid", Name="cells", GridType="Uniform")
        ElementTree.SubElement(grid, "Time", Value=repr(float(time)))
        _add_cells(grid, outline)
        values = ElementTree.SubElement(
            grid, "Attribute", Name="density", AttributeType="Scalar", Center="Cell"
        )
        _add_snapshot(values, outline.cells, index, len(times), 4 if single else 8)
    ElementTree.indent(root)
    text = '<?xml version="1.0"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
    atomically(path, lambda aside: aside.write_text(text, encoding="utf-8"))


def _add_cells(grid: ElementTree.Element, outline: Outline) -> None:
    topology = ElementTree.SubElement(grid, "Topology", TopologyType=outline.kind)
    if outline.vertices:
        topology.set("NumberOfElements", str(outline.cells[0]))
        if outline.kind == "Polyline":
            topology.set("NodesPerElement", "2")
        _add_data(topology, CELLS, outline.vertices, "Int", 8)
    else:
        topology.set("Dimensions", _words(outline.points[:-1]))
    flat = outline.points[-1] == 2
    geometry = ElementTree.SubElement(grid, "Geometry", GeometryType="XY" if flat else "XYZ")
    _add_data(geometry, POINTS, outline.points, "Float", 8)


def _add_snapshot(
    parent: ElementTree.Element, cells: tuple[int, ...], index: int, count: int, precision: int
) -> None:
    """Refer to one entry along the first axis of the densities."""
    part = ElementTree.SubElement(
        parent, "DataItem", ItemType="HyperSlab", Dimensions=_words(cells), Type="HyperSlab"
    )
    axes = len(cells) + 1
    selection = ElementTree.SubElement(
        part, "DataItem", Dimensions=f"3 {axes}", Format="XML", NumberType="Int"
    )
    start, stride, size = [index] + [0] * len(cells), [1] * axes, [1, *cells]
    selection.text = "  ".join(map(_words, (start, stride, size)))
    _add_data(part, "density", (count, *cells), "Float", precision)


def _add_data(
    parent: ElementTree.Element, name: str, shape: tuple[int, ...], kind: str, precision: int
) -> None:
    item = ElementTree.SubElement(
        parent,
        "DataItem",
        Format="HDF",
        Dimensions=_words(shape),
        NumberType=kind,
        Precision=str(precision),
    )
    item.text = f"solution.h5:/{name}"


def _words(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))
