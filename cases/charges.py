r"""Trainable charges: a network of Gaussian units, each with a position and a charge.

Inputs $x$ are uniform on the torus $[-\pi, \pi)^d$, the target is $f(x) = \sum_j q_j\, g(x - z_j)$
and a neuron is $c\, \varphi(x - y)$, with Gaussians wrapped around the torus,

$$
\varphi(x) \propto \sum_m \exp\left( -\frac{|x + 2\pi m|^2}{2 \sigma^2} \right), \qquad
\mathbb E\, \varphi^2 = 1,
$$

where $g$ is the same with its own width. The loss

$$
E = \tfrac12\, \mathbb E_x |f - f_N|^2
= C_f - \int c\, F \rho + \tfrac12 \iint c\, c'\, K(y - y')\, \rho\, \rho'
$$

is the energy of a system of charged particles, with $F = \mathbb E\, f \varphi$ and
$K = \mathbb E\, \varphi \varphi$ known exactly, and

$$
\begin{split}
\partial_t \rho &= \nabla_y \cdot \left( \rho\, \nabla_y \frac{\delta E}{\delta \rho} \right)
  + \partial_c \left( \rho\, \partial_c \frac{\delta E}{\delta \rho} \right), \\
\frac{\delta E}{\delta \rho}(y, c)
  &= c \left[ -F(y) + \int c'\, K(y - y')\, \rho(y', c')\, \mathrm dy'\, \mathrm dc' \right] .
\end{split}
$$

Weight decay, on the charges alone, adds $\lambda c^2/2$ to the potential; noise adds $1/\beta$
times the Laplacian in $y$ and $c$. With noise the stationary density is
$\rho \propto \exp(-\beta\, (\delta E/\delta\rho + \lambda c^2/2))$, where
$\delta E/\delta\rho = c\, \psi(y)$: charges at $y$ are normal with mean $-\psi/\lambda$ and
variance $1/(\beta\lambda)$.

The density lives in the $d + 1$ dimensions of $(y, c)$, with $d = 1$ or $2$. Initially $y$ is
uniform and $c \sim \mathcal N(0, \mathrm{start}^2)$. The risk reported is
$R = 2 E = \mathbb E_x |f - f_N|^2$, which is at least 0.

**Trained and fixed charges.** When $c$ is trained, the risk tends to 0. With `fixed`, only $y$
moves: the marginal law of $c$ is preserved, charges gather where they help most, and the risk stays
bounded away from zero: for every function $h$,

$$
R \ge \frac{\left( \mathbb E\, f h
  - \mathbb E |c|\, \max_y |\mathbb E\, h\, \varphi(\cdot, y)| \right)^2}{\mathbb E\, h^2}
\qquad \text{if what is squared is positive,}
$$

since $\mathbb E\, f_N h$ is at most $\mathbb E |c|\, \max_y |\mathbb E\, h\, \varphi(\cdot, y)|$.
With the default parameters $R(0) = 3.0635$. Trained charges give $R(1) = 1.737$, $R(3) = 0.427$,
$R(10) = 0.0031$; fixed ones give $R(1) = 2.765$, $R(10) = 2.317$ and $R(300) = 2.17$ (1000
particles), where taking $h = f$ shows that $R \ge 2.0197$.

**Conventions.** Time follows Rotskoff, Vanden-Eijnden 2018, whose gradient flow is that of $E$ (the
preset mmm2019 of other cases, $s = 1$); one SGD step is

$$
\theta \leftarrow \theta + \varepsilon\, \left[ (f - f_N)\, \nabla (c\, \varphi)
  - \lambda\, (0, c) \right] + \sqrt{2 \varepsilon/\beta}\; g .
$$

They take $\varphi = \exp(-\kappa x^2/2)$ with $\kappa = 1/\sigma^2$ and no prefactor: setting
$\mathbb E\, \varphi^2 = 1$ here changes the units of charge and time. $E$ is half the mean square,
as in their paper; the risk reported is $R = 2 E$, as in Mei, Montanari, Nguyen 2018. Decaying only
the charges, with equal noise in $y$ and $c$, is a choice made here; with these factors drift, noise
and the stationary state are consistent. Kernels are expanded in their wave numbers $k$; those with
$\exp(-\sigma^2 k^2) < \mathrm{accuracy}$ are dropped.

**Limits.** $c$ is cut off at $\pm\mathrm{reach}$; a run warns if mass gets there.

**Source.** Rotskoff, Vanden-Eijnden, "Trainability and accuracy of neural networks: an
interacting particle system approach", arXiv:1805.00915 (2018).
"""

import math
from typing import Literal

import numpy as np

import wgflow as wg
from wgflow.energies import Energy
from wgflow.networks import ChargeData, charge_network

EXPECTED: dict[str, float] = {}  # see the variants
SNAPSHOTS = (0.1, 0.3, 1.0, 3.0, 10.0)
SMOOTH = {"start": 1.5, "reach": 9.0, "width": 1.0, "target_width": 1.0}
VARIANTS = {  # against a fine reference, from a start that few cells resolve
    "smooth": {
        "set": SMOOTH,
        "convergence": {"cells": (32, 64, 128), "until": 0.25},
        "expected": {"muscl": 2.0, "upwind": 1.0},
        "finest_error": {"muscl": 2.5e-4, "upwind": 2.5e-3},
    },
    "fixed charges": {
        "set": {**SMOOTH, "fixed": True},
        "convergence": {"cells": (32, 64, 128), "until": 0.25},
        "expected": {"muscl": 2.0},
        "finest_error": {"muscl": 1e-4},
    },
}
PARTICLES = {"particles": 1000, "step": 1e-2, "seeds": 4, "batch": 10}
WIDTHS = {"dynamics": "particle", "step": 0.05, "seeds": 8}
COUPLING = {
    "times": (0.5, 1.0),
    "sizes": (100, 400, 1600),
    "steps": (0.02, 0.01, 0.005, 0.0025),
    "seeds": 20,
}
TARGETS = {
    "one": ((1.0,), ((0.0, 0.0),)),
    "pair": ((1.5, -1.0), ((-1.0, -0.5), (1.0, 0.5))),
    "three": ((1.5, -1.0, 1.0), ((-2.0, -1.0), (0.0, 1.5), (1.5, -0.5))),
}


def problem(
    dimension: Literal[1, 2] = 1,
    target: Literal["one", "pair", "three"] = "pair",
    target_width: float = 0.6,
    width: float = 0.6,
    start: float = 0.5,
    fixed: bool = False,
    reach: float = 8.0,
    weight_decay: float = 0.0,
    beta: float = math.inf,
    accuracy: float = 1e-8,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    dimension : {1, 2}
        d, of the inputs and positions; the density has one dimension more.
    target : {"one", "pair", "three"}
        Number of Gaussians of the target; their charges are 1; 1.5, -1; 1.5, -1, 1.
    target_width : float
        Standard deviation of each, in (0, 2].
    width : float
        sigma, of the units.
    start : float
        Standard deviation of the charges at the start.
    fixed : bool
        Whether the charges stay as drawn and only positions are trained.
    reach : float
        The domain is |c| <= reach.
    weight_decay : float
        lambda, of the charges.
    beta : float
        Inverse temperature of the noise; inf for none. Noise needs weight decay.
    accuracy : float
        Wave numbers whose weight is below this fraction of the largest are dropped.
    """
    if not start < reach / 4:
        raise wg.InputError(f"reach = {reach} with start = {start}: give a reach > 4 start")
    noisy = math.isfinite(beta)
    if not beta > 0 or (noisy and not weight_decay > 0):
        raise wg.InputError(
            f"beta = {beta} with weight_decay = {weight_decay}: give a beta > 0, and with noise a "
            "weight decay > 0, or charges spread for ever"
        )
    if noisy and fixed:
        raise wg.InputError(f"beta = {beta} with fixed charges: noise would move them; drop one")
    charges, places = TARGETS[target]
    data = ChargeData(charges, [place[:dimension] for place in places], target_width)
    network = charge_network(data, width, start, fixed, accuracy)
    energy: wg.Risk | Energy = wg.Risk(network.features)
    if weight_decay:
        energy = energy + wg.Confinement(weight_decay, axes=(dimension,))
    if noisy:
        energy = energy + wg.Entropy(1 / beta)
    names = ("y",) if dimension == 1 else ("y1", "y2")
    positions = [wg.Axis(-math.pi, math.pi, periodic=True, name=name) for name in names]
    return wg.Problem(
        domain=wg.Box(*positions, wg.Axis(-reach, reach, name="c", fixed=fixed)),
        energy=energy,
        initial=lambda *at: np.exp(-((at[-1] / start) ** 2) / 2) + 0 * sum(at),
        until=30.0 if fixed else 10.0,
        network=network,
    )
