r"""First-order upwind finite volumes with explicit Runge-Kutta steps.

At the face between cells $K$ and $L$ at distance $h$, with $\xi = V + U * \rho$,
$u = -(\xi_L - \xi_K)/h$:

$$
\mathcal F = \max(u, 0)\, \rho_K + \min(u, 0)\, \rho_L + \frac{T}{h}\, (\rho_K - \rho_L) .
$$

**Guarantees.** Mass to rounding. $\rho \ge 0$ at every step. Without entropy the free energy of
the semi-discrete scheme does not increase.

**Order.** 1 in space. Its numerical diffusion, about $|u|\,h/2$, changes long-time behaviour
where the density concentrates: prefer `muscl`, keep this for robustness and comparison.

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
        Time step; by default `safety` times the positivity bound.
    safety : float
        Fraction of the positivity bound, in (0, 1].
    """
    return wg.SSPRK2(wg.FiniteVolume(problem, grid, wg.Upwind()), dt=dt, safety=safety)
