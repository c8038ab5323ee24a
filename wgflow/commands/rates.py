"""Commands that measure orders and rates."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from wgflow import catalog
from wgflow.commands.inputs import levels, numbers, options_of, settings_of
from wgflow.errors import InputError
from wgflow.problem import Problem
from wgflow.solve import default_solver, solve

__all__ = ["converge", "study_coupling", "study_refinement"]

DEFAULT_LEVELS = (50, 100, 200, 400)


def converge(given: argparse.Namespace) -> int:
    """Measure the order of convergence of a solver on a case."""
    from wgflow.convergence import convergence
    from wgflow.io import write_json

    case = catalog.load("cases", given.case)
    problem = case.problem(**settings_of(case.problem, given.set))
    solver = given.solver or getattr(case, "DEFAULT_SOLVER", None) or default_solver(problem)
    name = Path(solver).stem
    plan = getattr(case, "CONVERGENCE", {})
    cells = levels(plan.get("cells", DEFAULT_LEVELS), given.cells, given.levels)
    step = given.dt if given.dt is not None else plan.get("dt", {}).get(name)
    table = convergence(
        problem,
        solver,
        cells=cells,
        dt=step,
        until=given.until or plan.get("until"),
        norm=given.norm,
        case=Path(given.case).stem,
        options=options_of(solver, given.option),
    )
    expected = given.expected
    caps: dict[str, float] = {}
    if expected is None:
        expected = getattr(case, "EXPECTED", {}).get(name)
        default = given.cells is None and given.levels is None and given.norm == "L1"
        caps = getattr(case, "FINEST_ERROR", {}) if default and not given.set else {}
    table = replace(table, expected=expected, within=given.within, finest_error=caps.get(name))
    print(f"{table.case}, {table.solver}")
    print(table.to_text())
    if given.json:
        write_json(Path(given.json), table.to_json())
    if expected is None:
        print("no order is stated for this pair: pass --expected to require one")
        return 0
    band = f"{expected:g} ± {given.within:g}"
    cap = f", finest error at most {table.finest_error:g}" if table.finest_error else ""
    print(f"{'passed' if table.passed else 'MISSED'}: order {table.rate:.3f}, expected {band}{cap}")
    return 0 if table.passed else 1


def study_coupling(given: argparse.Namespace) -> int:
    """Measure the distances between the density and the four coupled dynamics."""
    from wgflow.compare import moments_of, schedule_of
    from wgflow.particles import coupling_errors

    case = catalog.load("cases", given.case)
    problem: Problem = case.problem(**settings_of(case.problem, given.set))
    if problem.network is None:
        raise InputError(f"{given.case} has no finite network: choose a network case")
    if given.seeds < 2:
        raise InputError(f"seeds = {given.seeds}: give at least 2, for the slopes' intervals")
    plan = getattr(case, "COUPLING", None)
    if plan is None:
        raise InputError(f"{given.case} states no sizes and steps for this study (COUPLING)")
    solver = given.solver or default_solver(problem)
    options = options_of(solver, given.option)
    solution = solve(problem, solver, until=max(plan["times"]), options=options)
    table = coupling_errors(
        problem.network,
        moments_of(solution),
        plan["times"],
        plan["sizes"],
        plan["steps"],
        range(given.seeds),
        schedule_of(problem),
    )
    print(table.to_text())
    if given.json:
        Path(given.json).write_text(table.to_json(), encoding="utf-8")
    missed = table.missed()
    for slope in missed:
        print(f"MISSED: {slope}")
    return 1 if missed else 0


def study_refinement(given: argparse.Namespace) -> int:
    """Tabulate a recorded quantity on a sequence of grids and extrapolate."""
    from wgflow.io import write_json
    from wgflow.refinement import refinement

    case = catalog.load("cases", given.case)
    problem: Problem = case.problem(**settings_of(case.problem, given.set))
    solver = given.solver or default_solver(problem)
    first = given.cells or max(getattr(case, "CELLS", 400) // 4, 3)
    table = refinement(
        problem,
        solver,
        cells=levels((first,), first, given.levels),
        times=numbers(given.times, "--times") or [problem.until],
        column=given.column,
        options=options_of(solver, given.option),
    )
    print(f"{Path(given.case).stem}, {Path(solver).stem}")
    print(table.to_text())
    if given.json:
        write_json(Path(given.json), table.to_json())
    return 0
