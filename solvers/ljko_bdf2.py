r"""Variational BDF2: order 2 in time from minimizing movements, in any dimension.

Steps of the linearized scheme of `ljko` start from an extrapolated density. With $r$ the ratio of
this step, $\tau$, and the last one,

$$
\begin{split}
\rho^a &= \rho^n + \frac{r^2}{1 + 2r}\, (\rho^n - \rho^{n-1})
  + \frac{\tau'^2}{2}\, D(q(\varphi^n)), \\
\rho^{n+1} &= \text{the minimum of } \frac{W^2}{2 \tau'} + F \text{ from } \rho^a, \qquad
  \tau' = \tau s\, \frac{1 + r}{1 + 2r},
\end{split}
$$

$\varphi^n$ the potential of the last step,
$q_K = \frac{1}{|K|} \sum_L \frac{a}{h}\, ((\varphi_K - \varphi_L)^+)^2$, and $D(q)$ the rate at
which $q$ moves $\rho^n$ through the upwind faces of $\varphi^n$. Without the last term, the
linearized distance would leave an error of first order: its potential is $\xi - \tau' q/2$ in place
of $\xi$.

$\rho^a$ keeps a tenth of $\rho^n$ in each cell: what is missing is taken from the cells beside, in
proportion to what they hold. The first step is a plain one of $\tau/16$; steps double from there.

**Guarantees.** Mass to rounding; $\rho \ge 0$; the energy does not increase, unless the potential
depends on time: a step that would raise it is replaced by one of `ljko`, counted in `plain_steps`.
The law of its inner step, $W^2/(2 \tau') + F(\rho^{n+1}) \le F(\rho^a)$ for convex energies, is
what `movement` and `energy_law` of the history tell of.

**Limits.** As for `ljko`. The order is seen once $\tau$ resolves the movement: where extrapolation
empties cells, in fronts and far tails, it is lower there; from a start at which the density is not
smooth in time, such as one that touches 0, 1.5 to 1.9; 1.8 to 2 at moderate $\tau$. After a short
step, such as one that an output time cuts, steps double again until they are $\tau$.

**Order.** 1 in space, 2 in time.

**References.** Gallouët, Natale, Todeschi, "From geodesic extrapolation to a variational BDF2
scheme for Wasserstein gradient flows", Math. Comp. 93 (2024), for the variational form; the
extrapolation in cells and its correction are this code's own.
"""

import wgflow as wg
from wgflow.steppers.jko import VariationalBDF2

ORDER = {"space": 1, "time": 2}


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    tau: float | None = None,
    dt: float | None = None,
    tolerance: float | None = None,
) -> VariationalBDF2:
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
    return VariationalBDF2(space, tau=dt if tau is None else tau, tolerance=tolerance)
