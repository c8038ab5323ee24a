r"""A confined, diffusing Gaussian that attracts itself: edit this line, `describe` shows it.

The density $\rho(t, x)$ follows the gradient flow of

$$
F = \int \tfrac{k}{2} x^2 \rho + \tfrac12 \iint \tfrac{a}{2} (x - y)^2 \rho \rho
    + T \int \rho \log \rho ,
$$

a potential, an interaction and an entropy. An initial Gaussian stays Gaussian, with mean
$m e^{-kt}$ and a variance that tends to $T/(k + a)$, so there is an exact density to compare with.

**Source.** Name the paper or notes your problem comes from.
"""

import numpy as np

import wgflow as wg

# Cells along each axis where --cells is not given; (128, 128) in two dimensions.
CELLS = 200

# The order that `wgflow converge` and `wgflow verify` require of each solver, and what the error
# on the finest grid may be. Leave both out if you know of no order.
EXPECTED = {"scharfetter_gummel": 2.0, "muscl": 2.0}
FINEST_ERROR = {"scharfetter_gummel": 8e-4, "muscl": 1.1e-3}

# How orders are measured: grids, final time, and the time step on the first grid for solvers
# that need one. In two dimensions (16, 32, 64) is enough: the work grows sixteen-fold a level.
# Without `exact` below a grid twice as fine stands for it; "reference": {"cells": 800} is another.
CONVERGENCE = {
    "cells": (50, 100, 200),
    "until": 0.5,
    "dt": {"scharfetter_gummel": 0.02},
}


# The arguments are the parameters: `--set stiffness=2`. The annotation says what a value may be,
# the docstring what it means; both are printed by `wgflow describe`.
def problem(
    stiffness: float = 0.5,
    attraction: float = 1.0,
    temperature: float = 0.5,
    mean: float = 1.0,
    variance: float = 0.25,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    stiffness : float
        k, the curvature of the potential.
    attraction : float
        a, the curvature of the interaction; k + a > 0.
    temperature : float
        T, > 0.
    mean : float
        Of the initial Gaussian.
    variance : float
        Of the initial Gaussian, > 0.
    """
    # Refuse what makes no sense in one line: the value, the limit, the remedy.
    for name, value in (("temperature", temperature), ("variance", variance)):
        if not value > 0:
            raise wg.InputError(f"{name} = {value}: give a number > 0")
    total = stiffness + attraction
    if not total > 0:
        raise wg.InputError(f"stiffness + attraction = {total}: give a sum > 0")

    # Functions get arrays of coordinates, one for each axis, and return an array.
    def potential(x: wg.Array) -> wg.Array:
        return stiffness / 2 * x**2

    def kernel(z: wg.Array) -> wg.Array:  # of z = x - y, even
        return attraction / 2 * z**2

    def spread(t: float) -> float:
        rest = temperature / total
        return float(rest + (variance - rest) * np.exp(-2 * total * t))

    def exact(t: float, x: wg.Array) -> wg.Array:
        middle, width = mean * np.exp(-stiffness * t), spread(t)
        values: wg.Array = np.exp(-((x - middle) ** 2) / (2 * width)) / np.sqrt(2 * np.pi * width)
        return values

    return wg.Problem(
        # Wide enough for the mass at the ends to be negligible: a run warns if it is not.
        # Periodic: wg.Box(wg.Axis(-np.pi, np.pi, periodic=True)), with periodic V and W.
        # Two dimensions: wg.Box((-6, 6), (-6, 6)); every function then takes (x, y).
        domain=wg.Box((-6, 6)),
        # Leave a term out and it is gone. Others: wg.PowerLaw (porous medium), wg.Confinement,
        # wg.PolynomialInteraction; wg.Risk(features) for the neurons of a network, of which
        # `wgflow new case my_network --like cosine_neuron` is an example.
        energy=wg.Potential(potential) + wg.Interaction(kernel) + wg.Entropy(temperature),
        # At time 0; it is normalized to mass 1.
        initial=lambda x: exact(0.0, x),
        # Factor in front of the whole flow: a number, or a function of t.
        time_scale=1.0,
        # Leave out what you do not know. `reference` holds exact values of recorded quantities.
        exact=exact,
        reference={"variance": spread},
        # Final time where --until is not given.
        until=1.0,
    )
