r"""Attraction and repulsion in the plane: the density collapses onto a ring.

$$
W(z) = \frac{|z|^4}{4} - \frac{|z|^2}{2}, \qquad
F = \tfrac12 \iint W(x - y)\, \rho(x)\, \rho(y) \qquad \text{(no noise)}
$$

**Minimum.** For mean $0$, $M_2 = \int |x|^2 \rho$, $M_4 = \int |x|^4 \rho$ and
$S = \int x x^\top \rho$,

$$
2 F = \tfrac12 M_4 + \tfrac12 M_2^2 + \operatorname{tr} S^2 - M_2
\ge \tfrac32 M_2^2 - M_2 \ge -\tfrac16,
$$

since $M_4 \ge M_2^2$ and $\operatorname{tr} S^2 \ge M_2^2/2$. Equality requires $|x|^2 = 1/3$
everywhere: the minimum $F = -1/12$ is attained on the ring of radius $1/\sqrt3 = 0.577350$.

**Exact solution.** A radial density stays radial, and $\nabla W * \rho = x\, (|x|^2 + 2 M_2 - 1)$,
so $u = |x|^2$ obeys the Bernoulli equation $u' = -2 u\, (u + 2 M_2(t) - 1)$, whose flow is the
Moebius map

$$
u(t) = \frac{u_0}{A + B u_0}, \qquad
A' = 2\,(2 M_2 - 1)\, A, \qquad
B' = 2 + 2\,(2 M_2 - 1)\, B, \qquad A(0) = 1, \quad B(0) = 0 .
$$

With $M_2(t) = \int \frac{u_0}{A + B u_0}\, \rho_0$ this is a system of two ordinary differential
equations, and

$$
\rho(t, x) = \rho_0(u_0)\, \frac{A}{(1 - B u)^2}, \qquad u_0 = \frac{A u}{1 - B u} .
$$

The initial density is the Gaussian with variance `variance` along each axis.

**Rates.** While the density is smooth: MUSCL 2, upwind 1. Refinement path: explicit, `dt`
proportional to $h$. Once the ring has formed, compare radii and energies, not densities.

**Source.** Kolokolnikov, Sun, Uminsky, Bertozzi, Phys. Rev. E 84 (2011) 015203 for rings of such
kernels; the Moebius reduction is our own.
"""

from functools import cache

import numpy as np

import wgflow as wg

CELLS = 64
RADIUS = 1 / np.sqrt(3.0)
MINIMUM = -1 / 12
EXPECTED = {"muscl": 2.0, "upwind": 1.0}
CONVERGENCE = {"cells": (32, 64, 128), "until": 0.5}
FINEST_ERROR = {"muscl": 9e-4, "upwind": 3.2e-2}


def problem(variance: float = 0.06, half_width: float = 1.5) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    variance : float
        Of the initial Gaussian on each axis, > 0.
    half_width : float
        The domain is [-half_width, half_width] on both axes.
    """
    if not variance > 0:
        raise wg.InputError(f"variance = {variance}: give a number > 0")
    # squared radii of the start: exponential of mean 2 * variance
    squares, weights = _exponential(2 * variance)

    def second_moment(a: float, b: float) -> float:
        return float(weights @ (squares / (a + b * squares)))

    @cache
    def flow(t: float) -> tuple[float, float]:
        from scipy.integrate import solve_ivp

        def slope(_: float, y: wg.Array) -> list[float]:
            growth = 2 * (2 * second_moment(y[0], y[1]) - 1)
            return [growth * y[0], 2 + growth * y[1]]

        done = solve_ivp(slope, (0.0, t), [1.0, 0.0], rtol=1e-12, atol=1e-14, method="DOP853")
        return float(done.y[0, -1]), float(done.y[1, -1])

    def density(t: float, x: wg.Array, y: wg.Array) -> wg.Array:
        a, b = flow(float(t)) if t > 0 else (1.0, 0.0)
        u = x**2 + y**2
        inside = 1 - b * u
        safe = np.where(inside > 0, inside, 1.0)
        start = np.exp(-a * u / safe / (2 * variance)) / (2 * np.pi * variance)
        values: wg.Array = np.where(inside > 0, start * a / safe**2, 0.0)
        return values

    def energy(t: float) -> float:
        a, b = flow(float(t)) if t > 0 else (1.0, 0.0)
        u = squares / (a + b * squares)
        second, fourth = float(weights @ u), float(weights @ u**2)
        return (fourth / 2 + second**2 - second) / 2

    return wg.Problem(
        domain=wg.Box((-half_width, half_width), (-half_width, half_width)),
        energy=wg.PolynomialInteraction({4: 0.25, 2: -0.5}),
        initial=lambda x, y: density(0.0, x, y),
        exact=density,
        reference={"energy": energy},
        until=4.0,
    )


def _exponential(mean: float) -> tuple[wg.Array, wg.Array]:
    """Quadrature for an exponential law: panels that grow from 0, near which the flow steepens."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    edges = np.concatenate([[0.0], 10.0 ** np.arange(-6, 0), 2.0 ** np.arange(-2, 6), [45.0]])
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    points = (middle[:, None] + half[:, None] * nodes).ravel()
    share: wg.Array = (half[:, None] * weights).ravel() * np.exp(-points)
    return mean * points, share
