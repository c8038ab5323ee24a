r"""Scharfetter-Gummel finite volumes with implicit time steps.

With $T$ the temperature, $\Delta = (V + U * \rho)_L - (V + U * \rho)_K$ and $B(x) = x/(e^x - 1)$:

$$
\mathcal F = \frac{T}{h} \left[ B(\Delta/T)\, \rho_K - B(-\Delta/T)\, \rho_L \right],
$$

the exact flux of a constant drift across the face. Power laws enter through the temperature of
the face, $T + (H'(\rho_L) - H'(\rho_K))/(\log \rho_L - \log \rho_K)$, kept towards vacuum from
falling below a quarter of $\rho H''(\rho)$ on the fuller side.

Time steps are those of a two-stage, L-stable Runge-Kutta method of order 2 (`time=sdirk2`), or
backward Euler with the interaction at the mean of old and new density (`time=euler`). The risk of
another loss than the square, convex but not quadratic, is at the new density. Both are implicit in
full: a Newton step takes, for $K$ features, at most $K + 1$ solves with the matrix of a fixed
drift.

**Guarantees.** Mass to rounding. $\rho \ge 0$ for every `dt`. The free energy does not increase,
whatever `dt`, unless the potential depends on time. $\rho \propto \exp(-(V + U * \rho)/T)$ does not
move. Backward Euler has these by itself, without a power law, for any even kernel. Other steps are
looked at: where one would have a negative cell or more energy, it is limited towards, or mixed
with, a first-order step that keeps the promises: backward Euler, or with a power law that of
`bailo_carrillo_hu`, which also takes steps that cannot be solved after some halvings.
`mixed_steps` among the facts of a run counts such steps.

**Order.** 2 in space, 2 in time (1 with `time=euler`). As $T/(h\,|u|)$ tends to 0 the flux becomes
the upwind one, and the order in space tends to 1. The default with entropy.

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
        Local error in L1 a step may make, in place of dt; 1e-4 if neither is given.
    time : {"sdirk2", "euler"}
        Second order, or backward Euler.
    curvature : bool
        Whether fluxes are multiplied by 1 + h^2 psi''/(4T), which takes out the part of the error
        in space that is proportional to the flux. Not with a power law.
    """
    space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel(curvature))
    if time == "euler":
        return wg.ImplicitEuler(space, dt=dt, tolerance=tolerance)
    if time != "sdirk2":
        raise wg.InputError(f"time = {time!r}: choose 'sdirk2' or 'euler'")
    return wg.SDIRK2(space, dt=dt, tolerance=tolerance)
