r"""Diffusion in a tilted box: an exact density that initially vanishes at a wall.

$$
\partial_t \rho = \Delta \rho - g\, \partial_x \rho, \qquad V = -g x, \qquad
g = \mathrm{tilt}, \qquad \text{walls all around } (0, 1)^D
$$

$$
M \rho = e^{-(\pi^2 + g^2/4)\, t + g x/2}
  \left( \pi \cos \pi x + \tfrac12 g \sin \pi x \right) + \pi\, e^{g\,(x - 1/2)}, \qquad
M = \frac{2\pi \sinh(g/2)}{g}
$$

for mass 1: the slowest mode on top of the stationary density $e^{-V}$. At $t = 0$ the density and
its slope are 0 at $x = 1$. In the plane it does not depend on $y$.

**Rates.** Second-order fluxes 2; `ljko` 1 in space and time, as published for triangles;
`ljko_bdf2` 2 in time, but 1.5 to 1.9 if the run starts at time 0, where the density is not smooth
in time. Refinement path: `dt` proportional to $h^{p/q}$, as in the solver.

**Source.** Cancès, Gallouët, Todeschi, "A variational finite volume scheme for Wasserstein
gradient flows", Numer. Math. 146 (2020), section 4; Gallouët, Natale, Todeschi, Math. Comp. 93
(2024), for second order in time.
"""

from typing import Any

import numpy as np

import wgflow as wg

CELLS = 64
LARGEST_TILT = 100.0  # e^tilt and sinh are finite far beyond
EXPECTED = {"scharfetter_gummel": 2.0, "muscl": 2.0, "ljko": 1.0, "ljko_bdf2": 1.3}
CONVERGENCE: dict[str, Any] = {
    "cells": (16, 32, 64, 128),
    "until": 0.25,
    "dt": {"scharfetter_gummel": 0.02, "ljko": 0.025, "ljko_bdf2": 0.025},
}
FINEST_ERROR = {
    "scharfetter_gummel": 5e-6,
    "muscl": 1e-5,
    "ljko": 2e-3,
    "ljko_bdf2": 2.5e-4,
}
VARIANTS: dict[str, Any] = {
    "in time": {
        "set": {"start": 0.05},
        "convergence": {
            "refine": "time",
            "cells": (128,),
            "until": 0.125,
            "dt": {"ljko": 0.0125, "ljko_bdf2": 0.0125},
        },
        "solvers": ("ljko", "ljko_bdf2"),
        "expected": {"ljko_bdf2": 2.0},
        "finest_error": {"ljko": 1.1e-3, "ljko_bdf2": 1e-5},
    },
    "2-D": {
        "set": {"dimension": 2},
        "convergence": {"cells": (16, 32, 64), "until": 0.25, "dt": {"ljko": 0.025}},
        "solvers": ("ljko",),
        "finest_error": {"ljko": 4e-3},
    },
}


def problem(tilt: float = 1.0, dimension: int = 1, start: float = 0.0) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    tilt : float
        Force along x, g in the source; not 0.
    dimension : int
        1 or 2.
    start : float
        Time of the exact density at which the run starts, >= 0; the density is positive after 0.
    """
    if not 0 < abs(tilt) <= LARGEST_TILT:
        raise wg.InputError(f"tilt = {tilt}: give a number other than 0, at most {LARGEST_TILT:g}")
    if dimension not in (1, 2):
        raise wg.InputError(f"dimension = {dimension}: give 1 or 2")
    if not start >= 0:
        raise wg.InputError(f"start = {start}: give a time >= 0")
    mass = 2 * np.pi * np.sinh(tilt / 2) / tilt

    def density(t: float, x: wg.Array, *others: wg.Array) -> wg.Array:
        mode = np.pi * np.cos(np.pi * x) + tilt / 2 * np.sin(np.pi * x)
        decay = np.exp(-(np.pi**2 + tilt**2 / 4) * (start + t) + tilt * x / 2)
        values: wg.Array = (decay * mode + np.pi * np.exp(tilt * (x - 0.5))) / mass
        return np.broadcast_to(values, np.broadcast_shapes(*(c.shape for c in (x, *others))))

    return wg.Problem(
        domain=wg.Box(*[wg.Axis(0.0, 1.0, wall=True)] * dimension),
        energy=wg.Potential(lambda x, *others: -tilt * x) + wg.Entropy(1.0),
        initial=lambda *x: density(0.0, *x),
        exact=density,
        until=0.25,
    )
