r"""JKO steps with the linearized Wasserstein distance: variational finite volumes in any dimension.

A step of length $\tau$ from $\rho^n$ is the minimum over densities and potentials of
$W^2/(2 \tau') + F$, $\tau' = \tau\, s(t + \tau)$, with the distance of two-point fluxes weighted by
the new upwind density. With cells $K$, $L$, volumes $|K|$, face areas $a$, distances $h$, $\xi$ the
first variation $V + U * \rho + H'(\rho)$, the conditions of the minimum are

$$
\begin{split}
|K|\, (\rho_K - \rho_K^n) + \tau' \sum_L \frac{a}{h}\, \rho_\mathrm{up}\, (\varphi_K - \varphi_L)
  &= 0, \\
\varphi_K + \frac{\tau'}{2 |K|} \sum_L \frac{a}{h} \left( (\varphi_K - \varphi_L)^+ \right)^2
  &= \xi_K(\rho),
\end{split}
$$

$\rho_\mathrm{up} = \rho_K$ if $\varphi_K > \varphi_L$, else $\rho_L$. Everything in $\xi$ is that
of the new density, the interaction as well; $V$ and $s$ are those at the end of the step.

Newton's method for $\rho$ and $\varphi$ solves a saddle-point system in each iteration, 2 or 3
times a step once it runs. The first equation is one of an M-matrix: any $\varphi$ gives a density
that is nonnegative and of exact mass, and what is returned is that of the last $\varphi$. Where the
density falls its logarithm is changed in place of it, if there is entropy. An interaction is left
to GMRES around the local system. The first guess is the potential of the last step. A step that
does not converge is reached by way of shorter ones from the same density (`continuations`), and
halved only if that fails too.

**Guarantees.** Mass to rounding. $\rho \ge 0$; $\rho > 0$ with entropy, as far as numbers reach.
For energies that are convex ($U$ positive semidefinite)
$W^2/(2 \tau') + F(\rho^{n+1}) \le F(\rho^n)$ whatever $\tau$: in the history as `movement` and
`energy_law`, which is the largest excess of the left side. With other kernels a step that misses it
is done in halves.

**Limits.** Order 1: numerical diffusion of about $|u|\, (h + |u| \tau)/2$. Where a tail falls by
many powers of ten from cell to cell, iterations may end with up to $10^{-8}$ of the mass out of
place; where that would cost more energy than the step gains, the density stays as it was
(`stayed`). A step over which a front crosses a hundred cells takes some tens of iterations.

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
        Another word for tau.
    tolerance : float, optional
        Local error in L1 that a step may make, in place of tau; 1e-4 if neither is given.
    """
    if tau is not None and dt is not None:
        raise wg.InputError(f"tau = {tau} and dt = {dt}: they are the same, give one of the two")
    space = wg.FiniteVolume(problem, grid, wg.Upwind())
    return LinearizedJKO(space, tau=dt if tau is None else tau, tolerance=tolerance)
