r"""Second-order limited upwind finite volumes with explicit Runge-Kutta steps.

In each cell the density is reconstructed linearly with a limited slope; the flux takes the value on
the upwind side of the face:

$$
\mathcal F = \max(u, 0)\, \rho_K^E + \min(u, 0)\, \rho_L^W + \frac{T}{h}\, (\rho_K - \rho_L),
\qquad u = -\frac{\xi_L - \xi_K}{h} .
$$

**Guarantees.** Mass to rounding. $\rho \ge 0$ at every step: the two face values of a cell are
nonnegative and average to the cell's density.

**Steps.** At most $1/(q + d)$, where $q$ is the largest rate at which a cell is emptied and $d$ is
half the largest decay rate of disturbances under a repulsive interaction, which acts as a
diffusion: $\tfrac12 \max\rho\, \max_k |k|^2\, \hat U(k)$ for a kernel. The second rate remains at
equilibrium and, for a kernel that is singular at 0, sets the step on fine grids.

**Order.** 2 in space in smooth flow (about 1 at kinks and free boundaries), 2 in time. The default
solver without entropy.

**References.** van Leer, J. Comput. Phys. 32 (1979) 101-136; Carrillo, Chertock, Huang,
Commun. Comput. Phys. 17 (2015) 233-258; Gottlieb, Shu, Tadmor, SIAM Rev. 43 (2001) 89-112.
"""

from typing import Literal

import wgflow as wg

ORDER = {"space": 2, "time": 2}


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    dt: float | None = None,
    safety: float = 0.9,
    limiter: Literal["minmod", "van_leer", "central"] = "van_leer",
    stages: Literal[2, 3] = 3,
) -> wg.SSPRK2 | wg.SSPRK3:
    """Compose the solver.

    Parameters
    ----------
    dt : float, optional
        Time step; by default `safety` times the bound of positivity and stability.
    safety : float
        Fraction of that bound, in (0, 1].
    limiter : {"minmod", "van_leer", "central"}
        Slope limiter.
    stages : {2, 3}
        Stages, and order, of the Runge-Kutta method.
    """
    space = wg.FiniteVolume(problem, grid, wg.MUSCL(limiter))
    method = wg.SSPRK3 if stages == 3 else wg.SSPRK2
    return method(space, dt=dt, safety=safety)
