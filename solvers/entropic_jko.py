r"""The JKO scheme with entropic transport: a blurred distance, by products of small matrices.

A step of length $\tau$ from the density $a$ is the second marginal $\rho$ of the plan $P$ that
minimizes

$$
\gamma \operatorname{KL}(P \mid a G) + F(\rho) - \tfrac{\gamma}{2} \int \rho \log \rho, \qquad
\gamma = \frac{\varepsilon^2}{\tau s}, \qquad \varepsilon = \mathrm{blur},
$$

among plans with first marginal $a$. Here $G(x, y)$ is the Gaussian
$\exp(-|x - y|^2/(2 \varepsilon^2))$, normalized for every $x$, and $V$ and $s$ are evaluated at the
end of the step. The first term is the Schroedinger cost:

$$
\gamma \operatorname{KL}(P \mid a G) = \frac{W_2^2}{2 \tau s}
+ \frac{\gamma}{2} \left( S(\rho) - S(a) \right)
+ \frac{\gamma^2 \tau s}{8} \int I + \dots,
$$

with $S$ the integral of $\rho \log \rho$ and $I = \int |\nabla \log \rho|^2 \rho$ along the
geodesic. A blur thus acts like an additional temperature $\gamma/2$: it adds the variance
$\varepsilon^2$ per step. The last term of the scheme removes this (`debias=False` leaves it in,
which is Peyre's scheme); the remaining error is of fourth order in the blur. For a Gaussian of
variance $A$ in the potential $\lambda |x|^2/2$ at temperature $T$, the next variance $B$ is the
exact solution of

$$
(1 + \lambda \tau)\, B - \tau T - \left[ \tfrac12 \varepsilon^2 \right]
= \sqrt{A B + \tfrac14 \varepsilon^4}, \qquad [\cdot] \text{ without debiasing only:}
$$

each step adds $\varepsilon^4/(4 B)$, and at equilibrium the variance is too large by
$\varepsilon^4/(8 \lambda \tau B)$ to leading order, [and by $\varepsilon^2/(2 \lambda \tau)$]. With
$\varepsilon^2 = 2 T \tau$ the entropy cancels: the heat flow is exact, and without a potential no
iteration is needed. By default $\varepsilon^2$ is half of that, $T \tau s$ (a twentieth of
$2 T \tau s$ without debiasing), but at least the square of the largest cell width. With a blur
below 0.7 cell widths mass sticks to its cells.

With $u$ and $v$ such that $P = u\, G\, v$, each iteration sets $u = a/(G v)$, $p = G^\top u$, and
$v$ to the proximal point of $p$ divided by $p$: in closed form for entropy and potentials, by
Newton's method in each cell for power laws. The drift of interactions is evaluated at the second
marginal of the same iteration, which makes them implicit. Anderson's method combines the last 8
iterations. The iteration ends when the $L^1$ distance of the second marginal from the proximal
point is below `marginal` times the mass. A step that needs more than 1000 iterations is split into
two half steps.

$G$ is a product of one matrix per axis, with $n_i^2$ entries: $O(N \sum_i n_i)$ operations per
iteration for $N$ cells, and no matrix of size $N^2$. It reflects at walls and wraps around periodic
axes. $u$ and $v$ are kept as logarithms. In two or more dimensions the product is formed with their
exponentials as long as no number leaves the range; otherwise, and in one dimension, it is formed in
blocks of 16 cells with the scale of each factored out, dropping blocks below rounding. That takes
one exponential per cell and pair of blocks, not per pair of cells.

On several ranks all cells are gathered, and every rank repeats the same computation.

**Guarantees.** The first marginal is exact, and with it the mass, to rounding, after any number of
iterations. $\rho > 0$, up to underflow. The value of the scheme's functional is at most that of the
plan that only blurs, $F(a G) - \frac{\gamma}{2} S(a G)$: `energy_law` in the history and the
summary is the largest difference of the two, and a step above that bound is refused. `movement` is
$\gamma \operatorname{KL} - \frac{\gamma}{2} (S(\rho) - S(a))$, which is $W_2^2/(2 \tau s)$ to
$O(\varepsilon^4/\tau)$. The law $W_2^2/(2 \tau s) + F(\rho) \le F(a)$ and the decrease of $F$
itself hold only to the same order.

**Facts.** `iterations`; `marginal_error`, the largest of the run; `blur`, the last one used;
`blur_share`, the estimated ratio of the rates at which the blur and the energy move mass: above 10
% a warning is given.

**Limits.** Boxes with plain axes: no meshes, no radial axes. Features narrower than the blur are
lost. Small steps need a fine grid: without an entropy in the energy, when `tau` must be given, a
blur of one cell adds $\varepsilon^4 I/(8 D \tau)$ to the temperature, more for smaller $\tau$;
steps chosen by `tolerance` are never shorter than one whose blur is a cell. The smaller $\gamma$ is
relative to $\rho H''$, the more iterations are needed: from 5 to 10 with an entropy, up to 100 for
power laws.

**Order.** 1 in time, for $\varepsilon^2$ proportional to $\tau$; 2 in space.

**References.** Peyre, "Entropic approximation of Wasserstein gradient flows", SIAM J. Imaging Sci.
8 (2015) 2323-2351; Chizat, Peyre, Schmitzer, Vialard, "Scaling algorithms for unbalanced optimal
transport problems", Math. Comp. 87 (2018) 2563-2609; Carlier, Duval, Peyre, Schmitzer,
"Convergence of entropic schemes for optimal transport and gradient flows", SIAM J. Math. Anal. 49
(2017) 1385-1418. The cost for a small blur: Adams, Dirr, Peletier, Zimmer, Comm. Math. Phys. 307
(2011) 791-815; Conforti, Tamanini, J. Funct. Anal. 280 (2021) 108964. Gaussians: Janati, Muzellec,
Peyre, Cuturi, "Entropic optimal transport between unbalanced Gaussian measures has a closed form",
NeurIPS 33 (2020).
"""

import wgflow as wg
from wgflow.steppers.jko import EntropicJKO

ORDER = {"space": 2, "time": 1}
ENERGY_LAW = False  # of the regularized step, against the density that is only blurred


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    tau: float | None = None,
    dt: float | None = None,
    tolerance: float | None = None,
    blur: float | None = None,
    debias: bool = True,
    marginal: float = 1e-11,
) -> EntropicJKO:
    """Compose the solver.

    Parameters
    ----------
    tau : float, optional
        Time step, of any size.
    dt : float, optional
        Alias of tau.
    tolerance : float, optional
        Permitted local error per step in L1, instead of tau; 1e-4 if neither is given. Without an
        entropy tau must be given.
    blur : float, optional
        Standard deviation of the kernel, in units of the axes; chosen automatically by default.
    debias : bool
        Whether to lower the temperature by blur^2/(2 tau s), to which the blur amounts.
    marginal : float
        L1 error of the second marginal, over the mass, at which iterations end.
    """
    if tau is not None and dt is not None:
        raise wg.InputError(f"tau = {tau} and dt = {dt}: they are the same, give one of the two")
    space = wg.FiniteVolume(problem, grid, wg.Upwind())
    return EntropicJKO(
        space,
        tau=dt if tau is None else tau,
        tolerance=tolerance,
        blur=blur,
        debias=debias,
        marginal=marginal,
    )
