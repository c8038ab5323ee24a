"""Measured orders of convergence."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from wgflow import catalog
from wgflow.distances import distance
from wgflow.errors import InputError, WgflowError
from wgflow.problem import Problem
from wgflow.solution import Solution
from wgflow.solve import SolverLike, default_solver, solve

__all__ = ["ConvergenceTable", "Level", "convergence"]


@dataclass(frozen=True)
class Level:
    """One refinement level.

    Attributes
    ----------
    cells : tuple of int
    dt : float
        Largest step taken.
    error : float
    rate : float or None
        Observed order against the level before.
    """

    cells: tuple[int, ...]
    dt: float
    error: float
    rate: float | None


@dataclass(frozen=True)
class ConvergenceTable:
    """Errors and observed orders on a sequence of grids."""

    case: str
    solver: str
    norm: str
    levels: tuple[Level, ...]
    expected: float | None = None
    within: float = 0.3
    finest_error: float | None = None

    @property
    def rate(self) -> float:
        """Observed order between the two finest levels."""
        rate = self.levels[-1].rate
        return math.nan if rate is None else rate

    @property
    def passed(self) -> bool:
        """Whether the order is within the band around the expected one, and the error small.

        Both sides count: an order far above the expected one means that the error measured
        is not the one expected.
        """
        if self.expected is None:
            return True
        small = self.finest_error is None or self.levels[-1].error <= self.finest_error
        return abs(self.rate - self.expected) <= self.within and small

    def require(self, rate: float, within: float = 0.2, finest_error: float | None = None) -> None:
        """Raise unless the observed order and the finest error are as required.

        Raises
        ------
        WgflowError
            With the table, if they are not.
        """
        table = ConvergenceTable(
            self.case, self.solver, self.norm, self.levels, rate, within, finest_error
        )
        if not table.passed:
            raise WgflowError(
                f"order {self.rate:.3f} with finest error {self.levels[-1].error:.3g}, required "
                f"{rate} ± {within} and at most {finest_error}\n{table.to_text()}"
            )

    def to_text(self) -> str:
        """Give the table as text."""
        head = f"{'cells':>14} {'dt':>12} {self.norm + ' error':>14} {'order':>8}"
        lines = [head, "-" * len(head)]
        for level in self.levels:
            cells = "x".join(map(str, level.cells))
            rate = "" if level.rate is None else f"{level.rate:.3f}"
            lines.append(f"{cells:>14} {level.dt:>12.4g} {level.error:>14.4e} {rate:>8}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Give the table as what ``wgflow converge --json`` writes."""
        return {
            "case": self.case,
            "solver": self.solver,
            "norm": self.norm,
            "levels": [
                {"cells": list(v.cells), "dt": v.dt, "error": v.error, "rate": v.rate}
                for v in self.levels
            ],
            "expected": self.expected,
            "within": self.within,
            "finest_error": self.finest_error,
            "passed": self.passed,
        }


def convergence(
    problem: Problem,
    solver: SolverLike | None = None,
    *,
    cells: Sequence[int],
    dt: float | None = None,
    until: float | None = None,
    norm: str = "L1",
    case: str = "",
    options: dict[str, Any] | None = None,
    error: Callable[[Solution], float] | None = None,
    progress: Callable[[int], object] | None = None,
) -> ConvergenceTable:
    """Solve on a sequence of grids and observe the order of the error.

    Parameters
    ----------
    problem : Problem
        With an exact solution, unless ``error`` is given.
    solver : str, callable or Stepper recipe
    cells : sequence of int
        Cells an axis on each level, increasing.
    dt : float, optional
        Time step on the first level. It is refined with h so that the error in time falls
        like the one in space: dt ∝ h^(p/q) for orders p in space and q in time. Without it
        the solver chooses, explicit ones dt ∝ h.
    until : float, optional
    norm : str
        L1, L2, Linf, W1 or W2.
    case : str
        Name in the table.
    options : dict, optional
        Further arguments of the solver.
    error : callable, optional
        ``error(solution)`` in place of the norm of the difference to the exact density.
    progress : callable, optional
        Called with the level's number before each level.

    Returns
    -------
    ConvergenceTable

    Raises
    ------
    InputError
        If no exact solution is known, or the levels do not increase.
    """
    if problem.exact is None and error is None:
        raise InputError("no exact solution is known for this problem: give `error`")
    if len(cells) < 2 or any(b <= a for a, b in pairwise(cells)):
        raise InputError(f"levels {list(cells)}: give at least two increasing numbers of cells")
    power = _step_power(solver or default_solver(problem))
    levels: list[Level] = []
    name = ""
    for number, n in enumerate(cells):
        if progress is not None:
            progress(number)
        step = None if dt is None else dt * (cells[0] / n) ** power
        solution = solve(
            problem, solver, cells=n, until=until, dt=step, snapshots=[], options=options
        )
        name = solution.solver
        if error is not None:
            size = error(solution)
        else:
            exact = solution.exact_density(solution.time)
            size = distance(norm, solution.density, exact, solution.grid)
        rate = None
        if levels:
            ratio = n / levels[-1].cells[0]
            rate = _rate(levels[-1].error, size, ratio)
        largest = float(max(solution.history["dt"]))
        levels.append(Level(solution.grid.shape, largest, size, rate))
    return ConvergenceTable(case, name, norm, tuple(levels))


def _rate(coarse: float, fine: float, ratio: float) -> float:
    if not (coarse > 0 and fine > 0):
        return math.nan
    return math.log(coarse / fine) / math.log(ratio)


def _step_power(solver: SolverLike) -> float:
    """Order in space over order in time of a solver file; 1 for other solvers."""
    if not isinstance(solver, str):
        return 1.0
    order = catalog.load("solvers", solver).ORDER
    return float(order["space"]) / float(order["time"])
