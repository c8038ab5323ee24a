r"""Scharfetter-Gummel finite volumes with stabilized explicit time steps.

The flux is that of `scharfetter_gummel`:

$$
\mathcal F = \frac{T}{h} \left[ B(\Delta/T)\, \rho_K - B(-\Delta/T)\, \rho_L \right], \qquad
B(x) = \frac{x}{e^x - 1} .
$$

Time steps use the Runge-Kutta-Legendre method of order 2. With $s$ stages the step is about $s^2/4$
times that of forward Euler: no linear system is solved, and the work grows like the square root of
the number of Euler steps. A drift that depends neither on the density nor on time computes its
exponentials only once, and a stage is one sweep through memory.

**Guarantees.** Mass to rounding. $\rho \ge 0$ exactly: a step with negative cells is rejected and
shortened; cells less than $10^{-12}$ of the mass below 0 are filled from neighbouring cells.
$\rho \propto \exp(-(V + U * \rho)/T)$ does not move. There is no energy law for steps above the
Euler bound; `scharfetter_gummel` has one.

**Order.** 2 in space, 2 in time. As $T/(h\,|u|)$ tends to 0 the flux becomes the upwind flux, the
order in space tends to 1, and the step tends to that of forward Euler.

**References.** Meyer, Balsara, Aslam, J. Comput. Phys. 257 (2014) 594-626; Scharfetter, Gummel,
IEEE Trans. Electron Devices 16 (1969) 64-77; Bessemoulin-Chatard, Numer. Math. 121 (2012) 637-670.
"""

import wgflow as wg

ORDER = {"space": 2, "time": 2}


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    dt: float | None = None,
    tolerance: float | None = None,
    curvature: bool = False,
) -> wg.RKL2:
    """Compose the solver.

    Parameters
    ----------
    dt : float, optional
        Time step; the number of stages follows from it.
    tolerance : float, optional
        Permitted local error per step in L1, instead of dt; 1e-4 if neither is given.
    curvature : bool
        Whether fluxes are multiplied by 1 + h^2 psi''/(4T), which removes the part of the error
        in space that is proportional to the flux. Not with a power law.
    """
    space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel(curvature))
    return wg.RKL2(space, dt=dt, tolerance=tolerance)
