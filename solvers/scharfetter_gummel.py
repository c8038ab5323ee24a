r"""Scharfetter-Gummel finite volumes with implicit time steps.

With $T$ the temperature, $\Delta = (V + U * \rho)_L - (V + U * \rho)_K$ and $B(x) = x/(e^x - 1)$,
the flux is

$$
\mathcal F = \frac{T}{h} \left[ B(\Delta/T)\, \rho_K - B(-\Delta/T)\, \rho_L \right],
$$

which is exact for a constant drift across the face. Power laws enter through the temperature of the
face, $T + (H'(\rho_L) - H'(\rho_K))/(\log \rho_L - \log \rho_K)$, which near vacuum is kept above a
quarter of $\rho H''(\rho)$ on the fuller side.

Time steps use a two-stage, L-stable Runge-Kutta method of order 2 (`time=sdirk2`) or backward Euler
with the interaction at the mean of the old and new densities (`time=euler`). For a loss other than
the square, the risk is convex but not quadratic, and is taken at the new density. Both methods are
fully implicit: for $K$ features, a Newton step takes at most $K + 1$ solves with the matrix of a
fixed drift.

**Guarantees.** Mass to rounding. $\rho \ge 0$ for every `dt`. The free energy does not increase,
for any `dt`, unless the potential depends on time. $\rho \propto \exp(-(V + U * \rho)/T)$ does not
move. Backward Euler without a power law satisfies these by construction, for any even kernel. Other
steps are checked: one that would give a negative cell or a higher energy is limited towards, or
mixed with, a first-order step that keeps the guarantees: backward Euler or, with a power law, that
of `bailo_carrillo_hu`, which also replaces steps that still cannot be solved after being halved
several times. The fact `mixed_steps` counts such steps.

**Order.** 2 in space, 2 in time (1 with `time=euler`). As $T/(h\,|u|)$ tends to 0 the flux becomes
the upwind flux, and the order in space tends to 1. The default solver with entropy.

**References.** Scharfetter, Gummel, IEEE Trans. Electron Devices 16 (1969) 64-77;
Schlichting, Seis, "The Scharfetter-Gummel scheme for aggregation-diffusion equations",
IMA J. Numer. Anal. 42 (2022) 2361-2402; Alexander, SIAM J. Numer. Anal. 14 (1977) 1006-1021;
Bessemoulin-Chatard, "A finite volume scheme for convection-diffusion equations with nonlinear
diffusion derived from the Scharfetter-Gummel scheme", Numer. Math. 121 (2012) 637-670.
"""

from typing import Literal

import wgflow as wg

ORDER = {"space": 2, "time": 2}


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    dt: float | None = None,
    tolerance: float | None = None,
    curvature: bool = False,
    time: Literal["sdirk2", "euler"] = "sdirk2",
) -> wg.SDIRK2 | wg.ImplicitEuler:
    """Compose the solver.

    Parameters
    ----------
    dt : float, optional
        Time step, of any size.
    tolerance : float, optional
        Permitted local error per step in L1, instead of dt; 1e-4 if neither is given.
    time : {"sdirk2", "euler"}
        Second order, or backward Euler.
    curvature : bool
        Whether fluxes are multiplied by 1 + h^2 psi''/(4T), which removes the part of the error
        in space that is proportional to the flux. Not with a power law.
    """
    space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel(curvature))
    if time == "euler":
        return wg.ImplicitEuler(space, dt=dt, tolerance=tolerance)
    if time != "sdirk2":
        raise wg.InputError(f"time = {time!r}: choose 'sdirk2' or 'euler'")
    return wg.SDIRK2(space, dt=dt, tolerance=tolerance)
