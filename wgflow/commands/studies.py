"""Studies of a case: the four coupled dynamics, and a recorded quantity on finer grids."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from wgflow.commands.keeping import finished_before, keeping
from wgflow.commands.leaving import about, finding, leave, slope
from wgflow.errors import InputError
from wgflow.grid import Grid
from wgflow.mesh import Region
from wgflow.parallel import SERIAL
from wgflow.problem import Problem
from wgflow.solve import DEFAULT_CELLS, make_stepper, solve

if TYPE_CHECKING:
    from wgflow.compare import KeptResults
    from wgflow.particles import CouplingTable
    from wgflow.solution import Solution

__all__ = ["study_coupling", "study_refinement"]

EXIT_MISSED = 1  # a slope is not as stated
COUPLING_SEEDS, COUPLING_NEURONS = 40, 400  # where the case states none


def study_coupling(given: argparse.Namespace) -> int:
    """Measure the distances between the density and the four coupled dynamics."""
    from wgflow.plots.coupling import coupling_figure

    check_files(given)
    if (code := finished_before(given, "study coupling")) is not None:
        return code
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
    domain = problem.domain
    if isinstance(domain, Region):
        raise InputError(f"{given.case} is on {domain!r}: this study needs a case on a box")
    cells = getattr(case, "CELLS", DEFAULT_CELLS[domain.dimension - 1])
    # each rank solves the whole density, for the moments to be the same on however many ranks
    stepper = make_stepper(problem, Grid(domain, cells, comm=SERIAL), solver, options)
    with keeping(given, "study coupling") as kept:
        table = _coupled(solve(problem, stepper, until=max(plan["times"])), plan, seeds, kept)
        print(table.to_text())
        leave(
            given,
            "study coupling",
            table.columns(),
            table=json.loads(table.to_json()),
            figure=lambda: coupling_figure(table, Path(given.case).stem),
            findings=_slopes(table),
            **about(given, solver, options, problem),
            samples=problem.samples,
        )
    for each in table.missed():
        print(f"MISSED: {each}")
    return EXIT_MISSED if table.missed() else 0


def _slopes(table: CouplingTable) -> list[dict[str, Any]]:
    missed = table.missed()
    return [
        slope(
            f"{each.pair}, norm {each.norm}, against {each.parameter}",
            (each.slope, each.low, each.high),
            f"{each.expected:g}" if each.claimed else "no prediction",
            passed=each not in missed if each.claimed else None,
        )
        for each in table.slopes
    ]


def _coupled(
    solution: Solution, plan: Mapping[str, Any], seeds: int, kept: KeptResults
) -> CouplingTable:
    """Run the four dynamics beside a density."""
    from wgflow.compare import moments_of, schedule_of
    from wgflow.particles import coupling_errors

    problem = solution.known_problem
    assert problem.network is not None
    return coupling_errors(
        problem.network,
        moments_of(solution),
        plan["times"],
        plan["sizes"],
        plan["steps"],
        range(seeds),
        schedule_of(problem),
        neurons=plan.get("neurons", COUPLING_NEURONS),
        dt=plan.get("dt"),
        share=kept.share,
    )


def study_refinement(given: argparse.Namespace) -> int:
    """Tabulate a recorded quantity on a sequence of grids and extrapolate."""
    from wgflow.convergence.refinement import refinement

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
    labels = [f"{table.column}({time:g})" for time in table.times]
    limits, orders = table.limits, table.orders
    leave(
        given,
        "study refinement",
        {
            "cells": list(map(float, table.cells)),
            **{name: table.values[:, k].tolist() for k, name in enumerate(labels)},
        },
        table=table.to_json(),
        findings=[
            *(finding(f"{n}, extrapolated", v) for n, v in zip(labels, limits, strict=True)),
            *(finding(f"order of {n}", v) for n, v in zip(labels, orders, strict=True)),
        ],
        **about(given, solver, options_of(solver, given.option), problem),
    )
    return 0
