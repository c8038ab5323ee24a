"""The command that runs networks beside the density as the dimension of the data grows."""

from __future__ import annotations

import argparse
import types
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgflow import catalog
from wgflow.commands.compare import particle_settings
from wgflow.commands.inputs import (
    cells_asked,
    check_files,
    options_of,
    settings_of,
    solver_of,
    whole_numbers,
)
from wgflow.commands.leaving import about, leave, slope
from wgflow.commands.progress import NetworkBar
from wgflow.errors import InputError
from wgflow.parallel import world
from wgflow.solution import Solution

if TYPE_CHECKING:
    pass

__all__ = ["study_dimension"]

EXIT_MISSED = 1  # the gap grows with the dimension
VALUES = (20, 80, 320)
PARAMETER = "d"  # of a case: the dimension of its data


def study_dimension(given: argparse.Namespace) -> int:
    """Measure the gap between the density and networks of one width against the dimension."""
    from wgflow.compare import dimension_study
    from wgflow.plots.dimensions import dimensions_figure

    check_files(given)
    case = catalog.load("cases", given.case)
    fixed = settings_of(case.problem, given.set)
    _check(given, case, fixed)
    plan: dict[str, Any] = dict(getattr(case, "DIMENSIONS", {}))
    stated = {name: plan.pop(name, None) for name in ("values", "until", "particles")}
    values = whole_numbers(given.values, "--values") or tuple(stated["values"] or VALUES)
    chosen = {n: stated[n] for n in ("until", "particles") if getattr(given, n) is None}
    given = argparse.Namespace(**{**vars(given), **chosen})
    settings = particle_settings(given, case, plan)
    comm = world()
    print(
        f"{settings.seeds} networks of {settings.particles} neurons for each of {PARAMETER} = "
        f"{', '.join(map(str, values))}, steps of {settings.step:g}/{PARAMETER}"
    )
    bar = NetworkBar(len(values) * len(range(comm.rank, settings.seeds, comm.size)))
    study = dimension_study(
        lambda d: _solved(given, case, {**fixed, PARAMETER: d}), values, settings, bar
    )
    print(study.to_text())
    problem = case.problem(**fixed)
    solver = solver_of(given, case, problem)
    leave(
        given,
        "study dimension",
        study.columns(),
        figure=lambda: dimensions_figure(study, Path(given.case).stem),
        findings=[slope("the gap against d", study.slope, "0 or below", passed=not study.grows)],
        **about(given, solver, options_of(solver, given.option), problem),
    )
    if study.grows:
        print("MISSED: the gap grows with the dimension: try a smaller --step, or more cells")
    return EXIT_MISSED if study.grows else 0


def _check(given: argparse.Namespace, case: types.ModuleType, fixed: Mapping[str, Any]) -> None:
    """Refuse a case without a dimension of data, or without networks."""
    if PARAMETER not in [each.name for each in catalog.parameters(case.problem)]:
        raise InputError(
            f"{given.case} has no parameter {PARAMETER}, the dimension of its data: choose "
            "anisotropic_gaussians or isotropic_gaussians"
        )
    if PARAMETER in fixed:
        raise InputError(
            f"--set {PARAMETER}={fixed[PARAMETER]}: the study varies it, give --values instead"
        )


def _solved(
    given: argparse.Namespace, case: types.ModuleType, parameters: dict[str, Any]
) -> tuple[Solution, Solution | None]:
    """Solve with the data of one dimension, and on half as many cells."""
    from wgflow.solve import solve

    problem = case.problem(**parameters)
    solver = solver_of(given, case, problem)
    found: list[Solution] = []
    for divisor in (1, 2):
        cells = cells_asked(given, case)
        if cells is not None:
            cells = tuple(n // divisor for n in ((cells,) if isinstance(cells, int) else cells))
        elif divisor == 2:
            return found[0], None
        found.append(
            solve(
                problem, solver, cells=cells, until=given.until, snapshots=[],
                options=options_of(solver, given.option),
            )
        )  # fmt: skip
    return found[0], found[1]
