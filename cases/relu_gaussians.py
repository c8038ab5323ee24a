r"""ReLU network with output weights and biases on two anisotropic Gaussians: a density in 4-D.

Data: $y = +1$ or $-1$ with probability $1/2$, $x$ a centred Gaussian with the variances $\tau^2$ on
$s_0$ coordinates and 1 on the others, $\tau = \tau_+$ or $\tau_-$. A neuron is
$a\, (\langle w, x \rangle + b)_+$ with $a$, $b$ and $w$ all trained. By rotation invariance the
density is $\rho(a, b, r_1, r_2)$, $r_1$ and $r_2$ the norms of the two parts of $w$:

$$
\partial_t \rho = s(t)\, \nabla \cdot (\rho\, \nabla \Psi), \qquad \Psi = V + \int U \rho,
$$

$V$ and $U$ from exact features: with $v = (\tau r_1, r_2)$, $z = |v|$,
$\alpha_n(z, b) = \mathbb E\, (z G + b)_+\, \mathrm{he}_n(G)$ they are
$a\, \alpha_n(z, b)\, (\tau r_1/z)^j\, (r_2/z)^{n-j}$, $n$ and $j$ even (odd $n$, which a bias
brings, average out over rotations).

The start is $a$ and $b$ Gaussian about 1 with standard deviation `jitter`,
$w \sim \mathcal N(0, \kappa^2 I/d)$. A start at $a = b = 1$ exactly is no density on a grid; the
jitter stands for it, and the networks beside the equation are drawn with the same one.

**The box.** The density spreads: with jitter 0.1 it fills $a \in [-0.4, 1.3]$ by $t = 2$,
$[-0.8, 1.4]$ by $t = 4$ and $[-5, 6]$ by $t = 16$. The box is made for $t = 2$, and a run warns of
mass in the outermost cells where it is too small: for later times widen it by `reach`, with more
cells. Cells are what limits accuracy in four dimensions: at $t = 2$ the risk is 0.9836 by 3000
particles, 0.965 by 16 cells an axis and 0.973 by 24, and means are off by 0.03 and 0.012.

`coefficients=fixed` keeps $a$ and $b$ where they start: then the density is that of
`anisotropic_gaussians` in $(r_1, r_2)$, with the activation $(t + 1)_+$.

**Conventions.** `convention=variances` means $\tau_\pm^2 = 1 \pm \delta$, as in the slides that
show this example (Mei 2019); `convention=widths` means $\tau_\pm = 1 \pm \delta$ (Mei,
Misiakiewicz, Montanari 2019). They print no $\delta$ for it: 0.8 is ours. Time: `preset=mmn2018` is
that of Mei, Montanari, Nguyen 2018, whose SGD has the factor 2 of the square's derivative and whose
distributional dynamics therefore the time scale $s = 2 \xi(t)$; `preset=mmm2019` is that of Mei,
Misiakiewicz, Montanari 2019, the same without the factor 2, $s = \xi(t)$. In both
$t = k \varepsilon$ after $k$ steps, a step is
$\theta \leftarrow \theta + s \varepsilon\, (y - f)\, \nabla \sigma$ without noise, $a$, $b$ and $w$
at the same rate, and the risk $R = \mathbb E\, (y - f)^2$ (Mei, Montanari, Nguyen 2018). There
`coefficients=fixed` is the network without output weights and biases, `coefficients=general` the
one with them.

**Source.** Mei, Montanari, Nguyen, "A mean field view of the landscape of two-layer neural
networks", PNAS 115 (2018) E7665-E7671, section on centred anisotropic Gaussians, ReLU.
"""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

import wgflow as wg
from wgflow.networks import (
    AnisotropicGaussians,
    PiecewiseLinear,
    anisotropic_network,
    relu_network,
)

CELLS = (24, 20, 20, 20)
SNAPSHOTS = (0.1, 0.3, 0.6, 1.0, 1.5)
PARTICLES = {"particles": 800, "step": 2e-4, "seeds": 1}


def problem(
    d: float = 320,
    s0: float = 60,
    delta: float = 0.8,
    convention: Literal["widths", "variances"] = "variances",
    coefficients: Literal["general", "fixed"] = "general",
    kappa: float = 0.8,
    jitter: float = 0.1,
    xi: float = 1.0,
    preset: Literal["mmn2018", "mmm2019"] = "mmn2018",
    order: int = 4,
    reach: float = 1.0,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    d : float
        Dimension of the data, a whole number >= 2.
    s0 : float
        Coordinates whose width depends on the label, 1 <= s0 < d.
    delta : float
        Separation of the two variances or standard deviations, in (0, 1).
    convention : {"widths", "variances"}
        tau = 1 ± delta, or tau^2 = 1 ± delta.
    coefficients : {"general", "fixed"}
        Whether a and b are trained, or stay 1.
    kappa : float
        Size of the initial weights, w ~ N(0, kappa^2 I/d).
    jitter : float
        Standard deviation of a and of b at the start.
    xi : float
        Step-size schedule, constant.
    preset : {"mmn2018", "mmm2019"}
        Time scale: s = 2 xi or s = xi.
    order : int
        Largest order of the Hermite features, even.
    reach : float
        Factor of the extent of the box.
    """
    for name, value in (("kappa", kappa), ("jitter", jitter), ("xi", xi), ("reach", reach)):
        if not 0 < value < math.inf:
            raise wg.InputError(f"{name} = {value}: give a finite number > 0")
    if not 1 <= s0 < d < math.inf:
        raise wg.InputError(f"s0 = {s0:g} with d = {d:g}: give whole numbers, 1 <= s0 < d")
    data = AnisotropicGaussians(d, s0, delta, convention)
    first = _start(s0, kappa * math.sqrt(s0 / d))
    second = _start(d - s0, kappa * math.sqrt(1 - s0 / d))
    radii = (
        wg.Axis(0.0, 1.4 * reach, radial=s0, name="r1"),
        wg.Axis(0.0, 1.0 * reach, radial=d - s0, name="r2"),
    )
    if coefficients == "fixed":
        shifted = PiecewiseLinear((-1.0,), (0.0,), 0.0, 1.0)
        network = anisotropic_network(shifted, data, kappa, order)
        box = wg.Box(*radii)
        initial: Callable[..., wg.Array] = lambda r1, r2: first(r1) * second(r2)  # noqa: E731
    else:
        network = relu_network(data, kappa, (1.0, 1.0), jitter, order)
        box = wg.Box(
            wg.Axis(0.4 - 1.5 * reach, 0.4 + 1.4 * reach, name="a"),
            wg.Axis(0.7 - 1.0 * reach, 0.7 + 1.0 * reach, name="b"),
            *radii,
        )
        initial = lambda a, b, r1, r2: (  # noqa: E731
            np.exp(-((a - 1) ** 2 + (b - 1) ** 2) / (2 * jitter**2)) * first(r1) * second(r2)
        )
    return wg.Problem(
        domain=box,
        energy=wg.Risk(network.features),
        initial=initial,
        time_scale={"mmn2018": 2.0, "mmm2019": 1.0}[preset] * xi,
        until=2.0,
        network=network,
    )


def _start(dimension: float, size: float) -> Callable[[wg.Array], wg.Array]:
    """Chi density with E r^2 = size^2, up to its norm."""
    peak = size * math.sqrt(max(dimension - 1, 0.25) / dimension)

    def density(r: wg.Array) -> wg.Array:
        # relative to the peak, which keeps the powers within range
        exponent = -dimension * (r**2 - peak**2) / (2 * size**2)
        if dimension > 1:
            exponent = exponent + (dimension - 1) * np.log(r / peak)
        values: wg.Array = np.exp(exponent)
        return values

    return density
