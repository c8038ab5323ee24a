"""Work that is alike for several numbers, divided among the ranks."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from wgflow import errors
from wgflow.errors import Interrupted, WgflowError
from wgflow.loop import Signals
from wgflow.parallel import Calls, Communicator

__all__ = ["NeedlessError", "Team"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
Failure = tuple[int, type[WgflowError], str]


class NeedlessError(WgflowError):
    """Work on a number has become needless, since a lower one has failed."""


class Team:
    """Ranks that share work which is alike for the numbers from 0 on.

    Rank r does the numbers r, r + P, … of P ranks, and all have all results in the end. What
    fails is what fails first on one rank: the lowest number of those that fail. All ranks raise
    it; those at work on higher numbers leave off, those on lower ones finish, for they may fail.

    Parameters
    ----------
    comm : Communicator
    signals : Signals, optional
        Which stop the work: seen on one rank, they are told to all.
    """

    def __init__(self, comm: Communicator, signals: Signals | None = None) -> None:
        self.comm, self.signals = comm, signals
        self._told = False
        self._calls: Calls | None = None

    def __enter__(self) -> Team:
        self._calls = Calls(self.comm)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # after an error of one rank alone, the others are not here to close with it
        if self._calls is not None and (error is None or isinstance(error, WgflowError)):
            self._calls.close()
        self._calls = None

    def share(self, task: Callable[[int], T], count: int) -> list[T]:
        """Do ``task(0)``, …, ``task(count - 1)``; give every rank all results in this order.

        Once for a team; collective.

        Raises
        ------
        WgflowError
            What a task has raised, on all ranks alike.
        """
        if self._calls is None:
            with self:
                return self.share(task, count)
        comm = self.comm
        if comm.is_root and comm.size > count:
            logger.warning("%d ranks for %d networks: the others are idle", comm.size, count)
        done: dict[int, T] = {}
        failure: Failure | None = None
        mine: WgflowError | None = None
        for number in range(comm.rank, count, comm.size):
            try:
                self.check(number)
                done[number] = task(number)
            except NeedlessError:
                break
            except WgflowError as error:
                failure, mine = _described(number, error), error
                if not isinstance(error, Interrupted):
                    self._calls.call(number)
                break
        self._calls.wait(self.stopping)
        failures = [f for f in comm.everyone(failure) if f is not None]
        if failures:
            # what cannot be cured by going on comes before what can
            first = min(failures, key=lambda f: (issubclass(f[1], Interrupted), f[0]))
            raise mine if mine is not None and first == failure else first[1](first[2])
        parts = comm.everyone(done)
        return [parts[number % comm.size][number] for number in range(count)]

    def check(self, number: int) -> None:
        """Raise NeedlessError if the work on a number has become needless."""
        lowest = None if self._calls is None else self._calls.lowest()
        if lowest is not None and 0 <= lowest < number:
            raise NeedlessError(f"network {number}: number {lowest} has failed")

    def stopping(self) -> str:
        """Give the name of the signal that asks the team to stop, empty if there is none."""
        calls = self._calls
        if calls is None or self.signals is None:
            return ""
        if self.signals.seen and not self._told:
            self._told = True
            calls.call(-signal.Signals[self.signals.seen])
        lowest = calls.lowest()
        return "" if lowest is None or lowest >= 0 else signal.Signals(-lowest).name


def _described(number: int, error: WgflowError) -> Failure:
    """Give what other ranks are told; neither an error's solution nor a user's class travels."""
    known = [k for k in type(error).__mro__ if k.__module__ == errors.__name__]
    return number, known[0], str(error)
