r"""ReLU network with output weights and biases on two anisotropic Gaussians: a density in 4-D.

Data: $y = +1$ or $-1$ with probability $1/2$ each, $x$ a centred Gaussian with variance $\tau^2$ on
$s_0$ coordinates and 1 on the others, $\tau = \tau_+$ or $\tau_-$. A neuron is
$a\, (\langle w, x \rangle + b)_+$ with $a$, $b$ and $w$ all trained. By rotation invariance the
density is $\rho(a, b, r_1, r_2)$, where $r_1$ and $r_2$ are the norms of the two parts of $w$:

$$
\partial_t \rho = s(t)\, \nabla \cdot (\rho\, \nabla \Psi), \qquad \Psi = V + \int U \rho,
$$

where $V$ and $U$ come from exact features: with $v = (\tau r_1, r_2)$, $z = |v|$,
$\alpha_n(z, b) = \mathbb E\, (z G + b)_+\, \mathrm{he}_n(G)$ these are
$a\, \alpha_n(z, b)\, (\tau r_1/z)^j\, (r_2/z)^{n-j}$, with $n$ and $j$ even (the odd $n$ introduced
by a bias average out over rotations).

Initially $a$ and $b$ are Gaussian about 1 with standard deviation `jitter`, and
$w \sim \mathcal N(0, \kappa^2 I/d)$. Starting at exactly $a = b = 1$ would give no density on a
grid, hence the jitter; the finite networks that a comparison trains are drawn with the same one.

**The cells follow the density.** The density is narrow initially (standard deviations 0.1 in $a$
and $b$, 0.03 in $r_1$ and $r_2$), then travels and spreads: at $t = 2$ it fills
$a \in [-0.8, 1.2]$, $r_1 \in [0.2, 0.9]$. In a box that holds all of this the cells are too large,
and numerical diffusion makes the density too wide. The cells therefore cover a window that follows
it (`FOLLOW`; `--no-follow` for the whole box). The window may leave out $10^{-4}$ of the mass at
each end: mass beyond a newly chosen window stays in its outermost cells. At $t = 2$, against
$4 \times 100000$ particles with the same features (the equation's own characteristics, statistical
errors below 4e-4):

| cells | $R$ | mean a | b | r1 | r2 | width a | r1 |
|---|---|---|---|---|---|---|---|
| particles | 0.98383 | 0.2569 | 0.4321 | 0.4646 | 0.5515 | 0.214 | 0.079 |
| 24,24,20,20, `limiter=central` | 0.98226 | 0.2577 | 0.4344 | 0.4656 | 0.5513 | 0.234 | 0.086 |
| 24,24,20,20 | 0.98116 | 0.2590 | 0.4361 | 0.4662 | 0.5511 | 0.244 | 0.090 |
| 16,16,16,16 | 0.97591 | 0.2637 | 0.4433 | 0.4697 | 0.5494 | 0.299 | 0.105 |
| 16,12,16,16, whole box | 0.95843 | 0.2881 | 0.4683 | 0.4800 | 0.5486 | 0.403 | 0.156 |

The box ends at $a = 1.8$: for times beyond 4 widen it with `reach`, at no cost in resolution.

`coefficients=fixed` keeps $a$ and $b$ at their initial values: the density is then that of
`anisotropic_gaussians` in $(r_1, r_2)$, with the activation $(t + 1)_+$.

**Conventions.** `convention=variances` means $\tau_\pm^2 = 1 \pm \delta$, as in the slides that
show this example (Mei 2019); `convention=widths` means $\tau_\pm = 1 \pm \delta$ (Mei,
Misiakiewicz, Montanari 2019). They print no $\delta$ for it: 0.8 is our choice. Time:
`preset=mmn2018` follows Mei, Montanari, Nguyen 2018, whose SGD keeps the factor 2 from
differentiating the square, so that the distributional dynamics has the time scale $s = 2 \xi(t)$;
`preset=mmm2019` follows Mei, Misiakiewicz, Montanari 2019, without that factor: $s = \xi(t)$. In
both, $t = k \varepsilon$ after $k$ steps, and one step is
$\theta \leftarrow \theta + s \varepsilon\, (y - f)\, \nabla \sigma$ without noise, with $a$, $b$
and $w$ at the same rate; the risk is $R = \mathbb E\, (y - f)^2$ (Mei, Montanari, Nguyen 2018).
In that paper `coefficients=fixed` is the network without output weights and biases, and
`coefficients=general` the one with them.

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

CELLS = (24, 24, 20, 20)
FOLLOW = {"tolerance": 1e-4}
SNAPSHOTS = (0.1, 0.3, 0.6, 1.0, 1.5)
PARTICLES = {"particles": 800, "step": 2e-4, "seeds": 1}
WIDTHS = {"dynamics": "particle", "step": 0.02, "sizes": (20, 80, 320), "seeds": 12, "until": 0.3}
COUPLING = {  # SGD follows gradient descent where d times the step is small
    "times": (0.04, 0.08),
    "sizes": (50, 100, 200, 400),
    "steps": (4e-4, 2e-4, 1e-4, 5e-5),
    "neurons": 50,
    "seeds": 10,
}


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
