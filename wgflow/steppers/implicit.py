"""Backward Euler."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.algebra.exchange import settle_mass
from wgflow.errors import SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.fluxes import BailoCarrilloHu
from wgflow.parallel import SERIAL, Communicator, all_failed
from wgflow.steppers.base import Step, Stepper, checked_step, divided, prefixed, under
from wgflow.steppers.control import (
    DEFAULT_TOLERANCE,
    StepControl,
    checked_choice,
)
from wgflow.steppers.stage import Stage
from wgflow.steppers.upwind_stage import UpwindStage

__all__ = ["ImplicitEuler", "dissipates", "solvable"]

MAXIMUM_HALVINGS = 20
RESCUED_AFTER = 3  # halvings
ENERGY_ROUNDING = 1e-13  # relative increase of the energy that is taken for rounding


def solvable(
    attempt: Callable[[float], Step],
    time: float,
    dt: float,
    rescue: Callable[[float], Step] | None = None,
    comm: Communicator = SERIAL,
) -> Step:
    """Attempt a step, halving it until its equations can be solved.

    After a few halvings it is taken by another method, if there is one.

    Raises
    ------
    SolverError
        If a step of ``dt / 2**20`` cannot be solved either.
    """
    for halvings in range(MAXIMUM_HALVINGS + 1):
        try:
            chosen = rescue if rescue is not None and halvings >= RESCUED_AFTER else attempt
            step = chosen(dt)
        except SolverError as error:
            if not all_failed(comm):  # by what a user's energy raises on one rank
                raise
            last = error
            dt /= 2
        else:
            return step if halvings == 0 else step.after(halvings)
    raise SolverError(
        f"no step could be solved at t = {time:.6g} down to dt = {2 * dt:.3g}: {last}"
    )


def dissipates(space: FiniteVolume, new: Array, old: Array, time: float) -> bool:
    """Whether the free energy does not increase, up to its rounding; True if it has no law."""
    energy = space.energy
    if energy.time_dependent:
        return True
    before, after = energy.value(old, time), energy.value(new, time)
    return not after > before + ENERGY_ROUNDING * (1 + abs(before))


class ImplicitEuler(Stepper):
    """Backward Euler with the interaction at the midpoint: rho >= 0 at every dt.

    Convex terms that are not quadratic in the density, such as the risk of a loss other than the
    square, are taken at the new density. Order 1 in time. Mass is conserved to rounding. With the
    fluxes of Scharfetter and Gummel and of Bailo, Carrillo and Hu the free energy does not
    increase, for any dt, unless the potential depends on time. With the Scharfetter-Gummel
    flux and a power law this is checked, and a step that would increase it, or still cannot be
    solved after several halvings, uses the other flux; ``facts["mixed_steps"]`` counts these.
    With the Scharfetter-Gummel flux exp(-psi/T) does not move.

    Parameters
    ----------
    space : FiniteVolume
        With a flux that is linear in the density (Upwind, ScharfetterGummel), or
        BailoCarrilloHu.
    dt : float, optional
        Fixed time step. A step that cannot be solved is split into two half steps.
    tolerance : float, optional
        Permitted local error per step in L1, instead of dt; 1e-4 if neither is given.

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
        bailo = isinstance(space.flux, BailoCarrilloHu)
        self._stage = UpwindStage(space) if bailo else Stage(space)
        # no law is known for the fitted flux with a power law: its steps are checked
        self._lawful = UpwindStage(space) if space.nonlinear and not bailo else None
        self._speed: Array | None = None  # rate of change over the last step
        self._mixed_steps = 0

    @property
    def facts(self) -> dict[str, float]:
        """Number of steps that were taken by the other flux, where there is one."""
        return {"mixed_steps": self._mixed_steps} if self._lawful else {}

    def state(self) -> Values:
        """Give what the next steps depend on; see :class:`Stepper`."""
        return {
            **prefixed("control", self._control.state()),
            **prefixed("stage", self._stage.state()),
            "speed": self._speed,
            "mixed_steps": self._mixed_steps,
        }

    def restore(self, state: Values) -> None:
        """Go on from such a state."""
        self._control.restore(under("control", state))
        self._stage.restore(under("stage", state))
        self._speed = cast(Array | None, state.get("speed"))
        self._mixed_steps = cast(int, state["mixed_steps"])

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``; see :class:`Stepper`."""
        if self.dt is not None:
            step = self._solvable(density, time, divided(self.dt, limit))
        else:
            step = self._controlled(density, time, limit)
        self._mixed_steps += step.mixed > 0
        return step

    def _solvable(self, density: Array, time: float, dt: float) -> Step:
        grid = self.space.grid

        def taken(stage: Stage | UpwindStage, dt: float, mixed: float) -> Step:
            result = stage.solve(density, density, time + dt, dt)
            settle_mass(grid, result.density, grid.integrate(density))
            return Step(result.density, dt, result.iterations, mixed=mixed)

        lawful = self._lawful
        if lawful is None:
            return solvable(lambda dt: taken(self._stage, dt, 0.0), time, dt, comm=grid.comm)

        def attempt(dt: float) -> Step:
            step = taken(self._stage, dt, 0.0)
            kept = dissipates(self.space, step.density, density, time)
            return step if kept else taken(lawful, dt, 1.0)

        return solvable(attempt, time, dt, lambda dt: taken(lawful, dt, 1.0), grid.comm)

    def _controlled(self, density: Array, time: float, limit: float) -> Step:
        if self._speed is None:
            self._speed = self.space.rate(density, time).values
        speed = before = self._speed

        def attempt(dt: float) -> tuple[Step, float]:
            nonlocal speed
            step = self._solvable(density, time, dt)
            speed = (step.density - density) / step.dt
            # half the change of the rate over the step: the local error of backward Euler
            return step, step.dt / 2 * self.space.grid.integrate(np.abs(speed - before))

        step = self._control.take(attempt, self.space, before, time, limit)
        self._speed = speed
        return step
