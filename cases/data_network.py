r"""Two-layer network on your own data: the density of its neurons, for any convex loss.

The file has one sample per line: the one or two components of $x$, then $y$, a number or a label
$+1$ or $-1$; a header line is allowed. Neurons are $a\, \sigma(\langle w, x \rangle + b)$; each of
$a$ and $b$ is either trained or a constant shared by all neurons, so the state $\theta$ is
$(a, w, b)$, $(w, b)$, $(a, w)$ or $w$, with one to four components. The network
$f(x) = \int \sigma(x; \theta)\, \rho(\theta)\, \mathrm d\theta$ is trained by the flow

$$
\begin{split}
\partial_t \rho &= s\, \nabla \cdot \left( \rho\, \nabla \frac{\delta F}{\delta \rho} \right), \\
F &= \frac1M \sum_m \ell(f(x_m), y_m) + \frac{\lambda}{2} \int |\theta|^2 \rho
  + \frac1\beta \int \rho \log\rho,
\end{split}
$$

that is, by gradient descent with weight decay $\lambda$ and noise of temperature $1/\beta$, in the
limit of many neurons. The $M$ predictions are linear in $\rho$ and $F$ is convex in them: there are
no spurious minima, and for finite $\beta$ the minimizer is unique. `wgflow compare data_network`
also trains networks of finite width on the same data.

    wgflow run data_network --set file=points.csv --set loss=logistic

**Losses.** `square`: $\ell = (y - f)^2/2$, for which the reported risk is the mean of $(y - f)^2$;
`huber`, with its threshold; and, for labels $+1$ and $-1$, `logistic` and `hinge`, the latter with
its corner rounded over a width. For all but `square` the risk is the mean of $\ell$.

**Output.** In addition to the files of every run, `predictor.png` and `predictor.csv`: $f$ on a
grid of $x$ and on the data. `solution.moments` holds the predictions on the data over time;
`solution.predict(x)` evaluates $f$ anywhere.

**Units.** The initial density is $\mathcal N(0, \mathrm{spread}^2\, I)$ and the domain is
$[-\mathrm{reach}, \mathrm{reach}]$ on each axis, which suits inputs of order 1. Neurons therefore
see each component of $x$ from a file as $(x - \bar x)/s$, with the mean and standard deviation of
the samples (`standardize`; `wgflow describe` and `summary.json` report them), while files,
`predict` and `predictor.csv` use the units of the file. Labels are not rescaled: $y$ divided by the
output weight should be of order 1. With a bounded $\sigma$ and a fixed output weight $a$,
$|f| < |a| \sup |\sigma|$. A file with a missing value, a constant column of $x$, or two columns
that differ only by scale and offset is refused.

**Conventions.** Time: `preset=mmn2018` follows Mei, Montanari, Nguyen 2018, whose SGD keeps the
factor 2 from differentiating the square, so that the distributional dynamics has the time scale
$s = 2 \xi(t)$; `preset=mmm2019` follows Mei, Misiakiewicz, Montanari 2019, without that factor:
$s = \xi(t)$. In both, $t = k \varepsilon$ after $k$ steps, and one step is

$$
\theta \leftarrow \theta + s \varepsilon\, \left[ -\ell'(f, y)\, \nabla \sigma
  - \lambda \theta \right] + \sqrt{2 s \varepsilon/\beta}\; g ,
$$

with $\xi = 1$. The square loss is halved, $\ell = (y - f)^2/2$, so that $-\ell' = y - f$; its risk
is not (Mei, Montanari, Nguyen 2018). Labels for `logistic` and `hinge` are $\pm1$ and these losses
are functions of $y f$ (Hastie, Tibshirani, Friedman 2009, section 10.6); `hinge` is rounded as in
Rennie, Srebro 2005, and `huber` is that of Huber 1964.

**Examples.** Without a file: `wave`, 40 points of $\sin(2.5\, x)$ on $[-2, 2]$, with half the
amplitude on the last third and noise 0.1; or `moons`, 120 points on two interlocking half circles,
labelled $+1$ and $-1$.

**Rates.** While the density is smooth: MUSCL 2, Scharfetter-Gummel 2, and, with `dt` proportional
to $h^2$, `quantile_jko`. Later, ridges of neurons form that coarse grids do not resolve.

**Cost.** $M$ numbers per cell are stored, and read twice per step: $128 \times 128$ cells and 40
samples take 5 MB, $32^3$ cells and 1000 samples 260 MB. Thin large data sets with
`--set samples=500`.

**Source.** The equation is that of Mei, Montanari, Nguyen, PNAS 115 (2018) E7665-E7671, for the
empirical law of the data; other losses follow Chizat, Bach, NeurIPS 31 (2018) 3036-3046.
"""

import math
from typing import Literal

import numpy as np

import wgflow as wg
from wgflow.energies import Energy
from wgflow.io import read_points
from wgflow.networks import (
    Affine,
    EmpiricalData,
    Huber,
    Loss,
    SmoothHinge,
    Standardized,
    empirical_network,
    loss_of,
)
from wgflow.networks import activation as named_activation
from wgflow.parallel import world

EXPECTED: dict[str, float] = {}  # see the variants
SNAPSHOTS = (0.3, 1.0, 3.0, 10.0)
VARIANTS = {  # against a fine reference
    "weights alone": {
        "set": {"bias": 0.0},
        "convergence": {"cells": (100, 200, 400), "until": 0.5},
        "expected": {"muscl": 2.0},
        "finest_error": {"muscl": 8e-4},
    },
    "weights alone, with noise": {
        "set": {"bias": 0.0, "beta": 20.0, "loss": "huber", "bend": 0.5},
        "convergence": {
            "cells": (50, 100, 200),
            "until": 0.5,
            "dt": {"scharfetter_gummel": 0.02, "quantile_jko": 0.1},
        },
        "expected": {"scharfetter_gummel": 2.0, "quantile_jko": 2.0},
        "finest_error": {"scharfetter_gummel": 4e-4, "quantile_jko": 5e-4},
    },
    "weights and biases": {
        "set": {},
        "convergence": {"cells": (64, 128, 256), "until": 0.1},
        "expected": {"muscl": 2.0},
        "finest_error": {"muscl": 2e-4},
    },
}
PARTICLES = {"particles": 800, "step": 5e-3, "seeds": 3, "batch": 10}
WIDTHS = {"dynamics": "particle", "step": 0.1, "seeds": 8, "until": 3.0}
COUPLING = {
    "times": (0.5, 1.0),
    "sizes": (100, 400, 1600, 6400),
    "steps": (0.02, 0.01, 0.005, 0.0025),
    "seeds": 20,
}


def problem(
    file: str = "",
    example: Literal["wave", "moons"] = "wave",
    loss: Literal["square", "logistic", "hinge", "huber"] = "square",
    activation: str = "tanh",
    output: float | Literal["trained"] = 3.0,
    bias: float | Literal["trained"] = "trained",
    bend: float = 1.0,
    weight_decay: float = 0.0,
    beta: float = math.inf,
    spread: float = 1.5,
    reach: float = 8.0,
    standardize: bool = True,
    samples: int = 0,
    seed: int = 0,
    preset: Literal["mmn2018", "mmm2019"] = "mmn2018",
) -> wg.Problem:
    """Make the problem.

    Parameters
    ----------
    file : str
        Path of the data; the example if empty.
    example : {"wave", "moons"}
        Built-in data set.
    loss : {"square", "logistic", "hinge", "huber"}
        l, as a function of output and target: see above.
    activation : str
        tanh, erf, logistic, ramp, truncated_relu, nonmonotone or relu.
    output : float
        Output weight a of all neurons, or trained.
    bias : float
        Bias b of all neurons, or trained.
    bend : float
        Width over which the hinge is rounded, or threshold of huber.
    weight_decay : float
        lambda, of the penalty lambda |theta|^2 / 2.
    beta : float
        Inverse temperature of the noise; inf for none.
    spread : float
        Standard deviation of each component of theta at the start.
    reach : float
        The domain is [-reach, reach] on each axis.
    standardize : bool
        For a file: whether neurons see each component of x less its mean, divided by its standard
        deviation; predictions stay in the units of the file.
    samples : int
        Number of samples to draw at random from the file, or to make for the example; 0 for all.
    seed : int
        For the example's noise and the choice of samples.
    preset : {"mmn2018", "mmm2019"}
        Time scale: s = 2 or s = 1.
    """
    for name, value in (("spread", spread), ("reach", reach), ("beta", beta), ("bend", bend)):
        if not value > 0:
            raise wg.InputError(f"{name} = {value}: give a number > 0")
    if samples < 0 or seed < 0:
        raise wg.InputError(f"samples = {samples}, seed = {seed}: give whole numbers >= 0")
    chosen = _loss(loss, bend)
    if file:
        data = _thinned(read_points(file, chosen, inputs=(1, 2), comm=world()), samples, seed)
    else:
        data = {"wave": _wave, "moons": _moons}[example](samples, seed)
    unit = Affine(
        named_activation(activation),
        inputs=data.x.shape[1],
        output=None if output == "trained" else output,
        bias=None if bias == "trained" else bias,
    )
    size = len(unit.names)

    def draw(rng: np.random.Generator, count: int) -> wg.Array:
        theta = spread * rng.standard_normal((count, size))
        while (far := np.abs(theta) > reach).any():  # the law of the density ends there
            theta[far] = spread * rng.standard_normal(int(far.sum()))
        return theta

    seen = _standardized(unit, data) if file and standardize else unit
    network = empirical_network(seen, data, draw, chosen)
    energy: wg.Risk | Energy = wg.Risk(network.features)
    if weight_decay:
        energy = energy + wg.Confinement(weight_decay)
    if math.isfinite(beta):
        energy = energy + wg.Entropy(1 / beta)
    return wg.Problem(
        domain=wg.Box(*(wg.Axis(-reach, reach, name=name) for name in unit.names)),
        energy=energy,
        initial=lambda *theta: np.exp(-sum(c**2 for c in theta) / (2 * spread**2)),
        time_scale={"mmn2018": 2.0, "mmm2019": 1.0}[preset],
        until=40.0,
        network=network,
    )


def _loss(name: str, bend: float) -> Loss:
    if name == "hinge":
        return SmoothHinge(bend)
    return Huber(bend) if name == "huber" else loss_of(name)


def _thinned(data: EmpiricalData, samples: int, seed: int) -> EmpiricalData:
    """Choose some of the samples."""
    if not 0 < samples < len(data.y):
        return data
    kept = np.sort(np.random.default_rng(seed).choice(len(data.y), samples, replace=False))
    return EmpiricalData(data.x[kept], data.y[kept])


def _standardized(unit: Affine, data: EmpiricalData) -> Standardized:
    """Let neurons see inputs of mean 0 and standard deviation 1."""
    centre, scale = data.x.mean(axis=0), data.x.std(axis=0)
    constant = np.flatnonzero(np.ptp(data.x, axis=0) == 0)
    if constant.size:
        raise wg.InputError(
            f"component {constant[0] + 1} of x is the same in all {len(data.y)} samples: give more "
            "samples, or standardize=false"
        )
    return Standardized(unit, tuple(centre.tolist()), tuple(scale.tolist()))


def _wave(samples: int, seed: int) -> EmpiricalData:
    rng = np.random.default_rng(seed)
    x = np.linspace(-2.0, 2.0, samples or 40)
    height = np.where(x > 2 / 3, 0.5, 1.0)
    return EmpiricalData(x, height * np.sin(2.5 * x) + 0.1 * rng.standard_normal(len(x)))


def _moons(samples: int, seed: int) -> EmpiricalData:
    """Make two half circles of radius 1 around (-1/2, -1/4) and (1/2, 1/4), with noise 0.15."""
    rng = np.random.default_rng(seed)
    count = samples or 120
    y = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    angle = rng.uniform(0.0, math.pi, count)
    x = np.stack([y * np.cos(angle) - y / 2, y * np.sin(angle) - y / 4], axis=1)
    return EmpiricalData(x + 0.15 * rng.standard_normal((count, 2)), y)
