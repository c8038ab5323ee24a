"""Implicit two-dimensional Fokker-Planck steps against FiPy, at equal step and error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

import wgflow as wg
from wgflow.steppers import Stepper

from ._measure import REPEATS, Record, at_least, skipped
from ._problems import UNTIL, fokker_planck, l1_error

NAME = "implicit"
CELLS, STEPS, NONLOCAL_STEPS = 256, 50, 3
PULL = 0.2  # strength of the interaction in the nonlocal problem


def run() -> Iterator[Record]:
    problem = fokker_planck()
    ours, steady, density = _run(problem, _backward_euler)
    yield Record(
        NAME,
        f"wgflow backward Euler step at {CELLS}²",
        ours * 1e3,
        "ms",
        f"Scharfetter-Gummel, dt = {UNTIL / STEPS}, L1 error {l1_error(density, UNTIL):.4g} at "
        f"t = {UNTIL}; mean of {STEPS} steps with setup, {steady * 1e3:.1f} ms a later step",
    )
    try:
        from wgflow.steppers.fipy_euler import FipyEuler

        _, theirs, other = _run(problem, lambda space, dt: FipyEuler(space, dt=dt), repeats=1)
    except wg.InputError as missing:
        yield skipped(NAME, "against FiPy", str(missing))
        return
    gap = float(np.abs(density - other).sum() * (10 / CELLS) ** 2)
    yield Record(
        NAME,
        f"FiPy backward Euler step at {CELLS}²",
        theirs * 1e3,
        "ms",
        f"exponential convection, FiPy's default SciPy solver, same dt, L1 error "
        f"{l1_error(other, UNTIL):.4g}, {gap:.1e} from wgflow's density; median of {STEPS} steps",
    )
    yield Record(
        NAME,
        f"FiPy / wgflow backward Euler step at {CELLS}²",
        theirs / ours,
        "x",
        "FiPy's median step over wgflow's mean step with setup, equal dt and error",
        **at_least(20, theirs / ours, "x"),
    )
    problem = _nonlocal()
    ours, _, density = _run(problem, _backward_euler, steps=NONLOCAL_STEPS, repeats=1)
    for label, sweeps in (("swept to 1e-11", None), ("one lagged sweep", 1)):
        make = partial(_fipy, sweeps=sweeps)
        theirs, _, other = _run(problem, make, steps=NONLOCAL_STEPS, repeats=1)
        gap = float(np.abs(density - other).sum() * (10 / CELLS) ** 2)
        yield Record(
            NAME,
            f"FiPy ({label}) / wgflow (Newton) nonlocal step at {CELLS}²",
            theirs / ours,
            "x",
            f"interaction {PULL}|x-y|²/2 added, dt = {UNTIL / STEPS}, {gap:.1e} apart in L1; "
            f"wgflow {ours * 1e3:.0f} ms, FiPy {theirs * 1e3:.0f} ms",
        )


def _backward_euler(space: wg.FiniteVolume, dt: float) -> Stepper:
    return wg.ImplicitEuler(space, dt=dt)


def _nonlocal() -> wg.Problem:
    plain = fokker_planck()
    pull = wg.Interaction(lambda x, y: PULL * (x**2 + y**2) / 2)
    return replace(plain, energy=plain.energy + pull, exact=None)


def _fipy(space: wg.FiniteVolume, dt: float, sweeps: int | None) -> Stepper:
    from wgflow.steppers.fipy_euler import FipyEuler

    return FipyEuler(space, dt=dt, sweeps=sweeps)


def _run(
    problem: wg.Problem,
    make: Callable[[wg.FiniteVolume, float], Stepper],
    steps: int = STEPS,
    repeats: int = REPEATS,
) -> tuple[float, float, np.ndarray]:
    """Median over runs of the mean seconds a step with setup; median step; last density."""
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, CELLS), wg.ScharfetterGummel())
    density = start = space.initial_density()
    dt = UNTIL / STEPS
    means, singles = [], []
    for _ in range(repeats):
        begun = time.perf_counter()
        stepper, density = make(space, dt), start
        for i in range(steps):
            before = time.perf_counter()
            density = stepper.step(density, i * dt, dt).density
            singles.append(time.perf_counter() - before)
        means.append((time.perf_counter() - begun) / steps)
    return float(np.median(means)), float(np.median(singles)), density
