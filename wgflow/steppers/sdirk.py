"""A second-order implicit stepper with the guarantees of backward Euler."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.algebra.exchange import add_limited, fill_rounding, settle_mass
from wgflow.finite_volume import FiniteVolume
from wgflow.steppers.base import Step, Stepper, checked_step, divided, prefixed, under
from wgflow.steppers.control import (
    DEFAULT_TOLERANCE,
    StepControl,
    checked_choice,
)
from wgflow.steppers.implicit import dissipates, solvable
from wgflow.steppers.stage import Stage
from wgflow.steppers.upwind_stage import UpwindStage

__all__ = ["SDIRK2"]

GAMMA = 1 - 1 / math.sqrt(2)  # makes the method L-stable
EXTRAPOLATION = (1 - GAMMA) / GAMMA
# local error = ERROR_CONSTANT dt^3 rho''', from the stability function at order 3
ERROR_CONSTANT = 3 * GAMMA**2 - 2 * GAMMA**3 - 1 / 6
# share of four resolvent steps against three in the first-order companion: 3 + s = 1/gamma
FOUR_STEPS = 1 / GAMMA - 3
MIXING_ATTEMPTS = 6
TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class _Low:
    """A safe step, and what crossed each face in it."""

    density: Array
    fluxes: list[Array]


class SDIRK2(Stepper):
    """Two-stage singly diagonally implicit Runge-Kutta method of order 2, L-stable.

    With g = 1 - 1/sqrt(2) and A the rate:

        Y1 = rho + g dt A(Y1),   Y2 = (1 - c) rho + c Y1 + g dt A(Y2),   c = (1 - g)/g,

    and Y2 is the new density. For linear problems it coincides with TR-BDF2. Both stages
    share one matrix, whose factorization is reused while dt and the drift are unchanged.

    No method of order above one is positive for every dt. A step whose Y2 has a negative
    cell, or increases the free energy, is combined from Y2 and a first-order step that is
    nonnegative and dissipative for every dt: backward Euler with the interaction at the
    midpoint (a convex one that is not quadratic: at the new density) or, for a drift that does
    not depend on the density, a mean of three and four backward Euler steps of length g dt,
    which reuse the factorization; with a power law, that of Bailo, Carrillo and Hu. Where Y2
    is negative, the flux through a face is limited between the two, so that no cell loses more
    than it holds and the others keep the second-order step. If the energy still increases,
    the result is mixed with just enough of the first-order step. So, for every dt:

    - rho >= 0 exactly, and mass to rounding;
    - the free energy does not increase by more than 1e-13 (1 + |F|) per step with the
      Scharfetter-Gummel flux, unless the potential depends on time;
    - exp(-psi/T) does not move.

    With a power law, a step that still cannot be solved after several halvings is taken as the
    first-order one.

    The order is 2 for steps that are not mixed; ``facts["mixed_steps"]`` counts those that
    are, and ``Step.mixed`` is the fraction of the first-order step in the mass that moved
    otherwise. Smooth densities need none until dt exceeds what accuracy allows.

    Parameters
    ----------
    space : FiniteVolume
        With a flux that is linear in the density (Upwind, ScharfetterGummel).
    dt : float, optional
        Fixed time step. A step that cannot be solved is split into two half steps.
    tolerance : float, optional
        Permitted local error per step in L1, instead of dt; 1e-4 if neither is given. The
        estimate is that of the third time derivative, filtered by the stage's matrix.

    Raises
    ------
    InputError
        If both dt and tolerance are given, or one is not positive.

    References
    ----------
    Alexander, SIAM J. Numer. Anal. 14 (1977), for the method; Hosea, Shampine, Appl. Numer.
    Math. 20 (1996), for the filtered estimate.
    """

    order: ClassVar[int] = 2

    def __init__(
        self, space: FiniteVolume, dt: float | None = None, tolerance: float | None = None
    ) -> None:
        checked_choice(dt, tolerance)
        self.space, self.dt = space, checked_step(dt)
        self.tolerance = tolerance or DEFAULT_TOLERANCE
        self._control = StepControl(self.tolerance, self.order)
        self._stage = Stage(space, weight=1.0)
        self._euler = UpwindStage(space) if space.nonlinear else Stage(space)
        self._rate: Array | None = None  # at the start of a controlled step
        self._mixed_steps = 0

    @property
    def facts(self) -> dict[str, float]:
        """Number of steps that were not wholly of second order."""
        return {"mixed_steps": self._mixed_steps}

    def state(self) -> Values:
        """Give what the next steps depend on; see :class:`Stepper`."""
        return {
            **prefixed("control", self._control.state()),
            **prefixed("stage", self._stage.state()),
            **prefixed("euler", self._euler.state()),
            "rate": self._rate,
            "mixed_steps": self._mixed_steps,
        }

    def restore(self, state: Values) -> None:
        """Go on from such a state."""
        self._control.restore(under("control", state))
        self._stage.restore(under("stage", state))
        self._euler.restore(under("euler", state))
        self._rate = cast(Array | None, state.get("rate"))
        self._mixed_steps = cast(int, state["mixed_steps"])

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``."""
        if self.dt is None:
            step = self._controlled(density, time, limit)
        else:
            step, _, _ = self._solvable(density, time, divided(self.dt, limit))
        self._mixed_steps += step.mixed > 0
        settle_mass(self.space.grid, step.density, self.space.grid.integrate(density))
        return step

    def _solvable(self, density: Array, time: float, dt: float) -> tuple[Step, Array, Array]:
        rates: list[Array] = []

        def attempt(dt: float) -> Step:
            step, *rates[:] = self._attempt(density, time, dt)
            return step

        def rescue(dt: float) -> Step:
            result = self._euler.solve(density, density, time + dt, dt)
            rates[:] = [(result.density - density) / dt] * 2
            return Step(result.density, dt, result.iterations, mixed=1.0)

        # only for the stages of a power law is the safe step easier to solve
        other = rescue if self.space.nonlinear else None
        step = solvable(attempt, time, dt, other, self.space.grid.comm)
        return step, rates[0], rates[1]

    def _attempt(self, density: Array, time: float, dt: float) -> tuple[Step, Array, Array]:
        """Take a step; give the rates of its two stages too."""
        length = GAMMA * dt
        one = self._stage.solve(density, density, time + length, length)
        given = density + EXTRAPOLATION * (one.density - density)
        two = self._stage.solve(given, one.density, time + dt, length)
        fill_rounding(self.space.grid, two.density)
        rates = (one.density - density) / length, (two.density - given) / length
        iterations = one.iterations + two.iterations
        if self._keeps(two.density, density, time):
            return Step(two.density, dt, iterations), *rates
        low, more = self._companion(density, one.density, time, dt)
        mixed = self._mended(low, one.density, two.density, density, time, dt)
        apart = self._size(two.density - low.density)
        share = self._size(two.density - mixed) / apart if apart > 0 else 0.0
        return Step(mixed, dt, iterations + more, mixed=max(share, TINY)), *rates

    def _size(self, values: Array) -> float:
        return self.space.grid.integrate(np.abs(values))

    def _keeps(self, new: Array, old: Array, time: float) -> bool:
        """Whether a step is nonnegative and dissipative."""
        return self.space.grid.minimum(new) >= 0 and dissipates(self.space, new, old, time)

    def _companion(self, density: Array, one: Array, time: float, dt: float) -> tuple[_Low, int]:
        """First-order step that keeps every promise, and the iterations it took."""
        energy = self.space.energy
        length = GAMMA * dt
        if energy.interacting or energy.time_dependent or self.space.nonlinear:
            result = self._euler.solve(density, density, time + dt, dt)
            fluxes = self._euler.fluxes(result.density, density, time + dt, dt)
            return _Low(result.density, fluxes), result.iterations
        powers = [one]
        for _ in range(3):
            powers.append(self._stage.solve(powers[-1], powers[-1], time + dt, length).density)
        low = (1 - FOUR_STEPS) * powers[2] + FOUR_STEPS * powers[3]
        # the first of the steps has the time scale of its own stage
        first = self._stage.fluxes(one, one, time + length, length)
        moving = powers[1] + powers[2] + FOUR_STEPS * powers[3]
        others = self._stage.fluxes(moving, moving, time + dt, length)
        return _Low(low, [a + b for a, b in zip(first, others, strict=True)]), 0

    def _mended(
        self, low: _Low, one: Array, two: Array, old: Array, time: float, dt: float
    ) -> Array:
        """Density between the safe and the accurate step that keeps the promises."""
        space, length = self.space, GAMMA * dt
        best = two
        if space.grid.minimum(two) < 0:
            first = self._stage.fluxes(one, one, time + length, (1 - GAMMA) * dt)
            second = self._stage.fluxes(two, two, time + dt, length)
            extra = [a + b - c for a, b, c in zip(first, second, low.fluxes, strict=True)]
            best = add_limited(space.grid, low.density, extra)
        share = 1.0
        for _ in range(MIXING_ATTEMPTS):
            mixed: Array = (1 - share) * low.density + share * best
            if self._keeps(mixed, old, time):
                return mixed
            share /= 2
        return low.density

    def _controlled(self, density: Array, time: float, limit: float) -> Step:
        if self._rate is None:
            self._rate = self.space.rate(density, time).values
        last = self._rate

        def attempt(dt: float) -> tuple[Step, float]:
            nonlocal last
            step, first, last = self._solvable(density, time, dt)
            return step, self._error(step, first, last, time)

        step = self._control.take(attempt, self.space, self._rate, time, limit)
        self._rate = last
        return step

    def _error(self, step: Step, first: Array, second: Array, time: float) -> float:
        """Local error in L1 from the rates at 0, gamma dt and dt."""
        assert self._rate is not None
        early = (first - self._rate) / GAMMA
        late = (second - first) / (1 - GAMMA)
        third = 2 * (late - early)  # dt^2 times the third derivative
        raw = ERROR_CONSTANT * step.dt * third
        # the filter takes out what stiff components, which the method damps, put in
        filtered = self._stage.filtered(raw, step.density, time + step.dt, GAMMA * step.dt)
        return self.space.grid.integrate(np.abs(filtered))
