r"""Keller-Segel chemotaxis in the plane: spreading below the critical mass 8 pi, blow-up above.

$$
F = \int \rho \log \rho + \frac{M}{4\pi} \iint \log|x - y|\, \rho\, \rho', \qquad M = \mathrm{mass}
$$

for the density $\rho = u/M$ of a cell population $u$ of total mass $M$ that follows the gradient of
the substance $-\frac{1}{2\pi} \log|x| * u$ it emits. For any initial density, the second moment
$\int |x|^2 \rho$ grows at the constant rate

$$
4 \left( 1 - \frac{M}{8\pi} \right),
$$

and that of $u$ at $4 M\, (1 - M/(8\pi))$. Above $8\pi$ it would reach 0, so the solution must blow
up before then, as its mass concentrates at a point. The run stops with a `ConcentrationError` once
the mass fills no more than sixteen cells, and keeps the results up to then. The rate is that of the
whole plane; the domain is wide enough for the times computed.

    wgflow run keller_segel                          spreads
    wgflow run keller_segel --set mass=37.7          12 pi: concentrates

**Rates.** Below the critical mass, against a fine reference: Scharfetter-Gummel 2.

**Source.** Keller, Segel, J. Theor. Biol. 26 (1970) 399-415; Blanchet, Dolbeault, Perthame,
Electron. J. Differ. Equ. 44 (2006) 1-33 for the critical mass.
"""

import math

import numpy as np

import wgflow as wg

CELLS = 96
CRITICAL_MASS = 8 * math.pi
EXPECTED = {"scharfetter_gummel": 2.0, "scharfetter_gummel_explicit": 2.0}
CONVERGENCE = {
    "cells": (16, 32, 64),
    "until": 0.1,
    "dt": {"scharfetter_gummel": 0.02, "scharfetter_gummel_explicit": 0.02},
}
FINEST_ERROR = {"scharfetter_gummel": 3e-3, "scharfetter_gummel_explicit": 3e-3}


def problem(mass: float = 12.0, variance: float = 0.25, half_width: float = 6.0) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    mass : float
        Total mass of the cells, > 0; 8 pi = 25.13 is critical.
    variance : float
        Of the initial Gaussian on each axis, > 0.
    half_width : float
        The domain is [-half_width, half_width] on both axes.
    """
    for name, value in (("mass", mass), ("variance", variance)):
        if not value > 0:
            raise wg.InputError(f"{name} = {value}: give a number > 0")

    def kernel(x: wg.Array, y: wg.Array) -> wg.Array:
        values: wg.Array = mass / (4 * math.pi) * np.log(x**2 + y**2)
        return values

    def second_moment(t: float) -> float:
        return 2 * variance + 4 * (1 - mass / CRITICAL_MASS) * t

    return wg.Problem(
        domain=wg.Box((-half_width, half_width), (-half_width, half_width)),
        energy=wg.Interaction(kernel, singular=True) + wg.Entropy(1.0),
        initial=lambda x, y: np.exp(-(x**2 + y**2) / (2 * variance)),
        reference={"second_moment": second_moment},
        until=0.5,
        blows_up=mass > CRITICAL_MASS,
    )
