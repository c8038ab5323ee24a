"""Scharfetter-Gummel finite volumes with implicit time steps.

With T the temperature, Delta = (V + U*rho)_L - (V + U*rho)_K and B(x) = x/(e^x - 1):

    F = (T/h) [ B(Delta/T) rho_K - B(-Delta/T) rho_L ] ,

the exact flux of a constant drift across the face. Time steps are backward Euler with the
interaction at the mean of old and new density.

**Guarantees.** Mass to rounding. rho >= 0 for every dt. The free energy does not increase,
whatever dt. rho proportional to exp(-(V + U*rho)/T) does not move.

**Order.** 2 in space, 1 in time. As T/(h |u|) tends to 0 the flux becomes the upwind one,
and the order in space tends to 1. The default with entropy.

**References.** Scharfetter, Gummel, IEEE Trans. Electron Devices 16 (1969) 64-77;
Schlichting, Seis, "The Scharfetter-Gummel scheme for aggregation-diffusion equations",
IMA J. Numer. Anal. 42 (2022) 2361-2402.
"""

import wgflow as wg

ORDER = {"space": 2, "time": 1}


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    dt: float | None = None,
    tolerance: float | None = None,
) -> wg.ImplicitEuler:
    """Compose the solver.

    Parameters
    ----------
    dt : float, optional
        Time step, of any size.
    tolerance : float, optional
        Local error in L1 a step may make, in place of dt; 1e-4 if neither is given.
    """
    space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel())
    return wg.ImplicitEuler(space, dt=dt, tolerance=tolerance)
