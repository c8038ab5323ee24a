"""The command that runs networks of several widths beside the density."""

from __future__ import annotations

import argparse
import math
import types
from dataclasses import asdict, replace
from typing import Any

from wgflow import catalog
from wgflow.commands.compare import cleared_after_failure, particle_settings, settled
from wgflow.commands.inputs import report, settings_of, solve_case, whole_numbers
from wgflow.commands.progress import NetworkBar
from wgflow.commands.restarts import already_done, checkpoint_in, how_to_go_on, place
from wgflow.errors import InputError
from wgflow.solution import Solution

__all__ = ["study_width"]

EXIT_MISSED = 1  # an error falls more slowly than the theory says
SIZES = (10, 40, 160, 640, 2560)


def study_width(given: argparse.Namespace) -> int:
    """Measure how networks approach the density as they widen, or go on with that."""
    from wgflow.compare import clear, width_study
    from wgflow.compare.widths import TITLES, places

    case = catalog.load("cases", given.case)
    plan = dict(getattr(case, "WIDTHS", {}))
    sizes = whole_numbers(given.sizes, "--sizes") or tuple(plan.pop("sizes", SIZES))
    plan.pop("sizes", None)
    stated = plan.pop("until", None)
    if given.until is None and stated is not None:
        given = argparse.Namespace(**{**vars(given), "until": stated})
    settings = particle_settings(given, case, plan)
    out = place(given)
    if case.problem(**settings_of(case.problem, given.set)).network is None:
        raise InputError(f"{given.case} has no finite network: choose a network case")
    if already_done(out, given, case) and settled(
        out / "widths.json", {**asdict(settings), "particles": list(sizes)}
    ):
        print(f"{out}/ holds the finished study: nothing to do")
        return 0
    checkpoint = replace(checkpoint_in(out, given), last=True)
    everywhere = [*places(checkpoint, sizes), checkpoint]
    with how_to_go_on(out, given):
        solution = solve_case(given, case, checkpoint, given.restart)
        comm = solution.grid.comm
        print(report(solution))
        steps = math.ceil(solution.time / settings.step)
        print(
            f"{settings.seeds} networks of each of {', '.join(map(str, sizes))} neurons, {steps} "
            f"steps of {settings.step:g} each ({settings.dynamics})"
        )
        bar = NetworkBar(len(sizes) * len(range(comm.rank, settings.seeds, comm.size)))
        with cleared_after_failure(given, comm, everywhere):
            study = width_study(
                solution, sizes, settings, bar, coarse=_coarse(given, case, solution),
                checkpoint=checkpoint, restart=given.restart,
            )  # fmt: skip
    study.save(out, overwrite=given.overwrite or given.restart)
    if comm.is_root:
        for each in everywhere:
            clear(each)
    print(study.to_text())
    print(f"written to {out}/ (see widths.png)")
    for name in study.missed():
        print(f"MISSED: {TITLES[name]} falls more slowly than N^(-1/2): try a smaller --step")
    return EXIT_MISSED if study.missed() else 0


def _coarse(given: argparse.Namespace, case: types.ModuleType, solution: Solution) -> Any:
    """Solve on half as many cells; not at all on very few."""
    cells = [n // 2 for n in solution.cells]
    if min(cells) < 8:
        return None
    halved = {**vars(given), "cells": ",".join(map(str, cells)), "splits": None}
    return solve_case(argparse.Namespace(**halved), case)
