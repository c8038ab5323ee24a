"""Runs finite networks beside a solution of their density equation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.compare.comparison import Comparison, ParticleSettings
from wgflow.energies import Confinement, Energy, Entropy
from wgflow.errors import InputError
from wgflow.networks import Network
from wgflow.particles import (
    Schedule,
    Trajectory,
    gradient_descent,
    nonlinear,
    particle,
    stochastic_gradient_descent,
)
from wgflow.particles.schedule import Progress
from wgflow.problem import Problem
from wgflow.solution import Solution

__all__ = ["compare", "moments_of", "schedule_of"]

RISK_TIMES = 40  # times at which the particles' risk is recorded, evenly on a logarithmic axis
EARLIEST = 1e-4  # of the final time: where the logarithmic axis begins


def compare(
    solution: Solution, settings: ParticleSettings, progress: Progress | None = None
) -> Comparison:
    """Run finite networks beside a solution of their density equation.

    Parameters
    ----------
    solution : Solution
        Of a problem with a network.
    settings : ParticleSettings
    progress : Progress, optional
        Told of the steps of each network.

    Raises
    ------
    InputError
        If the problem has no network.
    """
    network = solution.problem.network
    if network is None:
        raise InputError(
            f"{solution.case or 'this problem'} has no finite network to compare with: "
            "choose a network case with a finite dimension"
        )
    times = _times(solution)
    root = np.random.SeedSequence(settings.seed)
    runs = _runs(network, solution, settings, times, root.spawn(settings.seeds), progress)
    kept = [int(np.argmin(np.abs(times - t))) for t in solution.times]
    coordinates = np.array([[run.coordinates(i)[0] for i in kept] for run in runs])
    half_risks = None
    if settings.extrapolate:
        half = replace(settings, particles=settings.particles // 2)
        again = _runs(network, solution, half, times, root.spawn(settings.seeds), progress)
        half_risks = np.array([run.risk for run in again])
    risks = np.array([run.risk for run in runs])
    return Comparison(solution, settings, times, risks, coordinates.swapaxes(0, 1), half_risks)


def _runs(
    network: Network,
    solution: Solution,
    settings: ParticleSettings,
    times: Array,
    streams: Sequence[np.random.SeedSequence],
    progress: Progress | None,
) -> list[Trajectory]:
    generators = [np.random.default_rng(stream) for stream in streams]
    return [_run(network, solution, settings, times, rng, progress) for rng in generators]


def _times(solution: Solution) -> Array:
    until = solution.time
    even = np.geomspace(EARLIEST * until, until, RISK_TIMES)
    merged = np.concatenate([solution.times, even])
    keep = np.ones(len(merged), dtype=bool)
    for i in range(len(solution.times), len(merged)):
        # times nearer than the grid of the logarithmic axis would be the same iteration
        keep[i] = np.min(np.abs(solution.times - merged[i])) > 1e-6 * until
    times: Array = np.sort(merged[keep])
    return times


def _run(
    network: Network,
    solution: Solution,
    settings: ParticleSettings,
    times: Array,
    rng: np.random.Generator,
    progress: Progress | None,
) -> Trajectory:
    theta = network.draw(rng, settings.particles)
    schedule = schedule_of(solution.problem)
    step = settings.step
    if settings.dynamics == "sgd":
        return stochastic_gradient_descent(
            network, theta, times, step, schedule, rng, settings.batch, progress
        )
    if settings.dynamics == "gradient":
        return gradient_descent(network, theta, times, step, schedule, rng)
    if settings.dynamics == "particle":
        return particle(network, theta, times, schedule, step, rng)
    return nonlinear(network, theta, times, moments_of(solution), schedule, step, rng)


def schedule_of(problem: Problem) -> Schedule:
    """Time scale, weight decay and temperature of the particles of a problem."""
    energy = problem.energy
    terms: Sequence[Any] = energy.terms if isinstance(energy, Energy) else (energy,)
    return Schedule(
        scale=problem.time_scale,
        regularization=sum(t.strength for t in terms if isinstance(t, Confinement)),
        temperature=sum(t.temperature for t in terms if isinstance(t, Entropy)),
    )


def moments_of(solution: Solution) -> Callable[[float], Array]:
    """Moments of a solution's density as a function of time, by monotone cubic interpolation."""
    from scipy.interpolate import PchipInterpolator

    return PchipInterpolator(solution.history["time"], solution.moments, axis=0)  # type: ignore[no-any-return]
