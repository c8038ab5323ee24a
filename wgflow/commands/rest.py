"""The command that runs a case with noise to rest from several starts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from wgflow import catalog
from wgflow.commands.inputs import (
    cells_asked,
    check_files,
    numbers,
    options_of,
    settings_of,
    solver_of,
)
from wgflow.commands.leaving import about, finding, leave
from wgflow.errors import InputError
from wgflow.problem import Problem

if TYPE_CHECKING:
    from wgflow.convergence.rest import RestTable

__all__ = ["study_rest"]

EXIT_MISSED = 1  # not at rest, not one state, or the free energy has risen
UNTIL = 100.0
STARTS = "kappa=0.4,1.6"  # the size of the initial weights of the networks' cases


def study_rest(given: argparse.Namespace) -> int:
    """Run a case to rest from several starts; compare with the stationary state."""
    from wgflow.convergence.rest import rest

    check_files(given)
    case = catalog.load("cases", given.case)
    settings = settings_of(case.problem, given.set)
    words = STARTS if given.starts is None else given.starts
    name, _, values = words.partition("=")
    starts = numbers(values, "--starts")
    if not (name and starts):
        raise InputError(f"--starts {words!r}: write it as NAME=VALUE,VALUE")
    if name in settings:
        raise InputError(f"--set {name}={settings[name]}: the study varies it, omit it")

    def make(value: float) -> Problem:
        problem: Problem = case.problem(
            **settings, **catalog.bind(case.problem, {name: repr(value)})
        )
        return problem

    solver = solver_of(given, case, make(starts[0]))
    table = rest(
        make,
        starts,
        solver,
        parameter=name,
        until=UNTIL if given.until is None else given.until,
        cells=cells_asked(given, case),
        tolerance=given.tolerance,
        options=options_of(solver, given.option),
    )
    cells = " x ".join(map(str, table.cells))
    print(f"{Path(given.case).stem}, {Path(solver).stem}, {cells} cells\n{table.to_text()}")
    missed = table.missed()
    _leave(given, solver, table, make(starts[0]))
    for what in missed:
        print(f"MISSED: {what}")
    return EXIT_MISSED if missed else 0


def _leave(given: argparse.Namespace, solver: str, table: RestTable, problem: Problem) -> None:
    leave(
        given,
        "study rest",
        table.columns(),
        table=table.to_json(),
        findings=[
            finding(name, value, expected=f"≤ {limit:.0e}", passed=value <= limit)
            for name, value, limit in table.judged()
        ],
        **about(given, solver, options_of(solver, given.option), problem),
    )
