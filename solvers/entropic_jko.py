r"""The JKO scheme with entropic transport: a smoothed distance, by products of small matrices.

A step of length $\tau$ from the density $a$ is the second marginal $\rho$ of the plan $P$ that
minimizes

$$
\gamma \operatorname{KL}(P \mid a G) + F(\rho) - \tfrac{\gamma}{2} \int \rho \log \rho, \qquad
\gamma = \frac{\varepsilon^2}{\tau s}, \qquad \varepsilon = \mathrm{blur},
$$

among plans with first marginal $a$; $G(x, y)$ is the Gaussian $\exp(-|x - y|^2/(2 \varepsilon^2))$,
normalized for every $x$, and $V$ and $s$ are those at the end of the step. The first term is
Schroedinger's cost:

$$
\gamma \operatorname{KL}(P \mid a G) = \frac{W_2^2}{2 \tau s}
+ \frac{\gamma}{2} \left( S(\rho) - S(a) \right)
+ \frac{\gamma^2 \tau s}{8} \int I + \dots,
$$

$S$ the integral of $\rho \log \rho$ and $I = \int |\nabla \log \rho|^2 \rho$ along the geodesic. So
a blur acts like the additional temperature $\gamma/2$: it adds the variance $\varepsilon^2$ a step.
The last term of the scheme takes that out (`debias=False` leaves it in, which is Peyre's scheme);
what remains is of fourth order in the blur. For a Gaussian of variance $A$ that is attracted by
$\lambda |x|^2/2$ at temperature $T$ the next variance $B$ solves, exactly,

$$
(1 + \lambda \tau)\, B - \tau T - \left[ \tfrac12 \varepsilon^2 \right]
= \sqrt{A B + \tfrac14 \varepsilon^4}, \qquad [\cdot] \text{ without debiasing only:}
$$

each step adds $\varepsilon^4/(4 B)$, and at rest the variance is too large by
$\varepsilon^4/(8 \lambda \tau B)$ to leading order, [and by $\varepsilon^2/(2 \lambda \tau)$]. With
$\varepsilon^2 = 2 T \tau$ the entropy is gone: a heat flow is exact and without a potential nothing
is iterated. By default $\varepsilon^2$ is half of that, $T \tau s$ (a twentieth of $2 T \tau s$
without debiasing), but at least the largest width of a cell squared. A blur below 0.7 widths lets
mass stick to its cells.

With $u$ and $v$ such that $P = u\, G\, v$, each iteration sets $u = a/(G v)$, $p = G^\top u$, and
$v$ to the proximal point of $p$ over $p$: in closed form for entropy and potentials, by Newton's
method in each cell for power laws. The drift of interactions is that of the second marginal of the
same iteration, so that they are implicit. Anderson's method combines the last 8 iterations. They
end when the $L^1$ distance of the second marginal from the proximal point is below `marginal` times
the mass. A step that does not end in 1000 iterations is done in halves.

$G$ is a product of one matrix an axis, of $n_i^2$ numbers: $O(N \sum_i n_i)$ operations an
iteration for $N$ cells, no matrix of $N^2$. Walls reflect it and circles wrap it. $u$ and $v$ are
kept as logarithms. A product of exponentials of these is formed as such in two and more dimensions
as long as no number leaves the range; else, and on a line, in blocks of 16 cells with the scale of
each taken out, of which those below rounding are left out. There is one exponential a cell and a
pair of blocks, not a pair of cells.

On several ranks all cells are gathered, and each rank computes the same.

**Guarantees.** The first marginal is exact, and with it the mass, to rounding, after any number
of iterations. $\rho > 0$, up to underflow. The value of the scheme's function is at most
that of the plan that only blurs, $F(a G) - \frac{\gamma}{2} S(a G)$: `energy_law` in the history
and the summary is the largest difference of the two, and a step above it is refused. `movement` is
$\gamma \operatorname{KL} - \frac{\gamma}{2} (S(\rho) - S(a))$, which is $W_2^2/(2 \tau s)$ to
$O(\varepsilon^4/\tau)$. The law $W_2^2/(2 \tau s) + F(\rho) \le F(a)$ and the decrease of $F$
itself hold to the same order only.

**Facts.** `iterations`; `marginal_error`, the largest of the run; `blur`, the last one;
`blur_share`, how fast the blur is estimated to move mass over how fast the energy does: a warning
says so above 10 %.

**Limits.** Boxes with plain axes: no meshes, no radial axes. Features narrower than the blur are
lost. Small steps need a fine grid: without an entropy in the energy, for which `tau` must be given,
a blur of a cell adds $\varepsilon^4 I/(8 D \tau)$ to the temperature, the more the smaller $\tau$,
and steps by `tolerance` are not shorter than one whose blur is a cell. The smaller $\gamma$ is
beside $\rho H''$, the more iterations: from 5 to 10 with an entropy to 100 for power laws.

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
        Another word for tau.
    tolerance : float, optional
        Local error in L1 a step may make, in place of tau; 1e-4 if neither is given. Without an
        entropy tau must be given.
    blur : float, optional
        Standard deviation of the kernel, in units of the axes; automatic by default.
    debias : bool
        Whether the temperature is lowered by blur^2/(2 tau s), which the blur stands for.
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
