"""Implicit and minimizing steps of densities with convex losses that are not quadratic."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import wgflow as wg
from tests.labelled_neuron import problem
from wgflow._typing import Array
from wgflow.energies import DiscreteEnergy
from wgflow.networks import (
    Features,
    Logistic,
)
from wgflow.stationary import stationary
from wgflow.steppers import stage, upwind_stage

NAMES = ["logistic", "hinge", "huber"]
ALL = ["square", *NAMES]


# ---- implicit steps -----------------------------------------------------------------------


def attracting(loss: str, beta: float = 1e3) -> wg.Problem:
    """A convex risk beside a quadratic term that is not convex."""
    task = problem(loss, beta)
    term = wg.FeatureInteraction(lambda x: (np.cos(2 * x), np.sin(2 * x)), [-0.3, -0.3])
    return wg.Problem(task.domain, term + task.energy, task.initial, time_scale=2.0)


@pytest.mark.parametrize("loss", ALL)
def test_drift_of_a_step_bounds_the_difference_of_energies(loss: str) -> None:
    task = attracting(loss)
    grid = wg.Grid(task.box, 30)
    energy = DiscreteEnergy(task.energy, grid)
    assert energy.quadratic == (loss == "square")
    nonlocal_terms = [term for term in energy.terms if not term.local]
    rng = np.random.default_rng(3)
    gaps = []
    for _ in range(20):
        old, new = rng.random((2, 30)) ** 6
        old, new = old / grid.integrate(old), new / grid.integrate(new)
        work = grid.integrate(energy.drift_between(old, new, 0.0) * (new - old))
        gaps.append(work - sum(t.value(new, 0.0) - t.value(old, 0.0) for t in nonlocal_terms))
        direction = rng.normal(size=30)
        for weight in (0.5, 1.0):
            ends = [
                energy.drift_between(old, new + sign * 1e-6 * direction, 0.0, weight)
                for sign in (1, -1)
            ]
            change = energy.drift_between_change(old, new, direction, weight)
            np.testing.assert_allclose(change, (ends[0] - ends[1]) / 2e-6, atol=1e-7)
    if loss == "square":
        assert np.abs(gaps).max() < 1e-13
    else:
        assert min(gaps) > -1e-13
        assert max(gaps) > 1e-4


STEPPERS = {
    "scharfetter_gummel euler": lambda p, g, dt: wg.ImplicitEuler(
        wg.FiniteVolume(p, g, wg.ScharfetterGummel()), dt=dt
    ),
    "scharfetter_gummel sdirk2": lambda p, g, dt: wg.SDIRK2(
        wg.FiniteVolume(p, g, wg.ScharfetterGummel()), dt=dt
    ),
    "bailo_carrillo_hu": lambda p, g, dt: wg.ImplicitEuler(
        wg.FiniteVolume(p, g, wg.BailoCarrilloHu()), dt=dt
    ),
}


@pytest.mark.parametrize("times", [100, 10_000])
@pytest.mark.parametrize("loss", NAMES)
@pytest.mark.parametrize("name", STEPPERS)
def test_energy_falls_far_above_the_explicit_bound(name: str, loss: str, times: int) -> None:
    task = problem(loss, 1e3)
    grid = wg.Grid(task.box, 200)
    explicit = wg.FiniteVolume(task, grid, wg.MUSCL())
    density = explicit.initial_density()
    dt = times / explicit.rate(density, 0.0).emptying
    stepper = STEPPERS[name](task, grid, dt)
    energies = [explicit.energy.value(density, 0.0)]
    for _ in range(6):
        step = stepper.step(density, 0.0, dt)
        assert step.dt == dt or times > 100  # else perhaps done in halves
        density = step.density
        assert density.min() >= 0
        assert abs(grid.integrate(density) - 1) < 1e-13
        energies.append(explicit.energy.value(density, 0.0))
    assert energies[-1] < energies[0] - 0.01
    assert np.diff(energies).max() < 1e-13


@pytest.mark.parametrize("chosen", ["stage", "upwind"])
def test_the_midpoint_would_break_the_law(chosen: str) -> None:
    """Why other losses are taken at the new density: here the mean of two lets the energy rise."""
    task = problem("hinge", 1e3)
    flux = wg.ScharfetterGummel() if chosen == "stage" else wg.BailoCarrilloHu()
    rises = []
    for quadratic in (False, True):
        space = wg.FiniteVolume(task, wg.Grid(task.box, 200), flux)
        for term in space.energy.terms:
            term.quadratic = quadratic
        solver = stage.Stage(space) if chosen == "stage" else upwind_stage.UpwindStage(space)
        density = space.initial_density()
        energies = [space.energy.value(density, 0.0)]
        for _ in range(6):
            density = solver.solve(density, density, 0.0, 220.0).density
            energies.append(space.energy.value(density, 0.0))
        rises.append(np.diff(energies).max())
    assert rises[0] < 1e-13
    assert rises[1] > 1e-5


def bumps(count: int) -> Features:
    """Samples that each see neurons in one place: features that are far from dependent."""
    centres = np.linspace(-2.5, 2.5, count)[:, None]

    def functions(x: Array) -> Array:
        return np.asarray(3 * np.exp(-4 * (x - centres) ** 2))

    def gradient(x: Array) -> Array:
        return (-8 * (x - centres) * functions(x))[None]

    signs = np.where(np.arange(count) % 2, 1.0, -1.0)
    shares = np.full(count, 1 / count)
    return Features(functions, gradient, shares, shares * signs, 1.0, Logistic())


@pytest.mark.parametrize("count", [3, 6])
@pytest.mark.parametrize("flux", [wg.ScharfetterGummel(), wg.BailoCarrilloHu()], ids=str)
def test_interaction_by_features_takes_one_product_more_than_features(
    count: int, flux: wg.ScharfetterGummel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where GMRES is to solve to rounding: the nonlocal part has rank K."""
    taken, left = [], []
    plain = stage.gmres

    def counted(cells, product, given, tolerance, iterations):  # type: ignore[no-untyped-def]
        number = itertools.count()

        def each(vector: Array) -> Array:
            next(number)
            return product(vector)

        found = plain(cells, each, given, 1e-10, iterations)
        taken.append(next(number))
        left.append(np.linalg.norm(product(found) - given) / np.linalg.norm(given))
        return found

    monkeypatch.setattr(stage, "gmres", counted)
    monkeypatch.setattr(upwind_stage, "gmres", counted)
    task = wg.Problem(
        wg.Box((-4, 4)),
        wg.Risk(bumps(count)) + wg.Entropy(0.02),
        initial=lambda x: np.exp(-(x**2) / 2),
    )
    space = wg.FiniteVolume(task, wg.Grid(task.box, 200), flux)
    density = space.initial_density()
    wg.ImplicitEuler(space, dt=5.0).step(density, 0.0, 5.0)
    assert max(taken) == count + 1
    assert max(left) < 1e-10


# ---- solvers ------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["logistic", "huber"])
def test_solvers_agree_to_their_orders(loss: str) -> None:
    task = problem(loss, 20.0, 0.2)
    fine = wg.solve(task, "muscl", cells=800, snapshots=2).density

    def error(solver: str, cells: int, **options: float | str) -> float:
        found = wg.solve(task, solver, cells=cells, snapshots=2, options=options)
        return float(found.grid.integrate(np.abs(found.density - fine.reshape(cells, -1).mean(1))))

    def observed(errors: list[float]) -> float:
        return float(np.log2(errors[0] / errors[1]))

    in_space = [error("muscl", n) for n in (50, 100)]
    assert 1.8 < observed(in_space) < 2.6
    assert in_space[1] < 5e-4
    both = [error("scharfetter_gummel", n, dt=1 / n) for n in (50, 100)]
    assert 1.8 < observed(both) < 2.3
    assert both[1] < 2e-3
    in_time = [error("scharfetter_gummel", 200, dt=dt, time="euler") for dt in (0.05, 0.025)]
    assert 0.85 < observed(in_time) < 1.15
    assert in_time[1] < 1e-2
    moved = [error("quantile_jko", 200, tau=tau) for tau in (0.05, 0.025)]
    assert 0.85 < observed(moved) < 1.15
    assert moved[1] < 1e-2


@pytest.mark.parametrize("beta", [20.0, np.inf])
@pytest.mark.parametrize("loss", NAMES)
def test_quantiles_keep_the_law_of_minimizing_movements(loss: str, beta: float) -> None:
    for tau in (0.05, 5.0):
        until = 5 * tau
        run = wg.solve(problem(loss, beta, until), "quantile_jko", cells=100, options={"tau": tau})
        assert run.summary()["rejections"] == 0
        assert np.all(run.history["energy_law"][1:] < 1e-13)
        assert run.history["movement"][1:].sum() > 0.01
        assert run.history["risk"][-1] < run.history["risk"][0] - 0.01


@pytest.mark.parametrize("loss", NAMES)
def test_a_state_at_rest_is_where_a_long_run_ends(loss: str) -> None:
    task = problem(loss, 20.0, 80.0)
    state = stationary(task, cells=100)
    assert state.residual < 1e-13
    assert state.spread < 1e-12
    run = wg.solve(task, "scharfetter_gummel", cells=100, options={"dt": 0.5})
    assert run.grid.integrate(np.abs(run.density - state.density)) < 1e-8
    assert state.risk == pytest.approx(run.history["risk"][-1], abs=1e-9)


def test_fipy_agrees() -> None:
    """FiPy's sweeps take the drift of the same densities."""
    pytest.importorskip("fipy")
    task = problem("logistic", 20.0, 0.2)
    euler = {"dt": 0.05, "time": "euler"}
    ours = wg.solve(task, "scharfetter_gummel", cells=64, options=euler)
    theirs = wg.solve(task, "fipy", cells=64, options={"dt": 0.05})
    assert np.abs(ours.density - theirs.density).max() < 1e-11  # measured 3e-13
