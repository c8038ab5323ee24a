r"""Implicit upwind finite volumes that dissipate the free energy at every time step.

With $\xi$ the first variation of the whole energy, including entropy and power laws,

$$
\frac{\rho_K^{n+1} - \rho_K^n}{\Delta t} + \sum_{\text{faces}} \frac{\mathcal F}{h} = 0,
$$

$$
\begin{split}
\mathcal F &= \max(u, 0)\, \rho_K^{n+1} + \min(u, 0)\, \rho_L^{n+1}, \qquad
  u = -\frac{\xi_L - \xi_K}{h}, \\
\xi &= H'(\rho^{n+1}) + V + \tfrac12\, W * (\rho^{n+1} + \rho^n) .
\end{split}
$$

The equations are solved by Newton's method with a line search, and the nonlocal part by GMRES with
the local Jacobian as preconditioner, in at most $K + 1$ products for $K$ features. For a loss other
than the square, the risk is convex but not quadratic, and its slope is taken at $\rho^{n+1}$. A
step that cannot be solved is split into two half steps.

**Guarantees.** Mass to rounding. $\rho \ge 0$ exactly, for every $\Delta t$. The free energy does
not increase, for any $\Delta t$, any convex $H$ and any even $W$, unless the potential depends on
time. States with $\xi$ constant on each connected component of the support do not move.

**Limits.** For fast diffusion ($m < 1$) with empty cells, in a potential that varies by hundreds of
times the temperature between neighbouring cells, Newton's method may fail for every $\Delta t$: the
run then ends with a `SolverError`.

**Order.** 1 in space, 1 in time.

**References.** Bailo, Carrillo, Hu, "Fully discrete positivity-preserving and energy-dissipating
schemes for aggregation-diffusion equations with a gradient-flow structure", Commun. Math. Sci. 18
(2020) 1259-1303; Carrillo, Chertock, Huang, Commun. Comput. Phys. 17 (2015) 233-258.
"""

import wgflow as wg

ORDER = {"space": 1, "time": 1}


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
        Permitted local error per step in L1, instead of dt; 1e-4 if neither is given.
    """
    space = wg.FiniteVolume(problem, grid, wg.BailoCarrilloHu())
    return wg.ImplicitEuler(space, dt=dt, tolerance=tolerance)
