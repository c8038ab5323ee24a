"""The result of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wgflow._typing import Array
from wgflow.asked import TIME_FIRST, Asked
from wgflow.called import answered
from wgflow.distances import available, distance
from wgflow.errors import InputError, nearest_first
from wgflow.grid import Grid
from wgflow.networks import Identity, predict
from wgflow.problem import Problem

if TYPE_CHECKING:
    from xarray import Dataset

__all__ = ["Solution", "Window"]


class Window(NamedTuple):
    """The cells at one time and the density on them."""

    grid: Grid
    density: Array


@dataclass(frozen=True)
class Solution:
    """Densities over time, with the history of the run's invariants.

    On several ranks, each holds the densities of its own block of cells, (snapshots x block) in
    memory; history, facts and errors are the same on all. ``errors``, ``gathered``, ``summary``
    and ``save`` are collective: all ranks must call them.

    Attributes
    ----------
    problem : Problem or None
        None for a loaded solution whose problem was defined in a script.
    grid : Grid
    times : (S,) array
        Times of the snapshots.
    densities : (S, *grid.shape) array
        Cell averages at those times, on this rank's cells.
    history : dict of str to (T,) array
        Columns time, dt, mass, minimum, energy, dissipation, iterations; risk for networks;
        movement and energy_law for minimizing movements, see :class:`wgflow.observers.History`.
    moments : (T, K) array
        Moments of a network's features at the history's times; empty without a network.
    status : str
        ``"finished"``, ``"diverged"`` or ``"failed"``.
    facts : dict
        steps, rejections, wall_seconds, mass_max_error, minimum, energy_max_increase; energy_law
        for minimizing movements; whatever the stepper reports.
    warnings : tuple of str
    solver : str
    case : str
    parameters : dict
        Parameters of the case.
    options : dict
        Options given to the solver.
    record : dict
        Further entries of ``summary.json``: when the run was started, by which command, from
        which file; for a loaded solution, the whole file.
    windows : tuple of Window
        If the cells follow the density: for each snapshot, the cells it was computed on. ``grid``
        and ``densities`` then show all snapshots on common cells, with the same masses but
        coarser. Empty for other runs.
    """

    problem: Problem | None
    grid: Grid
    times: Array
    densities: Array
    history: dict[str, Array]
    moments: Array
    status: str
    facts: dict[str, Any]
    warnings: tuple[str, ...] = ()
    solver: str = ""
    case: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()

    @property
    def density(self) -> Array:
        """Density at the last time, with the grid's shape: this rank's cells."""
        last: Array = self.densities[-1]
        return last

    @property
    def time(self) -> float:
        """Last time."""
        return float(self.times[-1])

    @property
    def cells(self) -> tuple[int, ...]:
        """Cells along each axis used by the run."""
        return self.sharp().grid.cells

    @property
    def coordinates(self) -> tuple[Array, ...]:
        """Cell centres, one array of the grid's shape per axis."""
        return self.grid.coordinates

    @property
    def known_problem(self) -> Problem:
        """The problem; an error if it is not known.

        Raises
        ------
        InputError
            If it is not known.
        """
        if self.problem is None:
            raise InputError(
                f"the files do not contain the problem of {self.case or 'this solution'}, which is "
                "needed here: give it, as wgflow.load(directory, problem=...)"
            )
        return self.problem

    @cached_property
    def errors(self) -> dict[str, float]:
        """Distances to the exact solution at the last time, by norm; empty if none is known.

        For a loaded solution, those that were stored.
        """
        if "errors" in self.record:
            return dict(self.record["errors"])
        if self.problem is None or self.problem.exact is None or self.status != "finished":
            return {}
        grid, density = self.sharp()
        exact = self.exact_density(self.time, grid)
        return {n: distance(n, density, exact, grid) for n in available(grid)}

    def sharp(self, snapshot: int = -1) -> Window:
        """Return one of the densities on the cells it was computed on."""
        if self.windows:
            return self.windows[snapshot]
        return Window(self.grid, self.densities[snapshot])

    def exact_density(self, time: float, grid: Grid | None = None) -> Array:
        """Cell averages of the exact solution, by default on the solution's grid.

        Raises
        ------
        InputError
            If the problem has none or is not known.
        """
        exact = self.known_problem.exact
        if exact is None:
            raise InputError("no exact solution is known for this problem: give Problem(exact=...)")
        asked = Asked(exact, "the exact density", TIME_FIRST)
        return (self.grid if grid is None else grid).average(lambda *x: asked(time, *x))

    def predict(self, x: Array, snapshot: int = -1) -> Array:
        """Evaluate the network: f(x) = ∫ σ(x; θ) rho(θ) dθ. All ranks must call it.

        For a network trained on samples, ``moments`` are its predictions on them at the times of
        the history: ``solution.predict(data.x)`` is ``solution.moments[-1]``.

        Parameters
        ----------
        x : array_like, shape (P, p) or (P,)
            Inputs, the same on all ranks.
        snapshot : int
            Index of the density; the last by default.

        Returns
        -------
        Array, shape (P,)
            By the midpoint rule, like the moments.

        Raises
        ------
        InputError
            If there is no network, or the coordinates of the density are not its full state.
        """
        network = self.known_problem.network
        if network is None or not isinstance(network.chart, Identity):
            raise InputError(
                f"{self.case or 'this problem'} has no network whose neurons' full state is the "
                "density's coordinates: there is nothing to predict with"
            )
        grid, density = self.sharp(snapshot)
        states = np.stack([np.ravel(c) for c in np.broadcast_arrays(*grid.coordinates)], axis=1)
        weights = (density * grid.volumes).ravel()
        predicted: Array = grid.sum(predict(network.unit, states, x, weights))
        return predicted

    def gathered(self) -> Solution:
        """Return, on every rank, the solution on all cells; for small grids.

        Examples
        --------
        ``wg.solve(problem).gathered().density`` is the density of a serial run.
        """
        grid = self.grid
        windows = tuple(Window(w.grid.whole, w.grid.gather(w.density)) for w in self.windows)
        return replace(
            self, grid=grid.whole, densities=grid.gather(self.densities), windows=windows
        )

    @answered
    def at(self, time: float, column: str) -> float:
        """Interpolate a history column at a given time: ``at(0.5, "risk")``.

        Raises
        ------
        InputError
            If there is no such column.
        """
        if column not in self.history:
            known = ", ".join(nearest_first(column, self.history))
            raise InputError(f"history has no column {column!r}; its columns are: {known}")
        return float(np.interp(time, self.history["time"], self.history[column]))

    def summary(self) -> dict[str, Any]:
        """Return the content of ``summary.json``."""
        from wgflow.io import summary_of

        return summary_of(self)

    @answered
    def save(
        self,
        directory: str | Path,
        *,
        overwrite: bool = False,
        compression: str = "none",
        single: bool = False,
    ) -> Path:
        """Write solution.h5, solution.xdmf, history.csv, figure.png and summary.json.

        If the directory is refused, the files are written to DIRECTORY-2 before the error is
        raised: a script that ends there loses nothing and mistakes no earlier result for this.

        Parameters
        ----------
        directory : path
            Created if it does not exist.
        overwrite : bool
            Whether files of an earlier run in it may be replaced.
        compression : str
            For the densities: ``"none"``, ``"gzip"`` or ``"gzip:1"`` … ``"gzip:9"``.
        single : bool
            Whether to store the snapshots in single precision; the last density is then also
            stored in double precision, as ``density_last``.

        Raises
        ------
        InputError
            If the directory holds an earlier run and ``overwrite`` is false.
        OSError
            On all ranks, if a file cannot be written.
        """
        from wgflow.io import save_solution, write_or_keep

        keep = partial(save_solution, self)
        write = partial(keep, overwrite=overwrite, compression=compression, single=single)
        return write_or_keep(directory, write, keep, self.grid.comm)

    def to_xarray(self) -> Dataset:
        """Return the solution as an xarray.Dataset; needs the extra ``wgflow[xarray]``.

        Variables are ``density`` (time, x, y, …), or (time, cell) on a mesh, the history's columns
        as ``history_energy``, … (history_time), and ``history_moments``. Coordinates are the
        centres, ``x_lower`` and ``x_upper``, and ``volume``; attributes are the entries of
        :meth:`summary`, with lists and mappings as JSON.

        On several ranks all must call it, and each gets its own cells;
        ``solution.gathered().to_xarray()`` holds all of them.

        Raises
        ------
        InputError
            If xarray is not installed.
        """
        from wgflow.io import dataset_of

        return dataset_of(self)

    def __repr__(self) -> str:
        from wgflow.plots.page import solution_lines

        return solution_lines(self)

    def _repr_html_(self) -> str:
        from wgflow.plots.page import solution_page

        return solution_page(self)
