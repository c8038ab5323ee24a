"""Soft colloids in a trap: dynamic density functional theory of Gaussian cores.

Polymer coils in solution repel each other with the potential E exp(-r²/R²). In the mean-field
approximation, good for such soft cores, N of them in a harmonic trap have a density Nρ with

    ∂t ρ = ∇·(ρ ∇(k|x|²/2 + N E exp(-|·|²/R²) * ρ)) + T Δρ.

At equilibrium the virial theorem gives ∫ x·∇V ρ + ½ ∬ (x - y)·∇W(x - y) ρ(x) ρ(y) = 2 T in a plane.

Source: Louis, Bolhuis, Hansen, Phys. Rev. E 62 (2000) 7961-7972; Marconi, Tarazona, J. Chem. Phys.
110 (1999) 8032-8044.
"""

import sys

import numpy as np

import wgflow as wg
from wgflow import plots

K, N, E, R, T = 1.0, 50, 0.5, 1.0, 1.0

problem = wg.Problem(
    domain=wg.Box((-6, 6), (-6, 6)),
    energy=wg.Potential(lambda x, y: K * (x**2 + y**2) / 2)
    + wg.Interaction(lambda x, y: N * E * np.exp(-(x**2 + y**2) / R**2))
    + wg.Entropy(T),
    initial=lambda x, y: np.exp(-(x**2) - (y - 1) ** 2),
)
solution = wg.solve(problem, cells=36, until=5.0)

grid, rho = solution.grid, solution.density
x, y = solution.coordinates
trap = grid.integrate(K * (x**2 + y**2) * rho)

# The virial of the pairs is an interaction energy too, of the kernel z·∇W(z).
virial = wg.Interaction(
    lambda x, y: -2 * (x**2 + y**2) / R**2 * N * E * np.exp(-(x**2 + y**2) / R**2)
)
pairs = virial.discretize(grid).value(rho, 0.0)  # ½ ∬ kernel ρ ρ

print(f"largest density {N * rho.max():.3f} at rest, {N * solution.densities[0].max():.3f} before")
print(f"virials: trap {trap:.4f}, pairs {pairs:.4f}, sum {trap + pairs:.4f}; theory {2 * T:.4f}")
if len(sys.argv) > 1:
    plots.density_figure(solution).savefig(sys.argv[1])

assert abs(trap + pairs - 2 * T) < 0.02
