"""The value of a parameter at which the outcome of an equation changes, by bisection."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wgflow.errors import InputError
from wgflow.problem import Problem
from wgflow.solve import SolverLike, solve

__all__ = ["CriticalTable", "critical"]

MOST = 60  # bisections: beyond them a bracket of doubles has no middle


@dataclass(frozen=True)
class CriticalTable:
    """Outcomes at the values that a bisection has tried.

    Attributes
    ----------
    parameter, column : str
    below : float
        The outcome is whether the column ends below this.
    until : float
    tried : tuple of (value, outcome)
        In the order tried.
    bracket : (float, float)
        Neighbouring values of opposite outcomes, the lower first.
    """

    parameter: str
    column: str
    below: float
    until: float
    tried: tuple[tuple[float, float], ...]
    bracket: tuple[float, float]

    @property
    def value(self) -> float:
        """Middle of the bracket."""
        return 0.5 * (self.bracket[0] + self.bracket[1])

    def to_text(self) -> str:
        """Give the values tried, in increasing order, and the bracket."""
        head = f"{self.parameter:>14}{f'{self.column}({self.until:g})':>16}"
        lines = [head, "-" * len(head)]
        for value, outcome in sorted(self.tried):
            side = "below" if outcome < self.below else "above"
            lines.append(f"{value:>14.6g}{outcome:>16.6f}  {side}")
        half = 0.5 * (self.bracket[1] - self.bracket[0])
        lines.append(
            f"{self.column}({self.until:g}) = {self.below:g} is crossed at "
            f"{self.parameter} = {self.value:.6g} ± {half:.1g}"
        )
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Give the table as plain data."""
        return {
            "parameter": self.parameter,
            "column": self.column,
            "below": self.below,
            "until": self.until,
            "tried": [list(pair) for pair in self.tried],
            "bracket": list(self.bracket),
            "value": self.value,
        }


def critical(
    make: Callable[[float], Problem],
    solver: SolverLike | None = None,
    *,
    between: tuple[float, float],
    below: float,
    until: float,
    column: str = "risk",
    within: float = 1e-3,
    parameter: str = "parameter",
    cells: int | Sequence[int] | None = None,
    tolerance: float | None = None,
    options: dict[str, Any] | None = None,
    progress: Callable[[int], object] | None = None,
) -> CriticalTable:
    """Bisect on a parameter by whether a recorded quantity ends below a threshold.

    Parameters
    ----------
    make : callable
        ``make(value)`` gives the problem with that value of the parameter.
    solver : str or callable, optional
    between : (float, float)
        Two values with different outcomes.
    below : float
        Threshold of the column at the end.
    until : float
        When it is looked at.
    column : str
        A column of the history, such as ``"risk"`` or ``"energy"``.
    within : float
        Length of the last bracket, at most.
    parameter : str
        Its name, for the table.
    cells, tolerance, options
        As in :func:`wgflow.solve`.
    progress : callable, optional
        Called with the number of each solve before it.

    Raises
    ------
    InputError
        If the bracket is none, both ends have one outcome, or the column is unknown.
    """
    low, high = (float(v) for v in between)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"bracket {between}: give two finite numbers, the lower first")
    if not within > 0:
        raise InputError(f"within = {within}: give a number > 0")
    if not math.isfinite(below):
        raise InputError(f"below = {below}: give a finite number")
    tried: list[tuple[float, float]] = []

    def outcome(value: float) -> bool:
        if progress is not None:
            progress(len(tried))
        solution = solve(
            make(value),
            solver,
            cells=cells,
            until=until,
            tolerance=tolerance,
            snapshots=[],
            options=options,
        )
        if column not in solution.history:
            known = ", ".join(solution.history)
            raise InputError(f"the history has no column {column!r}: it has {known}")
        tried.append((value, float(solution.history[column][-1])))
        return tried[-1][1] < below

    at_low = outcome(low)
    if outcome(high) == at_low:
        both = " and ".join(f"{v:.6g} at {parameter} = {x:g}" for x, v in tried)
        raise InputError(
            f"{column} is {both}, both {'below' if at_low else 'not below'} {below:g}: "
            "give a bracket with different outcomes, or another threshold"
        )
    for _ in range(MOST):
        middle = 0.5 * (low + high)
        if high - low <= within or not low < middle < high:
            break
        low, high = (middle, high) if outcome(middle) == at_low else (low, middle)
    return CriticalTable(parameter, column, below, until, tuple(tried), (low, high))
