"""Population risk and gradient of ReLU neurons with bias on two Gaussians, in full dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.gaussians import AnisotropicGaussians
from wgflow.networks.hermite import hermite_times_density

__all__ = ["ReluPopulation", "relu_coefficients"]

_FAR = 40.0  # exp(-40²/2) is zero in double precision
_TOLERANCE = 1e-10
_ORDERS = (16, 32, 64, 128, 256)
_SMALLEST = 1e-100  # stands for |w| = 0 in w/|w|


def relu_coefficients(s: Array, b: Array, orders: Sequence[int]) -> tuple[Array, Array, Array]:
    """Hermite coefficients α_n(s, b) = E (s G + b)_+ he_n(G), and their derivatives.

    α_0 = s φ(z) + b Φ(-z), α_1 = s Φ(-z) and α_n = s he_{n-2}(z) φ(z)/sqrt(n(n-1)) for n >= 2,
    with z = -b/s.

    Parameters
    ----------
    s, b : Array
        Scales >= 0 and biases, of one shape.
    orders : sequence of int
        Orders n >= 0.

    Returns
    -------
    values, by_scale, by_bias : Array, shape (len(orders), *s.shape)

    Examples
    --------
    >>> import numpy as np
    >>> values, _, _ = relu_coefficients(np.array([2.0]), np.array([0.0]), [0, 1])
    >>> values[:, 0].round(6)  # s/sqrt(2π) and s/2
    array([0.797885, 1.      ])
    """
    from scipy.special import ndtr

    s, b = np.broadcast_arrays(np.asarray(s, dtype=np.float64), np.asarray(b, dtype=np.float64))
    # beyond ±40 the density is zero; s = 0 is the limit s -> 0+
    far = np.copysign(_FAR, -b)
    z = np.divide(-b, s, out=np.where(b == 0, 0.0, far), where=s * _FAR > np.abs(b))
    products = hermite_times_density(z, max(orders, default=0))
    above = ndtr(-z)
    values = np.empty((len(orders), *s.shape))
    by_scale, by_bias = np.empty_like(values), np.empty_like(values)
    for i, n in enumerate(orders):
        if n == 0:
            values[i], by_scale[i], by_bias[i] = s * products[0] + b * above, products[0], above
        elif n == 1:
            values[i], by_scale[i], by_bias[i] = s * above, above + products[1], products[0]
        else:
            scaled = products[n - 2] / math.sqrt(n * (n - 1))
            values[i] = s * scaled
            by_scale[i] = products[n] + n * scaled
            by_bias[i] = products[n - 1] / math.sqrt(n)
    return values, by_scale, by_bias


@dataclass(frozen=True)
class ReluPopulation:
    """Population risk of neurons a (<w, x> + b)_+ on two anisotropic Gaussians.

    U = 1/2 Σ_± a a' Σ_n α_n(s, b) α_n(s', b') c^n over all n, including odd ones, with
    v = Σ±^{1/2} w, s = |v| and c the cosine of the angle between v and v'. The diagonal i = j is
    exact.

    Parameters
    ----------
    data : AnisotropicGaussians
        Of finite dimension.

    Notes
    -----
    Truncating the series at M leaves at most (M+1) |c|^M times the sum of the omitted α_n²,
    which is known. M is the smallest of 16, 32, ..., 256 that leaves 1e-10 E σ²; if two nearly
    parallel neurons need more than 256, the error is up to that bound.

    Examples
    --------
    >>> import numpy as np
    >>> population = ReluPopulation(AnisotropicGaussians(3, 1, 0.5))
    >>> theta = np.array([[1.0, 0.0, 0.0, 0.0, -2.0]])  # never active
    >>> population.risk(theta), population.gradient(theta).shape
    (1.0, (1, 5))
    """

    data: AnisotropicGaussians

    def risk(self, theta: Array) -> float:
        """Risk R_N of the states (a, w, b), ``(N, d + 2)``."""
        layers = self._layers(theta)
        a, count = theta[:, 0], len(theta)
        risk = self.data.second_moment
        for layer in layers:
            risk -= layer.label * float(a @ layer.alpha[0]) / count
            risk += 0.5 * float(a @ layer.against(a)[0]) / count**2
        return risk

    def gradient(self, theta: Array) -> Array:
        """Gradient ∇V(θ_i) + (1/N) Σ_j ∇₁U(θ_i, θ_j), ``(N, d + 2)``."""
        layers = self._layers(theta)
        a, count = theta[:, 0], len(theta)
        gradient = np.zeros(theta.shape)
        for layer in layers:
            value, by_s, by_b, across = (0.5 * each / count for each in layer.against(a))
            value -= 0.5 * layer.label * layer.alpha[0]
            by_s -= 0.5 * layer.label * layer.by_scale[0]
            by_b -= 0.5 * layer.label * layer.by_bias[0]
            gradient[:, 0] += value
            gradient[:, -1] += a * by_b
            along = by_s[:, None] * layer.direction + across
            gradient[:, 1:-1] += a[:, None] * along * layer.stretch
        return gradient

    def _layers(self, theta: Array) -> list[_Layer]:
        d = self.data.dimension
        if theta.ndim != 2 or len(theta) == 0 or theta.shape[1] != d + 2:
            raise InputError(f"states of shape {theta.shape}: must be (N, {d + 2:g}) with N >= 1")
        layers = []
        for tau, label in zip(self.data.scales, (1.0, -1.0), strict=True):
            stretch = np.ones(int(d))
            stretch[: int(self.data.signal)] = tau
            layers.append(_layer(theta[:, 1:-1] * stretch, theta[:, -1], stretch, label))
        return layers


@dataclass(frozen=True)
class _Layer:
    """Neurons as the data of one label see them."""

    label: float
    stretch: Array  # (d,)
    size: Array  # s, (N,)
    direction: Array  # (N, d)
    cosine: Array  # (N, N), zero on the diagonal
    alpha: Array  # (M + 1, N)
    by_scale: Array
    by_bias: Array
    own: tuple[Array, Array, Array]  # E σ² and half its derivatives by s and b, (N,)

    def against(self, a: Array) -> tuple[Array, Array, Array, Array]:
        """Add a_j E σ_i σ_j up over j, with its derivatives by s_i and b_i, and what turns v_i.

        The last, (N, d), is perpendicular to v_i.
        """
        value, by_s, by_b = (a * each for each in self.own)
        power = np.ones_like(self.cosine)
        np.fill_diagonal(power, 0.0)
        turning = np.zeros_like(self.cosine)
        for n in range(len(self.alpha)):
            sums = power @ (a * self.alpha[n])
            value += self.alpha[n] * sums
            by_s += self.by_scale[n] * sums
            by_b += self.by_bias[n] * sums
            if n + 1 < len(self.alpha):
                turning += (n + 1) * power * np.outer(self.alpha[n + 1], a * self.alpha[n + 1])
            power *= self.cosine
        along = np.einsum("ij,ij->i", turning, self.cosine)
        across = turning @ self.direction - along[:, None] * self.direction
        across /= np.maximum(self.size, _SMALLEST)[:, None]
        return value, by_s, by_b, across


def _layer(v: Array, b: Array, stretch: Array, label: float) -> _Layer:
    from scipy.special import ndtr

    size = np.sqrt(np.einsum("nd,nd->n", v, v))
    direction = v / np.maximum(size, _SMALLEST)[:, None]
    cosine = np.clip(direction @ direction.T, -1.0, 1.0)
    np.fill_diagonal(cosine, 0.0)
    zero = relu_coefficients(size, b, [0, 1])[0]
    # E (s G + b)_+² = b α_0 + s α_1
    square = b * zero[0] + size * zero[1]
    above = ndtr(b / np.maximum(size, _SMALLEST))
    alpha, by_scale, by_bias = _series(size, b, square, float(np.abs(cosine).max()))
    # half the derivatives: by s, s P(s G + b > 0); by b, α_0
    own = (square, size * above, zero[0])
    return _Layer(label, stretch, size, direction, cosine, alpha, by_scale, by_bias, own)


def _series(s: Array, b: Array, square: Array, reach: float) -> tuple[Array, Array, Array]:
    """Coefficients up to the order that is enough for |cosine| <= reach."""
    for order in _ORDERS:
        found = relu_coefficients(s, b, range(order + 1))
        tail = np.maximum(square - np.sum(found[0] ** 2, axis=0), 0.0).max()
        if (order + 1) * reach**order * tail <= _TOLERANCE * square.max():
            break
    return found
