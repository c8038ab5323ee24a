"""Exact population risks of finite networks against Monte Carlo, differences and theory."""

from __future__ import annotations

import math

import numpy as np
import pytest

import wgflow.networks.gaussian_population as module
from wgflow.errors import InputError
from wgflow.networks import (
    FeaturePopulation,
    GaussianRidgePopulation,
    Identity,
    IsotropicGaussians,
    PiecewiseLinear,
    Radius,
    Ridge,
    Smooth,
    coefficients,
    cosine_network,
    isotropic_features,
    isotropic_network,
    nonmonotone,
    ramp,
    relu,
)
from wgflow.networks.pairs import pair_kernel, squared

TENT = PiecewiseLinear((-1.0, 0.0, 2.0), (1.0, 0.5, -1.0), left_slope=-0.7, right_slope=0.3)


def weights(count, d, seed=0, spread=0.8):
    return np.random.default_rng(seed).standard_normal((count, d)) * spread / math.sqrt(d)


# ---- two neurons --------------------------------------------------------------------------


def test_relu_kernel_is_the_arc_cosine_kernel_up_to_parallel():
    c = np.array([-1.0, -1.0 + 1e-9, -0.999, -0.3, 0.0, 0.5, 0.99, 1.0 - 1e-6, 1.0])
    s, other = np.full(c.size, 1.7), np.full(c.size, 0.4)
    value, by_scale, by_correlation = pair_kernel(relu(), s, other, c)
    angle = np.arccos(c)
    exact = (np.sin(angle) + (math.pi - angle) * c) / (2.0 * math.pi)
    np.testing.assert_allclose(value, 1.7 * 0.4 * exact, atol=1e-14)
    np.testing.assert_allclose(by_scale, 0.4 * exact, atol=1e-14)
    np.testing.assert_allclose(
        by_correlation, 1.7 * 0.4 * (math.pi - angle) / (2.0 * math.pi), atol=1e-14
    )


@pytest.mark.parametrize("activation", [ramp(), nonmonotone(), TENT])
def test_pair_kernel_is_the_sum_of_the_hermite_series(activation):
    s = np.array([0.0, 1e-3, 0.3, 1.0, 2.0, 0.7])
    other = np.array([1.0, 0.5, 0.5, 1.0, 0.1, 3.0])
    n = np.arange(400)[:, None]
    a, da = coefficients(activation, s, range(400))
    b, _ = coefficients(activation, other, range(400))
    for c in (-0.9, -0.35, 0.0, 0.2, 0.9):
        value, by_scale, by_correlation = pair_kernel(activation, s, other, np.full(6, c))
        power = np.float_power(c, n)
        np.testing.assert_allclose(value, (a * b * power).sum(axis=0), atol=1e-12)
        np.testing.assert_allclose(by_scale, (da * b * power).sum(axis=0), atol=1e-12)
        series = (n[1:] * a[1:] * b[1:] * power[:-1]).sum(axis=0)
        np.testing.assert_allclose(by_correlation, series, atol=1e-12)


@pytest.mark.parametrize("activation", [ramp(), TENT, Smooth("tanh"), Smooth("logistic")])
def test_second_moment_of_a_neuron(activation):
    s = np.array([0.0, 0.2, 1.0, 5.0])
    value, half_slope = squared(activation, s)
    g = np.random.default_rng(0).standard_normal(400_000)
    for k, scale in enumerate(s):
        draws = activation(scale * g) ** 2
        error = draws.std() / math.sqrt(g.size)
        assert abs(draws.mean() - value[k]) <= 4.0 * error + 1e-12
    step = 1e-5
    numeric = (squared(activation, s[1:] + step)[0] - squared(activation, s[1:] - step)[0]) / step
    np.testing.assert_allclose(half_slope[1:], numeric / 4.0, atol=1e-7)
    if isinstance(activation, PiecewiseLinear):
        # The general formula, continued to parallel neurons of equal length.
        parallel, by_scale, _ = pair_kernel(activation, s, s, np.ones(4))
        np.testing.assert_allclose(value, parallel, rtol=1e-13)
        np.testing.assert_allclose(half_slope, by_scale, atol=1e-13)


# ---- networks on isotropic Gaussians ------------------------------------------------------


@pytest.mark.parametrize("activation", [ramp(), nonmonotone(), TENT, Smooth("tanh")])
def test_population_risk_and_gradient_match_monte_carlo(activation):
    data = IsotropicGaussians(4, 0.7)
    theta = weights(6, 4, seed=2, spread=1.2)
    theta[1] = 1.01 * theta[0] + 0.01  # nearly parallel, beyond the reach of a short series
    population = GaussianRidgePopulation(activation, data)
    unit = Ridge(activation)
    x, y = data.sample(np.random.default_rng(11), 200_000)
    residual = y - unit.value(x, theta).mean(axis=1)
    error = (residual**2).std() / math.sqrt(len(y))
    assert error < 0.01 * np.mean(residual**2)
    assert abs(np.mean(residual**2) - population.risk(theta)) < 4.0 * error

    samples = -residual[:, None, None] * unit.gradient(x, theta)
    error = samples.std(axis=0) / math.sqrt(len(y))
    distance = np.abs(samples.mean(axis=0) - population.gradient(theta)) / error
    assert distance.max() < 4.5  # of 24 components
    assert np.abs(population.gradient(theta)).max() > 4.0 * error.max()


@pytest.mark.parametrize("d", [1, 2, 40])
@pytest.mark.parametrize("activation", [ramp(), relu(), TENT, Smooth("logistic")])
def test_population_gradient_matches_differences(activation, d):
    population = GaussianRidgePopulation(activation, IsotropicGaussians(d, 0.8))
    theta, direction = weights(60, d, seed=4), weights(60, d, seed=5)
    if activation == ramp():
        theta[7] = 0.0  # smooth there: no knot at zero
    gradient = population.gradient(theta)
    assert gradient.shape == theta.shape
    step = 1e-4
    risks = [population.risk(theta + k * step * direction) for k in (-2, -1, 1, 2)]
    numeric = (risks[0] - 8.0 * risks[1] + 8.0 * risks[2] - risks[3]) / (12.0 * step)
    exact = 2.0 / 60 * np.sum(gradient * direction)
    assert abs(numeric - exact) < 2e-9 + 2e-6 * abs(exact)
    assert abs(exact) > 1e-6


@pytest.mark.parametrize("activation", [ramp(), TENT])
def test_series_and_closed_form_agree_wherever_the_border_is(activation, monkeypatch):
    population = GaussianRidgePopulation(activation, IsotropicGaussians(8, 0.8))
    theta = weights(80, 8, seed=1)
    scale = population.risk(theta)
    results = []
    for near in (0.0, 0.4, 0.8):
        monkeypatch.setattr(module, "_NEAR", near)
        results.append((population.risk(theta), population.gradient(theta)))
    for risk, gradient in results[1:]:
        assert abs(risk - results[0][0]) < 1e-9 * scale
        np.testing.assert_allclose(gradient, results[0][1], atol=3e-9)


def test_blocks_of_rows_do_not_change_the_result(monkeypatch):
    population = GaussianRidgePopulation(ramp(), IsotropicGaussians(8, 0.8))
    theta = weights(37, 8, seed=1)
    risk, gradient = population.risk(theta), population.gradient(theta)
    monkeypatch.setattr(module, "_BLOCK", 37 * 5)
    assert abs(population.risk(theta) - risk) < 1e-13
    np.testing.assert_allclose(population.gradient(theta), gradient, atol=1e-13)


def test_one_neuron_and_rotated_networks():
    data = IsotropicGaussians(3, 0.8)
    population = GaussianRidgePopulation(ramp(), data)
    w = np.array([[0.3, -0.4, 1.2]])
    second = sum(0.5 * squared(ramp(), np.array([1.3 * tau]))[0][0] for tau in data.scales)
    means = [coefficients(ramp(), np.array(1.3 * tau), [0])[0][0] for tau in data.scales]
    exact = 1.0 + (means[1] - means[0]) + second
    assert abs(population.risk(w) - exact) < 1e-12
    rotation, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))
    theta = weights(20, 3)
    assert abs(population.risk(theta @ rotation) - population.risk(theta)) < 1e-9
    np.testing.assert_allclose(
        population.gradient(theta @ rotation), population.gradient(theta) @ rotation, atol=1e-8
    )


def test_mean_risk_of_finite_networks_exceeds_the_density_by_one_over_n():
    # E R_N - R = (1/N) [E U(w, w) - E U(w, w')] over independent draws: full dimension, all odd
    # and even orders, against the even features of the density.
    network = isotropic_network(ramp(), IsotropicGaussians(40, 0.8))
    features = isotropic_features(ramp(), IsotropicGaussians(40, 0.8), order=20)
    rng = np.random.default_rng(9)
    cloud = network.draw(rng, 200_000)
    radius = Radius().coordinates(cloud)[0]
    moments = features.functions(radius).mean(axis=1)
    same = sum(0.5 * squared(ramp(), tau * radius)[0].mean() for tau in (1.8, 0.2))
    excess = same - features.weights @ moments**2
    for count in (10, 100):
        risks = [network.population.risk(network.draw(rng, count)) for _ in range(400)]
        error = np.std(risks) / 20.0
        assert error < 0.15
        gap = np.mean(risks) - features.risk(moments)
        assert abs(gap - excess / count) < 4.0 * error + 0.003
        if count == 10:
            assert gap > 10.0 * error


@pytest.mark.parametrize("shape", [(0, 3), (4, 2), (3,)])
def test_population_refuses_weights_of_a_wrong_shape(shape):
    population = GaussianRidgePopulation(ramp(), IsotropicGaussians(3, 0.8))
    with pytest.raises(InputError, match="must be"):
        population.risk(np.zeros(shape))


# ---- the cosine network -------------------------------------------------------------------


def test_cosine_population_is_the_mean_square_error():
    network = cosine_network(0.8, 0.3)
    theta = network.draw(np.random.default_rng(0), 9)
    x = 2.0 * math.pi * np.arange(16)[:, None] / 16
    y = 0.8 * math.sqrt(2.0) * np.cos(x[:, 0])
    residual = y - network.unit.value(x, theta).mean(axis=1)
    assert abs(network.population.risk(theta) - np.mean(residual**2)) < 1e-14
    direct = -np.mean(residual[:, None, None] * network.unit.gradient(x, theta), axis=0)
    np.testing.assert_allclose(network.population.gradient(theta), direct, atol=1e-14)
    # The nonlinear dynamics with the empirical moments is the particle dynamics.
    field = network.gradient_field(theta, network.moments(theta))
    np.testing.assert_allclose(field, direct, atol=1e-14)


def test_cosine_draws_are_wrapped_cauchy():
    network = cosine_network(0.8, 0.3)
    theta = network.draw(np.random.default_rng(3), 200_000)[:, 0]
    assert np.abs(theta).max() <= math.pi
    error = 4.0 / math.sqrt(2 * theta.size)
    for k in range(1, 5):
        assert abs(np.cos(k * theta).mean() - 0.3**k) < error
        assert abs(np.sin(k * theta).mean()) < error


def test_cosine_networks_exceed_the_density_by_exactly_one_minus_z_squared_over_n():
    z, amplitude, count = 0.3, 0.8, 25
    network = cosine_network(amplitude, z)
    rng = np.random.default_rng(7)
    risks = [network.population.risk(network.draw(rng, count)) for _ in range(20_000)]
    gap = np.mean(risks) - (amplitude - z) ** 2
    error = np.std(risks) / math.sqrt(len(risks))
    exact = (1.0 - z**2) / count
    assert error < 0.05 * exact
    assert abs(gap - exact) < 4.0 * error


@pytest.mark.parametrize("start", [-1.0, 1.0, math.nan])
def test_networks_refuse_bad_starts(start):
    with pytest.raises(InputError, match="between -1 and 1"):
        cosine_network(0.8, start)
    with pytest.raises(InputError, match="positive finite"):
        isotropic_network(ramp(), IsotropicGaussians(3, 0.5), spread=start - 1.0)
    with pytest.raises(InputError, match="finite dimension"):
        isotropic_network(ramp(), IsotropicGaussians(math.inf, 0.5)).draw(
            np.random.default_rng(0), 2
        )


# ---- charts -------------------------------------------------------------------------------


def test_gradient_field_of_the_radial_chart_is_the_gradient_in_full_dimension():
    network = isotropic_network(ramp(), IsotropicGaussians(5, 0.8))
    theta = weights(8, 5, seed=6)
    theta[3] = 0.0
    moments = network.moments(weights(500, 5, seed=7))
    field = network.gradient_field(theta, moments)
    np.testing.assert_array_equal(field[3], 0.0)
    step = 1e-6
    for k in range(5):
        shift = np.zeros(5)
        shift[k] = step
        ahead, behind = (
            network.features.potential(moments, *network.chart.coordinates(theta + sign * shift))
            for sign in (1.0, -1.0)
        )
        np.testing.assert_allclose(field[:, k], (ahead - behind) / (2.0 * step), atol=3e-8)


def test_feature_population_matches_differences_through_a_chart():
    features = isotropic_features(ramp(), IsotropicGaussians(3, 0.8))
    for chart, theta in [(Radius(), weights(10, 3)), (Identity(), np.abs(weights(10, 1)))]:
        population = FeaturePopulation(features, chart)
        direction = weights(*theta.shape, seed=3)
        ahead, behind = (population.risk(theta + k * 1e-6 * direction) for k in (1, -1))
        exact = 0.2 * np.sum(population.gradient(theta) * direction)
        assert abs((ahead - behind) / 2e-6 - exact) < 1e-8
        assert abs(exact) > 1e-3
