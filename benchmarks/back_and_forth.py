"""Minimizing movements by ascent of the dual: time of one iteration a cell."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import wgflow as wg
from wgflow import catalog
from wgflow.steppers.jko import BackAndForth

from ._measure import REPEATS, Record, at_most

NAME = "back_and_forth"
CELLS, TAU, LIMIT = 1024, 0.01, 200.0  # ns


def run() -> Iterator[Record]:
    for exponent in (2.0, 3.0):
        yield _record(exponent)


def _record(exponent: float) -> Record:
    """Median over steps of a Barenblatt profile, each with its setup and the energy's value."""
    problem = catalog.load("cases", "barenblatt").problem(dimension=2, exponent=exponent)
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, CELLS), wg.MUSCL())
    stepper = BackAndForth(space, tau=TAU)
    density, times, counts = space.initial_density(), [], []
    for k in range(REPEATS + 1):
        begun = time.perf_counter()
        step = stepper.step(density, k * TAU, TAU)
        if k:  # not the one that compiles
            times.append((time.perf_counter() - begun) / step.iterations / CELLS**2 * 1e9)
            counts.append(step.iterations)
        density = step.density
    value = statistics.median(times)
    return Record(
        NAME,
        f"iteration at {CELLS}², m = {exponent:g}",
        value,
        "ns a cell",
        f"Barenblatt, tau = {TAU}, relative gap 1e-4, {statistics.median(counts):g} iterations a "
        f"step; of whole steps, median of {REPEATS}",
        **at_most(LIMIT, value, "ns a cell"),
    )
