"""When and where a run leaves checkpoints."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wgflow.called import answered
from wgflow.errors import InputError
from wgflow.io.files import check_directory
from wgflow.io.generations import holds_checkpoints, remove_checkpoints

__all__ = ["Checkpoint"]

EVERY = 600.0  # seconds


@answered
@dataclass(frozen=True)
class Checkpoint:
    """When and where a run leaves checkpoints.

    The two newest are kept. A run that gets SIGTERM or SIGUSR1 writes one more and raises
    :class:`wgflow.Interrupted`. A checkpoint that cannot be written, on a full disk say, is
    warned of and tried again when the next is due: those before stay, and so does the run.

    Parameters
    ----------
    directory : path
        Made when the first is written.
    every : float, optional
        Seconds from the end of one to the beginning of the next; none by the clock if None.
    steps : int, optional
        Steps from one to the next, besides.
    last : bool
        Whether to leave one at the end of the run too, for what comes after it.
    overwrite : bool
        Whether a run that starts at the beginning may remove checkpoints that lie there.
    about : mapping
        What must be the same when the run is continued, besides what ``solve`` knows: the
        case and its parameters, say. JSON must be able to hold it.

    Raises
    ------
    InputError
        If a number is not positive.

    Examples
    --------
    >>> Checkpoint("run/checkpoint", every=-1)
    Traceback (most recent call last):
    wgflow.errors.InputError: a checkpoint every -1 s: give a number of seconds > 0
    """

    directory: str | os.PathLike[str]
    every: float | None = EVERY
    steps: int | None = None
    last: bool = False
    overwrite: bool = False
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.every is not None and not (math.isfinite(self.every) and self.every > 0):
            raise InputError(f"a checkpoint every {self.every} s: give a number of seconds > 0")
        if self.steps is not None and not (int(self.steps) == self.steps and self.steps >= 1):
            raise InputError(
                f"a checkpoint every {self.steps} steps: give a whole number of steps >= 1"
            )

    @property
    def path(self) -> Path:
        """The directory."""
        return Path(self.directory)

    @property
    def exists(self) -> bool:
        """Whether files of checkpoints lie in the directory."""
        return holds_checkpoints(self.path)

    def check(self, restart: bool) -> None:
        """Raise InputError if checkpoints cannot or must not be written there; change nothing."""
        check_directory(self.path, overwrite=True)
        if self.exists and not (restart or self.overwrite):
            raise InputError(
                f"{self.path} holds checkpoints of a run that has not finished: continue it with "
                "--restart (restart=True), or pass --overwrite (overwrite=True) to start over"
            )

    def remove(self) -> None:
        """Remove all checkpoints: what they were for is done."""
        remove_checkpoints(self.path)
