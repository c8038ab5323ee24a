"""What a command that measures leaves in a folder, in one form, for ``wgflow report``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgflow import catalog
from wgflow.commands.inputs import parameters_of
from wgflow.io.summary import versions
from wgflow.parallel import on_root, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from wgflow.problem import Problem

__all__ = ["Columns", "about", "asked", "finding", "leave", "slope"]

Columns = Mapping[str, Iterable[float | str]]
# words of the command line that say where results go, not what was asked
PLACES = {"command", "csv", "figure", "json", "out", "overwrite", "restart"}
DPI = 150  # of figures
PLACES |= {"started", "typed", "verbose"}


def finding(
    name: str,
    value: float,
    *,
    expected: str = "",
    passed: bool | None = None,
    interval: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Say one thing that was measured, what was expected of it, and whether it holds.

    Examples
    --------
    >>> finding("order", 1.98, expected="2 ± 0.3", passed=True)["passed"]
    True
    """
    return {
        "name": name,
        "value": float(value),
        "interval": None if interval is None else [float(v) for v in interval],
        "expected": expected,
        "passed": passed,
    }


def slope(name: str, fitted: Sequence[float], expected: str = "", **judged: Any) -> dict[str, Any]:
    """Say a slope, with its interval if it is given as three numbers."""
    interval = fitted[1:] if len(fitted) == 3 else None
    return finding(f"slope of {name}", fitted[0], expected=expected, interval=interval, **judged)


def about(
    given: argparse.Namespace,
    solver: str,
    options: Mapping[str, Any],
    problem: Problem | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Say what was solved: case and solver, their settings, and files that are the user's own."""
    files: dict[str, tuple[catalog.Kind, str]] = {
        "case_file": ("cases", given.case),
        "solver_file": ("solvers", solver),
    }
    own = {k: str(catalog.find(*v)) for k, v in files.items() if catalog.is_path(v[1])}
    return {
        "case": Path(given.case).stem,
        "solver": Path(solver).stem,
        "parameters": {**parameters_of(given), **(parameters or {})},
        "options": dict(options),
        "equation": getattr(problem, "equation", None),
        **own,
    }


def asked(given: argparse.Namespace) -> dict[str, Any]:
    """Give what the command line asks for, without where results go."""
    return {k: v for k, v in vars(given).items() if k not in PLACES and v is not None}


def leave(
    given: argparse.Namespace,
    kind: str,
    columns: Columns,
    *,
    table: Mapping[str, Any] | None = None,
    figure: Callable[[], Figure] | None = None,
    findings: Sequence[Mapping[str, Any]] = (),
    dpi: float | str = DPI,
    **more: Any,
) -> None:
    """Write what ``--csv``, ``--json``, ``--figure`` and ``--out`` ask for.

    In the folder of ``--out`` table.csv, table.json, figure.png and, last, summary.json. All ranks
    call it, and the root writes.

    Parameters
    ----------
    given : argparse.Namespace
        The words of the command line.
    kind : str
        The command, such as ``"study coupling"``.
    columns : mapping of columns
        Of ``--csv`` and table.csv.
    table : mapping, optional
        Of ``--json`` and table.json; the columns by default.
    figure : callable, optional
        Draws ``--figure`` and figure.png.
    findings : sequence of mappings
        What :func:`finding` gives.
    dpi : float or "figure"
        Of ``--figure``.
    **more
        For the summary, such as what :func:`about` gives.
    """
    comm = world()
    kept = {name: list(values) for name, values in columns.items()}
    numbers = kept if table is None else table
    on_root(comm, lambda: _write_files(given, kept, numbers, figure, dpi))
    if given.out is None:
        return
    out = Path(given.out)
    summary = {
        "kind": kind,
        **more,
        "passed": all(each["passed"] is not False for each in findings),
        "findings": list(findings),
        "settings": asked(given),
        "command": given.typed,
        "started": given.started.isoformat(timespec="seconds"),
        "ranks": comm.size,
        "wall_seconds": (datetime.now().astimezone() - given.started).total_seconds(),
        "versions": versions(comm),
    }

    def write() -> None:
        from wgflow.io import atomically, claim_directory, write_json, write_table

        claim_directory(out, overwrite=given.overwrite or getattr(given, "restart", False))
        write_table(out / "table.csv", kept)
        write_json(out / "table.json", numbers)
        if figure is not None:
            drawn = figure()
            atomically(out / "figure.png", lambda path: drawn.savefig(path, format="png", dpi=DPI))
        write_json(out / "summary.json", summary)

    on_root(comm, write)
    print(f"written to {out}/")


def _write_files(
    given: argparse.Namespace,
    columns: Columns,
    table: Mapping[str, Any],
    figure: Callable[[], Figure] | None,
    dpi: float | str,
) -> None:
    """Write the single files that are asked for, of those that the command has words for."""
    from wgflow.io import write_json, write_table

    places = {name: getattr(given, name, None) for name in ("csv", "json", "figure")}
    if places["csv"]:
        write_table(Path(places["csv"]), columns)
    if places["json"]:
        write_json(Path(places["json"]), table)
    if places["figure"] and figure is not None:
        figure().savefig(places["figure"], dpi=dpi)
