"""What the commands share: reading the words of the command line, solving, reporting."""

from __future__ import annotations

import argparse
import types
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from wgflow import catalog
from wgflow.errors import InputError
from wgflow.follow import Follow
from wgflow.grid import Grid
from wgflow.io import Checkpoint
from wgflow.mesh import Region
from wgflow.parallel import on_root, world
from wgflow.problem import Problem
from wgflow.progress import Progress
from wgflow.solution import Solution
from wgflow.solve import DEFAULT_CELLS, SNAPSHOTS, default_solver, solve

__all__ = [
    "cells_asked",
    "cells_of",
    "check_files",
    "directory",
    "follow_of",
    "levels",
    "named",
    "numbers",
    "options_of",
    "parameters_of",
    "report",
    "settings_of",
    "snapshots_of",
    "solve_case",
    "solver_of",
    "whole_numbers",
]

LEVELS = 4
FIGURES = (".png", ".pdf", ".svg")


def solve_case(
    given: argparse.Namespace,
    case: types.ModuleType,
    checkpoint: Checkpoint | None = None,
    restart: bool = False,
) -> Solution:
    """Solve a case as the command line says."""
    problem: Problem = case.problem(**settings_of(case.problem, given.set))
    solver = solver_of(given, case, problem)
    until = problem.until if given.until is None else given.until
    solution = solve(
        problem,
        solver,
        cells=_divided(given, problem, cells_asked(given, case)),
        until=until,
        dt=given.dt,
        tolerance=given.tolerance,
        snapshots=snapshots_of(given, case, until),
        observers=[Progress(until, Path(given.case).stem)],
        options=options_of(solver, given.option),
        follow=follow_of(given, case) or False,
        checkpoint=checkpoint,
        restart=restart,
    )
    return named(solution, given)


def follow_of(given: argparse.Namespace, case: types.ModuleType) -> Follow | None:
    """Give how the cells follow the density, if they are asked to, or the case says so."""
    stated: dict[str, float] | None = getattr(case, "FOLLOW", None)
    asked: bool | None = getattr(given, "follow", None)
    if asked is False or (asked is None and stated is None):
        return None
    return Follow(**(stated or {}))


def _divided(
    given: argparse.Namespace, problem: Problem, cells: int | Sequence[int] | None
) -> int | Sequence[int] | Grid | None:
    """Give the grid, if it is said how to divide it among the ranks."""
    splits = whole_numbers(getattr(given, "splits", None), "--splits")
    if splits is None or isinstance(problem.domain, Region):
        return cells
    chosen = DEFAULT_CELLS[problem.domain.dimension - 1] if cells is None else cells
    return Grid(problem.domain, chosen, splits=splits)


def cells_asked(given: argparse.Namespace, case: types.ModuleType) -> int | Sequence[int] | None:
    """Give the cells that are asked for, or the case's own."""
    return cells_of(given.cells) or getattr(case, "CELLS", None)


def solver_of(given: argparse.Namespace, case: types.ModuleType, problem: Problem) -> str:
    """Give the solver that is asked for, or the case's own, or that of the problem."""
    stated: str | None = given.solver or getattr(case, "DEFAULT_SOLVER", None)
    return stated or default_solver(problem)


def named(solution: Solution, given: argparse.Namespace) -> Solution:
    """Write the case, the solver and the parameters into a solution."""
    own = catalog.is_path(given.case)
    record = {"case_file": str(catalog.find("cases", given.case)) if own else None}
    return replace(
        solution,
        case=Path(given.case).stem,
        solver=Path(solution.solver).stem,
        parameters=parameters_of(given),
        record={**solution.record, **record, "command": given.typed},
    )


def parameters_of(given: argparse.Namespace) -> dict[str, Any]:
    """Give all parameters of the case with their values."""
    case = catalog.load("cases", given.case)
    parameters = {p.name: p.default for p in catalog.parameters(case.problem)}
    parameters.update(settings_of(case.problem, given.set))
    return parameters


def report(solution: Solution) -> str:
    """Sum a solution up in a few lines."""
    summary = solution.summary()
    cells = " x ".join(map(str, summary["cells"]))
    lines = [
        f"{summary['case']}, {summary['solver']}, {cells} cells: t = {summary['time']:g} in "
        f"{summary['steps']} steps, {summary['wall_seconds']:.2f} s",
        f"  mass    {summary['mass_final']:.15g} (largest change {summary['mass_max_error']:.1e}), "
        f"minimum {summary['minimum']:.3g}",
        f"  energy  {summary['energy_initial']:.8g} -> {summary['energy_final']:.8g}, "
        f"largest increase in a step {max(summary['energy_max_increase'], 0.0):.1e}",
    ]
    if "energy_law" in summary:
        lines.append(
            f"  law     W2^2/(2 tau s) + F(new) - F(old) at most {summary['energy_law']:.1e}"
        )
    if "follow" in summary:
        lines.append(
            f"  window  remapped {summary['remaps']} times, changing the energy by "
            f"{summary['remap_energy']:.1e} in total; mass in its end cells at most "
            f"{summary['window_mass']:.1e}"
        )
    if "risk_initial" in summary:
        lines.append(f"  risk    {summary['risk_initial']:.6g} -> {summary['risk_final']:.6g}")
    if summary["errors"]:
        errors = ", ".join(f"{k} {v:.3e}" for k, v in summary["errors"].items())
        lines.append(f"  errors  {errors}")
    return "\n".join(lines)


def directory(given: argparse.Namespace) -> Path:
    """Where to write; checked before anything is computed, made when there is a result.

    Without ``--out`` it is made at once, and removed if the command fails before it is filled.
    """
    from wgflow.io import check_directory, free_directory

    if given.out == "":
        raise InputError("--out '': give a folder, or omit --out for a new one")
    if given.out is None:
        return free_directory(Path(given.case).stem, world())
    return check_directory(Path(given.out), overwrite=given.overwrite, comm=world())


def check_files(given: argparse.Namespace) -> None:
    """Refuse ``--json``, ``--csv``, ``--figure``, ``--out`` that cannot be written, before all."""
    from wgflow.io import check_directory, check_file

    def check() -> None:
        for table in (getattr(given, name, None) for name in ("json", "csv")):
            if table is not None:
                check_file(Path(table))
        figure = getattr(given, "figure", None)
        if figure is not None and check_file(Path(figure)).suffix.lower() not in FIGURES:
            raise InputError(f"--figure {figure!r}: end its name in one of {', '.join(FIGURES)}")
        out = getattr(given, "out", None)
        if out == "":
            raise InputError("--out '': give a folder, or omit --out to save nothing")
        if out is not None:
            check_directory(
                Path(out), overwrite=given.overwrite or getattr(given, "restart", False)
            )

    on_root(world(), check)


def _pairs(texts: Sequence[str], flag: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InputError(f"{flag} {text!r}: write it as {flag} NAME=VALUE")
        pairs[key.strip()] = value.strip()
    return pairs


def settings_of(function: Any, texts: Sequence[str]) -> dict[str, Any]:
    """Read the ``--set`` words as arguments of a case."""
    return catalog.bind(function, _pairs(texts, "--set"))


def options_of(solver: str, texts: Sequence[str]) -> dict[str, Any]:
    """Read the ``--option`` words as arguments of a solver."""
    return catalog.bind(catalog.load("solvers", solver).stepper, _pairs(texts, "--option"))


def cells_of(text: str | None) -> tuple[int, ...] | None:
    """Read ``--cells``."""
    return whole_numbers(text, "--cells")


def whole_numbers(text: str | None, flag: str) -> tuple[int, ...] | None:
    """Read whole numbers between commas."""
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{flag} {text!r}: give whole numbers like 400 or 128,64") from None


def numbers(text: str, flag: str) -> list[float]:
    """Read numbers between commas."""
    try:
        return [float(part) for part in text.split(",") if part]
    except ValueError:
        raise InputError(f"{flag} {text!r}: give numbers like 0.1,1,5") from None


def snapshots_of(
    given: argparse.Namespace, case: types.ModuleType, until: float
) -> int | list[float]:
    """Read ``--snapshots`` or ``--frames``, or take the case's own times."""
    text, frames = getattr(given, "snapshots", None), getattr(given, "frames", None)
    if text is not None and frames is not None:
        raise InputError("--snapshots and --frames: give one of the two, the times or their number")
    if frames is not None:
        if frames < 2:
            raise InputError(f"--frames {frames}: give a whole number >= 2, for start and end")
        return int(frames) - 1
    if text is not None:
        return numbers(text, "--snapshots")
    stated = getattr(case, "SNAPSHOTS", None)
    return SNAPSHOTS if stated is None else [t for t in stated if t < until]


def levels(
    planned: Sequence[int], first: int | None, count: int | None, least: int = 2
) -> list[int]:
    """Give the numbers of cells of a sequence of grids."""
    if first is None and count is None:
        return list(planned)
    if first is not None and first < 3:
        raise InputError(f"--cells {first}: give a whole number >= 3")
    if count is not None and count < least:
        raise InputError(f"--levels {count}: give at least {least}, an order needs that many grids")
    return [(first or planned[0]) * 2**i for i in range(count or LEVELS)]
