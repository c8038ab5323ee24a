"""Variational BDF2: second order in time, its laws, steps of unequal length."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import advance, refuses
from tests.test_ljko import LINE, MOVING, PAIRS, bump, case, line, made
from wgflow.steppers import Stepper

BDF2 = "ljko_bdf2"


def stepped(problem: wg.Problem, cells: int, **options: Any) -> Stepper:
    return made(problem, cells, BDF2, **options)


def measured(problem: wg.Problem, cells: int, until: float, steps: list[int]) -> list[float]:
    """L1 errors against many more steps on the same grid."""
    finest = advance(stepped(problem, cells, tau=until / (6 * steps[-1])), until)
    found = []
    for count in steps:
        stepper = stepped(problem, cells, tau=until / count)
        found.append(stepper.space.grid.integrate(np.abs(advance(stepper, until) - finest)))
    return found


@pytest.mark.parametrize(
    ("problem", "cells", "until"),
    [
        (case("ornstein_uhlenbeck"), 60, 0.25),
        (case("quadratic_attraction"), 50, 0.25),
        (case("barenblatt"), 60, 0.1),
        (case("tilted_box", start=0.05), 40, 0.125),
        (line(MOVING + wg.Entropy(0.5), time_scale=lambda t: 1 + t), 50, 0.25),
    ],
    ids=["ornstein_uhlenbeck", "quadratic_attraction", "barenblatt", "tilted_box", "moving"],
)
def test_order_two_in_time(problem: wg.Problem, cells: int, until: float) -> None:
    errors = measured(problem, cells, until, [16, 32])
    assert 1.8 < math.log2(errors[0] / errors[1]) < 2.25
    one = made(problem, cells, tau=until / 32)
    finest = advance(stepped(problem, cells, tau=until / 128), until)
    assert errors[1] < 0.15 * one.space.grid.integrate(np.abs(advance(one, until) - finest))


def test_order_two_with_unequal_steps() -> None:
    """Steps whose lengths go up and down by a factor 2."""
    problem = case("barenblatt")
    finest = advance(stepped(problem, 50, tau=0.1 / 256), 0.1)
    errors = []
    for count in (8, 16):
        stepper = stepped(problem, 50, tau=1.0)
        density, time = stepper.space.initial_density(), 0.0
        # doubled from a short start up to h, and then h and h/2 in turn
        unit = 0.1 / (3 * count + 1)
        lengths = [unit / 16] * 2 + [unit / 8, unit / 4, unit / 2] + [unit, 2 * unit] * count
        for length in lengths:
            step = stepper._solvable(density, time, length)  # type: ignore[attr-defined]
            stepper._past = stepper._next  # type: ignore[attr-defined]
            density, time = step.density, time + step.dt
        assert time == pytest.approx(0.1)
        errors.append(stepper.space.grid.integrate(np.abs(density - finest)))
    assert 1.7 < math.log2(errors[0] / errors[1]) < 2.4


@pytest.mark.parametrize(
    ("problem", "cells", "tau"),
    [
        (case("ornstein_uhlenbeck"), 60, 0.2),
        (case("barenblatt"), 60, 0.1),
        (line(wg.Confinement(1.0) + wg.Entropy(0.5) + PAIRS), 60, 0.3),
        (case("cosine_neuron"), 60, 0.2),
        (case("log_gas"), 40, 0.1),
    ],
    ids=["ornstein_uhlenbeck", "barenblatt", "pairs", "cosine_neuron", "log_gas"],
)
def test_laws(problem: wg.Problem, cells: int, tau: float) -> None:
    """Mass, sign, an energy that falls, and W²/(2 tau) + F(new) <= F(extrapolated)."""
    stepper = stepped(problem, cells, tau=tau)
    space = stepper.space
    density, time = space.initial_density(), 0.0
    values = [space.energy.value(density, 0.0)]
    for _ in range(12):
        step = stepper.step(density, time, tau)
        density, time = step.density, time + step.dt
        assert abs(space.grid.integrate(density) - 1) < 1e-13
        assert density.min() >= 0
        assert step.excess <= 1e-13 * (1 + abs(values[-1]))
        values.append(space.energy.value(density, time))
    assert max(b - a for a, b in itertools.pairwise(values)) <= 1e-13 * (1 + abs(values[0]))
    assert stepper.facts["plain_steps"] <= 2


def test_a_step_that_would_raise_the_energy_is_a_plain_one() -> None:
    """What comes back fast after a long step: extrapolation overshoots the rest."""
    problem = line(wg.Confinement(1.0) + wg.Entropy(0.5))
    stepper, plain = stepped(problem, 40, tau=40.0), made(problem, 40, tau=40.0)
    density, before = stepper.space.initial_density(), math.inf
    for _ in range(12):
        step = stepper.step(density, 0.0, 40.0)
        if step.mixed:
            break
        density = step.density
        value = stepper.space.energy.value(density, 0.0)
        assert value <= before + 1e-12
        before = value
    assert step.mixed == 1
    assert stepper.facts["plain_steps"] == 1
    assert step.dt <= 40.0
    again = plain.step(density, 0.0, step.dt)
    np.testing.assert_allclose(step.density, again.density, atol=1e-7)


def test_a_tolerance_is_kept() -> None:
    problem = case("ornstein_uhlenbeck")
    finest = advance(stepped(problem, 50, tau=0.5 / 400), 0.5)
    errors, counts = [], []
    for tolerance in (1e-3, 1e-5):
        solution = wg.solve(
            problem, BDF2, cells=50, until=0.5, options={"tolerance": tolerance}, snapshots=1
        )
        grid = solution.grid
        errors.append(grid.integrate(np.abs(solution.density - finest)))
        counts.append(solution.facts["steps"])
    assert 8 < errors[0] / errors[1] < 60  # 100^(2/3) = 22
    assert counts[1] < 8 * counts[0]
    assert errors[1] < 1e-3


def test_bad_settings() -> None:
    problem = line(wg.Entropy(1.0), LINE, bump)
    refuses(lambda: stepped(problem, 20, tau=0.1, dt=0.1), "tau = 0.1", "give one")
    refuses(
        lambda: stepped(problem, 20, tau=0.1, tolerance=1e-3),
        "tau = 0.1 and tolerance = 0.001",
        "give one",
    )
