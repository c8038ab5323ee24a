"""Writes the checkpoints of a run, and reads the one from which it goes on."""

from __future__ import annotations

import logging
import math
import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from wgflow._typing import Array, Values
from wgflow._version import __version__
from wgflow.errors import InputError
from wgflow.io.checkpoint import Checkpoint
from wgflow.io.generations import Contents, Generations, NotWrittenError
from wgflow.loop.plain import differences, plain, separated, under
from wgflow.loop.signals import Signals, stopped
from wgflow.observers import History, Observer, Snapshots, State
from wgflow.steppers import Stepper

__all__ = ["Keeper", "Resumed"]

logger = logging.getLogger(__name__)

SAME_START = 1e-8  # relative difference of two ranks' sums and more, less than of two problems
DUE, STOP = 1.0, 2.0  # what a rank asks for


@dataclass(frozen=True)
class Resumed:
    """A run as it was: its state, and that of each observer, empty for one that is new."""

    state: State
    observers: list[Values]


class Keeper:
    """Writes the checkpoints of a run, and reads the one from which it goes on.

    Parameters
    ----------
    settings : Checkpoint
    stepper : Stepper
    history : History
    snapshots : Snapshots
    observers : sequence of Observer
        All of them, in their order, those two included.
    run : mapping
        What must be the same when the run is continued.
    signals : Signals

    Attributes
    ----------
    resumed : Resumed or None
        What was read.
    """

    def __init__(
        self,
        settings: Checkpoint,
        stepper: Stepper,
        history: History,
        snapshots: Snapshots,
        observers: Sequence[Observer],
        run: Mapping[str, Any],
        signals: Signals,
    ) -> None:
        self.settings, self.stepper, self.signals = settings, stepper, signals
        self.history, self.snapshots, self.observers = history, snapshots, list(observers)
        kinds = [type(observer).__name__ for observer in observers]
        self._names = [f"{kind}-{kinds[:i].count(kind)}" for i, kind in enumerate(kinds)]
        self.comm = stepper.space.grid.comm
        self._files = Generations(settings.path, stepper.space.grid)
        self._run = {key: plain(value) for key, value in {**settings.about, **run}.items()}
        self.resumed: Resumed | None = None
        self._begun = self._last = clock.monotonic()
        self._spent, self._last_step = 0.0, 0

    @property
    def seconds(self) -> float:
        """Wall seconds the run has taken, those before a restart included."""
        return self._spent + clock.monotonic() - self._begun

    def clear(self) -> None:
        """Remove the checkpoints of another run."""
        if self.comm.is_root:
            self.settings.remove()

    def resume(self, initial: State) -> None:
        """Read the newest whole checkpoint, if there is one.

        Parameters
        ----------
        initial : State
            With which the run began.

        Raises
        ------
        InputError
            If the checkpoints are of another run, or none is whole.
        """
        header, faults = self._files.newest()
        if self.comm.is_root:
            for fault in faults:
                logger.warning("a checkpoint is skipped: %s", fault)
        if header is None:
            if self.comm.is_root:
                logger.info("no checkpoint in %s: starting from the beginning", self.settings.path)
            return
        numbers = header["numbers"]
        self._check(numbers, initial)
        found = self._files.read(header)
        held = {**found.cells, **found.arrays}
        self.stepper.restore({**numbers["stepper"], **under("stepper/", held)})
        kept: list[Values] = [
            {**numbers["observers"].get(name, {}), **under(f"observers/{name}/", found.arrays)}
            for name in self._names
        ]
        self.snapshots.densities = found.snapshots
        self._spent = numbers["seconds"]
        state = State(density=found.cells["density"], **numbers["state"])
        self._last_step = state.steps
        self.resumed = Resumed(state, kept)
        if self.comm.is_root:
            logger.info("continued at t = %.6g after %d steps", state.time, state.steps)

    def after(self, state: State, last: bool = False) -> None:
        """Look after a step whether a checkpoint is due, and write it.

        Parameters
        ----------
        state : State
        last : bool
            Whether it is the last step. Then there is nothing to go on with: no checkpoint is
            written and no signal heeded, unless the settings say so.

        Raises
        ------
        Interrupted
            If a signal was seen on any rank; after the checkpoint.
        """
        settings = self.settings
        if last and not settings.last:
            return
        asked = DUE if last else 0.0
        if self.signals.seen:
            asked = STOP
        elif self.comm.is_root and settings.every is not None:
            asked = DUE if clock.monotonic() - self._last >= settings.every else asked
        asked = self.comm.maximum(asked)
        on_time = asked == DUE and not last
        steps = state.steps - self._last_step
        if asked == 0.0 and (settings.steps is None or steps < settings.steps):
            return
        where = f"its checkpoint is in {settings.path}"
        try:
            self._files.write(self._contents(state))
        except NotWrittenError as error:
            where = f"its checkpoint could not be written ({error})"
            if self.comm.is_root:
                logger.warning("no checkpoint at t = %.6g: %s", state.time, error)
        else:
            if on_time and self.comm.is_root:  # in the log of a job a sign of life
                logger.info("checkpoint at t = %.6g after %d steps", state.time, state.steps)
        self._last, self._last_step = clock.monotonic(), state.steps
        if asked == STOP:
            name = self.comm.first(self.signals.seen or None) or ""
            raise stopped(name, f"at t = {state.time:.6g} after {state.steps} steps, {where}")

    def _contents(self, state: State) -> Contents:
        cells: dict[str, Array] = {"density": state.density}
        arrays: dict[str, Array] = {}
        stepper, held = separated(self.stepper.state())
        for name, values in held.items():
            (arrays if name in self.stepper.shared else cells)[f"stepper/{name}"] = values
        observers = {}
        for key, observer in zip(self._names, self.observers, strict=True):
            observers[key], held = separated(observer.state())
            arrays.update({f"observers/{key}/{name}": v for name, v in held.items()})
        names = [f.name for f in fields(state) if f.name != "density"]
        return Contents(
            {
                "version": __version__,
                "run": self._run,
                "state": {name: plain(getattr(state, name)) for name in names},
                "seconds": self.seconds,
                "start": self._start(),
                "stepper": stepper,
                "observers": observers,
            },
            cells,
            arrays,
            self.snapshots.densities,
        )

    def _start(self) -> dict[str, float]:
        """First row of the history: it tells problems apart that have no name."""
        return {name: plain(values[0]) for name, values in self.history.rows.items()}

    def _check(self, numbers: Mapping[str, Any], initial: State) -> None:
        """Raise InputError if a checkpoint is of another run."""
        there, here = numbers["run"], self._run
        differing = differences(there, here)
        if not differing:
            self.history.start(initial)
            begun, now = numbers["start"], self._start()
            differing = [
                f"the {name} at the start {begun.get(name, math.nan):.10g} there, {now[name]:.10g} "
                "here"
                for name in now
                if not _close(begun.get(name, math.nan), now[name], now["energy"])
            ]
        if differing:
            raise InputError(
                f"the checkpoints in {self.settings.path} are of another run "
                f"({'; '.join(differing)}): give the same settings, or start over with --overwrite"
            )
        if numbers["version"] != __version__ and self.comm.is_root:
            logger.warning(
                "the checkpoint is of wgflow %s, this is %s: results may differ by more than "
                "rounding",
                numbers["version"],
                __version__,
            )


def _close(one: float, other: float, scale: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=SAME_START, abs_tol=SAME_START * (1 + abs(scale)))
