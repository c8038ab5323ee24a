"""A swarm: attraction at every distance, against an aversion to crowding.

Animals (or the layers of a star) attract each other with the force g/2 at any distance, and avoid
crowds like a gas in a porous medium:

    ∂t ρ = ∂x(ρ ∂x(W*ρ)) + c ∂xx ρ²,    W(z) = g|z|/2.

At rest 2cρ + W*ρ is constant on the support. Since W'' = g δ, this gives 2c ρ'' + g ρ = 0 and
ρ = A cos(x/L) on |x| < πL/2 with L² = 2c/g and A = 1/(2L): the swarm has a sharp edge.

Source: Topaz, Bertozzi, Lewis, Bull. Math. Biol. 68 (2006) 1601-1623, for the model; in one
dimension it is also the polytropic star of index 1 (Chandrasekhar 1939).
"""

import sys

import numpy as np

import wgflow as wg
from wgflow import plots

C, G = 0.25, 1.0
L = np.sqrt(2 * C / G)

problem = wg.Problem(
    domain=wg.Box((-3, 3)),
    energy=wg.PowerLaw(C, exponent=2) + wg.Interaction(lambda z: G * abs(z) / 2),
    # two herds that meet
    initial=lambda x: np.exp(-20 * (x - 1.5) ** 2) + 0.5 * np.exp(-20 * (x + 1.5) ** 2),
)
solution = wg.solve(problem, "bailo_carrillo_hu", cells=300, until=25.0, dt=0.05)

(x,) = solution.coordinates
h = x[1] - x[0]
middle = np.sum(x * solution.density) * h  # attraction and diffusion do not move it
shape = solution.grid.average(
    lambda x: np.where(abs(x - middle) < np.pi * L / 2, np.cos((x - middle) / L) / (2 * L), 0.0)
)
error = np.sum(abs(solution.density - shape)) * h
inside = x[solution.density > 0.01]

print(f"centre {middle:.6f} (at the start {np.sum(x * solution.densities[0]) * h:.6f})")
print(
    f"edges {inside[0]:.2f} and {inside[-1]:.2f}; theory {middle - np.pi * L / 2:.2f} and "
    f"{middle + np.pi * L / 2:.2f}"
)
print(
    f"largest density {solution.density.max():.4f}, theory {1 / (2 * L):.4f}; L1 error {error:.4f}"
)
if len(sys.argv) > 1:
    plots.density_figure(solution).savefig(sys.argv[1])

assert error < 0.02
