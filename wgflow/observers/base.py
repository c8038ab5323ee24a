"""What an observer sees and may do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wgflow._typing import Array, Values
from wgflow.finite_volume import FiniteVolume

__all__ = ["Observer", "State"]


@dataclass(frozen=True)
class State:
    """What an observer sees.

    Attributes
    ----------
    time : float
    density : array of the grid's shape
    steps : int
        Steps taken so far.
    dt : float
        Length of the last step, 0 at the start.
    iterations, rejections : int
        Nonlinear iterations and rejected attempts of the last step.
    movement, excess : float
        Of a minimizing movement; see :class:`wgflow.steppers.base.Step`.
    remapped : float
        Change of the energy when moving to other cells before the last step.
    """

    time: float
    density: Array
    steps: int = 0
    dt: float = 0.0
    iterations: int = 0
    rejections: int = 0
    movement: float = math.nan
    excess: float = math.nan
    remapped: float = 0.0


class Observer:
    """Does nothing; subclasses override what they need."""

    times: Sequence[float] = ()

    def start(self, state: State) -> None:
        """See the initial state."""

    def moved(self, space: FiniteVolume) -> None:
        """Be told that the cells have changed, before the next ``update``."""

    def update(self, state: State) -> None:
        """See the state after a step."""

    def finish(self, state: State) -> None:
        """See the last state again, even if the run failed."""

    def state(self) -> Values:
        """Return what a checkpoint must keep: numbers, and arrays that all ranks share."""
        return {}

    def restore(self, state: State, values: Values) -> None:
        """Continue from a checkpoint; called instead of ``start``.

        Parameters
        ----------
        state : State
            The state seen before the checkpoint.
        values : dict
            What ``state()`` returned then; empty if it was not observing.
        """
        self.start(state)
