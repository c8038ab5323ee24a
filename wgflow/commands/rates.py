"""Commands that measure orders."""

from __future__ import annotations

import argparse
import math
import sys
import types
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wgflow import catalog
from wgflow.commands.inputs import (
    check_files,
    levels,
    options_of,
    settings_of,
    solver_of,
)
from wgflow.commands.leaving import about, finding, leave
from wgflow.commands.progress import Bar
from wgflow.errors import InputError

if TYPE_CHECKING:
    from wgflow.commands.leaving import Columns
    from wgflow.convergence import ConvergenceTable
    from wgflow.convergence.verification import Plan

__all__ = ["converge", "verify"]

EXIT_MISSED = 1  # an order is not as stated


def converge(given: argparse.Namespace) -> int:
    """Measure the order of convergence of a solver on a case."""
    from wgflow.convergence.figure import convergence_figure

    check_files(given)
    if given.within is not None and not (math.isfinite(given.within) and given.within > 0):
        raise InputError(f"--within {given.within}: give a finite number > 0")
    if given.expected is not None and not math.isfinite(given.expected):
        raise InputError(f"--expected {given.expected}: give a finite order")
    case = catalog.load("cases", given.case)
    problem = case.problem(**settings_of(case.problem, given.set))
    solver = solver_of(given, case, problem)
    asked = _asked(given, case, solver)
    table = _watched(asked)
    print(f"{table.case}, {asked.method}")
    print(table.to_text(every_norm=True))
    leave(
        given,
        "converge",
        _level_columns(table),
        table=table.to_json(),
        figure=lambda: convergence_figure(table),
        findings=_judged(table, asked.solver),
        dpi="figure",
        **about(given, solver, asked.options, problem, asked.parameters),
    )
    if asked.expected is None:
        print("no order is stated for this pair: pass --expected to require one")
        return 0
    band = f"{asked.expected:g} ± {table.within:g}"
    cap = f", finest error at most {table.finest_error:g}" if table.finest_error else ""
    print(f"{'passed' if table.passed else 'MISSED'}: order {table.rate:.3f}, expected {band}{cap}")
    return 0 if table.passed else EXIT_MISSED


def _watched(plan: Plan) -> ConvergenceTable:
    """Run a study with a bar of its levels; before the first stands a fine reference, if any."""
    from wgflow.convergence.study import LEVELS

    refined = plan.study["dt" if plan.study["refine"] == "time" else "cells"]
    bar = Bar(plan.title, "level")
    bar.start(len(refined) if isinstance(refined, list | tuple) else LEVELS)
    try:
        return plan.run(bar.step)
    finally:
        bar.close()


def _asked(given: argparse.Namespace, case: types.ModuleType, solver: str) -> Plan:
    """Give the study that the case states, changed as the command line asks."""
    from wgflow.convergence.verification import plan

    # an order is stated for a solver with its options: backward Euler is of another
    stated = plan(given.case, " ".join([solver, *given.option]), given.variant)
    words = {"refine": given.refine, "dt": given.dt, "until": given.until, "norm": given.norm}
    study = {**stated.study, **{k: v for k, v in words.items() if v is not None}}
    if study["refine"] == "time":
        study["cells"] = study["cells"][-1] if given.cells is None else given.cells
        if given.levels is not None and study["dt"] is not None:
            study["dt"] = [study["dt"] / 2**i for i in range(given.levels)]
    else:
        study["cells"] = levels(study["cells"], given.cells, given.levels)
    changed = (
        given.set
        or given.option
        or given.cells
        or given.levels
        or any(v is not None for v in words.values())
    )
    return replace(
        stated,
        study=study,
        parameters={**stated.parameters, **settings_of(case.problem, given.set)},
        options={**stated.options, **options_of(solver, given.option)},
        expected=stated.expected if given.expected is None else given.expected,
        within=stated.within if given.within is None else given.within,
        finest_error=None if changed else stated.finest_error,
    )


def _level_columns(table: ConvergenceTable) -> Columns:
    """Give a refinement study as columns."""
    levels = table.levels
    others = [name for name in levels[0].errors if name != table.norm]
    facts = ("mass_error", "minimum", "energy_max_increase", "steps", "wall_seconds")
    return {
        "cells": [" x ".join(map(str, v.cells)) for v in levels],
        "dt": [v.dt for v in levels],
        f"{table.norm} error": [v.error for v in levels],
        "order": [math.nan if v.rate is None else v.rate for v in levels],
        **{f"{name} error": [v.errors[name] for v in levels] for name in others},
        **{name: [v.facts[name] for v in levels] for name in facts},
    }


def _judged(table: ConvergenceTable, solver: str) -> list[dict[str, Any]]:
    """Say what a refinement study has found, and what was expected."""
    from wgflow.convergence.invariants import invariants, promises_energy

    band, close = "", None
    if table.expected is not None:
        band = f"{table.expected:g} ± {table.within:g}"
        close = abs(table.rate - table.expected) <= table.within
    cap, small = "", None
    if table.finest_error is not None:
        cap, small = f"≤ {table.finest_error:g}", table.error <= table.finest_error
    held = invariants([v.facts for v in table.levels], promises_energy(solver))
    return [
        finding("order on the two finest grids", table.rate, expected=band, passed=close),
        finding(f"{table.norm} error on the finest grid", table.error, expected=cap, passed=small),
        *(finding(v.name, v.value, expected=v.limit, passed=v.passed) for v in held),
    ]


def verify(given: argparse.Namespace) -> int:
    """Run the matrix of cases and solvers; exit code 1 if anything fails."""
    from wgflow.convergence import verification

    def progress(number: int, count: int, plan: verification.Plan) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{number + 1}/{count} {plan.title}, {plan.method}")
            sys.stderr.flush()

    check_files(given)
    result = verification.verify(given.case or None, given.solver, progress=progress)
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    print(result.to_text())
    passed = sum(each.passed for each in result.checks)
    count = len(result.checks)
    leave(
        given,
        "verify",
        result.columns(),
        table=result.to_json(),
        findings=[
            finding("studies that passed", passed, expected=f"{count}", passed=result.passed)
        ],
    )
    return 0 if result.passed else EXIT_MISSED
