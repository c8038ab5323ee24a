r"""Quadratic attraction with noise: an interacting Gaussian that stays exact.

$$
F = \frac{\lambda}{2} \int |x|^2 \rho + \frac{\kappa}{4} \iint |x - y|^2 \rho\, \rho'
+ \frac1\beta \int \rho \log \rho, \qquad
\lambda = \mathrm{stiffness}, \quad \kappa = \mathrm{attraction}
$$

The attraction exerts the force $-\kappa\, (x - \mathrm{mean})$ on a point. An initial Gaussian with
equal variance $v$ on every axis stays Gaussian, with

$$
\mathrm{mean}(t) = \mathrm{mean}\; e^{-\lambda t}, \qquad
\dot v = -2\,(\lambda + \kappa)\, v + \frac2\beta .
$$

**Rates.** Scharfetter-Gummel and MUSCL 2, upwind 1. Refinement path: as in `ornstein_uhlenbeck`.

**Source.** The simplest McKean-Vlasov equation; Carrillo, McCann, Villani, Rev. Mat. Iberoam. 19
(2003) 971-1018 for the convexity of its energy.
"""

from typing import Any

import numpy as np

import wgflow as wg

CELLS = 200
EXPECTED = {
    "scharfetter_gummel": 2.0,
    "scharfetter_gummel_explicit": 2.0,
    "bailo_carrillo_hu": 1.0,
    "muscl": 2.0,
    "upwind": 1.0,
}
CONVERGENCE: dict[str, Any] = {
    "cells": (50, 100, 200, 400),
    "until": 0.5,
    "dt": {
        "scharfetter_gummel": 0.02,
        "scharfetter_gummel_explicit": 0.02,
        "bailo_carrillo_hu": 0.02,
    },
}
FINEST_ERROR = {
    "scharfetter_gummel": 3e-4,
    "scharfetter_gummel_explicit": 3e-4,
    "bailo_carrillo_hu": 9e-3,
    "muscl": 4e-4,
    "upwind": 2.2e-2,
}
VARIANTS = {
    "all schemes": {
        "convergence": {
            "cells": (48, 96, 192),
            "until": 0.5,
            "dt": {
                "scharfetter_gummel": 0.02,
                "bailo_carrillo_hu": 0.02,
                "quantile_jko": 0.05,
                "ljko": 0.05,
                "ljko_bdf2": 0.05,
                "back_and_forth gap=1e-6": 0.05,
                "entropic_jko": 0.05,
            },
        },
        "expected": {
            "scharfetter_gummel": 2.0,
            "bailo_carrillo_hu": 1.0,
            "quantile_jko": 2.0,
            "ljko": 1.0,
            "ljko_bdf2": 1.0,
            "back_and_forth gap=1e-6": 2.0,
            "entropic_jko": 2.0,
        },
        "finest_error": {
            "scharfetter_gummel": 0.0008,
            "bailo_carrillo_hu": 0.0125,
            "quantile_jko": 0.00032,
            "ljko": 0.0125,
            "ljko_bdf2": 0.0125,
            "back_and_forth gap=1e-6": 0.00075,
            "entropic_jko": 0.0014,
        },
        "solvers": (
            "scharfetter_gummel",
            "bailo_carrillo_hu",
            "quantile_jko",
            "ljko",
            "ljko_bdf2",
            "back_and_forth gap=1e-6",
            "entropic_jko",
        ),
    },
    "by movements, in time": {
        "convergence": {
            "refine": "time",
            "cells": (100,),
            "until": 0.5,
            "dt": {"ljko": 0.015625, "ljko_bdf2": 0.015625},
        },
        "solvers": ("ljko", "ljko_bdf2"),
        "expected": {"ljko": 1.0, "ljko_bdf2": 2.0},
        "finest_error": {"ljko": 1.1e-4, "ljko_bdf2": 5.5e-7},
    },
    "2-D": {
        "set": {"dimension": 2},
        "convergence": {
            "cells": (24, 48, 96),
            "until": 0.25,
            "dt": dict.fromkeys(CONVERGENCE["dt"], 0.02),
        },
        "finest_error": {
            "scharfetter_gummel": 5e-3,
            "scharfetter_gummel_explicit": 5e-3,
            "upwind": 1e-1,
        },
        "solvers": ("scharfetter_gummel", "scharfetter_gummel_explicit", "upwind"),
    },
}


def problem(
    stiffness: float = 0.5,
    attraction: float = 1.0,
    beta: float = 2.0,
    mean: float = 1.0,
    variance: float = 0.25,
    dimension: int = 1,
    half_width: float = 6.0,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    stiffness : float
        Curvature of the external potential; 0 for none.
    attraction : float
        Curvature of the interaction; its sum with stiffness is > 0.
    beta : float
        Inverse temperature, > 0.
    mean : float
        Of the initial Gaussian, on every axis.
    variance : float
        Of the initial Gaussian, on every axis, > 0.
    dimension : int
        1 to 4.
    half_width : float
        The domain is [-half_width, half_width] on every axis.
    """
    total = stiffness + attraction
    for name, value in (("beta", beta), ("variance", variance), ("stiffness + attraction", total)):
        if not value > 0:
            raise wg.InputError(f"{name} = {value}: give a number > 0")
    if dimension not in (1, 2, 3, 4):
        raise wg.InputError(f"dimension = {dimension}: give 1, 2, 3 or 4")
    rest = 1 / (total * beta)

    def spread(t: float) -> float:
        return float(rest + (variance - rest) * np.exp(-2 * total * t))

    def density(t: float, *x: wg.Array) -> wg.Array:
        m, v = mean * np.exp(-stiffness * t), spread(t)
        square = sum(((c - m) ** 2 for c in x), start=np.zeros(()))
        values: wg.Array = np.exp(-square / (2 * v)) / (2 * np.pi * v) ** (dimension / 2)
        return values

    return wg.Problem(
        domain=wg.Box(*[(-half_width, half_width)] * dimension),
        energy=wg.Confinement(stiffness)
        + wg.PolynomialInteraction({2: attraction / 2})
        + wg.Entropy(1 / beta),
        initial=lambda *x: density(0.0, *x),
        exact=density,
        reference={"variance": spread},
        until=1.0,
    )
