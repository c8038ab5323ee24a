"""The command that finds where on a parameter the outcome of a case changes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

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

__all__ = ["study_critical"]

WORDS = ("parameter", "between", "below", "column", "until", "within", "cells", "tolerance")


def study_critical(given: argparse.Namespace) -> int:
    """Bisect on a parameter by whether a recorded quantity ends below a threshold."""
    from wgflow.convergence.critical import critical

    check_files(given)
    case = catalog.load("cases", given.case)
    settings = settings_of(case.problem, given.set)
    study = _study(given, case, settings)
    name = study["parameter"]

    def make(value: float) -> Problem:
        problem: Problem = case.problem(
            **settings, **catalog.bind(case.problem, {name: f"{value!r}"})
        )
        return problem

    problem = make(study["between"][0])
    solver = solver_of(given, case, problem)
    options = options_of(solver, given.option)
    table = critical(make, solver, options=options, **study)
    print(f"{Path(given.case).stem}, {Path(solver).stem}")
    print(table.to_text())
    quantity = f"{table.column}({table.until:g})"
    tried = sorted(table.tried)
    leave(
        given,
        "study critical",
        {
            name: [value for value, _ in tried],
            quantity: [outcome for _, outcome in tried],
            "side": ["below" if v < table.below else "above" for _, v in tried],
        },
        table=table.to_json(),
        findings=[
            finding(
                f"{name} where {quantity} crosses {table.below:g}",
                table.value,
                interval=table.bracket,
            )
        ],
        **about(given, solver, options, problem),
    )
    return 0


def _study(given: argparse.Namespace, case: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Give the arguments of the study: of the command line, or else of the case."""
    asked = {word: getattr(given, word) for word in WORDS if getattr(given, word) is not None}
    if "between" in asked:
        asked["between"] = tuple(numbers(asked["between"], "--between"))
        if len(asked["between"]) != 2:
            raise InputError(f"--between {given.between!r}: give two numbers like 0.1,0.4")
    if "cells" in asked:
        asked["cells"] = cells_asked(given, case)
    study = {**getattr(case, "CRITICAL", {}), **asked}
    for word in ("parameter", "between", "below"):
        if word not in study:
            raise InputError(f"{given.case} states no such study (CRITICAL): give --{word}")
    name = study["parameter"]
    if name in settings:
        raise InputError(f"--set {name}={settings[name]}: the study varies it, omit it")
    study.setdefault("cells", getattr(case, "CELLS", None))
    if "until" not in study:
        study["until"] = case.problem(**settings).until
    return study
