"""Commands that solve a case and write the results."""

from __future__ import annotations

import argparse
import logging
import math

from wgflow import catalog
from wgflow.commands.inputs import directory, named, report, settings_of, solve_case
from wgflow.commands.progress import NetworkBar
from wgflow.commands.restarts import already_done, checkpoint_in, place
from wgflow.errors import InputError, Interrupted, WgflowError
from wgflow.solution import Solution

__all__ = ["compare", "run"]


def run(given: argparse.Namespace) -> int:
    """Solve a case and write the results, or go on where a run was stopped."""
    from wgflow.io import save_solution

    case = catalog.load("cases", given.case)
    out = place(given)
    if already_done(out, given, case):
        print(f"{out}/ holds the finished run: nothing is left to do")
        return 0
    overwrite = given.overwrite or given.restart
    checkpoint = checkpoint_in(out, given)
    if given.restart:
        logging.getLogger("wgflow.loop").setLevel(logging.INFO)  # to say from where it goes on
    try:
        solution = solve_case(given, case, checkpoint, given.restart)
    except Interrupted as stop:
        again = f"to go on, give the same command with --out {out} --restart"
        raise Interrupted(f"{stop}; {again}") from stop
    except WgflowError as error:
        partial = getattr(error, "solution", None)
        if isinstance(partial, Solution) and partial.facts["steps"] > 0:
            save_solution(named(partial, given), out, overwrite=overwrite)
            raise type(error)(f"{error} (what was computed is in {out})") from error
        raise
    save_solution(solution, out, overwrite=overwrite)
    checkpoint.remove()
    print(report(solution))
    print(f"written to {out}/")
    return 0


def compare(given: argparse.Namespace) -> int:
    """Solve a network case and run finite networks beside it."""
    from wgflow import compare as comparing

    case = catalog.load("cases", given.case)
    defaults = getattr(case, "PARTICLES", {})
    chosen = {
        name: getattr(given, name)
        for name in ("particles", "step", "seeds", "seed", "batch", "dynamics", "extrapolate")
        if getattr(given, name) is not None
    }
    settings = comparing.ParticleSettings(**{**defaults, **chosen})
    out = directory(given)
    if case.problem(**settings_of(case.problem, given.set)).network is None:
        raise InputError(
            f"{given.case} has no finite network to compare with: choose a network case "
            "with a finite dimension"
        )
    solution = solve_case(given, case)
    print(report(solution))
    steps = math.ceil(solution.time / settings.step)
    print(
        f"{settings.seeds} networks of {settings.particles} neurons"
        + (f" and {settings.seeds} of {settings.particles // 2}" if settings.extrapolate else "")
        + f", {steps} steps of {settings.step:g} each ({settings.dynamics})"
    )
    comparison = comparing.compare(
        solution, settings, NetworkBar(settings.seeds * (1 + settings.extrapolate))
    )
    comparison.save(out, overwrite=given.overwrite)
    print(comparison.to_text())
    print(f"written to {out}/ (see comparison.png)")
    return 0
