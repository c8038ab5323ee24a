r"""First-order upwind finite volumes with explicit Runge-Kutta steps.

At the face between cells $K$ and $L$ at distance $h$, with $\xi = V + U * \rho$ and
$u = -(\xi_L - \xi_K)/h$:

$$
\mathcal F = \max(u, 0)\, \rho_K + \min(u, 0)\, \rho_L + \frac{T}{h}\, (\rho_K - \rho_L) .
$$

**Guarantees.** Mass to rounding. $\rho \ge 0$ at every step. Without entropy the free energy of
the semi-discrete scheme does not increase.

**Steps.** At most $1/(q + d)$, where $q$ is the largest rate at which a cell is emptied and $d$ is
half the largest decay rate of disturbances under a repulsive interaction, which acts as a
diffusion: $\tfrac12 \max\rho\, \max_k |k|^2\, \hat U(k)$ for a kernel. The second rate remains at
equilibrium and, for a kernel that is singular at 0, sets the step on fine grids.

**Order.** 1 in space. Its numerical diffusion, about $|u|\,h/2$, changes the long-time behaviour
where the density concentrates: prefer `muscl`, and keep this one for robustness and comparison.

**References.** Carrillo, Chertock, Huang, Commun. Comput. Phys. 17 (2015) 233-258.
"""

import wgflow as wg

ORDER = {"space": 1, "time": 2}


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    dt: float | None = None,
    safety: float = 0.9,
) -> wg.SSPRK2:
    """Compose the solver.

    Parameters
    ----------
    dt : float, optional
        Time step; by default `safety` times the bound of positivity and stability.
    safety : float
        Fraction of that bound, in (0, 1].
    """
    return wg.SSPRK2(wg.FiniteVolume(problem, grid, wg.Upwind()), dt=dt, safety=safety)
