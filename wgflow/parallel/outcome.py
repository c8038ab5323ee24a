"""What one rank does for all: its result, or its error, reaches every rank."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, TypeVar

from wgflow.parallel.communicator import Communicator

__all__ = ["everywhere", "on_root"]

T = TypeVar("T")


def on_root(comm: Communicator, action: Callable[[], T]) -> T:
    """Do something on the root only; give its result to all ranks, or raise its error on all.

    Parameters
    ----------
    comm : Communicator
    action : callable
        What it returns is broadcast: keep it small. It is not called on the other ranks.

    Examples
    --------
    >>> from wgflow.parallel import SERIAL
    >>> on_root(SERIAL, lambda: 3)
    3
    """
    result: Any = everywhere(comm, action if comm.is_root else _nothing)
    shared: T = comm.broadcast(result)
    return shared


def everywhere(comm: Communicator, action: Callable[[], T]) -> T:
    """Do something on each rank; if it fails on any, raise the lowest such rank's error on all.

    The action itself must not communicate: a rank that fails would leave the others waiting.
    """
    if comm.size == 1:
        return action()
    failure: Exception | None = None
    try:
        result = action()
    except Exception as error:
        failure = error
    raise_alike(comm, failure)
    return result


def raise_alike(comm: Communicator, failure: Exception | None) -> None:
    """Raise on all ranks the error of the lowest rank that has one; collective."""
    found = comm.first(None if failure is None else _carried(failure))
    if found is not None:
        raise found from failure


def _carried(error: Exception) -> Exception:
    """Give an error that can be sent, in place of one that cannot."""
    if getattr(error, "solution", None) is not None:  # large, and of the rank's own
        return type(error)(*error.args)
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _nothing() -> Any:
    return None
