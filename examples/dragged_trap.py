"""A colloid dragged through water by a laser trap, and the work this takes.

The trap V(t, x) = k(x - vt)²/2 moves at speed v, and the density of the particle follows

    ∂t ρ = ∂x(ρ ∂x V) + T ∂xx ρ    (friction 1).

The particle lags behind by (v/k)(1 - exp(-kt)), so the mean work is
⟨W⟩ = ∫∫ ∂V/∂t ρ dx dt = v² (t - (1 - exp(-kt))/k). The free energy of the trap does not depend on
its position, so ⟨W⟩ ≥ 0 by the second law.

Source: Mazonka, Jarzynski, arXiv:cond-mat/9912121 (1999).
"""

import sys

import numpy as np

import wgflow as wg
from wgflow import plots

K, V, T, UNTIL = 2.0, 1.0, 0.5, 3.0

problem = wg.Problem(
    domain=wg.Box((-4, 7)),
    energy=wg.Potential(lambda t, x: K * (x - V * t) ** 2 / 2, time_dependent=True) + wg.Entropy(T),
    initial=lambda x: np.exp(-K * x**2 / (2 * T)),  # at rest in the trap
)

# The power ∫ ∂V/∂t ρ at each step, from an observer: what a run does not record by itself.
times, powers = [], []
grid = wg.Grid(problem.domain, 220)
(x,) = grid.coordinates


def watch(state):
    """Note the time and the power."""
    times.append(state.time)
    powers.append(grid.integrate(-K * V * (x - V * state.time) * state.density))


solution = wg.solve(problem, cells=grid, until=UNTIL, dt=0.02, observers=[wg.Callback(watch)])

work = np.dot(np.diff(times), np.add(powers[1:], powers[:-1]) / 2)
lag = V * UNTIL - grid.integrate(x * solution.density)
exact_work = V**2 * (UNTIL - (1 - np.exp(-K * UNTIL)) / K)
exact_lag = V / K * (1 - np.exp(-K * UNTIL))

print(f"lag {lag:.5f}, exact {exact_lag:.5f}")
print(f"work {work:.5f}, exact {exact_work:.5f}")
if len(sys.argv) > 1:
    plots.density_figure(solution).savefig(sys.argv[1])

assert abs(work / exact_work - 1) < 2e-3
assert abs(lag / exact_lag - 1) < 2e-3
