"""Compiled activations and residuals. Import inside functions: loads Numba.

An activation is a number, its kind, and a table of its pieces. Values and slopes of many arguments
are computed together, which lets exponentials use vector registers; those of libm cannot.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

PIECEWISE, TANH, LOGISTIC, ERF = range(4)
SQUARE, LOG, HINGE, HUBER = range(4)

_FUSED = {"contract", "nsz"}  # not "reassoc": the reduction of arguments lives on roundoff
LOG2_HIGH = 0.693145751953125  # 19 bits of log 2: whole numbers times it are exact
LOG2_LOW = 1.42860682030941723212e-6  # the rest of log 2
TO_WHOLE = 6755399441055744.0  # 3/2 2^52: added to a number it leaves no bits behind the point
LOWEST = -708.0  # exp of less is no normal number
TERMS = tuple(1.0 / math.factorial(n) for n in range(13, 1, -1))


@numba.njit(cache=True, fastmath=_FUSED, error_model="numpy")
def exponentials(t: Any, bits: Any) -> None:
    """Replace t <= 0 by exp(t), to 3e-16 of it; ``bits`` is room for as many int64."""
    scale = bits.view(np.float64)
    for i in range(t.size):
        u = max(t[i], LOWEST)
        whole = (u * 1.4426950408889634 + TO_WHOLE) - TO_WHOLE
        r = (u - whole * LOG2_HIGH) - whole * LOG2_LOW
        series = 0.0
        for c in numba.literal_unroll(TERMS):
            series = series * r + c
        t[i] = (series * r + 1.0) * r + 1.0
        bits[i] = (np.int64(whole) + 1023) << 52  # 2^whole
    for i in range(t.size):
        t[i] *= scale[i]


@numba.njit(cache=True, fastmath=_FUSED, error_model="numpy")
def activate(kind: int, pieces: Any, z: Any, bits: Any, value: Any, slope: Any) -> None:
    """Give σ(z) and σ'(z), all of one length; z is lost.

    Piece j of a piecewise-linear σ begins at ``pieces[j, 0]``, the first at -inf; there
    σ(z) = pieces[j, 2] + pieces[j, 3] (z - pieces[j, 1]).
    """
    if kind == PIECEWISE:
        for i in range(z.size):
            slope[i] = pieces[0, 3]
            value[i] = pieces[0, 2] + pieces[0, 3] * (z[i] - pieces[0, 1])
        for j in range(1, len(pieces)):
            for i in range(z.size):
                there = z[i] >= pieces[j, 0]
                line = pieces[j, 2] + pieces[j, 3] * (z[i] - pieces[j, 1])
                slope[i] = pieces[j, 3] if there else slope[i]
                value[i] = line if there else value[i]
        return
    if kind == ERF:
        for i in range(z.size):
            value[i] = math.erf(z[i])
            z[i] = -z[i] * z[i]
        exponentials(z, bits)
        for i in range(z.size):
            slope[i] = 2.0 / math.sqrt(math.pi) * z[i]
        return
    factor = 1.0 if kind == LOGISTIC else 2.0
    for i in range(z.size):
        value[i] = z[i]
        z[i] = -factor * abs(z[i])
    exponentials(z, bits)
    for i in range(z.size):
        inverse = 1.0 / (1.0 + z[i])
        slope[i] = factor * factor * z[i] * inverse * inverse
        if kind == LOGISTIC:
            value[i] = inverse if value[i] >= 0 else z[i] * inverse
        else:
            value[i] = math.copysign((1.0 - z[i]) * inverse, value[i])


@numba.njit(cache=True, error_model="numpy")
def residual(f: float, y: float, loss: int, bend: float) -> float:
    """Give -ℓ'(f, y); ``bend`` is the width of the hinge or Huber's threshold."""
    if loss == LOG:
        return y / (1.0 + math.exp(y * f))
    if loss == HINGE:
        return y * min(max((1.0 - y * f) / bend, 0.0), 1.0)
    if loss == HUBER:
        return min(max(y - f, -bend), bend)
    return y - f
