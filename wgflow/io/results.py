"""The files of a solution."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow._typing import Array
from wgflow._version import __version__
from wgflow.errors import InputError
from wgflow.io.cells import CellFile
from wgflow.io.durable import reserve
from wgflow.io.files import atomically, claim_directory, write_json, write_table
from wgflow.io.predictor import save_predictor
from wgflow.io.spaces import least_bytes, write_space
from wgflow.io.xdmf import Outline, write_outline, write_xdmf
from wgflow.mesh import Mesh, as_mesh
from wgflow.parallel import on_root

if TYPE_CHECKING:
    from wgflow.plots.predictor import Predictor
    from wgflow.solution import Solution

__all__ = ["packing", "save_solution"]

MARGIN = 1 << 17  # bytes of coordinates, corners (which are packed) and HDF5's own
GZIP_LEVELS = range(1, 10)
GZIP_LEVEL = 4  # of HDF5's own: more costs time and gains little


def packing(compression: str = "none") -> dict[str, Any]:
    """Give the words for HDF5 of a compression: ``none``, ``gzip``, ``gzip:LEVEL``.

    Raises
    ------
    InputError
        If it is none of these.

    Examples
    --------
    >>> packing("gzip:1")
    {'compression': 'gzip', 'compression_opts': 1, 'shuffle': True}
    """
    if compression == "none":
        return {}
    name, _, level = compression.partition(":")
    if name != "gzip" or (level and level not in map(str, GZIP_LEVELS)) or compression[-1:] == ":":
        raise InputError(f"compression {compression!r}: use none, gzip, or gzip:1 to gzip:9")
    return {
        "compression": "gzip",
        "compression_opts": int(level) if level else GZIP_LEVEL,
        "shuffle": True,
    }


def save_solution(
    solution: Solution,
    directory: Path,
    *,
    overwrite: bool = False,
    compression: str = "none",
    single: bool = False,
) -> Path:
    """Write solution.h5, solution.xdmf, history.csv, figure.png and, last, summary.json.

    All ranks call it together: solution.h5 takes the values of all, the rest is written by the
    root. Every rank raises what fails. A network that is trained on samples has predictor.csv and
    predictor.png too.

    Parameters
    ----------
    solution : Solution
    directory : Path
        Made if it does not exist.
    overwrite : bool
        Whether an earlier result there may be replaced.
    compression : str
        Of the densities; see :func:`packing`.
    single : bool
        Whether to keep the snapshots in single precision; the last density is then kept in
        double precision too.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        If the directory holds an earlier result and ``overwrite`` is false, or is not writable.
    OSError
        If a file cannot be written.
    """
    packed = packing(compression)
    summary = solution.summary()  # what may fail for the problem's sake fails before a file is made
    comm = solution.grid.comm
    claim_directory(directory, overwrite=overwrite, comm=comm)
    outlines: list[Outline | None] = []
    atomically(
        directory / "solution.h5",
        lambda path: outlines.append(_write_hdf5(solution, path, packed, single)),
        comm,
    )
    draw = _drawing(solution, directory / "figure.png")
    predictor = _predicted(solution)

    def write() -> None:
        write_xdmf(directory / "solution.xdmf", outlines[0], solution.times, single)
        write_table(directory / "history.csv", solution.history)
        draw()
        save_predictor(predictor, directory)
        write_json(directory / "summary.json", summary)

    on_root(comm, write)
    return directory


def _predicted(solution: Solution) -> Predictor | None:
    """Give what a network trained on samples says; None of other problems."""
    from wgflow.plots.predictor import predictor_of

    return predictor_of(solution)


def _drawing(solution: Solution, path: Path) -> Any:
    """Gather what the figure shows, and give what draws it on the root."""
    from wgflow.plots.solution import pictured

    picture = pictured(solution)

    def draw() -> None:
        from wgflow.plots.solution import draw_picture

        assert picture is not None
        figure = draw_picture(solution, picture)
        atomically(path, lambda aside: figure.savefig(aside, format="png"))

    return draw


def _write_hdf5(
    solution: Solution, path: Path, packed: dict[str, Any], single: bool
) -> Outline | None:
    """Write the densities with their coordinates as HDF5 dimension scales."""
    grid = solution.grid
    size = MARGIN + _least_bytes(solution, single, bool(packed))
    on_root(grid.comm, lambda: reserve(path, size))
    with CellFile(path, "w", grid.comm) as file:
        _scale(file, "time", solution.times)
        kind = {"dtype": np.dtype("f4")} if single else {}
        file.write("density", grid, solution.densities, **packed, **kind)
        mesh = as_mesh(grid)
        names = ["cell"] if mesh is not None else list(grid.box.names)
        if mesh is None:
            whole = grid.whole
            for axis, name in enumerate(names):
                _scale(file, name, whole.centers[axis])
                _scale(file, f"{name}_edges", whole.edges[axis])
        else:
            _write_cells(file, mesh)
        _attach(file, "density", ["time", *names])
        if single:
            file.write("density_last", grid, solution.density, **packed)
            _attach(file, "density_last", names)
        if solution.windows:
            _write_windows(file, solution, packed)
        file.apply(lambda f: _describe(f, solution, mesh))
        write_space(file, grid)
        _write_history(file, solution)
        return write_outline(file, grid)


def _least_bytes(solution: Solution, single: bool, packed: bool) -> int:
    """Bytes that the larger arrays will take, but for what is packed: that is not known."""
    size = sum(values.nbytes for values in solution.history.values()) + solution.moments.nbytes
    size += least_bytes(solution.grid)
    mesh = as_mesh(solution.grid)
    if mesh is not None:
        size += mesh.whole.geometry.corners.nbytes
    if not packed:
        cells = int(np.prod(solution.grid.cells))
        size += cells * (4 * len(solution.times) + 8 if single else 8 * len(solution.times))
        size += 8 * len(solution.windows) * int(np.prod(solution.cells))
    return size


def _describe(file: Any, solution: Solution, mesh: Mesh | None) -> None:
    file.attrs["case"] = solution.case
    file.attrs["solver"] = solution.solver
    file.attrs["status"] = solution.status
    file.attrs["version"] = __version__
    file["density"].attrs["long_name"] = "cell averages of the probability density"
    if mesh is not None:
        file.attrs["mesh"] = repr(mesh.whole)
        file["density"].attrs["coordinates"] = " ".join(mesh.box.names)


def _write_cells(file: CellFile, mesh: Mesh) -> None:
    """Write the centres, volumes and vertices of a mesh' cells."""
    corners = mesh.whole.geometry.corners
    _scale(file, "cell", np.arange(mesh.cells[0]))
    _scale(file, "corner", np.arange(corners.shape[1]))
    _scale(file, "component", np.arange(corners.shape[2]))
    for name, values in zip(mesh.box.names, mesh.coordinates, strict=True):
        file.write(name, mesh, values)
        _attach(file, name, ["cell"])
    file.write("volume", mesh, mesh.volumes)
    _attach(file, "volume", ["cell"])
    file.put("vertices", corners)
    _attach(file, "vertices", ["cell", "corner", "component"])


def _write_windows(file: CellFile, solution: Solution, packed: dict[str, Any]) -> None:
    """Write the densities on the cells they were computed on, and the edges of these."""
    grids = [window.grid for window in solution.windows]
    densities = np.array([window.density for window in solution.windows])
    file.write("windows/density", grids[0], densities, **packed)
    for axis, name in enumerate(grids[0].box.names):
        file.put(f"windows/{name}_edges", np.array([grid.whole.edges[axis] for grid in grids]))
    _attach(file, "windows/density", ["time"])


def _write_history(file: CellFile, solution: Solution) -> None:
    _scale(file, "history/time", solution.history["time"])
    for column, values in solution.history.items():
        if column != "time":
            file.put(f"history/{column}", values)
            _attach(file, f"history/{column}", ["history/time"])
    names = list(solution.history)  # HDF5 keeps the columns in another order
    file.apply(lambda f: f["history"].attrs.update(columns=names))
    if solution.moments.size:
        _scale(file, "history/moment", np.arange(solution.moments.shape[1]))
        file.put("history/moments", solution.moments)
        _attach(file, "history/moments", ["history/time", "history/moment"])


def _scale(file: CellFile, name: str, values: Array | Any) -> None:
    """Write the coordinates of a dimension."""
    file.put(name, values)
    file.apply(lambda f: f[name].make_scale(name.rpartition("/")[2]))


def _attach(file: CellFile, name: str, scales: list[str]) -> None:
    """Name the dimensions of a dataset."""

    def attached(opened: Any) -> None:
        for axis, dimension in enumerate(scales):
            opened[name].dims[axis].attach_scale(opened[dimension])

    file.apply(attached)
