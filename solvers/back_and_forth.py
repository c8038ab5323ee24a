r"""The JKO scheme on a grid by dual ascent: long steps at the cost of a few transforms each.

A step of length $\tau$ from $\rho^n$ minimizes over $\rho$

$$
\frac{D^2(\rho, \rho^n)}{2 \tau s} + F(\rho), \qquad
F(\rho) = \int H(\rho) + V \rho + (\text{interaction}),
$$

where $D$ is a distance between cell densities that tends to the Wasserstein distance. The minimum
is found from the dual, which is concave and differentiable, with one unknown $\varphi$ per cell:

$$
\begin{split}
J(\varphi) &= \int \varphi^c \rho^n - \int H^*(\varphi - V), \\
\varphi^c(x) &= \min_y\; \varphi(y) + \frac{|x - y|^2}{2 \tau s}, \\
J'(\varphi) &= T_\# \rho^n - (H^*)'(\varphi - V), \qquad T(x) \text{ the } y \text{ of the minimum.}
\end{split}
$$

The c-transform is taken axis by axis, by the lower envelope of parabolas in linear time: along an
axis, $y$ runs over cell centres and $x$ over all points of a cell, in which the mass is
reconstructed with a limited slope. Fractions of a cell are thus sent to its neighbours exactly,
displacements far below a cell width are resolved, $T_\# \rho^n$ conserves mass to rounding, and
$\rho = T_\# \rho^n$ is what a step returns: positive, with an explicit plan whose cost is the
movement. Its primal value minus $J$ is the duality gap, a sum over cells of terms $\ge 0$ that
measure how far $\rho$ and $\varphi$ are from being conjugate. A step ends when the gap is below
`gap` ($10^{-4}$) times its movement, or at rounding; the facts `duality_gap` and `relative_gap` are
the largest of a run.

$\varphi$ ascends in $H^1$, by cosine transforms between walls and real Fourier transforms on
periodic axes, with curvature information from the last five steps (L-BFGS) and Armijo's rule. The
method of the papers ascends $J$ and its twin in $\psi = \varphi^c$ alternately, each from the
c-transform of the other; here the transform is eliminated inside $J$, and the curvature does the
work of the second half of an iteration. Where the response of $H^*$ to a potential falls with the
density (entropy, $1 < m < 2$) or grows as the density falls ($m > 2$), the metric is weighted by
the density. If $m > 2$ and the gap initially exceeds half the movement, shorter steps are taken
first, beginning with the slope of the old energy, each potential starting the next longer step:
from far away, direct ascent goes astray at fronts. An interaction is implicit: $V + U * \rho$ is
updated until the drift of the new density changes by less than the gap allows (counted by `outer`).

**Guarantees.** Mass to rounding and $\rho \ge 0$, whatever the gap. The law
$D^2/(2 \tau s) + F(\rho^{n+1}) \le F(\rho^n)$ for every $\tau$, up to rounding: staying put is a
plan of cost 0, and the value compared is that of the returned density with its own plan, not that
of the dual. A step that would violate it by more than $10^{-12}$, as can happen where the
interaction is far from convex, or whose gap is not reached in `iterations`, is halved, repeatedly
if need be, and only then an error; later steps grow back by factors of 4. Near equilibrium the gap
may stall above its fraction of the movement: below $10^{-10}$ of the energy it is accepted
(`stalled` counts such steps), and where the plan would violate the law, nothing moves (`stays`).

**Limits.** Boxes with equal cells along each axis, with walls or periodic. One entropy, or power
laws with a single exponent $m > 1$. `obstacle` closes the cells where the potential is at least
that value: their density is exactly 0; transport is along straight lines, even across an obstacle.
Mass moves along the first axis first, so results are symmetric in the axes only to the order in
space. For $m > 2$ the dual is not smooth at fronts, and for entropy it is stiff where an initial
density is cut off sharply: expect many iterations, and for $m \ge 4$ and such initial densities
split steps too. A gap $g$ leaves a step off by up to $\sqrt g$ of its movement where the energy is
convex, 1 % at $10^{-4}$: to measure orders at small errors use $10^{-6}$. For entropy $10^{-8}$ may
be below rounding. On several ranks, each holds the whole grid and repeats the same computation.

**Order.** 1 in time, 2 in space. Lower orders are observed where cells are as wide as the features
they carry: for a Gaussian, 1.1 from one to two cells per standard deviation, 1.5 from two to four,
1.8 from four to eight. The cause is the limiter: van Leer's slopes reduce the errors on coarse
grids; with unlimited or less limited slopes, they are half as large again at two cells and the
order from there is 1.8. The gap, and with it the metric, plays no part: $10^{-6}$ gives the same
errors.

**References.** Jacobs, Lee, Léger, "The back-and-forth method for Wasserstein gradient flows",
ESAIM: COCV 27 (2021) 28; Jacobs, Léger, "A fast approach to optimal transport: the back-and-forth
method", Numer. Math. 146 (2020) 513-544; Felzenszwalb, Huttenlocher, "Distance transforms of
sampled functions", Theory of Computing 8 (2012) 415-428.
"""

import wgflow as wg
from wgflow.steppers.jko import BackAndForth

ORDER = {"space": 2, "time": 1}


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    tau: float | None = None,
    dt: float | None = None,
    tolerance: float | None = None,
    gap: float = 1e-4,
    iterations: int = 400,
    obstacle: float | None = None,
) -> BackAndForth:
    """Compose the solver.

    Parameters
    ----------
    tau : float, optional
        Time step, of any size.
    dt : float, optional
        Alias of tau.
    tolerance : float, optional
        Permitted local error per step in L1, instead of tau; 1e-4 if neither is given.
    gap : float
        Duality gap at which a step ends, relative to its movement W²/(2 tau s).
    iterations : int
        Largest number of evaluations of the dual per step.
    obstacle : float, optional
        Cells where the potential is at least this value are closed.
    """
    if tau is not None and dt is not None:
        raise wg.InputError(f"tau = {tau} and dt = {dt}: they are the same, give one of the two")
    flux = wg.MUSCL() if isinstance(grid, wg.Grid) else wg.Upwind()  # a mesh is refused below
    space = wg.FiniteVolume(problem, grid, flux)
    return BackAndForth(
        space,
        tau=dt if tau is None else tau,
        tolerance=tolerance,
        gap=gap,
        iterations=iterations,
        obstacle=obstacle,
    )
