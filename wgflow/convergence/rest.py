"""Runs of an equation with noise to rest, from several starts, beside its fixed point."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.convergence.invariants import ENERGY_LIMIT
from wgflow.errors import InputError
from wgflow.grid import Grid
from wgflow.parallel import SERIAL
from wgflow.problem import Problem
from wgflow.solve import DEFAULT_CELLS, solve
from wgflow.stationary import imbalance, stationary

__all__ = ["RestRow", "RestTable", "rest"]

AT_REST = 1e-8  # L1 distances below which two states count as one
TOLERANCE = 1e-4  # local error of a step, where none is given; steps grow as the run settles


@dataclass(frozen=True)
class RestRow:
    """One run to rest.

    Attributes
    ----------
    start : float
        Value of the parameter that the start depends on.
    steps : int
    energy_start, energy_end : float
        Free energy.
    increase : float
        Largest increase of the free energy in a step, relative to 1 + |F|, over the whole run.
    distance : float
        L1 distance of the density at the end to the stationary state of the same grid.
    residual : float
        L1 distance of the density at the end to the Boltzmann density of its own potential.
    risk : float
        Population risk at the end; nan without a network.
    """

    start: float
    steps: int
    energy_start: float
    energy_end: float
    increase: float
    distance: float
    residual: float
    risk: float


@dataclass(frozen=True)
class RestTable:
    """Runs to rest from several starts.

    Attributes
    ----------
    parameter : str
        What the start depends on.
    until : float
    cells : tuple of int
    rows : tuple of RestRow
    apart : float
        Largest L1 distance between two of the densities at the end.
    """

    parameter: str
    until: float
    cells: tuple[int, ...]
    rows: tuple[RestRow, ...]
    apart: float

    def judged(self) -> list[tuple[str, float, float]]:
        """Give what is judged, the worst of all runs, and its limit."""
        worst = {name: max(column) for name, column in self.columns().items()}
        return [
            ("largest rise of the free energy, relative", worst["increase"], ENERGY_LIMIT),
            ("distance to the stationary state", worst["distance"], AT_REST),
            ("residual of the Boltzmann fixed point", worst["residual"], AT_REST),
            ("distance of the states at rest", self.apart, AT_REST),
        ]

    def missed(self) -> list[str]:
        """Say what is not as the theory of the noisy flow says; empty if all is."""
        return [
            f"{name} {value:.1e}, limit {limit:.0e}"
            + (f": try a later --until than {self.until:g}" if limit == AT_REST else "")
            for name, value, limit in self.judged()
            if not value <= limit
        ]

    def to_text(self) -> str:
        """Give the runs as a table."""
        head = (
            f"{self.parameter:>8} {'steps':>6} {'F(0)':>12} {'F at rest':>14} {'rise':>8} "
            f"{'to fixed point':>15} {'residual':>9} {'risk':>11}"
        )
        lines = [f"rest at t = {self.until:g}", head, "-" * len(head)]
        lines += [
            f"{row.start:>8.4g} {row.steps:>6} {row.energy_start:>12.8g} "
            f"{row.energy_end:>14.10g} {max(row.increase, 0.0):>8.0e} {row.distance:>15.1e} "
            f"{row.residual:>9.0e} {row.risk:>11.8g}"
            for row in self.rows
        ]
        return "\n".join([*lines, f"the starts end {self.apart:.1e} apart in L1"])

    def columns(self) -> dict[str, list[float]]:
        """Give a column for each number of a run."""
        return {
            name: [float(asdict(row)[name]) for row in self.rows] for name in asdict(self.rows[0])
        }

    def to_json(self) -> dict[str, Any]:
        """Give the numbers."""
        return asdict(self)


def rest(
    make: Callable[[float], Problem],
    starts: Sequence[float],
    solver: str = "scharfetter_gummel",
    *,
    parameter: str = "start",
    until: float,
    cells: int | Sequence[int] | None = None,
    tolerance: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> RestTable:
    """Run a problem with noise to rest from several starts and look at where it comes to rest.

    With noise the free energy falls along the flow, and a state at rest solves the Boltzmann
    fixed point rho ∝ mu exp(-beta Psi(rho)), Psi with the confinement. Where the free energy is
    convex, as for the square loss, it is the only one.

    Parameters
    ----------
    make : callable
        ``make(value)`` gives the problem with that start.
    starts : sequence of float
        Two or more values.
    solver : str
        One whose states at rest are those of the fixed point on the same grid: the
        Scharfetter-Gummel flux.
    parameter : str
        Name of what the start depends on.
    until : float
        Time by which the runs are to be at rest.
    cells : int or sequence of int, optional
        As in :func:`wgflow.solve`.
    tolerance : float, optional
        Local error of a step; 1e-4 by default.
    options : mapping, optional
        Of the solver.

    Raises
    ------
    InputError
        If there are fewer than two different starts, or there is no noise.
    SolverError
        If no stationary state is found.

    References
    ----------
    Mei, Montanari, Nguyen (2018): with noise the free energy has one minimizer, the Boltzmann
    fixed point, and the flow converges to it.
    """
    if len(set(starts)) < 2:
        raise InputError(f"starts {list(starts)}: give two or more different values")
    rows, ends = [], []
    for start in starts:
        problem = make(start)
        box = problem.box
        chosen = DEFAULT_CELLS[box.dimension - 1] if cells is None else cells
        grid = Grid(box, chosen, comm=SERIAL)  # as the fixed point is
        fixed = stationary(problem, cells=grid.cells)
        run = solve(
            problem,
            solver,
            cells=grid,
            until=until,
            tolerance=TOLERANCE if tolerance is None else tolerance,
            snapshots=[],
            options=options,
        )
        energy, risk = run.history["energy"], run.history.get("risk")
        scale = 1 + float(np.abs(energy).max())
        rows.append(
            RestRow(
                start,
                run.facts["steps"],
                float(energy[0]),
                float(energy[-1]),
                run.facts["energy_max_increase"] / scale,
                _distance(grid, run.density, fixed.density),
                imbalance(problem, grid, run.density),
                math.nan if risk is None else float(risk[-1]),
            )
        )
        ends.append(run.density)
    apart = max(_distance(grid, one, other) for one, other in itertools.combinations(ends, 2))
    return RestTable(parameter, until, tuple(grid.cells), tuple(rows), apart)


def _distance(grid: Grid, one: Array, other: Array) -> float:
    return float(grid.integrate(np.abs(one - other)))
