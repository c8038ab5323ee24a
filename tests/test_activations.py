"""Activations and their Hermite coefficients against independent quadrature and exact values."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import eval_hermitenorm, gammaln

from wgflow.errors import InputError
from wgflow.networks import (
    PiecewiseLinear,
    Smooth,
    activation,
    coefficients,
    nonmonotone,
    ramp,
    relu,
    truncated_relu,
)
from wgflow.networks.pairs import squared

TENT = PiecewiseLinear((-1.0, 0.0, 2.0), (1.0, 0.5, -1.0), left_slope=-0.7, right_slope=0.3)
PIECEWISE = {
    "relu": relu(),
    "ramp": ramp(),
    "truncated_relu": truncated_relu(),
    "nonmonotone": nonmonotone(),
    "tent": TENT,
}
SMOOTH = ["tanh", "erf", "logistic"]


def normal(g):
    return np.exp(-0.5 * g**2) / math.sqrt(2.0 * math.pi)


def hermite(n, g):
    return eval_hermitenorm(n, g) / math.exp(0.5 * gammaln(n + 1))


def by_quad(function, breaks=()):
    points = sorted({-14.0, 14.0, *(b for b in breaks if abs(b) < 14.0)})
    return sum(
        quad(function, a, b, epsabs=1e-14, epsrel=1e-13, limit=400)[0]
        for a, b in itertools.pairwise(points)
    )


# ---- values and derivatives ---------------------------------------------------------------


def test_piecewise_linear_values_outside_between_and_at_knots():
    t = np.array([-3.0, -1.0, -0.5, 0.0, 1.0, 2.0, 5.0])
    np.testing.assert_allclose(TENT(t), [2.4, 1.0, 0.75, 0.5, -0.25, -1.0, -0.1], atol=1e-15)
    # At a knot the derivative is the slope from the right.
    np.testing.assert_allclose(TENT.derivative(t), [-0.7, -0.5, -0.5, -0.75, -0.75, 0.3, 0.3])
    np.testing.assert_allclose(TENT.jumps, [0.2, -0.25, 1.05])
    assert TENT(np.zeros((2, 3))).shape == (2, 3)
    np.testing.assert_array_equal(ramp()([-np.inf, np.inf]), [-2.5, 7.5])
    assert np.isnan(TENT(np.nan))


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_derivative_is_the_derivative(name):
    f = Smooth(name)
    t = np.linspace(-4.0, 4.0, 41)
    step = 1e-5
    numeric = (f(t + step) - f(t - step)) / (2.0 * step)
    np.testing.assert_allclose(f.derivative(t), numeric, atol=2e-10)
    assert f.derivative(0.0) > 0.2
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_array_equal(f.derivative([-1e4, 1e4]), 0.0)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (((), ()), "0 knots"),
        (((0.0, 1.0), (1.0,)), "2 knots and 1 values"),
        (((1.0, 0.0), (1.0, 2.0)), "strictly increasing"),
        (((0.0, 0.0), (1.0, 2.0)), "strictly increasing"),
        (((0.0, math.nan), (1.0, 2.0)), "finite"),
        (((0.0,), (1.0,), math.inf), "finite"),
    ],
)
def test_bad_knots_are_refused_in_one_line(arguments, word):
    with pytest.raises(InputError, match=word) as caught:
        PiecewiseLinear(*arguments)
    assert "\n" not in str(caught.value)


def test_activations_by_name():
    assert activation("nonmonotone") == nonmonotone()
    assert activation("tanh") == Smooth("tanh")
    with pytest.raises(InputError, match=r"unknown activation 'rmap': known are ramp, .*tanh"):
        activation("rmap")
    with pytest.raises(InputError, match="known are tanh"):
        Smooth("tahn")


# ---- Hermite coefficients -----------------------------------------------------------------


@pytest.mark.parametrize("name", PIECEWISE)
def test_piecewise_linear_coefficients_match_quadrature(name):
    f = PIECEWISE[name]
    scales = np.array([0.05, 0.3, 1.0, 3.0])
    orders = [0, 1, 2, 3, 5, 8, 21]
    values, _ = coefficients(f, scales, orders)
    for k, s in enumerate(scales):
        breaks = [t / s for t in f.knots]
        for i, n in enumerate(orders):
            exact = by_quad(lambda g, n=n, s=s: f(s * g) * hermite(n, g) * normal(g), breaks)
            assert abs(values[i, k] - exact) < 3e-12, (n, s)


@pytest.mark.parametrize("name", [*PIECEWISE, *SMOOTH])
def test_coefficient_derivatives_match_differences(name):
    f = PIECEWISE.get(name) or Smooth(name)
    s = np.array([0.05, 0.2, 0.7, 1.0, 2.5, 9.0])
    orders = range(12)
    _, derivatives = coefficients(f, s, orders)
    step = 1e-4 * s
    fine = [coefficients(f, s + k * step, orders)[0] for k in (-2, -1, 1, 2)]
    numeric = (fine[0] - 8.0 * fine[1] + 8.0 * fine[2] - fine[3]) / (12.0 * step)
    np.testing.assert_allclose(derivatives, numeric, atol=3e-9)
    assert np.abs(derivatives).max() > 0.1


def test_coefficients_match_monte_carlo():
    # Neither the closed form nor quadrature: draws of G only.
    g = np.random.default_rng(5).standard_normal(400_000)
    s = 1.3
    values, _ = coefficients(ramp(), np.array(s), range(5))
    for n in range(5):
        draws = ramp()(s * g) * hermite(n, g)
        error = draws.std() / math.sqrt(g.size)
        assert error < 0.05
        assert abs(draws.mean() - values[n]) < 4.0 * error


def test_relu_and_linear_coefficients_are_exact():
    s = np.array([0.0, 1e-8, 0.5, 1e3])
    values, derivatives = coefficients(relu(), s, [0, 1, 2, 3, 4])
    known = np.array([1.0, math.sqrt(math.pi / 2), 1 / math.sqrt(2), 0.0, -1 / math.sqrt(24)])
    known /= math.sqrt(2.0 * math.pi)
    np.testing.assert_allclose(values, known[:, None] * s, rtol=1e-15, atol=1e-300)
    np.testing.assert_allclose(derivatives, np.tile(known[:, None], 4), rtol=1e-15)
    line = PiecewiseLinear((0.3,), (5.0,), left_slope=2.0, right_slope=2.0)
    np.testing.assert_allclose(
        coefficients(line, np.array(3.0), [0, 1, 2, 7])[0], [4.4, 6.0, 0.0, 0.0], atol=1e-15
    )


def test_zero_scale_is_the_limit_and_far_knots_do_not_overflow():
    for f in (ramp(), nonmonotone(), TENT):
        values, _ = coefficients(f, np.array([0.0, 1e-9]), range(61))
        np.testing.assert_allclose(values[0], f(0.0), atol=1e-8)
        np.testing.assert_allclose(values[1:], 0.0, atol=1e-8)
        assert np.isfinite(values).all()
    far = PiecewiseLinear((1e3,), (2.0,), right_slope=1.0)
    with np.errstate(over="raise", invalid="raise"):
        values, derivatives = coefficients(far, np.array([1.0, 2.0]), range(61))
    np.testing.assert_array_equal(values[0], 2.0)
    np.testing.assert_array_equal(values[1:], 0.0)
    np.testing.assert_array_equal(derivatives, 0.0)
    # A knot far to the left: σ is linear wherever G goes.
    near = PiecewiseLinear((-1e3,), (0.0,), right_slope=1.0)
    values, _ = coefficients(near, np.array(1.0), [0, 1, 2, 60])
    np.testing.assert_allclose(values, [1e3, 1.0, 0.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("f", [TENT, Smooth("logistic")])
def test_negative_scales_follow_parity(f):
    s = np.array([0.4, 1.5])
    values, derivatives = coefficients(f, s, [0, 1, 2, 3])
    mirrored, mirrored_derivatives = coefficients(f, -s, [0, 1, 2, 3])
    parity = np.array([1.0, -1.0, 1.0, -1.0])[:, None]
    np.testing.assert_array_equal(mirrored, parity * values)
    np.testing.assert_array_equal(mirrored_derivatives, -parity * derivatives)
    exact = by_quad(lambda g: f(-0.4 * g) * g * normal(g), [2.5, 0.0, -5.0])
    assert abs(mirrored[1, 0] - exact) < 1e-13


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_coefficients_match_quadrature(name):
    f = Smooth(name)
    orders = [0, 1, 2, 3, 8, 15]
    scales = np.array([0.1, 1.0, 10.0, 300.0])
    values, _ = coefficients(f, scales, orders)
    for k, s in enumerate(scales):
        breaks = [x / s for x in (-30.0, -5.0, 0.0, 5.0, 30.0)]
        for i, n in enumerate(orders):
            exact = by_quad(lambda g, n=n, s=s: float(f(s * g)) * hermite(n, g) * normal(g), breaks)
            assert abs(values[i, k] - exact) < 1e-12, (n, s)


def test_smooth_coefficients_match_gauss_hermite_where_that_converges():
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    values, _ = coefficients(Smooth("tanh"), np.array([0.5]), range(10))
    gauss = [np.sum(weights * np.tanh(0.5 * nodes) * hermite(n, nodes)) for n in range(10)]
    np.testing.assert_allclose(values[:, 0], gauss, atol=1e-14)


def test_erf_coefficients_match_their_closed_form():
    # E erf(s(G + x)) = erf(c x), c = s/sqrt(1 + 2s²): its Taylor series in x gives all a_n.
    s = np.array([0.01, 0.5, 2.0, 10.0, 1e3, 1e6])
    values, _ = coefficients(Smooth("erf"), s, range(62))
    c = s / np.sqrt(1.0 + 2.0 * s**2)
    for k in range(31):
        n = 2 * k + 1
        size = 0.5 * gammaln(n + 1) + n * np.log(c) - gammaln(k + 1) - math.log(n)
        exact = (-1) ** k * 2.0 / math.sqrt(math.pi) * np.exp(size)
        np.testing.assert_allclose(values[n], exact, atol=3e-14)
        np.testing.assert_allclose(values[n - 1], 0.0, atol=3e-14)


def test_coefficients_obey_parseval():
    # The sum of squares must approach E σ² from below, and what is missing decay like n^{-3/2}.
    s = np.array([0.5, 1.0, 2.0])
    values, _ = coefficients(ramp(), s, range(1601))
    missing = squared(ramp(), s)[0] - np.cumsum(values**2, axis=0)
    assert (missing > 0.0).all()
    ratio = missing[400] / missing[1600]
    np.testing.assert_allclose(ratio, 8.0, rtol=0.25)  # n^{-1}: 4, n^{-2}: 16


def test_bad_orders_are_refused():
    with pytest.raises(InputError, match="integers >= 0"):
        coefficients(ramp(), np.ones(2), [0, -1])
