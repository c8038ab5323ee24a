"""Backward Euler."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.errors import SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.steppers.base import Step, Stepper, checked_step, divided
from wgflow.steppers.control import (
    DEFAULT_TOLERANCE,
    MAXIMUM_REJECTIONS,
    StepControl,
    checked_choice,
    unreached,
)
from wgflow.steppers.stage import Stage

__all__ = ["ImplicitEuler", "solvable"]

MAXIMUM_HALVINGS = 20


def solvable(attempt: Callable[[float], Step], time: float, dt: float) -> Step:
    """Attempt a step, halving it until its equations can be solved.

    Raises
    ------
    SolverError
        If a step of ``dt / 2**20`` cannot be solved either.
    """
    for halvings in range(MAXIMUM_HALVINGS + 1):
        try:
            step = attempt(dt)
        except SolverError as error:
            last = error
            dt /= 2
        else:
            return step if halvings == 0 else step.after(halvings)
    raise SolverError(
        f"no step could be solved at t = {time:.6g} down to dt = {2 * dt:.3g}: {last}"
    )


class ImplicitEuler(Stepper):
    """Backward Euler with the interaction at the midpoint: rho >= 0 at every dt.

    Order 1 in time. Mass is kept to rounding. With the Scharfetter-Gummel flux the free
    energy does not increase, whatever dt, and exp(-psi/T) does not move.

    Parameters
    ----------
    space : FiniteVolume
        With a flux that is linear in the density (Upwind, ScharfetterGummel).
    dt : float, optional
        Fixed time step. A step that cannot be solved is done in halves.
    tolerance : float, optional
        Local error in L1 a step may make, in place of dt; 1e-4 if neither is given.

    Raises
    ------
    InputError
        If both dt and tolerance are given, or one is not positive.

    References
    ----------
    Schlichting, Seis (2022), for the energy law with the midpoint interaction.
    """

    order: ClassVar[int] = 1

    def __init__(
        self, space: FiniteVolume, dt: float | None = None, tolerance: float | None = None
    ) -> None:
        checked_choice(dt, tolerance)
        self.space, self.dt = space, checked_step(dt)
        self.tolerance = tolerance or DEFAULT_TOLERANCE
        self._control = StepControl(self.tolerance, self.order)
        self._stage = Stage(space)
        self._speed: Array | None = None  # rate of change over the last step

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``; see :class:`Stepper`."""
        if self.dt is not None:
            return self._solvable(density, time, divided(self.dt, limit))
        return self._controlled(density, time, limit)

    def _solvable(self, density: Array, time: float, dt: float) -> Step:
        def attempt(dt: float) -> Step:
            result = self._stage.solve(density, density, time + dt, dt)
            self.space.settle_mass(result.density, self.space.grid.integrate(density))
            return Step(result.density, dt, result.iterations)

        return solvable(attempt, time, dt)

    def _controlled(self, density: Array, time: float, limit: float) -> Step:
        if self._speed is None:
            self._speed = self.space.rate(density, time).values
        asked = self._control.first(self.space, self._speed, limit)
        rejections = 0
        for _ in range(MAXIMUM_REJECTIONS):
            step = self._solvable(density, time, divided(asked, limit))
            rejections += step.rejections
            speed = (step.density - density) / step.dt
            # half the change of the rate over the step: the local error of backward Euler
            error = step.dt / 2 * self.space.grid.integrate(np.abs(speed - self._speed))
            if self._control.accepts(error, step.dt, asked):
                break
            asked = self._control.first(self.space, self._speed, limit)
            rejections += 1
        else:
            raise SolverError(unreached(self.tolerance, error, step.dt, time))
        self._speed = speed
        return Step(step.density, step.dt, step.iterations, rejections, error)
