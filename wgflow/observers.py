"""What watches a run: history, snapshots, boundary mass.

The loop in :mod:`wgflow.loop` calls each observer at the start, after every step and at the
end. An observer may name times at which the loop must stop exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.errors import InputError
from wgflow.finite_volume import FiniteVolume

__all__ = ["BoundaryMass", "History", "Observer", "Snapshots", "State"]


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
    """

    time: float
    density: Array
    steps: int = 0
    dt: float = 0.0
    iterations: int = 0
    rejections: int = 0


class Observer:
    """Does nothing; subclasses override what they need."""

    times: Sequence[float] = ()

    def start(self, state: State) -> None:
        """See the initial state."""

    def update(self, state: State) -> None:
        """See the state after a step."""

    def finish(self, state: State) -> None:
        """See the last state again, also when the run failed."""

    def state(self) -> Values:
        """Give what a checkpoint must keep of it: numbers, and arrays that all ranks share."""
        return {}

    def restore(self, state: State, values: Values) -> None:
        """Go on from a checkpoint, in place of ``start``.

        Parameters
        ----------
        state : State
            It was seen before the checkpoint.
        values : dict
            What ``state()`` gave then; empty if it took no part.
        """
        self.start(state)


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

    def state(self) -> Values:
        """Give the times; densities go to files of their own."""
        return {"times": np.array(self.kept_times)}

    def restore(self, state: State, values: Values) -> None:
        """Go on with what was kept, the densities being there again already."""
        self.kept_times = cast(Array, values["times"]).tolist()
        self._drop(state.time)


class History(Observer):
    """Records the invariants of a run.

    Mass, minimum and energy are looked at after every step, so that no violation is missed;
    rows are kept so densely that they resolve both a linear and a logarithmic time axis.

    Parameters
    ----------
    space : FiniteVolume
    until : float
    """

    ROWS = 500  # kept on a linear time axis
    GROWTH = 0.02  # relative distance of rows on a logarithmic one

    def __init__(self, space: FiniteVolume, until: float) -> None:
        self.space, self.until = space, until
        names = ["time", "dt", "mass", "minimum", "energy", "dissipation", "iterations"]
        if space.energy.moments(np.zeros(space.grid.shape)) is not None:
            names.append("risk")
        self.rows: dict[str, list[float]] = {name: [] for name in names}
        self.moments: list[Array] = []
        self.minimum = math.inf
        self.energy_max_increase = -math.inf
        self.mass_max_error = 0.0
        self.rejections = 0
        self._energy = math.nan
        self._next = 0.0

    def start(self, state: State) -> None:
        """Record the start."""
        self._mass = self.space.grid.integrate(state.density)
        self._look(state)
        self._record(state)

    def update(self, state: State) -> None:
        """Look at a step, and record it if a row is due."""
        before = self._energy
        self._look(state)
        # nan compares false, so that a run that diverges keeps its last finite increase
        if self._energy - before > self.energy_max_increase:
            self.energy_max_increase = self._energy - before
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
        for name, value in row.items():  # only now: a row is recorded whole or not at all
            self.rows[name].append(value)
        gap = min(self.until / self.ROWS, self.GROWTH * state.time)
        self._next = state.time + gap

    KEPT = (
        "minimum", "energy_max_increase", "mass_max_error", "rejections",
        "_energy", "_mass", "_next",
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


class BoundaryMass(Observer):
    """Watches the mass in the outermost cells of a truncated domain.

    Parameters
    ----------
    space : FiniteVolume
    """

    LIMIT = 1e-6  # of the mass, in one layer of cells

    def __init__(self, space: FiniteVolume) -> None:
        self.grid = space.grid
        self.largest = 0.0
        self.where = ""
        self._ends = [
            (axis, end)
            for axis, data in enumerate([] if space.mesh else self.grid.box.axes)
            for end, cut in enumerate(data.truncated)
            if cut
        ]

    def finish(self, state: State) -> None:
        """Measure the mass in the outermost cells."""
        masses = self.grid.sum(np.array([self._layer(state.density, *end) for end in self._ends]))
        for (axis, end), mass in zip(self._ends, masses, strict=True):
            if mass > self.largest:
                self.largest = float(mass)
                bound = (self.grid.box.axes[axis].lower, self.grid.box.axes[axis].upper)[end]
                self.where = f"{self.grid.box.names[axis]} = {bound:.6g}"

    def _layer(self, density: Array, axis: int, end: int) -> float:
        """Mass of this rank's cells in the outermost layer at one end of an axis."""
        if self.grid.open_ends[axis][end]:  # the layer is another rank's
            return 0.0
        layer = self.grid.widths[axis][-end] * density.take(-end, axis)
        others = [w for a, w in enumerate(self.grid.widths) if a != axis]
        for width in reversed(others):
            layer = layer @ width
        return float(layer)

    @property
    def warning(self) -> str | None:
        """What to tell the user, if anything."""
        if not self.largest > self.LIMIT:
            return None
        return (
            f"mass {self.largest:.3g} lies in the outermost cells at {self.where}, "
            f"limit {self.LIMIT:.0e}: the domain is too small; move that bound outwards, or "
            "declare the axis with wall=True if it is a wall"
        )
