"""The cosine neuron, whose mean-field limit is known exactly: the yardstick of the dynamics.

Neurons √2 cos(x - θ), x uniform on the circle, target √2 A cos x. A wrapped-Cauchy start of
parameter z stays wrapped-Cauchy, with ``z' = (s/2) (A - z)(1 - z²)`` and risk ``(A - z)²``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError, SolverError

__all__ = ["cosine_moments"]


def cosine_moments(amplitude: float, start: float, scale: float = 2.0) -> Callable[[float], Array]:
    """Exact moments (∫cos θ ρ_t, ∫sin θ ρ_t) = (z(t), 0) of the noiseless cosine neuron.

    Separating variables gives t as a function of p = log((A - z)/(A - z0)); Newton's method
    inverts it, whose derivative -2/(s (1 - z²)) is bounded away from 0 and infinity.

    Parameters
    ----------
    amplitude : float
        A in (-1, 1).
    start : float
        z(0) in (-1, 1).
    scale : float
        The constant time scale s; 2 is the preset ``mmn2018`` with ξ = 1.

    Returns
    -------
    callable
        ``moments(t)``, array (2,), exact to about 1e-14.

    Raises
    ------
    InputError
        If A or z(0) is outside (-1, 1), or s is negative.

    Examples
    --------
    >>> round(float(cosine_moments(0.8, 0.3)(1.0)[0]), 6)
    0.57136
    """
    _inside("amplitude", amplitude)
    _inside("start", start)
    if not (math.isfinite(scale) and scale >= 0):
        raise InputError(f"time scale is {scale}; it must be finite and >= 0")
    gap = amplitude - start

    def elapsed(p: float, z: float) -> float:
        """Return ∫ du / ((A - u)(1 - u²)) from z(0) to z, in partial fractions."""
        lower = math.log((1 - z) / (1 - start)) / (2 * (1 - amplitude))
        upper = math.log((1 + z) / (1 + start)) / (2 * (1 + amplitude))
        return lower + upper - p / ((1 - amplitude) * (1 + amplitude))

    def moments(time: float) -> Array:
        goal = scale * time / 2
        p = -goal * (1 - max(abs(start), abs(amplitude)) ** 2)
        for _ in range(100):
            z = amplitude - gap * math.exp(p)
            change = (elapsed(p, z) - goal) * (1 - z * z)
            p += change
            if abs(change) <= 1e-14 * (1 + abs(p)):
                return np.array([amplitude - gap * math.exp(p), 0.0])
        raise SolverError(f"the moments at t = {time:g} did not converge in 100 iterations")

    return moments


def _inside(name: str, value: float) -> None:
    if not -1 < value < 1:
        raise InputError(f"{name} is {value}; it must lie in (-1, 1)")
