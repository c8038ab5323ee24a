r"""The JKO scheme on a grid by ascent of its dual: long steps at the cost of a few transforms each.

A step of length $\tau$ from $\rho^n$ is the minimum over $\rho$ of

$$
\frac{D^2(\rho, \rho^n)}{2 \tau s} + F(\rho), \qquad
F(\rho) = \int H(\rho) + V \rho + (\text{interaction}),
$$

with $D$ a distance between cell densities that tends to the Wasserstein distance. It is found from
its dual, concave and differentiable, one number $\varphi$ a cell:

$$
\begin{split}
J(\varphi) &= \int \varphi^c \rho^n - \int H^*(\varphi - V), \\
\varphi^c(x) &= \min_y\; \varphi(y) + \frac{|x - y|^2}{2 \tau s}, \\
J'(\varphi) &= T_\# \rho^n - (H^*)'(\varphi - V), \qquad T(x) \text{ the } y \text{ of the minimum.}
\end{split}
$$

The c-transform is taken axis by axis, by the lower envelope of parabolas in linear time: along an
axis $y$ are centres of cells and $x$ is every point of a cell, whose mass lies there with a limited
slope. So parts of cells go to neighbours by exact shares, displacements far below a cell are seen,
$T_\# \rho^n$ keeps the mass to rounding, and $\rho = T_\# \rho^n$ is what a step returns: positive,
with an explicit plan, whose cost is the movement. Its value less $J$ is the duality gap, a sum over
cells of what $\rho$ and $\varphi$ lack of being conjugate, each $\ge 0$. A step ends when the gap
is below `gap` ($10^{-4}$) of its movement, or rounding; `duality_gap` and `relative_gap` in the
facts are the largest of a run.

$\varphi$ ascends in $H^1$, by cosine transforms between walls and real Fourier transforms around,
with the curvature of five steps before (L-BFGS) and Armijo's rule. The method of the papers ascends
$J$ and its twin in $\psi = \varphi^c$ in turn, each from the c-transform of the other; here the
transform is eliminated inside $J$, and the curvature does what the second half of an iteration is
for. Where $H^*$ answers with the density (entropy, $1 < m < 2$) or against it ($m > 2$) the metric
is weighted by it. If $m > 2$ a start whose gap is above half the movement is left for shorter steps
from the slope of the old energy, each potential the start of a longer one: straight from afar the
ascent loses its way at fronts. An interaction is implicit: $V + U * \rho$ is taken anew until the
drift of the new density moves less than the gap allows (`outer` counts).

**Guarantees.** Mass to rounding, $\rho \ge 0$, whatever gap. The law
$D^2/(2 \tau s) + F(\rho^{n+1}) \le F(\rho^n)$, whatever $\tau$, up to rounding: staying is a plan
of cost 0, and the value that is compared is that of the returned density with its own plan, not
that of the dual. A step that would miss it by more than $10^{-12}$, as it may where the interaction
is far from convex, or whose gap is not reached in `iterations`, is done in halves, and then an
error; later steps grow from it by 4. Near rest the gap may stall above its share of the movement:
below $10^{-10}$ of the energy that is good enough (`stalled` counts such steps), and where the plan
would miss the law, nothing moves (`stays`).

**Limits.** Boxes with equal cells along an axis, between walls or around. One entropy, or power
laws of one exponent $m > 1$. `obstacle` closes the cells where the potential is at least that:
their density is 0 exactly; transport is along straight lines, also across an obstacle. Mass moves
along the first axis first, so that results are symmetric in the axes to the order in space only.
For $m > 2$ the dual is not smooth at fronts, and for entropy it is stiff where a start is cut off
sharply: many iterations, for $m \ge 4$ and for such starts halved steps too. A gap $g$ leaves a
step off by up to $\sqrt g$ of its movement where the energy is convex, 1 % at $10^{-4}$: for orders
of small errors take $10^{-6}$. For entropy $10^{-8}$ may be below rounding. On several ranks every
one has the whole grid and computes the same.

**Order.** 1 in time, 2 in space. Less is observed where cells are as wide as what they carry: for a
Gaussian 1.1 from one to two cells a standard deviation, 1.5 from two to four, 1.8 from four to
eight. It is the limiter: van Leer's slopes make the coarse errors smaller, with unlimited or less
limited ones they are larger by a half at two cells and the order from there is 1.8. The gap, and
with it the metric, plays no part: $10^{-6}$ gives the same errors.

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
        Another word for tau.
    tolerance : float, optional
        Local error in L1 that a step may make, in place of tau; 1e-4 if neither is given.
    gap : float
        Duality gap at which a step ends, relative to its movement W²/(2 tau s).
    iterations : int
        Largest number of evaluations of the dual a step.
    obstacle : float, optional
        Value of the potential from which on cells are closed.
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
