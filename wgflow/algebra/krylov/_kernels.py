"""Compiled BiCGStab with an incomplete factorization, for cells that exchange mass.

``from_below[a, i]`` is the share of the mass of the cell below along axis a that comes to cell i,
``from_above[a, i]`` that of the cell above: the matrix has the diagonal 1 + what leaves, and what
comes, negative, beside it. ``below[a, r]`` and ``above[a, r]`` are the flat starts of the rows
beside row r along axis a; a row is its own neighbour where there is none.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from wgflow._typing import Array, IntArray

# Share of the entries dropped from the factors that goes to their diagonal: with 1 they keep the
# column sums, with 0 they are the plain incomplete factors. Most iterations are saved near 1.
MODIFIED = 0.95


@njit(cache=True)
def multiply(
    x: Array,
    out: Array,
    diagonal: Array,
    from_below: Array,
    from_above: Array,
    below: IntArray,
    above: IntArray,
    wrap: bool,
) -> None:
    """Set out = A x."""
    axes, rows = below.shape
    m = len(x) // rows
    for r in range(rows):
        i = r * m
        for k in range(m):
            out[i + k] = diagonal[i + k] * x[i + k]
        for k in range(1, m):
            out[i + k] -= from_below[axes, i + k] * x[i + k - 1]
        for k in range(m - 1):
            out[i + k] -= from_above[axes, i + k] * x[i + k + 1]
        if wrap:
            out[i] -= from_below[axes, i] * x[i + m - 1]
            out[i + m - 1] -= from_above[axes, i + m - 1] * x[i]
        for a in range(axes):
            under, over = below[a, r], above[a, r]
            if under != i:
                for k in range(m):
                    out[i + k] -= from_below[a, i + k] * x[under + k]
            if over != i:
                for k in range(m):
                    out[i + k] -= from_above[a, i + k] * x[over + k]


@njit(cache=True)
def multiply_padded(
    x: Array,
    out: Array,
    diagonal: Array,
    from_below: Array,
    from_above: Array,
    starts: IntArray,
    strides: IntArray,
) -> None:
    """Set out = A x for x with ghost cells: ``starts`` are those of its rows, in it."""
    axes = len(strides)
    m = len(out) // len(starts)
    for r in range(len(starts)):
        i, c = r * m, starts[r]
        for k in range(m):
            out[i + k] = diagonal[i + k] * x[c + k]
        for a in range(axes):
            s = strides[a]
            for k in range(m):
                out[i + k] -= from_below[a, i + k] * x[c + k - s]
            for k in range(m):
                out[i + k] -= from_above[a, i + k] * x[c + k + s]


@njit(cache=True)
def factorize(
    diagonal: Array, from_below: Array, from_above: Array, below: IntArray, above: IntArray
) -> Array:
    """Inverse pivots of the incomplete factors (d + L) d^-1 (d + U), without what wraps."""
    axes, rows = below.shape
    size = len(diagonal)
    m = size // rows
    inverse = np.empty(size)
    ahead = np.empty(size)  # what leaves a cell to cells that come later
    for r in range(rows):
        i = r * m
        for k in range(m):
            here = i + k
            ahead[here] = from_below[axes, here + 1] if k < m - 1 else 0.0
            for a in range(axes):
                if above[a, r] > i:
                    ahead[here] += from_below[a, above[a, r] + k]
            pivot = diagonal[here]
            for a in range(axes + 1):
                if a == axes:
                    if k == 0:
                        continue
                    before = here - 1
                else:
                    if below[a, r] >= i:
                        continue
                    before = below[a, r] + k
                reached = (1.0 - MODIFIED) * from_below[a, here] + MODIFIED * ahead[before]
                pivot -= from_above[a, before] * inverse[before] * reached
            inverse[here] = 1.0 / pivot
    return inverse


@njit(cache=True)
def precondition(
    b: Array,
    z: Array,
    inverse: Array,
    from_below: Array,
    from_above: Array,
    below: IntArray,
    above: IntArray,
) -> None:
    """Solve (d + L) d^-1 (d + U) z = b."""
    axes, rows = below.shape
    m = len(b) // rows
    for r in range(rows):
        i = r * m
        for k in range(m):
            z[i + k] = b[i + k]
        for a in range(axes):
            under = below[a, r]
            if under < i:
                for k in range(m):
                    z[i + k] += from_below[a, i + k] * z[under + k]
        z[i] *= inverse[i]
        for k in range(1, m):
            z[i + k] = (z[i + k] + from_below[axes, i + k] * z[i + k - 1]) * inverse[i + k]
    gained = np.empty(m)
    for r in range(rows - 1, -1, -1):
        i = r * m
        gained[:] = 0.0
        for a in range(axes):
            over = above[a, r]
            if over > i:
                for k in range(m):
                    gained[k] += from_above[a, i + k] * z[over + k]
        for k in range(m):
            z[i + k] += gained[k] * inverse[i + k]
        for k in range(m - 2, -1, -1):
            z[i + k] += from_above[axes, i + k] * z[i + k + 1] * inverse[i + k]


@njit(cache=True, fastmath={"reassoc", "contract"})
def dot(a: Array, b: Array) -> float:
    """Sum of products."""
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@njit(cache=True, fastmath={"reassoc", "contract"})
def size(a: Array) -> float:
    """Sum of sizes."""
    total = 0.0
    for i in range(len(a)):
        total += abs(a[i])
    return total


@njit(cache=True)
def solve(
    b: Array,
    x: Array,
    tolerance: float,
    iterations: int,
    diagonal: Array,
    inverse: Array,
    from_below: Array,
    from_above: Array,
    below: IntArray,
    above: IntArray,
    wrap: bool,
) -> int:
    """Solve A x = b from a first guess in x; return the iterations taken, or -1.

    The inverse of A has the norm 1 in L1, so that a residual of ``tolerance`` times the size of b
    is an error of at most that.
    """
    n = len(b)
    goal = tolerance * size(b)
    r, p, v, s, t = np.empty(n), np.zeros(n), np.zeros(n), np.empty(n), np.empty(n)
    y = np.empty(n)
    multiply(x, r, diagonal, from_below, from_above, below, above, wrap)
    for i in range(n):
        r[i] = b[i] - r[i]
    if size(r) <= goal:
        return 0
    shadow = r.copy()
    rho, alpha, omega = 1.0, 1.0, 1.0
    for iteration in range(1, iterations + 1):
        rho_new = dot(shadow, r)
        if rho_new == 0.0 or omega == 0.0:
            return -1
        beta = rho_new / rho * (alpha / omega)
        rho = rho_new
        for i in range(n):
            p[i] = r[i] + beta * (p[i] - omega * v[i])
        precondition(p, y, inverse, from_below, from_above, below, above)
        multiply(y, v, diagonal, from_below, from_above, below, above, wrap)
        along = dot(shadow, v)
        if along == 0.0:
            return -1
        alpha = rho / along
        for i in range(n):
            x[i] += alpha * y[i]
            s[i] = r[i] - alpha * v[i]
        precondition(s, y, inverse, from_below, from_above, below, above)
        multiply(y, t, diagonal, from_below, from_above, below, above, wrap)
        tt = dot(t, t)
        omega = dot(t, s) / tt if tt > 0.0 else 0.0
        for i in range(n):
            x[i] += omega * y[i]
            r[i] = s[i] - omega * t[i]
        norm = size(r)
        if not norm < np.inf:
            return -1
        if norm <= goal:
            return iteration
    return -1


@njit(cache=True)
def sweep(
    b: Array,
    x: Array,
    diagonal: Array,
    from_below: Array,
    from_above: Array,
    below: IntArray,
    above: IntArray,
    wrap: bool,
) -> None:
    """Improve x, not below 0, by a Jacobi sweep: it stays so if b is not below 0."""
    n = len(b)
    moved = np.empty(n)
    multiply(x, moved, diagonal, from_below, from_above, below, above, wrap)
    for i in range(n):
        # diagonal * x is what the product has first; what is left is what comes in
        gained = max(diagonal[i] * x[i] - moved[i], 0.0)
        moved[i] = (b[i] + gained) / diagonal[i]
    for i in range(n):
        x[i] = moved[i]
