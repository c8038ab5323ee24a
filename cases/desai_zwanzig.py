r"""Desai-Zwanzig model: noisy particles in a double well that attract one another.

$$
V = \frac{x^4}{4} - \frac{x^2}{2}, \qquad W = \frac{\kappa}{2}\, x^2, \qquad
T = \frac1\beta, \qquad \kappa = \mathrm{attraction}
$$

With noise, every stationary density is $\rho_m \propto \exp(-\beta\, (V + \kappa\, (x - m)^2/2))$
for some mean $m$ with

$$
m = \int x\, \rho_m(x)\, \mathrm dx,
$$

a scalar equation that $m = 0$ always solves. Below a critical temperature a pair $\pm m_*$ appears
and takes over stability: the mean is the order parameter of a phase transition. The transition is
at $\beta \kappa \operatorname{Var}(\rho_0) = 1$; for $\kappa = 1$ this gives $\beta_c = 2.188440$,
and $m_*(\beta = 3) = 0.637324$.

`wgflow stationary desai_zwanzig --sweep beta=4:1:31` follows the branch.

**Rates.** Against a fine reference: Scharfetter-Gummel 2 in space.

**Source.** Desai, Zwanzig, J. Stat. Phys. 19 (1978) 1-24; Dawson, J. Stat. Phys. 31 (1983) 29-85;
Gomes, Pavliotis, J. Nonlinear Sci. 28 (2018) 905-941 for the bifurcation.
"""

import math

import numpy as np

import wgflow as wg

CELLS = 200
EXPECTED = {"scharfetter_gummel": 2.0, "scharfetter_gummel_explicit": 2.0}
CONVERGENCE = {
    "cells": (40, 80, 160),
    "until": 0.5,
    "dt": {"scharfetter_gummel": 0.02, "scharfetter_gummel_explicit": 0.02},
    "reference": {"cells": 640, "solver": "scharfetter_gummel", "dt": 0.00125},
}
FINEST_ERROR = {"scharfetter_gummel": 7e-4, "scharfetter_gummel_explicit": 7e-4}
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
            "reference": {"cells": 768, "solver": "scharfetter_gummel", "dt": 0.001},
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
            "scharfetter_gummel": 0.00035,
            "bailo_carrillo_hu": 0.0028,
            "quantile_jko": 0.00052,
            "ljko": 0.0022,
            "ljko_bdf2": 0.0033,
            "back_and_forth gap=1e-6": 0.0007,
            "entropic_jko": 0.00085,
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
}


def problem(
    beta: float = 3.0,
    attraction: float = 1.0,
    mean: float = 0.3,
    variance: float = 0.25,
    half_width: float = 4.0,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    beta : float
        Inverse temperature, > 0.
    attraction : float
        Curvature of the interaction, >= 0.
    mean, variance : float
        Of the initial Gaussian; the sign of the mean chooses the branch.
    half_width : float
        The domain is [-half_width, half_width].
    """
    for name, value in (("beta", beta), ("variance", variance)):
        if not value > 0:
            raise wg.InputError(f"{name} = {value}: give a number > 0")
    if not attraction >= 0:
        raise wg.InputError(f"attraction = {attraction}: give a number >= 0")
    return wg.Problem(
        domain=wg.Box((-half_width, half_width)),
        energy=wg.Potential(well)
        + wg.PolynomialInteraction({2: attraction / 2})
        + wg.Entropy(1 / beta),
        initial=lambda x: np.exp(-((x - mean) ** 2) / (2 * variance)),
        until=10.0,
    )


def well(x: wg.Array) -> wg.Array:
    """Double-well potential V."""
    return x**4 / 4 - x**2 / 2


def moments(beta: float, attraction: float, m: float) -> tuple[float, float]:
    """Mean and variance of rho_m, by the trapezoidal rule, which is exact to rounding here."""
    x = np.linspace(-8.0, 8.0, 4001)
    exponent = -beta * (well(x) + attraction / 2 * (x - m) ** 2)
    weight = np.exp(exponent - exponent.max())
    weight /= weight.sum()
    mean = float(weight @ x)
    return mean, float(weight @ (x - mean) ** 2)


def order_parameter(beta: float, attraction: float = 1.0) -> float:
    """Largest m >= 0 with m = int x rho_m."""
    from scipy.optimize import brentq

    if beta * attraction * moments(beta, attraction, 0.0)[1] <= 1:
        return 0.0
    upper = 1.0
    while moments(beta, attraction, upper)[0] > upper:
        upper *= 2
    # just above 0 the mean grows faster than m: m = 0 is left out
    root = brentq(lambda m: moments(beta, attraction, m)[0] - m, 1e-6, upper, xtol=1e-14)
    return float(root)


def critical_beta(attraction: float = 1.0) -> float:
    """Inverse temperature at which the order parameter appears."""
    from scipy.optimize import brentq

    if not attraction > 0:
        return math.inf

    def excess(beta: float) -> float:
        return beta * attraction * moments(beta, attraction, 0.0)[1] - 1

    return float(brentq(excess, 1e-3, 1e3, xtol=1e-13))
