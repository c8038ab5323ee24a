"""When and where a run writes checkpoints."""

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
    """When and where a run writes checkpoints.

    The two newest are kept. On SIGTERM or SIGUSR1 a run writes one more and raises
    :class:`wgflow.Interrupted`. A checkpoint that cannot be written, say on a full disk, gives a
    warning and is retried when the next is due: earlier ones are kept and the run goes on.

    Parameters
    ----------
    directory : path
        Created when the first is written.
    every : float, optional
        Seconds from the end of one to the beginning of the next; None for none by the clock.
    steps : int, optional
        Steps from one to the next, in addition.
    last : bool
        Whether to write one at the end of the run too, to continue from.
    overwrite : bool
        Whether a run that starts afresh may remove existing checkpoints.
    about : mapping
        Whatever else must be unchanged when the run is continued, such as the case and its
        parameters, in addition to what ``solve`` checks. It must be storable as JSON.

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
