r"""A network that fails to learn from small weights: two fates of one density equation.

Data and equation are those of `isotropic_gaussians`: $y = +1$ or $-1$,
$x \sim \mathcal N(0, \tau^2 I_d)$, and a density $\rho(r)$ of $r = |w|$. The activation is not
monotone: $-2.5$ for $t \le 0$, falling to $-4$ at $t = 0.5$, rising to $7.5$ at $t = 1.5$, linear
in between and constant beyond. A neuron with small weights is driven to $w = 0$, where it outputs
$-2.5$ for every input. The initial $w \sim \mathcal N(0, \kappa^2 I/d)$ decides the outcome:

- $\kappa = 0.1$: all neurons collapse to $r = 0$, the network is the constant $-2.5$ and
  $R = \mathbb E\, (y + 2.5)^2 = 29/4$ forever, although a risk near 0 is attainable;
- $\kappa = 0.4$: $r$ grows and the risk falls below 0.05.

`wgflow study critical nonmonotone_failure` finds the $\kappa$ in between by bisection.

**The cells follow the density** (`FOLLOW`; `--no-follow` for the whole box). Collapsed mass sits at
the centre of the cell at $r = 0$, so the risk differs from $29/4$ by about $7 h$. A window shrinks
with the density and gives $R = 7.250000$; on the box, with cells clustered at 0, $R = 7.2504$ with
800 cells and 7.2530 with 100. A growing density stays narrow and travels far, and on the cells of
the box numerical diffusion makes it too wide. At $\kappa = 0.4$, $t = 1$, the standard deviation of
$r$ is

| cells | 100 | 200 | 400 | 800 | particles |
|---|---|---|---|---|---|
| window | 0.01096 | 0.00983 | 0.00971 | 0.00970 | 0.00969 |
| box | 0.180 | 0.111 | 0.068 | 0.042 | |

The risk there, 0.0277, and the mean, 1.9675, are the same with 100 and with 800 cells in the
window. First-order schemes also give these risks, but a density several times wider.

In between, some neurons collapse and the others grow to compensate, so the risk at a given time
falls steeply, but continuously, over $\kappa = 0.175 \dots 0.21$.

Stochastic gradient descent cannot rest at $w = 0$, where the activation has a kink: it jitters in a
ball of radius proportional to the step, and its risk stays above $29/4$ by 0.43 for
$\varepsilon = 10^{-5}$ and by 0.04 for $10^{-6}$. Only small steps reproduce the density's value;
$\kappa = 0.4$ needs no such care ($\varepsilon = 10^{-5}$).

**Conventions.** `convention=widths` means $\tau = 1 + \delta$ and $1 - \delta$ (Mei, Misiakiewicz,
Montanari 2019); `convention=variances` means $\tau^2 = 1 + \delta$ and $1 - \delta$, the 1.5 and
0.5 of Mei, Montanari, Nguyen 2018 for $\delta = 0.5$; then $\kappa = 0.4$ also learns, but more
slowly and less well. Time: `preset=mmn2018` follows Mei, Montanari, Nguyen 2018, whose SGD keeps
the factor 2 from differentiating the square, so that the distributional dynamics has the time scale
$s = 2 \xi(t)$; `preset=mmm2019` follows Mei, Misiakiewicz, Montanari 2019, without that factor:
$s = \xi(t)$. In both, $t = k \varepsilon$ after $k$ steps, and one step is
$w \leftarrow w + s \varepsilon\, (y - f)\, \nabla \sigma$ without noise; the risk is
$R = \mathbb E\, (y - f)^2$, as in Mei, Montanari, Nguyen 2018.

**Source.** Mei, Montanari, Nguyen, "A mean field view of the landscape of two-layer neural
networks", PNAS 115 (2018) E7665-E7671, section on predicting failure.
"""

import math
from typing import Literal

import numpy as np

import wgflow as wg
from wgflow.networks import IsotropicGaussians, isotropic_network, nonmonotone

CELLS = 800
SNAPSHOTS = (0.003, 0.01, 0.03, 0.1, 0.3)
FOLLOW: dict[str, float] = {}  # as wg.Follow has it
PARTICLES = {"particles": 400, "step": 2e-6, "seeds": 1}  # see above
WIDTHS = {  # before the collapse, after which networks of any width are alike
    "dynamics": "particle",
    "step": 5e-4,
    "sizes": (20, 80, 320),
    "seeds": 16,
    "until": 0.004,
}
COUPLING = {  # before the neurons meet the kink of the activation at 0
    "times": (0.002, 0.004),
    "sizes": (50, 100, 200, 400),
    "steps": (1.6e-5, 8e-6, 4e-6, 2e-6),
    "neurons": 50,
    "seeds": 20,
    "dt": 2e-4,
}
CRITICAL = {
    "parameter": "kappa",
    "between": (0.1, 0.4),
    "below": 1.0,
    "until": 1.0,
    "cells": 120,
}


def problem(
    kappa: float = 0.1,
    d: float = 320,
    delta: float = 0.5,
    convention: Literal["widths", "variances"] = "widths",
    xi: float = 1.0,
    preset: Literal["mmn2018", "mmm2019"] = "mmn2018",
    order: int = 6,
    radius: float = 20.0,
    finest: float = 0.01,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    kappa : float
        Size of the initial weights, w ~ N(0, kappa^2 I/d).
    d : float
        Dimension of the data, a whole number >= 2.
    delta : float
        Separation of the two standard deviations or variances, in (0, 1).
    convention : {"widths", "variances"}
        tau = 1 ± delta, or tau^2 = 1 ± delta.
    xi : float
        Step-size schedule, constant.
    preset : {"mmn2018", "mmm2019"}
        Time scale: s = 2 xi or s = xi.
    order : int
        Largest order of the Hermite features, even.
    radius : float
        The domain is 0 <= r <= radius.
    finest : float
        Cells are about equal for r below this and grow in proportion to r above.
    """
    for name, value in (("kappa", kappa), ("xi", xi), ("finest", finest)):
        if not 0 < value < math.inf:
            raise wg.InputError(f"{name} = {value}: give a finite number > 0")
    if not 2 <= d < math.inf:
        raise wg.InputError(f"d = {d:g}: give a whole number >= 2")
    data = IsotropicGaussians(d, delta, convention)
    network = isotropic_network(nonmonotone(), data, kappa, order)
    peak = kappa * math.sqrt((d - 1) / d)  # where the density of |w| is largest

    def start(r: wg.Array) -> wg.Array:
        # chi, relative to the peak, which keeps the powers within range
        exponent = (d - 1) * np.log(r / peak) - d * (r**2 - peak**2) / (2 * kappa**2)
        values: wg.Array = np.exp(exponent)
        return values

    cells = wg.Clustered(0.0, radius, around=0.0, scale=finest)
    return wg.Problem(
        domain=wg.Box(wg.Axis(0.0, radius, radial=d, name="r", stretch=cells)),
        energy=wg.Risk(network.features),
        initial=start,
        time_scale={"mmn2018": 2.0, "mmm2019": 1.0}[preset] * xi,
        until=1.0,
        network=network,
    )
