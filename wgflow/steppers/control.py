"""Step sizes from an estimate of the local error."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from wgflow._typing import Array, Values
from wgflow.errors import InputError, SolverError, finite
from wgflow.finite_volume import FiniteVolume
from wgflow.steppers.base import Step, divided

__all__ = ["DEFAULT_TOLERANCE", "StepControl", "checked_choice"]

DEFAULT_TOLERANCE = 1e-4
MAXIMUM_REJECTIONS = 30  # of one step
SMALLEST_CHANGE, LARGEST_CHANGE, SAFETY = 0.2, 2.0, 0.9  # of a controlled step size
REJECTED_ABOVE = 1.5  # times the tolerance
# Shares of the present step within which it is kept: a kept step keeps its factorization.
KEEP_FROM, KEEP_TO = 0.95, 1.2


class StepControl:
    """The step size that keeps the local error near a tolerance.

    Parameters
    ----------
    tolerance : float
        Local error in L1 a step may make.
    order : int
        The local error falls like dt^(order + 1).
    """

    def __init__(self, tolerance: float, order: int) -> None:
        self.tolerance, self._power = tolerance, 1.0 / (order + 1)
        self.wanted: float | None = None

    def state(self) -> Values:
        """Give the next step size, for a checkpoint."""
        return {"wanted": self.wanted}

    def restore(self, state: Values) -> None:
        """Go on with such a step size."""
        self.wanted = cast(float | None, state["wanted"])

    def first(self, space: FiniteVolume, rate: Array, limit: float) -> float:
        """First step: one that moves about tolerance^(1/(order + 1)) of the mass."""
        if self.wanted is None:
            size = space.grid.integrate(abs(rate))
            moved = self.tolerance**self._power
            self.wanted = limit if not size > 0 else min(limit, moved / size)
        return self.wanted

    def take(
        self,
        attempt: Callable[[float], tuple[Step, float]],
        space: FiniteVolume,
        rate: Array,
        time: float,
        limit: float,
    ) -> Step:
        """Attempt steps of at most ``limit`` until the error of one is accepted.

        Parameters
        ----------
        attempt : callable
            ``attempt(dt)`` gives a step, which may be shorter, and its local error in L1.
        space : FiniteVolume
        rate : array of the grid's shape
            Time derivative at the start, for the first step of a run.
        time, limit : float

        Raises
        ------
        SolverError
            If the tolerance is not reached after many attempts.
        """
        asked = self.first(space, rate, limit)
        rejections = 0
        for _ in range(MAXIMUM_REJECTIONS):
            step, error = attempt(divided(asked, limit))
            rejections += step.rejections
            if self.accepts(error, step.dt, asked):
                return replace(step, rejections=rejections, error=error)
            asked = self.first(space, rate, limit)
            rejections += 1
        raise SolverError(
            f"tolerance {self.tolerance:.3g} is not reached at t = {time:.6g}, the error is "
            f"{error:.3g} with dt = {step.dt:.3g}: give a larger tolerance, or dt"
        )

    def accepts(self, error: float, dt: float, asked: float) -> bool:
        """Judge a step of length ``dt`` where ``asked`` was wanted, and set the next."""
        accepted = error <= REJECTED_ABOVE * self.tolerance or not math.isfinite(error)
        change = SAFETY * (self.tolerance / max(error, 1e-300)) ** self._power
        change = min(max(change, SMALLEST_CHANGE), LARGEST_CHANGE)
        if accepted and KEEP_FROM <= change <= KEEP_TO:
            change = 1.0
        wanted = dt * change
        # a step cut short by the limit says little against a longer one
        cut_short = accepted and dt < 0.5 * asked and change >= 1.0
        self.wanted = max(wanted, asked) if cut_short else wanted
        return accepted


def checked_choice(dt: float | None, tolerance: float | None, word: str = "dt") -> None:
    """Raise InputError if both a step and a tolerance are given, or a bad tolerance."""
    if dt is not None and tolerance is not None:
        raise InputError(f"{word} = {dt} and tolerance = {tolerance}: give one of the two")
    if tolerance is not None and not (math.isfinite(tolerance) and tolerance > 0):
        raise InputError(f"tolerance {tolerance}: give a finite number > 0")


def joined(
    step: Mapping[str, float | None], options: Mapping[str, Any], until: float
) -> dict[str, Any]:
    """Join dt and tolerance, where given, with the options of a solver.

    Raises
    ------
    InputError
        If one is given twice, or a time step, dt or tau, is so small that times up to ``until``
        cannot tell it from 0.
    """
    for name, value in step.items():
        if value is not None and options.get(name) is not None:
            raise InputError(f"{name} = {value}, and {options[name]} as an option: give one only")
    given = {name: value for name, value in {**step, **options}.items() if value is not None}
    least = math.ulp(until)
    for name in ("dt", "tau"):
        size = given.get(name)
        if size is not None and finite(size) and 0 < size < least:
            raise InputError(
                f"time step {name} = {size}: below the resolution {least:.1e} of times up to "
                f"{until:g}; give a larger one, or none for automatic"
            )
    return given
