"""A potential that moves with time, end to end, in explicit and implicit steps.

In the trap V = k (x - c sin(ω t))²/2 with noise a Gaussian stays one: its mean solves
m' = -k (m - c sin(ω t)), its variance v' = -2 k v + 2 T.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import wgflow as wg
from wgflow._typing import Array

STIFFNESS, TEMPERATURE, REACH, FREQUENCY = 2.0, 0.5, 1.5, 3.0
START, VARIANCE, UNTIL = -0.5, 0.4, 1.0


def mean(t: float) -> float:
    k, w = STIFFNESS, FREQUENCY
    forced = REACH * k / (k**2 + w**2)
    transient = (START + forced * w) * math.exp(-k * t)
    return transient + forced * (k * math.sin(w * t) - w * math.cos(w * t))


def gaussian(t: float, x: Array) -> Array:
    rest = TEMPERATURE / STIFFNESS
    variance = rest + (VARIANCE - rest) * math.exp(-2 * STIFFNESS * t)
    values: Array = np.exp(-((x - mean(t)) ** 2) / (2 * variance))
    return values / math.sqrt(2 * math.pi * variance)


def potential(t: float, x: Array) -> Array:
    return STIFFNESS / 2 * (x - REACH * math.sin(FREQUENCY * t)) ** 2


def moving_trap() -> wg.Problem:
    trap = wg.Potential(potential, time_dependent=True)
    return wg.Problem(
        wg.Box((-6, 6)),
        trap + wg.Entropy(TEMPERATURE),
        initial=lambda x: gaussian(0.0, x),
        exact=gaussian,
        until=UNTIL,
    )


def test_the_exact_solution() -> None:
    """The formula for the mean solves its equation."""
    assert mean(0.0) == pytest.approx(START, rel=1e-14)
    t, step = 0.7, 1e-5
    slope = (mean(t + step) - mean(t - step)) / (2 * step)
    assert slope == pytest.approx(-STIFFNESS * (mean(t) - REACH * math.sin(FREQUENCY * t)))


def test_explicit_steps() -> None:
    """Order 2 in space; time is resolved, for diffusion bounds the step."""
    table = wg.convergence(moving_trap(), "muscl", cells=[50, 100, 200])
    table.require(rate=2.0, within=0.35, finest_error=2e-3)


@pytest.mark.parametrize(("method", "order"), [(wg.SSPRK2, 2.0), (wg.SSPRK3, 3.0)])
def test_explicit_stages_take_the_potential_of_their_time(
    method: type[wg.SSPRK2 | wg.SSPRK3], order: float
) -> None:
    """Order in time on one grid, against many steps; a stage at a wrong time has order 1."""
    problem = moving_trap()
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 40), wg.ScharfetterGummel())

    def run(steps: int) -> Array:
        return wg.solve(problem, method(space, dt=UNTIL / steps), snapshots=[]).density

    fine = run(1600)
    errors = [space.grid.integrate(np.abs(run(steps) - fine)) for steps in (100, 200)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.2)
    assert errors[1] < 1e-4


def test_implicit_steps() -> None:
    """Order 1 in time: the error falls with dt on a grid so fine that space adds nothing."""
    problem = moving_trap()
    grid = wg.Grid(problem.domain, 1500)
    errors = []
    for steps in (40, 80, 160):
        space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel())
        solution = wg.solve(problem, wg.ImplicitEuler(space, dt=UNTIL / steps), snapshots=[])
        errors.append(grid.integrate(np.abs(solution.density - solution.exact_density(UNTIL))))
    assert math.log2(errors[-2] / errors[-1]) == pytest.approx(1.0, abs=0.15)
    assert errors[-1] < 2e-2


def test_implicit_step_takes_the_potential_of_its_end() -> None:
    problem = moving_trap()
    still = wg.Problem(
        problem.domain,
        wg.Potential(lambda x: potential(0.4, x)) + wg.Entropy(TEMPERATURE),
        problem.initial,
    )
    found = []
    for each in (problem, still):
        space = wg.FiniteVolume(each, wg.Grid(problem.domain, 60), wg.ScharfetterGummel())
        step = wg.ImplicitEuler(space, dt=0.1).step(space.initial_density(), 0.3, 1.0)
        found.append(step.density)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9)  # 0.3 + 0.1 is not quite 0.4


def test_nothing_of_another_time_is_kept() -> None:
    """A step thrown away at a later time does not change the next one."""
    problem = moving_trap()
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 60), wg.ScharfetterGummel())
    density = space.initial_density()
    for make in (wg.ImplicitEuler, wg.SSPRK3):
        fresh = make(space, dt=1e-3).step(density, 0.1, 1.0)
        used = make(space, dt=1e-3)
        other = used.step(density, 0.7, 1.0)
        again = used.step(density, 0.1, 1.0)
        np.testing.assert_array_equal(again.density, fresh.density)
        assert np.abs(other.density - fresh.density).max() > 1e-4


def test_energy_follows_the_trap() -> None:
    """The value at time t is that of the potential at time t."""
    solution = wg.solve(moving_trap(), "scharfetter_gummel", cells=400, dt=1e-2)
    x = solution.grid.centers[0]
    trap = potential(solution.time, x)
    density = solution.density
    entropy = TEMPERATURE * density * np.log(np.maximum(density, 1e-300))
    value = solution.grid.integrate(trap * density + entropy)
    assert solution.history["energy"][-1] == pytest.approx(value, rel=1e-12)
