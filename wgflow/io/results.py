"""The files of a solution."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgflow.io.files import atomically, claim_directory, write_json, write_table
from wgflow.mesh import Mesh, as_mesh

if TYPE_CHECKING:
    from wgflow.solution import Solution

__all__ = ["save_solution"]


def save_solution(solution: Solution, directory: Path, *, overwrite: bool = False) -> Path:
    """Write ``solution.h5``, ``history.csv``, ``figure.png`` and, last, ``summary.json``.

    Parameters
    ----------
    solution : Solution
    directory : Path
        Made if it does not exist.
    overwrite : bool
        Whether an earlier result there may be replaced.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        If the directory holds an earlier result and ``overwrite`` is false, or is not writable.
    """
    from wgflow.plots import solution_figure

    summary = solution.summary()  # what may fail for the problem's sake fails before a file is made
    claim_directory(directory, overwrite=overwrite)
    atomically(directory / "solution.h5", lambda path: _write_hdf5(solution, path))
    write_table(directory / "history.csv", solution.history)
    atomically(
        directory / "figure.png", lambda path: solution_figure(solution).savefig(path, format="png")
    )
    write_json(directory / "summary.json", summary)
    return directory


def _write_hdf5(solution: Solution, path: Path) -> None:
    """Write the densities with their coordinates as HDF5 dimension scales."""
    import h5py

    grid = solution.grid
    with h5py.File(path, "w") as file:
        file.attrs["case"] = solution.case
        file.attrs["solver"] = solution.solver
        file.attrs["status"] = solution.status
        file["time"] = solution.times
        file["time"].make_scale("time")
        density = file.create_dataset("density", data=solution.densities)
        density.attrs["long_name"] = "cell averages of the probability density"
        density.dims[0].attach_scale(file["time"])
        mesh = as_mesh(grid)
        if mesh is not None:
            _write_cells(file, density, mesh)
        for axis, name in enumerate(grid.box.names if mesh is None else ()):
            file[name] = grid.centers[axis]
            file[name].make_scale(name)
            file[f"{name}_edges"] = grid.edges[axis]
            density.dims[axis + 1].attach_scale(file[name])
        history = file.create_group("history")
        for column, values in solution.history.items():
            history[column] = values
        if solution.moments.size:
            history["moments"] = solution.moments


def _write_cells(file: Any, density: Any, mesh: Mesh) -> None:
    """Write the centres, volumes and vertices of the cells, of all ranks."""
    mesh = mesh.whole
    for name, values in zip(mesh.box.names, mesh.coordinates, strict=True):
        file[name] = values
        file[name].make_scale(name)
        density.dims[1].attach_scale(file[name])
    file["volume"] = mesh.volumes
    file["vertices"] = mesh.geometry.corners
    file.attrs["mesh"] = repr(mesh)
