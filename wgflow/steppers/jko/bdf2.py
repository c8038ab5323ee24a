"""A variational BDF2 method: linearized JKO steps from an extrapolated density."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.algebra.exchange import repaired
from wgflow.finite_volume import FiniteVolume
from wgflow.steppers.base import Step, Stepper, checked_step, divided, prefixed, under
from wgflow.steppers.control import DEFAULT_TOLERANCE, StepControl, checked_choice
from wgflow.steppers.implicit import dissipates, solvable
from wgflow.steppers.jko.linearized_search import StepResult, Tally, solve_step
from wgflow.steppers.jko.linearized_step import falls

__all__ = ["VariationalBDF2"]

LARGEST_RATIO = 2.4  # of two steps, below 1 + sqrt(2) where BDF2 is stable
FIRST = 1 / 16  # share of tau of the first step; two such and three that double make one tau
LONGER = 2.0
SCALED_AWAY = 1e-6  # share of the mass that may be missing in cells below 0
KEPT = 0.1  # share of its density that the extrapolation leaves to each cell


@dataclass(frozen=True, eq=False)
class _Past:
    """What the steps before tell the next one; None where there was none."""

    potential: Array | None = None  # of the last step
    density: Array | None = None  # before it
    dt: float = 0.0
    bend: Array | None = None  # second divided difference of the densities
    span: float = 0.0  # of the last two steps


class VariationalBDF2(Stepper):
    """LJKO steps from densities that are extrapolated along the last step: order 2 in time.

    rho >= 0, mass to rounding. A step that would raise the energy, or that is more than 2.4 times
    as long as the last, is a plain LJKO step, as the first one is.

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
    Gallouët, Natale, Todeschi, Math. Comp. 93 (2024).
    """

    order: ClassVar[int] = 2
    variational: ClassVar[bool] = True

    def __init__(
        self, space: FiniteVolume, tau: float | None = None, tolerance: float | None = None
    ) -> None:
        checked_choice(tau, tolerance, "tau")
        self.space, self.tau = space, checked_step(tau, "tau")
        self.tolerance = tolerance or DEFAULT_TOLERANCE
        self._control = StepControl(self.tolerance, self.order)
        self._past, self._next = _Past(), _Past()
        self._tally = Tally()
        self._plain = 0

    @property
    def facts(self) -> dict[str, float]:
        """Iterations, and LJKO steps of order 1 that were taken besides the first."""
        return {**self._tally.facts, "plain_steps": self._plain}

    def state(self) -> Values:
        """Give what the next steps depend on; see :class:`Stepper`."""
        past = self._past
        return {
            **prefixed("control", self._control.state()),
            **prefixed("tally", self._tally.state()),
            "plain": self._plain,
            "potential": past.potential,
            "density": past.density,
            "dt": past.dt,
            "bend": past.bend,
            "span": past.span,
        }

    def restore(self, state: Values) -> None:
        """Go on from such a state."""
        self._control.restore(under("control", state))
        self._tally.restore(under("tally", state))
        self._plain = cast(int, state["plain"])
        self._past = _Past(
            cast(Array | None, state.get("potential")),
            cast(Array | None, state.get("density")),
            cast(float, state["dt"]),
            cast(Array | None, state.get("bend")),
            cast(float, state["span"]),
        )

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``; see :class:`Stepper`."""
        if self.tau is not None:
            step = self._solvable(density, time, divided(self._wanted(self.tau), limit))
        else:
            step = self._controlled(density, time, limit)
        self._past = self._next
        self._plain += step.mixed > 0
        return step

    def _wanted(self, tau: float) -> float:
        """Length of the next step: the first ones are short, for what the start has of corners."""
        past = self._past
        if past.density is None:
            return tau * FIRST
        return min(tau, past.dt if past.bend is None else LONGER * past.dt)

    def _solvable(self, density: Array, time: float, dt: float) -> Step:
        return solvable(
            lambda dt: self._attempt(density, time, dt), time, dt, comm=self.space.grid.comm
        )

    def _attempt(self, old: Array, time: float, dt: float) -> Step:
        """Take one step, of second order where that lowers the energy."""
        start, part = self._extrapolated(old, time, dt)
        if start is None:
            return self._from(old, old, time, dt, 1.0, float(self._past.density is not None))
        step = self._from(start, old, time, dt, part, 0.0)
        if dissipates(self.space, step.density, old, time):
            return step
        return self._from(old, old, time, dt, 1.0, 1.0)

    def _from(
        self, start: Array, old: Array, time: float, dt: float, part: float, mixed: float
    ) -> Step:
        """Take an LJKO step of a part of the length from some density."""
        end = time + dt
        length = part * dt * self.space.problem.scale(end)
        found = solve_step(self.space, start, end, length, self._past.potential)
        self._tally.add(found)
        self._next = self._after(found, old, dt)
        return Step(
            found.density,
            dt,
            found.iterations,
            mixed=mixed,
            movement=found.movement,
            excess=found.excess,
        )

    def _after(self, found: StepResult, old: Array, dt: float) -> _Past:
        """Give the past of the next step."""
        past, bend, span = self._past, None, 0.0
        if past.density is not None:
            span = dt + past.dt
            bend = ((found.density - old) / dt - (old - past.density) / past.dt) / span
        return _Past(found.potential, old, dt, bend, span)

    def _extrapolated(self, old: Array, time: float, dt: float) -> tuple[Array | None, float]:
        """Density from which an LJKO step of a part of dt is of second order, or None."""
        past, grid = self._past, self.space.grid
        if past.density is None or past.potential is None:
            return None, 1.0
        ratio = dt / past.dt
        if ratio > LARGEST_RATIO:
            return None, 1.0
        part = (1 + ratio) / (1 + 2 * ratio)
        length = part * dt * self.space.problem.scale(time + dt)
        ahead = old + ratio**2 / (1 + 2 * ratio) * (old - past.density)
        # the next step lowers phi by its steepness times length/2: move back what that would move
        coefficients, steepness = falls(grid, past.potential)
        for axis, (forth, _) in enumerate(coefficients):
            low, high = grid.beside(old, axis)
            upwind = np.where(forth > 0, low, high)
            distance = grid.along(grid.face_distances(axis), axis)
            flux = upwind * grid.difference(steepness, axis) / distance
            ahead += length**2 / 2 * grid.face_divergence(flux, axis)
        kept = KEPT * old
        ahead = repaired(grid, ahead - kept)
        mass = grid.integrate(ahead)
        short = -grid.integrate(np.minimum(ahead, 0.0))
        if short > SCALED_AWAY * mass:
            return None, 1.0
        if short > 0:  # in far tails, where a few cells away there is nothing to fill from
            ahead = np.maximum(ahead, 0.0) * (mass / (mass + short))
        return ahead + kept, part

    def _controlled(self, density: Array, time: float, limit: float) -> Step:
        """Take a step whose local error is that of the tolerance."""
        past, grid = self._past, self.space.grid
        before = (
            self.space.rate(density, time).values
            if past.density is None
            else (density - past.density) / past.dt
        )

        def attempt(dt: float) -> tuple[Step, float]:
            step = self._solvable(density, time, dt)
            dt, after = step.dt, self._next
            ratio = dt / past.dt if past.dt > 0 else math.inf
            if past.bend is None or after.bend is None or ratio > LARGEST_RATIO or step.mixed:
                speed = (step.density - density) / dt
                return step, dt / 2 * grid.integrate(np.abs(speed - before))
            third = (after.bend - past.bend) / (dt + past.span)
            factor = (1 + ratio) ** 2 / (ratio * (1 + 2 * ratio))
            return step, factor * dt**3 * grid.integrate(np.abs(third))

        return self._control.take(attempt, self.space, before, time, limit)
