"""Where a run is, and how it goes on from there after it was stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from wgflow._typing import Array
from wgflow.particles.trajectory import Recorder

__all__ = ["Keeper", "Run"]

Kept = dict[str, Any]
"""What a run is continued from: arrays, and what JSON can hold."""


class Keeper(Protocol):
    """What keeps the states of a long run; ``None`` in its place keeps none."""

    def resumed(self) -> Kept | None:
        """Give the state from which the run is to go on, None to begin."""

    def after(self, steps: int, state: Callable[[], Kept]) -> None:
        """Look whether to keep the state after so many steps; may raise to end the run."""


class Part(Protocol):
    """Something that moves on with the run."""

    def state(self) -> Kept:
        """Give what it is continued from."""

    def restore(self, state: Kept) -> None:
        """Continue from there."""


class Run:
    """Where a run is: the parameters, the steps done, and what moves on with them.

    Only a state between two steps is kept. What a run is made of (network, schedule, step, times,
    seeds) is not: whoever continues it passes the same again, and then every number is the one
    of a run that was not stopped, bit for bit.

    Parameters
    ----------
    theta : Array (N, D)
    recorder : Recorder
    parts : mapping of str to object with ``state`` and ``restore``, or None
        Sources of samples and noise.
    keeper : Keeper, optional

    Attributes
    ----------
    theta : Array (N, D)
    done : int
        Steps.
    """

    def __init__(
        self,
        theta: Array,
        recorder: Recorder,
        parts: Mapping[str, Part | None],
        keeper: Keeper | None,
    ) -> None:
        self.theta, self.done = theta, 0
        named = {"recorded": recorder, **parts}
        self._parts: dict[str, Part] = {n: p for n, p in named.items() if p is not None}
        self._keeper = keeper
        kept = None if keeper is None else keeper.resumed()
        if kept is not None:
            self.theta[...] = kept["theta"]
            self.done = kept["steps"]
            for name, part in self._parts.items():
                prefix = f"{name}/"
                own = {k.removeprefix(prefix): v for k, v in kept.items() if k.startswith(prefix)}
                part.restore(own)

    def state(self) -> Kept:
        """Give what the run is continued from."""
        held = {f"{n}/{k}": v for n, part in self._parts.items() for k, v in part.state().items()}
        return {"theta": self.theta, "steps": self.done, **held}

    def advance(self, steps: int = 1) -> None:
        """Count the steps that have been done, and let the keeper look."""
        self.done += steps
        if self._keeper is not None:
            self._keeper.after(self.done, self.state)
