r"""Two-layer network on two centred isotropic Gaussians: the radial distributional dynamics.

Data: $y = +1$ or $-1$ with probability $1/2$ each, $x \sim \mathcal N(0, \tau^2 I_d)$,
$\tau = 1 + \delta$ for $y = +1$ and $1 - \delta$ for $y = -1$. A neuron is
$\sigma(\langle w, x \rangle)$. A rotation-invariant initial density remains so, and the density of
the neurons reduces to a density $\rho(r)$ of $r = |w|$ with

$$
\begin{split}
\partial_t \rho &= s(t) \left[ \partial_r \left( \rho\, \partial_r \left( \Psi
  + \tfrac{\lambda}{2} r^2 \right) \right)
  + \frac1\beta\, \partial_r \left( r^{d-1}\, \partial_r \frac{\rho}{r^{d-1}} \right) \right], \\
\Psi(r; \rho) &= V(r) + \int U(r, r')\, \rho(r')\, \mathrm dr',
\end{split}
$$

where $V$ and $U$ come from the exact Hermite features of the activation. Initially
$w \sim \mathcal N(0, \kappa^2 I/d)$.

For $d = 40$, $\delta = 0.8$ and the ramp activation, without noise: $R(0) = 1.70448$,
$R(0.001) = 1.69643$, $R(0.01) = 1.63188$, $R(1) = 1.0706$. Later values are sensitive to numerical
diffusion: compare several resolutions.

**Conventions.** Time: `preset=mmn2018` follows Mei, Montanari, Nguyen 2018, whose SGD keeps the
factor 2 from differentiating the square, so that the distributional dynamics has the time scale
$s = 2 \xi(t)$; `preset=mmm2019` follows Mei, Misiakiewicz, Montanari 2019, without that factor:
$s = \xi(t)$. In both, $t = k \varepsilon$ after $k$ steps, and one step is

$$
\theta \leftarrow \theta + s \varepsilon \left[ (y - f)\, \nabla \sigma
  - \lambda \theta \right] + \sqrt{2 s \varepsilon/\beta}\; g ,
$$

the risk is $R = \mathbb E\, (y - f)^2$ and the free energy
$F = R/2 + \frac\lambda2 \int |\theta|^2 \rho + \frac1\beta \int \rho \log\rho$, as in Mei,
Montanari, Nguyen 2018. Slides on the subject print $\sqrt{\varepsilon/\beta}$ or $\sqrt{1/\beta}$
in front of the noise; with the factors used here, drift, noise, $F$ and the fixed point
$\exp(-\beta\, (\Psi + \lambda |\theta|^2/2))$ are consistent. $\delta$ separates standard
deviations, $\tau_\pm = 1 \pm \delta$ (Mei, Montanari, Nguyen 2018, centred isotropic Gaussians);
the output is the mean over neurons, $f = \frac1N \sum_i \sigma(\langle w_i, x \rangle)$.

**Source.** Mei, Montanari, Nguyen, "A mean field view of the landscape of two-layer neural
networks", PNAS 115 (2018) E7665-E7671; the radial equation is in its section on centred isotropic
Gaussians.
"""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

import wgflow as wg
from wgflow.energies import Energy
from wgflow.networks import IsotropicGaussians, isotropic_network
from wgflow.networks import activation as named_activation

CELLS = 1600
SNAPSHOTS = (0.001, 0.01, 0.1, 1.0, 2.0, 4.0, 6.0)
PARTICLES = {"particles": 800, "step": 1e-5, "seeds": 4, "extrapolate": True}
WIDTHS = {"dynamics": "particle", "step": 0.1, "sizes": (10, 40, 160, 640), "seeds": 4}
COUPLING = {  # SGD follows gradient descent where d times the step is small
    "times": (0.04, 0.08),
    "sizes": (50, 100, 200, 400, 800),
    "steps": (8e-4, 4e-4, 2e-4, 1e-4),
    "neurons": 50,
    "seeds": 10,
}


def problem(
    d: float = 40,
    delta: float = 0.8,
    activation: str = "ramp",
    kappa: float = 0.8,
    xi: float = 1.0,
    weight_decay: float = 0.0,
    beta: float = math.inf,
    preset: Literal["mmn2018", "mmm2019"] = "mmn2018",
    order: int = 8,
    spread: float = 0.11,
    radius: float = 6.0,
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    d : float
        Dimension of the data, a whole number >= 2, or inf.
    delta : float
        Separation of the two standard deviations 1 ± delta, in (0, 1).
    activation : str
        ramp, truncated_relu, nonmonotone, relu, tanh, erf or logistic.
    kappa : float
        Size of the initial weights, w ~ N(0, kappa^2 I/d).
    xi : float
        Step-size schedule, constant.
    weight_decay : float
        lambda, of the penalty lambda |w|^2 / 2.
    beta : float
        Inverse temperature of the noise; inf for none.
    preset : {"mmn2018", "mmm2019"}
        Time scale: s = 2 xi or s = xi.
    order : int
        Largest order of the Hermite features, even.
    spread : float
        For d = inf only: relative standard deviation of |w| at the start, where the law of
        large numbers would give a point mass.
    radius : float
        The domain is 0 <= r <= radius.
    """
    for name, value in (("kappa", kappa), ("xi", xi), ("beta", beta), ("spread", spread)):
        if not value > 0:
            raise wg.InputError(f"{name} = {value}: give a number > 0")
    if not d >= 2:
        raise wg.InputError(f"d = {d:g}: give a whole number >= 2, or inf")
    if math.isinf(d) and math.isfinite(beta):
        raise wg.InputError(f"beta = {beta} with d = inf: noise needs a finite dimension")
    data = IsotropicGaussians(d, delta)
    network = isotropic_network(named_activation(activation), data, kappa, order)
    energy: wg.Risk | Energy = wg.Risk(network.features)
    if weight_decay:
        energy = energy + wg.Confinement(weight_decay)
    if math.isfinite(beta):
        energy = energy + wg.Entropy(1 / beta)
    return wg.Problem(
        domain=wg.Box(wg.Axis(0.0, radius, radial=None if math.isinf(d) else d, name="r")),
        energy=energy,
        initial=_start(d, kappa, spread),
        time_scale={"mmn2018": 2.0, "mmm2019": 1.0}[preset] * xi,
        until=10.0,
        network=None if math.isinf(d) else network,
    )


def _start(d: float, kappa: float, spread: float) -> Callable[[wg.Array], wg.Array]:
    """Density of |w|, up to its norm: chi with d degrees of freedom, or a Gaussian."""
    if math.isinf(d):
        return lambda r: np.exp(-(((r - kappa) / (spread * kappa)) ** 2) / 2)
    peak = kappa * math.sqrt((d - 1) / d)  # where the exponent is largest

    def density(r: wg.Array) -> wg.Array:
        # relative to the peak, which keeps the powers within range
        exponent = (d - 1) * np.log(r / peak) - d * (r**2 - peak**2) / (2 * kappa**2)
        values: wg.Array = np.exp(exponent)
        return values

    return density
