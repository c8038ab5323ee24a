"""Commands that solve a case and write the results."""

from __future__ import annotations

import argparse
from pathlib import Path

from wgflow import catalog
from wgflow.commands.inputs import named, report, solve_case
from wgflow.commands.restarts import already_done, checkpoint_in, how_to_go_on, place
from wgflow.errors import Interrupted, WgflowError
from wgflow.parallel import world
from wgflow.solution import Solution

__all__ = ["run"]


def run(given: argparse.Namespace) -> int:
    """Solve a case and write the results, or go on where a run was stopped."""
    from wgflow.io import packing

    packing(given.compression)  # a wrong word is refused before anything is computed
    case = catalog.load("cases", given.case)
    out = place(given)
    checkpoint = checkpoint_in(out, given)
    if already_done(out, given, case):
        if world().is_root:
            checkpoint.remove()  # of a run that was killed while it removed them
        print(f"{out}/ holds the finished run: nothing to do")
        return 0
    overwrite = given.overwrite or given.restart
    try:
        with how_to_go_on(out, given):
            solution = solve_case(given, case, checkpoint, given.restart)
    except Interrupted:
        raise
    except WgflowError as error:
        partial = getattr(error, "solution", None)
        if isinstance(partial, Solution) and partial.facts["steps"] > 0:
            _save(named(partial, given), out, given, overwrite)
            raise type(error)(f"{error} (the results up to then are in {out})") from error
        raise
    _save(solution, out, given, overwrite)
    if solution.grid.comm.is_root:
        checkpoint.remove()
    print(report(solution))
    print(f"written to {out}/")
    return 0


def _save(solution: Solution, out: Path, given: argparse.Namespace, overwrite: bool) -> None:
    solution.save(out, overwrite=overwrite, compression=given.compression, single=given.single)
