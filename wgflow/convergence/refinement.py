"""How a recorded quantity converges under refinement, if no exact value is known."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.problem import Problem
from wgflow.solve import SolverLike, solve

__all__ = ["RefinementTable", "refinement"]


@dataclass(frozen=True)
class RefinementTable:
    """Values of one history column at some times, on a sequence of grids.

    Attributes
    ----------
    column : str
    cells : tuple of int
        Cells per axis on each grid, each a fixed multiple of the previous.
    times : (T,) array
    values : (L, T) array
    """

    column: str
    cells: tuple[int, ...]
    times: Array
    values: Array

    @property
    def ratio(self) -> float:
        """Refinement factor from grid to grid."""
        return self.cells[1] / self.cells[0]

    @property
    def orders(self) -> Array:
        """Observed orders from the three finest grids; nan where differences change sign."""
        coarse, fine = (np.diff(self.values, axis=0)[i] for i in (-2, -1))
        with np.errstate(divide="ignore", invalid="ignore"):
            quotient = coarse / fine
            orders = np.log(np.where(quotient > 0, quotient, math.nan)) / math.log(self.ratio)
        result: Array = orders
        return result

    @property
    def limits(self) -> Array:
        """Richardson's extrapolation from the two finest grids, by the observed order.

        The order is taken within [1, 2]; where none is observed the finest value stands.
        """
        order = np.clip(self.orders, 1.0, 2.0)
        gain = (self.values[-1] - self.values[-2]) / (self.ratio**order - 1)
        result: Array = self.values[-1] + np.where(np.isnan(gain), 0.0, gain)
        return result

    def to_text(self) -> str:
        """Return the values as a table, one line per grid."""
        head = f"{'cells':>12}" + "".join(f"{self.column}({t:g})".rjust(14) for t in self.times)
        lines = [head, "-" * len(head)]
        for n, row in zip(self.cells, self.values, strict=True):
            lines.append(f"{n:>12}" + "".join(f"{v:>14.6f}" for v in row))
        lines.append("extrapolated" + "".join(f"{v:>14.6f}" for v in self.limits))
        lines.append("       order" + "".join(f"{v:>14.2f}" for v in self.orders))
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return the table as plain data."""
        return {
            "column": self.column,
            "cells": list(self.cells),
            "times": self.times.tolist(),
            "values": self.values.tolist(),
            "orders": self.orders.tolist(),
            "extrapolated": self.limits.tolist(),
        }


def refinement(
    problem: Problem,
    solver: SolverLike | None = None,
    *,
    cells: Sequence[int],
    times: Sequence[float],
    column: str = "risk",
    options: dict[str, Any] | None = None,
    progress: Callable[[int], object] | None = None,
) -> RefinementTable:
    """Solve on a sequence of grids and tabulate a recorded quantity.

    Parameters
    ----------
    problem : Problem
    solver : str or callable, optional
    cells : sequence of int
        At least three numbers of cells, each the same multiple of the previous.
    times : sequence of float
        Increasing; the run ends at the last.
    column : str
        A column of the history, such as ``"risk"`` or ``"energy"``.
    options : dict, optional
        Additional arguments of the solver.
    progress : callable, optional
        Called with the number of each grid before it is solved.

    Raises
    ------
    InputError
        If there are fewer than three grids, they are not a geometric sequence, or the column is
        unknown.
    """
    if len(cells) < 3 or len({b / a for a, b in itertools.pairwise(cells)}) != 1:
        raise InputError(f"grids {list(cells)}: give at least three, each the same multiple finer")
    if len(times) == 0 or any(b <= a for a, b in itertools.pairwise((0.0, *times))):
        raise InputError(f"times {list(times)}: give positive, increasing times")
    values = []
    for number, n in enumerate(cells):
        if progress is not None:
            progress(number)
        solution = solve(
            problem, solver, cells=n, until=times[-1], snapshots=list(times), options=options
        )
        if column not in solution.history:
            known = ", ".join(solution.history)
            raise InputError(f"the history has no column {column!r}: it has {known}")
        values.append([solution.at(t, column) for t in times])
    return RefinementTable(column, tuple(cells), np.array(times, dtype=float), np.array(values))
