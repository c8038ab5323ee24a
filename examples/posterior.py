"""A Bayesian posterior computed by the JKO scheme and compared with Langevin samples.

Logistic regression with two weights w, a Gaussian prior of precision m and 40 labelled points:
the posterior is exp(-V) with V = -log likelihood + m|w|²/2. The gradient flow of
KL(ρ | exp(-V)) = ∫ V ρ + ∫ ρ log ρ is the Fokker–Planck equation of Langevin dynamics
dw = -∇V dt + √2 dB, and each step of the JKO scheme is a proximal step for KL in the metric W2.
V is m-convex, so KL decays at least as fast as exp(-2mt) (Bakry, Émery 1985).

Source: Jordan, Kinderlehrer, Otto, SIAM J. Math. Anal. 29 (1998) 1-17; Wibisono, COLT 2018.
"""

import sys

import numpy as np

import wgflow as wg
from wgflow import plots

PRECISION, UNTIL = 1.0, 3.0
rng = np.random.default_rng(4)
points = rng.normal(size=(40, 2))
labels = np.sign(points @ [1.5, -0.7] + 0.5 * rng.normal(size=40))


def potential(*w):
    """Give V at arrays of weights."""
    margins = np.tensordot(labels[:, None] * points, np.stack(np.broadcast_arrays(*w)), 1)
    return np.logaddexp(0, -margins).sum(axis=0) + PRECISION / 2 * sum(c**2 for c in w)


def slope(w):
    """Give the gradient of V at weights of shape (samples, 2)."""
    misfit = 1 / (1 + np.exp(labels * (w @ points.T)))
    return PRECISION * w - (misfit * labels) @ points


problem = wg.Problem(
    domain=wg.Box((-5, 7), (-6, 5)),
    energy=wg.Potential(potential) + wg.Entropy(1.0),
    initial=lambda *w: np.exp(-sum(c**2 for c in w) * PRECISION / 2),  # the prior
)
solution = wg.solve(problem, "ljko", cells=48, until=UNTIL, options={"tau": 0.2})

# The posterior's evidence and mean by quadrature on the same cells, and Langevin's samples.
grid, w = solution.grid, solution.coordinates
weight = np.exp(-potential(*w))
evidence = grid.integrate(weight)
exact = [grid.integrate(c * weight) / evidence for c in w]
flow = [grid.integrate(c * solution.density) for c in w]
samples, step = rng.normal(size=(4000, 2)) / np.sqrt(PRECISION), 0.01
for _ in range(int(UNTIL / step)):
    samples += -step * slope(samples) + np.sqrt(2 * step) * rng.normal(size=samples.shape)
divergence = solution.history["energy"] + np.log(evidence)  # KL(ρ | posterior)
bound = divergence[0] * np.exp(-2 * PRECISION * UNTIL)

print(
    f"mean of the weights: flow {np.round(flow, 4)}, quadrature {np.round(exact, 4)}, "
    f"Langevin {np.round(samples.mean(axis=0), 2)}"
)
print(f"KL {divergence[0]:.3f} -> {divergence[-1]:.1e}, bound {bound:.1e}")
if len(sys.argv) > 1:
    plots.density_figure(solution).savefig(sys.argv[1])

assert 0 <= divergence[-1] < bound
assert np.allclose(flow, exact, atol=0.01)
assert np.allclose(samples.mean(axis=0), exact, atol=0.06)
