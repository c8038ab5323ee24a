"""Step sizes from error estimates: the controller, and every stepper that has one."""

from __future__ import annotations

import math

import numpy as np
import pytest

import wgflow as wg
from wgflow.steppers.control import StepControl, checked_choice

CONTROLLED = {"scharfetter_gummel": 2, "scharfetter_gummel_explicit": 2, "bailo_carrillo_hu": 1}


@pytest.mark.parametrize("order", [1, 2])
def test_the_step_settles_where_the_error_is_the_tolerance(order: int) -> None:
    control = StepControl(1e-4, order)
    dt = 1.0
    control.wanted = dt
    accepted = []
    for _ in range(40):
        dt = control.wanted
        accepted.append(control.accepts(0.3 * dt ** (order + 1), dt, dt))
    assert not accepted[0]
    assert all(accepted[-20:])
    assert 0.6e-4 < 0.3 * dt ** (order + 1) <= 1.5e-4


def test_steps_change_by_bounded_factors_or_not_at_all() -> None:
    control = StepControl(1e-4, 2)
    for error, expected in ((0.0, 2.0), (1.0, 0.2), (1e-4, 0.9), (0.7e-4, 1.0), (math.nan, 1.0)):
        control.wanted = 1.0
        accepted = control.accepts(error, 1.0, 1.0)
        assert accepted == (not error > 1.5e-4)
        if math.isfinite(error):
            assert control.wanted == pytest.approx(expected)


def test_a_step_cut_short_does_not_forget_the_wanted_one() -> None:
    control = StepControl(1e-4, 2)
    assert control.accepts(1e-12, 1e-3, 1.0)
    assert control.wanted == 1.0
    assert not control.accepts(1.0, 1e-3, 1.0)
    assert control.wanted == pytest.approx(2e-4)


def test_bad_choices() -> None:
    checked_choice(None, 1e-3)
    for dt, tolerance, text in ((0.1, 1e-3, "one of the two"), (None, 0.0, "> 0")):
        with pytest.raises(wg.InputError, match=text):
            checked_choice(dt, tolerance)


def problem(energy: wg.energies.Energy) -> wg.Problem:
    return wg.Problem(
        wg.Box((-5, 5)), energy, lambda x: np.exp(-2 * (x - 1) ** 2) + 1e-3, until=1.0
    )


ENERGIES = {
    "linear": wg.Confinement(1.0) + wg.Entropy(0.5),
    "interaction": wg.Interaction(lambda x: x**2 / 2) + wg.Entropy(0.5),
    "porous": wg.Confinement(1.0) + wg.PowerLaw(1.0, 2.0),
    "moving": wg.Potential(lambda t, x: (x - t) ** 2 / 2, time_dependent=True) + wg.Entropy(0.5),
}


@pytest.mark.parametrize("name", ENERGIES)
@pytest.mark.parametrize("solver", CONTROLLED)
def test_a_smaller_tolerance_gives_a_smaller_error(solver: str, name: str) -> None:
    case = problem(ENERGIES[name])
    runs = [wg.solve(case, solver, cells=60, tolerance=t, snapshots=[]) for t in (1e-3, 1e-4, 1e-5)]
    fine = wg.solve(case, solver, cells=60, tolerance=2e-7, snapshots=[])
    errors = [run.grid.integrate(np.abs(run.density - fine.density)) for run in runs]
    steps = [run.facts["steps"] for run in runs]
    # where stability binds, the error is small from the start
    assert errors[2] < errors[0] / 3 or errors[0] < 1e-4
    assert errors[2] < {1: 4e-3, 2: 4e-4}[CONTROLLED[solver]]
    assert steps[2] > steps[0]
    assert all(run.facts["minimum"] >= 0 for run in runs)


def test_the_tolerance_is_the_local_error() -> None:
    """The error of one step, against many, is near its estimate."""
    case = problem(ENERGIES["linear"])
    grid = wg.Grid(case.domain, 100)
    for stepper in (wg.SDIRK2, wg.RKL2, wg.ImplicitEuler):
        space = wg.FiniteVolume(case, grid, wg.ScharfetterGummel())
        controlled = stepper(space, tolerance=1e-4)
        density = space.initial_density()
        for _ in range(3):
            start = density
            step = controlled.step(density, 0.0, 1e9)
            density = step.density
        fine, fixed = start, wg.SDIRK2(space, dt=step.dt / 50)
        for _ in range(50):
            fine = fixed.step(fine, 0.0, 1e9).density
        true = grid.integrate(np.abs(density - fine))
        assert 1 / 3 < step.error / true < 3
