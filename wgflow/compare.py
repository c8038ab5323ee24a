"""The density equation beside the finite network of which it is the limit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from wgflow._typing import Array
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

__all__ = ["Comparison", "ParticleSettings", "compare", "moments_of", "schedule_of"]

Dynamics = Literal["sgd", "gradient", "particle", "nonlinear"]
RISK_TIMES = 40  # times at which the particles' risk is recorded, evenly on a logarithmic axis
EARLIEST = 1e-4  # of the final time: where the logarithmic axis begins
PICTURED = 6


@dataclass(frozen=True)
class ParticleSettings:
    """How the finite networks are run.

    Attributes
    ----------
    particles : int
        Neurons N of each network.
    step : float
        ε; training time is t = k ε.
    seeds : int
        Independent networks.
    seed : int
        Seed of the first; the others are spawned from it.
    batch : int
        Samples a step.
    dynamics : {"sgd", "gradient", "particle", "nonlinear"}
        Which of the four coupled dynamics.
    """

    particles: int = 800
    step: float = 1e-3
    seeds: int = 3
    seed: int = 0
    batch: int = 1
    dynamics: Dynamics = "sgd"

    def __post_init__(self) -> None:
        for name in ("particles", "seeds", "batch"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} = {getattr(self, name)}: give a whole number >= 1")
        if not (math.isfinite(self.step) and self.step > 0):
            raise InputError(f"step = {self.step}: give a finite number > 0")
        if self.seed < 0:
            raise InputError(f"seed = {self.seed}: give a whole number >= 0")


@dataclass(frozen=True)
class Comparison:
    """Risk and coordinates of finite networks at times of a solution.

    Attributes
    ----------
    solution : Solution
    settings : ParticleSettings
    times : (T,) array
        Times at which the networks were recorded; the snapshots' are among them.
    risks : (seeds, T) array
        Population risk of each network.
    coordinates : (S, seeds, N) array
        First coordinate of the neurons at the solution's snapshot times.
    """

    solution: Solution
    settings: ParticleSettings
    times: Array
    risks: Array
    coordinates: Array

    @property
    def risk_mean(self) -> Array:
        """Mean over seeds, shape (T,)."""
        mean: Array = self.risks.mean(axis=0)
        return mean

    @property
    def risk_deviation(self) -> Array:
        """Standard deviation over seeds, shape (T,); nan with one seed."""
        if len(self.risks) < 2:
            return np.full(len(self.times), math.nan)
        deviation: Array = self.risks.std(axis=0, ddof=1)
        return deviation

    def sample(self, snapshot: int) -> Array:
        """First coordinate of all neurons of all networks at a snapshot."""
        flat: Array = self.coordinates[snapshot].ravel()
        return flat

    def pictured(self) -> list[int]:
        """Numbers of the snapshots a figure shows."""
        count = len(self.solution.times)
        return sorted(set(np.linspace(0, count - 1, min(count, PICTURED)).round().astype(int)))

    def rows(self) -> list[dict[str, float]]:
        """Risks of both at the snapshot times."""
        found = []
        for time in self.solution.times:
            i = int(np.argmin(np.abs(self.times - time)))
            equation = self.solution.at(time, "risk")
            mean, deviation = float(self.risk_mean[i]), float(self.risk_deviation[i])
            found.append(
                {
                    "time": float(time),
                    "iterations": float(time) / self.settings.step,
                    "risk_equation": equation,
                    "risk_network": mean,
                    "deviation": deviation,
                    "difference": mean - equation,
                }
            )
        return found

    def to_text(self) -> str:
        """The rows as a table."""
        name = {"sgd": "SGD", "gradient": "GD", "particle": "PD", "nonlinear": "ND"}
        label = name[self.settings.dynamics]
        head = (
            f"{'time':>8} {'iterations':>11} {'R density':>10} {'R ' + label:>10} "
            f"{'std dev':>9} {'difference':>11}"
        )
        lines = [head, "-" * len(head)]
        lines += [
            f"{r['time']:>8.4g} {r['iterations']:>11.4g} {r['risk_equation']:>10.5f} "
            f"{r['risk_network']:>10.5f} {r['deviation']:>9.1e} {r['difference']:>+11.1e}"
            for r in self.rows()
        ]
        return "\n".join(lines)

    def save(self, directory: str | Path, *, overwrite: bool = False) -> Path:
        """Write ``comparison.csv``, ``comparison.png`` and the files of the solution.

        Raises
        ------
        InputError
            If the directory holds an earlier result and ``overwrite`` is false.
        """
        from wgflow.io import atomically, claim_directory, write_table
        from wgflow.plots import comparison_figure

        folder = claim_directory(Path(directory), overwrite=overwrite)
        columns: dict[str, Array] = {"time": self.times, "risk_mean": self.risk_mean}
        for number, risk in enumerate(self.risks):
            columns[f"risk_{number}"] = risk
        write_table(folder / "comparison.csv", columns)
        figure = comparison_figure(self)
        atomically(
            folder / "comparison.png", lambda path: figure.savefig(path, format="png", dpi=150)
        )
        return self.solution.save(folder, overwrite=overwrite)


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
    streams = np.random.SeedSequence(settings.seed).spawn(settings.seeds)
    risks, coordinates = [], []
    for stream in streams:
        rng = np.random.default_rng(stream)
        run = _run(network, solution, settings, times, rng, progress)
        risks.append(run.risk)
        kept = [int(np.argmin(np.abs(times - t))) for t in solution.times]
        coordinates.append([run.coordinates(i)[0] for i in kept])
    return Comparison(
        solution,
        settings,
        times,
        np.array(risks),
        np.array(coordinates).swapaxes(0, 1),
    )


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
