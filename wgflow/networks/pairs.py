"""Closed Gaussian expectations of two piecewise-linear neurons, for every correlation.

For X = s G and Y = s' H with G, H standard normals of correlation c, the kernel of two neurons
is U = E σ(X) σ(Y). The Hermite series Σ a_n(s) a_n(s') c^n converges slowly as |c| -> 1; here U
and its derivatives come from the moments of the truncated bivariate normal distribution (Tallis
1961, J. R. Stat. Soc. B 23, 223) and Owen's T function (Owen 1956, Ann. Math. Stat. 27, 1075).
"""

from __future__ import annotations

import math

import numpy as np

from wgflow._typing import Array
from wgflow.networks.activations import Activation, PiecewiseLinear
from wgflow.networks.hermite import gauss_sum, normalized_knot

__all__ = ["pair_kernel", "squared"]

_TINY = 1e-100


def pair_kernel(
    activation: PiecewiseLinear, s: Array, other: Array, c: Array
) -> tuple[Array, Array, Array]:
    """Kernel U(s, s', c) = E σ(s G) σ(s' H), corr(G, H) = c, with two derivatives.

    Parameters
    ----------
    activation : PiecewiseLinear
        σ.
    s, other, c : Array, shape (P,)
        Scales s, s' >= 0 and correlations in [-1, 1].

    Returns
    -------
    value, by_scale, by_correlation : Array, shape (P,)
        U, ∂U/∂s and ∂U/∂c, with an absolute error about 1e-14 times the size of σ²; near
        |c| = 1 a rounding of c changes ∂U/∂c by its square root, 1e-8.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import relu
    >>> one = np.ones(1)
    >>> value, _, slope = pair_kernel(relu(), one, one, 0.5 * one)  # arc-cosine kernel
    >>> angle = np.pi / 3
    >>> arc = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    >>> bool(abs(value[0] - arc) < 1e-15), round(float(slope[0]), 12)  # (π - angle)/(2π)
    (True, 0.333333333333)
    """
    from scipy.special import ndtr

    # Only c = ±1 meets the floor: one rounding away 1 - c² is already 1e-16.
    root = np.sqrt(np.maximum((1.0 - c) * (1.0 + c), 1e-60))
    slope = activation.left_slope
    constant = activation.values[0] - slope * activation.knots[0]
    knots = [
        (t, b, normalized_knot(t, s), normalized_knot(t, other))
        for t, b in zip(activation.knots, activation.jumps, strict=True)
        if b != 0.0
    ]
    value = constant**2 + slope**2 * s * other * c
    product = np.full(s.shape, slope**2)  # E σ'(X) σ'(Y)
    boundary = np.zeros(s.shape)  # E of s σ''(s G) σ(Y), one term a knot of X
    for t, b, h, k in knots:
        density, above, above_other = _density(h), ndtr(-h), ndtr(-k)
        value += constant * b * (s * density - t * above)
        value += constant * b * (other * _density(k) - t * above_other)
        value += slope * b * s * other * c * (above + above_other)
        product += slope * b * (above + above_other)
        inner = constant + slope * other * c * h
        for u, jump, _, k_inner in knots:
            kappa = np.clip((k_inner - c * h) / root, -40.0, 40.0)
            mean = other * c * h - u
            inner = inner + jump * (mean * ndtr(-kappa) + other * root * _density(kappa))
            second, orthant = _ramps(t, u, s, other, c, root, h, k_inner)
            value += b * jump * second
            product += b * jump * orthant
        boundary += b * density * inner
    return value, boundary + c * other * product, s * other * product


def _ramps(
    t: float, u: float, s: Array, other: Array, c: Array, root: Array, h: Array, k: Array
) -> tuple[Array, Array]:
    """E (X - t)_+ (Y - u)_+ and P(X > t, Y > u), with h = t/s and k = u/s'."""
    from scipy.special import ndtr

    kappa = np.clip((k - c * h) / root, -40.0, 40.0)
    kappa_h = np.clip((h - c * k) / root, -40.0, 40.0)
    orthant = _orthant(h, k, c, root)
    at_h = _density(h) * ndtr(-kappa)  # density of G at h times P(H > k | G = h)
    at_k = _density(k) * ndtr(-kappa_h)
    mixed = c * (orthant + h * at_h + k * at_k) + root * _density(h) * _density(kappa)
    second = (
        s * other * mixed
        - s * u * (at_h + c * at_k)
        - other * t * (at_k + c * at_h)
        + t * u * orthant
    )
    return second, orthant


def _orthant(h: Array, k: Array, c: Array, root: Array) -> Array:
    """P(G > h, H > k) through Owen's T function."""
    from scipy.special import ndtr, owens_t

    # A tiny number in the place of 0 takes the right limit of T(0, ±inf) and of 0/0.
    h = np.where(np.abs(h) < _TINY, _TINY, h)
    k = np.where(np.abs(k) < _TINY, _TINY, k)
    with np.errstate(over="ignore"):
        owen = owens_t(h, (k - c * h) / (h * root)) + owens_t(k, (h - c * k) / (k * root))
    opposite = 0.5 * ((h < 0) != (k < 0))
    orthant: Array = 0.5 * (ndtr(-h) + ndtr(-k)) - owen - opposite
    return orthant


def squared(activation: Activation, s: Array) -> tuple[Array, Array]:
    """Second moment E σ(s G)² and half its derivative, E G σ'(s G) σ(s G).

    Parameters
    ----------
    activation : Activation
        σ; closed form for :class:`PiecewiseLinear`, otherwise quadrature.
    s : Array, shape (N,)
        Scales >= 0.

    Returns
    -------
    value, half_derivative : Array, shape (N,)

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import relu
    >>> squared(relu(), np.array([2.0]))  # s²/2 and s/2
    (array([2.]), array([1.]))
    """
    if not isinstance(activation, PiecewiseLinear):
        value = gauss_sum(lambda g: activation(s * g) ** 2, s)
        slope = gauss_sum(lambda g: g * activation(s * g) * activation.derivative(s * g), s)
        return value, slope
    from scipy.special import ndtr

    edges = [np.full(s.shape, -math.inf)]
    edges += [normalized_knot(t, s) for t in activation.knots]
    edges += [np.full(s.shape, math.inf)]
    anchors = [0, *range(len(activation.knots))]  # a knot on the boundary of each piece
    value, product, boundary = np.zeros(s.shape), np.zeros(s.shape), np.zeros(s.shape)
    for slope, anchor, low, high in zip(
        activation.slopes, anchors, edges[:-1], edges[1:], strict=True
    ):
        constant = activation.values[anchor] - slope * activation.knots[anchor]
        # Probabilities from the side where they are small keep their digits in the tail.
        mass = np.where(low > 0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
        first = _density(low) - _density(high)
        second = mass + _edge(low) - _edge(high)
        value += constant**2 * mass + 2.0 * constant * slope * s * first
        value += slope**2 * s**2 * second
        product += slope**2 * mass
    for h, b, level in zip(edges[1:-1], activation.jumps, activation.values, strict=True):
        boundary += b * level * _density(h)
    return value, boundary + s * product


def _density(z: Array) -> Array:
    density: Array = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    return density


def _edge(z: Array) -> Array:
    """Product z φ(z), zero at infinity."""
    finite = np.where(np.isinf(z), 0.0, z)
    return finite * _density(finite)
