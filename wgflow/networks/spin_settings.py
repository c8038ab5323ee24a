"""Initial weights and SGD steps of networks for the 3-spin function."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np

from wgflow.errors import InputError

__all__ = ["SpinSettings", "spin_settings"]


@dataclass(frozen=True)
class SpinSettings:
    """Initialization and training of a network for the 3-spin function.

    Attributes
    ----------
    start : float
        Initial standard deviation of the output weights c.
    inner : float
        For sigmoids, the initial standard deviation of <a, x>; for Gaussians, κ d.
    step : float
        Step size ε of SGD, ~ 1/start² because the largest eigenvalue of the kernel <∇σ, ∇σ> is
        ~ start². Stable with batches of 10, except for sigmoids in d = 25, which need 40.
    steps : int
        Number of steps after which the error for N = 256 decreases only slowly.
    """

    start: float
    inner: float
    step: float
    steps: int


# Weights of the size of the target, c ~ sqrt(d), stall: the inner weights grow until sigmoids are
# steps. c ~ d² lets small changes of the inner weights make the cubic part.
FOUND = {
    "sigmoid": {
        5: SpinSettings(50.0, 1.5, 0.04, 2000),
        10: SpinSettings(200.0, 1.5, 0.0025, 3000),
        25: SpinSettings(800.0, 1.5, 0.00018, 4000),
    },
    "gaussian": {
        5: SpinSettings(300.0, 4.0, 0.03, 2000),
        10: SpinSettings(1500.0, 5.0, 0.003, 2500),
        25: SpinSettings(20000.0, 7.0, 0.0015, 4000),
    },
}


def spin_settings(units: str, dimension: int) -> SpinSettings:
    """Return settings found by trial for d = 5, 10, 25, interpolated by power laws in d.

    Parameters
    ----------
    units : {"sigmoid", "gaussian"}
    dimension : int
        Below 5 and above 25 the nearest of the three is used.

    Raises
    ------
    InputError
        If the kind of unit is not known.

    Examples
    --------
    >>> spin_settings("sigmoid", 10)
    SpinSettings(start=200.0, inner=1.5, step=0.0025, steps=3000)
    """
    if units not in FOUND:
        raise InputError(f"units = {units!r}: give 'sigmoid' or 'gaussian'")
    found = FOUND[units]
    if dimension in found:
        return found[dimension]
    at = np.log(list(found))
    columns = np.log([astuple(each) for each in found.values()]).T
    start, inner, step, steps = (
        math.exp(np.interp(math.log(dimension), at, column)) for column in columns
    )
    return SpinSettings(start, inner, step, round(steps))
