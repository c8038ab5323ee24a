"""Signals that ask a run to stop."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Any, ClassVar

from wgflow.errors import Interrupted, InterruptedByKeyboard

__all__ = ["Signals", "heeding_keyboard", "stopped"]

NAMES = ("SIGTERM", "SIGUSR1")  # of `kill`, and of Slurm's warning before the time is over
KEYBOARD = "SIGINT"


class Signals:
    """Notes SIGTERM and SIGUSR1 while a run is active, and does nothing else.

    Handlers are those of a process, and only its main thread may set them: a run in another
    thread is not stopped by signals. Those from before are set again at the end.

    Within :func:`heeding_keyboard` Ctrl-C is noted too, once: the second is Python's
    KeyboardInterrupt.

    Attributes
    ----------
    seen : str
        Name of the last signal, empty before there was one.
    """

    told: ClassVar[Callable[[], object] | None] = None  # what Ctrl-C calls; None: it is Python's

    def __init__(self) -> None:
        self.seen = ""
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            # ignored: a shell has started the command in the background
            free = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
            names = (*NAMES, KEYBOARD) if Signals.told is not None and free else NAMES
            for number in [signal.Signals[n] for n in names if n in signal.Signals.__members__]:
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
        if self.seen == KEYBOARD:
            signal.signal(number, signal.default_int_handler)
            if Signals.told is not None:
                Signals.told()


@contextlib.contextmanager
def heeding_keyboard(told: Callable[[], object]) -> Iterator[None]:
    """Let Ctrl-C end runs as SIGTERM does, with a checkpoint: for commands, not for scripts.

    Parameters
    ----------
    told : callable
        Called at once, in the handler of the signal, for the step in hand may be long.
    """
    before, Signals.told = Signals.told, told
    try:
        yield
    finally:
        Signals.told = before


def stopped(name: str, where: str) -> Interrupted:
    """Give the error that says which signal has ended a run, and where."""
    if name == KEYBOARD:
        return InterruptedByKeyboard(f"stopped by Ctrl-C {where}")
    return Interrupted(f"stopped by {name} {where}")
