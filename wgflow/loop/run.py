"""The one time loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wgflow.errors import DivergenceError, Interrupted, SolverError, WgflowError
from wgflow.loop.keeper import Keeper
from wgflow.observers import Observer, State
from wgflow.parallel import all_failed
from wgflow.steppers import Stepper

__all__ = ["Outcome", "run"]


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    state : State
        The last state.
    failure : WgflowError or None
        What ended it before its time.
    """

    state: State
    failure: WgflowError | None = None

    @property
    def status(self) -> str:
        """``finished``, ``diverged``, ``interrupted`` or ``failed``."""
        if self.failure is None:
            return "finished"
        if isinstance(self.failure, Interrupted):
            return "interrupted"
        return "diverged" if isinstance(self.failure, DivergenceError) else "failed"


def run(
    stepper: Stepper,
    state: State,
    until: float,
    observers: Sequence[Observer],
    keeper: Keeper | None = None,
) -> Outcome:
    """Advance a state to the end, or a run that was stopped from its checkpoint to the end.

    Parameters
    ----------
    stepper : Stepper
    state : State
        The initial one.
    until : float
    observers : sequence of Observer
    keeper : Keeper, optional
        Writes the checkpoints, and has read the one from which to go on, if any.
    """
    stops = sorted({t for o in observers for t in o.times if 0 < t <= until} | {until})
    started: list[Observer] = []
    resumed = keeper.resumed if keeper is not None else None
    if resumed is not None:
        state = resumed.state
    try:
        for index, observer in enumerate(observers):
            if resumed is None:
                observer.start(state)
            else:
                observer.moved(stepper.space)
                observer.restore(state, resumed.observers[index])
            started.append(observer)
        for stop in stops:
            while state.time < stop:
                space = stepper.space
                state = _advance(stepper, state, stop)
                for observer in observers:
                    if stepper.space is not space:
                        observer.moved(stepper.space)
                    observer.update(state)
                if keeper is not None:
                    keeper.after(state, last=state.time >= until)
    except BaseException as error:
        comm = stepper.space.grid.comm
        # observers reduce over the ranks: with one that failed alone nobody would join them
        if comm.size > 1 and not (isinstance(error, Exception) and all_failed(comm)):
            raise
        _finished(started, state)
        if not isinstance(error, WgflowError):
            raise
        return Outcome(state, error)
    return Outcome(state, _finished(started, state))


def _finished(observers: Sequence[Observer], state: State) -> WgflowError | None:
    """Let all observers finish; what failed the run may fail again at its last state."""
    failure: WgflowError | None = None
    for observer in observers:
        try:
            observer.finish(state)
        except WgflowError as error:
            failure = failure or error
    return failure


def _advance(stepper: Stepper, state: State, stop: float) -> State:
    step = stepper.step(state.density, state.time, stop - state.time)
    # the last step to a stop lands on it exactly, whatever the rounding of the sum
    time = stop if stop - state.time - step.dt <= 1e-12 * stop else state.time + step.dt
    if not time > state.time:
        raise SolverError(
            f"the time step {step.dt:.3g} at t = {time:.6g} is below the resolution of t: "
            "the velocity is too large; check the energy, or use an implicit solver"
        )
    grid = stepper.space.grid
    if not np.isfinite(grid.total(step.density)):
        count, point, _ = grid.found(~np.isfinite(step.density)) or (0, "their sum overflows", 0.0)
        raise DivergenceError(
            f"the density is not finite at t = {time:.6g} in {count} cells, first at "
            f"({point}), after {state.steps} steps: check the energy there, or reduce dt; what "
            "was computed before is kept"
        )
    return State(
        time,
        step.density,
        state.steps + 1,
        step.dt,
        step.iterations,
        step.rejections,
        step.movement,
        step.excess,
        step.remapped,
    )
