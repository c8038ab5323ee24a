r"""JKO steps with the linearized Wasserstein distance: variational finite volumes in any dimension.

A step of length $\tau$ from $\rho^n$ is the minimum over densities and potentials of
$W^2/(2 \tau') + F$, $\tau' = \tau\, s(t + \tau)$, where the distance is that of two-point fluxes
weighted by the new upwind density. With cells $K$, $L$, volumes $|K|$, face areas $a$, distances
$h$ and $\xi$ the first variation $V + U * \rho + H'(\rho)$, the optimality conditions are

$$
\begin{split}
|K|\, (\rho_K - \rho_K^n) + \tau' \sum_L \frac{a}{h}\, \rho_\mathrm{up}\, (\varphi_K - \varphi_L)
  &= 0, \\
\varphi_K + \frac{\tau'}{2 |K|} \sum_L \frac{a}{h} \left( (\varphi_K - \varphi_L)^+ \right)^2
  &= \xi_K(\rho),
\end{split}
$$

where $\rho_\mathrm{up} = \rho_K$ if $\varphi_K > \varphi_L$, else $\rho_L$. All of $\xi$, including
the interaction, is evaluated at the new density; $V$ and $s$ are those at the end of the step.

Newton's method for $\rho$ and $\varphi$ solves a saddle-point system in each iteration, typically 2
or 3 per step. The matrix of the first equation is an M-matrix, so any $\varphi$ gives a nonnegative
density of exact mass; the density returned is that of the last $\varphi$. With an entropy, the
unknown is the logarithm of the density where the density falls. An interaction is handled by GMRES
around the local system. The initial guess is the potential of the last step. A step that does not
converge is reached by continuation through shorter ones from the same density (`continuations`),
and is halved only if that fails too.

**Guarantees.** Mass to rounding. $\rho \ge 0$; $\rho > 0$ with entropy, up to underflow. For convex
energies ($U$ positive semidefinite) $W^2/(2 \tau') + F(\rho^{n+1}) \le F(\rho^n)$ for every $\tau$;
the history reports `movement` and `energy_law`, the largest excess of the left side. With other
kernels a step that violates it is split into two half steps.

**Limits.** Order 1: numerical diffusion of about $|u|\, (h + |u| \tau)/2$. Where a tail falls by
many powers of ten between neighbouring cells, iterations may end with up to $10^{-8}$ of the mass
misplaced; where that would cost more energy than the step gains, the density is left unchanged
(`stayed`). A step in which a front crosses a hundred cells takes some tens of iterations.

**Order.** 1 in space and time.

**References.** Cancès, Gallouët, Todeschi, "A variational finite volume scheme for Wasserstein
gradient flows", Numer. Math. 146 (2020) 437-480; Natale, Todeschi, "Computation of optimal
transport with finite volumes", ESAIM: M2AN 55 (2021), for Newton's method on such systems; Jordan,
Kinderlehrer, Otto, SIAM J. Math. Anal. 29 (1998) 1-17.
"""

import wgflow as wg
from wgflow.steppers.jko import LinearizedJKO

ORDER = {"space": 1, "time": 1}


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    tau: float | None = None,
    dt: float | None = None,
    tolerance: float | None = None,
) -> LinearizedJKO:
    """Compose the solver.

    Parameters
    ----------
    tau : float, optional
        Time step, of any size.
    dt : float, optional
        Alias of tau.
    tolerance : float, optional
        Permitted local error per step in L1, instead of tau; 1e-4 if neither is given.
    """
    if tau is not None and dt is not None:
        raise wg.InputError(f"tau = {tau} and dt = {dt}: they are the same, give one of the two")
    space = wg.FiniteVolume(problem, grid, wg.Upwind())
    return LinearizedJKO(space, tau=dt if tau is None else tau, tolerance=tolerance)
