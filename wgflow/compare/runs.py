"""Runs finite networks beside a solution of their density equation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.compare.comparison import Comparison, ParticleSettings
from wgflow.compare.keeper import NetworkKeeper, folders
from wgflow.compare.team import Team
from wgflow.energies import Confinement, Energy, Entropy
from wgflow.errors import InputError
from wgflow.io import Checkpoint
from wgflow.loop import Signals
from wgflow.networks import EmpiricalData, Network
from wgflow.parallel import Communicator
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
LONGEST_BLOCK = 1024  # steps of stochastic gradient descent between two looks at the keeper
WORK = 2 * 10**8  # parameters times samples in these, at most: some tenths of a second


def compare(
    solution: Solution,
    settings: ParticleSettings,
    progress: Progress | None = None,
    *,
    checkpoint: Checkpoint | None = None,
    restart: bool = False,
) -> Comparison:
    """Run finite networks beside a solution of their density equation.

    On several ranks, those of the solution, each runs some of the networks, and all have the
    result, whose numbers do not depend on the number of ranks.

    Parameters
    ----------
    solution : Solution
        Of a problem with a network.
    settings : ParticleSettings
    progress : Progress, optional
        Told of the steps of each network of the root.
    checkpoint : Checkpoint, optional
        Where and when to leave what the networks can be continued from, each in a folder of its
        own; the place can be that of the solution's own checkpoints.
    restart : bool
        Whether to go on from there: networks that are finished are not run again, others go on
        from their last checkpoint, with as many ranks as there are now. The result is that of
        a run that was not interrupted, bit for bit.

    Raises
    ------
    InputError
        If the problem has no network, or the checkpoints are of another run.
    DivergenceError
        If a network diverges; on all ranks.
    Interrupted
        If SIGTERM or SIGUSR1 came while there was a place for checkpoints.
    """
    network = solution.known_problem.network
    if network is None:
        raise InputError(
            f"{solution.case or 'this problem'} has no finite network to compare with: "
            "choose a network case with a finite dimension"
        )
    comm = solution.grid.comm
    if checkpoint is None and restart:
        raise InputError("restart=True: give the checkpoint=wg.Checkpoint(...) to go on from")
    if checkpoint is not None:
        _prepare(checkpoint, restart, comm)
    jobs, times = _jobs(settings), _times(solution)
    signals = None if checkpoint is None else Signals()
    with signals or nullcontext(), Team(comm, signals) as team:

        def run(number: int) -> dict[str, Array]:
            bar = progress if comm.is_root else None
            job = jobs[number]
            same = _identity(solution, job, times)
            keeper = NetworkKeeper(team, number, checkpoint, same, restart)
            if keeper.result is None:
                trajectory = _run(network, solution, job, times, keeper, bar)
                kept = [trajectory.coordinates(i) for i in range(len(trajectory.theta))]
                result = {
                    "risk": trajectory.risk,
                    "means": trajectory.means,
                    "coordinates": np.array(kept),
                }
                if isinstance(network.data, EmpiricalData):
                    result["states"] = trajectory.final
                keeper.finish(result)
                return result
            return keeper.result

        found = team.share(run, len(jobs))
    full, half = found[: settings.seeds], found[settings.seeds :]
    coordinates = np.array([one["coordinates"] for one in full])
    return Comparison(
        solution,
        settings,
        times,
        np.array([one["risk"] for one in full]),
        np.array([one["means"] for one in full]),
        coordinates.swapaxes(0, 1),
        np.array([one["risk"] for one in half]) if half else None,
        np.array([one["states"] for one in full]) if "states" in full[0] else None,
    )


@dataclass(frozen=True)
class _Job:
    """One network: its settings and the source of its randomness."""

    settings: ParticleSettings
    stream: np.random.SeedSequence


def _jobs(settings: ParticleSettings) -> list[_Job]:
    """List the networks, those of full width first."""
    root = np.random.SeedSequence(settings.seed)
    jobs = [_Job(settings, stream) for stream in root.spawn(settings.seeds)]
    if settings.extrapolate:
        half = replace(settings, particles=settings.particles // 2)
        jobs += [_Job(half, stream) for stream in root.spawn(settings.seeds)]
    return jobs


def _prepare(checkpoint: Checkpoint, restart: bool, comm: Communicator) -> None:
    """See whether checkpoints may be written, and remove those of another run."""
    places = folders(checkpoint)
    for place in places:
        place.check(restart)
    comm.barrier()
    if comm.is_root and not restart:
        for place in places:
            place.remove()
    comm.barrier()


def _identity(solution: Solution, job: _Job, times: Array) -> dict[str, Any]:
    """Give what must be the same for a network to go on."""
    settings, schedule = job.settings, schedule_of(solution.known_problem)
    same = {
        "dynamics": settings.dynamics,
        "particles": settings.particles,
        "step": settings.step,
        "batch": settings.batch,
        "seed": [settings.seed, *job.stream.spawn_key],
        "times": times.tolist(),
        "snapshots": solution.times.tolist(),
        "schedule": [schedule.at(0.0), schedule.decay.tolist(), schedule.temperature],
    }
    if settings.dynamics == "nonlinear":  # it alone depends on the density
        same |= {"solver": Path(solution.solver).stem, "cells": solution.cells}
    return same


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
    job: _Job,
    times: Array,
    keeper: NetworkKeeper,
    progress: Progress | None,
) -> Trajectory:
    settings, rng = job.settings, np.random.default_rng(job.stream)
    theta = network.draw(rng, settings.particles)
    schedule = schedule_of(solution.known_problem)
    step = settings.step
    marks = np.zeros(len(times), dtype=bool)
    marks[[int(np.argmin(np.abs(times - t))) for t in solution.times]] = True
    keep = marks.tolist()
    if settings.dynamics == "sgd":
        block = max(1, min(LONGEST_BLOCK, WORK // (theta.size * settings.batch)))
        return stochastic_gradient_descent(
            network,
            theta,
            times,
            step,
            schedule,
            rng,
            settings.batch,
            progress,
            keep=keep,
            keeper=keeper,
            block=block,
        )
    if settings.dynamics == "gradient":
        return gradient_descent(
            network, theta, times, step, schedule, rng, keep=keep, keeper=keeper
        )
    if settings.dynamics == "particle":
        return particle(network, theta, times, step, schedule, rng, keep=keep, keeper=keeper)
    moments = moments_of(solution)
    return nonlinear(network, theta, times, moments, step, schedule, rng, keep=keep, keeper=keeper)


def schedule_of(problem: Problem) -> Schedule:
    """Time scale, weight decay and temperature of the particles of a problem."""
    energy = problem.energy
    terms: Sequence[Any] = energy.terms if isinstance(energy, Energy) else (energy,)
    return Schedule(
        scale=problem.time_scale,
        regularization=_decay(problem, [t for t in terms if isinstance(t, Confinement)]),
        temperature=sum(t.temperature for t in terms if isinstance(t, Entropy)),
    )


def _decay(problem: Problem, terms: Sequence[Confinement]) -> float | tuple[float, ...]:
    """Weight decay of all components, or of each where they differ."""
    if all(term.axes is None for term in terms):
        return sum(term.strength for term in terms)
    each = [0.0] * problem.box.dimension
    for term in terms:
        for axis in range(len(each)) if term.axes is None else term.axes:
            each[axis] += term.strength
    return each[0] if len(set(each)) == 1 else tuple(each)


def moments_of(solution: Solution) -> Callable[[float], Array]:
    """Moments of a solution's density as a function of time, by monotone cubic interpolation."""
    from scipy.interpolate import PchipInterpolator

    return PchipInterpolator(solution.history["time"], solution.moments, axis=0)  # type: ignore[no-any-return]
