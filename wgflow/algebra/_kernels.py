"""Compiled solve of a chain of cells that exchange mass."""

from __future__ import annotations

import numpy as np
from numba import njit

from wgflow._typing import Array


@njit(cache=True)
def solve_chain(ascent: Array, descent: Array, masses: Array) -> Array:
    """Solve x_j (1 + a_j + d_j) - a_{j-1} x_{j-1} - d_{j+1} x_{j+1} = m_j on a ring of cells.

    ``a_j`` moves mass from cell j to j + 1 and ``d_j`` to j - 1, both times dt; on an open
    chain ``a_{n-1} = d_0 = 0``. Elimination without subtraction (Grassmann, Taksar, Heyman,
    Oper. Res. 33, 1985): every quantity is a sum of nonnegative products, so that each x_j is
    nonnegative and accurate to rounding whatever dt, and the mass is kept to rounding.
    """
    n = len(masses)
    end = n - 1
    pivot, to_end, from_end = np.empty(n), np.empty(n), np.empty(n)
    x = masses.copy()
    stay, stay_end = 1.0, 1.0  # what a cell keeps, after the cells before it are censored
    forth, back = descent[0], ascent[end]  # cell j -> end, end -> cell j
    for j in range(end):
        up = ascent[j] if j < end - 1 else 0.0
        if j == end - 1:
            forth += ascent[j]
            back += descent[end]
        pivot[j] = stay + up + forth
        to_end[j], from_end[j] = forth, back
        share_stay, share_up, share_end = stay / pivot[j], up / pivot[j], forth / pivot[j]
        stay_end += back * share_stay
        x[end] += share_end * x[j]
        if j < end - 1:
            x[j + 1] += share_up * x[j]
            stay = 1.0 + descent[j + 1] * share_stay
            forth = descent[j + 1] * share_end
            back = back * share_up
    x[end] /= stay_end
    for j in range(end - 1, -1, -1):
        received = from_end[j] * x[end]
        if j < end - 1:
            received += descent[j + 1] * x[j + 1]
        x[j] = (x[j] + received) / pivot[j]
    return x
