"""Stationary states followed over a parameter, and where branches meet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError, SolverError
from wgflow.problem import Problem
from wgflow.stationary.state import Stationary, stationary

__all__ = ["Branch", "branch"]

VANISHED = 1e-6  # order parameter below which a state counts as the symmetric one
POINTS = 3  # of the extrapolation to the critical value: its error is of third order


@dataclass(frozen=True)
class Branch:
    """Stationary states over the values of one parameter.

    Attributes
    ----------
    parameter : str
    values : (n,) array
    states : tuple of Stationary
    """

    parameter: str
    values: Array
    states: tuple[Stationary, ...]

    @property
    def order(self) -> Array:
        """Order parameter of each state: the length of its mean, shape (n,)."""
        return np.array([float(np.linalg.norm(state.mean)) for state in self.states])

    def critical_values(self) -> list[float]:
        """Values at which the order parameter vanishes, from the side where it does not.

        Near a pitchfork the parameter is a smooth function of the square of the order
        parameter; a polynomial through the last points is evaluated at 0. Empty where the
        order parameter vanishes on both sides, or on none.
        """
        present = self.order > VANISHED
        found = []
        for i in range(len(present) - 1):
            if present[i] == present[i + 1]:
                continue
            inward = range(i, -1, -1) if present[i] else range(i + 1, len(present))
            chosen: list[int] = []
            for j in inward:
                if not present[j] or len(chosen) == POINTS:
                    break
                chosen.append(j)
            squares = self.order[chosen] ** 2
            if len(chosen) > 1:
                fit = np.polynomial.polynomial.polyfit(
                    squares, self.values[chosen], len(chosen) - 1
                )
                found.append(float(fit[0]))
        return found

    def to_text(self) -> str:
        """Give the branch as a table."""
        names = self.states[0].grid.box.names
        columns = [f"mean {name}" for name in names]
        risk = self.states[0].risk is not None
        heads = [self.parameter, *columns, "energy", *(["risk"] if risk else []), "stability"]
        lines = [" ".join(f"{h:>14}" for h in heads) + f" {'residual':>10}"]
        lines.append("-" * len(lines[0]))
        for value, state in zip(self.values, self.states, strict=True):
            row = [value, *state.mean, state.energy, *([state.risk] if risk else [])]
            text = " ".join(f"{_tidy(v):>14.8g}" for v in [*row, state.stability])
            lines.append(f"{text} {state.residual:>10.1e}")
        lines += [
            f"the mean vanishes at {self.parameter} = {critical:.6g}"
            for critical in self.critical_values()
        ]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Give the numbers of every state."""
        return {
            "parameter": self.parameter,
            "values": self.values.tolist(),
            "order": self.order.tolist(),
            "critical_values": self.critical_values(),
            "states": [state.to_json() for state in self.states],
        }


def _tidy(value: float | None) -> float:
    return math.nan if value is None else 0.0 if abs(value) < VANISHED**2 else value


def branch(
    make: Callable[[float], Problem],
    values: Sequence[float],
    *,
    parameter: str = "parameter",
    cells: int | Sequence[int] | None = None,
    stable: bool = True,
    progress: Callable[[int], object] | None = None,
) -> Branch:
    """Follow a stationary state over a parameter.

    Each search starts from the state before, the first from its problem's initial density.
    Saddles are left (see :func:`wgflow.stationary.stationary`), so that the branch of minima is
    followed past a bifurcation; with ``stable=False`` a symmetric branch is followed beyond it.

    Parameters
    ----------
    make : callable
        ``make(value)`` gives the problem.
    values : sequence of float
        In the order in which they are followed.
    parameter : str
        Name of the parameter in tables.
    cells : int or sequence of int, optional
    stable : bool
        Whether saddles are left.
    progress : callable, optional
        Called with the number of each value before its search.

    Raises
    ------
    InputError
        If there are no values, or the energy has no noise.
    SolverError
        If no state is found for a value.

    Examples
    --------
    >>> import wgflow as wg
    >>> def make(beta):
    ...     energy = wg.Potential(lambda x: x**4 / 4 - x**2 / 2) + wg.Entropy(1 / beta)
    ...     energy = energy + wg.Interaction(lambda x: x**2 / 2)
    ...     return wg.Problem(wg.Box((-4, 4)), energy, lambda x: np.exp(-((x - 0.5) ** 2)))
    >>> found = branch(make, [2.6, 2.5, 2.4, 2.3, 2.2, 2.1], cells=100)
    >>> [round(value, 2) for value in found.critical_values()]
    [2.19]
    """
    if len(values) == 0:
        raise InputError("no values to follow the branch over: give at least one")
    states: list[Stationary] = []
    start: Array | None = None
    for number, value in enumerate(values):
        if progress is not None:
            progress(number)
        try:
            state = stationary(make(value), cells=cells, start=start, stable=stable)
        except SolverError as error:
            raise SolverError(f"{parameter} = {value:g}: {error}") from error
        states.append(state)
        start = state.density
    return Branch(parameter, np.array(values, dtype=float), tuple(states))
