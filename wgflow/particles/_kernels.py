"""Compiled steps of stochastic gradient descent. Import inside functions: loads Numba.

Each kernel does a block of steps on samples drawn beforehand and changes theta in place. The
arithmetic of a step does not depend on where blocks begin, so results do not either.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from wgflow.particles._activations import activate, residual

# Sums may be reordered and products fused, which lets the dot products use vector registers.
# "nnan" and "ninf" are left out: a run that diverges must be seen to.
_FAST = {"reassoc", "contract", "nsz", "arcp"}
TILE = 256  # neurons that stay in the cache from a step to the next


@numba.njit(cache=True, fastmath=_FAST, error_model="numpy")
def _update(
    tile: Any, x: Any, across: Any, gain: Any, decay: Any, fixed: Any, hidden: Any, push: Any
) -> None:
    """Step the neurons of a tile (M, D) on the samples x (P, p); hidden and push (M, P)."""
    batch, width = x.shape
    neurons, size = tile.shape
    first, biased = int(math.isnan(fixed[0])), math.isnan(fixed[1])
    weight = np.empty(batch)
    shrinks = (decay != 1.0).any()
    for i in range(neurons):
        a = tile[i, 0] if first else fixed[0]
        if shrinks:
            for c in range(size):
                tile[i, c] *= decay[c]
        along_a, along_b = 0.0, 0.0
        for p in range(batch):
            along_a += gain[p] * hidden[i, p]
            weight[p] = a * gain[p] * push[i, p]
            along_b += weight[p]
        if first:
            tile[i, 0] += along_a
        if biased:
            tile[i, size - 1] += along_b
        if across.size:
            for c in range(width):
                total = 0.0
                for p in range(batch):
                    total += weight[p] * across[c, p]
                tile[i, first + c] += total
        else:
            for p in range(batch):
                g = weight[p]
                if g != 0.0:  # flat pieces of σ leave the weights alone
                    for c in range(width):
                        tile[i, first + c] += g * x[p, c]


@numba.njit(cache=True, fastmath=_FAST, error_model="numpy")
def _arguments(tile: Any, x: Any, across: Any, fixed: Any, z: Any) -> None:
    """Give <w, x> + b of a tile (M, D), shape (M, P)."""
    batch, width = x.shape
    neurons, size = tile.shape
    first, biased = int(math.isnan(fixed[0])), math.isnan(fixed[1])
    for i in range(neurons):
        b = tile[i, size - 1] if biased else fixed[1]
        if across.size:
            for p in range(batch):
                z[i, p] = b
            for c in range(width):
                w = tile[i, first + c]
                for p in range(batch):
                    z[i, p] += w * across[c, p]
        else:
            for p in range(batch):
                total = 0.0
                for c in range(width):
                    total += tile[i, first + c] * x[p, c]
                z[i, p] = total + b


@numba.njit(cache=True, fastmath=_FAST, error_model="numpy")
def affine_block(
    theta: Any,
    x: Any,
    across: Any,
    y: Any,
    rate: Any,
    decay: Any,
    kicks: Any,
    fixed: Any,
    kind: int,
    pieces: Any,
    loss: int,
    bend: float,
) -> None:
    """Step neurons a σ(<w, x> + b), of whose state (a, w, b) a and b may be fixed.

    theta (N, D); x (n, P, p); across the same as (n, p, P), or (n, 0, 0) where p > P: inner loops
    run over the longer axis; y (n, P); rate (n,) = s ε; decay (n, D) = 1 - s ε λ; kicks (n, N, D),
    what noise adds after a step, or (n, 0, 0); fixed (2,), a and b, nan if trained; σ as for
    ``activate``, the loss as for ``residual``.

    For one tile of neurons the update of step k and the products of step k+1 follow each other
    while its weights are in the cache: theta passes through memory once a step.
    """
    steps, batch, _ = x.shape
    neurons = theta.shape[0]
    hidden, push = np.empty((neurons, batch)), np.empty((neurons, batch))  # σ(z), σ'(z)
    z, bits = np.empty((TILE, batch)), np.empty(TILE * batch, np.int64)
    total = np.zeros(batch)  # sum of the outputs over neurons
    gain = np.zeros(batch)  # s ε r / P, with r = -ℓ'(f_N, y)
    for k in range(steps + 1):
        if k > 0:
            for p in range(batch):
                left = residual(total[p] / neurons, y[k - 1, p], loss, bend)
                gain[p] = rate[k - 1] / batch * left
                total[p] = 0.0
        for low in range(0, neurons, TILE):
            some = slice(low, min(low + TILE, neurons))
            tile, h, s = theta[some], hidden[some], push[some]
            if k > 0:
                _update(tile, x[k - 1], across[k - 1], gain, decay[k - 1], fixed, h, s)
                if kicks.size:
                    tile += kicks[k - 1, some]
            if k < steps:
                _arguments(tile, x[k], across[k], fixed, z)
                flat = z.reshape(-1)[: h.size]
                activate(kind, pieces, flat, bits[: h.size], h.reshape(-1), s.reshape(-1))
                for i in range(len(tile)):
                    a = tile[i, 0] if math.isnan(fixed[0]) else fixed[0]
                    for p in range(batch):
                        total[p] += a * h[i, p]


@numba.njit(cache=True, fastmath=_FAST, error_model="numpy")
def cosine_block(theta: Any, x: Any, y: Any, rate: Any, decay: Any, kicks: Any) -> None:
    """Step neurons √2 cos(x - θ): theta (N, 1); x (n, P, 1); the rest as in affine_block.

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
            theta[i, 0] = decay[k, 0] * theta[i, 0] + gain * push
        if kicks.size:
            theta[:, 0] += kicks[k, :, 0]
