"""Strong-stability-preserving Runge-Kutta methods."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError, StabilityError
from wgflow.finite_volume import FiniteVolume, Rate
from wgflow.steppers.base import Step, Stepper, checked_step, divided

__all__ = ["SSPRK2", "SSPRK3"]

MAXIMUM_REJECTIONS = 30


class _Retry(Exception):
    """A stage asked for a shorter step."""

    def __init__(self, fastest: float) -> None:
        self.fastest = fastest


class _SSPRK(Stepper):
    """Convex combinations of forward Euler steps.

    Each forward Euler step is within the positivity bound of its own stage, so the density
    stays nonnegative; the mass is kept to rounding. The step is the given ``dt``, which must
    be within the bound, or ``safety`` times the bound. A repulsive interaction adds to the bound
    what it asks for as a diffusion: without entropy, Euler steps within it do not let the free
    energy increase.

    Parameters
    ----------
    space : FiniteVolume
    dt : float, optional
        Time step; automatic if left out.
    safety : float
        Fraction of the bound an automatic step uses, in (0, 1].

    References
    ----------
    Gottlieb, Shu, Tadmor, SIAM Rev. 43 (2001).
    """

    def __init__(self, space: FiniteVolume, dt: float | None = None, safety: float = 0.9) -> None:
        if not 0 < safety <= 1:
            raise InputError(f"safety {safety}: give a number in (0, 1]")
        self.space, self.dt, self.safety = space, checked_step(dt), safety

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``; see :class:`Stepper`."""
        first = self.space.rate(density, time)
        dt = self._first_size(self._fastest(first, density, time), time, limit)
        for rejections in range(MAXIMUM_REJECTIONS):
            try:
                return Step(self._stages(density, first, time, dt), dt, rejections=rejections)
            except _Retry as retry:
                if self.dt is not None:
                    raise StabilityError(self._too_long(dt, retry.fastest, time)) from None
                dt = min(dt / 2, self.safety / retry.fastest)
                first = self.space.rate(density, time)  # the stages wrote over it
        raise StabilityError(
            f"no positive step found at t = {time:.6g} down to dt = {dt:.3g}: "
            "the velocity grows too fast; use an implicit solver"
        )

    def _fastest(self, rate: Rate, density: Array, time: float) -> float:
        """Rate whose inverse bounds a forward Euler step."""
        return rate.emptying + self.space.decay(density, time)

    def _first_size(self, fastest: float, time: float, limit: float) -> float:
        if self.dt is not None:
            if self.dt * fastest > 1:
                raise StabilityError(self._too_long(self.dt, fastest, time))
            return divided(self.dt, limit)
        if fastest == 0 or not math.isfinite(fastest):
            return limit  # nothing moves, or the loop will report what is not finite
        return divided(self.safety / fastest, limit)

    def _too_long(self, dt: float, fastest: float, time: float) -> str:
        what = "stability" if self.space.energy.interacting else "positivity"
        return (
            f"dt = {dt:.6g} is above the {what} bound {1 / fastest:.6g} of the explicit "
            f"scheme at t = {time:.6g}: omit dt, or give at most {0.9 / fastest:.3g}"
        )

    def _euler(self, density: Array, time: float, dt: float, out: Array | None = None) -> Array:
        rate = self.space.rate(density, time, out)
        fastest = self._fastest(rate, density, time)
        if dt * fastest > 1:
            raise _Retry(fastest)
        return _advanced(density, rate, dt)

    @abstractmethod
    def _stages(self, density: Array, first: Rate, time: float, dt: float) -> Array:
        """Density after a step, from its rate at the start; raise _Retry if dt is too long.

        It may write over the rate: arrays are used again, not made anew.
        """


def _advanced(density: Array, rate: Rate, dt: float) -> Array:
    """Density + dt rate, in the rate's array."""
    values = rate.values
    values *= dt
    values += density
    return values


class SSPRK2(_SSPRK):
    """Two stages, order 2 (Heun)."""

    order: ClassVar[int] = 2

    def _stages(self, density: Array, first: Rate, time: float, dt: float) -> Array:
        result = self._euler(_advanced(density, first, dt), time + dt, dt)
        result += density
        result /= 2
        # rounding of 1 - dt * emptying, at most one ulp
        return np.maximum(result, 0.0, out=result)


class SSPRK3(_SSPRK):
    """Three stages, order 3 (Shu and Osher)."""

    order: ClassVar[int] = 3

    def _stages(self, density: Array, first: Rate, time: float, dt: float) -> Array:
        one = _advanced(density, first, dt)
        two = self._euler(one, time + dt, dt)
        two += np.multiply(density, 3, out=one)
        two /= 4
        result = self._euler(two, time + dt / 2, dt, out=one)
        result *= 2
        result += density
        result /= 3
        return np.maximum(result, 0.0, out=result)
