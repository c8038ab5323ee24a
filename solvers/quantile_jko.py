"""stub."""

import wgflow as wg
from wgflow.steppers.jko import QuantileJKO

ORDER = {"space": 2, "time": 1}
ENERGY_LAW = False


def stepper(
    problem: wg.Problem,
    grid: wg.Grid,
    *,
    tau: float | None = None,
    dt: float | None = None,
    tolerance: float | None = None,
    quantiles: int | None = None,
) -> QuantileJKO:
    """Compose the solver."""
    if tau is not None and dt is not None:
        raise wg.InputError(f"tau = {tau} and dt = {dt}: they are the same, give one of the two")
    space = wg.FiniteVolume(problem, grid, wg.MUSCL())
    return QuantileJKO(
        space, tau=dt if tau is None else tau, tolerance=tolerance, quantiles=quantiles
    )
