"""How a study keeps its finished networks in the folder of its results, and goes on from them."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgflow.commands.leaving import asked
from wgflow.commands.restarts import ctrl_c_waits
from wgflow.errors import InputError, Interrupted, WgflowError
from wgflow.io import Checkpoint
from wgflow.loop.plain import differences, plain
from wgflow.parallel import on_root, world

if TYPE_CHECKING:
    from wgflow.compare import KeptResults

__all__ = ["finished_before", "keeping"]

FOLDER = "checkpoint"  # in the directory of the results


@contextlib.contextmanager
def keeping(given: argparse.Namespace, kind: str) -> Iterator[KeptResults]:
    """Give what shares a study's networks; what it keeps is removed after a study that is written.

    Networks are kept if there is ``--out``, and of the same study if their settings are these.
    """
    from wgflow.compare import KeptResults

    if given.restart and given.overwrite:
        raise InputError("--restart resumes, --overwrite starts over: give only one of them")
    if given.restart and given.out is None:
        raise InputError("--restart: give the folder of the study with --out DIR")
    place = None
    if given.out is not None:
        settings = {"study": kind, **asked(given)}
        place = Checkpoint(Path(given.out) / FOLDER, overwrite=given.overwrite, about=settings)
    kept = KeptResults(world(), place, given.restart)
    try:
        # without a place nothing is kept, and Ctrl-C ends at once
        with ctrl_c_waits("the current network"):
            yield kept
    except Interrupted as stop:
        again = f"to resume, run the same command with --out {given.out} --restart"
        raise type(stop)(f"{stop}; {again}") from stop
    except WgflowError:
        if not given.restart:  # it would fail again
            kept.clear()
        raise
    kept.clear()


def finished_before(given: argparse.Namespace, kind: str) -> int | None:
    """Give the exit code of a study that is to go on and is written already; else None.

    So a job that is queued again ends as it did: 1 if something was missed.

    Raises
    ------
    InputError
        If the directory holds another result.
    """
    if not given.restart or given.out is None:
        return None
    path = Path(given.out) / "summary.json"

    def stored() -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read ({error}): remove it and try again") from None
        return found

    summary = on_root(world(), stored)
    if summary is None:
        return None
    there = {"study": summary.get("kind"), **summary.get("settings", {})}
    here = {key: plain(value) for key, value in {"study": kind, **asked(given)}.items()}
    differing = differences(there, here)
    if differing:
        raise InputError(
            f"{given.out} holds another result ({'; '.join(differing)}): name another --out, or "
            "start over with --overwrite instead of --restart"
        )
    print(f"{given.out}/ holds the finished study: nothing to do")
    return 0 if summary.get("passed", True) else 1
