"""Commands that measure orders and rates."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wgflow import catalog
from wgflow.commands.inputs import (
    check_files,
    levels,
    numbers,
    options_of,
    settings_of,
    solver_of,
)
from wgflow.errors import InputError
from wgflow.grid import Grid
from wgflow.mesh import Region
from wgflow.parallel import SERIAL, on_root, world
from wgflow.problem import Problem
from wgflow.solve import DEFAULT_CELLS, make_stepper, solve

if TYPE_CHECKING:
    from wgflow.particles import CouplingTable

__all__ = ["converge", "study_coupling", "study_refinement", "verify"]

EXIT_MISSED = 1  # an order or a slope is not as stated
COUPLING_SEEDS, COUPLING_NEURONS = 40, 400  # where the case states none


def converge(given: argparse.Namespace) -> int:
    """Measure the order of convergence of a solver on a case."""
    from wgflow.convergence.verification import plan
    from wgflow.io import write_json

    check_files(given)
    if given.within is not None and not (math.isfinite(given.within) and given.within > 0):
        raise InputError(f"--within {given.within}: give a finite number > 0")
    if given.expected is not None and not math.isfinite(given.expected):
        raise InputError(f"--expected {given.expected}: give a finite order")
    case = catalog.load("cases", given.case)
    problem = case.problem(**settings_of(case.problem, given.set))
    solver = solver_of(given, case, problem)
    # an order is stated for a solver with its options: backward Euler is of another
    stated = plan(given.case, " ".join([solver, *given.option]), given.variant)
    asked = {"refine": given.refine, "dt": given.dt, "until": given.until, "norm": given.norm}
    study = {**stated.study, **{k: v for k, v in asked.items() if v is not None}}
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
        or any(v is not None for v in asked.values())
    )
    parameters = {**stated.parameters, **settings_of(case.problem, given.set)}
    options = {**stated.options, **options_of(solver, given.option)}
    expected = stated.expected if given.expected is None else given.expected
    plan_ = replace(
        stated,
        study=study,
        parameters=parameters,
        options=options,
        expected=expected,
        within=stated.within if given.within is None else given.within,
        finest_error=None if changed else stated.finest_error,
    )
    table = plan_.run()
    print(f"{table.case}, {plan_.method}")
    print(table.to_text(every_norm=True))
    if given.json:
        on_root(world(), lambda: write_json(Path(given.json), table.to_json()))
    if given.figure:
        from wgflow.convergence.figure import convergence_figure

        on_root(world(), lambda: convergence_figure(table).savefig(given.figure))
    if expected is None:
        print("no order is stated for this pair: pass --expected to require one")
        return 0
    band = f"{expected:g} ± {table.within:g}"
    cap = f", finest error at most {table.finest_error:g}" if table.finest_error else ""
    print(f"{'passed' if table.passed else 'MISSED'}: order {table.rate:.3f}, expected {band}{cap}")
    return 0 if table.passed else EXIT_MISSED


def verify(given: argparse.Namespace) -> int:
    """Run the matrix of cases and solvers; exit code 1 if anything fails."""
    from wgflow.convergence import verification
    from wgflow.io import write_json

    def progress(number: int, count: int, plan: verification.Plan) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{number + 1}/{count} {plan.title}, {plan.method}")
            sys.stderr.flush()

    check_files(given)
    result = verification.verify(given.case or None, given.solver, progress=progress)
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    print(result.to_text())
    if given.json:
        on_root(world(), lambda: write_json(Path(given.json), result.to_json()))
    return 0 if result.passed else EXIT_MISSED


def study_coupling(given: argparse.Namespace) -> int:
    """Measure the distances between the density and the four coupled dynamics."""
    from wgflow.compare import Team, moments_of, schedule_of
    from wgflow.particles import coupling_errors

    check_files(given)
    case = catalog.load("cases", given.case)
    problem: Problem = case.problem(**settings_of(case.problem, given.set))
    if problem.network is None:
        raise InputError(f"{given.case} has no finite network: choose a network case")
    plan = getattr(case, "COUPLING", None)
    if plan is None:
        raise InputError(f"{given.case} states no sizes and steps for this study (COUPLING)")
    seeds = plan.get("seeds", COUPLING_SEEDS) if given.seeds is None else given.seeds
    if seeds < 2:
        raise InputError(f"seeds = {seeds}: give at least 2, for the slopes' intervals")
    solver = solver_of(given, case, problem)
    options = options_of(solver, given.option)
    comm = world()
    # each rank solves the whole density, for the moments to be the same on however many ranks
    domain = problem.domain
    if isinstance(domain, Region):
        raise InputError(f"{given.case} is on {domain!r}: this study needs a case on a box")
    cells = getattr(case, "CELLS", DEFAULT_CELLS[domain.dimension - 1])
    grid = Grid(domain, cells, comm=SERIAL)
    stepper = make_stepper(problem, grid, solver, options)
    solution = solve(problem, stepper, until=max(plan["times"]))
    table = coupling_errors(
        problem.network,
        moments_of(solution),
        plan["times"],
        plan["sizes"],
        plan["steps"],
        range(seeds),
        schedule_of(problem),
        neurons=plan.get("neurons", COUPLING_NEURONS),
        dt=plan.get("dt"),
        share=Team(comm).share,
    )
    print(table.to_text())
    if given.json:
        on_root(comm, lambda: Path(given.json).write_text(table.to_json(), encoding="utf-8"))
    on_root(comm, lambda: _write_coupling(given, table))
    missed = table.missed()
    for slope in missed:
        print(f"MISSED: {slope}")
    return EXIT_MISSED if missed else 0


def _write_coupling(given: argparse.Namespace, table: CouplingTable) -> None:
    from wgflow.io import write_table
    from wgflow.plots.coupling import coupling_figure

    if given.csv:
        write_table(Path(given.csv), table.columns())
    if given.figure:
        coupling_figure(table, Path(given.case).stem).savefig(given.figure, dpi=150)


def study_refinement(given: argparse.Namespace) -> int:
    """Tabulate a recorded quantity on a sequence of grids and extrapolate."""
    from wgflow.convergence.refinement import refinement
    from wgflow.io import write_json

    check_files(given)
    case = catalog.load("cases", given.case)
    problem: Problem = case.problem(**settings_of(case.problem, given.set))
    solver = solver_of(given, case, problem)
    first = given.cells
    if first is None:
        first = max(int(np.min(getattr(case, "CELLS", 400))) // 4, 3)
    table = refinement(
        problem,
        solver,
        cells=levels((first,), first, given.levels, least=3),
        times=numbers(given.times, "--times") or [problem.until],
        column=given.column,
        options=options_of(solver, given.option),
    )
    print(f"{Path(given.case).stem}, {Path(solver).stem}")
    print(table.to_text())
    if given.json:
        on_root(world(), lambda: write_json(Path(given.json), table.to_json()))
    return 0
