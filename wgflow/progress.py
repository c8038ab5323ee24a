"""Observers for watching a run, from a script or at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from wgflow._typing import Values
from wgflow.called import answered
from wgflow.observers import Observer, State

__all__ = ["Callback", "Progress"]


@answered
class Callback(Observer):
    """Calls a function with the state after every step and at the start.

    Parameters
    ----------
    function : callable
        ``function(state)``.
    """

    def __init__(self, function: Callable[[State], object]) -> None:
        self.function = function

    def start(self, state: State) -> None:
        """Call the function."""
        self.function(state)

    def update(self, state: State) -> None:
        """Call the function."""
        self.function(state)

    def restore(self, state: State, values: Values) -> None:
        """Do nothing: the function has already seen this state."""


class Progress(Observer):
    """A progress bar with the remaining time, shown only on terminals.

    Parameters
    ----------
    until : float
        End of the run.
    label : str
        Text shown before the bar.
    """

    def __init__(self, until: float, label: str = "") -> None:
        self.until, self.label = until, label
        self._bar: Any = None

    def start(self, state: State) -> None:
        """Open the bar."""
        from tqdm import tqdm

        self._bar = tqdm(
            total=self.until,
            desc=self.label,
            bar_format="{desc} {percentage:3.0f}%|{bar}| t = {n:.4g}/{total:.4g} "
            "[{elapsed} spent, {remaining} left]",
            disable=not sys.stderr.isatty(),
            leave=False,
        )

    def update(self, state: State) -> None:
        """Move the bar to the time."""
        self._bar.update(state.time - self._bar.n)

    def finish(self, state: State) -> None:
        """Close the bar."""
        self._bar.close()
