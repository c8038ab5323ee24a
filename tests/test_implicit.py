"""Implicit steps: positivity, energy and mass at every dt, Newton, step control."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import CIRCLE, advance, cosine, errors
from wgflow._typing import Array
from wgflow.errors import SolverError
from wgflow.steppers import Stepper

IMPLICIT: list[wg.Upwind | wg.ScharfetterGummel] = [wg.Upwind(), wg.ScharfetterGummel()]


@pytest.mark.parametrize("flux", IMPLICIT, ids=lambda f: type(f).__name__)
@pytest.mark.parametrize("factor", [1, 10, 100, 1000])
@pytest.mark.parametrize("temperature", [0.0, 0.01, 0.5])
def test_implicit_energy_and_positivity(
    flux: wg.Upwind | wg.ScharfetterGummel, factor: int, temperature: float
) -> None:
    space = cosine(flux, temperature, cells=100, sharpness=0.9)
    density = space.initial_density()
    dt = factor / space.rate(density, 0.0).emptying
    stepper = wg.ImplicitEuler(space, dt=dt)
    # upwind with central diffusion has the energy law without entropy only
    lawful = temperature == 0 or isinstance(flux, wg.ScharfetterGummel)
    energy = space.energy.value(density, 0.0)
    for _ in range(30):
        step = stepper.step(density, 0.0, 1e9)
        density = step.density
        assert step.rejections <= (0 if factor <= 100 else 2)
        assert step.dt == pytest.approx(dt / 2**step.rejections, rel=1e-6)
        assert density.min() >= 0
        assert space.grid.integrate(density) == pytest.approx(1.0, abs=1e-14)
        after = space.energy.value(density, 0.0)
        if lawful:
            assert after <= energy + 1e-14
        energy = after


@pytest.mark.parametrize("flux", IMPLICIT, ids=lambda f: type(f).__name__)
def test_step_solves_its_equation(flux: wg.Upwind | wg.ScharfetterGummel) -> None:
    """(new - old)/dt is the divergence at the new density, with the drift at the midpoint."""
    space = cosine(flux)
    old = space.initial_density()
    new = wg.ImplicitEuler(space, dt=0.3).step(old, 0.0, 0.3).density
    rate = space.stencil((old + new) / 2, 0.3).rate(new)
    np.testing.assert_allclose((new - old) / 0.3, 2.0 * rate, atol=1e-10)
    assert np.abs(rate).max() > 0.01


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["attraction", "repulsion"])
@pytest.mark.parametrize("strength", [10.0, 100.0])
def test_implicit_with_strong_interaction(sign: float, strength: float) -> None:
    """Newton converges, or steps are halved; the energy falls all the same."""
    energy = (
        wg.Interaction(lambda x: sign * strength * x**2 / 2)
        + wg.Confinement(strength if sign < 0 else 0.0)
        + wg.Entropy(0.5)
    )
    problem = wg.Problem(wg.Box((-3, 3)), energy, lambda x: np.exp(-((x - 0.5) ** 2)))
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 120), wg.ScharfetterGummel())
    stepper = wg.ImplicitEuler(space, dt=0.05)
    density = space.initial_density()
    value = space.energy.value(density, 0.0)
    for _ in range(20):
        step = stepper.step(density, 0.0, 1e9)
        density = step.density
        assert step.iterations <= 25
        assert density.min() >= 0
        after = space.energy.value(density, 0.0)
        assert after <= value + 1e-13 * max(1, strength)
        value = after


def test_implicit_in_two_dimensions() -> None:
    """Sparse solves: positivity, mass, energy, with interaction and at long steps."""
    box = wg.Box((-2, 2), wg.Axis(-1, 1, periodic=True, name="s"))
    energy = (
        wg.Potential(lambda x, s: x**2 - np.cos(np.pi * s))
        + wg.Interaction(lambda x, s: x**2 + 0 * s)
        + wg.Entropy(0.2)
    )
    problem = wg.Problem(box, energy, lambda x, s: np.exp(-((x - 1) ** 2)) * (1 + 0 * s))
    space = wg.FiniteVolume(problem, wg.Grid(box, (24, 16)), wg.ScharfetterGummel())
    for dt in (0.01, 1.0, 1e4):
        stepper = wg.ImplicitEuler(space, dt=dt)
        density = space.initial_density()
        value = space.energy.value(density, 0.0)
        for _ in range(20):
            density = stepper.step(density, 0.0, 1e9).density
            assert density.min() >= 0
            assert space.grid.integrate(density) == pytest.approx(1.0, abs=1e-13)
            after = space.energy.value(density, 0.0)
            assert after <= value + 1e-13
            value = after
    stationary = np.exp(-space.potential(density, 0.0) / 0.2)
    stationary /= space.grid.integrate(stationary)
    assert space.grid.integrate(np.abs(stationary - density)) < 1e-3


def test_linear_steps_keep_their_factors() -> None:
    """Equal steps to a stop differ by rounding: one factorization serves them all."""
    box = wg.Box((-2, 2), (-2, 2))
    problem = wg.Problem(box, wg.Confinement(1.0) + wg.Entropy(0.5), lambda x, y: 1 + 0 * x * y)
    space = wg.FiniteVolume(problem, wg.Grid(box, 8), wg.ScharfetterGummel())
    stepper = wg.ImplicitEuler(space, dt=0.1)
    density, time, kept = space.initial_density(), 0.0, set()
    while time < 1 - 1e-12:
        step = stepper.step(density, time, 1.0 - time)
        density, time = step.density, time + step.dt
        assert stepper._stage._kept is not None
        kept.add(id(stepper._stage._kept[1]))
    assert len(kept) == 1


def fixed_point(space: wg.FiniteVolume) -> Array:
    """Discrete rho ∝ exp(-psi(rho)/T), by damped iteration."""
    density = space.initial_density()
    for _ in range(2000):
        psi = space.potential(density, 0.0)
        image = np.exp(-(psi - psi.min()) / space.temperature)
        image /= space.grid.integrate(image)
        change = space.grid.integrate(np.abs(image - density))
        density = 0.9 * density + 0.1 * image
        if change < 1e-15:
            break
    assert change < 1e-13
    return image


@pytest.mark.parametrize("dt", [1e-3, 1.0, 1e3])
def test_discrete_stationary_state_does_not_move(dt: float) -> None:
    space = cosine(wg.ScharfetterGummel(), 1 / 20, cells=200)
    stationary = fixed_point(space)
    density = stationary
    stepper = wg.ImplicitEuler(space, dt=dt)
    for _ in range(10):
        density = stepper.step(density, 0.0, 1e9).density
    assert np.abs(density - stationary).max() < 1e-12
    # the same for upwind is false: the test can fail
    other = cosine(wg.Upwind(), 1 / 20, cells=200)
    moved = wg.ImplicitEuler(other, dt=dt).step(stationary, 0.0, 1e9).density
    assert np.abs(moved - stationary).max() > 1e-8


@pytest.mark.parametrize("scale", [2.0, lambda t: 2 + np.sin(6 * t)], ids=["constant", "moving"])
def test_implicit_order_in_time(scale: float | Callable[[float], float]) -> None:
    space = cosine(wg.ScharfetterGummel(), cells=40, scale=scale)

    def make(dt: float) -> Stepper:
        return wg.ImplicitEuler(space, dt=dt)

    fine = [advance(make(0.5 / n), 0.5) for n in (400, 800)]
    found = errors(make, 2 * fine[1] - fine[0], [10, 20, 40])
    rate = math.log2(found[1] / found[2])
    assert 0.9 < rate < 1.1, found
    assert found[2] < 0.03


def test_tolerance_control() -> None:
    """The error at the end falls like the square root of the tolerance, as order 1 says."""
    space = cosine(wg.ScharfetterGummel(), cells=40)
    fine = [advance(wg.ImplicitEuler(space, dt=0.5 / n), 0.5) for n in (400, 800)]
    reference = 2 * fine[1] - fine[0]
    found, steps = [], []
    for tolerance in (1e-3, 1e-4, 1e-5):
        stepper = wg.ImplicitEuler(space, tolerance=tolerance)
        density, time, count = space.initial_density(), 0.0, 0
        while time < 0.5 * (1 - 1e-12):
            step = stepper.step(density, time, 0.5 - time)
            assert step.error <= 1.5 * tolerance
            density, time, count = step.density, time + step.dt, count + 1
        found.append(space.grid.integrate(np.abs(density - reference)))
        steps.append(count)
    for coarse, fine_error in pairwise(found):
        assert 2 < coarse / fine_error < 5, found
    for few, many in pairwise(steps):
        assert 2 < many / few < 5, steps
    assert found[-1] < 2e-3


def test_estimate_of_the_local_error() -> None:
    """After a few steps the estimate is the true error of a step, within a factor of two."""
    space = cosine(wg.ScharfetterGummel(), cells=40)
    stepper = wg.ImplicitEuler(space, tolerance=1e-4)
    density, time = space.initial_density(), 0.0
    for _ in range(12):
        before = density
        step = stepper.step(before, time, 1.0)
        density, time = step.density, time + step.dt
    fine = [advance(wg.ImplicitEuler(space, dt=step.dt / n), step.dt, before) for n in (40, 80)]
    true = space.grid.integrate(np.abs(density - (2 * fine[1] - fine[0])))
    assert 0.5 < step.error / true < 2.0
    assert 0.5e-4 < step.error < 1.5e-4


def test_controlled_steps_grow_to_the_stationary_state() -> None:
    space = cosine(wg.ScharfetterGummel(), 0.5, cells=40)
    stepper = wg.ImplicitEuler(space, tolerance=1e-4)
    density, time, longest = space.initial_density(), 0.0, 0.0
    while time < 1e4:
        step = stepper.step(density, time, 1e4 - time)
        density, time = step.density, time + step.dt
        longest = max(longest, step.dt)
    assert longest > 1e3
    assert space.grid.integrate(np.abs(density - fixed_point(space))) < 1e-6


def test_unreachable_tolerance_ends_with_an_error() -> None:
    space = cosine(wg.ScharfetterGummel(), cells=40)
    stepper = wg.ImplicitEuler(space, tolerance=1e-30)
    with pytest.raises(SolverError, match=r"tolerance 1e-30 .* larger tolerance"):
        advance(stepper, 0.5)


def test_newton_failure_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    from wgflow.steppers import stage

    space = cosine(wg.ScharfetterGummel())
    monkeypatch.setattr(stage, "MAXIMUM_ITERATIONS", 1)
    with pytest.raises(SolverError, match=r"did not converge in 1 iterations .*reduce dt"):
        wg.ImplicitEuler(space, dt=1.0).step(space.initial_density(), 0.0, 1.0)


def test_mass_may_differ_from_one() -> None:
    """Newton's tolerance is relative to the mass."""
    for mass in (1e-6, 1e6):
        energy = wg.Interaction(lambda x, m=mass: -np.cos(x) / m) + wg.Entropy(0.3)
        problem = wg.Problem(CIRCLE, energy, lambda x: 1 + np.cos(x) / 2)
        grid = wg.Grid(CIRCLE, 64)
        space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel())
        step = wg.ImplicitEuler(space, dt=0.1).step(mass * space.initial_density(), 0.0, 0.1)
        assert step.rejections == 0
        assert 1 < step.iterations < 10
        assert grid.integrate(step.density) == pytest.approx(mass, rel=1e-14)
