"""Where a run leaves checkpoints, and whether there is anything left to do."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import math
import os
import types
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wgflow.commands.inputs import (
    cells_asked,
    directory,
    follow_of,
    options_of,
    parameters_of,
    settings_of,
    solver_of,
)
from wgflow.errors import InputError, Interrupted
from wgflow.io import Checkpoint, check_directory
from wgflow.loop import heeding_keyboard
from wgflow.parallel import on_root, world
from wgflow.solve import DEFAULT_CELLS
from wgflow.steppers.control import joined

__all__ = ["already_done", "checkpoint_in", "ctrl_c_waits", "how_to_go_on", "place"]

FOLDER = "checkpoint"  # in the directory of the results


def place(given: argparse.Namespace) -> Path:
    """Give the directory of the results, where those of the same run may lie if it goes on."""
    if not given.restart:
        return directory(given)
    if given.overwrite:
        raise InputError("--restart resumes, --overwrite starts over: give only one of them")
    if not given.out:
        raise InputError("--restart: give the folder of the run with --out DIR")
    return check_directory(Path(given.out), overwrite=True, comm=world())


def checkpoint_in(out: Path, given: argparse.Namespace) -> Checkpoint:
    """Give the checkpoints of a run: at a signal in any case, and when asked for."""
    return Checkpoint(
        out / FOLDER,
        every=given.checkpoint_every,
        steps=given.checkpoint_steps,
        overwrite=given.overwrite,
        about={"case": Path(given.case).stem, "parameters": parameters_of(given)},
    )


def already_done(out: Path, given: argparse.Namespace, case: types.ModuleType) -> bool:
    """Whether a run that is to go on has finished before, for a job that is queued again.

    Raises
    ------
    InputError
        If the directory holds the result of another run.
    """
    summary = on_root(world(), lambda: _summary(out)) if given.restart else None
    if summary is None:
        return False
    problem = case.problem(**settings_of(case.problem, given.set))
    solver = solver_of(given, case, problem)
    until = problem.until if given.until is None else given.until
    step = {"dt": given.dt, "tolerance": given.tolerance}
    asked: dict[str, Any] = {
        "case": Path(given.case).stem,
        "parameters": parameters_of(given),
        "solver": Path(solver).stem,
        "options": joined(step, options_of(solver, given.option), until),
        "cells": _cells(cells_asked(given, case), problem.domain.dimension),
    }
    follow = follow_of(given, case)
    if follow is not None or "follow" in summary:
        asked["follow"] = None if follow is None else asdict(follow)
    if problem.samples:  # a file may have been changed meanwhile
        asked["samples"] = problem.samples
    finished = summary.get("status") == "finished"
    if finished:
        asked["time"] = until
    differing = [
        f"{key} {summary.get(key)!r} there, {value!r} here"
        for key, value in asked.items()
        if not _same(summary.get(key), value)
    ]
    if differing:
        raise InputError(
            f"{out} holds the result of another run ({'; '.join(differing)}): name another --out, "
            "or start over with --overwrite instead of --restart"
        )
    return finished


@contextlib.contextmanager
def how_to_go_on(out: Path, given: argparse.Namespace) -> Iterator[None]:
    """Say from where a run goes on, and how it does if it is stopped."""
    # of a network only its rank can tell
    logging.getLogger("wgflow.compare").setLevel(logging.INFO)
    if given.restart:
        logging.getLogger("wgflow.loop").setLevel(logging.INFO)
    try:
        with ctrl_c_waits("the current step"):
            yield
    except Interrupted as stop:
        again = f"to resume, run the same command with --out {out} --restart"
        raise type(stop)(f"{stop}; {again}") from stop


@contextlib.contextmanager
def ctrl_c_waits(work: str) -> Iterator[None]:
    """Let the first Ctrl-C wait for the end of some work and for what it leaves, and say so."""
    speaks = world().is_root

    def told() -> None:
        if speaks:  # past Python's streams, in which the signal may have come
            said = f"wgflow: Ctrl-C: {work} will be completed and saved; Ctrl-C again stops at once"
            begin = "\n" if os.isatty(2) else ""  # a bar stands on the line
            os.write(2, f"{begin}{said}\n".encode())

    with heeding_keyboard(told):
        yield


def _summary(out: Path) -> dict[str, Any] | None:
    """Read what a run has said of itself at its end; None before."""
    path = out / "summary.json"
    if not path.exists():
        return None
    try:
        summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}): remove it and try again") from None
    return summary


def _cells(cells: int | Sequence[int] | None, dimension: int) -> list[int]:
    asked = DEFAULT_CELLS[dimension - 1] if cells is None else cells
    each = [asked] * dimension if isinstance(asked, int) else list(asked)
    return each * dimension if len(each) == 1 else each


def _same(there: Any, here: Any) -> bool:
    """Whether a value is the one that JSON holds, where an infinite number is text."""
    if isinstance(here, dict):
        return (
            isinstance(there, dict)
            and {*there} == {*map(str, here)}
            and all(_same(there[str(key)], value) for key, value in here.items())
        )
    if isinstance(here, float) and math.isinf(here):
        here = str(here)
    return bool(there == (list(here) if isinstance(here, tuple) else here))
