"""Population risk and gradient of a ridge network on two Gaussians, in full dimension."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.errors import InputError
from wgflow.networks.activations import Activation, PiecewiseLinear
from wgflow.networks.data import IsotropicGaussians
from wgflow.networks.gaussians import AnisotropicGaussians
from wgflow.networks.hermite import coefficients
from wgflow.networks.pairs import pair_kernel, squared

__all__ = ["GaussianRidgePopulation"]

# Pairs with a larger |cosine| are computed in closed form, the others by the Hermite series. In
# d = 40 that is one pair in a hundred, and the series needs about 24 terms for the tolerance.
_NEAR = 0.4
_TOLERANCE = 1e-10
_ORDERS = (32, 64, 128, 256)
_BLOCK = 1 << 16  # entries of a block of rows, half a megabyte an array: it stays in cache
_SMALLEST = 1e-100  # stands for |w| = 0 in w/|w|


@dataclass(frozen=True)
class GaussianRidgePopulation:
    """Population risk of a ridge network on two centred Gaussians, in full dimension.

    <w, x> is distributed as |v| G with v = Σ±^{1/2} w and G a standard normal, so U(w, w') =
    1/2 Σ_± E σ(s G) σ(s' H) with s = |v|, s' = |v'| and corr(G, H) = c, the cosine of the angle
    between v and v'; as a series, 1/2 Σ_± Σ_n a_n(s) a_n(s') c^n over all n, including odd ones.
    The diagonal i = j is exact. If both Σ± are multiples of the identity, they share the cosines.

    Parameters
    ----------
    activation : Activation
        σ.
    data : IsotropicGaussians or AnisotropicGaussians
        The law of the data.

    Notes
    -----
    Truncating the series at M leaves at most |c|^{M+1} times the sum of the omitted a_n², which
    is known: E σ² - Σ_{n<=M} a_n². M is the smallest that leaves 1e-10 E σ². For
    :class:`PiecewiseLinear`, pairs with |c| > 0.4 are evaluated in closed form
    (:mod:`wgflow.networks.pairs`), so every pair has this accuracy. For other activations M
    follows from the largest |c| of any two neurons, but is at most 256: nearly parallel neurons
    with a steep activation keep an error up to the bound above. In low dimension most pairs are
    close, and the closed form, at 2 to 3 µs per pair, dominates the time.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks import relu
    >>> population = GaussianRidgePopulation(relu(), IsotropicGaussians(2, 0.5))
    >>> w = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> round(population.risk(w), 6)
    1.38178
    >>> population.gradient(w).shape
    (2, 2)
    """

    activation: Activation
    data: IsotropicGaussians | AnisotropicGaussians

    def risk(self, theta: Array) -> float:
        """Risk R_N of the weights ``(N, d)``."""
        count = len(theta)
        risk = self.data.second_moment
        for frame in _frames(self.data):
            layer = _layer(self, theta, frame)
            total = sum(float(_rows(layer, rows, False).value.sum()) for rows in layer.blocks())
            risk += 2.0 * layer.potential.sum() / count + total / count**2
        return float(risk)

    def gradient(self, theta: Array) -> Array:
        """Gradient ∇V(w_i) + (1/N) Σ_j ∇₁U(w_i, w_j) of the weights ``(N, d)``."""
        found = np.zeros(theta.shape)
        for frame in _frames(self.data):
            layer = _layer(self, theta, frame)
            gradient = np.empty(layer.direction.shape)
            for rows in layer.blocks():
                terms = _rows(layer, rows, True)
                radial = layer.potential_slope[rows] + terms.radial / len(theta)
                gradient[rows] = radial[:, None] * layer.direction[rows]
                gradient[rows] += terms.tangential / len(theta)
            found += gradient if frame.stretch is None else gradient * frame.stretch
        return found


@dataclass(frozen=True)
class _Frame:
    """Labels whose covariances are τ² diag(stretch²): in these coordinates x is isotropic."""

    scales: tuple[float, ...]  # τ of each
    labels: tuple[float, ...]
    stretch: Array | None  # (d,), of the coordinates; None for the identity


def _frames(data: IsotropicGaussians | AnisotropicGaussians) -> list[_Frame]:
    labels = (1.0, -1.0)
    if isinstance(data, IsotropicGaussians) or data.signal == data.dimension:
        return [_Frame(data.scales, labels, None)]
    frames = []
    for tau, label in zip(data.scales, labels, strict=True):
        stretch = np.ones(int(data.dimension))
        stretch[: int(data.signal)] = tau
        frames.append(_Frame((1.0,), (label,), stretch))
    return frames


@dataclass(frozen=True)
class _Layer:
    """All that a layer of N neurons needs before its pairs: lengths, directions, coefficients."""

    activation: Activation
    scales: tuple[float, ...]
    labels: Array
    size: Array  # |w|, (N,)
    direction: Array  # w/|w|, (N, d)
    near: float  # pairs with a larger |cosine| are in closed form
    a: Array  # a_n(τ |w|), (scales, M + 1, N)
    da: Array  # their derivatives by |w|
    diagonal: Array  # U(w, w), (N,)
    diagonal_slope: Array  # radial part of ∇₁U(w, w)

    @property
    def potential(self) -> Array:
        return np.asarray(-0.5 * (self.labels @ self.a[:, 0]))

    @property
    def potential_slope(self) -> Array:
        return np.asarray(-0.5 * (self.labels @ self.da[:, 0]))

    def blocks(self) -> Iterator[slice]:
        count = len(self.size)
        length = max(1, _BLOCK // count)
        return (slice(k, min(k + length, count)) for k in range(0, count, length))


@dataclass(frozen=True)
class _Terms:
    """Sums over all j for a block of neurons i."""

    value: Array  # Σ_j U(w_i, w_j)
    radial: Array  # along w_i/|w_i| of Σ_j ∇₁U
    tangential: Array  # the rest of it, (rows, d)


def _layer(population: GaussianRidgePopulation, theta: Array, frame: _Frame) -> _Layer:
    activation, scales = population.activation, frame.scales
    d = population.data.dimension
    if theta.ndim != 2 or len(theta) == 0 or theta.shape[1] != d:
        raise InputError(f"weights of shape {theta.shape}: must be (N, {d}) with N >= 1")
    if frame.stretch is not None:
        theta = theta * frame.stretch
    size = np.sqrt(np.einsum("nd,nd->n", theta, theta))
    direction = theta / np.maximum(size, _SMALLEST)[:, None]
    tau = np.array(scales)[:, None]
    square, half_slope = squared(activation, (tau * size).ravel())
    square, half_slope = square.reshape(tau.size, -1), half_slope.reshape(tau.size, -1)
    near = _NEAR if isinstance(activation, PiecewiseLinear) else math.inf
    reach = min(near, _largest_cosine(direction))
    a, da = _series(activation, tau * size, square, reach)
    return _Layer(
        activation=activation,
        scales=scales,
        labels=np.array(frame.labels),
        size=size,
        direction=direction,
        near=near,
        a=a.swapaxes(0, 1),
        da=tau[:, None] * da.swapaxes(0, 1),
        diagonal=0.5 * square.sum(axis=0),
        diagonal_slope=0.5 * (tau * half_slope).sum(axis=0),
    )


def _series(
    activation: Activation, scaled: Array, square: Array, reach: float
) -> tuple[Array, Array]:
    """Coefficients ``(M + 1, scales, N)`` up to the order that is enough for |cosine| <= reach."""
    for order in _ORDERS:
        a, da = coefficients(activation, scaled, range(order + 1))
        tail = np.maximum(square - np.cumsum(a**2, axis=0), 0.0).max(axis=(1, 2))
        n = np.arange(order + 1)
        # |Σ_{m>n} m a_m a_m' c^{m-1}| <= (n+1) |c|^n tail once that bound decreases in n.
        good = (n + 1) * reach**n * tail <= _TOLERANCE * square.max()
        if good.any():
            last = max(int(np.argmax(good)), 1)
            return a[: last + 1], da[: last + 1]
    return a, da


def _largest_cosine(direction: Array) -> float:
    largest = 0.0
    length = max(1, _BLOCK // len(direction))
    for k in range(0, len(direction), length):
        cosine = np.abs(direction[k : k + length] @ direction.T)
        index = np.arange(len(cosine))
        cosine[index, k + index] = 0.0
        largest = max(largest, float(cosine.max()))
    return min(largest, 1.0)


def _rows(layer: _Layer, rows: slice, gradient: bool) -> _Terms:
    """Sum over j for the neurons of ``rows``: series, closed pairs and the diagonal."""
    cosine = layer.direction[rows] @ layer.direction.T
    index = np.arange(len(cosine))
    cosine[index, rows.start + index] = 0.0
    i, j = np.nonzero(np.abs(cosine) > layer.near)
    c = np.clip(cosine[i, j], -1.0, 1.0)
    cosine[i, j] = 0.0
    power = np.ones_like(cosine)  # C^n, zero for the pairs that are not in the series
    power[i, j] = 0.0
    power[index, rows.start + index] = 0.0

    value = layer.diagonal[rows].copy()
    radial = layer.diagonal_slope[rows].copy()
    twist = np.zeros(len(cosine))  # Σ_j c ∂U/∂c
    for n in range(layer.a.shape[1]):
        sums = 0.5 * (power @ layer.a[:, n].T).T
        term = np.sum(layer.a[:, n, rows] * sums, axis=0)
        value += term
        twist += n * term
        radial += np.sum(layer.da[:, n, rows] * sums, axis=0)
        power *= cosine
    exact = _closed(layer, rows.start + i, j, c)
    value += np.bincount(i, exact[0], len(cosine))
    if not gradient:
        return _Terms(value, radial, np.zeros((0, 0)))
    radial += np.bincount(i, exact[1], len(cosine))
    twist += np.bincount(i, exact[2] * c, len(cosine))
    by_cosine = _by_cosine(layer, rows, cosine)
    by_cosine[i, j] = exact[2]
    by_cosine[index, rows.start + index] = 0.0
    tangential = by_cosine @ layer.direction - twist[:, None] * layer.direction[rows]
    tangential /= np.maximum(layer.size[rows], _SMALLEST)[:, None]
    return _Terms(value, radial, tangential)


def _by_cosine(layer: _Layer, rows: slice, cosine: Array) -> Array:
    """Sum the derivative by the cosine, Σ_n n a_n a_n' c^{n-1}, by Horner's rule."""
    total = np.zeros_like(cosine)
    term = np.empty_like(cosine)
    for n in range(layer.a.shape[1] - 1, 0, -1):
        total *= cosine
        np.matmul(0.5 * n * layer.a[:, n, rows].T, layer.a[:, n], out=term)
        total += term
    return total


def _closed(layer: _Layer, i: IntArray, j: IntArray, c: Array) -> tuple[Array, Array, Array]:
    """Value and derivatives by |w_i| and by the cosine of the kernel of given pairs."""
    value, radial, by_cosine = np.zeros(len(c)), np.zeros(len(c)), np.zeros(len(c))
    if len(c) and isinstance(layer.activation, PiecewiseLinear):
        for tau in layer.scales:
            parts = pair_kernel(layer.activation, tau * layer.size[i], tau * layer.size[j], c)
            value += 0.5 * parts[0]
            radial += 0.5 * tau * parts[1]
            by_cosine += 0.5 * parts[2]
    return value, radial, by_cosine
