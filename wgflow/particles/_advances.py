"""One way to step for each kind of neuron."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wgflow._typing import Array
from wgflow.networks import Cosine, Loss, PiecewiseLinear, Ridge, Square, Summing, Unit

Advance = Callable[[Array, Array, Array, Array, Array], None]
"""``advance(theta, x, y, rate, decay)``: steps in place, as in the kernels.

``decay`` has one factor a step, or one a step and component, for neurons that are not compiled.
"""


def choose(unit: Unit, loss: Loss) -> Advance:
    """Find the fastest way to step a kind of neuron; only that of the square loss is compiled."""
    compiled = isinstance(loss, Square)
    if compiled and isinstance(unit, Ridge) and isinstance(unit.activation, PiecewiseLinear):
        return _ridge(unit.activation)
    if compiled and isinstance(unit, Cosine):
        from wgflow.particles import _kernels

        advance: Advance = _kernels.cosine_block
        return advance
    if isinstance(unit, Ridge):
        return _any_ridge(unit, loss)
    if isinstance(unit, Summing):
        return _summing(unit, loss)
    return _general(unit, loss)


def _ridge(activation: PiecewiseLinear) -> Advance:
    from wgflow.particles import _kernels

    knots = np.array(activation.knots, dtype=np.float64)
    values = np.array(activation.values, dtype=np.float64)
    # Each piece is told from the knot at its left, the first from the first knot.
    origin = np.concatenate([knots[:1], knots])
    level = np.concatenate([values[:1], values])
    inner = np.diff(values) / np.diff(knots)
    slope = np.concatenate([[activation.left_slope], inner, [activation.right_slope]])

    def advance(theta: Array, x: Array, y: Array, rate: Array, decay: Array) -> None:
        _kernels.ridge_block(theta, x, y, rate, decay, knots, origin, level, slope)

    return advance


def _any_ridge(unit: Ridge, loss: Loss) -> Advance:
    """Step ridge neurons with matrix products: no array (P, N, d) of gradients."""

    def advance(theta: Array, x: Array, y: Array, rate: Array, decay: Array) -> None:
        for k in range(len(rate)):
            z = x[k] @ theta.T
            residual = -loss.slope(unit.activation(z).mean(axis=1), y[k])
            push = residual[:, None] * unit.activation.derivative(z)
            theta *= decay[k]
            theta += (rate[k] / len(residual)) * (push.T @ x[k])

    return advance


def _summing(unit: Summing, loss: Loss) -> Advance:
    """Step neurons that sum their gradients over the samples themselves."""

    def advance(theta: Array, x: Array, y: Array, rate: Array, decay: Array) -> None:
        for k, targets in enumerate(y):
            push = unit.descent(x[k], theta, lambda f, y=targets: -loss.slope(f, y))  # type: ignore[misc]
            theta *= decay[k]
            theta += (rate[k] / len(targets)) * push

    return advance


def _general(unit: Unit, loss: Loss) -> Advance:
    """Step any neuron through its value and gradient."""

    def advance(theta: Array, x: Array, y: Array, rate: Array, decay: Array) -> None:
        for k in range(len(rate)):
            residual = -loss.slope(unit.value(x[k], theta).mean(axis=1), y[k])
            # Not tensordot: it goes to threaded BLAS, ten times slower here on a busy machine.
            push = np.einsum("p,pnd->nd", residual, unit.gradient(x[k], theta))
            theta *= decay[k]
            theta += (rate[k] / len(residual)) * push

    return advance
