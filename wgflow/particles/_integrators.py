"""Time integration of the particles: Runge-Kutta without noise, Euler-Maruyama with it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.particles.brownian import Brownian
from wgflow.particles.keeping import Keeper, Run
from wgflow.particles.schedule import (
    Schedule,
    check_step,
    check_theta,
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
    times: Array,
    schedule: Schedule,
    dt: float,
    rng: np.random.Generator | None,
    brownian: Brownian | None,
    recorder: Recorder,
    keeper: Keeper | None,
) -> Trajectory:
    """Accurate integration: Runge-Kutta without noise, Euler-Maruyama with it."""
    dt = check_step(dt)
    path = noise_path(schedule, np.shape(theta0), dt, rng, brownian)
    if path is not None:
        return euler(field, theta0, times, schedule, dt, path, recorder, keeper)
    return _runge_kutta(field, theta0, times, schedule, dt, recorder, keeper)


def _runge_kutta(
    field: Field,
    theta0: Array,
    times: Array,
    schedule: Schedule,
    dt: float,
    recorder: Recorder,
    keeper: Keeper | None,
) -> Trajectory:
    def velocity(time: float, state: Array) -> Array:
        return -schedule.at(time) * (field(time, state) + schedule.decay * state)

    run = Run(check_theta(theta0), recorder, {}, keeper)
    first, start = 0, 0.0  # steps before the interval, and its beginning
    for number, goal in enumerate(times.tolist()):
        # The small allowance keeps roundoff in (goal - start)/dt from adding a step.
        count = max(1, math.ceil((goal - start) / dt * (1 - 1e-12))) if goal > start else 0
        h = (goal - start) / max(count, 1)
        if number >= recorder.count:
            for k in range(run.done - first, count):
                run.theta = _runge_kutta_step(velocity, start + k * h, run.theta, h)
                recorder.check(start + (k + 1) * h, run.theta)
                run.advance()
            recorder.record(goal, run.theta)
        first, start = first + count, goal
    return recorder.trajectory()


def _runge_kutta_step(velocity: Field, time: float, theta: Array, h: float) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        k1 = velocity(time, theta)
        k2 = velocity(time + h / 2, theta + (h / 2) * k1)
        k3 = velocity(time + h / 2, theta + (h / 2) * k2)
        k4 = velocity(time + h, theta + h * k3)
        return theta + (h / 6) * (k1 + 2 * k2 + 2 * k3 + k4)


def euler(
    field: Field,
    theta0: Array,
    times: Array,
    schedule: Schedule,
    step: float,
    path: Brownian | None,
    recorder: Recorder,
    keeper: Keeper | None,
) -> Trajectory:
    increments = None if path is None else path.increments(step)
    run = Run(check_theta(theta0), recorder, {"noise": increments}, keeper)
    for goal in step_counts(times, step).tolist()[recorder.count :]:
        for k in range(run.done, goal):
            scale = schedule.at(k * step)
            with np.errstate(over="ignore", invalid="ignore"):
                slope = field(k * step, run.theta) + schedule.decay * run.theta
                run.theta = run.theta - (scale * step) * slope
                if increments is not None:
                    run.theta += math.sqrt(2 * scale * schedule.temperature) * next(increments)
            recorder.check((k + 1) * step, run.theta)
            run.advance()
        recorder.record(goal * step, run.theta)
    return recorder.trajectory()
