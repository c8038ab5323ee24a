r"""Barenblatt profile of the porous medium equation: an exact moving free boundary.

$$
\partial_t \rho = \Delta \rho^m, \qquad F = \int \frac{\rho^m}{m - 1}, \qquad m > 1
$$

$$
\rho(t, x) = s^{-\alpha} \left( C - k\, |x|^2 s^{-2\alpha/D} \right)_+^{1/(m-1)}, \qquad
s = \mathrm{start} + t, \qquad
\alpha = \frac{D}{D\,(m - 1) + 2}, \qquad
k = \frac{\alpha\,(m - 1)}{2 m D},
$$

with $C$ chosen to give mass 1: 0.360562, 0.183776, 0.113202 in one dimension for $m = 2, 3, 4$, and
0.199471, 0.0889432 in two for $m = 2, 3$. The support is the ball of radius

$$
\mathrm{front}(t) = \sqrt{C/k}\; s^{\alpha/D},
$$

where the density has a kink for $m = 2$ and an infinite slope for $m > 2$.

**Rates.** In $L^1$, limited by the free boundary: about 1 for upwind; 1.3 to 2 for second-order
fluxes at $m = 2$ and $3$, irregular at $m = 4$. Refinement path: explicit solvers at their bound,
`dt` proportional to $h^2$; implicit ones `dt` proportional to $h$.

**Source.** Barenblatt, Prikl. Mat. Mekh. 16 (1952) 67-78; Vazquez, The Porous Medium Equation
(2007), section 4.4.
"""

import math

import numpy as np

import wgflow as wg

CELLS = 200
WITHIN = 0.45  # the free boundary makes the observed orders uneven
EXPECTED = {"upwind": 1.0, "muscl": 1.6, "bailo_carrillo_hu": 1.0}
CONVERGENCE = {
    "cells": (50, 100, 200, 400),
    "until": 0.1,
    "dt": {"bailo_carrillo_hu": 0.01},
}
FINEST_ERROR = {"upwind": 7e-3, "muscl": 5e-5, "bailo_carrillo_hu": 7e-3}
VARIANTS = {
    "by entropic transport": {
        "convergence": {
            "cells": (50, 100, 200),
            "until": 0.1,
            "dt": {"entropic_jko": 0.05},
        },
        "solvers": ("entropic_jko",),
        "expected": {"entropic_jko": 2.0},
        "finest_error": {"entropic_jko": 2.2e-3},
    },
    "2-D by entropic transport": {
        "set": {"dimension": 2},
        "convergence": {
            "cells": (24, 48, 96),
            "until": 0.1,
            "dt": {"entropic_jko": 0.1},
        },
        "solvers": ("entropic_jko",),
        "expected": {"entropic_jko": 1.5},
        "finest_error": {"entropic_jko": 1.2e-2},
    },
    "by quantiles": {
        "convergence": {
            "cells": (25, 50, 100),
            "until": 0.1,
            "dt": {"quantile_jko": 0.05},
        },
        "solvers": ("quantile_jko",),
        "expected": {"quantile_jko": 2.0},
        "finest_error": {"quantile_jko": 1.7e-3},
    },
    "by movements": {
        "convergence": {
            "cells": (100, 200, 400),
            "until": 0.1,
            "dt": {"ljko": 0.02, "ljko_bdf2": 0.02},
        },
        "solvers": ("ljko", "ljko_bdf2"),
        "expected": {"ljko": 1.0, "ljko_bdf2": 1.0},
        "finest_error": {"ljko": 5.6e-3, "ljko_bdf2": 4.5e-3},
    },
    "by movements, in time": {
        "convergence": {
            "refine": "time",
            "cells": (100,),
            "until": 0.1,
            "dt": {"ljko": 0.00625, "ljko_bdf2": 0.00625},
        },
        "solvers": ("ljko", "ljko_bdf2"),
        "expected": {"ljko": 1.0, "ljko_bdf2": 2.0},
        "finest_error": {"ljko": 2.4e-4, "ljko_bdf2": 2.4e-6},
    },
    "by movements, 2-D": {
        "set": {"dimension": 2},
        "convergence": {"cells": (20, 40, 80), "until": 0.1, "dt": {"ljko": 0.04}},
        "solvers": ("ljko",),
        "expected": {"ljko": 1.0},
        "finest_error": {"ljko": 2.8e-2},
    },
    "m = 3": {
        "set": {"exponent": 3.0},
        "convergence": CONVERGENCE,
        "expected": {"muscl": 1.2},
        "finest_error": {"upwind": 7e-3, "muscl": 4e-4, "bailo_carrillo_hu": 7e-3},
    },
    "2-D": {
        "set": {"dimension": 2},
        "convergence": {**CONVERGENCE, "cells": (32, 64, 128)},
        "finest_error": {"upwind": 3e-2, "muscl": 6e-4, "bailo_carrillo_hu": 3e-2},
    },
    "2-D by its dual": {
        "set": {"dimension": 2},
        "convergence": {
            "cells": (32, 64, 128),
            "until": 0.1,
            "dt": {"back_and_forth": 0.05},
        },
        "solvers": ("back_and_forth",),
        "expected": {"back_and_forth": 2.0},
        "finest_error": {"back_and_forth": 2.6e-3},
    },
    "2-D by its dual, in time": {
        "set": {"dimension": 2},
        "convergence": {
            "cells": (128,),
            "until": 0.1,
            "dt": {"back_and_forth": 0.05},
            "refine": "time",
        },
        "solvers": ("back_and_forth",),
        "expected": {"back_and_forth": 1.0},
        "finest_error": {"back_and_forth": 6e-3},
    },
}


def problem(
    exponent: float = 2.0,
    dimension: int = 1,
    start: float = 0.1,
    half_width: float = 2.5,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    exponent : float
        m > 1.
    dimension : int
        1 or 2.
    start : float
        Time of the profile at which the run starts, > 0; the profile begins as a point mass.
    half_width : float
        The domain is [-half_width, half_width] on every axis.
    """
    if not exponent > 1:
        raise wg.InputError(f"exponent = {exponent}: give a number > 1")
    if dimension not in (1, 2):
        raise wg.InputError(f"dimension = {dimension}: give 1 or 2")
    if not start > 0:
        raise wg.InputError(f"start = {start}: give a time > 0")
    power = 1 / (exponent - 1)
    alpha = dimension / (dimension * (exponent - 1) + 2)
    k = alpha * (exponent - 1) / (2 * exponent * dimension)
    constant = _constant(power, k, dimension)

    def density(t: float, *x: wg.Array) -> wg.Array:
        s = start + t
        square = sum((c**2 for c in x), start=np.zeros(()))
        inside = np.maximum(constant - k * square * s ** (-2 * alpha / dimension), 0.0)
        values: wg.Array = s**-alpha * inside**power
        return values

    def front(t: float) -> float:
        return float(math.sqrt(constant / k) * (start + t) ** (alpha / dimension))

    return wg.Problem(
        domain=wg.Box(*[(-half_width, half_width)] * dimension),
        energy=wg.PowerLaw(1.0, exponent),
        initial=lambda *x: density(0.0, *x),
        exact=density,
        reference={"front": front},
        until=0.2,
    )


def _constant(power: float, k: float, dimension: int) -> float:
    """C for mass 1: the integral of (C - k |x|^2)_+^power is C^(power + D/2) times a ball's."""
    log_ball = (
        dimension / 2 * math.log(math.pi / k)
        + math.lgamma(power + 1)
        - math.lgamma(power + 1 + dimension / 2)
    )
    return math.exp(-log_ball / (power + dimension / 2))
