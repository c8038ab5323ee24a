"""Charged Gaussian units: exact kernel and potential, density beside particles, fixed charges."""

from __future__ import annotations

import math

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refuses
from wgflow import catalog
from wgflow._typing import Array
from wgflow.compare import ParticleSettings, compare, schedule_of
from wgflow.networks import Bump, Charge, ChargeData, Network, charge_features, charge_network
from wgflow.particles import Schedule, particle, stochastic_gradient_descent

PLACES = (((-1.0, -0.5), (1.0, 0.5)), (1.5, -1.0))


def make(**parameters: object) -> wg.Problem:
    return catalog.load("cases", "charges").problem(**parameters)  # type: ignore[no-any-return]


def network(dimension: int, width: float = 0.6, target_width: float = 0.8) -> Network:
    places, charges = PLACES
    data = ChargeData(charges, [z[:dimension] for z in places], target_width)
    return charge_network(data, width, spread=1.0, accuracy=1e-14)


def points(dimension: int, count: int = 48) -> Array:
    """Nodes of the trapezoidal rule on the torus, which is exact here to rounding."""
    line = np.linspace(-math.pi, math.pi, count, endpoint=False)
    return np.stack(np.meshgrid(*[line] * dimension), axis=-1).reshape(-1, dimension)


@pytest.mark.parametrize("dimension", [1, 2])
def test_features_are_expectations_over_the_data(dimension: int) -> None:
    made, x = network(dimension), points(dimension)
    theta = made.draw(np.random.default_rng(1), 6)
    outputs, target = made.unit.value(x, theta), made.data.target(x)  # type: ignore[attr-defined]
    phi = made.features.functions(*theta.T)
    kernel = np.einsum("k,ki,kj->ij", made.features.weights, phi, phi)
    np.testing.assert_allclose(kernel, outputs.T @ outputs / len(x), atol=1e-11)
    np.testing.assert_allclose(made.features.targets @ phi, target @ outputs / len(x), atol=1e-11)
    assert made.data.second_moment == pytest.approx(np.mean(target**2), rel=1e-12)
    risk = np.mean((target - outputs.mean(axis=1)) ** 2)
    assert made.population.risk(theta) == pytest.approx(risk, rel=1e-10)


@pytest.mark.parametrize("dimension", [1, 2])
@pytest.mark.parametrize("fixed", [False, True])
def test_gradients_are_derivatives(dimension: int, fixed: bool) -> None:
    data = network(dimension).data
    made = charge_network(data, 0.6, 1.0, fixed)  # type: ignore[arg-type]
    theta, x = made.draw(np.random.default_rng(2), 5), points(dimension, 7)
    slope, parts = made.unit.gradient(x, theta), made.features.gradient(*theta.T)
    for axis in range(dimension + 1):
        step = np.zeros(dimension + 1)
        step[axis] = 1e-5
        up, down = made.unit.value(x, theta + step), made.unit.value(x, theta - step)
        up2, down2 = (made.features.functions(*(theta + s).T) for s in (step, -step))
        moving = 0.0 if fixed and axis == dimension else 1.0
        np.testing.assert_allclose(slope[..., axis], moving * (up - down) / 2e-5, atol=1e-8)
        np.testing.assert_allclose(parts[axis], moving * (up2 - down2) / 2e-5, atol=1e-8)


def test_width_of_the_images() -> None:
    """Narrow and wide bumps alike have mean square 1 and the stated coefficients."""
    x = points(1, 400)
    for width in (0.1, 0.6, 2.0):
        bump = Bump(width)
        assert np.mean(bump(x) ** 2) == pytest.approx(1.0, rel=1e-13)
        waves = np.array([[0.0], [2.0], [5.0]])
        found = np.cos(waves @ x.T) @ bump(x) / len(x)
        np.testing.assert_allclose(bump.coefficients(waves), found, atol=1e-15)


def floor(problem: wg.Problem, start: float) -> float:
    """Lower bound of the risk with fixed charges, by the target itself as test function."""
    assert problem.network is not None
    features, y = problem.network.features, np.linspace(-math.pi, math.pi, 2001)
    force = features.targets @ features.functions(y, np.ones_like(y))
    most = start * math.sqrt(2 / math.pi) * float(np.abs(force).max())
    return (features.second_moment - most) ** 2 / features.second_moment


def test_trained_charges_fit_and_fixed_ones_are_stuck() -> None:
    trained = wg.solve(make(reach=7), "muscl", cells=(32, 56), until=10.0, snapshots=[])
    fixed = wg.solve(make(reach=7, fixed=True), "muscl", cells=(32, 56), until=10.0, snapshots=[])
    for solution in (trained, fixed):
        assert solution.warnings == ()
        assert solution.facts["mass_max_error"] < 1e-13
        assert solution.facts["minimum"] >= 0
        assert np.all(np.diff(solution.history["energy"]) < 0)
        assert np.all(solution.history["energy"] >= 0)
        assert solution.history["risk"][0] == pytest.approx(3.06346, abs=1e-4)
    assert trained.at(10.0, "risk") < 0.01
    bound = floor(fixed.problem, 0.5)
    assert bound == pytest.approx(2.0197, abs=1e-3)
    assert bound < fixed.at(10.0, "risk") < 2.5


def test_fixed_axis_keeps_its_marginal_with_every_flux() -> None:
    """No mass moves along it, whichever the scheme; on the others it does."""
    problem = make(fixed=True, start=1.0, reach=7)
    solvers = {"muscl": None, "upwind": None, "scharfetter_gummel": 0.05, "bailo_carrillo_hu": 0.05}
    risks = []
    for solver, dt in solvers.items():
        solution = wg.solve(problem, solver, cells=(32, 28), until=0.5, dt=dt, snapshots=[])
        first, last = (d.sum(axis=0) for d in (solution.densities[0], solution.densities[-1]))
        np.testing.assert_allclose(last, first, rtol=1e-9, atol=1e-12 * first.max())
        risks.append(solution.at(0.5, "risk"))
        assert risks[-1] < 0.95 * solution.at(0.0, "risk")
    assert max(risks) - min(risks) < 0.03 * risks[0]


def test_fipy_refuses_a_fixed_axis() -> None:
    pytest.importorskip("fipy")
    run = {"cells": 8, "dt": 0.1, "until": 0.1}
    refuses(lambda: wg.solve(make(fixed=True), "fipy", **run), "axis c is fixed", "muscl")  # type: ignore[arg-type]


def test_particles_approach_the_density() -> None:
    """Largest |R(rho_t) - R_N| falls like N^(-1/2)."""
    problem = make()
    times = [0.3, 1.0, 2.0, 3.0]
    solution = wg.solve(problem, "muscl", cells=(64, 128), until=3.0, snapshots=times[:-1])
    exact = np.array([solution.at(t, "risk") for t in times])
    made = problem.network
    assert made is not None
    sizes, misses = (100, 400, 1600), []
    for size in sizes:
        found = []
        for seed in range(8):
            theta = made.draw(np.random.default_rng([seed, size]), size)
            run = particle(made, theta, times, 0.1, Schedule(1.0), keep=False)
            found.append(np.abs(run.risk - exact).max())
        misses.append(math.sqrt(np.mean(np.square(found))))
    slope = np.polyfit(np.log(sizes), np.log(misses), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.2)
    assert misses[-1] < 0.1


def test_batches_average_the_gradient() -> None:
    """The noise of SGD falls with the batch: rms distance from gradient descent like P^(-1/2)."""
    made = make().network
    assert made is not None
    theta = made.draw(np.random.default_rng(3), 50)
    accurate = particle(made, theta, [1.0], 0.05, Schedule(1.0)).final
    distances = []
    for batch in (1, 16, 256):
        runs = [
            stochastic_gradient_descent(
                made, theta, [1.0], 0.02, Schedule(1.0), np.random.default_rng(seed), batch
            ).final
            for seed in range(6)
        ]
        distances.append(math.sqrt(np.mean([np.mean((run - accurate) ** 2) for run in runs])))
    slopes = np.diff(np.log(distances)) / math.log(16)
    assert slopes == pytest.approx([-0.5, -0.5], abs=0.15)


def test_density_of_planar_positions_beside_networks() -> None:
    problem = make(dimension=2, width=0.8, target_width=0.8, accuracy=1e-5)
    assert problem.box.names == ("y1", "y2", "c")
    solution = wg.solve(problem, "muscl", cells=(16, 16, 48), until=1.0, snapshots=[])
    assert np.all(np.diff(solution.history["energy"]) < 0)
    result = compare(solution, ParticleSettings(particles=400, step=0.02, seeds=4, batch=20))
    end = result.rows()[-1]
    assert end["risk_equation"] < 0.85 * solution.at(0.0, "risk")
    assert abs(end["difference"]) < 3 * end["deviation"] / 2 + 0.01


def test_noise_ends_at_its_boltzmann_density() -> None:
    """ρ ∝ exp(-β(c g(y) + λ c²/2)), g from the density's own moments; charges alone decay."""
    beta, decay = 2.0, 0.5
    problem = make(beta=beta, weight_decay=decay, reach=8)
    solution = wg.solve(problem, cells=(24, 64), until=60.0, snapshots=[])
    assert solution.solver == "scharfetter_gummel"
    assert np.all(np.diff(solution.history["energy"]) <= 1e-13)
    assert problem.network is not None
    y, c = solution.coordinates
    force = problem.network.features.potential(solution.moments[-1], y, np.ones_like(y))
    boltzmann = np.exp(-beta * (c * force + decay * c**2 / 2))
    boltzmann /= solution.grid.integrate(boltzmann)
    assert solution.grid.integrate(np.abs(solution.density - boltzmann)) < 1e-6
    middle = solution.grid.integrate(c * solution.density)
    schedule = schedule_of(problem)
    assert schedule.regularization == (0.0, decay)
    theta = problem.network.draw(np.random.default_rng(4), 400)
    rng = np.random.default_rng(5)
    for run in (
        particle(problem.network, theta, [10.0], 0.02, schedule, rng),
        stochastic_gradient_descent(problem.network, theta, [10.0], 0.02, schedule, rng, 4),
    ):
        assert run.final[:, 1].mean() == pytest.approx(middle, abs=0.2)
        assert run.risk[-1] == pytest.approx(solution.at(60.0, "risk"), abs=0.25)


def test_refusals() -> None:
    data = ChargeData((1.0,), ((0.0,),), 0.5)
    refuses(lambda: Bump(3.0), "3.0", "at most 2")
    refuses(lambda: Bump(0.5, 0), "dimension = 0", ">= 1")
    refuses(lambda: ChargeData((1.0, 2.0), ((0.0,),), 0.5), "2 charges", "as many")
    refuses(lambda: ChargeData((math.nan,), ((0.0,),), 0.5), "nan", "finite")
    refuses(lambda: charge_features(Charge(Bump(0.5, 2)), data), "dimension 2", "the same")
    refuses(lambda: charge_features(Charge(Bump(0.5)), data, 0.0), "accuracy = 0.0", "(0, 1)")
    refuses(lambda: charge_network(data, 0.5, 0.0), "spread = 0.0", "positive")
    refuses(lambda: make(start=3.0), "start = 3.0", "reach > 4 start")
    refuses(lambda: make(beta=10.0), "beta = 10.0", "weight decay > 0")
    refuses(lambda: make(beta=10.0, weight_decay=1.0, fixed=True), "beta = 10.0", "drop one")
