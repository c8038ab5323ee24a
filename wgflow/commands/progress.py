"""Progress bars, on terminals only."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["NetworkBar"]


class NetworkBar:
    """A progress bar over the steps of several networks, on terminals only."""

    def __init__(self, runs: int) -> None:
        self._runs, self._run = runs, 0
        self._bar: Any = None

    def start(self, total: int) -> None:
        """Open the bar of the next network."""
        from tqdm import tqdm

        self._run += 1
        self._bar = tqdm(
            total=total,
            desc=f"network {self._run}/{self._runs}",
            unit="step",
            unit_scale=True,
            disable=not sys.stderr.isatty(),
            leave=False,
        )

    def step(self, done: int) -> None:
        """Show the steps done so far."""
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()
