"""A two-layer tanh network on your own data: the density of its neurons, and finite networks.

Neurons 3 tanh(wx + b) learn 25 points of a curve, f(x) = ∫ 3 tanh(wx + b) ρ(w, b), by gradient
descent on the mean of (y - f)²/2. In the limit of many neurons their density follows

    ∂t ρ = ∇·(ρ ∇δF/δρ),    F(ρ) = (1/2M) Σ (y_m - f(x_m))².

During training, the predictions of N neurons scatter by about 1/√N around those of the density.

Source: Mei, Montanari, Nguyen, PNAS 115 (2018) E7665-E7671.
"""

import sys

import numpy as np

import wgflow as wg
from wgflow import plots
from wgflow.networks import Affine, EmpiricalData, activation, empirical_network, predict
from wgflow.particles import Schedule, gradient_descent

rng = np.random.default_rng(2)
x = np.linspace(-2, 2, 25)
data = EmpiricalData(x, np.exp(-(x**2)) + 0.02 * rng.normal(size=25))
network = empirical_network(
    Affine(activation("tanh"), inputs=1, output=3.0),
    data,
    draw=lambda rng, count: rng.normal(size=(count, 2)),
)

problem = wg.Problem(
    domain=wg.Box(wg.Axis(-6, 6, name="w"), wg.Axis(-6, 6, name="b")),
    energy=wg.Risk(network.features),
    initial=lambda w, b: np.exp(-(w**2 + b**2) / 2),
    network=network,
)
solution = wg.solve(problem, cells=96, until=10.0)
limit = solution.predict(x)
risks = solution.history["risk"]
print(f"risk of the density {risks[0]:.5f} -> {risks[-1]:.5f}")

gaps = {}
for count in (100, 1600):
    starts = (network.draw(np.random.default_rng(seed), count) for seed in range(8))
    runs = [gradient_descent(network, s, [10.0], step=0.1, schedule=Schedule(1.0)) for s in starts]
    predictions = np.array([predict(network.unit, r.final, x) for r in runs])
    gaps[count] = np.sqrt(np.mean((predictions - limit) ** 2))
    print(
        f"{count:5d} neurons: risk {np.mean([r.risk[-1] for r in runs]):.5f}, "
        f"predictions off by {gaps[count]:.4f}"
    )
if len(sys.argv) > 1:
    plots.density_figure(solution).savefig(sys.argv[1])

assert risks[-1] < risks[0] / 5
assert 2.0 < gaps[100] / gaps[1600] < 8.0  # 4 by the square root
