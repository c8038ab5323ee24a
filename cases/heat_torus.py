r"""Heat equation on the torus: one decaying Fourier mode in one to three dimensions.

$$
\partial_t \rho = \frac1\beta\, \Delta \rho \qquad \text{on } [0, 1)^D, \text{ periodic}
$$

The initial density $1 + a \prod_i \cos(2\pi k x_i)$, where $a$ is the `amplitude` and $k$ the
number of `waves`, keeps this form:

$$
\rho(t, x) = 1 + a\, e^{-4 \pi^2 k^2 D t/\beta} \prod_i \cos(2\pi k x_i) .
$$

There is no drift, so every scheme's diffusion is tested in isolation: central and fitted
differences are second order, even in solvers that upwind only the drift. Bailo-Carrillo-Hu also
upwinds the diffusion and is first order.

**Rates.** Order 2 in space, Bailo-Carrillo-Hu 1. Refinement path: explicit solvers take `dt`
proportional to $h^2$ (their positivity bound), stabilized explicit and second-order implicit ones
`dt` proportional to $h$, first-order implicit ones `dt` proportional to $h^2$.

**Source.** Fourier, Theorie analytique de la chaleur (1822), chapter IV.
"""

import numpy as np

import wgflow as wg

CELLS = 64
EXPECTED = {
    "scharfetter_gummel": 2.0,
    "scharfetter_gummel_explicit": 2.0,
    "bailo_carrillo_hu": 1.0,
    "muscl": 2.0,
    "upwind": 2.0,
}
CONVERGENCE = {
    "cells": (16, 32, 64, 128),
    "until": 0.02,
    "dt": {
        "scharfetter_gummel": 0.005,
        "scharfetter_gummel_explicit": 0.005,
        "bailo_carrillo_hu": 0.001,
    },
}
FINEST_ERROR = {**dict.fromkeys(EXPECTED, 5e-5), "bailo_carrillo_hu": 1.1e-3}
VARIANTS = {
    "2-D": {
        "set": {"dimension": 2},
        "convergence": {**CONVERGENCE, "cells": (8, 16, 32, 64), "until": 0.01},
        "finest_error": dict.fromkeys(EXPECTED, 1.2e-4),
        "solvers": ("scharfetter_gummel", "scharfetter_gummel_explicit", "muscl", "upwind"),
    },
    "2-D by its dual": {
        "set": {"dimension": 2},
        "convergence": {
            "cells": (8, 16, 32, 64),
            "until": 0.01,
            "dt": {"back_and_forth": 0.005},
        },
        "solvers": ("back_and_forth",),
        "expected": {"back_and_forth": 2.0},
        "finest_error": {"back_and_forth": 3.3e-4},
    },
    "3-D": {
        "set": {"dimension": 3},
        "convergence": {**CONVERGENCE, "cells": (8, 16, 24), "until": 0.005},
        "finest_error": dict.fromkeys(EXPECTED, 6e-4),
        "solvers": ("scharfetter_gummel", "scharfetter_gummel_explicit", "upwind"),
    },
}


def problem(
    dimension: int = 1,
    beta: float = 1.0,
    amplitude: float = 0.5,
    waves: int = 1,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    dimension : int
        1 to 3.
    beta : float
        Inverse temperature, > 0: the diffusivity is 1/beta.
    amplitude : float
        Of the initial deviation from 1, in [-1, 1].
    waves : int
        Periods of the initial density on each axis, >= 1.
    """
    if dimension not in (1, 2, 3):
        raise wg.InputError(f"dimension = {dimension}: give 1, 2 or 3")
    if not beta > 0:
        raise wg.InputError(f"beta = {beta}: give a number > 0")
    if not abs(amplitude) <= 1:
        raise wg.InputError(f"amplitude = {amplitude}: give a number in [-1, 1], for rho >= 0")
    if waves < 1:
        raise wg.InputError(f"waves = {waves}: give a whole number >= 1")
    decay = 4 * np.pi**2 * waves**2 * dimension / beta

    def density(t: float, *x: wg.Array) -> wg.Array:
        mode: wg.Array = np.full((), amplitude * np.exp(-decay * t))
        for coordinate in x:
            mode = mode * np.cos(2 * np.pi * waves * coordinate)
        return 1 + mode

    return wg.Problem(
        domain=wg.Box(*[wg.Axis(0.0, 1.0, periodic=True)] * dimension),
        energy=wg.Entropy(1 / beta),
        initial=lambda *x: density(0.0, *x),
        exact=density,
        until=0.05,
    )
