r"""Variational BDF2: order 2 in time from minimizing movements, in any dimension.

Steps of the linearized scheme `ljko` start from an extrapolated density. With $r$ the ratio of the
current step $\tau$ to the previous one,

$$
\begin{split}
\rho^a &= \rho^n + \frac{r^2}{1 + 2r}\, (\rho^n - \rho^{n-1})
  + \frac{\tau'^2}{2}\, D(q(\varphi^n)), \\
\rho^{n+1} &= \text{the minimum of } \frac{W^2}{2 \tau'} + F \text{ from } \rho^a, \qquad
  \tau' = \tau s\, \frac{1 + r}{1 + 2r},
\end{split}
$$

where $\varphi^n$ is the potential of the last step,
$q_K = \frac{1}{|K|} \sum_L \frac{a}{h}\, ((\varphi_K - \varphi_L)^+)^2$, and $D(q)$ is the rate at
which $q$ moves $\rho^n$ through the upwind faces of $\varphi^n$. Without the last term, the
linearized distance would leave a first-order error: its potential is $\xi - \tau' q/2$ instead of
$\xi$.

$\rho^a$ keeps at least a tenth of $\rho^n$ in each cell: the deficit is taken from neighbouring
cells, in proportion to what they hold. The first step is a plain one of $\tau/16$; steps double
from there.

**Guarantees.** Mass to rounding; $\rho \ge 0$; the energy does not increase, unless the potential
depends on time: a step that would raise it is replaced by one of `ljko`, counted in `plain_steps`.
`movement` and `energy_law` in the history report the law of the inner step,
$W^2/(2 \tau') + F(\rho^{n+1}) \le F(\rho^a)$ for convex energies.

**Limits.** As for `ljko`. The order shows once $\tau$ resolves the movement; at moderate $\tau$ it
is 1.8 to 2. It is lower in fronts and far tails, where extrapolation empties cells, and 1.5 to 1.9
from an initial density at which the solution is not smooth in time, such as one that touches 0.
After a short step, such as one cut by an output time, steps double again until they reach $\tau$.

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
        Alias of tau.
    tolerance : float, optional
        Permitted local error per step in L1, instead of tau; 1e-4 if neither is given.
    """
    if tau is not None and dt is not None:
        raise wg.InputError(f"tau = {tau} and dt = {dt}: they are the same, give one of the two")
    space = wg.FiniteVolume(problem, grid, wg.Upwind())
    return VariationalBDF2(space, tau=dt if tau is None else tau, tolerance=tolerance)
