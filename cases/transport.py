r"""Pure transport by a quadratic potential of either sign: an exact contraction or expansion.

$$
\partial_t \rho = \nabla \cdot (\rho\, k x), \qquad V = \frac{k}{2}\, |x|^2, \qquad
\rho(t, x) = e^{k D t} \rho_0(x\, e^{k t})
$$

For $k > 0$ the density contracts to the origin; for $k < 0$ it expands. The initial density is a
product of bumps $\left( 1 - ((x - \mathrm{centre})/\mathrm{width})^2 \right)_+^4$, smooth enough
for second order and compactly supported, so that only upwinding acts at the edge of the support.

**Rates.** MUSCL 2 (its limiter clips the maximum, which shows in $L^\infty$), upwind 1. Refinement
path: explicit, `dt` proportional to $h$. The Scharfetter-Gummel flux without entropy is the upwind
flux.

**Source.** The method of characteristics.
"""

import numpy as np

import wgflow as wg

CELLS = 200
EXPECTED = {"muscl": 2.0, "upwind": 1.0}
CONVERGENCE = {"cells": (50, 100, 200, 400), "until": 0.5}
FINEST_ERROR = {"muscl": 8e-4, "upwind": 3.2e-2}
VARIANTS = {
    "by quantiles": {
        "convergence": {
            "cells": (25, 50, 100),
            "until": 0.5,
            "dt": {"quantile_jko": 0.1},
        },
        "solvers": ("quantile_jko",),
        "expected": {"quantile_jko": 2.0},
        "finest_error": {"quantile_jko": 2.2e-3},
    },
    "expanding": {
        "set": {"k": -1.0, "half_width": 3.0},
        "convergence": CONVERGENCE,
        "finest_error": {"muscl": 4e-4, "upwind": 2.5e-2},
    },
    "2-D": {
        "set": {"dimension": 2},
        "convergence": {"cells": (32, 64, 128), "until": 0.5},
        "finest_error": {"muscl": 1.3e-2, "upwind": 1.6e-1},
    },
}
BUMP = 256 / 315  # integral of (1 - x^2)^4 over [-1, 1]


def problem(
    k: float = 1.0,
    dimension: int = 1,
    centre: float = 0.3,
    width: float = 1.0,
    half_width: float = 2.5,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    k : float
        Curvature of the potential, of any sign.
    dimension : int
        1 to 4.
    centre : float
        Of the initial bump on every axis.
    width : float
        Half the width of the bump, > 0.
    half_width : float
        The domain is [-half_width, half_width] on every axis.
    """
    if not np.isfinite(k):
        raise wg.InputError(f"k = {k}: give a finite number")
    if dimension not in (1, 2, 3, 4):
        raise wg.InputError(f"dimension = {dimension}: give 1, 2, 3 or 4")
    if not width > 0:
        raise wg.InputError(f"width = {width}: give a number > 0")

    def density(t: float, *x: wg.Array) -> wg.Array:
        stretch = np.exp(k * t)
        values: wg.Array = np.full((), stretch**dimension)
        for coordinate in x:
            distance = (coordinate * stretch - centre) / width
            values = values * np.maximum(1 - distance**2, 0.0) ** 4 / (BUMP * width)
        return values

    return wg.Problem(
        domain=wg.Box(*[(-half_width, half_width)] * dimension),
        energy=wg.Potential(lambda *x: k / 2 * sum((c**2 for c in x), start=np.zeros(()))),
        initial=lambda *x: density(0.0, *x),
        exact=density,
        until=0.5,
    )
