"""Opinions that attract each other within a distance R, with noise.

On a ring of opinions, people move towards those who think alike (Hegselmann–Krause) and change
their minds at random. For many people, the density of opinions follows

    ∂t ρ = ∂x(ρ ∂x(W*ρ)) + T ∂xx ρ,    W(z) = min(|z|, R)²/2.

The uniform density is stationary. A ripple of wave number q grows at the rate -q²(T + Ŵ(q)), where
Ŵ(q) is the Fourier transform of W: if the noise T is weak enough, it grows and clusters form.

Source: Garnier, Papanicolaou, Yang, Vietnam J. Math. 45 (2017) 51-75.
"""

import sys

import numpy as np

import wgflow as wg
from wgflow import plots

R, T, MODE, RIPPLE = 0.1, 2e-5, 4, 1e-5
q = 2 * np.pi * MODE

problem = wg.Problem(
    domain=wg.Box(wg.Axis(0, 1, periodic=True)),
    energy=wg.Interaction(lambda z: np.minimum(abs(z), R) ** 2 / 2) + wg.Entropy(T),
    initial=lambda x: 1 + RIPPLE * np.cos(q * x),
)
# Steps chosen by their error would be long at first, where nothing is to be seen but the ripple.
solution = wg.solve(problem, cells=200, until=120.0, dt=0.5, snapshots=[5.0, 20.0, 60.0, 80.0])

# W = R²/2 - (R² - z²)/2 on |z| < R, and a constant moves nothing: Ŵ is that of -(R² - z²)/2.
transform = -(2 * np.sin(q * R) - 2 * q * R * np.cos(q * R)) / q**3
expected = -(q**2) * (T + transform)
(x,) = solution.coordinates
first, second = (abs(np.mean(rho * np.exp(1j * q * x))) for rho in solution.densities[1:3])
measured = np.log(second / first) / 15.0
rho = solution.density
peaks = int(np.sum((rho > np.roll(rho, 1)) & (rho > np.roll(rho, -1)) & (rho > 1)))

print(f"growth of the ripple: measured {measured:.5f}, theory {expected:.5f}")
print(f"clusters at t = {solution.time:g}: {peaks}, the highest {rho.max():.1f} times the mean")
if len(sys.argv) > 1:
    plots.density_figure(solution).savefig(sys.argv[1])

assert abs(measured / expected - 1) < 0.01
assert peaks == MODE
