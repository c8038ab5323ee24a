"""Data laws and features against direct integration, and the numbers known of the networks."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi

from wgflow.errors import InputError
from wgflow.networks import (
    Affine,
    Cosine,
    CosineData,
    EmpiricalData,
    Features,
    IsotropicGaussians,
    Ridge,
    Smooth,
    coefficients,
    cosine_features,
    empirical_features,
    isotropic_features,
    nonmonotone,
    ramp,
    relu,
    sphere_moment,
)
from wgflow.networks.pairs import pair_kernel


def kernel(features, *coordinates):
    values = features.functions(*coordinates)
    return np.einsum("k,ki,kj->ij", features.weights, values, values)


def start_moments(features, d, spread=0.8):
    """Moments of w ~ N(0, spread² I/d), |w| being a chi variable."""
    law = chi(d, scale=spread / math.sqrt(d))
    nodes, weights = np.polynomial.legendre.leggauss(200)
    low, high = law.ppf(1e-18), law.isf(1e-18)
    r = 0.5 * (high - low) * nodes + 0.5 * (high + low)
    density = 0.5 * (high - low) * weights * law.pdf(r)
    assert abs(density.sum() - 1.0) < 1e-12
    return features.functions(r) @ density


# ---- the sphere ---------------------------------------------------------------------------


@pytest.mark.parametrize("d", [2, 3, 7, 40])
def test_sphere_moments_match_integration_over_the_angle(d):
    def angle(n):
        return quad(lambda t: math.cos(t) ** n * math.sin(t) ** (d - 2), 0.0, math.pi)[0]

    for n in range(9):
        assert abs(sphere_moment(n, d) - angle(n) / angle(0)) < 1e-12


def test_sphere_moments_at_the_extremes():
    assert [sphere_moment(n, 1) for n in range(5)] == [1.0, 0.0, 1.0, 0.0, 1.0]
    assert [sphere_moment(n, math.inf) for n in range(3)] == [1.0, 0.0, 0.0]
    # c sqrt(d) tends to a normal variable: E c⁸ -> 105/d⁴.
    assert abs(sphere_moment(8, 1e9) * 1e36 - 105.0) < 1e-5
    with pytest.raises(InputError, match="dimension >= 1"):
        sphere_moment(2, 0)


# ---- isotropic features -------------------------------------------------------------------


@pytest.mark.parametrize("d", [3, 12, 40])
@pytest.mark.parametrize("activation", [ramp(), nonmonotone()])
def test_isotropic_kernel_is_the_average_over_the_angle(activation, d):
    # The closed form of two neurons at a given angle, integrated over the sphere, uses neither
    # Hermite series nor the moments of the sphere.
    data = IsotropicGaussians(d, 0.8)
    features = isotropic_features(activation, data, order=60)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    angle = 0.5 * math.pi * (nodes + 1.0)
    weights = weights * np.sin(angle) ** (d - 2)
    weights /= weights.sum()
    for r, other in [(0.3, 0.9), (1.0, 1.0), (2.5, 0.7)]:
        ones = np.ones_like(angle)
        average = sum(
            0.5
            * weights
            @ pair_kernel(activation, tau * r * ones, tau * other * ones, np.cos(angle))[0]
            for tau in data.scales
        )
        value = kernel(features, np.array([r, other]))[0, 1]
        # In d = 3 the series over n converges algebraically: 60 terms leave 1e-4.
        assert abs(value - average) < (1e-3 if d == 3 else 1e-8)


def test_isotropic_potential_is_minus_the_correlation_with_the_label():
    data = IsotropicGaussians(40, 0.8)
    features = isotropic_features(ramp(), data)
    r = np.array([0.0, 0.4, 1.0, 3.0])
    potential = -features.targets @ features.functions(r)

    def correlation(radius):
        def mean(tau):
            scale = tau * radius
            density = lambda g: ramp()(scale * g) * np.exp(-0.5 * g * g)  # noqa: E731
            breaks = sorted({-12.0, 12.0, *(t / scale for t in (0.5, 1.5) if t < 12 * scale)})
            total = sum(quad(density, a, b, epsabs=1e-13)[0] for a, b in itertools.pairwise(breaks))
            return total / math.sqrt(2 * math.pi)

        return 0.5 * (mean(1.8) - mean(0.2)) if radius > 0 else 0.0

    np.testing.assert_allclose(potential, [-correlation(x) for x in r], atol=1e-11)
    assert potential[2] < -1.0


@pytest.mark.parametrize(
    ("d", "errors"), [(40, (1.7e-4, 1.1e-5, 1.2e-6)), (320, (2.6e-6, 2.3e-8, 3.3e-10))]
)
def test_truncation_errors_are_those_quoted_by_rank(d, errors):
    # Norm: largest error over the largest |U|, for radii in [0, 8].
    data = IsotropicGaussians(d, 0.8)
    r = np.linspace(0.0, 8.0, 401)
    full = kernel(isotropic_features(ramp(), data, order=30), r)
    for order, quoted in zip((2, 4, 6), errors, strict=True):
        features = isotropic_features(ramp(), data, order=order)
        assert features.rank == order + 2
        error = np.abs(kernel(features, r) - full).max() / np.abs(full).max()
        assert 0.93 * quoted < error < 1.07 * quoted


def test_risk_at_the_start_of_the_isotropic_case():
    features = isotropic_features(ramp(), IsotropicGaussians(40, 0.8))
    risk = features.risk(start_moments(features, 40))
    assert abs(risk - 1.70444) < 1e-4
    more = isotropic_features(ramp(), IsotropicGaussians(40, 0.8), order=30)
    assert abs(more.risk(start_moments(more, 40)) - 1.7044817) < 1e-7
    assert 1e-7 < abs(more.risk(start_moments(more, 40)) - risk) < 1e-6


def test_infinite_dimension_is_the_limit():
    limit = isotropic_features(ramp(), IsotropicGaussians(math.inf, 0.8))
    assert limit.rank == 2
    at_one = np.array([1.0])
    risk = limit.risk(limit.functions(at_one)[:, 0])
    gaps = []
    for d in (1000, 2000):
        features = isotropic_features(ramp(), IsotropicGaussians(d, 0.8))
        gaps.append(features.risk(features.functions(at_one)[:, 0]) - risk)
    assert gaps[1] > 1e-4
    assert abs(gaps[0] / gaps[1] - 2.0) < 0.02


def test_the_collapsed_nonmonotone_network_has_risk_29_over_4():
    for d in (320, math.inf):
        features = isotropic_features(nonmonotone(), IsotropicGaussians(d, 0.5))
        assert abs(features.risk(features.functions(np.zeros(1))[:, 0]) - 29.0 / 4.0) < 1e-14


@pytest.mark.parametrize("activation", [ramp(), relu(), Smooth("logistic")])
def test_isotropic_gradient_matches_differences(activation):
    features = isotropic_features(activation, IsotropicGaussians(5, 0.6), order=6)
    r = np.array([[0.1, 0.5], [1.5, 4.0]])
    gradient = features.gradient(r)
    assert gradient.shape == (1, 8, 2, 2)
    step = 1e-5
    numeric = (features.functions(r + step) - features.functions(r - step)) / (2.0 * step)
    np.testing.assert_allclose(gradient[0], numeric, atol=5e-8)
    tau = 1.6
    np.testing.assert_array_equal(
        features.functions(r)[1], coefficients(activation, tau * r, [2])[0][0]
    )


@pytest.mark.parametrize("order", [-2, 3])
def test_bad_order_is_refused(order):
    with pytest.raises(InputError, match="even integer"):
        isotropic_features(ramp(), IsotropicGaussians(40, 0.8), order=order)


# ---- the quadratic form -------------------------------------------------------------------


def test_slope_and_curvature_are_derivatives_of_half_the_risk():
    rng = np.random.default_rng(0)
    features = isotropic_features(ramp(), IsotropicGaussians(3, 0.3), order=4)
    m, v = rng.standard_normal((2, features.rank))
    step = 1e-4
    risks = [0.5 * features.risk(m + k * step * v) for k in (-1, 0, 1)]
    assert abs((risks[2] - risks[0]) / (2 * step) - features.slope(m) @ v) < 1e-9
    second = (risks[2] - 2 * risks[1] + risks[0]) / step**2
    assert abs(second - features.curvature(m) @ v**2) < 1e-6
    assert abs(features.curvature(m) @ v**2) > 0.1


def test_potential_is_v_plus_u_rho():
    features = cosine_features(CosineData(0.8))
    theta = np.linspace(0.0, 6.0, 9)
    particles = np.array([0.3, 1.1, 5.0])
    moments = features.functions(particles).mean(axis=1)
    direct = -0.8 * np.cos(theta) + np.cos(theta[:, None] - particles).mean(axis=1)
    np.testing.assert_allclose(features.potential(moments, theta), direct, atol=1e-14)
    slope = 0.8 * np.sin(theta) - np.sin(theta[:, None] - particles).mean(axis=1)
    np.testing.assert_allclose(features.potential_gradient(moments, theta), slope[None], atol=1e-14)


def test_features_refuse_ill_formed_vectors():
    with pytest.raises(InputError, match="one length"):
        Features(np.cos, np.sin, np.ones(2), np.ones(3), 1.0)
    with pytest.raises(InputError, match="finite"):
        Features(np.cos, np.sin, np.ones(2), np.array([1.0, np.nan]), 1.0)
    features = cosine_features(CosineData(1.0))
    with pytest.raises(ValueError, match="read-only"):
        features.weights[0] = 3.0


# ---- cosine and empirical features --------------------------------------------------------


def test_cosine_kernel_and_potential_follow_from_the_unit():
    x = 2.0 * math.pi * np.arange(16)[:, None] / 16  # exact for trigonometric polynomials
    theta = np.array([[0.2], [1.0], [4.0]])
    outputs = Cosine().value(x, theta)
    y = math.sqrt(2.0) * 0.8 * np.cos(x[:, 0])
    features = cosine_features(CosineData(0.8))
    np.testing.assert_allclose(outputs.T @ outputs / 16, kernel(features, theta[:, 0]), atol=1e-14)
    np.testing.assert_allclose(
        outputs.T @ y / 16, features.targets @ features.functions(theta[:, 0]), atol=1e-14
    )
    assert abs(np.mean(y**2) - features.second_moment) < 1e-14


def test_wrapped_cauchy_density_has_risk_a_minus_z_squared():
    theta = 2.0 * math.pi * np.arange(256) / 256
    z, amplitude = 0.3, 0.8
    rho = (1 - z**2) / (1 - 2 * z * np.cos(theta) + z**2) / 256
    features = cosine_features(CosineData(amplitude))
    moments = features.functions(theta) @ rho
    np.testing.assert_allclose(moments, [z, 0.0], atol=1e-14)
    assert abs(features.risk(moments) - (amplitude - z) ** 2) < 1e-14


def test_empirical_risk_is_the_mean_square_error():
    rng = np.random.default_rng(3)
    data = EmpiricalData(rng.standard_normal((50, 2)), rng.standard_normal(50))
    unit = Affine(Smooth("tanh"), inputs=2)
    features = empirical_features(unit, data)
    theta = rng.standard_normal((7, 4))
    moments = features.functions(*theta.T).mean(axis=1)
    output = np.zeros(50)
    for a, w1, w2, b in theta:
        output += a * np.tanh(data.x @ np.array([w1, w2]) + b) / 7
    assert features.rank == 50
    assert abs(features.risk(moments) - np.mean((data.y - output) ** 2)) < 1e-13


def test_empirical_features_work_on_grids():
    data = EmpiricalData(np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.0, 1.0]))
    features = empirical_features(Affine(Smooth("tanh")), data)
    a = np.linspace(-1.0, 1.0, 3)[:, None, None]
    w = np.linspace(0.5, 1.0, 4)[:, None]
    b = np.linspace(-0.5, 0.5, 2)
    values, gradient = features.functions(a, w, b), features.gradient(a, w, b)
    assert values.shape == (3, 3, 4, 2)
    assert gradient.shape == (3, 3, 3, 4, 2)
    assert values[2, 0, 3, 1] == -np.tanh(1.0 * 2.0 + 0.5)
    step = 1e-6
    numeric = (features.functions(a, w + step, b) - features.functions(a, w - step, b)) / 2e-6
    np.testing.assert_allclose(gradient[1], numeric, atol=1e-9)


# ---- data laws ----------------------------------------------------------------------------


def test_isotropic_samples_have_the_widths_of_their_labels():
    law = IsotropicGaussians(20, 0.8)
    x, y = law.sample(np.random.default_rng(1), 20_000)
    assert x.shape == (20_000, 20)
    assert set(np.unique(y)) == {-1.0, 1.0}
    assert abs(y.mean()) < 4.0 / math.sqrt(20_000)
    for label, scale in zip((1.0, -1.0), law.scales, strict=True):
        part = x[y == label]
        # The relative error of a standard deviation is 1/sqrt(2 n) of n = 2e5 numbers.
        assert abs(part.std() / scale - 1.0) < 4.0 / math.sqrt(2.0 * part.size)
        assert abs(part.mean()) < 4.0 * scale / math.sqrt(part.size)
    again, _ = law.sample(np.random.default_rng(1), 20_000)
    np.testing.assert_array_equal(x, again)


def test_empirical_and_cosine_samples():
    law = EmpiricalData(np.array([[1.0], [2.0], [3.0]]), np.array([10.0, 20.0, 30.0]))
    x, y = law.sample(np.random.default_rng(0), 3000)
    np.testing.assert_array_equal(10.0 * x[:, 0], y)
    assert np.abs(np.unique(y, return_counts=True)[1] - 1000).max() < 120
    x, y = CosineData(0.5).sample(np.random.default_rng(0), 40_000)
    assert x.shape == (40_000, 1)
    assert 0.0 <= x.min() < 0.01
    assert 6.27 < x.max() < 2 * math.pi
    np.testing.assert_allclose(y, math.sqrt(0.5) * np.cos(x[:, 0]), atol=1e-15)
    assert abs(np.mean(y**2) - CosineData(0.5).second_moment) < 0.005


@pytest.mark.parametrize(
    "build",
    [
        lambda: IsotropicGaussians(0, 0.8),
        lambda: IsotropicGaussians(2.5, 0.8),
        lambda: IsotropicGaussians(math.nan, 0.8),
        lambda: IsotropicGaussians(40, 0.0),
        lambda: IsotropicGaussians(40, 1.0),
        lambda: IsotropicGaussians(40, math.nan),
        lambda: IsotropicGaussians(math.inf, 0.5).sample(np.random.default_rng(0), 3),
        lambda: EmpiricalData(np.ones((3, 2)), np.ones(4)),
        lambda: EmpiricalData(np.ones((0, 2)), np.ones(0)),
        lambda: EmpiricalData(np.array([[np.nan]]), np.ones(1)),
        lambda: CosineData(math.inf),
        lambda: Affine(relu(), inputs=0),
        lambda: Affine(relu(), inputs=2).value(np.ones((1, 2)), np.ones((1, 3))),
    ],
)
def test_bad_data_are_refused_in_one_line(build):
    with pytest.raises(InputError) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_ridge_and_cosine_gradients_match_differences():
    rng = np.random.default_rng(8)
    for unit, d, states in [
        (Ridge(Smooth("erf")), 3, 3),
        (Cosine(), 1, 1),
        (Affine(Smooth("logistic"), inputs=2), 2, 4),
    ]:
        x, theta = rng.standard_normal((5, d)), rng.standard_normal((6, states))
        gradient = unit.gradient(x, theta)
        assert gradient.shape == (5, 6, states)
        for k in range(states):
            step = np.zeros(states)
            step[k] = 1e-6
            numeric = (unit.value(x, theta + step) - unit.value(x, theta - step)) / 2e-6
            np.testing.assert_allclose(gradient[:, :, k], numeric, atol=1e-9)
