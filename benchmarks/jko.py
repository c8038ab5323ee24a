"""JKO steps: variational finite volumes in two dimensions, quantiles in one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import wgflow as wg
from wgflow import catalog

from ._measure import REPEATS, Record, at_most
from ._problems import fokker_planck

NAME = "jko"
TAU = 0.01
SETTLE = 2  # steps that are not timed: they compile, and start from a poor first guess


def run() -> Iterator[Record]:
    for solver in ("ljko", "ljko_bdf2"):
        for cells, goal in ((40, 0.02), (512, 10.0)):
            seconds, note = _step_seconds(fokker_planck(), solver, cells, tau=TAU)
            yield Record(
                NAME,
                f"{solver} step at {cells}²",
                seconds * 1e3,
                "ms",
                f"Ornstein-Uhlenbeck, tau = {TAU}; {note}",
                **at_most(goal * 1e3, seconds * 1e3, "ms"),
            )
    line = catalog.load("cases", "ornstein_uhlenbeck").problem()
    seconds, note = _step_seconds(line, "quantile_jko", 400, tau=TAU, quantiles=10_000)
    yield Record(
        NAME,
        "quantile_jko step, 10000 quantiles",
        seconds * 1e3,
        "ms",
        f"Ornstein-Uhlenbeck, tau = {TAU}; {note}",
        **at_most(10.0, seconds * 1e3, "ms"),
    )


def _step_seconds(
    problem: wg.Problem, solver: str, cells: int, **options: Any
) -> tuple[float, str]:
    """Median seconds a step, and what it took; steps follow one another."""
    grid = wg.Grid(problem.domain, cells)
    stepper = catalog.load("solvers", solver).stepper(problem, grid, **options)
    density = stepper.space.initial_density()
    now, samples, iterations = 0.0, [], 0
    for number in range(SETTLE + REPEATS):
        begun = time.perf_counter()
        step = stepper.step(density, now, 1.0)
        if number >= SETTLE:
            samples.append(time.perf_counter() - begun)
            iterations += step.iterations
        density, now = step.density, now + step.dt
    note = f"median of {REPEATS} steps, {iterations / REPEATS:.1f} Newton iterations each"
    return statistics.median(samples), note
