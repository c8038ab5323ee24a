r"""The JKO scheme in one dimension, on quantiles: exact Wasserstein distances, no grid diffusion.

A density of mass 1 is represented by its quantiles $X_0 \le \dots \le X_n$; between $X_i$ and
$X_{i+1}$ lies the mass $m_i$, which never changes. A step of length $\tau$ from $Y$ minimizes

$$
\begin{split}
J(X) &= \sum_i w_i\, \frac{|X_i - Y_i|^2}{2 \tau s} + F(X), \qquad
  w_i = \frac{m_{i-1} + m_i}{2}, \\
F(X) &= \sum_i w_i V(X_i) + G\Big( \sum_i w_i \Phi(X_i) \Big)
  + \tfrac12 \sum_{ij} w_i w_j W(X_i - X_j) + \sum_i v_i H(m_i/v_i), \\
v_i &= \int_{X_i}^{X_{i+1}} r^{d-1}\, \mathrm dr .
\end{split}
$$

The first sum is exactly the squared Wasserstein distance between the atoms $(w, X)$ and $(w, Y)$,
since both are ordered. Networks (with any loss), features and polynomials enter through $K$
moments, other kernels through all pairs; a kernel that is singular at 0 (`singular=True`) enters
without $i = j$ and with the mean of $W$ over each interval. Entropy and power laws take the density
to be constant between quantiles, relative to $r^{d-1}$ on a radial axis ($d = 1$ on a plain one).
$V$, $\Phi$ and $W$ are cubic splines with at least 4096 pieces, in $\log|x|$ for a singular $W$.
$V$ and $s$ are evaluated at the end of the step.

The minimum is found by Newton's method. Its matrix is tridiagonal except for the moments, which are
handled by Woodbury's formula with $K$ columns, and for pairs, which are handled by conjugate
gradients with the banded part as preconditioner: $O(n K^2)$ operations per iteration, and $O(n^2)$
per product with pairs, of which a step takes tens: with a kernel, a second or less per step for
1000 quantiles, 0.1 s for 300. No dense matrix is formed. Where an entropy, a power law or a
repulsion that is infinite at 0 keeps quantiles apart, Newton steps are shortened so that they do
not meet. Elsewhere quantiles may merge: the nearest ordered sequence is taken. Where $J$ is not
convex the negative parts of its second derivative are dropped, and a step that still does not
converge is split into two half steps.

Quantiles are carried from step to step, so cells smear nothing; the output density of a step is the
cell average of one that is linear between quantiles, with limited slopes. Initially the density is
a parabola in each cell, and quantiles are placed according to its fourth root. They stop at walls.
On a circle they move on the covering line: the mass between two of them is fixed, and the distance
is that of points that keep their order, which is the exact one as long as the mean displacement is
the shortest way round.

**Guarantees.** Mass to rounding. $\rho \ge 0$. The law
$W_2^2/(2 \tau s) + F(\rho^{n+1}) \le F(\rho^n)$ for the quantiles' own energy and every $\tau$, up
to rounding; if the potential depends on time, with the potential at the end of the step.
`energy_law` in the history and the summary is the largest difference of the two sides; the energy
in the history is that of the cell averages, which need not decrease as points move through cells.
Without noise, point masses remain point masses.

**Limits.** One dimension. Potentials and features must be finite at the bounds. A kernel that is
unbounded below at 0 needs a term that spreads mass. Where $J$ is not convex, the minimum found is
one near the previous quantiles, not always the lowest. For singular kernels the sum over pairs is
second-order accurate for $\log|x|$, and of lower order for other powers.

**Order.** 2 in the number of quantiles and in cells, 1 in time.

**References.** Jordan, Kinderlehrer, Otto, SIAM J. Math. Anal. 29 (1998) 1-17; Kinderlehrer,
Walkington, "Approximation of parabolic equations using the Wasserstein metric", ESAIM: M2AN 33
(1999) 837-852; Blanchet, Calvez, Carrillo, "Convergence of the mass-transport steepest descent
scheme for the subcritical Patlak-Keller-Segel model", SIAM J. Numer. Anal. 46 (2008) 691-721;
Carrillo, Moll, SIAM J. Sci. Comput. 31 (2009) 4305-4329; Matthes, Osberger, "Convergence of a
variational Lagrangian scheme for a nonlinear drift diffusion equation", ESAIM: M2AN 48 (2014)
697-726.
"""

import wgflow as wg
from wgflow.steppers.jko import QuantileJKO

ORDER = {"space": 2, "time": 1}
ENERGY_LAW = False  # of the cell averages; that of the quantiles is in the history


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    tau: float | None = None,
    dt: float | None = None,
    tolerance: float | None = None,
    quantiles: int | None = None,
) -> QuantileJKO:
    """Compose the solver.

    Parameters
    ----------
    tau : float, optional
        Time step, of any size.
    dt : float, optional
        Alias of tau.
    tolerance : float, optional
        Permitted local error per step in W2, in units of the axis, instead of tau; 1e-4 if neither
        is given.
    quantiles : int, optional
        Number of intervals between quantiles; four per cell, and at least 1000, by default.
    """
    if tau is not None and dt is not None:
        raise wg.InputError(f"tau = {tau} and dt = {dt}: they are the same, give one of the two")
    space = wg.FiniteVolume(problem, grid, wg.MUSCL())
    return QuantileJKO(
        space, tau=dt if tau is None else tau, tolerance=tolerance, quantiles=quantiles
    )
