r"""Porous medium in a double well: equilibria with separated components.

$$
F = \int \left( \frac{x^4}{4} - \frac{x^2}{2} \right) \rho + \nu \int \frac{\rho^m}{m - 1}, \qquad
m > 1, \qquad \nu = \mathrm{diffusivity}
$$

At rest, $\xi = V + \frac{\nu m}{m-1}\, \rho^{m-1}$ is constant on each connected component of the
support, but the constants may differ between components: which equilibrium is reached depends on
the initial density. With the default weak diffusion the two wells stay separate, and the asymmetric
initial density leaves unequal masses in them, for which `rest(x, mass)` gives the density:

$$
\rho = \left( \frac{m - 1}{m \nu}\, (C_i - V)_+ \right)^{1/(m-1)}
\quad \text{in well } i, \text{ with the mass of that well.}
$$

**Rates.** For the time-dependent solution, against a fine reference: upwind 1 and MUSCL 2 in smooth
flow, less at the free boundaries.

**Source.** Carrillo, Chertock, Huang, "A finite-volume method for nonlinear nonlocal equations
with a gradient flow structure", Commun. Comput. Phys. 17 (2015) 233-258, section 4.1.
"""

import numpy as np

import wgflow as wg

CELLS = 200
WITHIN = 0.45  # free boundaries make the observed orders uneven
EXPECTED = {"upwind": 1.0, "muscl": 1.6}
CONVERGENCE = {
    "cells": (50, 100, 200),
    "until": 0.5,
    "reference": {"cells": 400, "solver": "muscl"},
}
FINEST_ERROR = {"upwind": 1e-2, "muscl": 6e-4}


def problem(
    diffusivity: float = 0.05,
    exponent: float = 2.0,
    mean: float = 0.1,
    variance: float = 0.2,
    half_width: float = 2.0,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    diffusivity : float
        Coefficient of the power law, > 0.
    exponent : float
        m > 1.
    mean, variance : float
        Of the initial Gaussian.
    half_width : float
        The domain is [-half_width, half_width].
    """
    for name, value in (("diffusivity", diffusivity), ("variance", variance)):
        if not value > 0:
            raise wg.InputError(f"{name} = {value}: give a number > 0")
    if not exponent > 1:
        raise wg.InputError(f"exponent = {exponent}: give a number > 1")
    return wg.Problem(
        domain=wg.Box((-half_width, half_width)),
        energy=wg.Potential(well) + wg.PowerLaw(diffusivity, exponent),
        initial=lambda x: np.exp(-((x - mean) ** 2) / (2 * variance)),
        until=20.0,
    )


def well(x: wg.Array) -> wg.Array:
    """Double-well potential V."""
    return x**4 / 4 - x**2 / 2


def rest(x: wg.Array, mass: float, diffusivity: float = 0.05, exponent: float = 2.0) -> wg.Array:
    """Density at rest with a given mass in the well on the side of the sorted points x.

    Parameters
    ----------
    x : (n,) array
        Equally spaced points of one well, all of one sign.
    mass : float
        What the well holds, little enough to stay on its side of 0.
    diffusivity, exponent : float
        As in `problem`.
    """
    from scipy.optimize import brentq

    def density(constant: float) -> wg.Array:
        height = np.maximum(constant - well(x), 0.0) * (exponent - 1) / (exponent * diffusivity)
        values: wg.Array = height ** (1 / (exponent - 1))
        return values

    spacing = x[1] - x[0]
    top = float(well(x).max())
    constant = brentq(lambda c: density(c).sum() * spacing - mass, -0.25, top, xtol=1e-14)
    return density(constant)
