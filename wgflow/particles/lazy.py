"""Lazy training: a network whose output is scaled up moves little and follows its linearization.

The model is f = α h(θ), h = (1/m) Σ σ(x; θ_i), on M samples with the risk (1/2M) Σ (f_p - y_p)²,
divided by α², for the speed of f not to depend on α. In the time of the mean-field limit

    θ_i' = -(1/α) (1/M) Σ_p (f_p - y_p) ∇σ(x_p; θ_i) ,
    f'   = -(1/M) K_t (f - y) ,      K_t = (1/m) Σ_i <∇σ(x_p; θ_i), ∇σ(x_q; θ_i)> .

α = 1 is the scaling 1/m, α = sqrt(m) the scaling 1/sqrt(m). The lazy limit keeps K_0 and is solved
exactly: f = y + exp(-t K_0/M) (f_0 - y). Neurons start in pairs (a, w, b), (-a, w, b): f_0 = 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import DivergenceError, InputError
from wgflow.networks import Affine, EmpiricalData, Smooth, predict
from wgflow.particles._integrators import _runge_kutta_step

__all__ = ["LazyRun", "lazy_run", "tangent_kernel", "tangent_solution"]


@dataclass(frozen=True)
class LazyRun:
    """One network beside its linearization.

    Attributes
    ----------
    times : (T,) array
    predictions, linear : (T, M) array
        f and its lazy limit on the samples.
    displacement : (T,) array
        Root mean square of |θ_i(t) - θ_i(0)|.
    kernel : (T,) array
        |K_t - K_0|/|K_0|, Frobenius norms.
    labels : (M,) array
    """

    times: Array
    predictions: Array
    linear: Array
    displacement: Array
    kernel: Array
    labels: Array

    @property
    def gap(self) -> Array:
        """|f - linear|/|y| over time, shape (T,)."""
        gap: Array = np.linalg.norm(self.predictions - self.linear, axis=1)
        return gap / float(np.linalg.norm(self.labels))

    def risk(self, values: Array) -> Array:
        """Mean of (f - y)² over the samples, of predictions (T, M)."""
        risk: Array = np.mean((values - self.labels) ** 2, axis=1)
        return risk

    def largest(self) -> Array:
        """Sup over time of displacement, kernel and gap, shape (3,)."""
        return np.array([self.displacement.max(), self.kernel.max(), self.gap.max()])


def tangent_kernel(unit: Affine, theta: Array, x: Array) -> Array:
    """K = (1/m) Σ_i <∇σ(x_p; θ_i), ∇σ(x_q; θ_i)> of states ``(m, D)``, shape ``(M, M)``.

    Examples
    --------
    >>> import numpy as np
    >>> unit, theta = Affine(Smooth("tanh")), np.array([[2.0, 0.0, 0.0]])
    >>> tangent_kernel(unit, theta, np.array([[1.0], [3.0]]))  # gradients (0, 2 x, 2)
    array([[ 8., 16.],
           [16., 40.]])
    """
    gradients = unit.gradient(x, theta).reshape(len(x), -1)
    kernel: Array = gradients @ gradients.T / len(theta)
    return kernel


def tangent_solution(kernel: Array, start: Array, labels: Array, times: Array) -> Array:
    """Solve f' = -(1/M) K (f - y) exactly, by the eigenvectors of K: shape ``(T, M)``.

    Examples
    --------
    >>> import numpy as np
    >>> f = tangent_solution(np.array([[2.0]]), np.zeros(1), np.ones(1), np.array([0.0, 0.5]))
    >>> bool(np.allclose(f[:, 0], [0, 1 - np.exp(-1)]))
    True
    """
    rates, modes = np.linalg.eigh(kernel)
    decay = np.exp(-np.outer(times, np.maximum(rates, 0.0)) / len(labels))
    solution: Array = labels + (decay * ((start - labels) @ modes)) @ modes.T
    return solution


def lazy_run(
    data: EmpiricalData,
    neurons: int,
    scale: float,
    times: Sequence[float] | Array,
    rng: np.random.Generator,
    *,
    activation: str = "tanh",
    dt: float = 0.1,
) -> LazyRun:
    """Train one network from paired neurons, by the classical Runge-Kutta method.

    Parameters
    ----------
    data : EmpiricalData
        The M samples.
    neurons : int
        m, even.
    scale : float
        α > 0.
    times : sequence of float
        From 0 on.
    rng : numpy.random.Generator
        Draws a, w, b ~ N(0, 1) of one neuron of each pair.
    activation : str
        tanh, erf or logistic: with a kink there is no tangent kernel that depends smoothly on
        the neurons.
    dt : float
        Longest time step.

    Raises
    ------
    InputError
        For an odd number of neurons or bad numbers.
    DivergenceError
        If predictions are not finite: the step is too long.
    """
    times = np.asarray(times, dtype=np.float64)
    if neurons < 2 or neurons % 2:
        raise InputError(f"{neurons} neurons: give an even number >= 2, they start in pairs")
    for name, value in (("scale", scale), ("dt", dt)):
        if not 0 < value < math.inf:
            raise InputError(f"{name} = {value}: give a finite number > 0")
    unit = Affine(Smooth(activation), data.x.shape[1])
    half = rng.standard_normal((neurons // 2, len(unit.names)))
    start = np.concatenate([half, half * np.where(np.arange(half.shape[1]) == 0, -1.0, 1.0)])
    count = len(data.y)

    def velocity(_: float, theta: Array) -> Array:
        return unit.descent(data.x, theta, lambda h: (data.y - scale * h) / (scale * count))

    first = tangent_kernel(unit, start, data.x)
    norm = float(np.linalg.norm(first))
    theta, time = start, 0.0
    predictions, displacement, kernel = [], [], []
    for goal in times.tolist():
        steps = math.ceil((goal - time) / dt * (1 - 1e-12))
        for k in range(steps):
            h = (goal - time) / steps
            theta = _runge_kutta_step(velocity, time + k * h, theta, h)
        time = goal
        predictions.append(scale * predict(unit, theta, data.x))
        if not np.isfinite(predictions[-1]).all():
            raise DivergenceError(f"predictions are not finite at t = {goal:g}: reduce dt = {dt:g}")
        displacement.append(math.sqrt(float(np.mean(np.sum((theta - start) ** 2, axis=1)))))
        change = tangent_kernel(unit, theta, data.x) - first
        kernel.append(float(np.linalg.norm(change)) / norm)
    linear = tangent_solution(first, np.zeros(count), data.y, times)
    return LazyRun(
        times, np.array(predictions), linear, np.array(displacement), np.array(kernel), data.y
    )
