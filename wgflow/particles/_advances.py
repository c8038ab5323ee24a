"""One way to step for each kind of neuron."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from wgflow._typing import Array
from wgflow.networks import (
    Affine,
    Cosine,
    Huber,
    Logistic,
    Loss,
    PiecewiseLinear,
    Ridge,
    Smooth,
    SmoothHinge,
    Square,
    Standardized,
    Summing,
    Unit,
)

Advance = Callable[[Array, Array, Array, Array, Array, Array | None], None]
"""``advance(theta, x, y, rate, decay, kicks)``: steps in place, as in the kernels.

theta (N, D), x (n, P, p), y (n, P), rate (n,), decay (n, 1) or (n, D), kicks (n, N, D) or None.
"""

LARGE = 5000
"""Numbers in a batch, P p, above which matrix products are faster than the compiled steps: BLAS
then gains more than is lost by passing through memory. Measured at p = 100."""


def choose(unit: Unit, loss: Loss) -> Advance:
    """Find the fastest way to step a kind of neuron."""
    if isinstance(unit, Standardized):
        inner = choose(unit.unit, loss)
        return lambda theta, x, *rest: inner(theta, unit.seen(x), *rest)
    products, compiled = _by_products(unit, loss), _compiled(unit, loss)
    if compiled is None:
        return products

    def advance(
        theta: Array, x: Array, y: Array, rate: Array, decay: Array, kicks: Array | None
    ) -> None:
        chosen = compiled if x.shape[1] * x.shape[2] <= LARGE else products
        chosen(theta, x, y, rate, decay, kicks)

    return advance


# ---- compiled ---------------------------------------------------------------------------------


def _compiled(unit: Unit, loss: Loss) -> Advance | None:
    """Step a neuron by the kernels, if they know its activation and the loss."""
    if isinstance(unit, Cosine):
        return _cosine if isinstance(loss, Square) else None
    if not isinstance(unit, (Affine, Ridge)):
        return None
    from wgflow.particles import _activations, _kernels

    sigma = unit.activation
    kinds = {"tanh": _activations.TANH, "logistic": _activations.LOGISTIC, "erf": _activations.ERF}
    losses: dict[type, int] = {
        Square: _activations.SQUARE,
        Logistic: _activations.LOG,
        SmoothHinge: _activations.HINGE,
        Huber: _activations.HUBER,
    }
    if isinstance(sigma, PiecewiseLinear):
        kind, pieces = _activations.PIECEWISE, _pieces(sigma)
    elif isinstance(sigma, Smooth) and sigma.name in kinds:
        kind, pieces = kinds[sigma.name], np.zeros((1, 4))
    else:
        return None
    if type(loss) not in losses:  # a class of the user's own, or derived from one of these
        return None
    number, bend = losses[type(loss)], 1.0
    if isinstance(loss, SmoothHinge):
        bend = loss.width
    elif isinstance(loss, Huber):
        bend = loss.threshold
    parts = (1.0, 0.0) if isinstance(unit, Ridge) else (unit.output, unit.bias)
    fixed = np.array([math.nan if part is None else part for part in parts])

    def advance(
        theta: Array, x: Array, y: Array, rate: Array, decay: Array, kicks: Array | None
    ) -> None:
        count, batch, width = x.shape
        across = np.empty((count, 0, 0))
        if batch > width:
            across = np.ascontiguousarray(x.transpose(0, 2, 1))
        each = np.ascontiguousarray(np.broadcast_to(decay, (count, theta.shape[1])))
        noise = np.empty((count, 0, 0)) if kicks is None else kicks
        _kernels.affine_block(
            theta, x, across, y, rate, each, noise, fixed, kind, pieces, number, bend
        )

    return advance


def _cosine(
    theta: Array, x: Array, y: Array, rate: Array, decay: Array, kicks: Array | None
) -> None:
    from wgflow.particles import _kernels

    noise = np.empty((len(rate), 0, 0)) if kicks is None else kicks
    _kernels.cosine_block(theta, x, y, rate, np.ascontiguousarray(decay), noise)


def _pieces(activation: PiecewiseLinear) -> Array:
    """Give where each piece begins, the knot it is told from, its value there and its slope."""
    knots, values = activation.knots, activation.values
    # each is told from the knot at its left, the first from the first knot
    begins = (-math.inf, *knots)
    return np.column_stack([begins, (knots[0], *knots), (values[0], *values), activation.slopes])


# ---- by products of NumPy ---------------------------------------------------------------------

Push = Callable[[Array, Array, Array], Array]
"""``push(theta, x, y)``: the sum over a batch of -ℓ'(f_N(x_p), y_p) ∇σ(x_p; θ_i), (N, D)."""


def _by_products(unit: Unit, loss: Loss) -> Advance:
    if isinstance(unit, Ridge):
        push = _ridge(unit, loss)
    elif isinstance(unit, Summing):
        push = _summing(unit, loss)
    else:
        push = _general(unit, loss)

    def advance(
        theta: Array, x: Array, y: Array, rate: Array, decay: Array, kicks: Array | None
    ) -> None:
        for k in range(len(rate)):
            moved = push(theta, x[k], y[k])
            theta *= decay[k]
            theta += (rate[k] / len(y[k])) * moved
            if kicks is not None:
                theta += kicks[k]

    return advance


def _ridge(unit: Ridge, loss: Loss) -> Push:
    """Sum over a batch with no array (P, N, d) of gradients."""

    def push(theta: Array, x: Array, y: Array) -> Array:
        z = x @ theta.T
        residual = -loss.slope(unit.activation(z).mean(axis=1), y)
        return np.asarray((residual[:, None] * unit.activation.derivative(z)).T @ x)

    return push


def _summing(unit: Summing, loss: Loss) -> Push:
    return lambda theta, x, y: unit.descent(x, theta, lambda f: -loss.slope(f, y))


def _general(unit: Unit, loss: Loss) -> Push:
    def push(theta: Array, x: Array, y: Array) -> Array:
        residual = -loss.slope(unit.value(x, theta).mean(axis=1), y)
        # Not tensordot: it goes to threaded BLAS, ten times slower here on a busy machine.
        return np.asarray(np.einsum("p,pnd->nd", residual, unit.gradient(x, theta)))

    return push
