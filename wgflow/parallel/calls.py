"""Ranks that work each for itself, and still can call each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from wgflow.parallel.communicator import Communicator

__all__ = ["Calls"]

PAUSE = 0.01  # seconds between two looks of a rank that waits


class Calls:
    """Numbers that ranks call out to each other while each works for itself.

    ``Calls`` and ``close`` are collective, and so is ``wait``; ``call`` and ``lowest`` are not.

    Parameters
    ----------
    comm : Communicator
    """

    def __init__(self, comm: Communicator) -> None:
        self.comm = comm
        # apart from the messages of others
        self._raw = comm.raw.Dup() if comm.size > 1 else None
        self._sent: list[Any] = []
        self._made = self._received = 0
        self._lowest: int | None = None

    def call(self, number: int) -> None:
        """Tell all ranks a number, this one too."""
        self._note(number)
        self._made += 1
        if self._raw is not None:
            others = [rank for rank in range(self.comm.size) if rank != self.comm.rank]
            self._sent += [self._raw.isend(number, rank) for rank in others]

    def lowest(self) -> int | None:
        """Give the lowest number that has been heard up to now; None if none has."""
        while self._raw is not None and self._raw.iprobe():
            self._receive()
        return self._lowest

    def wait(self, meanwhile: Callable[[], object]) -> None:
        """Wait until all ranks have come here, without keeping a processor busy.

        Parameters
        ----------
        meanwhile : callable
            Called again and again.
        """
        if self._raw is None:
            return
        request = self._raw.Ibarrier()
        while not request.Test():
            meanwhile()
            time.sleep(PAUSE)

    def close(self) -> None:
        """Take in what is still on its way; no number can be called any more."""
        if self._raw is None:
            return
        due = sum(self._raw.allgather(self._made)) - self._made
        while self._received < due:
            self._receive()
        for request in self._sent:
            request.wait()
        self._raw.Free()

    def _receive(self) -> None:
        self._note(self._raw.recv())  # type: ignore[union-attr]
        self._received += 1

    def _note(self, number: int) -> None:
        self._lowest = number if self._lowest is None else min(self._lowest, number)
