"""Networks on anisotropic Gaussians: features, law, population and chart, each independently."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wgflow.errors import InputError
from wgflow.networks import (
    AnisotropicGaussians,
    GaussianRidgePopulation,
    IsotropicGaussians,
    Parts,
    Smooth,
    anisotropic_features,
    anisotropic_network,
    isotropic_features,
    nonmonotone,
    ramp,
    relu,
    truncated_relu,
    widths,
)
from wgflow.networks.pairs import pair_kernel, squared


def kernel(features, one, other):
    return features.functions(*one).T * features.weights @ features.functions(*other)


def sphere_rule(d, count=60):
    """Nodes and weights of the law of one coordinate of a uniform point of the sphere."""
    if d == 1:
        return np.array([-1.0, 1.0]), np.array([0.5, 0.5])
    nodes, weights = np.polynomial.legendre.leggauss(count)
    angle = 0.5 * math.pi * (nodes + 1.0)
    weights = weights * np.sin(angle) ** (d - 2)
    return np.cos(angle), weights / weights.sum()


# ---- features -----------------------------------------------------------------------------


@pytest.mark.parametrize("activation", [ramp(), nonmonotone(), relu()])
@pytest.mark.parametrize(("s0", "others"), [(5, 9), (12, 30), (9, 1)])
def test_kernel_is_the_average_over_both_spheres(activation, s0, others):
    # closed form of two neurons at given angles: no Hermite series and no moments in it
    data = AnisotropicGaussians(s0 + others, s0, 0.6)
    features = anisotropic_features(activation, data, order=30)
    (u, wu), (v, wv) = sphere_rule(s0), sphere_rule(others)
    u, v = (c.ravel() for c in np.meshgrid(u, v, indexing="ij"))
    weights = np.outer(wu, wv).ravel()
    for one, other in [((0.3, 0.9), (1.0, 0.2)), ((2.0, 0.5), (0.7, 1.1))]:
        average = 0.0
        for tau in data.scales:
            s, t = np.hypot(tau * one[0], one[1]), np.hypot(tau * other[0], other[1])
            c = (tau**2 * one[0] * other[0] * u + one[1] * other[1] * v) / (s * t)
            ones = np.ones_like(c)
            average += 0.5 * weights @ pair_kernel(activation, s * ones, t * ones, c)[0]
        value = kernel(features, *(tuple(np.array([r]) for r in p) for p in (one, other)))[0, 0]
        # the series stops at 30, where few dimensions still leave something
        assert abs(value - average) < (2e-5 if others < 10 else 1e-8)


def test_kernel_and_potential_match_monte_carlo():
    d, s0, pairs = 12, 4, 300_000
    data = AnisotropicGaussians(d, s0, 0.7, "variances")
    features = anisotropic_features(truncated_relu(), data, order=12)
    rng = np.random.default_rng(5)
    x, y = data.sample(rng, pairs)
    outputs = []
    for r1, r2 in [(1.5, 0.6), (0.8, 1.2)]:
        w = rng.standard_normal((pairs, d))
        w[:, :s0] *= r1 / np.linalg.norm(w[:, :s0], axis=1, keepdims=True)
        w[:, s0:] *= r2 / np.linalg.norm(w[:, s0:], axis=1, keepdims=True)
        outputs.append(truncated_relu()(np.einsum("nd,nd->n", w, x)))
    radii = (np.array([1.5, 0.8]), np.array([0.6, 1.2]))
    found = kernel(features, radii, radii)[0, 1]
    product = outputs[0] * outputs[1]
    error = product.std() / math.sqrt(pairs)
    assert error < 0.03 * abs(found)
    assert abs(product.mean() - found) < 3.5 * error
    potential = -features.targets @ features.functions(*radii)
    for i in range(2):
        sample = -y * outputs[i]
        assert abs(sample.mean() - potential[i]) < 3.5 * sample.std() / math.sqrt(pairs)


@pytest.mark.parametrize(("order", "quoted"), [(2, 1.3e-3), (4, 1.7e-4), (6, 3.3e-5)])
def test_truncation_errors_are_those_quoted(order, quoted):
    data = AnisotropicGaussians(40, 20, 0.8)
    grid = np.meshgrid(np.linspace(0.0, 8.0, 41), np.linspace(0.0, 2.0, 11))
    radii = tuple(c.ravel() for c in grid)
    full = kernel(anisotropic_features(ramp(), data, 24), radii, radii)
    short = anisotropic_features(ramp(), data, order)
    assert short.rank == (order // 2 + 1) * (order // 2 + 2)
    error = np.abs(kernel(short, radii, radii) - full).max() / np.abs(full).max()
    assert 0.9 * quoted < error < 1.1 * quoted


@pytest.mark.parametrize("convention", ["widths", "variances"])
def test_all_coordinates_signal_is_the_isotropic_law(convention):
    two = anisotropic_features(ramp(), AnisotropicGaussians(40, 40, 0.8, convention), 8)
    one = isotropic_features(ramp(), IsotropicGaussians(40, 0.8, convention), 8)
    r = np.linspace(0.0, 5.0, 30)
    np.testing.assert_allclose(two.weights, one.weights, rtol=1e-14)
    np.testing.assert_array_equal(two.targets, one.targets)
    np.testing.assert_allclose(two.functions(r[1:], 0 * r[1:]), one.functions(r[1:]), atol=1e-14)
    np.testing.assert_allclose(
        two.gradient(r[1:], 0 * r[1:])[0], one.gradient(r[1:])[0], atol=1e-13
    )


def test_infinite_dimension_is_the_limit():
    limit = anisotropic_features(ramp(), AnisotropicGaussians(math.inf, math.inf, 0.8))
    assert limit.rank == 2
    radii = (np.array([0.9]), np.array([0.4]))
    exact = limit.risk(limit.functions(*radii)[:, 0])
    gaps = []
    for d in (1000, 2000):
        features = anisotropic_features(ramp(), AnisotropicGaussians(d, d // 4, 0.8))
        gaps.append(features.risk(features.functions(*radii)[:, 0]) - exact)
    assert gaps[1] > 1e-4
    assert abs(gaps[0] / gaps[1] - 2.0) < 0.02


@pytest.mark.parametrize("activation", [ramp(), relu(), Smooth("logistic")])
def test_gradient_matches_differences(activation):
    features = anisotropic_features(activation, AnisotropicGaussians(7, 3, 0.6))
    r1, r2 = np.meshgrid([0.2, 0.9, 3.0], [0.15, 1.0])
    gradient = features.gradient(r1, r2)
    assert gradient.shape == (2, 20, 2, 3)
    h = 1e-5
    first = (features.functions(r1 + h, r2) - features.functions(r1 - h, r2)) / (2 * h)
    second = (features.functions(r1, r2 + h) - features.functions(r1, r2 - h)) / (2 * h)
    np.testing.assert_allclose(gradient, [first, second], atol=2e-8)
    assert np.isfinite(features.gradient(np.zeros(1), np.zeros(1))).all()


# ---- law, population, chart ---------------------------------------------------------------


def test_widths_of_both_conventions():
    assert widths(0.8, "widths") == (1.8, 1 - 0.8)
    np.testing.assert_allclose(np.square(widths(0.5, "variances")), [1.5, 0.5], rtol=1e-15)
    for convention in ("widths", "variances"):
        law = AnisotropicGaussians(6, 2, 0.8, convention)
        x, y = law.sample(np.random.default_rng(1), 40_000)
        for label, scale in zip((1.0, -1.0), law.scales, strict=True):
            signal, others = x[y == label][:, :2], x[y == label][:, 2:]
            assert abs(signal.std() / scale - 1.0) < 4.0 / math.sqrt(2.0 * signal.size)
            assert abs(others.std() - 1.0) < 4.0 / math.sqrt(2.0 * others.size)


@pytest.mark.parametrize("activation", [truncated_relu(), ramp(), Smooth("tanh")])
def test_population_matches_monte_carlo_and_differences(activation):
    data = AnisotropicGaussians(5, 2, 0.7)
    network = anisotropic_network(activation, data, spread=1.2)
    theta = network.draw(np.random.default_rng(2), 6)
    theta[1] = 1.01 * theta[0] + 0.01
    population = network.population
    x, y = data.sample(np.random.default_rng(11), 200_000)
    residual = y - network.unit.value(x, theta).mean(axis=1)
    error = (residual**2).std() / math.sqrt(len(y))
    assert abs(np.mean(residual**2) - population.risk(theta)) < 4.0 * error
    assert error < 0.01 * np.mean(residual**2)

    direction = np.random.default_rng(3).standard_normal(theta.shape)
    h = 1e-4
    risks = [population.risk(theta + k * h * direction) for k in (-2, -1, 1, 2)]
    numeric = (risks[0] - 8.0 * risks[1] + 8.0 * risks[2] - risks[3]) / (12.0 * h)
    exact = 2.0 / 6 * np.sum(population.gradient(theta) * direction)
    assert abs(exact) > 1e-4
    assert abs(numeric - exact) < 1e-7 * max(1.0, abs(exact))


def test_population_with_all_coordinates_signal_is_the_isotropic_one():
    theta = np.random.default_rng(0).standard_normal((9, 4))
    one = GaussianRidgePopulation(ramp(), IsotropicGaussians(4, 0.8))
    other = GaussianRidgePopulation(ramp(), AnisotropicGaussians(4, 4, 0.8))
    assert one.risk(theta) == other.risk(theta)
    assert np.array_equal(one.gradient(theta), other.gradient(theta))


def test_features_give_the_mean_risk_over_rotations():
    """Of given radii: R_N - R = Σ_i (U(w_i, w_i) full - averaged)/N² in the mean."""
    network = anisotropic_network(ramp(), AnisotropicGaussians(20, 5, 0.8), order=12)
    rng = np.random.default_rng(4)
    theta, scale = network.draw(rng, 30), 1 / 30**2
    risks = []
    for _ in range(60):
        turned = rng.standard_normal(theta.shape)
        for part in (slice(0, 5), slice(5, None)):
            size = np.linalg.norm(theta[:, part], axis=1) / np.linalg.norm(turned[:, part], axis=1)
            turned[:, part] *= size[:, None]
        risks.append(network.population.risk(turned))
    features, radii = network.features, network.chart.coordinates(theta)
    stretched = [np.hypot(tau * radii[0], radii[1]) for tau in network.data.scales]
    own = 0.5 * sum(squared(ramp(), s)[0].sum() for s in stretched)
    averaged = float(features.weights @ np.square(features.functions(*radii)).sum(axis=1))
    expected = features.risk(network.moments(theta)) + scale * (own - averaged)
    error = np.std(risks) / math.sqrt(60)
    assert abs(np.mean(risks) - expected) < 3.5 * error
    assert 5 * error < scale * (own - averaged)


def test_parts_pull_back_the_gradient_of_the_coordinates():
    rng = np.random.default_rng(0)
    chart = Parts((1, slice(2, 5), 0, slice(5, None)))
    theta, gradient = rng.standard_normal((3, 9)), rng.standard_normal((4, 3))
    pulled = chart.pullback(theta, gradient)
    h = 1e-6
    for k in range(9):
        step = np.zeros(9)
        step[k] = h
        ahead, behind = chart.coordinates(theta + step), chart.coordinates(theta - step)
        slope = sum(g * (a - b) for g, a, b in zip(gradient, ahead, behind, strict=True)) / (2 * h)
        np.testing.assert_allclose(pulled[:, k], slope, atol=1e-8)
    assert np.array_equal(chart.pullback(np.zeros((1, 9)), np.ones((4, 1)))[0, 2:], np.zeros(7))


@pytest.mark.parametrize(
    "build",
    [
        lambda: AnisotropicGaussians(4, 5, 0.8),
        lambda: AnisotropicGaussians(4, 0, 0.8),
        lambda: AnisotropicGaussians(4.5, 2, 0.8),
        lambda: AnisotropicGaussians(4, 2, 1.0),
        lambda: AnisotropicGaussians(4, 2, 0.5, "squares"),
        lambda: AnisotropicGaussians(math.inf, 4, 0.5).sample(np.random.default_rng(0), 3),
        lambda: anisotropic_features(ramp(), AnisotropicGaussians(4, 2, 0.5), order=3),
        lambda: anisotropic_network(ramp(), AnisotropicGaussians(4, 2, 0.5), spread=0.0),
        lambda: GaussianRidgePopulation(ramp(), AnisotropicGaussians(4, 2, 0.5)).risk(
            np.ones((2, 3))
        ),
    ],
)
def test_bad_input_is_refused_in_one_line(build):
    with pytest.raises(InputError) as caught:
        build()
    assert "\n" not in str(caught.value)
