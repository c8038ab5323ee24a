"""Hermite coefficients a_n(s) = E σ(s G) he_n(G) of activations, G a standard normal.

he_n = He_n / sqrt(n!) are the normalized probabilists' Hermite polynomials.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.networks.activations import Activation, PiecewiseLinear

__all__ = ["coefficients", "gauss_sum", "hermite_times_density", "normalized_knot", "sphere_moment"]

# exp(-40²/2) is zero in double precision, so a knot farther away has no weight.
_FAR = 40.0

# Quadrature for smooth activations: trapezoidal rule in t with G = sinh(t)/max(s, 1). The poles
# of tanh(s G) then stay at distance π/2 from the real t axis for every s, so one step serves
# all s. |he_n φ| <= exp(-G²/4), so |G| <= 12.5 leaves 1e-17.
_REACH = 12.5
_CHUNK = 1 << 18  # numbers in a block of the quadrature: 2 MB an array


def coefficients(activation: Activation, s: Array, orders: Sequence[int]) -> tuple[Array, Array]:
    """Hermite coefficients of t ↦ σ(s t) and their derivatives with respect to s.

    Parameters
    ----------
    activation : Activation
        σ. Exact for :class:`PiecewiseLinear`: with knots t_k, slope jumps b_k and z_k = t_k/s,
        a_n = s Σ_k b_k he_{n-2}(z_k) φ(z_k) / sqrt(n (n-1)) for n >= 2. Otherwise quadrature.
    s : Array
        Scales, any shape, in the units of 1/G. s = 0 is the limit s -> 0+; a negative s uses
        a_n(-s) = (-1)^n a_n(s), so that ghost cells beyond r = 0 are meaningful.
    orders : sequence of int
        Orders n >= 0.

    Returns
    -------
    values, derivatives : Array, shape (len(orders), *s.shape)
        a_n(s) and da_n/ds.

    Raises
    ------
    InputError
        If an order is negative or not an integer.

    Notes
    -----
    Absolute error, measured: for :class:`PiecewiseLinear` a few 1e-16 times the size of the
    values at the knots and of s times the slopes, for every n (no overflow: n = 60 and
    |t_k|/s = 1e3 give zero); for :class:`Smooth` below 1e-13 for s up to 1e6 and n up to 128.
    Gauss-Hermite quadrature needs a number of nodes that grows like s² (300 nodes leave 3e-4 of
    a_1 for tanh at s = 10), so a trapezoidal rule graded on the scale 1/s takes its place. An
    activation of the user's own is accurate if it is analytic near the real axis.

    References
    ----------
    O'Donnell (2014), "Analysis of Boolean functions", section 11.2, for the Hermite expansion;
    the closed form is integration by parts twice, σ'' = Σ b_k δ(t - t_k).

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks.activations import relu
    >>> values, derivatives = coefficients(relu(), np.array([1.0, 2.0]), [0, 1])
    >>> values.round(6)  # s/sqrt(2π) and s/2
    array([[0.398942, 0.797885],
           [0.5     , 1.      ]])
    >>> derivatives.round(6)
    array([[0.398942, 0.398942],
           [0.5     , 0.5     ]])
    """
    if any(n < 0 or n != int(n) for n in orders):
        raise InputError(f"orders {list(orders)}: must be integers >= 0")
    s = np.asarray(s, dtype=np.float64)
    size = np.abs(s)
    if isinstance(activation, PiecewiseLinear):
        values, derivatives = _piecewise_linear(activation, size, orders)
    else:
        values, derivatives = _quadrature(activation, size, orders)
    if (s < 0).any():
        parity = np.array([(-1.0) ** n for n in orders]).reshape(-1, *[1] * s.ndim)
        values = np.where(s < 0, parity * values, values)
        derivatives = np.where(s < 0, -parity * derivatives, derivatives)
    return values, derivatives


def _piecewise_linear(
    activation: PiecewiseLinear, s: Array, orders: Sequence[int]
) -> tuple[Array, Array]:
    from scipy.special import ndtr

    values = np.zeros((len(orders), *s.shape))
    derivatives = np.zeros_like(values)
    first, slope = activation.knots[0], activation.left_slope
    for i, n in enumerate(orders):
        if n == 0:
            values[i] = activation.values[0] - slope * first
        elif n == 1:
            values[i] = slope * s
            derivatives[i] = slope
    for t, b in zip(activation.knots, activation.jumps, strict=True):
        z = normalized_knot(t, s)
        products = hermite_times_density(z, max(orders, default=0))
        above = ndtr(-z)
        for i, n in enumerate(orders):
            if n == 0:
                values[i] += b * (s * products[0] - t * above)
                derivatives[i] += b * products[0]
            elif n == 1:
                values[i] += b * s * above
                derivatives[i] += b * (above + products[1])
            else:
                scaled = products[n - 2] / math.sqrt(n * (n - 1))
                values[i] += b * s * scaled
                # s a_n' = n a_n + sqrt((n+1)(n+2)) a_{n+2}: no division by s is left.
                derivatives[i] += b * (products[n] + n * scaled)
    return values, derivatives


def normalized_knot(t: float, s: Array) -> Array:
    """Knot t/s clipped to ±40, where the normal density is zero; the limit for s = 0."""
    bound = abs(t) / _FAR
    z: Array = np.divide(t, s, out=np.full(s.shape, math.copysign(_FAR, t)), where=s > bound)
    return np.zeros_like(z) if t == 0.0 else z


def hermite_times_density(z: Array, order: int) -> Array:
    """Products he_k(z) φ(z), k = 0 … order, shape ``(order + 1, *z.shape)``.

    The recurrence runs on the product: apart, he_k overflows and φ underflows.
    """
    products = np.empty((order + 1, *z.shape))
    products[0] = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    if order >= 1:
        products[1] = z * products[0]
    for k in range(1, order):
        products[k + 1] = (z * products[k] - math.sqrt(k) * products[k - 1]) / math.sqrt(k + 1)
    return products


def _nodes(s: Array, step: float) -> tuple[Array, Array]:
    """Nodes G and weights dG, shape ``(nodes, len(s))``, of the sinh rule for scales s."""
    scale = np.maximum(s, 1.0)
    half = math.ceil(math.asinh(_REACH * float(scale.max())) / step)
    t = step * np.arange(-half, half + 1)[:, None]
    return np.sinh(t) / scale, step * np.cosh(t) / scale


def _quadrature(activation: Activation, s: Array, orders: Sequence[int]) -> tuple[Array, Array]:
    order = max(orders, default=0)
    step = _step(order)
    flat = s.ravel()
    values = np.empty((len(orders), flat.size))
    derivatives = np.empty_like(values)
    nodes = 2 * math.ceil(math.asinh(_REACH * max(1.0, float(flat.max(initial=1.0)))) / step) + 1
    length = max(1, _CHUNK // (nodes * (order + 1)))
    for start in range(0, flat.size, length):
        part = slice(start, start + length)
        g, weight = _nodes(flat[part], step)
        products = hermite_times_density(g, order)[list(orders)]
        value = activation(flat[part] * g) * weight
        slope = activation.derivative(flat[part] * g) * g * weight
        values[:, part] = np.einsum("kns,ns->ks", products, value)
        derivatives[:, part] = np.einsum("kns,ns->ks", products, slope)
    shape = (len(orders), *s.shape)
    return values.reshape(shape), derivatives.reshape(shape)


def _step(order: int) -> float:
    """Step of the sinh rule: he_n oscillates at frequency sqrt(n)."""
    return min(0.1, 0.4 / math.sqrt(order + 1))


def gauss_sum(function: Callable[[Array], Array], s: Array) -> Array:
    """Integrate to E f(G) a family of analytic functions f that vary on the scale 1/s.

    Parameters
    ----------
    function : callable
        Takes nodes ``(nodes, len(s))``, gives values of that shape.
    s : Array, shape (N,)
        Scales >= 0.

    Returns
    -------
    Array, shape (N,)

    Examples
    --------
    >>> import numpy as np
    >>> gauss_sum(lambda g: np.tanh(g) ** 2, np.array([1.0])).round(9)
    array([0.39429449])
    """
    g, weight = _nodes(s, _step(0) / 2)
    density = hermite_times_density(g, 0)[0]
    return np.asarray(np.sum(function(g) * density * weight, axis=0))


def sphere_moment(n: int, d: float) -> float:
    """Moment E c^n of the first coordinate c of a uniform point of the sphere S^{d-1}.

    Parameters
    ----------
    n : int
        Order, >= 0; odd moments are zero.
    d : float
        Dimension >= 1; in the limit ``math.inf`` only n = 0 remains.

    Raises
    ------
    InputError
        If the order is negative or the dimension below 1.

    Examples
    --------
    >>> sphere_moment(2, 40)  # 1/d
    0.025
    >>> sphere_moment(4, 3) - 1 / 5 < 1e-15
    True
    >>> sphere_moment(2, math.inf)
    0.0
    """
    if n < 0 or not d >= 1:
        raise InputError(f"moment {n} in dimension {d}: must have order >= 0, dimension >= 1")
    if n == 0:
        return 1.0
    if n % 2 or math.isinf(d):
        return 0.0
    # E c^n = Π_{j<n/2} (2j+1)/(d+2j): the ratio of gamma functions without cancellation.
    return math.prod((2 * j + 1) / (d + 2 * j) for j in range(n // 2))
