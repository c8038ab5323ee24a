"""The density at given times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.errors import InputError
from wgflow.observers.base import Observer, State

__all__ = ["Snapshots"]


class Snapshots(Observer):
    """Keeps the density at given times.

    Parameters
    ----------
    times : sequence of float
        Times to stop at and keep; the start and the end of the run are always kept.
    until : float
        End of the run.
    """

    def __init__(self, times: Sequence[float], until: float) -> None:
        for time in times:
            if not (math.isfinite(time) and 0 <= time <= until):
                raise InputError(f"snapshot time {time}: give times in [0, {until:.6g}]")
        self.times = sorted({*map(float, times), 0.0, until})
        self._due = list(self.times)
        self.kept_times: list[float] = []
        self.densities: list[Array] = []

    def start(self, state: State) -> None:
        """Keep the start."""
        self._keep(state)

    def update(self, state: State) -> None:
        """Keep the density at a time that is due."""
        if state.time >= self._due[0]:
            self._keep(state)

    def finish(self, state: State) -> None:
        """Keep the last density, unless it is kept already."""
        if self.kept_times[-1] != state.time:
            self._keep(state)

    def _keep(self, state: State) -> None:
        self.kept_times.append(state.time)
        # steppers give a new array with each step and write to none they gave: no copy
        self.densities.append(state.density)
        self._drop(state.time)

    def _drop(self, time: float) -> None:
        """Drop the times that are no longer due."""
        while len(self._due) > 1 and self._due[0] <= time:
            self._due.pop(0)

    def together(self) -> Array:
        """Give all densities in one array (S, ...), and keep views of it: none is there twice."""
        if not self.densities:  # of a run that could not start
            return np.array([])
        stacked = np.empty((len(self.densities), *self.densities[0].shape))
        for index in range(len(stacked)):
            stacked[index] = self.densities[index]
            self.densities[index] = stacked[index]
        return stacked

    def state(self) -> Values:
        """Give the times; densities go to files of their own."""
        return {"times": np.array(self.kept_times)}

    def restore(self, state: State, values: Values) -> None:
        """Go on with what was kept, the densities being there again already."""
        self.kept_times = cast(Array, values["times"]).tolist()
        self._drop(state.time)
