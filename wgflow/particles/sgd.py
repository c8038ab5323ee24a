"""One-pass stochastic gradient descent in full dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks import DataLaw, Network
from wgflow.particles._advances import choose
from wgflow.particles._integrators import noise_path
from wgflow.particles.brownian import Brownian
from wgflow.particles.keeping import Keeper, Run
from wgflow.particles.schedule import (
    Progress,
    Schedule,
    check_step,
    check_theta,
    check_times,
    step_counts,
)
from wgflow.particles.trajectory import Keep, Recorder, Trajectory

__all__ = ["stochastic_gradient_descent"]

DRAWN_AT_ONCE = 1024
"""Samples asked of the data law at a time. A constant, because what a generator gives depends on
how the requests are cut: the samples of a seed must not depend on blocks or recorded times."""

KICKED = 2**17
"""Numbers of the noise drawn at a time, 1 MB: what a step adds is then still in the cache."""


def stochastic_gradient_descent(
    network: Network,
    theta0: Array,
    times: Sequence[float] | Array,
    step: float,
    schedule: Schedule,
    rng: np.random.Generator,
    batch: int = 1,
    progress: Progress | None = None,
    *,
    brownian: Brownian | None = None,
    keep: Keep = True,
    keeper: Keeper | None = None,
    block: int = 1024,
) -> Trajectory:
    """Stochastic gradient descent, every step on fresh samples; time is t = k ε.

    One step is ``θ_i += s ε [mean over the batch of (y - f_N(x)) ∇σ(x; θ_i) - λ θ_i]``, plus
    ``sqrt(2 s ε / β)`` times a standard normal vector if there is a temperature. With another
    loss, that of the network's features, -ℓ'(f_N(x), y) takes the place of y - f_N(x).

    Neurons a σ(<w, x> + b) with any activation and loss of this package, a and b trained or not,
    and cosine neurons with the square loss run compiled, with and without noise; all else, and
    batches of more than 5000 numbers, by products of NumPy.

    Parameters
    ----------
    network : Network
        The network; its data law is sampled.
    theta0 : Array (N, D)
        Parameters at time 0.
    times : sequence of float (T,)
        Times to record; the nearest multiples of the step are recorded.
    step : float
        ε > 0.
    schedule : Schedule
        s(t), λ and 1/β.
    rng : numpy.random.Generator
        Source of the samples, and of the noise if no path is given. It is left advanced by a
        whole number of requests of 1024 samples.
    batch : int
        Samples a step, P >= 1.
    progress : Progress, optional
        Told of the steps done, once a block.
    brownian : Brownian, optional
        A path to share with other dynamics.
    keep : bool or sequence of bool
        Whether to keep the parameters at all times or only at the last; or at each time (T,).
    keeper : Keeper, optional
        Keeps states of the run from which it can go on, and gives the one from which it does.
    block : int
        Steps between two looks at the parameters and calls of the keeper. Results do not
        depend on it.

    Returns
    -------
    Trajectory
        What was recorded, with the exact population risk at the recorded times.

    Raises
    ------
    InputError
        For bad parameters, times, step, batch or block, or labels that are none of the loss.
    DivergenceError
        If a parameter is no longer finite.

    References
    ----------
    Mei, Montanari, Nguyen (2018), equation (2).

    Examples
    --------
    >>> from wgflow.networks import cosine_network
    >>> network = cosine_network(amplitude=0.8, start=0.3)
    >>> rng = np.random.default_rng(0)
    >>> theta0 = network.draw(rng, 400)
    >>> run = stochastic_gradient_descent(network, theta0, [0, 1], 1e-3, Schedule(2.0), rng)
    >>> bool(abs(run.risk[-1] - (0.8 - 0.571360) ** 2) < 0.05)
    True
    """
    step = check_step(step)
    _check_count("batch", batch)
    _check_count("block", block)
    times = check_times(times)
    recorder = Recorder(network, "SGD", keep, len(times))
    theta = check_theta(theta0)
    path = noise_path(schedule, theta.shape, step, rng, brownian)
    steps = _Steps(network, theta, step, schedule, rng, batch, path)
    run = Run(theta, recorder, {"samples": steps.samples, "noise": steps.increments}, keeper)
    goals = step_counts(times, step).tolist()
    if progress is not None:
        progress.start(goals[-1])
    try:
        for goal in goals[recorder.count :]:
            while run.done < goal:
                count = min(block, goal - run.done)
                steps.take(run.done, count)
                recorder.check((run.done + count) * step, theta)
                if progress is not None:
                    progress.step(run.done + count)
                run.advance(count)
            recorder.record(goal * step, theta)
    finally:
        if progress is not None:
            progress.close()
    return recorder.trajectory()


class _Steps:
    """Steps of a run, with its samples and noise."""

    def __init__(
        self,
        network: Network,
        theta: Array,
        step: float,
        schedule: Schedule,
        rng: np.random.Generator,
        batch: int,
        path: Brownian | None,
    ) -> None:
        self._theta = theta
        self._step = step
        self._schedule = schedule
        self._batch = batch
        self.samples = _Samples(network.data, rng)
        self.increments = None if path is None else path.increments(step)
        self._loss = network.features.loss
        self._advance = choose(network.unit, self._loss)

    def take(self, done: int, count: int) -> None:
        """Do ``count`` steps after ``done`` ones."""
        s = self._schedule
        scales = np.array([s.at((done + k) * self._step) for k in range(count)])
        rate = scales * self._step
        # (steps, 1), or (steps, D) where components decay unlike
        decay = 1.0 - rate[:, None] * s.decay
        x, y = self.samples.take(count * self._batch)
        self._loss.check(y)
        x = x.reshape(count, self._batch, -1)
        y = y.reshape(count, self._batch)
        # the noise of many steps at once, as long as it stays in the cache
        several = count if self.increments is None else max(1, KICKED // self._theta.size)
        with np.errstate(over="ignore", invalid="ignore"):
            for first in range(0, count, several):
                some = slice(first, min(first + several, count))
                kicks = None
                if self.increments is not None:
                    kicks = self.increments.take(some.stop - first)
                    kicks *= np.sqrt(2 * scales[some] * s.temperature)[:, None, None]
                self._advance(self._theta, x[some], y[some], rate[some], decay[some], kicks)


class _Samples:
    """A stream of samples that does not depend on how many are taken at a time."""

    def __init__(self, data: DataLaw, rng: np.random.Generator) -> None:
        self._data = data
        self._rng = rng
        self._x, self._y = self._draw()

    def _draw(self) -> tuple[Array, Array]:
        x, y = self._data.sample(self._rng, DRAWN_AT_ONCE)
        return np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64)

    def take(self, count: int) -> tuple[Array, Array]:
        """Return the next ``count`` samples, x (count, p) and y (count,)."""
        xs, ys, left = [self._x], [self._y], count - len(self._y)
        while left > 0:
            x, y = self._draw()
            xs.append(x)
            ys.append(y)
            left -= len(y)
        x, y = (xs[0], ys[0]) if len(xs) == 1 else (np.concatenate(xs), np.concatenate(ys))
        self._x, self._y = x[count:], y[count:]
        return x[:count], y[:count]

    def state(self) -> dict[str, Any]:
        """Give what the next samples depend on: those left of the last request, and the rest."""
        return {"generator": self._rng.bit_generator.state, "x": self._x, "y": self._y}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._rng.bit_generator.state = state["generator"]
        self._x, self._y = state["x"], state["y"]


def _check_count(name: str, value: int) -> None:
    if value < 1:
        raise InputError(f"{name} is {value}; it must be >= 1: pass a positive {name}")
