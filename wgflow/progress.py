"""A progress bar."""

from __future__ import annotations

import sys
from typing import Any

from wgflow.observers import Observer, State

__all__ = ["Progress"]


class Progress(Observer):
    """A progress bar with the time left, on terminals only.

    Parameters
    ----------
    until : float
        End of the run.
    label : str
        What is shown before the bar.
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
