"""JKO steps with the linearized Wasserstein distance, by finite volumes."""

from __future__ import annotations

from typing import ClassVar, cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.errors import SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.steppers.base import Step, Stepper, checked_step, divided, prefixed, under
from wgflow.steppers.control import DEFAULT_TOLERANCE, StepControl, checked_choice
from wgflow.steppers.implicit import solvable
from wgflow.steppers.jko.linearized_search import LAWLESS, Tally, solve_step

__all__ = ["LinearizedJKO"]


class LinearizedJKO(Stepper):
    """Steps that minimize W²/(2 tau s) + F, with the distance linearized at the new density.

    rho >= 0, mass to rounding, and the energy law at every tau.

    Parameters
    ----------
    space : FiniteVolume
        Of any flux: the scheme has its own.
    tau : float, optional
        Fixed time step. A step that cannot be solved is done in halves.
    tolerance : float, optional
        Local error in L1 a step may make, in place of tau; 1e-4 if neither is given.

    Raises
    ------
    InputError
        If both tau and tolerance are given, or one is not positive.

    References
    ----------
    Cancès, Gallouët, Todeschi, Numer. Math. 146 (2020).
    """

    order: ClassVar[int] = 1
    variational: ClassVar[bool] = True

    def __init__(
        self, space: FiniteVolume, tau: float | None = None, tolerance: float | None = None
    ) -> None:
        checked_choice(tau, tolerance, "tau")
        self.space, self.tau = space, checked_step(tau, "tau")
        self.tolerance = tolerance or DEFAULT_TOLERANCE
        self._control = StepControl(self.tolerance, self.order)
        self._potential: Array | None = None  # of the last step
        self._speed: Array | None = None  # rate of change over it
        self._tally = Tally()

    @property
    def facts(self) -> dict[str, float]:
        """Iterations by now, and shorter steps on the way to steps."""
        return self._tally.facts

    def state(self) -> Values:
        """Give what the next steps depend on; see :class:`Stepper`."""
        return {
            **prefixed("control", self._control.state()),
            "potential": self._potential,
            "speed": self._speed,
            **prefixed("tally", self._tally.state()),
        }

    def restore(self, state: Values) -> None:
        """Go on from such a state."""
        self._control.restore(under("control", state))
        self._potential = cast(Array | None, state.get("potential"))
        self._speed = cast(Array | None, state.get("speed"))
        self._tally.restore(under("tally", state))

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``; see :class:`Stepper`."""
        if self.tau is not None:
            return self._solvable(density, time, divided(self.tau, limit))
        return self._controlled(density, time, limit)

    def _solvable(self, density: Array, time: float, dt: float) -> Step:
        return solvable(
            lambda dt: self._attempt(density, time, dt), time, dt, comm=self.space.grid.comm
        )

    def _attempt(self, old: Array, time: float, dt: float) -> Step:
        """Solve one step."""
        space, end = self.space, time + dt
        found = solve_step(space, old, end, dt * space.problem.scale(end), self._potential)
        self._potential = found.potential
        self._tally.add(found)
        if found.excess > LAWLESS * (1 + abs(space.energy.value(old, end))):
            # a saddle or maximum, of an energy not convex
            raise SolverError(
                f"W²/(2 tau) + F rose by {found.excess:.3g} in a step of {dt:.3g}: give a smaller "
                "tau"
            )
        return Step(
            found.density, dt, found.iterations, movement=found.movement, excess=found.excess
        )

    def _controlled(self, density: Array, time: float, limit: float) -> Step:
        """Take a step whose local error is that of the tolerance."""
        if self._speed is None:
            self._speed = self.space.rate(density, time).values
        speed = before = self._speed

        def attempt(dt: float) -> tuple[Step, float]:
            nonlocal speed
            step = self._solvable(density, time, dt)
            speed = (step.density - density) / step.dt
            # half the change of the rate over the step: the local error of the scheme
            return step, step.dt / 2 * self.space.grid.integrate(np.abs(speed - before))

        step = self._control.take(attempt, self.space, before, time, limit)
        self._speed = speed
        return step
