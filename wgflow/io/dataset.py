"""A solution as an xarray.Dataset."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wgflow.errors import InputError
from wgflow.mesh import as_mesh

if TYPE_CHECKING:
    from xarray import Dataset

    from wgflow.solution import Solution

__all__ = ["dataset_of"]


def dataset_of(solution: Solution) -> Dataset:
    """Give a solution as an xarray.Dataset; see :meth:`wgflow.Solution.to_xarray`."""
    xarray = _xarray()
    mesh = as_mesh(solution.grid)
    names = ["cell"] if mesh is not None else list(solution.grid.box.names)
    history = solution.history
    variables: dict[str, Any] = {"density": (["time", *names], solution.densities)}
    variables |= {
        f"history_{name}": ("history_time", values)
        for name, values in history.items()
        if name != "time"
    }
    if solution.moments.size:
        variables["history_moments"] = (("history_time", "moment"), solution.moments)
    coordinates: dict[str, Any] = {
        "time": solution.times,
        "history_time": history["time"],
        "volume": (names, solution.grid.volumes),
    }
    if mesh is None:
        for axis, name in enumerate(names):
            edges = solution.grid.edges[axis]
            coordinates[name] = solution.grid.centers[axis]
            coordinates[f"{name}_lower"] = (name, edges[:-1])
            coordinates[f"{name}_upper"] = (name, edges[1:])
    else:
        numbers = mesh.numbers
        coordinates["cell"] = range(mesh.size) if numbers is None else numbers
        for name, values in zip(mesh.box.names, mesh.coordinates, strict=True):
            coordinates[name] = ("cell", values)
        variables["vertices"] = (("cell", "corner", "component"), mesh.geometry.corners)
    found: Dataset = xarray.Dataset(variables, coordinates, _attributes(solution))
    found["density"].attrs["long_name"] = "cell averages of the probability density"
    return found


def _attributes(solution: Solution) -> dict[str, Any]:
    """Give the summary as netCDF can hold it: numbers and texts; the rest as JSON."""
    summary = solution.summary()
    return {
        key: value if _netcdf(value) else json.dumps(value, default=str)
        for key, value in summary.items()
        if value is not None
    }


def _netcdf(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _xarray() -> Any:
    try:
        import xarray
    except ImportError as error:
        if error.name == "xarray":
            raise InputError("xarray is not installed: pip install 'wgflow[xarray]'") from None
        raise
    return xarray
