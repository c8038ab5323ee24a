"""The result of a run."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wgflow._typing import Array
from wgflow.distances import available, distance
from wgflow.errors import InputError, nearest_first
from wgflow.grid import Grid
from wgflow.networks import Identity, predict
from wgflow.parallel import SERIAL, Communicator, library_versions
from wgflow.problem import Problem

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
    problem : Problem
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
    windows : tuple of Window
        Of a run whose cells follow the density: those of each snapshot, on which it was
        computed. ``grid`` and ``densities`` are then a view of all on the same cells, of the
        same masses, but coarser. Empty of other runs.
    """

    problem: Problem
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

    @cached_property
    def errors(self) -> dict[str, float]:
        """Distances to the exact solution at the last time, by norm; empty if none is known."""
        if self.problem.exact is None or self.status != "finished":
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
            If the problem has none.
        """
        exact = self.problem.exact
        if exact is None:
            raise InputError("no exact solution is known for this problem: give Problem(exact=...)")
        return (self.grid if grid is None else grid).average(lambda *x: exact(time, *x))

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
        network = self.problem.network
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
        history = self.history
        summary = {
            "case": self.case,
            "solver": self.solver,
            "parameters": dict(self.parameters),
            "options": dict(self.options),
            "cells": list(self.cells),
            "ranks": self.grid.comm.size,
            "steps": self.facts["steps"],
            "rejections": self.facts["rejections"],
            "time": self.time,
            "wall_seconds": self.facts["wall_seconds"],
            "status": self.status,
            "converged": self.status == "finished",
            "mass_initial": float(history["mass"][0]),
            "mass_final": float(history["mass"][-1]),
            "mass_max_error": self.facts["mass_max_error"],
            "minimum": self.facts["minimum"],
            "energy_initial": float(history["energy"][0]),
            "energy_final": float(history["energy"][-1]),
            "energy_max_increase": self.facts["energy_max_increase"],
            "errors": self.errors,
            "warnings": list(self.warnings),
            "versions": versions(self.grid.comm),
        }
        if self.problem.samples:
            summary["samples"] = self.problem.samples
        if "follow" in self.facts:
            names = ("follow", "remaps", "remap_energy", "window_mass")
            summary |= {name: self.facts[name] for name in names}
        if "energy_law" in self.facts:
            summary["energy_law"] = self.facts["energy_law"]
        if "risk" in history:
            summary["risk_initial"] = float(history["risk"][0])
            summary["risk_final"] = float(history["risk"][-1])
        return summary

    def save(
        self,
        directory: str | Path,
        *,
        overwrite: bool = False,
        compression: str = "none",
        single: bool = False,
    ) -> Path:
        """Write solution.h5, solution.xdmf, history.csv, figure.png and summary.json.

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
        from wgflow.io import save_solution

        return save_solution(
            self, Path(directory), overwrite=overwrite, compression=compression, single=single
        )

    def __repr__(self) -> str:
        cells = " x ".join(map(str, self.cells))
        return (
            f"Solution({self.solver or 'custom stepper'}, {cells} cells, t = {self.time:.6g}, "
            f"{self.facts['steps']} steps, {self.status})"
        )


def versions(comm: Communicator = SERIAL) -> dict[str, str | None]:
    """Versions of what a result depends on; None for what took no part."""
    import scipy

    from wgflow._version import __version__

    return {
        "wgflow": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        **library_versions(comm),
    }
