"""Three-layer networks, and their limit of infinite width by the neuronal embedding.

A network of widths N1, N2 on M samples, with the risk (1/M) Σ (f_p - y_p)², is

    f(x) = (1/N2) Σ_j w3_j φ(h_j(x)) ,    h_j(x) = (1/N1) Σ_i w2_ij φ(<w1_i, x>) .

Gradient flow of half the risk, each layer in the time in which it moves at order 1 (gradients by
w1 times N1, by w2 times N1 N2, by w3 times N2):

    w3_j'  = -E r φ(h_j) ,    w2_ij' = -E r w3_j φ'(h_j) φ(<w1_i, x>) ,    r = f - y ,
    w1_i'  = -E r [(1/N2) Σ_j w3_j φ'(h_j) w2_ij] φ'(<w1_i, x>) x .

The limit is the same with expectations over indices C1, C2 in place of the means: weights are
f1(t, C1), f2(t, C1, C2), f3(t, C2), functions on two index spaces with a law. A network is a sample
of both, its weights at the start these functions at i.i.d. indices. On finite spaces with equal
weights the limit is itself a network, that has every index once: then it is computed exactly.

Were the entries of w2 drawn independently of each other at the start, they would be no function of
the indices: as N1 grows they average out, h = 0, and what moves depends on w1 and w3 alone. So here
f2 is a function, and h of order 1 from the start.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import DivergenceError, InputError
from wgflow.networks import EmpiricalData, Smooth

__all__ = ["IndexSpaces", "Layers", "ThreeLayerRun", "index_spaces", "three_layer_run"]


@dataclass(frozen=True)
class Layers:
    """Weights of a three-layer network, or rates of their change.

    Attributes
    ----------
    first : (N1, p) array
        w1.
    second : (N1, N2) array
        w2.
    third : (N2,) array
        w3.

    Examples
    --------
    >>> import numpy as np
    >>> network = Layers(np.array([[1.0]]), np.array([[2.0]]), np.array([3.0]))
    >>> f = network.values(np.array([[0.5]]), Smooth("tanh"))
    >>> bool(np.isclose(f[0], 3 * np.tanh(2 * np.tanh(0.5))))
    True
    """

    first: Array
    second: Array
    third: Array

    def values(self, x: Array, activation: Smooth) -> Array:
        """Evaluate f for inputs ``(M, p)``, shape ``(M,)``."""
        hidden = self.second.T @ activation(self.first @ x.T) / len(self.first)
        values: Array = self.third @ activation(hidden) / len(self.third)
        return values

    def take(self, one: Array, two: Array) -> Layers:
        """Give the network of these neurons of the two hidden layers, repeated as they are."""
        return Layers(self.first[one], self.second[np.ix_(one, two)], self.third[two])

    def distance(self, other: Layers) -> float:
        """Root of the sum over layers of the mean square distance of their neurons' weights."""
        first = np.sum((self.first - other.first) ** 2, axis=1)
        parts = (first, (self.second - other.second) ** 2, (self.third - other.third) ** 2)
        return math.sqrt(sum(float(np.mean(part)) for part in parts))

    def rates(self, data: EmpiricalData, activation: Smooth) -> Layers:
        """Give the velocity of the gradient flow."""
        first, left, right, third = _rates(self, data, activation)
        return Layers(first, left @ right.T, third)


@dataclass(frozen=True)
class IndexSpaces:
    """N indices C1 and N indices C2, all as likely.

    Attributes
    ----------
    inner : (N, p) array
        C1.
    outer : (N, p + 1) array
        C2 = (c, b).
    """

    inner: Array
    outer: Array

    def start(self) -> Layers:
        """Give f1 = C1, f2 = <b, C1>, f3 = c, the limit at the start."""
        return Layers(self.inner, self.inner @ self.outer[:, 1:].T, self.outer[:, 0])


def index_spaces(rng: np.random.Generator, count: int, inputs: int) -> IndexSpaces:
    """Draw N indices of each kind, C1 ~ N(0, I_p), C2 ~ N(0, I_{p+1}).

    Examples
    --------
    >>> import numpy as np
    >>> index_spaces(np.random.default_rng(0), 5, 3).start().second.shape
    (5, 5)
    """
    return IndexSpaces(
        rng.standard_normal((count, inputs)), rng.standard_normal((count, inputs + 1))
    )


@dataclass(frozen=True)
class ThreeLayerRun:
    """A network over time.

    Attributes
    ----------
    times : (T,) array
    predictions : (T, M) array
        f on the samples.
    labels : (M,) array
    final : Layers
    """

    times: Array
    predictions: Array
    labels: Array
    final: Layers

    @property
    def risk(self) -> Array:
        """Mean of (f - y)² over the samples, shape (T,)."""
        risk: Array = np.mean((self.predictions - self.labels) ** 2, axis=1)
        return risk


def three_layer_run(
    start: Layers,
    data: EmpiricalData,
    times: Sequence[float] | Array,
    *,
    activation: str = "tanh",
    dt: float = 0.5,
) -> ThreeLayerRun:
    """Follow the gradient flow by the classical Runge-Kutta method.

    w2 changes by matrices of rank M, the number of samples, and its stages are kept as such: a step
    costs 12 products of N1 N2 M numbers and one pass over w2.

    Parameters
    ----------
    start : Layers
    data : EmpiricalData
        M samples of p inputs.
    times : sequence of float
        From 0 on.
    activation : str
        tanh, erf or logistic.
    dt : float
        Longest time step.

    Raises
    ------
    InputError
        For a bad time step or an unknown activation.
    DivergenceError
        If predictions are not finite: the step is too long.

    References
    ----------
    Nguyen, Pham (2020), "A rigorous framework for the mean field limit of multilayer neural
    networks", arXiv:2001.11443.
    """
    times = np.asarray(times, dtype=np.float64)
    if not 0 < dt < math.inf:
        raise InputError(f"dt = {dt}: give a finite number > 0")
    phi = Smooth(activation)
    state, time, predictions = start, 0.0, []
    for goal in times.tolist():
        steps = math.ceil((goal - time) / dt * (1 - 1e-12))
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(steps):
                state = _step(state, data, phi, (goal - time) / steps)
            predictions.append(state.values(data.x, phi))
        if not np.isfinite(predictions[-1]).all():
            raise DivergenceError(f"predictions are not finite at t = {goal:g}: reduce dt = {dt:g}")
        time = goal
    return ThreeLayerRun(times, np.array(predictions), data.y, state)


Rates = tuple[Array, Array, Array, Array]
"""w1', then A (N1, M) and B (N2, M) of w2' = A Bᵀ, then w3'."""


def _rates(
    state: Layers, data: EmpiricalData, phi: Smooth, change: tuple[Array, Array] | None = None
) -> Rates:
    """Rates at a state whose w2 is changed by L Rᵀ besides."""
    one, two = state.second.shape
    before = state.first @ data.x.T
    inner = phi(before)
    hidden = state.second.T @ inner
    if change is not None:
        hidden += change[1] @ (change[0].T @ inner)
    hidden /= one
    outer = phi(hidden)
    descent = (data.y - state.third @ outer / two) / len(data.y)
    right = phi.derivative(hidden) * np.outer(state.third, descent)
    back = state.second @ right
    if change is not None:
        back += change[0] @ (change[1].T @ right)
    first = (phi.derivative(before) * back / two) @ data.x
    return first, inner, right, outer @ descent


def _step(state: Layers, data: EmpiricalData, phi: Smooth, h: float) -> Layers:
    """One step of the classical Runge-Kutta method, w2 of the stages not formed."""
    found = [_rates(state, data, phi)]
    for part in (h / 2, h / 2, h):
        first, left, right, third = found[-1]
        moved = Layers(state.first + part * first, state.second, state.third + part * third)
        found.append(_rates(moved, data, phi, (part * left, right)))
    weights = (h / 6, h / 3, h / 3, h / 6)
    left = np.hstack([w * rates[1] for w, rates in zip(weights, found, strict=True)])
    second = left @ np.hstack([rates[2] for rates in found]).T
    second += state.second
    return Layers(
        state.first + sum(w * rates[0] for w, rates in zip(weights, found, strict=True)),
        second,
        state.third + sum(w * rates[3] for w, rates in zip(weights, found, strict=True)),
    )
