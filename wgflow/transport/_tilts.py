"""Compiled limited slopes of a density within its cells."""

from __future__ import annotations

from numba import njit

from wgflow._typing import Array


@njit(cache=True)
def limit_tilts(density: Array, periodic: bool, out: Array) -> None:
    """Tilts of the density within cells along the middle axis, by van Leer's limited slope."""
    outer, n, inner = density.shape
    for o in range(outer):
        for j in range(n):
            before, after = (j - 1) % n, (j + 1) % n
            between = periodic or 0 < j < n - 1
            for b in range(inner):
                tilt = 0.0
                if between:
                    below = density[o, j, b] - density[o, before, b]
                    above = density[o, after, b] - density[o, j, b]
                    if below * above > 0.0:
                        tilt = below / (below + above) * above / density[o, j, b]
                        tilt = min(max(tilt, -1.0), 1.0)
                out[o, j, b] = tilt
