r"""The same equations with FiPy's own terms: an independent check.

    TransientTerm() == DiffusionTerm(T) + ExponentialConvectionTerm(grad(V + U*rho))

with FiPy's mesh, face gradients, flux, matrix and linear solver; only the potential in the cells
and the time loop are wgflow's. FiPy's exponential convection term together with its diffusion term
is the Scharfetter-Gummel flux: with the face value $\rho_f = \alpha \rho_K + (1 - \alpha) \rho_L$,

$$
\alpha = \frac{(P - 1)\, e^P + 1}{P\, (e^P - 1)}
$$

and the Peclet number $P = -\Delta/T$ of the face, advection plus diffusion is

$$
\frac{T}{h} \left[ B(\Delta/T)\, \rho_K - B(-\Delta/T)\, \rho_L \right] .
$$

FiPy uses $P = 0.001$ for every smaller $|P|$, which changes $\alpha$ by at most
$1.7 \cdot 10^{-4}$; apart from rounding, this is the only difference between the two.

Time steps are backward Euler with the interaction at the mean of the old and new densities (for a
loss other than the square, the risk at the new one), reached by sweeping, so this solver agrees
with backward Euler in `scharfetter_gummel` for equal `dt` and cells.

**Guarantees.** Those of the exponential flux, to the tolerance of FiPy's linear solver: mass and
sign to about $10^{-12}$ of the density, not exactly. One to three dimensions, and meshes made from
FiPy's with `centres="centroid"`.

**Order.** 2 in space, 1 in time. Needs FiPy: `pip install 'wgflow[fipy]'`.

**References.** Guyer, Wheeler, Warren, Comput. Sci. Eng. 11 (2009) 6-15; Patankar, Numerical
Heat Transfer and Fluid Flow (1980), section 5.2.
"""

from typing import Literal

import wgflow as wg
from wgflow.steppers.fipy_euler import FipyEuler

REQUIRES = ("fipy",)
ORDER = {"space": 2, "time": 1}


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    dt: float | None = None,
    sweeps: int | None = None,
    convection: Literal["exponential", "power_law", "upwind"] = "exponential",
) -> FipyEuler:
    """Compose the solver.

    Parameters
    ----------
    dt : float, optional
        Time step, of any size; a hundredth of the problem's time if left out.
    sweeps : int, optional
        Sweeps per step; 1 lags the drift by a step. By default, until the step converges.
    convection : {"exponential", "power_law", "upwind"}
        FiPy's convection term.
    """
    space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel())
    return FipyEuler(space, dt=dt, sweeps=sweeps, convection=convection)
