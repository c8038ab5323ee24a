"""ReLU neurons with output weight and bias on anisotropic Gaussians."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

import wgflow as wg
from wgflow import catalog
from wgflow.errors import InputError
from wgflow.networks import AnisotropicGaussians, FeaturePopulation, anisotropic_features, relu
from wgflow.networks.relu_gaussians import relu_features, relu_network
from wgflow.networks.relu_population import ReluPopulation, relu_coefficients
from wgflow.particles import Schedule, particle, stochastic_gradient_descent

DATA = AnisotropicGaussians(6, 2, 0.7)


@pytest.mark.parametrize(("s", "b"), [(1.0, 0.5), (0.3, -0.4), (2.0, 1.0), (0.5, 0.0)])
def test_coefficients_by_quadrature(s, b):
    from numpy.polynomial.hermite_e import hermeval

    def integral(n):
        weights = [0.0] * n + [1.0 / math.sqrt(math.factorial(n))]
        density = lambda g: (s * g + b) * hermeval(g, weights) * math.exp(-0.5 * g * g)  # noqa: E731
        return quad(density, -b / s, 30.0, epsabs=1e-12)[0] / math.sqrt(2 * math.pi)

    values, by_s, by_b = relu_coefficients(np.array([s]), np.array([b]), range(8))
    np.testing.assert_allclose(values[:, 0], [integral(n) for n in range(8)], atol=1e-10)
    h = 1e-6
    for found, ds, db in ((by_s, h, 0.0), (by_b, 0.0, h)):
        ahead, behind = (
            relu_coefficients(np.array([s + k * ds]), np.array([b + k * db]), range(8))[0]
            for k in (1, -1)
        )
        np.testing.assert_allclose(found, (ahead - behind) / (2 * h), atol=1e-8)


def test_without_bias_the_features_are_those_of_the_ridge_network():
    r1, r2 = np.array([0.4, 1.3]), np.array([0.9, 0.2])
    four, two = relu_features(DATA), anisotropic_features(relu(), DATA)
    found = four.functions(np.full(2, 3.0), np.zeros(2), r1, r2)
    np.testing.assert_allclose(found, 3.0 * two.functions(r1, r2), rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(four.weights, two.weights)


def test_gradient_of_the_features_matches_differences():
    features = relu_features(DATA)
    point = [np.array(c) for c in ((1.2, -0.5), (0.7, -0.9), (0.5, 1.1), (0.8, 0.3))]
    gradient = features.gradient(*point)
    h = 1e-5
    for k in range(4):
        ahead, behind = ([c + (i == k) * e for i, c in enumerate(point)] for e in (h, -h))
        slope = (features.functions(*ahead) - features.functions(*behind)) / (2 * h)
        np.testing.assert_allclose(gradient[k], slope, atol=1e-8)


def test_kernel_matches_monte_carlo():
    rng, pairs = np.random.default_rng(3), 300_000
    features = relu_features(DATA, order=14)
    x, y = DATA.sample(rng, pairs)
    states = [(1.0, 0.6, 0.9, 0.7), (-1.5, -0.3, 1.2, 0.5)]
    outputs = []
    for a, b, r1, r2 in states:
        w = rng.standard_normal((pairs, 6))
        for part, r in ((slice(0, 2), r1), (slice(2, None), r2)):
            w[:, part] *= r / np.linalg.norm(w[:, part], axis=1, keepdims=True)
        outputs.append(a * np.maximum(np.einsum("nd,nd->n", w, x) + b, 0.0))
    values = features.functions(*np.array(states).T)
    product = outputs[0] * outputs[1]
    found = values[:, 0] * features.weights @ values[:, 1]
    error = product.std() / math.sqrt(pairs)
    assert error < 0.01 * abs(found)
    assert abs(product.mean() - found) < 3.5 * error
    for k, output in enumerate(outputs):
        sample = y * output
        target = features.targets @ values[:, k]
        assert abs(sample.mean() - target) < 3.5 * sample.std() / math.sqrt(pairs)


def test_population_matches_monte_carlo_and_differences():
    network = relu_network(DATA, spread=1.2, start=(0.5, 0.3), jitter=0.6)
    theta = network.draw(np.random.default_rng(2), 7)
    population = network.population
    x, y = DATA.sample(np.random.default_rng(11), 300_000)
    residual = y - network.unit.value(x, theta).mean(axis=1)
    error = (residual**2).std() / math.sqrt(len(y))
    assert abs(np.mean(residual**2) - population.risk(theta)) < 4.0 * error
    assert error < 0.01 * np.mean(residual**2)
    gradient, h = population.gradient(theta), 1e-4
    for seed in range(3):
        direction = np.random.default_rng(seed).standard_normal(theta.shape)
        risks = [population.risk(theta + k * h * direction) for k in (-2, -1, 1, 2)]
        numeric = (risks[0] - 8.0 * risks[1] + 8.0 * risks[2] - risks[3]) / (12.0 * h)
        exact = 2.0 / 7 * np.sum(gradient * direction)
        assert abs(exact) > 1e-3
        assert abs(numeric - exact) < 1e-7


def test_descent_and_gradient_flow_agree_on_means():
    data = AnisotropicGaussians(20, 5, 0.8)
    network = relu_network(data)
    rng = np.random.default_rng(0)
    theta = network.draw(rng, 60)
    flow = particle(network, theta, [0.0, 0.5], 0.05, Schedule(2.0))
    descent = stochastic_gradient_descent(
        network, theta, [0.0, 0.5], 5e-4, Schedule(2.0), rng, batch=4
    )
    assert flow.risk[1] < 0.9 * flow.risk[0]
    assert abs(flow.risk[1] - descent.risk[1]) < 0.05
    assert np.abs(flow.means[1] - descent.means[1]).max() < 0.05
    assert np.abs(flow.means[1] - flow.means[0]).max() > 0.1


@pytest.mark.parametrize(
    "build",
    [
        lambda: relu_network(AnisotropicGaussians(math.inf, math.inf, 0.5)),
        lambda: relu_network(DATA, spread=0.0),
        lambda: relu_network(DATA, jitter=-1.0),
        lambda: relu_features(DATA, order=5),
        lambda: ReluPopulation(DATA).risk(np.ones((2, 6))),
    ],
)
def test_bad_input_is_refused_in_one_line(build):
    with pytest.raises(InputError) as caught:
        build()
    assert "\n" not in str(caught.value)


# ---- the case -----------------------------------------------------------------------------


def averaged(problem, until, count=1500):
    """Deterministic particles of the density equation: kernels averaged over rotations."""
    network = problem.network
    network = replace(network, population=FeaturePopulation(network.features, network.chart))
    theta = network.draw(np.random.default_rng(0), count)
    return particle(network, theta, [0.0, until], 0.05, Schedule(2.0))


def test_equation_in_four_dimensions_has_the_means_of_particles():
    problem = catalog.load("cases", "relu_gaussians").problem(d=40, s0=10)
    solution = wg.solve(problem, "muscl", cells=12, until=0.3, snapshots=[])
    run = averaged(problem, 0.3)
    assert solution.facts["mass_max_error"] < 1e-13
    assert np.all(np.diff(solution.history["energy"]) <= 1e-14)
    grid, density = solution.grid, solution.density
    for k, x in enumerate(solution.coordinates):
        assert grid.integrate(x * density) == pytest.approx(run.means[1, k], abs=0.02)
    assert run.means[1, 0] < 0.7  # from 1
    assert solution.history["risk"][-1] == pytest.approx(run.risk[1], abs=0.02)


def test_fixed_coefficients_are_the_equation_in_two_radii():
    problem = catalog.load("cases", "relu_gaussians").problem(d=40, s0=10, coefficients="fixed")
    solution = wg.solve(problem, "muscl", cells=70, until=2.0, snapshots=[])
    run = averaged(problem, 2.0)
    assert solution.history["risk"][-1] == pytest.approx(run.risk[1], abs=0.01)
    assert run.risk[0] - run.risk[1] > 0.05
    mean = solution.grid.integrate(solution.density * solution.coordinates[1])
    assert mean == pytest.approx(run.means[1, 1], abs=0.01)
    general = catalog.load("cases", "relu_gaussians").problem(d=40, s0=10)
    one = np.ones(1)
    fixed, free = problem.network.features, general.network.features
    r1, r2 = np.array([0.4]), np.array([0.7])
    np.testing.assert_allclose(
        fixed.functions(r1, r2), free.functions(one, one, r1, r2), rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("parameters", [{"s0": 320}, {"jitter": 0.0}, {"d": math.inf}])
def test_bad_parameters_of_the_case_are_refused(parameters):
    with pytest.raises(InputError):
        catalog.load("cases", "relu_gaussians").problem(**parameters)
