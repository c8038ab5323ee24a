"""Waves between walls and around circles, in which the Laplacian of a box is diagonal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wgflow._typing import Array

__all__ = ["Waves"]


class Waves:
    """Solves with constant - strength * Laplacian on equal cells.

    By cosine transforms along axes with walls, by real Fourier transforms around the others.

    Parameters
    ----------
    shape : sequence of int
        Cells along each axis.
    widths : sequence of float
        Of the cells along each axis.
    periodic : sequence of bool
        Which axes are circles.
    """

    def __init__(
        self, shape: Sequence[int], widths: Sequence[float], periodic: Sequence[bool]
    ) -> None:
        from wgflow.steppers.jko import _dual_kernels

        self._divide = _dual_kernels.divide_modes
        self._walls = [k for k, around in enumerate(periodic) if not around]
        self._circles = [k for k, around in enumerate(periodic) if around]
        self._lengths = [shape[k] for k in self._circles]
        decays = []
        for k, (n, h) in enumerate(zip(shape, widths, strict=True)):
            # real values: half of the waves around the last circle tell of the others
            number = n // 2 + 1 if self._circles and k == self._circles[-1] else n
            angles = (2 if periodic[k] else 1) * np.pi * np.arange(number) / n
            decays.append((2 - 2 * np.cos(angles)) / h**2)
        rest = np.zeros(1)
        for decay in decays[1:]:
            rest = np.add.outer(rest, decay).ravel()
        self._first, self._rest = decays[0], rest

    def solve(self, values: Array, constant: float, strength: float) -> Array:
        """Solve for one right-hand side, which is overwritten."""
        from scipy.fft import dctn, idctn, irfftn, rfftn

        options: dict[str, Any] = {"overwrite_x": True, "workers": 1}
        modes = dctn(values, axes=self._walls, **options) if self._walls else values
        if self._circles:
            modes = rfftn(modes, axes=self._circles, **options)
        flat = modes.reshape(len(self._first), len(self._rest))
        self._divide(flat, constant, strength * self._first, strength * self._rest)
        if self._circles:
            modes = irfftn(modes, s=self._lengths, axes=self._circles, **options)
        if self._walls:
            modes = idctn(modes, axes=self._walls, **options)
        return np.asarray(modes)
