"""Whether there is memory for a large array, told before it is made."""

from __future__ import annotations

import math
import os
import platform
from pathlib import Path

from wgflow.errors import InputError
from wgflow.parallel.communicator import Communicator

__all__ = ["available_memory", "require_memory"]

GIGA = 1e9
SMALL = 2**28  # bytes, less than which nobody asks for


def require_memory(comm: Communicator, size: int, what: str, remedy: str) -> None:
    """Raise InputError on all ranks if those of one machine ask for more than it has left.

    Parameters
    ----------
    comm : Communicator
    size : int
        Bytes that this rank needs.
    what, remedy : str
        For the message: "4000 features on 65536 cells", "take fewer cells".
    """
    if comm.maximum(float(size)) < SMALL:
        return
    left = available_memory()  # before any rank goes on to take some
    here = platform.node()
    asked = comm.everyone((here, size))
    needed = sum(one for machine, one in asked if machine == here)
    message = None
    if needed > left:
        message = (
            f"{what} take {sum(one for _, one in asked) / GIGA:.3g} GB, of which "
            f"{needed / GIGA:.3g} GB on {here}, where {left / GIGA:.3g} GB are free: {remedy}"
        )
    found = comm.first(message)
    if found is not None:
        raise InputError(found)


def available_memory() -> float:
    """Bytes that can be had without swapping; what there is at all where that is not told."""
    limits = [_told(), _group()]
    return min(limits) if min(limits) < math.inf else _whole()


def _told() -> float:
    """Give what Linux deems available."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        words = next(line.split() for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return math.inf
    return float(words[1]) * 1024


def _group() -> float:
    """Give what a container or a batch job has left of its own limit."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = (folder / "memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return math.inf
    return math.inf if limit == "max" else float(limit) - float(used)


def _whole() -> float:
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return math.inf
