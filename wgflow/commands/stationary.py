"""The command that finds states at rest."""

from __future__ import annotations

import argparse
import math
import types
from pathlib import Path

from wgflow import catalog
from wgflow.commands.inputs import cells_of, check_files, settings_of
from wgflow.errors import InputError
from wgflow.parallel import on_root, world

__all__ = ["stationary"]


def stationary(given: argparse.Namespace) -> int:
    """Find a stationary state of a case, or follow it over a parameter."""
    from wgflow.io import write_json
    from wgflow.stationary import branch
    from wgflow.stationary import stationary as find

    check_files(given)
    case = catalog.load("cases", given.case)
    settings = settings_of(case.problem, given.set)
    cells = cells_of(given.cells)
    name = Path(given.case).stem
    if given.sweep is None:
        state = find(case.problem(**settings), cells=cells, stable=not given.saddles)
        print(f"{name}, {' x '.join(map(str, state.grid.shape))} cells: at rest\n{state.to_text()}")
        numbers = state.to_json()
    else:
        parameter, values = _sweep(given.sweep, case)
        found = branch(
            lambda value: case.problem(
                **{**settings, **catalog.bind(case.problem, {parameter: repr(value)})}
            ),
            values,
            parameter=parameter,
            cells=cells,
            stable=not given.saddles,
        )
        print(f"{name}: states at rest\n{found.to_text()}")
        numbers = found.to_json()
    if given.json:
        on_root(world(), lambda: write_json(Path(given.json), {"case": name, **numbers}))
    return 0


def _sweep(text: str, case: types.ModuleType) -> tuple[str, list[float]]:
    """Read a sweep such as beta=1:4:31."""
    name, _, rest = text.partition("=")
    try:
        first, last, count = rest.split(":")
        start, stop, points = float(first), float(last), int(count)
    except ValueError:
        raise InputError(f"--sweep {text!r}: write it as NAME=FROM:TO:COUNT") from None
    if not (points >= 2 and math.isfinite(start) and math.isfinite(stop) and start != stop):
        raise InputError(f"--sweep {text!r}: give two different ends and a COUNT of at least 2")
    catalog.bind(case.problem, {name: first})  # an unknown parameter is an error here
    return name, [start + (stop - start) * i / (points - 1) for i in range(points)]
