"""What happens when a rank fails: the others must neither hang nor go on."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import time
import traceback
from types import TracebackType
from typing import Any

from wgflow.parallel.communicator import Communicator

__all__ = ["abort", "abort_on_errors", "all_failed"]

PATIENCE = 3.0  # seconds in which the other ranks must have failed too
PAUSE = 0.01
PASSING_ON = 0.3  # seconds that a launcher is given to pass on what was said, before it ends all
UNCAUGHT = 1  # exit code of a program that ends with an exception


def all_failed(comm: Communicator) -> bool:
    """Find out whether every rank has come here, and so failed alike.

    Not collective in the usual sense: a rank that is not joined by the others in a few seconds
    is told that it is alone, and should :func:`abort`.
    """
    if comm.size == 1:
        return True
    if id(comm.raw) in _alone:
        return False
    request = _errors(comm).Ibarrier()
    end = time.monotonic() + PATIENCE
    while not request.Test():
        if time.monotonic() > end:
            _alone.add(id(comm.raw))
            return False
        time.sleep(PAUSE)
    return True


def abort(comm: Communicator, message: str, code: int) -> None:
    """Say what has gone wrong on this rank, and end all ranks."""
    sys.stdout.flush()
    sys.stderr.write(f"{message} (rank {comm.rank} of {comm.size} failed alone: all are ended)\n")
    sys.stderr.flush()
    time.sleep(PASSING_ON)
    _leave_petsc()
    comm.raw.Abort(code)


def _leave_petsc() -> None:
    """Let PETSc believe that it is finalized, or it would be so while MPI aborts.

    That sends messages, which the other ranks take for those that they are waiting for: they
    fail with a page of MPI's errors and its exit code before they are ended.
    """
    petsc = sys.modules.get("petsc4py.PETSc")
    if petsc is not None:
        with contextlib.suppress(OSError, ValueError):  # a library that does not show the flag
            flag = ctypes.c_bool.in_dll(ctypes.CDLL(petsc.__file__), "PetscFinalizeCalled")
            flag.value = True


def abort_on_errors(comm: Communicator) -> None:
    """See to it that an exception that nobody catches on one rank ends all ranks; collective."""
    prepare(comm)
    if comm.size == 1 or getattr(sys.excepthook, "wgflow", False):
        return
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> Any:
        if all_failed(comm):
            if comm.is_root:
                before(kind, error, trace)
            return
        text = "".join(traceback.format_exception(kind, error, trace)).rstrip()
        abort(comm, text, UNCAUGHT)

    hook.wgflow = True  # type: ignore[attr-defined]
    sys.excepthook = hook


_duplicates: dict[int, Any] = {}
_alone: set[int] = set()  # where this rank has found itself to be the only one that failed


def _errors(comm: Communicator) -> Any:
    """Give the channel on which ranks tell of errors, apart from where others may be waiting."""
    return _duplicates[id(comm.raw)]


def prepare(comm: Communicator) -> None:
    """Open the channel for errors; collective."""
    if comm.size > 1 and id(comm.raw) not in _duplicates:
        _duplicates[id(comm.raw)] = comm.raw.Dup()
