"""What the four dynamics share: time scale, regularization, temperature, requested times."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Protocol

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.errors import InputError

__all__ = ["Progress", "Schedule"]


class Progress(Protocol):
    """What long runs report to; ``None`` in its place is silence."""

    def start(self, total: int) -> None:
        """Announce the number of steps to come."""

    def step(self, done: int) -> None:
        """Report the number of steps done so far."""

    def close(self) -> None:
        """End the report, also after an error."""


@dataclass(frozen=True)
class Schedule:
    """Time scale and regularization of the training dynamics.

    One step of stochastic gradient descent of size ``ε`` at time ``t`` is
    ``θ += s(t) ε [(y - f_N) ∇σ - λ θ] + sqrt(2 s(t) ε / β) g`` with g standard normal. With these
    factors drift, noise, free energy and the fixed point ``exp(-β (Ψ + λ|θ|²/2))`` agree. (Slides
    on the subject print ``sqrt(ε/β)`` or ``sqrt(1/β)`` for the noise; those do not agree.)

    Parameters
    ----------
    scale : float or callable
        The time scale s(t) >= 0, a number or a function of time. The preset ``mmn2018`` is
        ``2 ξ(t)``, the preset ``mmm2019`` is ``ξ(t)``.
    regularization : float or sequence of float
        λ >= 0, weight of the penalty ``λ |θ|²/2``; or one for each component of a neuron.
    temperature : float
        1/β >= 0; zero switches the noise off.

    Raises
    ------
    InputError
        If a value is negative or not finite.

    References
    ----------
    Mei, Montanari, Nguyen (2018), "A mean field view of the landscape of two-layer neural
    networks"; Mei, Misiakiewicz, Montanari (2019), "Mean-field theory of two-layers neural
    networks".

    Examples
    --------
    >>> Schedule(2.0).at(0.5)
    2.0
    >>> round(Schedule(lambda t: 2 * (1 + t) ** -0.5, regularization=0.1).at(3.0), 12)
    1.0
    """

    scale: float | Callable[[float], float]
    regularization: float | tuple[float, ...] = 0.0
    temperature: float = 0.0

    def __post_init__(self) -> None:
        if not callable(self.scale):
            _nonnegative("time scale", self.scale)
        for value in np.atleast_1d(self.regularization).tolist():
            _nonnegative("regularization", value)
        _nonnegative("temperature", self.temperature)

    @property
    def decay(self) -> Array:
        """λ as an array that broadcasts with parameters ``(N, D)``."""
        return np.asarray(self.regularization, dtype=np.float64)

    def at(self, time: float) -> float:
        """Time scale s(t).

        Parameters
        ----------
        time : float
            t.

        Returns
        -------
        float
            s(t).

        Raises
        ------
        InputError
            If the given function returns a negative or non-finite value.

        Examples
        --------
        >>> Schedule(2.0).at(0.0)
        2.0
        """
        if not callable(self.scale):
            return float(self.scale)
        value = float(self.scale(time))
        _nonnegative(f"time scale at t = {time:g}", value)
        return value


def _nonnegative(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{name} is {value}; it must be finite and >= 0: change the schedule")


def check_theta(theta: Array) -> Array:
    """Return a contiguous copy of the initial parameters (N, D), or raise InputError."""
    copy = np.array(theta, dtype=np.float64, order="C")
    if copy.ndim != 2 or copy.shape[0] < 1 or copy.shape[1] < 1:
        raise InputError(
            f"initial parameters have shape {copy.shape}; pass (N, D) with N >= 1 neurons"
        )
    wrong = int(np.count_nonzero(~np.isfinite(copy)))
    if wrong:
        raise InputError(f"initial parameters have {wrong} non-finite values; pass finite numbers")
    return copy


def check_step(step: float, name: str = "step") -> float:
    """Return the step as a float, or raise InputError."""
    if not (isinstance(step, Real) and math.isfinite(step) and step > 0):
        raise InputError(f"{name} is {step!r}; it must be finite and > 0: pass a positive {name}")
    return float(step)


def check_times(times: Sequence[float] | Array) -> Array:
    """Return the requested times as an array, or raise InputError."""
    array = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if array.ndim != 1 or array.size == 0 or not np.all(np.isfinite(array)):
        raise InputError("the requested times are empty or not finite; pass finite numbers >= 0")
    if array[0] < 0 or np.any(np.diff(array) <= 0):
        raise InputError("the requested times must be >= 0 and strictly increasing: sort them")
    return array


def step_counts(times: Array, step: float) -> IntArray:
    """Numbers of steps nearest to the requested times."""
    if times[-1] / step > 1e12:
        raise InputError(f"step is {step:g}, more than 1e12 steps to t = {times[-1]:g}: raise it")
    return np.rint(times / step).astype(np.int64)
