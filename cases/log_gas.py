r"""Logarithmic gas on the line: an exact semicircle that breathes.

$$
F = \tfrac12 \int |x|^2 \rho - \tfrac12 \iint \log|x - y|\, \rho\, \rho' \qquad \text{(no noise)}
$$

is the mean-field limit of Dyson's Brownian motion for large Hermitian matrices. On $[-R, R]$ the
semicircle density $\frac{2}{\pi R^2} \sqrt{R^2 - x^2}$ has the Hilbert transform $2x/R^2$, so the
velocity $-x + 2x/R^2$ is linear: a semicircle remains a semicircle, and

$$
(R^2)' = 4 - 2 R^2, \qquad
R(t)^2 = 2 + (R_0^2 - 2)\, e^{-2t}, \qquad
\text{variance} = R^2/4 .
$$

**Rates.** In $L^1$, limited by the square-root behaviour at both ends: about 1 for upwind, 1 to 1.5
for MUSCL. Refinement path: explicit, `dt` proportional to $h$.

**Source.** Wigner, Ann. Math. 67 (1958) 325-327; Rogers, Shi, Probab. Theory Relat. Fields 95
(1993) 555-570 for the equation.
"""

import math

import numpy as np

import wgflow as wg

CELLS = 200
WITHIN = 0.45  # the ends, where the density is not smooth, make the observed orders uneven
EXPECTED = {"upwind": 1.0, "muscl": 1.2}
CONVERGENCE = {"cells": (50, 100, 200, 400), "until": 0.5}
FINEST_ERROR = {"upwind": 4e-3, "muscl": 3e-4}
VARIANTS = {
    # velocities vanish there, and only the stiffness of the kernel bounds explicit steps
    "near rest": {
        "convergence": {**CONVERGENCE, "until": 1.5},
        "expected": {"upwind": 0.8, "muscl": 1.5},
        "finest_error": {"upwind": 9e-4, "muscl": 1.5e-4},
    },
    "by quantiles": {
        "convergence": {
            "cells": (25, 50, 100),
            "until": 0.5,
            "dt": {"quantile_jko": 0.1},
        },
        "solvers": ("quantile_jko quantiles=200",),
        "expected": {"quantile_jko quantiles=200": 2.0},
        "finest_error": {"quantile_jko quantiles=200": 1.3e-3},
    },
}


def problem(radius: float = 1.0, half_width: float = 2.0) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    radius : float
        R0, of the initial semicircle, > 0; the one at rest is sqrt(2).
    half_width : float
        The domain is [-half_width, half_width].
    """
    if not radius > 0:
        raise wg.InputError(f"radius = {radius}: give a number > 0")
    largest = max(radius, math.sqrt(2.0))
    if not half_width > largest:
        raise wg.InputError(
            f"half_width = {half_width}: the gas grows to {largest:.4g}, give more than that"
        )

    def edge(t: float) -> float:
        return math.sqrt(2 + (radius**2 - 2) * math.exp(-2 * t))

    def density(t: float, x: wg.Array) -> wg.Array:
        r = edge(t)
        values: wg.Array = 2 / (np.pi * r**2) * np.sqrt(np.maximum(r**2 - x**2, 0.0))
        return values

    return wg.Problem(
        domain=wg.Box((-half_width, half_width)),
        energy=wg.Confinement(1.0) + wg.Interaction(lambda x: -np.log(np.abs(x)), singular=True),
        initial=lambda x: density(0.0, x),
        exact=density,
        reference={"radius": edge, "variance": lambda t: edge(t) ** 2 / 4},
        until=2.0,
    )
