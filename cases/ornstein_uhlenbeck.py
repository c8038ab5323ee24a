"""Ornstein-Uhlenbeck process in one dimension: an exact Gaussian.

    d rho/dt = d/dx( rho d/dx( stiffness x^2/2 ) ) + (1/beta) d2 rho/dx2

A Gaussian start stays Gaussian with

    mean(t) = mean e^(-stiffness t),
    variance(t) = 1/(stiffness beta) + (variance - 1/(stiffness beta)) e^(-2 stiffness t).

The start's variance differs from the stationary one, so that both the drift and the
diffusion are tested. The domain is wide enough that the Gaussian at its ends is below
rounding.

**Source.** Any text on stochastic processes; e.g. Risken, The Fokker-Planck Equation (1989),
section 5.3.
"""

import numpy as np

import wgflow as wg
from wgflow._typing import Array

CELLS = 200
EXPECTED = {"scharfetter_gummel": 2.0, "muscl": 2.0, "upwind": 1.0}
CONVERGENCE = {"cells": (50, 100, 200, 400), "until": 0.5, "dt": {"scharfetter_gummel": 0.02}}
FINEST_ERROR = {"scharfetter_gummel": 4e-4, "muscl": 3e-4, "upwind": 1.2e-2}


def problem(
    stiffness: float = 1.0,
    beta: float = 1.0,
    mean: float = 1.0,
    variance: float = 0.25,
    half_width: float = 8.0,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    stiffness : float
        Curvature of the potential, > 0.
    beta : float
        Inverse temperature, > 0.
    mean, variance : float
        Of the initial Gaussian.
    half_width : float
        The domain is [-half_width, half_width].
    """
    for name, value in (("stiffness", stiffness), ("beta", beta), ("variance", variance)):
        if not value > 0:
            raise wg.InputError(f"{name} = {value}: give a number > 0")
    rest = 1 / (stiffness * beta)

    def density(t: float, x: Array) -> Array:
        m = mean * np.exp(-stiffness * t)
        v = rest + (variance - rest) * np.exp(-2 * stiffness * t)
        values: Array = np.exp(-((x - m) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v)
        return values

    return wg.Problem(
        domain=wg.Box((-half_width, half_width)),
        energy=wg.Confinement(stiffness) + wg.Entropy(1 / beta),
        initial=lambda x: density(0.0, x),
        exact=density,
        until=1.0,
    )
