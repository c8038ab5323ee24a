"""Signals that ask a run to stop."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Signals"]

NAMES = ("SIGTERM", "SIGUSR1")  # of `kill`, and of Slurm's warning before the time is over


class Signals:
    """Notes SIGTERM and SIGUSR1 while a run is active, and does nothing else.

    Handlers are those of a process, and only its main thread may set them: a run in another
    thread is not stopped by signals. Those from before are set again at the end.

    Attributes
    ----------
    seen : str
        Name of the last signal, empty before there was one.
    """

    def __init__(self) -> None:
        self.seen = ""
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            for number in [signal.Signals[n] for n in NAMES if n in signal.Signals.__members__]:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            # None: it was set by something that is not Python, and cannot be set again
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.seen = signal.Signals(number).name
