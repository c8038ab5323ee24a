"""Draft."""

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
    space = wg.FiniteVolume(problem, grid, wg.MUSCL())
    return BackAndForth(
        space,
        tau=dt if tau is None else tau,
        tolerance=tolerance,
        gap=gap,
        iterations=iterations,
        obstacle=obstacle,
    )
