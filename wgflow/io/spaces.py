"""What solution.h5 tells of a grid or a mesh, for it to be made again as it was.

Coordinates and edges of cells are the file's own datasets; the group ``grid`` has the rest:
bounds and properties of axes, or the faces of a mesh.
"""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.domain import Axis, Box, Clustered, Tabulated
from wgflow.errors import InputError
from wgflow.grid import Grid
from wgflow.io.cells import CellFile
from wgflow.mesh import Mesh, Region, as_mesh, restored
from wgflow.mesh.geometry import Geometry
from wgflow.parallel import on_root

__all__ = ["least_bytes", "read_space", "read_windows", "write_space"]

GROUP = "grid"
FACES = ("left", "right", "areas", "normals")  # of Geometry
EDGES = "edges"  # a stretching that is known by its edges only


def write_space(file: CellFile, grid: Grid) -> None:
    """Write what the coordinates and edges in the file do not tell; collective."""
    mesh = as_mesh(grid)
    file.apply(lambda f: f.create_group(GROUP))
    if mesh is not None:
        _write_mesh(file, mesh)
        return
    for number, (axis, equal) in enumerate(zip(grid.box.axes, grid.uniform, strict=True)):
        place = f"{GROUP}/axis_{number}"
        about = _about_axis(axis, grid.box.names[number], equal)
        file.apply(partial(_describe, place=place, about=about))
        if isinstance(axis.stretch, Tabulated):
            file.put(f"{place}/points", np.array(axis.stretch.points))


def least_bytes(grid: Grid) -> int:
    """Bytes of the larger arrays that :func:`write_space` writes."""
    mesh = as_mesh(grid)
    if mesh is None:
        return 0
    geometry = mesh.whole.geometry
    return sum(getattr(geometry, name).nbytes for name in (*FACES, "centroids"))


def read_space(file: CellFile) -> Grid | Mesh:
    """Make the grid or the mesh of a file again, divided among the ranks; collective.

    A stretching that is neither :class:`wgflow.Clustered` nor :class:`wgflow.Tabulated` comes
    back as the one through the same edges.

    Raises
    ------
    InputError
        If the file does not tell of it, as those of earlier versions.
    """
    found = on_root(file.comm, lambda: _read(file.file, file.path))
    if isinstance(found, Geometry):
        about = on_root(file.comm, lambda: dict(file.file[GROUP].attrs))
        region = Region(found.centroids.shape[1], str(about["region"]))
        return restored(found, region, str(about["centres"]), file.comm)
    box, cells, edges = found
    return Grid(box, cells, edges, comm=file.comm)


def read_windows(file: CellFile, grid: Grid) -> list[Grid]:
    """Make the cells of each snapshot again, where they followed the density; collective.

    Parameters
    ----------
    file : CellFile
    grid : Grid
        The one over all windows.
    """
    edges = [file.get(f"windows/{name}_edges") for name in grid.box.names]
    grids: list[Grid] = []
    for row in zip(*edges, strict=True):
        axes, given = [], []
        for axis, of_cells in zip(grid.box.axes, row, strict=True):
            even = axis.stretch is None
            stretch = None if even else Tabulated(tuple(of_cells))
            low, high = float(of_cells[0]), float(of_cells[-1])
            axes.append(replace(axis, lower=low, upper=high, stretch=stretch))
            given.append(None if even else of_cells)
        cells = [len(of_cells) - 1 for of_cells in row]
        grids.append(Grid(Box(*axes), cells, given, comm=file.comm))
    return grids


def _describe(file: Any, place: str, about: dict[str, Any]) -> None:
    file.create_group(place).attrs.update(about)


def _about_axis(axis: Axis, name: str, equal: bool) -> dict[str, Any]:
    about = {f.name: getattr(axis, f.name) for f in fields(axis) if f.name != "stretch"}
    about |= {"label": name, "equal_cells": equal, "stretch": ""}
    if isinstance(axis.stretch, Clustered):
        stretch = axis.stretch
        about["stretch"] = "Clustered"
        about["clustered"] = [stretch.lower, stretch.upper, stretch.around, stretch.scale]
    elif axis.stretch is not None:
        about["stretch"] = "Tabulated" if isinstance(axis.stretch, Tabulated) else EDGES
    return {key: value for key, value in about.items() if value is not None}


def _write_mesh(file: CellFile, mesh: Mesh) -> None:
    geometry = mesh.whole.geometry
    about = {
        "region": mesh.box.name,
        "centres": mesh.quality.centres,
        "simplicial": geometry.simplicial,
    }
    file.apply(lambda f: f[GROUP].attrs.update(about))
    for name in (*FACES, "centroids"):
        file.put(f"{GROUP}/{name}", getattr(geometry, name))


def _read(file: Any, path: Path) -> Geometry | tuple[Box, tuple[int, ...], list[Array | None]]:
    """Read on the root what makes the cells."""
    if GROUP not in file:
        raise InputError(
            f"{path} does not describe its grid, as in earlier versions: run again with this one"
        )
    group = file[GROUP]
    if "region" in group.attrs:
        arrays = {name: group[name][()] for name in (*FACES, "centroids")}
        return Geometry(
            volumes=file["volume"][()],
            corners=file["vertices"][()],
            simplicial=bool(group.attrs["simplicial"]),
            **arrays,
        )
    axes, edges = [], []
    for number in range(len(group)):
        part = group[f"axis_{number}"]
        of_cells = file[f"{part.attrs['label']}_edges"][()]
        axes.append(_axis(part, of_cells))
        edges.append(None if part.attrs["equal_cells"] else of_cells)
    return Box(*axes), tuple(file["density"].shape[1:]), edges


def _axis(part: Any, edges: Array) -> Axis:
    about = part.attrs
    stretch: Clustered | Tabulated | None = None
    if about["stretch"] == "Clustered":
        stretch = Clustered(*map(float, about["clustered"]))
    elif about["stretch"]:
        stretch = Tabulated(tuple(edges if about["stretch"] == EDGES else part["points"][()]))
    return Axis(
        lower=float(about["lower"]),
        upper=float(about["upper"]),
        periodic=bool(about["periodic"]),
        radial=float(about["radial"]) if "radial" in about else None,
        wall=bool(about["wall"]),
        name=str(about["name"]),
        stretch=stretch,
        fixed=bool(about["fixed"]),
    )
