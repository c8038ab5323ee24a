"""The JKO scheme on grids by ascent of its dual."""

from __future__ import annotations

import math
from typing import ClassVar, cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.energies.entropy import DiscreteEntropy
from wgflow.energies.power_law import DiscretePowerLaw
from wgflow.errors import InputError, SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.steppers.base import Step, Stepper, checked_step, divided, prefixed, under
from wgflow.steppers.control import DEFAULT_TOLERANCE, StepControl, checked_choice
from wgflow.steppers.implicit import solvable
from wgflow.steppers.jko.ascent import ascend
from wgflow.steppers.jko.dual import Dual, LocalEnergy, Point

__all__ = ["BackAndForth"]

GAP = 1e-4  # default, of the movement
ITERATIONS = 400  # of one step, default
OUTER = 60  # largest number of drifts of a step
ROUNDING = 1e-13  # of the energy: what is below is no gap
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
            raise InputError(f"gap = {gap}: give a share of the movement in (0, 1], such as {GAP}")
        if not (iterations == int(iterations) and iterations >= 1):
            raise InputError(f"iterations = {iterations}: give a whole number >= 1")
        if obstacle is not None and math.isnan(obstacle):
            raise InputError("obstacle = nan: give the potential from which on cells are closed")
        self._gap, self._iterations, self._obstacle = gap, int(iterations), obstacle
        self._widths = _equal_widths(space)
        self._periodic = [axis.periodic for axis in space.grid.box.axes]
        self._volume = math.prod(self._widths)
        self._local = _local_energy(space)
        self._control = StepControl(self.tolerance, self.order)
        self._pressure: Array | None = None  # potential less drift, of all cells
        self._speed: Array | None = None
        self._counts = {"iterations": 0, "outer": 0}
        self._largest = {"duality_gap": 0.0, "relative_gap": 0.0}

    @property
    def facts(self) -> dict[str, float]:
        """Largest duality gap of a step, in units of the energy and of the movement; iterations.

        ``outer`` counts the drifts that were tried.
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
        }

    def restore(self, state: Values) -> None:
        """Go on from such a state."""
        self._control.restore(under("control", state))
        self._counts = {k: int(cast(int, v)) for k, v in under("counts", state).items()}
        self._largest = {k: float(cast(float, v)) for k, v in under("largest", state).items()}
        self._pressure = cast(Array | None, state.get("pressure"))
        self._speed = cast(Array | None, state.get("speed"))

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``; see :class:`Stepper`."""
        if self.tau is not None:
            return self._solvable(density, time, divided(self.tau, limit))
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

    def _solvable(self, density: Array, time: float, dt: float) -> Step:
        # every rank has the whole density and computes the same
        grid = self.space.grid
        old = grid.gather(density)
        return solvable(lambda dt: self._attempt(density, old, time, dt), time, dt, comm=grid.comm)

    def _attempt(self, density: Array, old: Array, time: float, dt: float) -> Step:
        """Solve one step, with a drift that is that of the new density."""
        space, volume = self.space, self._volume
        length, end = dt * space.problem.scale(time + dt), time + dt
        before = space.energy.value(density, end)
        rounding = ROUNDING * (1 + abs(before))
        dual = Dual(old, self._widths, length, self._local, periodic=self._periodic)
        dual.drift = self._drift(density, end)
        pressure = self._pressure if self._pressure is not None else self._local.slope(old)
        potential = dual.drift + pressure
        used, outer, missed = 0, 0, 0.0
        gap = self._gap / 2 if space.energy.interacting else self._gap  # half for the drift
        for _ in range(OUTER):
            outer += 1
            left = self._iterations - used
            potential, point, count = ascend(dual, potential, gap, rounding / volume, left)
            used += count
            new = self._block(point.moved)
            if not space.energy.interacting:
                break
            drift = self._drift(new, end)
            missed = self._missed(dual, drift, point) * volume
            if missed <= max(gap * point.cost * volume, rounding):
                break
            potential += np.where(dual.drift < np.inf, drift - dual.drift, 0.0)
            dual.drift = drift
        else:
            raise SolverError(
                f"the interaction does not settle in {OUTER} iterations with tau = {dt:.3g}: "
                "give a smaller tau"
            )
        movement = point.cost * volume
        excess = movement + space.energy.value(new, end) - before
        if excess > LAW * (1 + abs(before)):
            raise SolverError(
                f"the energy law is missed by {excess:.2g} with tau = {dt:.3g}: give a smaller "
                "gap, or a smaller tau where the interaction is not convex"
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
        largest = self._largest
        largest["duality_gap"] = max(largest["duality_gap"], gap)
        # below it, the gap is rounding
        least = ROUNDING * (1 + abs(energy)) / self._gap
        largest["relative_gap"] = max(largest["relative_gap"], gap / max(movement, least))

    def _block(self, whole: Array) -> Array:
        """Give this rank's cells."""
        grid = self.space.grid
        return whole[grid.partition.block(grid.comm.rank)].copy()

    def _drift(self, density: Array, time: float) -> Array:
        """V + U*rho in all cells, infinite in those that are closed."""
        drift = self.space.grid.gather(self.space.energy.drift(density, time))
        if self._obstacle is None:
            return drift
        drift = np.where(drift >= self._obstacle, np.inf, drift)
        if not np.isfinite(drift).any():
            raise InputError(f"obstacle = {self._obstacle:g}: it closes all cells, give more")
        return drift

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


def _equal_widths(space: FiniteVolume) -> list[float]:
    """Width of the cells along each axis, or raise InputError."""
    if space.mesh is not None:
        raise InputError(
            "back_and_forth needs the cells of a box: on a mesh use scharfetter_gummel or upwind"
        )
    grid = space.grid
    for number, axis in enumerate(grid.box.axes):
        if axis.radial is not None:
            raise InputError(
                f"axis {number} is radial: back_and_forth needs straight axes; use quantile_jko"
            )
        if not grid.uniform[number]:
            raise InputError(
                f"axis {number} has unequal cells: back_and_forth needs equal ones along an axis"
            )
    return [axis.length / n for axis, n in zip(grid.box.axes, grid.cells, strict=True)]


def _local_energy(space: FiniteVolume) -> LocalEnergy:
    """Give the entropy or power law of the energy, or raise InputError."""
    found: dict[float, float] = {}
    for term in space.energy.terms:
        if isinstance(term, DiscreteEntropy) and term.temperature > 0:
            found[1.0] = found.get(1.0, 0.0) + term.temperature
        elif isinstance(term, DiscretePowerLaw) and term.term.coefficient > 0:
            law = term.term
            found[law.exponent] = found.get(law.exponent, 0.0) + law.coefficient
    if not found:
        raise InputError(
            "back_and_forth needs an Entropy or a PowerLaw: without diffusion there is no dual "
            "to ascend; use muscl, or quantile_jko in one dimension"
        )
    if len(found) > 1 or min(found) < 1:
        kinds = ", ".join("an entropy" if m == 1 else f"m = {m:g}" for m in sorted(found))
        raise InputError(
            f"back_and_forth needs one entropy, or power laws of one exponent m > 1, and this "
            f"energy has {kinds}: use bailo_carrillo_hu"
        )
    ((exponent, coefficient),) = found.items()
    return LocalEnergy(coefficient, exponent)
