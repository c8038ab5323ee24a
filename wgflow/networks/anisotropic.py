"""Ridge networks on two anisotropic Gaussians: their features and the network itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.activations import Activation
from wgflow.networks.charts import Parts
from wgflow.networks.features import Features
from wgflow.networks.gaussian_population import GaussianRidgePopulation
from wgflow.networks.gaussians import AnisotropicGaussians
from wgflow.networks.hermite import coefficients, sphere_moment
from wgflow.networks.network import Network, gaussian_weights
from wgflow.networks.units import Ridge

__all__ = [
    "Term",
    "angular",
    "anisotropic_features",
    "anisotropic_network",
    "expansion",
    "polar",
]

Term = tuple[int, int, float]
"""Order n, power j of the first cosine, and weight of a feature."""


def expansion(data: AnisotropicGaussians, order: int) -> list[Term]:
    """Orders, powers and weights of the features, equal for both labels; zero weights dropped.

    For v = (v₁, v₂) and v' with uniform directions in the two subspaces, E cos(v, v')^n =
    Σ_j C(n, j) m_j(s0) m_{n-j}(d - s0) (c₁ c₁')^j (c₂ c₂')^{n-j}, with c₁ = |v₁|/|v|,
    c₂ = |v₂|/|v| and m_j the moments of the sphere.

    Parameters
    ----------
    data : AnisotropicGaussians
    order : int
        Largest n.

    Raises
    ------
    InputError
        If the order is odd or negative.

    Examples
    --------
    >>> expansion(AnisotropicGaussians(40, 20, 0.8), 2)
    [(0, 0, 0.5), (2, 0, 0.025), (2, 2, 0.025)]
    """
    if order < 0 or order % 2 or order != int(order):
        raise InputError(f"order = {order}: must be an even integer >= 0")
    terms = []
    for n in range(0, order + 1, 2):
        for j in range(0, n + 1, 2):
            weight = sphere_moment(j, data.signal) * _moment(n - j, data.others)
            if weight > 0.0:
                terms.append((n, j, 0.5 * math.comb(n, j) * weight))
    return terms


def _moment(n: int, d: float) -> float:
    """Moment of the sphere; of no coordinates, that of the constant 0."""
    return float(n == 0) if d == 0 else sphere_moment(n, d)


def angular(first: Array, second: Array, terms: Sequence[Term]) -> tuple[Array, Array, Array]:
    """Products c₁^j c₂^{n-j} of the cosines, and their derivatives times s = |v|.

    Parameters
    ----------
    first, second : Array
        c₁ and c₂ with c₁² + c₂² = 1, of one shape.
    terms : sequence of (n, j, weight)

    Returns
    -------
    values, by_first, by_second : Array, shape (len(terms), *shape)
        The products, and s times their derivatives with respect to |v₁| and |v₂|:
        j c₁^{j-1} c₂^{n-j} - n c₁^{j+1} c₂^{n-j}, and the same with 1 and 2 exchanged.
    """
    top = max(n for n, _, _ in terms)
    powers = [[np.ones_like(c)] for c in (first, second)]
    for c, found in zip((first, second), powers, strict=True):
        for _ in range(top):
            found.append(found[-1] * c)
    values = np.empty((len(terms), *first.shape))
    by_first, by_second = np.empty_like(values), np.empty_like(values)
    for i, (n, j, _) in enumerate(terms):
        k = n - j
        values[i] = powers[0][j] * powers[1][k]
        by_first[i] = -n * values[i] * first
        by_second[i] = -n * values[i] * second
        if j:
            by_first[i] += j * powers[0][j - 1] * powers[1][k]
        if k:
            by_second[i] += k * powers[0][j] * powers[1][k - 1]
    return values, by_first, by_second


def anisotropic_features(
    activation: Activation, data: AnisotropicGaussians, order: int = 6
) -> Features:
    """Exact features of a ridge network on two anisotropic Gaussians, in two radii.

    A density of w that is invariant under rotations of the s0 signal coordinates and of the
    others reduces to a density of (r₁, r₂), the norms of the two parts of w. With v = (τ r₁, r₂),
    s = |v|, for each of the two τ and all even j <= n <= order the feature is
    a_n(s) (τ r₁/s)^j (r₂/s)^{n-j}, a_n(s) = E σ(s G) he_n(G), with the weight of
    :func:`expansion`; V = [a_0(s₋) - a_0(s₊)]/2.

    Parameters
    ----------
    activation : Activation
        σ; the features are exact for :class:`PiecewiseLinear`, by quadrature otherwise.
    data : AnisotropicGaussians
        The law of the data. In infinite dimension, with s0 infinite, only n = 0 remains.
    order : int
        Largest n, even and >= 0. See Notes.

    Returns
    -------
    Features
        Coordinates r₁ and r₂, K = (order/2 + 1)(order/2 + 2) features, those of τ₊ first.

    Raises
    ------
    InputError
        If the order is odd or negative.

    Notes
    -----
    Truncation error of U, as the largest |error| over the largest |U|, for radii in [0, 8] and
    [0, 2], the ramp, Δ = 0.8 and s0 = d/2, by the number K of features:

    ===== === ======= ======= ========
    order K   d = 20  d = 40  d = 320
    ===== === ======= ======= ========
    2     6   5.3e-3  1.3e-3  2.0e-5
    4     12  1.3e-3  1.7e-4  3.6e-7
    6     20  4.2e-4  3.3e-5  1.0e-8
    8     30  1.6e-4  8.0e-6  4.0e-10
    ===== === ======= ======= ========

    References
    ----------
    Mei, Montanari & Nguyen (2018), "A mean field view of the landscape of two-layer neural
    networks", PNAS 115, E7665, section "Centered anisotropic Gaussians".

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import ramp
    >>> features = anisotropic_features(ramp(), AnisotropicGaussians(40, 20, 0.8))
    >>> features.rank
    20
    >>> features.functions(np.ones((3, 1)), np.ones((1, 4))).shape
    (20, 3, 4)
    >>> features.gradient(np.ones(5), np.ones(5)).shape
    (2, 20, 5)
    """
    terms = expansion(data, order)
    orders = sorted({n for n, _, _ in terms})
    rows = [orders.index(n) for n, _, _ in terms]

    def functions(r1: Array, r2: Array) -> Array:
        found = []
        for tau in data.scales:
            s, first, second = polar(tau * np.asarray(r1), np.asarray(r2))
            a, _ = coefficients(activation, s, orders)
            found.append(a[rows] * angular(first, second, terms)[0])
        return np.concatenate(found)

    def gradient(r1: Array, r2: Array) -> Array:
        found = []
        for tau in data.scales:
            s, first, second = polar(tau * np.asarray(r1), np.asarray(r2))
            a, da = (each[rows] for each in coefficients(activation, s, orders))
            value, by_first, by_second = angular(first, second, terms)
            over = np.divide(a, s, out=np.zeros_like(a), where=s > 0)
            found.append(
                np.stack(
                    [
                        tau * (da * first * value + over * by_first),
                        da * second * value + over * by_second,
                    ]
                )
            )
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


def polar(v1: Array, v2: Array) -> tuple[Array, Array, Array]:
    """Give s = |v| and the cosines v₁/s, v₂/s; at v = 0 those of the diagonal, a direction."""
    s = np.hypot(v1, v2)
    v1, v2 = np.broadcast_arrays(v1, v2)
    diagonal = math.sqrt(0.5)
    first, second = (np.divide(v, s, out=np.full(s.shape, diagonal), where=s > 0) for v in (v1, v2))
    return s, first, second


def anisotropic_network(
    activation: Activation, data: AnisotropicGaussians, spread: float = 0.8, order: int = 6
) -> Network:
    """Ridge network on two anisotropic Gaussians, started from w ~ N(0, spread² I/d).

    Parameters
    ----------
    activation : Activation
        σ.
    data : AnisotropicGaussians
        The law of the data. In infinite dimension only the density exists: drawing neurons is
        an error.
    spread : float
        κ > 0, the typical norm of an initial weight vector.
    order : int
        Order of the features of the density (even).

    Raises
    ------
    InputError
        If the spread is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import ramp
    >>> network = anisotropic_network(ramp(), AnisotropicGaussians(40, 10, 0.8))
    >>> theta = network.draw(np.random.default_rng(1), 3)
    >>> theta.shape, [c.shape for c in network.chart.coordinates(theta)]
    ((3, 40), [(3,), (3,)])
    """
    draw = gaussian_weights(data.dimension, spread)
    first = None if math.isinf(data.signal) else int(data.signal)
    return Network(
        unit=Ridge(activation),
        data=data,
        features=anisotropic_features(activation, data, order),
        population=GaussianRidgePopulation(activation, data),
        chart=Parts((slice(0, first), slice(first, None))),
        draw=draw,
    )
