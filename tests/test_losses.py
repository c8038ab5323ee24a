"""Convex losses: their derivatives, and the gradient flow of a network that minimizes them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import wgflow as wg
from tests.labelled_neuron import HEIGHTS, INPUTS, SIGNS, problem
from wgflow._typing import Array
from wgflow.energies import DiscreteEnergy
from wgflow.networks import (
    Cosine,
    EmpiricalData,
    Features,
    Huber,
    IsotropicGaussians,
    Logistic,
    Loss,
    Network,
    SmoothHinge,
    Square,
    empirical_features,
    isotropic_network,
    ramp,
)
from wgflow.networks.risks import LossRisk
from wgflow.particles import Schedule, gradient_descent, particle, stochastic_gradient_descent
from wgflow.stationary import stationary
from wgflow.steppers import stage, upwind_stage

LOSSES: list[Loss] = [Square(), Logistic(), SmoothHinge(), SmoothHinge(0.3), Huber(), Huber(0.4)]
SIGNED = (Logistic, SmoothHinge)
NAMES = ["logistic", "hinge", "huber"]
OTHERS = ["square", *NAMES]


# ---- the functions ------------------------------------------------------------------------


def points(loss: Loss) -> tuple[Array, Array]:
    """Predictions and labels, in the mean halfway between multiples of 0.05, away from kinks."""
    f = np.arange(-3.025, 3.0, 0.05)
    y = np.where(np.arange(len(f)) % 2, 1.0, -1.0)
    return f, y if isinstance(loss, SIGNED) else 2 * y


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_derivatives_match_finite_differences(loss: Loss) -> None:
    f, y = points(loss)
    step = 1e-5
    slope = (loss.value(f + step, y) - loss.value(f - step, y)) / (2 * step)
    np.testing.assert_allclose(loss.slope(f, y), slope, atol=1e-9)
    curvature = (loss.slope(f + step, y) - loss.slope(f - step, y)) / (2 * step)
    np.testing.assert_allclose(loss.curvature(f, y), curvature, atol=1e-9)
    assert loss.value(f, y).min() >= 0
    assert loss.curvature(f, y).min() >= 0
    # the slope has no jumps: it grows by no more than the largest curvature allows
    fine = np.linspace(-3, 3, 6001)
    rise = np.diff(loss.slope(fine, np.full_like(fine, y[0])))
    assert rise.min() >= -1e-12
    assert rise.max() < 1.01e-3 * max(1.0, 1 / 0.3)


@pytest.mark.parametrize("loss", LOSSES[1:], ids=str)
@pytest.mark.filterwarnings("error")
def test_far_predictions_do_not_overflow(loss: Loss) -> None:
    f, y = np.array([-1e200, -800.0, 800.0, 1e200]), np.ones(4)
    assert np.all(np.isfinite(loss.value(f, y)))
    assert np.abs(loss.slope(f, y)).max() <= 1.0
    np.testing.assert_allclose(loss.curvature(f, y), 0.0, atol=1e-300)
    if not isinstance(loss, Huber):
        assert loss.value(f, y)[1] == pytest.approx(800, rel=2e-3)
        assert loss.value(f, y)[3] == 0.0


def test_errors_name_the_value_and_the_remedy() -> None:
    data = EmpiricalData(np.arange(3.0), np.array([1.0, -1.0, 0.5]))
    for name in ("logistic", "hinge"):
        with pytest.raises(wg.InputError, match=rf"y\[2\] = 0.5 with the {name} loss.*\+1 or -1"):
            empirical_features(Cosine(), data, name)
    with pytest.raises(wg.InputError, match="unknown loss 'logistc': known, nearest first: logi"):
        empirical_features(Cosine(), data, "logistc")
    for make in (SmoothHinge, Huber):
        for bad in (0.0, -1.0, np.inf, np.nan):
            with pytest.raises(wg.InputError, match="give a finite number > 0"):
                make(bad)
    few = empirical_features(Cosine(), data)
    with pytest.raises(wg.InputError, match=r"w\[1\] = -1 with Huber"):
        Features(few.functions, few.gradient, np.array([1.0, -1, 1]), few.targets, 1.0, Huber())
    square = isotropic_network(ramp(), IsotropicGaussians(3, 0.8))
    with pytest.raises(wg.InputError, match="use FeaturePopulation"):
        Network(
            square.unit,
            square.data,
            empirical_features(square.unit, EmpiricalData(np.eye(3), np.ones(3)), "logistic"),
            square.population,
            square.chart,
            square.draw,
        )


def test_the_square_is_one_of_them() -> None:
    features = empirical_features(Cosine(), EmpiricalData(INPUTS, HEIGHTS))
    mean = LossRisk(features.weights, features.targets, Square())
    moments = np.linspace(-1, 2, 9)
    assert features.energy(moments) == pytest.approx(mean.energy(moments), rel=1e-14)
    assert features.risk(moments) == pytest.approx(np.mean((HEIGHTS - moments) ** 2), rel=1e-14)
    np.testing.assert_allclose(features.slope(moments), mean.slope(moments), atol=1e-15)
    np.testing.assert_allclose(features.curvature(moments), mean.curvature(moments), rtol=1e-14)
    logistic = empirical_features(Cosine(), EmpiricalData(INPUTS, SIGNS), Logistic())
    by_hand = np.mean(np.log(1 + np.exp(-SIGNS * moments)))
    assert logistic.risk(moments) == logistic.energy(moments) == pytest.approx(by_hand, rel=1e-14)


# ---- finite networks ----------------------------------------------------------------------


@pytest.mark.parametrize("loss", OTHERS)
def test_density_agrees_with_particles_of_the_same_data(loss: str) -> None:
    """Without noise: N neurons at quantiles, moved by their own code, and the density."""
    task = problem(loss, np.inf, 0.5)
    assert task.network is not None
    theta = task.network.draw(np.random.default_rng(0), 4000)
    run = particle(task.network, theta, [0.0, 0.5], Schedule(2.0), dt=0.01, keep=False)
    errors = []
    for cells in (100, 200):
        solution = wg.solve(task, "muscl", cells=cells)
        apart = abs(solution.history["risk"][-1] - run.risk[-1])
        errors.append(apart / (run.risk[0] - run.risk[-1]))
    assert run.risk[0] - run.risk[-1] > 0.05
    assert errors[1] < 6e-5
    assert 3.4 < errors[0] / errors[1] < 5.5


class Cycle:
    """A data law that gives its samples in turn."""

    def __init__(self, y: Array) -> None:
        self.y, self.second_moment, self.given = y, 1.0, 0

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        index = (self.given + np.arange(size)) % len(self.y)
        self.given += size
        return INPUTS[index][:, None], self.y[index]


@pytest.mark.parametrize("loss", OTHERS)
def test_sgd_on_all_samples_is_gradient_descent(loss: str) -> None:
    net = problem(loss).network
    assert net is not None
    labels = SIGNS if loss in ("logistic", "hinge") else HEIGHTS
    same = Network(net.unit, Cycle(labels), net.features, net.population, net.chart, net.draw)
    theta = net.draw(np.random.default_rng(0), 50)
    schedule, rng = Schedule(2.0), np.random.default_rng(0)
    one = gradient_descent(same, theta, [1.0], 0.01, schedule)
    other = stochastic_gradient_descent(same, theta, [1.0], 0.01, schedule, rng, batch=len(labels))
    assert np.abs(one.final - theta).max() > 0.1
    np.testing.assert_allclose(other.final, one.final, rtol=1e-11)


def test_sgd_refuses_labels_of_another_loss() -> None:
    net = problem("logistic").network
    assert net is not None
    other = Network(net.unit, Cycle(HEIGHTS), net.features, net.population, net.chart, net.draw)
    rng = np.random.default_rng(0)
    with pytest.raises(wg.InputError, match="labels must be"):
        stochastic_gradient_descent(other, net.draw(rng, 5), [0.1], 0.01, Schedule(2.0), rng)


# ---- implicit steps -----------------------------------------------------------------------


def attracting(loss: str, beta: float = 1e3) -> wg.Problem:
    """A convex risk beside a quadratic term that is not convex."""
    task = problem(loss, beta)
    term = wg.FeatureInteraction(lambda x: (np.cos(2 * x), np.sin(2 * x)), [-0.3, -0.3])
    return wg.Problem(task.domain, term + task.energy, task.initial, time_scale=2.0)


@pytest.mark.parametrize("loss", OTHERS)
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
