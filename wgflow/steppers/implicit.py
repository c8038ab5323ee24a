"""Implicit steppers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError, SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.steppers.base import Step, Stepper, checked_step, divided
from wgflow.steppers.stage import Stage

__all__ = ["DEFAULT_TOLERANCE", "ImplicitEuler"]

DEFAULT_TOLERANCE = 1e-4
MAXIMUM_HALVINGS = 20
MAXIMUM_REJECTIONS = 30
SMALLEST_CHANGE, LARGEST_CHANGE, SAFETY = 0.2, 2.0, 0.9  # of a controlled step size
REJECTED_ABOVE = 1.5  # times the tolerance


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
        if dt is not None and tolerance is not None:
            raise InputError(f"dt = {dt} and tolerance = {tolerance}: give one of the two")
        if tolerance is not None and not (np.isfinite(tolerance) and tolerance > 0):
            raise InputError(f"tolerance {tolerance}: give a finite number > 0")
        self.space, self.dt = space, checked_step(dt)
        self.tolerance = tolerance or DEFAULT_TOLERANCE
        self._stage = Stage(space)
        self._next: float | None = None
        self._speed: Array | None = None  # rate of change over the last step

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``; see :class:`Stepper`."""
        if self.dt is not None:
            return self._solvable(density, time, divided(self.dt, limit))
        return self._controlled(density, time, limit)

    def _solvable(self, density: Array, time: float, dt: float) -> Step:
        """Take the step, halving it until its equations can be solved."""
        for halvings in range(MAXIMUM_HALVINGS + 1):
            try:
                result = self._stage.solve(density, density, time + dt, dt)
            except SolverError as error:
                last = error
                dt /= 2
            else:
                return Step(result.density, dt, result.iterations, halvings)
        raise SolverError(
            f"no step could be solved at t = {time:.6g} down to dt = {dt:.3g}: {last}"
        )

    def _controlled(self, density: Array, time: float, limit: float) -> Step:
        if self._speed is None or self._next is None:
            rate = self.space.rate(density, time)
            self._speed = rate.values
            size = self.space.grid.integrate(np.abs(rate.values))
            # a first step that moves about the square root of the tolerance
            self._next = limit if size == 0 else float(np.sqrt(self.tolerance)) / size
        rejections = 0
        wanted = self._next
        for _ in range(MAXIMUM_REJECTIONS):
            asked = wanted
            step = self._solvable(density, time, divided(asked, limit))
            rejections += step.rejections
            speed = (step.density - density) / step.dt
            # half the change of the rate over the step: the local error of backward Euler
            error = step.dt / 2 * self.space.grid.integrate(np.abs(speed - self._speed))
            change = SAFETY * np.sqrt(self.tolerance / max(error, 1e-300))
            wanted = step.dt * float(np.clip(change, SMALLEST_CHANGE, LARGEST_CHANGE))
            if error <= REJECTED_ABOVE * self.tolerance or not np.isfinite(error):
                break
            rejections += 1
        else:
            raise SolverError(
                f"tolerance {self.tolerance:.3g} is not reached at t = {time:.6g}, the error is "
                f"{error:.3g} with dt = {step.dt:.3g}: give a larger tolerance, or dt"
            )
        # a step cut short by the limit says little against a longer one
        self._next = max(wanted, asked) if step.dt < 0.5 * asked else wanted
        self._speed = speed
        return Step(step.density, step.dt, step.iterations, rejections, error)
