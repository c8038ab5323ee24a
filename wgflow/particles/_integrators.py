"""Time integration of the particles: Runge-Kutta without noise, Euler-Maruyama with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.particles.brownian import Brownian
from wgflow.particles.schedule import (
    Schedule,
    check_step,
    check_theta,
    check_times,
    step_counts,
)
from wgflow.particles.trajectory import Recorder, Trajectory

Field = Callable[[float, Array], Array]
"""``field(t, theta)``: the gradient of Ψ at the parameters (N, D)."""


def noise_path(
    schedule: Schedule,
    shape: tuple[int, ...],
    step: float,
    rng: np.random.Generator | None,
    brownian: Brownian | None,
) -> Brownian | None:
    """Return the Brownian path to follow, None without noise."""
    if schedule.temperature == 0:
        return None
    if brownian is None:
        if rng is None:
            raise InputError(
                f"temperature is {schedule.temperature:g} and there is no source of noise: "
                "pass rng or brownian"
            )
        # A spawned generator leaves the samples that rng draws next as they are without noise.
        return Brownian(int(rng.spawn(1)[0].integers(2**63)), shape, step)
    if brownian.shape != shape:
        raise InputError(f"the Brownian path has shape {brownian.shape}; it must be {shape}")
    return brownian


def march(
    field: Field,
    theta0: Array,
    times: Sequence[float] | Array,
    schedule: Schedule,
    dt: float,
    rng: np.random.Generator | None,
    brownian: Brownian | None,
    recorder: Recorder,
) -> Trajectory:
    """Accurate integration: Runge-Kutta without noise, Euler-Maruyama with it."""
    dt = check_step(dt, "dt")
    path = noise_path(schedule, np.shape(theta0), dt, rng, brownian)
    if path is not None:
        return euler(field, theta0, check_times(times), schedule, dt, path, recorder)
    return _runge_kutta(field, theta0, check_times(times), schedule, dt, recorder)


def _runge_kutta(
    field: Field, theta0: Array, times: Array, schedule: Schedule, dt: float, recorder: Recorder
) -> Trajectory:
    theta = check_theta(theta0)
    now = 0.0

    def velocity(time: float, state: Array) -> Array:
        return -schedule.at(time) * (field(time, state) + schedule.regularization * state)

    for goal in times.tolist():
        # The small allowance keeps roundoff in (goal - now)/dt from adding a step.
        count = max(1, math.ceil((goal - now) / dt * (1 - 1e-12))) if goal > now else 0
        start, h = now, (goal - now) / max(count, 1)
        for k in range(count):
            time = start + k * h
            with np.errstate(over="ignore", invalid="ignore"):
                k1 = velocity(time, theta)
                k2 = velocity(time + h / 2, theta + (h / 2) * k1)
                k3 = velocity(time + h / 2, theta + (h / 2) * k2)
                k4 = velocity(time + h, theta + h * k3)
                theta = theta + (h / 6) * (k1 + 2 * k2 + 2 * k3 + k4)
            recorder.check(time + h, theta)
        now = goal
        recorder.record(now, theta)
    return recorder.trajectory()


def euler(
    field: Field,
    theta0: Array,
    times: Array,
    schedule: Schedule,
    step: float,
    path: Brownian | None,
    recorder: Recorder,
) -> Trajectory:
    theta = check_theta(theta0)
    increments = None if path is None else path.increments(step)
    done = 0
    for goal in step_counts(times, step).tolist():
        for k in range(done, goal):
            scale = schedule.at(k * step)
            with np.errstate(over="ignore", invalid="ignore"):
                slope = field(k * step, theta) + schedule.regularization * theta
                theta = theta - (scale * step) * slope
                if increments is not None:
                    theta += math.sqrt(2 * scale * schedule.temperature) * next(increments)
            recorder.check((k + 1) * step, theta)
        done = goal
        recorder.record(done * step, theta)
    return recorder.trajectory()
