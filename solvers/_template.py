r"""Finite volumes with a flux of your own: edit this line, `describe` shows it.

At the face between cells $K$ and $L$ at distance $h$, with the difference
$\delta = \psi_L - \psi_K$ of the potential $\psi = V + U * \rho$, the flux is

$$
h F = s(\delta)\,(\rho_K - \rho_L) + \delta^- \rho_K - \delta^+ \rho_L ,
\qquad s = \max(T - |\delta|/2,\ 0) .
$$

This is the central flux for $|\delta| \le 2T$ and the upwind flux beyond.

**Guarantees.** Mass to rounding. $\rho \ge 0$ at every step, provided $s \ge 0$.

**Order.** 2 in space where diffusion dominates, 1 where drift does; 2 in time.

**References.** Spalding, Int. J. Numer. Methods Eng. 4 (1972) 551-559.
"""

from typing import ClassVar

import numpy as np

import wgflow as wg
from wgflow.fluxes import Flux

# Printed by `wgflow describe`. Add ENERGY_LAW = False if the free energy may rise in a step.
ORDER = {"space": 2, "time": 2}


# Your own flux goes here: what a face lets through both ways, besides upwinding. Shipped ones are
# wg.Upwind(), wg.MUSCL(), wg.ScharfetterGummel() and wg.BailoCarrilloHu(); with one of these the
# class is not needed.
class Hybrid(Flux):
    """Central where diffusion leads, upwind where drift does."""

    order: ClassVar[int] = 2
    linear: ClassVar[bool] = True  # in the two densities beside the face
    two_point: ClassVar[bool] = True  # given by `spread` alone

    def __init__(self, blending: float) -> None:
        self.blending = blending

    def spread(self, difference: wg.Array, temperature: float | wg.Array) -> wg.Array:
        """Give s at each face, for the differences of the potential and T."""
        values: wg.Array = temperature - self.blending * np.abs(difference) / 2
        return np.maximum(values, 0.0)


# What stands behind * are the options: `--option blending=0.5`.
def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    dt: float | None = None,
    blending: float = 1.0,
) -> wg.SSPRK2:
    """Compose the solver.

    Parameters
    ----------
    dt : float, optional
        Time step; by default 0.9 times the bound that keeps the density nonnegative.
    blending : float
        1 for the central flux, 0 for the upwind one, in [0, 1].
    """
    if not 0 <= blending <= 1:
        raise wg.InputError(f"blending = {blending}: give a number in [0, 1]")
    space = wg.FiniteVolume(problem, grid, Hybrid(blending))
    # The stepper decides about time. wg.SSPRK3 and wg.RKL2 are explicit too; wg.SDIRK2 and
    # wg.ImplicitEuler take any step, and need a flux that is linear.
    return wg.SSPRK2(space, dt=dt)
