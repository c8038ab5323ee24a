"""BDF2."""

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
