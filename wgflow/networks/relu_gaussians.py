"""ReLU neurons with output weight and bias on two anisotropic Gaussians: features, network."""

from __future__ import annotations

import math

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.activations import relu
from wgflow.networks.anisotropic import angular, expansion, polar
from wgflow.networks.charts import Parts
from wgflow.networks.features import Features
from wgflow.networks.gaussians import AnisotropicGaussians
from wgflow.networks.network import Network
from wgflow.networks.relu_population import ReluPopulation, relu_coefficients
from wgflow.networks.units import Affine

__all__ = ["relu_features", "relu_network"]


def relu_features(data: AnisotropicGaussians, order: int = 6) -> Features:
    """Exact features of neurons a (<w, x> + b)_+ on two anisotropic Gaussians, in (a, b, r₁, r₂).

    With v = (τ r₁, r₂) and s = |v| the features of each τ are a α_n(s, b) (τ r₁/s)^j (r₂/s)^{n-j},
    α_n(s, b) = E (s G + b)_+ he_n(G), with the weights of :func:`expansion`. The bias
    introduces odd Hermite orders too, but for odd n one of j and n - j is odd, and that moment of
    the sphere vanishes: a rotation-invariant density involves only even orders.

    Parameters
    ----------
    data : AnisotropicGaussians
        The law of the data.
    order : int
        Largest n, even and >= 0.

    Returns
    -------
    Features
        Four coordinates, K = (order/2 + 1)(order/2 + 2) features, those of τ₊ first.

    Raises
    ------
    InputError
        If the order is odd or negative.

    Examples
    --------
    >>> import numpy as np
    >>> features = relu_features(AnisotropicGaussians(320, 60, 0.8))
    >>> one = np.ones(3)
    >>> features.functions(one, one, one, one).shape
    (20, 3)
    >>> features.gradient(one, one, one, one).shape
    (4, 20, 3)
    """
    terms = expansion(data, order)
    orders = sorted({n for n, _, _ in terms})
    rows = [orders.index(n) for n, _, _ in terms]

    def functions(a: Array, b: Array, r1: Array, r2: Array) -> Array:
        a, b, r1, r2 = np.broadcast_arrays(a, b, r1, r2)
        found = []
        for tau in data.scales:
            s, first, second = polar(tau * r1, r2)
            alpha = relu_coefficients(s, b, orders)[0][rows]
            found.append(a * alpha * angular(first, second, terms)[0])
        return np.concatenate(found)

    def gradient(a: Array, b: Array, r1: Array, r2: Array) -> Array:
        a, b, r1, r2 = np.broadcast_arrays(a, b, r1, r2)
        found = []
        for tau in data.scales:
            s, first, second = polar(tau * r1, r2)
            alpha, by_s, by_b = (each[rows] for each in relu_coefficients(s, b, orders))
            value, by_first, by_second = angular(first, second, terms)
            over = np.divide(alpha, s, out=np.zeros_like(alpha), where=s > 0)
            parts = [
                alpha * value,
                a * by_b * value,
                a * tau * (by_s * first * value + over * by_first),
                a * (by_s * second * value + over * by_second),
            ]
            found.append(np.stack(parts))
        return np.concatenate(found, axis=1)

    weights = np.array([weight for _, _, weight in terms])
    target = np.zeros(len(terms))
    target[0] = 0.5
    return Features(
        functions=functions,
        gradient=gradient,
        weights=np.concatenate([weights, weights]),
        targets=np.concatenate([target, -target]),
        second_moment=data.second_moment,
    )


def relu_network(
    data: AnisotropicGaussians,
    spread: float = 0.8,
    start: tuple[float, float] = (1.0, 1.0),
    jitter: float = 0.0,
    order: int = 6,
) -> Network:
    """Network of neurons a (<w, x> + b)_+ with all parameters trained.

    The state is (a, w, b); initially w ~ N(0, spread² I/d), with a and b near given values.

    Parameters
    ----------
    data : AnisotropicGaussians
        The law of the data, of finite dimension.
    spread : float
        κ > 0, the typical norm of an initial weight vector.
    start : (float, float)
        Initial means of a and b.
    jitter : float
        Initial standard deviation of a and b, which are Gaussian; 0 for points.
    order : int
        Order of the features of the density (even).

    Raises
    ------
    InputError
        If the dimension is infinite, or the spread or the jitter is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> network = relu_network(AnisotropicGaussians(40, 10, 0.8))
    >>> theta = network.draw(np.random.default_rng(1), 3)
    >>> theta.shape, len(network.chart.coordinates(theta))
    ((3, 42), 4)
    """
    if math.isinf(data.dimension):
        raise InputError("dimension = inf has no neurons to draw: give a finite dimension")
    if not 0 < spread < math.inf:
        raise InputError(f"spread = {spread}: must be a positive finite number")
    if not 0 <= jitter < math.inf:
        raise InputError(f"jitter = {jitter}: must be a finite number >= 0")
    d, s0 = int(data.dimension), int(data.signal)

    def draw(rng: np.random.Generator, size: int) -> Array:
        weights = rng.standard_normal((size, d)) * (spread / math.sqrt(d))
        ends = np.array(start) + jitter * rng.standard_normal((size, 2))
        return np.concatenate([ends[:, :1], weights, ends[:, 1:]], axis=1)

    return Network(
        unit=Affine(relu(), d),
        data=data,
        features=relu_features(data, order),
        population=ReluPopulation(data),
        chart=Parts((0, d + 1, slice(1, s0 + 1), slice(s0 + 1, d + 1))),
        draw=draw,
    )
