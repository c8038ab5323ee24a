"""The second-order implicit stepper: order, promises at any dt, and their limits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.algebra.exchange import add_limited
from wgflow.steppers.sdirk import GAMMA

TWO_HUMPS = wg.Potential(lambda x: x**4 / 4 - x**2 / 2)


def block(*x: np.ndarray) -> np.ndarray:
    """Discontinuous start with empty cells, off the centre."""
    return np.prod(np.broadcast_arrays(*[np.abs(c - 0.7) < 0.6 for c in x]), axis=0) * 1.0


def gaussian(dimension: int) -> wg.Problem:
    """Ornstein-Uhlenbeck with an exact Gaussian, mean 1 and variance 1/4 in each direction."""

    def exact(t: float, *x: np.ndarray) -> np.ndarray:
        mean, variance = np.exp(-t), 0.5 - 0.25 * np.exp(-2 * t)
        factors = [
            np.exp(-((c - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance) for c in x
        ]
        return np.prod(np.broadcast_arrays(*factors), axis=0)

    return wg.Problem(
        wg.Box(*[(-4.0, 5.0)] * dimension),
        wg.Confinement(1.0) + wg.Entropy(0.5),
        initial=lambda *x: exact(0.0, *x),
        exact=exact,
        until=0.5,
    )


def attraction() -> wg.Problem:
    """Quadratic interaction W = x²/2, V = x²/2: an exact Gaussian."""

    def exact(t: float, x: np.ndarray) -> np.ndarray:
        mean, variance = np.exp(-t), 0.25 * (1 + np.exp(-4 * t))
        return np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)

    return wg.Problem(
        wg.Box((-5, 6)),
        wg.Confinement(1.0) + wg.Interaction(lambda x: x**2 / 2) + wg.Entropy(0.5),
        initial=lambda x: exact(0.0, x),
        exact=exact,
        until=0.5,
    )


@pytest.mark.parametrize(
    ("problem", "cells", "cap"),
    [(gaussian(1), (50, 100, 200), 6e-4), (gaussian(2), (16, 32, 64), 1.5e-2),
     (attraction(), (50, 100, 200), 2e-3)],
    ids=["1-D", "2-D", "interaction"],
)  # fmt: skip
def test_order_two(problem: wg.Problem, cells: tuple[int, ...], cap: float) -> None:
    table = wg.convergence(problem, "scharfetter_gummel", cells=cells, dt=0.1)
    table.require(rate=2.0, within=0.25, finest_error=cap)


def test_backward_euler_is_of_order_one() -> None:
    problem, grid_cells = gaussian(1), 400
    errors = []
    for dt in (0.05, 0.025):
        options = {"time": "euler"}
        run = wg.solve(problem, "scharfetter_gummel", cells=grid_cells, dt=dt, options=options)
        errors.append(run.errors["L1"])
    assert 0.8 < np.log2(errors[0] / errors[1]) < 1.2


PROMISED = {
    "linear": wg.Problem(wg.Box((-4, 4)), wg.Confinement(1.0) + wg.Entropy(0.5), block),
    "attraction": wg.Problem(
        wg.Box((-3, 3)),
        TWO_HUMPS + wg.Interaction(lambda x: 1.5 * x**2) + wg.Entropy(0.2),
        block,
    ),
    "repulsion": wg.Problem(  # not semidefinite, of either sign
        wg.Box((-3, 3)),
        wg.Interaction(lambda x: 3 * (x**4 / 4 - x**2 / 2)) + wg.Entropy(0.05),
        block,
    ),
    "network": catalog.load("cases", "cosine_neuron").problem(beta=20.0),
    "plane": wg.Problem(
        wg.Box((-3, 3), (-3, 3)),
        wg.Confinement(1.0)
        + wg.Interaction(lambda x, y: 3 * np.exp(-(x**2) - y**2))
        + wg.Entropy(0.1),
        block,
    ),
    "space": wg.Problem(wg.Box(*[(-3, 3)] * 3), wg.Confinement(1.0) + wg.Entropy(0.2), block),
    "four": wg.Problem(wg.Box(*[(-3, 3)] * 4), wg.Confinement(1.0) + wg.Entropy(0.2), block),
}  # fmt: skip
CELLS = {1: 120, 2: 24, 3: 10, 4: 6}


@pytest.mark.parametrize("time", ["sdirk2", "euler"])
@pytest.mark.parametrize("factor", [1, 10, 100, 1000])
@pytest.mark.parametrize("name", PROMISED)
def test_promises_beyond_the_explicit_bound(name: str, factor: int, time: str) -> None:
    problem = PROMISED[name]
    grid = wg.Grid(problem.domain, CELLS[problem.domain.dimension])
    space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel())
    dt = factor / space.rate(space.initial_density(), 0.0).emptying
    run = wg.solve(
        problem, "scharfetter_gummel", cells=grid.shape, dt=dt, until=8 * dt, snapshots=[],
        options={"time": time},
    )  # fmt: skip
    assert run.facts["minimum"] >= 0
    assert run.facts["mass_max_error"] < 1e-13
    assert run.facts["energy_max_increase"] < 1e-12
    assert 8 <= run.facts["steps"] <= 12


def test_the_promises_need_the_mixture(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = attraction()

    def run() -> wg.Solution:
        return wg.solve(problem, "scharfetter_gummel", cells=100, dt=0.05, snapshots=[])

    kept = run()
    assert kept.facts["mixed_steps"] > 0
    assert kept.facts["minimum"] >= 0
    monkeypatch.setattr(wg.SDIRK2, "_keeps", lambda *_: True)
    free = run()
    assert free.facts["minimum"] < 0
    # what was limited are the tails
    assert kept.errors["L1"] < 1.05 * free.errors["L1"]


def test_mixture_takes_out_an_increase_of_energy() -> None:
    problem = PROMISED["linear"]
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 120), wg.ScharfetterGummel())
    stepper = wg.SDIRK2(space, dt=1.0)
    old = space.initial_density()
    low, _ = stepper._companion(old, old, 0.0, 1.0)
    high = old + 0.5 * old * np.sin(np.arange(120.0))
    assert space.energy.value(high, 0.0) > space.energy.value(old, 0.0)
    mended = stepper._mended(low, old, high, old, 0.0, 1.0)
    assert space.energy.value(mended, 0.0) <= space.energy.value(old, 0.0)
    assert space.grid.integrate(np.abs(mended - high)) > 1e-3


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_limited_fluxes_keep_sign_and_mass(dimension: int, periodic: bool) -> None:
    box = wg.Box(*[wg.Axis(0, 1, periodic=periodic)] * dimension)
    rng = np.random.default_rng(1)
    edges = [np.r_[0, np.sort(rng.random(6)), 1] for _ in range(dimension)]
    grid = wg.Grid(box, 7, edges=edges)
    density = 0.01 + rng.random(grid.shape) ** 4
    fluxes = [rng.normal(size=grid.difference(density, a).shape) for a in range(dimension)]
    for size in (1e-12, 0.1):
        scaled = [size * f for f in fluxes]
        free = density - sum(grid.face_divergence(f, a) for a, f in enumerate(scaled))
        limited = add_limited(grid, density, scaled)
        assert limited.min() >= 0
        assert abs(grid.integrate(limited) - grid.integrate(density)) < 1e-14
        assert (free.min() < 0) == (size == 0.1)
        if size < 0.1:  # no cell is short of mass
            np.testing.assert_allclose(limited, free, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("time", ["sdirk2", "euler"])
def test_stationary_state_does_not_move(time: str) -> None:
    for dimension in (1, 2):
        grid = wg.Grid(wg.Box(*[(-3.0, 3.0)] * dimension), 30)
        energy = wg.Confinement(1.0) + wg.Entropy(0.5)
        rest = np.exp(-sum(c**2 for c in grid.coordinates))
        problem = wg.Problem(grid.box, energy, rest / grid.integrate(rest))
        for dt in (1e-2, 1e2):
            run = wg.solve(
                problem, "scharfetter_gummel", cells=30, dt=dt, until=10 * dt,
                options={"time": time},
            )  # fmt: skip
            assert grid.integrate(np.abs(run.density - run.densities[0])) < 1e-12


def test_mass_over_ten_thousand_steps() -> None:
    run = wg.solve(gaussian(1), "scharfetter_gummel", cells=50, dt=1e-3, until=10.0, snapshots=[])
    assert run.facts["steps"] >= 10_000
    assert run.facts["mass_max_error"] < 1e-12


def test_tolerance_controls_the_error() -> None:
    problem = gaussian(1)
    fine = wg.solve(problem, "scharfetter_gummel", cells=100, dt=1e-3).density
    errors, steps = [], []
    for tolerance in (1e-3, 1e-4, 1e-5, 1e-6):
        run = wg.solve(problem, "scharfetter_gummel", cells=100, tolerance=tolerance, snapshots=[])
        errors.append(run.grid.integrate(np.abs(run.density - fine)))
        steps.append(run.facts["steps"])
    # error a unit of time falls like tolerance^(2/3), steps grow like tolerance^(-1/3)
    assert all(3 < a / b < 8 for a, b in pairwise(errors))
    assert all(1.6 < b / a < 2.8 for a, b in pairwise(steps))
    assert errors[-1] < 3e-5


@pytest.mark.parametrize(
    ("options", "text"),
    [({"dt": 0.1, "tolerance": 1e-3}, "give one of the two"), ({"tolerance": -1.0}, "> 0"),
     ({"dt": -0.1}, "> 0"), ({"options": {"time": "crank"}}, "sdirk2")],
)  # fmt: skip
def test_bad_choices_are_named(options: dict[str, object], text: str) -> None:
    with pytest.raises(wg.InputError, match=text):
        wg.solve(gaussian(1), "scharfetter_gummel", cells=20, **options)


def test_fluxes_of_the_safe_step_are_those_of_its_density_under_a_time_scale() -> None:
    """Limited steps start from them: what is not limited would else be moved by another step."""
    problem = wg.Problem(
        wg.Box((-1, 1)),
        wg.Confinement(1.0) + wg.Entropy(1.0),
        initial=np.eye(1, 20, 9)[0],
        time_scale=lambda t: 1 + 20 * t,
    )
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 20), wg.ScharfetterGummel())
    stepper, density, dt = wg.SDIRK2(space, dt=0.1), space.initial_density(), 0.1
    length = GAMMA * dt
    one = stepper._stage.solve(density, density, length, length).density
    low, _ = stepper._companion(density, one, 0.0, dt)
    moved = density - space.grid.face_divergence(low.fluxes[0], 0)
    assert np.max(np.abs(moved - low.density)) < 1e-12
