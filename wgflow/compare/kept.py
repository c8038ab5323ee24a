"""Keeps what each network of a study has given, so that a study that was stopped can go on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from wgflow._typing import Array
from wgflow.compare.keeper import FOLDER, NetworkKeeper
from wgflow.compare.team import Team
from wgflow.errors import InputError
from wgflow.io import Checkpoint
from wgflow.loop import Signals, stopped
from wgflow.parallel import Communicator
from wgflow.particles import Layers, LazyRun, ThreeLayerRun

__all__ = ["KeptResults"]

T = TypeVar("T")

CLASSES: dict[str, Any] = {kind.__name__: kind for kind in (Layers, LazyRun, ThreeLayerRun)}
"""Of the results of networks, besides arrays, numbers and tuples of these."""

FORM = "form"  # the array that says what the others are parts of


class KeptResults:
    """Divides a study's networks among ranks, and keeps the result of each that is finished.

    A study asks for its networks by number, ``share(task, count)``, and does not know where they
    run. Here those whose result is kept are not run again. Which rank has run one, and on how many
    ranks the study goes on, does not matter: the results are the same, bit for bit.

    Parameters
    ----------
    comm : Communicator
    place : Checkpoint, optional
        Where results are kept; nothing is kept without one. Its ``about`` must be the same when
        the study goes on: all settings on which a result depends.
    restart : bool
        Whether to go on with what lies there.

    Raises
    ------
    InputError
        If results lie there and neither ``restart`` nor the place's ``overwrite`` is set.

    Examples
    --------
    >>> from wgflow.parallel import SERIAL
    >>> KeptResults(SERIAL).share(lambda number: float(number**2), 3)
    [0.0, 1.0, 4.0]
    """

    def __init__(
        self, comm: Communicator, place: Checkpoint | None = None, restart: bool = False
    ) -> None:
        self.comm, self._place, self._restart = comm, place, restart
        self._calls = 0
        if place is None:
            return
        there = self._folders()
        for each in there:
            each.check(restart)
        comm.barrier()
        if not restart:
            self.clear()
        comm.barrier()

    def share(self, task: Callable[[int], T], count: int) -> list[T]:
        """Give ``[task(0), …, task(count - 1)]``, of which some may be known. Collective.

        The first call goes on with the results of the first call before, and so on.

        Raises
        ------
        WgflowError
            What a task has raised, on all ranks alike.
        Interrupted
            If SIGTERM or SIGUSR1 came, where results are kept: after the networks at work.
        """
        if self._place is None:
            return Team(self.comm).share(task, count)
        place = replace(self._place, directory=self._place.path / f"part-{self._calls}")
        self._calls += 1
        with Signals() as signals, Team(self.comm, signals) as team:
            return team.share(lambda number: self._result(team, number, place, task), count)

    def clear(self) -> None:
        """Remove what is kept: the study is written, or begins anew."""
        if self.comm.is_root:
            for each in self._folders():
                each.remove()
            if self._place is not None:
                _remove_empty([*self._place.path.glob("*"), self._place.path])

    def _folders(self) -> list[Checkpoint]:
        if self._place is None:
            return []
        found = sorted(self._place.path.glob(f"*/{FOLDER}"))
        return [replace(self._place, directory=path) for path in found]

    def _result(self, team: Team, number: int, place: Checkpoint, task: Callable[[int], T]) -> T:
        keeper = NetworkKeeper(team, number, place, {}, self._restart)
        if keeper.result is not None:
            result: T = _unpacked(keeper.result)
            return result
        stop = team.stopping()
        if stop:
            raise stopped(
                stop,
                f"before network {number + 1}; those that are finished are kept in {place.path}",
            )
        result = task(number)
        keeper.finish(_packed(result))
        return result


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


# ---- results as arrays ------------------------------------------------------------------------


def _packed(result: Any) -> dict[str, Array]:
    """Give the arrays of a result, and one that says of what they are parts."""
    arrays: dict[str, Array] = {}
    form = _part(result, arrays)
    text = json.dumps(form).encode()
    return {**arrays, FORM: np.frombuffer(text, dtype=np.uint8)}


def _part(value: Any, arrays: dict[str, Array]) -> Any:
    name = f"part-{len(arrays)}"
    if value is None:
        return None
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return name
    if isinstance(value, float):  # through an array, which keeps nan and every bit
        arrays[name] = np.array(value)
        return {"float": name}
    if isinstance(value, tuple):
        return [_part(each, arrays) for each in value]
    kind = type(value).__name__
    if CLASSES.get(kind) is not type(value):
        raise InputError(f"a result of {type(value)} cannot be kept: give arrays, floats or tuples")
    parts = {f.name: _part(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
    return {kind: parts}


def _unpacked(arrays: Mapping[str, Array]) -> Any:
    return _whole(json.loads(arrays[FORM].tobytes()), arrays)


def _whole(form: Any, arrays: Mapping[str, Array]) -> Any:
    if form is None:
        return None
    if isinstance(form, str):
        return arrays[form]
    if isinstance(form, list):
        return tuple(_whole(each, arrays) for each in form)
    ((kind, parts),) = form.items()
    if kind == "float":
        return float(arrays[parts])
    return CLASSES[kind](**{name: _whole(part, arrays) for name, part in parts.items()})
