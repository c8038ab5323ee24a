"""Progress bars, on terminals only."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm

__all__ = ["Bar", "NetworkBar"]


class Bar:
    """A progress bar, on terminals only.

    Parameters
    ----------
    label : str
        What is shown before the bar.
    unit : str
        What is counted.
    """

    def __init__(self, label: str, unit: str = "step") -> None:
        self._label, self._unit = label, unit
        self._bar: Any = None

    def start(self, total: int) -> None:
        """Open the bar."""
        self._bar = tqdm(
            total=total,
            desc=self._label,
            unit=self._unit,
            unit_scale=True,
            disable=not sys.stderr.isatty(),
            leave=False,
        )

    def step(self, done: int) -> None:
        """Show what is done so far."""
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()


class NetworkBar:
    """A progress bar over the steps of several networks, one after the other."""

    def __init__(self, runs: int) -> None:
        self._runs, self._run = runs, 0
        self._bar = Bar("")

    def start(self, total: int) -> None:
        """Open the bar of the next network."""
        self._run += 1
        self._bar = Bar(f"network {self._run}/{self._runs}")
        self._bar.start(total)

    def step(self, done: int) -> None:
        """Show the steps done so far."""
        self._bar.step(done)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()
