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
    """The cells of a moment, and the density on them."""

    grid: Grid
    density: Array


@dataclass(frozen=True)
class Solution:
    """Densities over time with the history of the run's invariants.

    On several ranks each has the densities of its block of cells, (snapshots x block) in memory,
    and all have the same history, facts and errors. What needs all ranks, ``errors``,
    ``gathered``, ``summary`` and ``save``, they call together.

    Attributes
    ----------
    problem : Problem or None
        None if the solution was loaded and its problem is that of a script.
    grid : Grid
    times : (S,) array
        Times of the snapshots.
    densities : (S, *grid.shape) array
        Cell averages at those times, of this rank's cells.
    history : dict of str to (T,) array
        Columns time, dt, mass, minimum, energy, dissipation, iterations; for networks risk; for
        minimizing movements movement and energy_law, see :class:`wgflow.observers.History`.
    moments : (T, K) array
        Moments of a network's features at the history's times; empty without a network.
    status : str
        ``"finished"``, ``"diverged"`` or ``"failed"``.
    facts : dict
        steps, rejections, wall_seconds, mass_max_error, minimum, energy_max_increase; energy_law
        of minimizing movements; what the stepper tells of itself.
    warnings : tuple of str
    solver : str
    case : str
    parameters : dict
        Parameters of the case.
    options : dict
        What was given to the solver.
    record : dict
        What else ``summary.json`` tells of the run: when it was started, by which command, from
        which file; of a solution that was loaded, all that is there.
    windows : tuple of Window
        Of a run whose cells follow the density: those of each snapshot, on which it was
        computed. ``grid`` and ``densities`` are then a view of all on the same cells, of the
        same masses, but coarser. Empty of other runs.
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
        """Density at the last time, of the grid's shape: this rank's cells."""
        last: Array = self.densities[-1]
        return last

    @property
    def time(self) -> float:
        """Last time."""
        return float(self.times[-1])

    @property
    def cells(self) -> tuple[int, ...]:
        """Cells along each axis that the run computed with."""
        return self.sharp().grid.cells

    @property
    def coordinates(self) -> tuple[Array, ...]:
        """Cell centres, one array of the grid's shape an axis."""
        return self.grid.coordinates

    @property
    def known_problem(self) -> Problem:
        """The problem, where it is needed.

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

        Of a loaded solution those that were stored.
        """
        if "errors" in self.record:
            return dict(self.record["errors"])
        if self.problem is None or self.problem.exact is None or self.status != "finished":
            return {}
        grid, density = self.sharp()
        exact = self.exact_density(self.time, grid)
        return {n: distance(n, density, exact, grid) for n in available(grid)}

    def sharp(self, snapshot: int = -1) -> Window:
        """Give one of the densities on the cells it was computed on."""
        if self.windows:
            return self.windows[snapshot]
        return Window(self.grid, self.densities[snapshot])

    def exact_density(self, time: float, grid: Grid | None = None) -> Array:
        """Cell averages of the exact solution, on the solution's grid if none is given.

        Raises
        ------
        InputError
            If the problem has none, or is not known.
        """
        exact = self.known_problem.exact
        if exact is None:
            raise InputError("no exact solution is known for this problem: give Problem(exact=...)")
        asked = Asked(exact, "the exact density", TIME_FIRST)
        return (self.grid if grid is None else grid).average(lambda *x: asked(time, *x))

    def predict(self, x: Array, snapshot: int = -1) -> Array:
        """Evaluate the network: f(x) = ∫ σ(x; θ) rho(θ) dθ. All ranks call it.

        On the samples that a network was trained with, ``moments`` are the predictions at the
        times of the history: ``solution.predict(data.x)`` is ``solution.moments[-1]``.

        Parameters
        ----------
        x : array_like, shape (P, p) or (P,)
            Inputs, the same on all ranks.
        snapshot : int
            Which of the densities; the last by default.

        Returns
        -------
        Array, shape (P,)
            By the midpoint rule, as the moments are.

        Raises
        ------
        InputError
            If there is no network, or its density is in other coordinates than the state.
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
        """Give every rank the solution on all cells; for small grids.

        Examples
        --------
        ``wg.solve(problem).gathered().density`` is what a serial run gives.
        """
        grid = self.grid
        windows = tuple(Window(w.grid.whole, w.grid.gather(w.density)) for w in self.windows)
        return replace(
            self, grid=grid.whole, densities=grid.gather(self.densities), windows=windows
        )

    @answered
    def at(self, time: float, column: str) -> float:
        """Value of a history column at a time, interpolated between rows: ``at(0.5, "risk")``.

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
        """Give the content of ``summary.json``."""
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

        A directory that is refused is an error, after the files are written to DIRECTORY-2: a
        script that ends there has lost nothing, and takes no earlier result for this one.

        Parameters
        ----------
        directory : path
            Made if it does not exist.
        overwrite : bool
            Whether files of an earlier run there may be replaced.
        compression : str
            Of the densities: ``"none"``, ``"gzip"`` or ``"gzip:1"`` … ``"gzip:9"``.
        single : bool
            Whether to keep the snapshots in single precision; the last density is then kept in
            double precision too, as ``density_last``.

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
        """Give the solution as an xarray.Dataset; needs the extra ``wgflow[xarray]``.

        Variables are ``density`` (time, x, y, …) or on a mesh (time, cell), the columns of the
        history as ``history_energy``, … (history_time), and ``history_moments``. Coordinates are
        centres, ``x_lower`` and ``x_upper``, and ``volume``; attributes are those of
        :meth:`summary`, lists and mappings as JSON.

        On several ranks all call it and each gets its own cells;
        ``solution.gathered().to_xarray()`` has the whole.

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
