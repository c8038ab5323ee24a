"""(page)"""

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
