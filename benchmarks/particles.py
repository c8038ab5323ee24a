"""The density equation against particles, at equal error of the risk.

The network of isotropic_gaussians, d = 40, t <= 1; the reference is the equation on many cells, the
error the sup over TIMES of that of the risk.

Equation: the coarsest grid of CELLS whose error is at most that asked for.

Particles: the mean over M networks of N neurons trained by SGD with step ε. Its error squared is
(C/N + D ε)² + (a/N + b ε)/M, with C, D, a and b functions of time that are fitted to the means and
variances of SEEDS networks for each of MEASURED. What is least over the table NEURONS x STEPS, with
the M that each takes, is what counts. For the error TRAINED these networks are trained to the end,
once to see their error, once to time them without their risks, which cost more than the training.
For FORESEEN, ten minutes, the seconds are those of some steps, times their number and M.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

import wgflow as wg
from wgflow import catalog
from wgflow.compare import schedule_of
from wgflow.networks import Network
from wgflow.particles import stochastic_gradient_descent

from ._measure import Record, at_least, median_seconds

NAME = "particles"
TRAINED, FORESEEN, RATIO = 3e-3, 1e-3, 100
TIMES = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
REFERENCE, CELLS = 3200, (50, 70, 100, 150, 200, 250, 300, 400, 800)
MEASURED, SEEDS = ((100, 1e-4), (400, 1e-4), (400, 4e-4)), 48
NEURONS = (800, 3200, 12800, 51200)
STEPS = (1e-4, 5e-5, 2e-5, 1e-5, 5e-6)
TIMED_STEPS = 200


def run() -> Iterator[Record]:
    problem = catalog.load("cases", "isotropic_gaussians").problem()
    reference = _risk(problem, REFERENCE)
    law = _Law.measured(problem.network, problem, reference)
    for error in (TRAINED, FORESEEN):
        equation = _equation(problem, reference, error)
        networks = (_trained if error == TRAINED else _foreseen)(problem, reference, law, error)
        yield equation
        yield networks
        yield Record(
            NAME,
            f"SGD / density equation, risk to {error:g}",
            networks.value / equation.value,
            "times",
            f"seconds at equal error, {'all' if error == TRAINED else 'those of SGD not'} run",
            **at_least(RATIO, networks.value / equation.value, "times"),
        )


def _equation(problem: wg.Problem, reference: np.ndarray, error: float) -> Record:
    cells, reached = next(
        (n, e) for n in CELLS if (e := _apart(_risk(problem, n), reference)) <= error
    )
    return Record(
        NAME,
        f"density equation, risk to {error:g}",
        median_seconds(lambda: _solved(problem, cells)),
        "s",
        f"muscl, {cells} cells, t <= {TIMES[-1]:g}, error {reached:.1e} against {REFERENCE} cells",
    )


def _trained(problem: wg.Problem, reference: np.ndarray, law: _Law, error: float) -> Record:
    """Train the networks to the end, once."""
    size, step, count = law.cheapest(error)
    seeds = range(SEEDS, SEEDS + count)  # not those of the law
    risks = [_train(problem.network, problem, size, step, seed=seed) for seed in seeds]
    reached = _apart(np.mean(risks, axis=0), reference)
    silent = _silent(problem.network)
    start = perf_counter()
    for seed in seeds:
        _train(silent, problem, size, step, seed=seed)
    return Record(
        NAME,
        f"SGD, risk to {error:g}, run",
        perf_counter() - start,
        "s",
        f"mean of M = {count} networks, N = {size}, step {step:g}, error {reached:.1e}",
    )


def _foreseen(problem: wg.Problem, _: np.ndarray, law: _Law, error: float) -> Record:
    """Time some steps of one network."""
    size, step, count = law.cheapest(error)
    # a block of steps is what a call of the compiled loop takes
    silent = _silent(problem.network)
    seconds = median_seconds(lambda: _train(silent, problem, size, step, TIMED_STEPS)) / TIMED_STEPS
    return Record(
        NAME,
        f"SGD, risk to {error:g}, foreseen",
        seconds * (TIMES[-1] / step) * count,
        "s",
        f"mean of M = {count} networks, N = {size}, step {step:g}: {seconds:.2e} s a "
        f"step of one; C {law.worst('width'):.2g}, D {law.worst('step'):.2g}, "
        f"a {law.worst('draw'):.2g}, b {law.worst('noise'):.2g} at most",
    )


@dataclass(frozen=True)
class _Law:
    """Mean excess ``width/N + step ε`` and variance ``draw/N + noise ε`` of the risk at TIMES."""

    width: np.ndarray
    step: np.ndarray
    draw: np.ndarray
    noise: np.ndarray

    @classmethod
    def measured(cls, network: Network, problem: wg.Problem, reference: np.ndarray) -> _Law:
        means, variances = [], []
        for size, step in MEASURED:
            risks = np.array(
                [_train(network, problem, size, step, seed=seed) for seed in range(SEEDS)]
            )
            means.append(risks.mean(axis=0) - reference)
            variances.append(risks.var(axis=0, ddof=1))
        terms = np.array([[1 / size, step] for size, step in MEASURED])
        # scaled, or the fit of the two is that of the larger alone
        weights = 1 / np.sqrt(np.array(variances).mean(axis=1))
        width, of_step = _fitted(terms, np.array(means), weights)
        draw, noise = np.maximum(_fitted(terms, np.array(variances), weights**2), 0.0)
        return cls(width, of_step, draw, noise)

    def worst(self, name: str) -> float:
        """Largest value over time."""
        return float(np.abs(getattr(self, name)).max())

    def networks(self, size: int, step: float, error: float) -> int | None:
        """Networks whose mean has the error asked for; None if no number of them does."""
        left = error**2 - (self.width / size + self.step * step) ** 2
        if left.min() <= 0:
            return None
        return math.ceil(float(((self.draw / size + self.noise * step) / left).max()))

    def cheapest(self, error: float) -> tuple[int, float, int]:
        """Neurons, step and networks of the least work, neurons times steps times networks."""
        found: list[tuple[float, int, float, int]] = []
        for size in NEURONS:
            for step in STEPS:
                count = self.networks(size, step, error)
                if count is not None:
                    found.append((size * count / step, size, step, count))
        return min(found)[1:]


def _fitted(terms: np.ndarray, values: np.ndarray, weights: np.ndarray) -> Any:
    """Least squares with a weight for each row."""
    return np.linalg.lstsq(terms * weights[:, None], values * weights[:, None], rcond=None)[0]


def _solved(problem: wg.Problem, cells: int) -> wg.Solution:
    return wg.solve(problem, "muscl", cells=cells, until=TIMES[-1], snapshots=TIMES[1:-1])


def _risk(problem: wg.Problem, cells: int) -> np.ndarray:
    solution = _solved(problem, cells)
    return np.array([solution.at(t, "risk") for t in TIMES])


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


def _train(
    network: Network,
    problem: wg.Problem,
    size: int,
    step: float,
    steps: int | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Risks at TIMES of one network; after some steps alone, if so many are given."""
    rng = np.random.default_rng([seed, size])
    times = TIMES if steps is None else [steps * step]
    theta = network.draw(rng, size)
    return stochastic_gradient_descent(
        network, theta, times, step, schedule_of(problem), rng, keep=False
    ).risk


class _Unasked:
    """Stands for the population whose risk nobody asks for: in full dimension it costs N²."""

    def risk(self, _theta: np.ndarray) -> float:
        return math.nan

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return np.full_like(theta, math.nan)


def _silent(network: Network) -> Network:
    return replace(network, population=_Unasked())
