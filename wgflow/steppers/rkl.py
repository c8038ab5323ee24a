"""Runge-Kutta-Legendre steps: explicit, and as long as accuracy allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.algebra.exchange import fill_rounding, settle_mass
from wgflow.errors import InputError, StabilityError
from wgflow.finite_volume import FiniteVolume
from wgflow.fluxes import ScharfetterGummel
from wgflow.lines import HALO
from wgflow.steppers.base import Step, Stepper, checked_step, divided, prefixed, under
from wgflow.steppers.control import DEFAULT_TOLERANCE, StepControl, checked_choice

__all__ = ["RKL2"]

MAXIMUM_STAGES = 499  # beyond, rounding inside a step grows, and implicit steps are cheaper
MAXIMUM_REJECTIONS = 60
STABILITY_MARGIN = 1.05  # the emptying rate may grow within a step
TRANSPORT = 0.9  # of q/a²: measured on the ellipses of transport and diffusion, 0.95


@dataclass(frozen=True)
class _Coefficients:
    """Coefficients of stage j: Y_j = mu Y_{j-1} + nu Y_{j-2} + (1 - mu - nu) Y_0 + dt (...)."""

    mu: float
    nu: float
    rate: float  # of L Y_{j-1}
    first_rate: float  # of L Y_0
    time: float  # of Y_j, as a share of the step


def coefficients(stages: int) -> list[_Coefficients]:
    """Coefficients of the stages 1 to s.

    Source: Meyer, Balsara, Aslam (2014), equations 15 to 18.
    """
    b = [1 / 3] * 3 + [(j * j + j - 2) / (2 * j * (j + 1)) for j in range(3, stages + 1)]
    w = 4 / (stages * stages + stages - 2)
    rows = [_Coefficients(1.0, 0.0, b[1] * w, 0.0, w / 3)]
    for j in range(2, stages + 1):
        mu = (2 * j - 1) / j * b[j] / b[j - 1]
        nu = -(j - 1) / j * b[j] / b[j - 2]
        rate = mu * w
        rows.append(_Coefficients(mu, nu, rate, (b[j - 1] - 1) * rate, (j * j + j - 2) * w / 4))
    return rows


def stable_ratio(stages: int) -> float:
    """Longest step of s stages in units of that of forward Euler."""
    return (stages * stages + stages - 2) / 4


def stages_for(ratio: float) -> int:
    """Least odd number of stages that is stable at ``ratio`` times the bound of forward Euler.

    The last mode is damped by an odd number of stages only.
    """
    stages = math.ceil((math.sqrt(9 + 16 * ratio) - 1) / 2)
    return max(3, stages + 1 - stages % 2)


class RKL2(Stepper):
    """Runge-Kutta-Legendre method of order 2: an explicit step of s stages.

    Its step may be about s²/4 times the bound 1/q of forward Euler, where q is the largest
    rate at which a cell is emptied, so diffusion costs the square root of the number of
    Euler steps and no linear solve. The number of stages, always odd, is what the step needs.
    The rate of a drift that depends neither on the density nor on time is stored as
    coefficients, and a stage is one sweep through memory.

    Steps are also at most 0.9 q/a², or 1/q, where a is the rate of transport: the stability
    region is only as wide as the square root of its length, for any number of stages.

    **Sign.** Up to 1.38/q, with 3 stages, the step is a positive combination of powers of a
    nonnegative matrix. Beyond, this holds in practice for smooth densities, but there is no
    theorem in more than one dimension, so every step is checked. If the cells below 0
    together hold less than 1e-12 of the mass, they are filled from neighbouring cells;
    otherwise the step is rejected and retried at half the length, down to where the theorem
    holds. Thus rho >= 0 exactly, and mass is conserved to rounding: nothing is clipped.

    **Energy.** It decreases in practice, but no law is known for steps above the Euler bound.

    Parameters
    ----------
    space : FiniteVolume
        With the ScharfetterGummel flux.
    dt : float, optional
        Time step; a step too long for the transport or the sign is subdivided.
    tolerance : float, optional
        Permitted local error per step in L1, instead of dt; 1e-4 if neither is given. It is
        estimated by the difference from the trapezoidal rule.

    Raises
    ------
    InputError
        If the flux is another one, both dt and tolerance are given, or one is not positive.

    References
    ----------
    Meyer, Balsara, Aslam, J. Comput. Phys. 257 (2014) 594-626; Sommeijer, Shampine, Verwer,
    J. Comput. Appl. Math. 88 (1998), for the estimate of the error.
    """

    order: ClassVar[int] = 2

    def __init__(
        self, space: FiniteVolume, dt: float | None = None, tolerance: float | None = None
    ) -> None:
        if not isinstance(space.flux, ScharfetterGummel):
            raise InputError(
                f"{type(space.flux).__name__} with RKL2: it is made for diffusion; use the "
                "ScharfetterGummel flux, or SSPRK2"
            )
        checked_choice(dt, tolerance)
        self.space, self.dt = space, checked_step(dt)
        self.tolerance = tolerance or DEFAULT_TOLERANCE
        self._control = StepControl(self.tolerance, self.order)
        self._longest = math.inf  # step up to which signs were kept lately
        self._stages_taken = self._repaired = 0

    @property
    def facts(self) -> dict[str, float]:
        """Stages in all, and steps with cells that had to be filled."""
        return {"stages": self._stages_taken, "repaired_steps": self._repaired}

    def state(self) -> Values:
        """Give what the next steps depend on; see :class:`Stepper`."""
        return {
            **prefixed("control", self._control.state()),
            "longest": self._longest,
            "stages": self._stages_taken,
            "repaired_steps": self._repaired,
        }

    def restore(self, state: Values) -> None:
        """Go on from such a state."""
        self._control.restore(under("control", state))
        self._longest = cast(float, state["longest"])
        self._stages_taken = cast(int, state["stages"])
        self._repaired = cast(int, state["repaired_steps"])

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``."""
        bound, emptying = self._bound(density, time)
        if not math.isfinite(emptying):
            return Step(density + math.nan, limit)  # the loop will say where
        for rejections in range(MAXIMUM_REJECTIONS):
            asked = min(self._wanted(density, time, limit), bound, self._longest)
            dt = divided(asked, limit)
            stages = stages_for(STABILITY_MARGIN * dt * emptying)
            new = self._advance(density, time, dt, stages)
            self._stages_taken += stages
            self._repaired += fill_rounding(self.space.grid, new)
            if self.space.grid.minimum(new) < 0:
                self._longest = dt / 2
                continue
            error = math.nan
            if self.dt is None:
                error = self._error(density, new, time, dt)
                if not self._control.accepts(error, dt, asked):
                    continue
            if self._longest < math.inf:
                self._longest *= 2  # try again what failed before
            settle_mass(self.space.grid, new, self.space.grid.integrate(density))
            return Step(new, dt, rejections=rejections, error=error)
        raise StabilityError(
            f"no nonnegative step found at t = {time:.6g} down to dt = {dt:.3g}, where forward "
            f"Euler may take {1 / emptying:.3g}: the drift changes too fast; use an implicit solver"
        )

    def _wanted(self, density: Array, time: float, limit: float) -> float:
        if self.dt is not None:
            return self.dt
        if self._control.wanted is None:
            rate = self.space.rate(density, time).values
            return self._control.first(self.space, rate, limit)
        return self._control.wanted

    def _bound(self, density: Array, time: float) -> tuple[float, float]:
        """Longest step that is stable, and the emptying rate."""
        emptying, shortest = self.space.bounds(density, time)
        if not emptying > 0:
            return math.inf, emptying
        most = stable_ratio(MAXIMUM_STAGES) / (STABILITY_MARGIN * emptying)
        return min(most, max(TRANSPORT * shortest, 1 / emptying)), emptying

    def _advance(self, density: Array, time: float, dt: float, stages: int) -> Array:
        space, scale = self.space, self.space.problem.scale
        rows, at_start = coefficients(stages), scale(time)
        inner = space.grid.inner
        stencil = space.stencil(density, time)
        first = np.empty_like(density)
        # two arrays with ghost cells, which a stage fills in one and writes over in the other
        before = space.grid.padded(density)
        stencil.combine(before, before, density, (0.0, 0.0, 0.0), dt, first)
        y = np.zeros_like(before)
        np.multiply(first, rows[0].rate * at_start, out=y[inner])
        # coefficients that stay act on what is added to the density, Y - Y_0: its rate is then
        # that of Y less the first rate, and Y_0 need not be read
        if space.frozen:
            before.fill(0.0)
        else:
            y[inner] += density
        for last, row in pairwise(rows):
            space.grid.partition.exchange(y, HALO)
            when = time + last.time * dt
            rate = row.rate * scale(when)
            if space.frozen:
                share = row.mu, row.nu, rate + row.first_rate * at_start
                stencil.combine(y, before, first, share, rate * dt, before)
            else:
                stencil = space.stencil(y[inner], when)
                share = row.mu, row.nu, 1 - row.mu - row.nu
                stencil.combine(y, before, density, share, rate * dt, before)
                before[inner] += row.first_rate * at_start * first
            y, before = before, y
        first[...] = y[inner]
        if space.frozen:
            first += density
        return first

    def _error(self, old: Array, new: Array, time: float, dt: float) -> float:
        """Local error in L1, from the third derivative that the trapezoidal rule sees."""
        space, scale = self.space, self.space.problem.scale
        half = dt / 2
        apart = np.empty_like(new)
        if space.frozen:
            now, then = scale(time), scale(time + dt)
            np.multiply(old, now / then, out=apart)
            apart += new
            ghosted = space.grid.padded(apart)
            np.subtract(old, new, out=apart)
            stencil = space.stencil(new, time)
            stencil.combine(ghosted, ghosted, apart, (0.0, 0.0, 1.0), half * then, apart)
        else:
            before = space.rate(old, time).values
            after = space.rate(new, time + dt).values
            apart[...] = old - new + half * (before + after)
        # apart is 1/12 of dt^3 times the third derivative, the method's own error 1/18
        return 12 / 18 * space.grid.integrate(np.abs(apart, out=apart))
