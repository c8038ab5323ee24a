"""The page of a folder, put together and written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wgflow._version import __version__
from wgflow.errors import InputError
from wgflow.io import atomically, check_file
from wgflow.parallel import on_root, world
from wgflow.report.elements import Html, page
from wgflow.report.figures import Drawings, solution_figures
from wgflow.report.folder import Folder, open_folder
from wgflow.report.networks import comparison_sections, width_sections, widths_judged
from wgflow.report.runs import checks_of, run_sections, run_top, top_of
from wgflow.report.studies import study_sections, study_top

if TYPE_CHECKING:
    from wgflow.solution import Solution

__all__ = ["write_report"]

NAME = "report.html"
OF_A_SOLUTION = ("run", "compare", "study width")


def write_report(
    directory: str | Path, out: str | Path | None = None, *, overwrite: bool = False
) -> Path:
    """Write one HTML file that shows what a command has left in a folder. All ranks call it.

    The file needs nothing besides itself: figures are in it, it loads nothing and runs nothing.

    Parameters
    ----------
    directory : path
        What ``wgflow run``, ``compare``, ``study width`` or, with ``--out``, ``converge``,
        ``verify`` or another ``study`` has written.
    out : path, optional
        The file; ``report.html`` in the folder by default.
    overwrite : bool
        Whether the file may be replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the folder holds no finished result or one of an unknown kind, a file of it cannot be
        read, or ``out`` is there already and ``overwrite`` is false.
    """
    folder_path, comm = Path(directory), world()
    target = folder_path / NAME if out is None else Path(out)

    def look() -> Folder:
        found = open_folder(folder_path)
        check_file(target)
        if target.exists() and not overwrite:
            raise InputError(
                f"{target} already exists: give another --out, or --overwrite to replace it"
            )
        return found

    folder = on_root(comm, look)
    solution, drawings = _drawn(folder)

    def write() -> None:
        text = _page(folder, solution, drawings)
        atomically(target, lambda aside: aside.write_text(text, encoding="utf-8"))

    on_root(comm, write)
    return target


def _drawn(folder: Folder) -> tuple[Solution | None, Drawings]:
    """Load the solution and draw it; without its densities the run's own figure must do."""
    from wgflow.stored import load

    if folder.kind not in OF_A_SOLUTION:
        return None, ()
    try:
        solution = load(folder.path)
    except InputError:
        return None, ()
    return solution, solution_figures(solution)


def _page(folder: Folder, solution: Solution | None, drawings: Drawings) -> str:
    made = datetime.now().astimezone().isoformat(timespec="minutes")
    foot = f"wgflow {__version__}, wgflow report {folder.path}, {made}"
    title = f"{folder.summary.get('case') or folder.kind}: wgflow {folder.kind}"
    return page(title, _top(folder, solution), _sections(folder, solution, drawings), foot)


def _top(folder: Folder, solution: Solution | None) -> Html:
    summary = folder.summary
    if folder.kind == "run":
        return run_top(folder, solution)
    if folder.kind not in OF_A_SOLUTION:
        return study_top(folder)
    networks = "networks" if folder.kind == "compare" else "networks of several widths"
    checks = checks_of(folder, solution)
    missed = widths_judged(folder) if folder.kind == "study width" else []
    title = f"{summary['case']}: the density equation and {networks}"
    return top_of(folder, title, checks, missed)


def _sections(
    folder: Folder, solution: Solution | None, drawings: Drawings
) -> Iterator[tuple[str, Html]]:
    if folder.kind not in OF_A_SOLUTION:
        yield from study_sections(folder)
        return
    if folder.kind == "compare":
        yield from comparison_sections(folder)
    if folder.kind == "study width":
        yield from width_sections(folder)
    yield from run_sections(folder, solution, drawings)
