"""The JKO scheme on grids by ascent of its dual."""

from __future__ import annotations

import math
from typing import ClassVar, cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.errors import InputError, SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.parallel import all_failed
from wgflow.steppers.base import Step, Stepper, checked_step, divided, prefixed, under
from wgflow.steppers.control import DEFAULT_TOLERANCE, StepControl, checked_choice
from wgflow.steppers.jko.ascent import Unsettled, ascend
from wgflow.steppers.jko.dual import Dual, Point
from wgflow.steppers.jko.dual_problem import equal_widths, local_energy

__all__ = ["BackAndForth"]

GAP = 1e-4  # default, of the movement
ITERATIONS = 400  # of one step, default
OUTER = 60  # largest number of drifts of a step
ROUNDING = 1e-13  # of the energy: what is below is no gap
STALLED = 1e-10  # of the energy: a gap that falls no more and is below is good enough
GROWTHS = 3  # of a gap above the movement, relative to it, by halvings: they are no help
HALVINGS = 20
CRAWL = 1e6  # tau over a step that is too short to go on with
LONGER = 4.0  # largest, of a step after one that had to be halved
LAW = 1e-12  # of the energy: what a step may miss the energy law by


class BackAndForth(Stepper):
    """Minimizing movements on equal cells, found by ascent of the dual: order 1 in time.

    Parameters
    ----------
    space : FiniteVolume
        On a box of equal cells, with one entropy or power laws of one exponent m > 1;
        its flux is for the history's dissipation only.
    tau : float, optional
        Fixed time step. A step that cannot be solved is done in halves.
    tolerance : float, optional
        Local error in L1 that a step may make, in place of tau; 1e-4 if neither is given.
    gap : float
        Duality gap at which a step ends, relative to its movement, W²/(2 tau s).
    iterations : int
        Largest number of evaluations of the dual a step.
    obstacle : float, optional
        Value of the potential from which on cells are closed: their density is 0.

    Raises
    ------
    InputError
        If the cells or the energy are of another kind, or a number is out of its range.

    References
    ----------
    Jacobs, Lee, Léger, ESAIM: COCV 27 (2021).
    """

    order: ClassVar[int] = 1
    variational: ClassVar[bool] = True
    shared: ClassVar[frozenset[str]] = frozenset({"pressure"})

    def __init__(
        self,
        space: FiniteVolume,
        tau: float | None = None,
        tolerance: float | None = None,
        gap: float = GAP,
        iterations: int = ITERATIONS,
        obstacle: float | None = None,
    ) -> None:
        checked_choice(tau, tolerance, "tau")
        self.space, self.tau = space, checked_step(tau, "tau")
        self.tolerance = tolerance or DEFAULT_TOLERANCE
        if not 0 < gap <= 1:
            raise InputError(
                f"gap = {gap}: give a fraction of the movement in (0, 1], such as {GAP}"
            )
        if not (iterations == int(iterations) and iterations >= 1):
            raise InputError(f"iterations = {iterations}: give a whole number >= 1")
        if obstacle is not None and math.isnan(obstacle):
            raise InputError("obstacle = nan: give the potential above which cells are closed")
        self._gap, self._iterations, self._obstacle = gap, int(iterations), obstacle
        self._widths = equal_widths(space)
        self._periodic = [axis.periodic for axis in space.grid.box.axes]
        self._volume = math.prod(self._widths)
        self._local = local_energy(space)
        self._control = StepControl(self.tolerance, self.order)
        self._pressure: Array | None = None  # potential less drift, of all cells
        self._speed: Array | None = None
        self._reach: float | None = None  # step that was done in place of tau
        self._checked = obstacle is None
        self._counts = {"iterations": 0, "outer": 0, "stalled": 0, "stays": 0}
        self._largest = {"duality_gap": 0.0, "relative_gap": 0.0}

    @property
    def facts(self) -> dict[str, float]:
        """Largest duality gap of a step, in units of the energy and of the movement; iterations.

        ``outer`` counts the drifts that were tried, ``stalled`` the steps near rest whose gap was
        below 1e-10 of the energy and fell no more, which ``relative_gap`` leaves out, and ``stays``
        those of them that moved nothing.
        """
        return {**self._largest, **self._counts}

    def state(self) -> Values:
        """Give the dual potential and what is counted; see :class:`Stepper`."""
        return {
            **prefixed("control", self._control.state()),
            **prefixed("counts", dict(self._counts)),
            **prefixed("largest", dict(self._largest)),
            "pressure": self._pressure,
            "speed": self._speed,
            "reach": self._reach,
        }

    def restore(self, state: Values) -> None:
        """Go on from such a state."""
        self._control.restore(under("control", state))
        self._counts = {k: int(cast(int, v)) for k, v in under("counts", state).items()}
        self._largest = {k: float(cast(float, v)) for k, v in under("largest", state).items()}
        self._pressure = cast(Array | None, state.get("pressure"))
        self._speed = cast(Array | None, state.get("speed"))
        reach = state.get("reach")
        self._reach = None if reach is None else float(cast(float, reach))

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``; see :class:`Stepper`."""
        self._check_obstacle(density, time)
        if self.tau is not None:
            return self._fixed(density, time, limit, self.tau)
        if self._speed is None:
            self._speed = self.space.rate(density, time).values
        speed = before = self._speed
        pressure = self._pressure

        def attempt(dt: float) -> tuple[Step, float]:
            nonlocal speed
            self._pressure = pressure
            step = self._solvable(density, time, dt)
            speed = (step.density - density) / step.dt
            # half the change of the rate over the step: the local error of the scheme
            return step, step.dt / 2 * self.space.grid.integrate(np.abs(speed - before))

        step = self._control.take(attempt, self.space, before, time, limit)
        self._speed = speed
        return step

    def _fixed(self, density: Array, time: float, limit: float, tau: float) -> Step:
        """Take a step of tau, or of a few times what could be done before."""
        wanted = tau if self._reach is None else min(tau, LONGER * self._reach)
        step = self._solvable(density, time, divided(wanted, limit))
        if step.rejections:
            self._reach = step.dt
            if step.dt < tau / CRAWL:
                raise SolverError(
                    f"at t = {time:.6g} the duality gap is reached only with steps "
                    f"of {step.dt:.3g}, not of tau = {tau:.3g}: reduce tau, or give more iterations"
                )
        elif self._reach is not None:
            self._reach = wanted if wanted < tau else None
        return step

    def _solvable(self, density: Array, time: float, dt: float) -> Step:
        # every rank has the whole density and computes the same
        grid = self.space.grid
        old = grid.gather(density)
        relative, growths = math.inf, 0
        for halvings in range(HALVINGS + 1):
            try:
                step = self._attempt(density, old, time, dt)
            except SolverError as error:
                if not all_failed(grid.comm):  # by what a user's energy raises on one rank
                    raise
                last = error
                if isinstance(error, Unsettled):
                    lost = error.relative > max(relative, 1.0)
                    growths = growths + 1 if lost else 0
                    relative = error.relative
                if growths >= GROWTHS:
                    break
                dt /= 2
            else:
                return step if halvings == 0 else step.after(halvings)
        raise SolverError(
            f"no step could be solved at t = {time:.6g} down to dt = {dt:.3g}, and shorter ones "
            f"are no easier: {last}"
        )

    def _attempt(self, density: Array, old: Array, time: float, dt: float) -> Step:
        """Solve one step, with a drift that is that of the new density."""
        space, volume = self.space, self._volume
        length, end = dt * space.problem.scale(time + dt), time + dt
        before = space.energy.value(density, end)
        rounding, stalled = ROUNDING * (1 + abs(before)), STALLED * (1 + abs(before))
        dual = Dual(old, self._widths, length, self._local, periodic=self._periodic)
        dual.drift = self._drift(density, end)
        pressure = self._pressure if self._pressure is not None else self._local.slope(old)
        potential = dual.drift + pressure
        used, outer, missed = 0, 0, 0.0
        gap = self._gap / 2 if space.energy.interacting else self._gap  # half for the drift
        for _ in range(OUTER):
            outer += 1
            left = self._iterations - used
            floors = rounding / volume, stalled / volume
            potential, point, count = ascend(dual, potential, gap, floors[0], left, floors[1])
            used += count
            new = self._block(point.moved)
            if not space.energy.interacting:
                break
            drift = self._drift(new, end)
            missed = self._missed(dual, drift, point) * volume
            if missed <= max(gap * point.cost * volume, stalled if outer == OUTER else rounding):
                break
            potential += np.where(dual.drift < np.inf, drift - dual.drift, 0.0)
            dual.drift = drift
        else:
            raise SolverError(
                f"the interaction does not settle in {OUTER} iterations with tau = {dt:.3g}: "
                "reduce tau"
            )
        movement = point.cost * volume
        excess = movement + space.energy.value(new, end) - before
        if excess > LAW * (1 + abs(before)) and point.gap * volume + missed <= stalled:
            # to stay is a plan of cost 0, whose gap is smaller by the excess
            new, movement, excess = density.copy(), 0.0, 0.0
            self._counts["stays"] += 1
        if excess > LAW * (1 + abs(before)):
            raise SolverError(
                f"the energy law is missed by {excess:.2g} with tau = {dt:.3g}: reduce gap, "
                "or reduce tau if the interaction is not convex"
            )
        self._keep(potential, dual, point, missed, before)
        self._counts["iterations"] += used
        self._counts["outer"] += outer
        return Step(new, dt, used, movement=movement, excess=excess)

    def _keep(
        self, potential: Array, dual: Dual, point: Point, missed: float, energy: float
    ) -> None:
        """Note the dual potential of a step, and its gap."""
        inside = dual.drift < np.inf
        self._pressure = np.where(inside, potential - np.where(inside, dual.drift, 0.0), 0.0)
        gap = point.gap * self._volume + missed
        movement = point.cost * self._volume
        largest, least = self._largest, ROUNDING * (1 + abs(energy))
        largest["duality_gap"] = max(largest["duality_gap"], gap)
        if gap > max(self._gap * movement, 2 * least):  # of the ascent and of the drift
            self._counts["stalled"] += 1
            return
        relative = gap / max(movement, 2 * least / self._gap)
        largest["relative_gap"] = max(largest["relative_gap"], relative)

    def _block(self, whole: Array) -> Array:
        """Give this rank's cells."""
        grid = self.space.grid
        return grid.partition.own(whole).copy()

    def _drift(self, density: Array, time: float) -> Array:
        """V + U*rho in all cells, infinite in those that are closed."""
        drift = self.space.grid.gather(self.space.energy.drift(density, time))
        if self._obstacle is None:
            return drift
        drift = np.where(drift >= self._obstacle, np.inf, drift)
        if not np.isfinite(drift).any():
            raise InputError(f"obstacle = {self._obstacle:g}: it closes all cells, raise it")
        return drift

    def _check_obstacle(self, density: Array, time: float) -> None:
        """Raise InputError at the first step if there is mass where cells are closed."""
        if self._checked:
            return
        grid, level = self.space.grid, cast(float, self._obstacle)
        closed = self._block(self._drift(density, time)) == np.inf
        inside = grid.integrate(np.where(closed, density, 0.0))
        whole = grid.integrate(density)
        if inside > 0:
            raise InputError(
                f"obstacle = {level:g}: the cells that it closes hold a mass of {inside:.3g} out "
                f"of {whole:.3g} at t = {time:g}: start with none there, or give a higher level"
            )
        self._checked = True

    def _missed(self, dual: Dual, drift: Array, point: Point) -> float:
        """Give the energy of the movement that the change of the drift would make."""
        change = np.where(np.isfinite(drift), drift - np.where(drift < np.inf, dual.drift, 0), 0.0)
        total, shape = 0.0, change.shape
        for axis, width in enumerate(self._widths):
            view = math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
            slopes = dual.kernels.slope_energy(
                change.reshape(view), point.moved.reshape(view), self._periodic[axis]
            )
            total += slopes / width**2
        return dual.length / 2 * total
