"""The JKO scheme in one dimension, on quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.errors import InputError, SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.quantiles import Line, QuantileEnergy, Quantiles, density_of, quantiles_of
from wgflow.quantiles.conversion import weights_of
from wgflow.steppers.base import Step, Stepper, checked_step, divided, prefixed, under
from wgflow.steppers.control import (
    DEFAULT_TOLERANCE,
    MAXIMUM_REJECTIONS,
    StepControl,
    checked_choice,
)
from wgflow.steppers.implicit import solvable
from wgflow.steppers.jko.newton import Movement, minimize

__all__ = ["QuantileJKO"]

FEWEST, PER_CELL = 1000, 4  # quantiles by default


@dataclass(frozen=True, eq=False)
class _Moved:
    """A step that was solved, not yet taken."""

    positions: Array
    step: Step
    energy: float


class QuantileJKO(Stepper):
    """Minimizing movements of quantiles: order 1 in time, whatever the energy.

    The quantiles are kept from step to step; each step gives the averages of their density over
    the cells. They are taken from the density anew only if it is not the one of the last step.

    Parameters
    ----------
    space : FiniteVolume
        In one dimension; its flux is for the history's dissipation only.
    tau : float, optional
        Fixed time step. A step that cannot be solved is done in halves.
    tolerance : float, optional
        Local error in W2, in units of the axis, that a step may make, in place of tau; 1e-4 if
        neither is given.
    quantiles : int, optional
        Number of intervals between quantiles; by default four a cell, and at least 1000.

    Raises
    ------
    InputError
        If the domain has not one dimension, an energy term is not known for quantiles, both tau
        and tolerance are given, or a number is out of its range.

    References
    ----------
    Jordan, Kinderlehrer, Otto (1998); Kinderlehrer, Walkington (1999); Matthes, Osberger (2014).
    """

    order: ClassVar[int] = 1
    variational: ClassVar[bool] = True
    shared: ClassVar[frozenset[str]] = frozenset({"positions", "masses", "speed"})

    def __init__(
        self,
        space: FiniteVolume,
        tau: float | None = None,
        tolerance: float | None = None,
        quantiles: int | None = None,
    ) -> None:
        checked_choice(tau, tolerance, "tau")
        self.space, self.tau = space, checked_step(tau, "tau")
        self.tolerance = tolerance or DEFAULT_TOLERANCE
        self._line = Line.of(space.grid)
        if quantiles is None:
            quantiles = max(FEWEST, PER_CELL * space.grid.cells[0])
        if not (quantiles == int(quantiles) and quantiles >= 2):
            raise InputError(f"quantiles = {quantiles}: give a whole number >= 2")
        self._count = int(quantiles)
        self._energy = QuantileEnergy(space.problem.energy, self._line)
        self._control = StepControl(self.tolerance, self.order)
        self._quantiles: Quantiles | None = None
        self._density: Array | None = None  # that of the quantiles, this rank's cells
        self._speed: Array | None = None
        self._value, self._iterations = math.nan, 0

    @property
    def facts(self) -> dict[str, float]:
        """Number of quantiles, their energy, and Newton iterations."""
        if self._quantiles is None:
            return {}
        return {
            "quantiles": len(self._quantiles.positions),
            "quantile_energy": self._value,
            "iterations": self._iterations,
        }

    @property
    def quantiles(self) -> Quantiles | None:
        """Those after the last step."""
        return self._quantiles

    def state(self) -> Values:
        """Give the quantiles and what is counted; see :class:`Stepper`."""
        if self._quantiles is None:
            return {}
        return {
            **prefixed("control", self._control.state()),
            "positions": self._quantiles.positions,
            "masses": self._quantiles.masses,
            "speed": self._speed,
            "value": self._value,
            "iterations": self._iterations,
        }

    def restore(self, state: Values) -> None:
        """Go on from such a state."""
        if "positions" not in state:
            return
        self._control.restore(under("control", state))
        self.start_from(Quantiles(cast(Array, state["positions"]), cast(Array, state["masses"])))
        self._speed = cast(Array | None, state.get("speed"))
        self._value = cast(float, state["value"])
        self._iterations = cast(int, state["iterations"])

    def start_from(self, quantiles: Quantiles) -> Array:
        """Begin with given quantiles; give their density in this rank's cells."""
        self._quantiles, self._speed = quantiles, None
        self._density = self._cells(quantiles)
        return self._density

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``; see :class:`Stepper`."""
        known = self._density is not None and np.array_equal(density, self._density)
        if self.space.grid.comm.any(not known):
            whole = self.space.grid.gather(density)
            straddle = bool(self._energy.local)
            self.start_from(quantiles_of(whole, self._line, self._count, straddle))
        if self.tau is not None:
            moved = self._solvable(time, divided(self.tau, limit))
        else:
            moved = self._controlled(time, limit)
        assert self._quantiles is not None
        before = self._quantiles
        self._speed = (moved.positions - before.positions) / moved.step.dt
        self._quantiles = Quantiles(moved.positions, before.masses)
        self._density = self._cells(self._quantiles)
        self._value = moved.energy
        self._iterations += moved.step.iterations
        return replace(moved.step, density=self._density)

    def _cells(self, quantiles: Quantiles) -> Array:
        """Density in this rank's cells."""
        grid = self.space.grid
        whole = density_of(quantiles, self._line)
        return grid.partition.own(whole).copy()

    def _solvable(self, time: float, dt: float) -> _Moved:
        found: list[_Moved] = []

        def attempt(dt: float) -> Step:
            found[:] = [self._attempt(time, dt)]
            return found[0].step

        step = solvable(attempt, time, dt)
        return replace(found[0], step=step)

    def _attempt(self, time: float, dt: float) -> _Moved:
        """Solve one step."""
        assert self._quantiles is not None
        start, masses = self._quantiles.positions, self._quantiles.masses
        length = dt * self.space.problem.scale(time + dt)
        movement = Movement(self._energy, start, masses, length, time + dt)
        before = movement.value(start)
        guess = start
        if self._speed is not None:  # on along the last step, if that is downhill
            ahead = start + dt * self._speed
            ordered = bool(np.all(self._line.gaps(ahead) >= 0))
            inside = np.array_equal(self._line.bounded(ahead), ahead)
            if ordered and inside and movement.value(ahead) < before:
                guess = ahead
        positions, value, iterations = minimize(movement, guess)
        moved = movement.distance(positions)
        step = Step(np.empty(0), dt, iterations, movement=moved, excess=value - before)
        return _Moved(positions, step, value - moved)

    def _controlled(self, time: float, limit: float) -> _Moved:
        """Take a step whose local error is that of the tolerance."""
        assert self._quantiles is not None
        start, masses = self._quantiles.positions, self._quantiles.masses
        weights = weights_of(masses, len(start))

        def size(change: Array) -> float:
            return float(np.sqrt(weights @ change**2))

        speed = self._speed
        if speed is None:
            slope = self._energy.expand(start, masses, time).gradient
            speed = -self.space.problem.scale(time) * slope / weights
        if self._control.wanted is None:
            fastest = size(speed)
            moved = math.sqrt(self.tolerance)
            self._control.wanted = min(limit, moved / fastest) if fastest > 0 else limit
        rejections = 0
        for _ in range(MAXIMUM_REJECTIONS):
            asked = self._control.wanted
            found = self._solvable(time, divided(asked, limit))
            dt = found.step.dt
            # half the change of the velocity over the step: the local error of the scheme
            error = dt / 2 * size((found.positions - start) / dt - speed)
            rejections += found.step.rejections
            if self._control.accepts(error, dt, asked):
                return replace(found, step=replace(found.step, rejections=rejections, error=error))
            rejections += 1
        raise SolverError(
            f"tolerance {self.tolerance:.3g} is not reached at t = {time:.6g}, the error is "
            f"{error:.3g} with tau = {dt:.3g}: give a larger tolerance, or tau"
        )
