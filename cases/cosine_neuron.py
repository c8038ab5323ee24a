r"""Cosine neuron: nonlinear network dynamics with an exact solution.

The data $x$ are uniform on the circle, with $y = \sqrt2\, A \cos x$; a neuron is
$\sigma(x; \theta) = \sqrt2 \cos(x - \theta)$, so that

$$
V = -A \cos\theta, \qquad U = \cos(\theta - \theta'), \qquad
R = A^2 + 2 \int V \rho + \iint U \rho \rho' .
$$

Started from the wrapped Cauchy density

$$
\rho = \frac{1 - z^2}{2\pi\, (1 - 2 z \cos\theta + z^2)},
$$

the density stays wrapped Cauchy, with (preset mmn2018, $s = 2$)

$$
\dot z = \tfrac{s}{2}\, (A - z)(1 - z^2), \qquad R = (A - z)^2 .
$$

With noise the density tends to the von Mises density, proportional to
$\exp(\beta\, (A - r) \cos\theta)$, where $r = (I_1/I_0)(\beta\, (A - r))$; $A = 0.8$, $\beta = 20$
gives $r = 0.699479$.

**Conventions.** Time: `preset=mmn2018` follows Mei, Montanari, Nguyen 2018, whose SGD keeps the
factor 2 from differentiating the square, so that the distributional dynamics has the time scale
$s = 2 \xi(t)$; `preset=mmm2019` follows Mei, Misiakiewicz, Montanari 2019, without that factor:
$s = \xi(t)$. In both, $t = k \varepsilon$ after $k$ steps, and one step is

$$
\theta \leftarrow \theta + s \varepsilon (y - f)\, \nabla \sigma
  + \sqrt{2 s \varepsilon/\beta}\; g ,
$$

with $\xi = 1$ and no weight decay; the risk is $R = \mathbb E\, (y - f)^2$ and the free energy
$F = R/2 + \frac1\beta \int \rho \log\rho$ (Mei, Montanari, Nguyen 2018). The factors $\sqrt2$ in
neuron and target are our own: they give $\mathbb E\, \sigma^2 = 1$ and $\mathbb E\, y^2 = A^2$.

**Source.** The wrapped Cauchy reduction is due to Ott and Antonsen, Chaos 18 (2008) 037113, for
globally coupled phase oscillators; the network is our own.
"""

import math
from typing import Literal

import numpy as np

import wgflow as wg
from wgflow.networks import cosine_network

CELLS = 400
EXPECTED = {"muscl": 2.0, "upwind": 1.0}
CONVERGENCE = {"cells": (50, 100, 200, 400), "until": 0.5}
PARTICLES = {"particles": 800, "step": 1e-3, "seeds": 5}
WIDTHS = {"step": 1e-4, "seeds": 20}
COUPLING = {
    "times": (0.25, 0.5, 0.75, 1.0, 1.5, 2.0),
    "sizes": (100, 400, 1600, 6400),
    "steps": (0.05, 0.025, 0.0125, 0.00625),
}
FINEST_ERROR = {"muscl": 1.5e-5, "upwind": 2.5e-3}
VARIANTS = {
    "all schemes": {
        "set": {"beta": 20.0},
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
            "scharfetter_gummel": 0.0001,
            "bailo_carrillo_hu": 0.0033,
            "quantile_jko": 0.0006,
            "ljko": 0.006,
            "ljko_bdf2": 0.0031,
            "back_and_forth gap=1e-6": 0.0006,
            "entropic_jko": 0.0006,
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
    "by quantiles": {
        "convergence": {
            "cells": (25, 50, 100),
            "until": 0.5,
            "dt": {"quantile_jko": 0.1},
        },
        "solvers": ("quantile_jko",),
        "expected": {"quantile_jko": 2.0},
        "finest_error": {"quantile_jko": 1.3e-3},
    },
    "with noise": {  # against a fine reference
        "set": {"beta": 20.0},
        "convergence": {
            "cells": (50, 100, 200),
            "until": 0.5,
            "dt": {"scharfetter_gummel": 0.02, "scharfetter_gummel_explicit": 0.02},
        },
        "solvers": ("scharfetter_gummel", "scharfetter_gummel_explicit", "muscl", "upwind"),
        "expected": {"scharfetter_gummel": 2.0, "scharfetter_gummel_explicit": 2.0},
        "finest_error": {
            "scharfetter_gummel": 1e-4,
            "scharfetter_gummel_explicit": 1e-4,
            "muscl": 6e-5,
            "upwind": 2.5e-3,
        },
    },
}


def problem(
    amplitude: float = 0.8,
    start: float = 0.3,
    beta: float = math.inf,
    preset: Literal["mmn2018", "mmm2019"] = "mmn2018",
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    amplitude : float
        A, of the target sqrt(2) A cos x; in [0, 1] it can be fitted exactly.
    start : float
        z at time 0, in (-1, 1).
    beta : float
        Inverse temperature of the noise; inf for none.
    preset : {"mmn2018", "mmm2019"}
        Time scale: s = 2 or s = 1.
    """
    if not beta > 0:
        raise wg.InputError(f"beta = {beta}: give a number > 0, or inf for no noise")
    network = cosine_network(amplitude, start)
    scale = {"mmn2018": 2.0, "mmm2019": 1.0}[preset]
    risk = wg.Risk(network.features)

    def mean_resultant(t: float) -> float:
        from scipy.integrate import solve_ivp

        solution = solve_ivp(
            lambda _, z: scale / 2 * (amplitude - z) * (1 - z**2),
            (0.0, t),
            [start],
            rtol=1e-12,
            atol=1e-14,
        )
        return float(solution.y[0, -1])

    def exact(t: float, theta: wg.Array) -> wg.Array:
        return wrapped_cauchy(mean_resultant(t), theta)

    def exact_risk(t: float) -> float:
        return (amplitude - mean_resultant(t)) ** 2

    noisy = math.isfinite(beta)
    return wg.Problem(
        domain=wg.Box(wg.Axis(-np.pi, np.pi, periodic=True, name="theta")),
        energy=risk + wg.Entropy(1 / beta) if noisy else risk,
        initial=lambda theta: wrapped_cauchy(start, theta),
        time_scale=scale,
        until=40.0 if noisy else 1.0,  # with noise: at rest to 1e-5
        exact=None if noisy else exact,
        reference={} if noisy else {"risk": exact_risk},
        network=network,
    )


def wrapped_cauchy(z: float, theta: wg.Array) -> wg.Array:
    return (1 - z**2) / (2 * np.pi * (1 - 2 * z * np.cos(theta) + z**2))
