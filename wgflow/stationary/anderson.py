"""Anderson's acceleration of a fixed-point iteration."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array

__all__ = ["Anderson"]


class Anderson:
    """Extrapolates a fixed-point iteration from its last steps.

    Parameters
    ----------
    damping : float
        Share of the residual that a step takes, in (0, 1].
    depth : int
        Number of earlier steps that are kept.

    References
    ----------
    Anderson, J. ACM 12 (1965); Walker, Ni, SIAM J. Numer. Anal. 49 (2011).

    Examples
    --------
    >>> x, method = np.array([1.0]), Anderson()
    >>> for _ in range(8):
    ...     x = method.step(x, np.cos(x))
    >>> round(float(x[0]), 9)
    0.739085133
    """

    def __init__(self, damping: float = 0.5, depth: int = 6) -> None:
        self.damping, self.depth = damping, depth
        self._points: list[Array] = []
        self._residuals: list[Array] = []

    def step(self, point: Array, image: Array) -> Array:
        """Give the next point from a point and its image under the map."""
        residual = image - point
        self._points.append(point)
        self._residuals.append(residual)
        if len(self._points) > self.depth + 1:
            self._points.pop(0)
            self._residuals.pop(0)
        plain: Array = point + self.damping * residual
        if len(self._points) == 1:
            return plain
        turns = np.stack([(residual - r).ravel() for r in self._residuals[:-1]], axis=1)
        moves = np.stack([(point - p).ravel() for p in self._points[:-1]], axis=1)
        # a cut-off keeps nearly dependent steps from blowing the weights up
        weights = np.linalg.lstsq(turns, residual.ravel(), rcond=1e-10)[0]
        correction = (moves + self.damping * turns) @ weights
        return plain - correction.reshape(point.shape)
