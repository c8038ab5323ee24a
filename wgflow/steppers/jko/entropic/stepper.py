"""The JKO scheme with entropic regularization of the transport."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar, cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.algebra.exchange import settle_mass
from wgflow.errors import InputError, SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.steppers.base import Step, Stepper, checked_step, divided, prefixed, under
from wgflow.steppers.control import DEFAULT_TOLERANCE, StepControl, checked_choice
from wgflow.steppers.implicit import solvable
from wgflow.steppers.jko.entropic.bias import Bias
from wgflow.steppers.jko.entropic.kernel import GaussianKernel
from wgflow.steppers.jko.entropic.plan import Plan, Task, entropy, solve

__all__ = ["EntropicJKO"]

MARGINAL = 1e-11  # error of the second marginal, of the mass
LEAST_MARGINAL = 1e-15
WIDEST = 100.0  # blur over the longest axis: there the kernel has long been constant
SHARE, PLAIN_SHARE = 0.5, 0.05  # of the variance 2 T tau, with and without debiasing
RESOLVED = 0.7  # blur over the width of a cell at which the kernel's variance is right to 1e-3
LAW_ROUNDING = 1e-10  # relative excess above which a plan is no minimum


class EntropicJKO(Stepper):
    """Minimizing movements of the transport with entropy: order 1 in time, any grid of a box.

    Each step starts anew from the density. On several ranks all cells are gathered, and every
    rank computes the same.

    Parameters
    ----------
    space : FiniteVolume
        Its flux is for the history's dissipation only.
    tau : float, optional
        Fixed time step. A step that cannot be solved is done in halves.
    tolerance : float, optional
        Local error in L1 a step may make, in place of tau; 1e-4 if neither is given. Needs an
        entropy in the energy, and makes no step shorter than one whose blur is a cell.
    blur : float, optional
        Standard deviation of the kernel, in units of the axes; by default that of half the
        variance that the entropy adds in a step, sqrt(T tau s) (without debiasing a twentieth),
        and at least the largest width of a cell.
    debias : bool
        Whether the energy's temperature is lowered by what the blur stands for.
    marginal : float
        L1 error of the second marginal, over the mass, at which iterations end.

    Raises
    ------
    InputError
        If the cells are no box of plain axes, both tau and tolerance are given, neither is
        without an entropy, or a number is out of its range.

    References
    ----------
    Peyré (2015); Chizat, Peyré, Schmitzer, Vialard (2018).
    """

    order: ClassVar[int] = 1
    variational: ClassVar[bool] = True

    def __init__(
        self,
        space: FiniteVolume,
        tau: float | None = None,
        tolerance: float | None = None,
        blur: float | None = None,
        debias: bool = True,
        marginal: float = MARGINAL,
    ) -> None:
        checked_choice(tau, tolerance, "tau")
        _check_box(space)
        if tau is None and not space.temperature > 0:
            raise InputError(
                "tau is not given, and the energy has no entropy to choose it by (the blur adds "
                "more diffusion the smaller the steps): give tau"
            )
        if blur is not None and not (math.isfinite(blur) and blur > 0):
            raise InputError(f"blur = {blur}: give a finite length > 0, or none for automatic")
        longest = max(axis.length for axis in space.grid.box.axes)
        if blur is not None and blur > WIDEST * longest:
            raise InputError(
                f"blur = {blur:g} on axes of a length up to {longest:g}, limit {WIDEST:g} times "
                "that: give a smaller one"
            )
        if not LEAST_MARGINAL <= marginal < 1:
            raise InputError(
                f"marginal = {marginal}: give an error > 0 and < 1, at least that of rounding, "
                f"{LEAST_MARGINAL:g}"
            )
        self.space, self.tau = space, checked_step(tau, "tau")
        self.tolerance = tolerance or DEFAULT_TOLERANCE
        self.blur, self.debias, self.marginal = blur, debias, marginal
        grid = space.grid
        # the same cells as one rank sees them
        active = grid.comm.active
        self._whole = FiniteVolume(space.problem, grid.whole, space.flux) if active else space
        self._control = StepControl(self.tolerance, self.order)
        self._speed: Array | None = None  # rate of change over the last step
        self._kernel: GaussianKernel | None = None
        self._bias = Bias(self._whole)
        self._iterations, self._error, self._last_blur = 0, 0.0, math.nan

    @property
    def facts(self) -> dict[str, float]:
        """Iterations, the largest error of a marginal, the last blur, and what it adds."""
        return {
            "iterations": self._iterations,
            "marginal_error": self._error,
            "blur": self._last_blur,
            "blur_share": self._bias.share,
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """Whether the blur dominates, or is too narrow for the cells."""
        found = self._bias.warnings(self._last_blur)
        width = self._whole.grid.spacing
        if self._last_blur < RESOLVED * width:
            found += (
                f"the blur {self._last_blur:.3g} is narrow for cells of width {width:.3g}, limit "
                f"{RESOLVED:g} of it: mass sticks to its cells; give a larger blur, or more cells",
            )
        return found

    def state(self) -> Values:
        """Give what steps by tolerance depend on, and what is counted; see :class:`Stepper`."""
        return {
            **prefixed("control", self._control.state()),
            **prefixed("bias", self._bias.state()),
            "speed": self._speed,
            "iterations": self._iterations,
            "error": self._error,
            "blur": self._last_blur,
        }

    def restore(self, state: Values) -> None:
        """Go on from such a state."""
        self._control.restore(under("control", state))
        self._bias.restore(under("bias", state))
        self._speed = cast(Array | None, state.get("speed"))
        self._iterations = cast(int, state["iterations"])
        self._error = cast(float, state["error"])
        self._last_blur = cast(float, state["blur"])

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``; see :class:`Stepper`."""
        if self.tau is not None:
            return self._solvable(density, time, divided(self.tau, limit))
        if self._speed is None:
            self._speed = self.space.rate(density, time).values
        speed = before = self._speed

        error, least = math.nan, self._least_step(time)

        def attempt(dt: float) -> tuple[Step, float]:
            nonlocal speed, error
            step = self._solvable(density, time, divided(max(dt, least), limit))
            speed = (step.density - density) / step.dt
            # half the change of the rate over the step: the local error of the scheme
            error = step.dt / 2 * self.space.grid.integrate(np.abs(speed - before))
            # a shorter step would not have a smaller one
            return step, min(error, self.tolerance) if dt <= least else error

        taken = self._control.take(attempt, self.space, before, time, limit)
        self._speed = speed
        return replace(taken, error=error)

    def _least_step(self, time: float) -> float:
        """Length below which the blur, at least a cell, would not shrink with the step."""
        speed = self._whole.temperature * self.space.problem.scale(time)
        widest = self.blur or self._whole.grid.spacing
        return widest**2 / speed if speed > 0 else 0.0

    def _solvable(self, density: Array, time: float, dt: float) -> Step:
        whole = self.space.grid.gather(density)
        return solvable(lambda dt: self._attempt(whole, time, dt), time, dt)

    def _attempt(self, density: Array, time: float, dt: float) -> Step:
        """Solve one step for all cells; give this rank's."""
        space, grid = self._whole, self._whole.grid
        length = dt * space.problem.scale(time + dt)
        if not length > 0:
            return Step(self._own(density).copy(), dt, movement=0.0, excess=0.0)
        kernel = self._kernel_of(length)
        gamma = kernel.blur**2 / length
        lower = gamma / 2 if self.debias else 0.0
        task = Task(kernel, space.energy, density, gamma, space.temperature - lower, time + dt)
        plan = solve(task, self.marginal)
        # against the plan that only blurs, whose cost is 0
        before = task.value(np.exp(task.blurred()))
        excess = plan.cost + task.value(plan.density) - before
        if not excess <= LAW_ROUNDING * (1 + abs(before)):
            raise SolverError(
                f"the plan is not a minimum: {excess:.1e} above one that only blurs: reduce tau"
            )
        settle_mass(grid, plan.density, grid.integrate(density))
        gained = entropy(kernel, plan.density) - entropy(kernel, density)
        movement = plan.cost - gamma / 2 * gained
        self._note(plan, task, length)
        return Step(self._own(plan.density), dt, plan.iterations, movement=movement, excess=excess)

    def _note(self, plan: Plan, task: Task, length: float) -> None:
        """Count what the run tells of the method."""
        self._iterations += plan.iterations
        self._error = max(self._error, plan.error)
        self._last_blur = task.kernel.blur
        self._bias.add(plan.density, plan.drift, self._last_blur, length, self.debias)

    def _own(self, whole: Array) -> Array:
        grid = self.space.grid
        if not grid.comm.active:
            return whole
        return grid.partition.own(whole).copy()

    def _kernel_of(self, length: float) -> GaussianKernel:
        """Give the kernel of a step, that of the last one if the blur has not changed."""
        grid, blur = self._whole.grid, self.blur
        if blur is None:
            share = SHARE if self.debias else PLAIN_SHARE
            blur = max(math.sqrt(2 * share * self._whole.temperature * length), grid.spacing)
            blur = min(blur, WIDEST * max(axis.length for axis in grid.box.axes))
        if self._kernel is None or self._kernel.blur != blur:
            self._kernel = GaussianKernel(grid, blur)
        return self._kernel


def _check_box(space: FiniteVolume) -> None:
    """Raise InputError unless the cells are those of a box with plain axes."""
    if space.mesh is not None:
        raise InputError(
            "entropic_jko needs a box, whose kernel is a product of axes, not a mesh: use "
            "another solver"
        )
    for axis in space.grid.box.axes:
        if axis.radial is not None and axis.radial != 1:
            raise InputError(
                f"entropic_jko on a radial axis of dimension {axis.radial}: its kernel is that "
                "of plain axes; use another solver"
            )
