"""solution.xdmf, read as ParaView reads it: by a small reader here, and by VTK where it is."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import h5py
import numpy as np
import pytest

import wgflow as wg
from wgflow.io.xdmf import Outline, write_xdmf

SNAPSHOTS = 3  # and the start, and the end
NODES = {"Polyline": 2, "Triangle": 3, "Tetrahedron": 4}


def shape_of(item: ElementTree.Element) -> tuple[int, ...]:
    return tuple(int(n) for n in item.attrib["Dimensions"].split())


def values_of(item: ElementTree.Element, folder: Path) -> np.ndarray:
    """Follow a DataItem to its numbers."""
    if item.get("ItemType") == "HyperSlab":
        chosen, source = item
        start, stride, count = values_of(chosen, folder).astype(int)
        whole = values_of(source, folder)
        part = whole[tuple(map(slice, start, start + stride * count, stride))]
        return part.reshape(shape_of(item))
    assert item.text is not None
    if item.attrib["Format"] == "XML":
        return np.array(item.text.split(), dtype=float).reshape(shape_of(item))
    name, _, path = item.text.partition(":")
    with h5py.File(folder / name) as file:
        values = file[path][()]
    assert values.shape == shape_of(item)
    assert values.dtype.itemsize == int(item.attrib["Precision"])
    assert values.dtype.kind == {"Float": "f", "Int": "i"}[item.attrib["NumberType"]]
    return values


def corners_of(grid: ElementTree.Element, folder: Path) -> list[np.ndarray]:
    """Give the corners of each cell, in the order of the values, as XDMF defines it."""
    topology, geometry = grid.find("Topology"), grid.find("Geometry")
    assert topology is not None
    assert geometry is not None
    kind = topology.attrib["TopologyType"]
    points = values_of(geometry[0], folder)
    points = points.reshape(-1, len(geometry.attrib["GeometryType"]))
    if kind.endswith("DSMesh"):  # the last number of Dimensions runs fastest
        numbers = np.arange(len(points)).reshape(*shape_of(topology), 1)
        for axis in range(numbers.ndim - 1):
            last = numbers.shape[axis] - 1
            ends = [numbers.take(range(i, i + last), axis) for i in (0, 1)]
            numbers = np.concatenate(ends, axis=-1)
        cells = list(numbers.reshape(-1, numbers.shape[-1]))
    elif kind == "Mixed":
        left, cells = values_of(topology[0], folder).tolist(), []
        while left:
            assert left.pop(0) == 3  # a polygon
            count = left.pop(0)
            cells.append(np.array(left[:count]))
            del left[:count]
    else:
        cells = list(values_of(topology[0], folder))
        assert len(cells[0]) == NODES[kind]
    return [points[c] for c in cells]


def read(folder: Path) -> list[tuple[float, list[np.ndarray], np.ndarray]]:
    """Give time, corners of the cells and values of each snapshot."""
    series = ElementTree.parse(folder / "solution.xdmf").getroot().find("Domain/Grid")
    assert series is not None
    assert series.attrib["CollectionType"] == "Temporal"
    found = []
    for grid in series:
        time, attribute = grid.find("Time"), grid.find("Attribute")
        assert time is not None
        assert attribute is not None
        assert attribute.attrib["Center"] == "Cell"
        values = values_of(attribute[0], folder).ravel()
        found.append((float(time.attrib["Value"]), corners_of(grid, folder), values))
    return found


def on_grid(dimension: int, *, stretch: bool = False) -> wg.Solution:
    first = wg.Axis(-1, 2, stretch=lambda s: 3 * s**2 - 1) if stretch else (-1.0, 2.0)
    domain = wg.Box(first, *[(0.0, 1.0 + axis) for axis in range(1, dimension)])
    problem = wg.Problem(domain, wg.Confinement(1.0), initial=asymmetric)
    cells = [5, 4, 6, 3][:dimension]
    return wg.solve(problem, "muscl", cells=cells, until=0.01, snapshots=SNAPSHOTS)


def on_mesh(mesh: wg.Mesh) -> wg.Solution:
    problem = wg.Problem(wg.Region(mesh.dimension), wg.Confinement(1.0), initial=asymmetric)
    return wg.solve(problem, "upwind", cells=mesh, until=0.01, snapshots=SNAPSHOTS)


def asymmetric(*x: wg.Array) -> wg.Array:
    return np.asarray(1.0 + sum(0.1 * (axis + 1.3) ** 1.7 * c for axis, c in enumerate(x)) ** 2)


def tetrahedra() -> wg.Mesh:
    points = np.array([[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2], [2, 2, 2]], dtype=float)
    return wg.Mesh.from_simplices(points, np.array([[0, 1, 2, 3], [1, 2, 3, 4]]))


def triangles() -> wg.Mesh:
    points = np.array([[0, 0], [1, 0], [0.5, 0.9], [1.5, 0.9], [2, 0]])
    return wg.Mesh.from_simplices(points, np.array([[0, 1, 2], [3, 2, 1], [1, 4, 3]]))


def rectangles() -> wg.Mesh:
    fipy = pytest.importorskip("fipy")
    return wg.Mesh.from_fipy(fipy.Grid2D(nx=4, ny=3, dx=1.0, dy=0.5))


SOLUTIONS = {
    "1-D": lambda: on_grid(1),
    "stretched": lambda: on_grid(2, stretch=True),
    "2-D": lambda: on_grid(2),
    "3-D": lambda: on_grid(3),
    "triangles": lambda: on_mesh(triangles()),
    "rectangles": lambda: on_mesh(rectangles()),
    "tetrahedra": lambda: on_mesh(tetrahedra()),
}


def centres_and_volumes(solution: wg.Solution) -> tuple[np.ndarray, np.ndarray]:
    grid = solution.grid
    mesh = getattr(grid, "geometry", None)
    if mesh is not None:
        return mesh.centroids, mesh.volumes
    return np.stack([c.ravel() for c in grid.coordinates], axis=1), grid.volumes.ravel()


@pytest.mark.parametrize("kind", SOLUTIONS)
@pytest.mark.parametrize("single", [False, True])
def test_values_lie_where_the_solution_has_them(kind: str, single: bool, tmp_path: Path) -> None:
    solution = SOLUTIONS[kind]()
    snapshots = read(solution.save(tmp_path / "out", single=single))
    assert [s[0] for s in snapshots] == solution.times.tolist()
    centres, _ = centres_and_volumes(solution)
    dimension = centres.shape[1]
    for (_, cells, values), density in zip(snapshots, solution.densities, strict=True):
        middle = np.array([corners.mean(axis=0)[:dimension] for corners in cells])
        np.testing.assert_allclose(middle, centres, rtol=1e-14, atol=1e-14)
        np.testing.assert_allclose(values, density.ravel(), rtol=1e-6 if single else 0)
    assert len(np.unique(snapshots[0][2])) > len(centres) / 2  # no order is like another


@pytest.mark.parametrize("kind", SOLUTIONS)
def test_vtk_reads_the_same(kind: str, tmp_path: Path) -> None:
    xdmf = pytest.importorskip("vtkmodules.vtkIOXdmf2")
    from vtkmodules.util.numpy_support import vtk_to_numpy  # type: ignore[import-not-found]
    from vtkmodules.vtkFiltersVerdict import vtkCellSizeFilter  # type: ignore[import-not-found]

    solution = SOLUTIONS[kind]()
    folder = solution.save(tmp_path / "out")
    reader = xdmf.vtkXdmfReader()
    reader.SetFileName(str(folder / "solution.xdmf"))
    reader.UpdateInformation()
    executive = reader.GetExecutive()
    times = executive.GetOutputInformation(0).Get(executive.TIME_STEPS())
    assert times == tuple(solution.times)
    centres, volumes = centres_and_volumes(solution)
    for time, density in zip(times, solution.densities, strict=True):
        reader.UpdateTimeStep(time)
        data = reader.GetOutputDataObject(0)
        while hasattr(data, "GetBlock"):
            data = data.GetBlock(0)
        values = vtk_to_numpy(data.GetCellData().GetArray("density"))
        np.testing.assert_array_equal(values, density.ravel())
        bounds = np.array([data.GetCell(i).GetBounds() for i in range(data.GetNumberOfCells())])
        middle = (bounds[:, ::2] + bounds[:, 1::2])[:, : centres.shape[1]] / 2
        if not getattr(getattr(solution.grid, "geometry", None), "simplicial", False):
            np.testing.assert_allclose(middle, centres, rtol=1e-14, atol=1e-14)
        sizes = vtkCellSizeFilter()
        sizes.SetInputData(data)
        sizes.Update()
        name = ["Length", "Area", "Volume"][centres.shape[1] - 1]
        found = vtk_to_numpy(sizes.GetOutput().GetCellData().GetArray(name))
        np.testing.assert_allclose(np.abs(found), volumes, rtol=1e-12)


def test_four_axes_have_no_xdmf(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    stale = tmp_path / "out" / "solution.xdmf"
    stale.write_text("of an earlier run")
    on_grid(4).save(tmp_path / "out")
    assert not stale.exists()


def test_corners_are_packed(tmp_path: Path) -> None:
    problem = wg.Problem(
        wg.Box((0, 1), (0, 1)), wg.Confinement(1.0), initial=lambda x, y: 1 + 0 * x * y
    )
    folder = wg.solve(problem, "muscl", cells=300, until=1e-4, dt=1e-4).save(tmp_path / "out")
    with h5py.File(folder / "solution.h5") as file:
        stored = file["xdmf/points"].id.get_storage_size()
        assert stored < 0.05 * file["xdmf/points"].nbytes


def test_polygons_may_have_unequal_numbers_of_vertices(tmp_path: Path) -> None:
    from wgflow.io.xdmf import _polygons

    corners = np.array([[[0, 0], [1, 1], [1, 0], [0, 1.0]], [[1, 0], [2, 0.5], [1, 1], [1, 1]]])
    listed = _polygons(corners, np.array([[0, 2, 1, 3], [1, 4, 2, 2]]))
    assert listed[:2].tolist() == [3, 4]
    assert listed[6:8].tolist() == [3, 3]
    around = listed[2:6].tolist()
    assert any(np.roll(around, i).tolist() == [0, 1, 2, 3] for i in range(4))
    assert sorted(listed[8:].tolist()) == [1, 2, 4]


def test_xarray_reads_solution_h5(tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    solution = on_grid(2)
    folder = solution.save(tmp_path / "out")
    with xarray.open_dataset(folder / "solution.h5", engine="h5netcdf") as data:
        assert data["density"].dims == ("time", "x", "y")
        np.testing.assert_array_equal(data["density"], solution.densities)
        np.testing.assert_array_equal(data["y"], solution.grid.centers[1])
    with xarray.open_dataset(folder / "solution.h5", engine="h5netcdf", group="history") as history:
        np.testing.assert_array_equal(history["energy"], solution.history["energy"])
        assert history["energy"].dims == ("time",)
    folder = on_mesh(triangles()).save(tmp_path / "mesh")
    with xarray.open_dataset(folder / "solution.h5", engine="h5netcdf") as data:
        assert data["density"].dims == ("time", "cell")
        assert set(data["density"].coords) >= {"time", "x", "y"}


def test_every_dimension_has_a_name(tmp_path: Path) -> None:
    """What xarray needs, where it is not installed."""
    for name, solution in (("grid", on_grid(3)), ("mesh", on_mesh(triangles()))):
        folder = solution.save(tmp_path / name, single=True)
        with h5py.File(folder / "solution.h5") as file:
            for group in (file, file["history"]):
                for item in group.values():
                    if isinstance(item, h5py.Dataset) and not item.is_scale:
                        assert all(len(d) == 1 for d in item.dims), item.name


def test_an_outline_of_no_cells_is_no_file(tmp_path: Path) -> None:
    write_xdmf(tmp_path / "solution.xdmf", None, np.zeros(1))
    assert list(tmp_path.iterdir()) == []
    outline = Outline("2DSMesh", (2, 3), (3, 4, 2))
    write_xdmf(tmp_path / "solution.xdmf", outline, np.array([0.1]), single=True)
    text = (tmp_path / "solution.xdmf").read_text()
    assert '<Time Value="0.1"' in text
    assert 'Precision="4">solution.h5:/density' in text
