"""Writes the checkpoints of one network, and reads the one from which it goes on."""

from __future__ import annotations

import logging
import time as clock
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from wgflow._typing import Array
from wgflow._version import __version__
from wgflow.compare.team import Team
from wgflow.errors import InputError
from wgflow.io import Checkpoint
from wgflow.io.generations import Contents, Generations, NotWrittenError
from wgflow.loop import stopped
from wgflow.loop.plain import differences, plain, separated

__all__ = ["NetworkKeeper", "clear", "folders"]

logger = logging.getLogger(__name__)

FOLDER = "network-*"


class NetworkKeeper:
    """Writes the checkpoints of one network, and reads the one from which it goes on.

    A network is of one rank, and its files are of no other; which rank it is does not matter.

    Parameters
    ----------
    team : Team
        Which may stop it.
    number : int
        Of the network.
    settings : Checkpoint or None
        Of all networks; None to keep nothing.
    run : mapping
        What must be the same when the network is continued.
    restart : bool
        Whether to go on from the newest whole checkpoint, if there is one.

    Raises
    ------
    InputError
        If the checkpoints are of another run, or none is whole.
    """

    def __init__(
        self,
        team: Team,
        number: int,
        settings: Checkpoint | None,
        run: Mapping[str, Any],
        restart: bool,
    ) -> None:
        self.team, self.number = team, number
        self.result: dict[str, Array] | None = None
        self._settings = settings
        self._files: Generations | None = None
        self._state: dict[str, Any] | None = None
        self._last, self._last_step = clock.monotonic(), 0
        if settings is not None:
            self._files = Generations(settings.path / FOLDER.replace("*", f"{number:04d}"))
            self._run = {key: plain(value) for key, value in {**settings.about, **run}.items()}
            if restart:
                self._read(self._files)

    def resumed(self) -> dict[str, Any] | None:
        """Give the state from which the network is to go on, None to begin."""
        return self._state

    def after(self, steps: int, state: Callable[[], dict[str, Any]]) -> None:
        """Write a checkpoint if it is due.

        Raises
        ------
        Interrupted
            If a signal was seen on any rank; after the checkpoint.
        NeedlessError
            If a network of a lower number has failed.
        """
        self.team.check(self.number)
        stop = self.team.stopping()
        if not (stop or self._due(steps)):
            return
        where = self._write(steps, {"finished": False}, state())
        self._last, self._last_step = clock.monotonic(), steps
        if stop:
            raise stopped(stop, f"after {steps} steps of network {self.number + 1}, {where}")

    def finish(self, result: dict[str, Array]) -> None:
        """Keep the result in place of the state."""
        if self._files is not None:
            self._write(self._last_step, {"finished": True}, result)

    def _due(self, steps: int) -> bool:
        settings = self._settings
        if settings is None:
            return False
        late = settings.every is not None and clock.monotonic() - self._last >= settings.every
        return late or (settings.steps is not None and steps - self._last_step >= settings.steps)

    def _write(self, steps: int, numbers: dict[str, Any], values: dict[str, Any]) -> str:
        """Write a checkpoint; say where it is."""
        if self._files is None:
            return "and nothing was kept"
        plain_values, arrays = separated(values)
        content = {"version": __version__, "run": self._run, "values": plain_values, **numbers}
        try:
            self._files.write(Contents(content, arrays=arrays))
        except NotWrittenError as error:
            logger.warning("no checkpoint of network %d: %s", self.number + 1, error)
            return f"its checkpoint could not be written ({error})"
        return f"its checkpoint is in {self._files.directory}"

    def _read(self, files: Generations) -> None:
        header, faults = files.newest()
        for fault in faults:
            logger.warning("a checkpoint is skipped: %s", fault)
        if header is None:
            return
        numbers = header["numbers"]
        differing = differences(numbers["run"], self._run)
        if differing:
            raise InputError(
                f"the checkpoints in {files.directory} are of another run "
                f"({'; '.join(differing)}): give the same settings, or start over with --overwrite"
            )
        found = files.read(header)
        if numbers["finished"]:
            self.result = found.arrays
            return
        self._state = {**numbers["values"], **found.arrays}
        self._last_step = self._state["steps"]
        logger.info("network %d continued after %d steps", self.number + 1, self._last_step)


def folders(settings: Checkpoint) -> list[Checkpoint]:
    """Give the places where there may be checkpoints of networks."""
    return [replace(settings, directory=path) for path in sorted(settings.path.glob(FOLDER))]


def clear(settings: Checkpoint) -> None:
    """Remove the checkpoints of all networks, then those of the density."""
    for place in folders(settings):
        place.remove()
    settings.remove()
