"""The invariants of a run over time."""

from __future__ import annotations

import math
from datetime import datetime
from typing import cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.finite_volume import FiniteVolume
from wgflow.observers.base import Observer, State

__all__ = ["History"]


class History(Observer):
    """Records the invariants of a run.

    Mass, minimum and energy are looked at after every step, so that no violation is missed;
    rows are kept so densely that they resolve both a linear and a logarithmic time axis. Of
    minimizing movements the columns ``movement`` and ``energy_law`` tell, since the row before,
    the sum of W²/(2 tau s) and the largest excess over the energy law of the scheme.

    Parameters
    ----------
    space : FiniteVolume
    until : float
    variational : bool
        Whether the steps are minimizing movements.
    means : bool
        Whether to record the means of the coordinates too, as ``mean_x`` and so on.

    Attributes
    ----------
    started : str
        When the run began, in ISO 8601 with the zone; when it was last continued, if it was.
    """

    ROWS = 500  # kept on a linear time axis
    GROWTH = 0.02  # relative distance of rows on a logarithmic one

    def __init__(
        self,
        space: FiniteVolume,
        until: float,
        variational: bool = False,
        means: bool = False,
    ) -> None:
        self.space, self.until, self.variational = space, until, variational
        self.means = [f"mean_{name}" for name in space.grid.box.names] if means else []
        names = ["time", "dt", "mass", "minimum", "energy", "dissipation", "iterations"]
        if space.energy.moments(np.zeros(space.grid.shape)) is not None:
            names.append("risk")
        if variational:
            names += ["movement", "energy_law"]
        names += self.means
        self.rows: dict[str, list[float]] = {name: [] for name in names}
        self.moments: list[Array] = []
        self.minimum = math.inf
        self.energy_max_increase = -math.inf
        self.energy_law = -math.inf  # largest excess of all steps
        self._moved, self._excess = 0.0, -math.inf  # since the last row
        self.mass_max_error = 0.0
        self.rejections = 0
        self._energy = math.nan
        self._next = 0.0
        self.started = datetime.now().astimezone().isoformat(timespec="seconds")

    def start(self, state: State) -> None:
        """Record the start."""
        self._mass = self.space.grid.integrate(state.density)
        self._look(state)
        self._record(state)

    def moved(self, space: FiniteVolume) -> None:
        """Look at other cells from now on."""
        self.space = space

    def update(self, state: State) -> None:
        """Look at a step, and record it if a row is due."""
        before = self._energy + state.remapped  # what new cells change is no part of the step
        self._look(state)
        # nan compares false, so that a run that diverges keeps its last finite increase
        if self._energy - before > self.energy_max_increase:
            self.energy_max_increase = self._energy - before
        if self.variational:
            self._moved += state.movement
            self._excess = max(self._excess, state.excess)
            self.energy_law = max(self.energy_law, state.excess)
        self.rejections += state.rejections
        if state.time >= self._next:
            self._record(state)

    def finish(self, state: State) -> None:
        """Record the last state, unless it is recorded already."""
        if self.rows["time"][-1] != state.time:
            self._record(state)

    def _look(self, state: State) -> None:
        self._energy = self.space.energy.value(state.density, state.time)
        self.minimum = min(self.minimum, self.space.grid.minimum(state.density))
        error = abs(self.space.grid.integrate(state.density) - self._mass)
        self.mass_max_error = max(self.mass_max_error, error)

    def _record(self, state: State) -> None:
        space, density = self.space, state.density
        rate = space.rate(density, state.time)
        row = {
            "time": state.time,
            "dt": state.dt,
            "mass": space.grid.integrate(density),
            "minimum": space.grid.minimum(density),
            "energy": self._energy,
            "dissipation": space.dissipation(density, rate, state.time),
            "iterations": state.iterations,
        }
        moments = space.energy.moments(density)
        if moments is not None:
            row["risk"] = space.energy.risk(density) or 0.0
            self.moments.append(moments)
        if self.variational:
            row["movement"] = self._moved
            row["energy_law"] = self._excess if self.rows["time"] else 0.0
            self._moved, self._excess = 0.0, -math.inf
        for name, x in zip(self.means, space.grid.coordinates, strict=False):
            row[name] = space.grid.integrate_product(x, density)
        for name, value in row.items():  # only now: a row is recorded whole or not at all
            self.rows[name].append(value)
        gap = min(self.until / self.ROWS, self.GROWTH * state.time)
        self._next = state.time + gap

    KEPT = (
        "minimum", "energy_max_increase", "energy_law", "mass_max_error", "rejections",
        "_energy", "_mass", "_next", "_moved", "_excess",
    )  # fmt: skip

    def state(self) -> Values:
        """Give the rows, the extremes and when the next row is due."""
        rows = {f"rows/{name}": np.array(values) for name, values in self.rows.items()}
        numbers = {name.lstrip("_"): getattr(self, name) for name in self.KEPT}
        return {**numbers, **rows, "moments": np.array(self.moments)}

    def restore(self, state: State, values: Values) -> None:
        """Go on from the last row."""
        for name in self.rows:
            self.rows[name] = cast(Array, values[f"rows/{name}"]).tolist()
        for name in self.KEPT:
            setattr(self, name, values[name.lstrip("_")])
        self.moments = list(cast(Array, values["moments"]))
