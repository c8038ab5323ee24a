"""What is measured of networks for the 3-spin function, and the time scale of their training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wgflow.particles.width import WidthTable

__all__ = ["SpinStudy", "quench"]

QUENCHED = 0.3  # of the training time
SLOWER = 0.1


@dataclass(frozen=True)
class SpinStudy:
    """Errors of networks for one 3-spin function.

    Attributes
    ----------
    dimension : int
    units : str
    scale : float
        E f², the error of the network that is 0.
    fixed, square : WidthTable
        With one batch for every width, and with batches that grow like N².
    """

    dimension: int
    units: str
    scale: float
    fixed: WidthTable
    square: WidthTable


def quench(until: float) -> Callable[[float], float]:
    """Time scale 1, and 1/10 over the last 3/10 of the time, where the noise of SGD dies out.

    Examples
    --------
    >>> scale = quench(10.0)
    >>> scale(6.9), scale(7.1)
    (1.0, 0.1)
    """
    return lambda time: 1.0 if time < (1 - QUENCHED) * until else SLOWER
