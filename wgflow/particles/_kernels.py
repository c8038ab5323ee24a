"""Compiled steps of stochastic gradient descent. Import inside functions: loads Numba.

Each kernel does a block of steps on samples drawn beforehand and changes theta in place. The
arithmetic of a step does not depend on where blocks begin, so results do not either.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

# Sums may be reordered and products fused, which lets the dot products use vector registers.
# "nnan" and "ninf" are left out: a run that diverges must be seen to.
_FAST = {"reassoc", "contract", "nsz", "arcp"}


@numba.njit(cache=True, fastmath=_FAST, error_model="numpy")
def ridge_block(
    theta: Any,
    x: Any,
    y: Any,
    rate: Any,
    decay: Any,
    knots: Any,
    origin: Any,
    level: Any,
    slope: Any,
) -> None:
    """Step neurons σ(<w, x>) with σ continuous and piecewise linear.

    theta (N, d); x (n, P, d); y (n, P); rate (n,) = s ε; decay (n,) = 1 - s ε λ; knots (J,). On
    piece j (as many knots lie at or below t) σ(t) = level[j] + slope[j] (t - origin[j]).

    For one neuron the update of step k and the products of step k+1 follow each other while its
    weights are in the first-level cache: theta passes through memory once a step, not twice.
    """
    steps, batch, width = x.shape
    neurons = theta.shape[0]
    push = np.empty((neurons, batch))  # σ'(z) of the last products
    total = np.zeros(batch)  # sum of the outputs over neurons
    gain = np.zeros(batch)  # s ε (y - f_N) / P
    for k in range(steps + 1):
        if k > 0:
            for p in range(batch):
                gain[p] = rate[k - 1] / batch * (y[k - 1, p] - total[p] / neurons)
                total[p] = 0.0
        for i in range(neurons):
            if k > 0:
                if decay[k - 1] != 1.0:
                    for a in range(width):
                        theta[i, a] *= decay[k - 1]
                for p in range(batch):
                    c = gain[p] * push[i, p]
                    if c != 0.0:  # flat pieces of σ leave the weights alone
                        for a in range(width):
                            theta[i, a] += c * x[k - 1, p, a]
            if k < steps:
                for p in range(batch):
                    z = 0.0
                    for a in range(width):
                        z += theta[i, a] * x[k, p, a]
                    j = 0
                    while j < knots.size and z >= knots[j]:
                        j += 1
                    push[i, p] = slope[j]
                    total[p] += level[j] + slope[j] * (z - origin[j])


@numba.njit(cache=True, fastmath=_FAST, error_model="numpy")
def cosine_block(theta: Any, x: Any, y: Any, rate: Any, decay: Any) -> None:
    """Step neurons √2 cos(x - θ): theta (N, 1); x (n, P, 1); the rest as in ridge_block.

    cos(x - θ) = cos x cos θ + sin x sin θ: one sine and cosine a neuron, whatever the batch.
    """
    steps, batch, _ = x.shape
    neurons = theta.shape[0]
    root = math.sqrt(2.0)
    cosine = np.empty(neurons)
    sine = np.empty(neurons)
    for k in range(steps):
        mean_cosine = 0.0
        mean_sine = 0.0
        for i in range(neurons):
            cosine[i] = math.cos(theta[i, 0])
            sine[i] = math.sin(theta[i, 0])
            mean_cosine += cosine[i]
            mean_sine += sine[i]
        mean_cosine /= neurons
        mean_sine /= neurons
        along_cosine = 0.0
        along_sine = 0.0
        for p in range(batch):
            cx = math.cos(x[k, p, 0])
            sx = math.sin(x[k, p, 0])
            residual = y[k, p] - root * (cx * mean_cosine + sx * mean_sine)
            along_cosine += residual * root * sx
            along_sine -= residual * root * cx
        gain = rate[k] / batch
        for i in range(neurons):
            push = along_cosine * cosine[i] + along_sine * sine[i]
            theta[i, 0] = decay[k] * theta[i, 0] + gain * push
