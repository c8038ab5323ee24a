"""Solutions, read back from the files of a run."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from wgflow import catalog
from wgflow._typing import Array
from wgflow.called import answered
from wgflow.domain import Axis, Box
from wgflow.errors import InputError
from wgflow.grid import Grid
from wgflow.io import FACTS, CellFile, as_numbers, read_space, read_windows
from wgflow.mesh import Mesh
from wgflow.parallel import Communicator, everywhere, on_root, world
from wgflow.problem import Problem
from wgflow.solution import Solution, Window

__all__ = ["load"]

logger = logging.getLogger(__name__)

SUMMARY, DENSITIES = "summary.json", "solution.h5"


@answered
def load(directory: str | Path, *, problem: Problem | None = None) -> Solution:
    """Read a solution written by :meth:`wgflow.Solution.save` or ``wgflow run``.

    Grid, densities, history and moments are restored bit for bit (snapshots stored in single
    precision with their 7 digits, but the last in full). Under ``mpiexec`` all ranks must call
    it, and each gets its block, whatever the number of ranks that wrote the files.

    The problem is rebuilt from its case file with the run's parameters: the shipped case of that
    name, or the user's own file at its original path, which is executed. If the file is missing,
    or its domain or samples have changed, ``solution.problem`` is None and a warning says why; it
    is also None for a problem defined in a script. Only what needs the problem is then
    unavailable: ``exact_density``, ``predict``, comparisons.

    Parameters
    ----------
    directory : str or path
        Folder of a run.
    problem : Problem, optional
        The problem to use instead of the case file's, for a script that defines its own.

    Returns
    -------
    Solution
        Its ``record`` is the whole ``summary.json``.

    Raises
    ------
    InputError
        If the folder does not exist or holds no finished run, files are damaged or of an earlier
        version, or the problem has a different domain.

    Examples
    --------
    >>> import tempfile
    >>> import wgflow as wg
    >>> problem = wg.Problem(wg.Box((-4, 4)), wg.Entropy(1.0), lambda x: np.exp(-(x**2)))
    >>> solution = wg.solve(problem, cells=50, until=0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = wg.load(solution.save(folder))
    >>> bool(np.all(again.density == solution.density)), again.problem
    (True, None)
    """
    path, comm = Path(directory), world()
    record = on_root(comm, lambda: _summary(path))
    with _readable(path), CellFile(path / DENSITIES, "r", comm) as file:
        grid = read_space(file)
        columns = on_root(comm, lambda: _columns(file.file))
        found = Solution(
            problem=None,
            grid=grid,  # type: ignore[arg-type]  # where a Grid is declared a Mesh may stand
            times=file.get("time"),
            densities=_densities(file, grid),
            history={name: file.get(f"history/{name}") for name in columns},
            moments=file.get("history/moments") if "history/moments" in file else np.zeros((0, 0)),
            status=record["status"],
            facts=as_numbers({**{k: record[k] for k in FACTS if k in record}, **record["facts"]}),
            warnings=tuple(record["warnings"]),
            solver=record["solver"],
            case=record["case"],
            parameters=record["parameters"],
            options=record["options"],
            record={**record, "errors": as_numbers(record["errors"])},
            windows=_windows(file, grid),
        )
    if problem is None:
        return _with_case(found, comm)
    placed = _placed(found, problem)
    if placed is None:
        raise InputError(f"{path} is a run on {grid.box!r}, the problem is on {problem.domain!r}")
    return replace(found, problem=problem, grid=placed)  # type: ignore[arg-type]


def _summary(path: Path) -> dict[str, Any]:
    """Read summary.json on the root."""
    if path.is_file():
        raise InputError(f"{path} is a file: give the folder that it is in, {path.parent}")
    if not path.is_dir():
        raise InputError(f"there is no folder {path}: give that of a run, as given to --out")
    if not (path / SUMMARY).exists():
        raise InputError(
            f"{path} holds no {SUMMARY}, which is written last: it is not the folder of a run, or "
            "the run has not finished (wgflow run … --restart resumes from a checkpoint)"
        )
    with _readable(path):
        record: dict[str, Any] = json.loads((path / SUMMARY).read_text(encoding="utf-8"))
        if "facts" not in record:
            version = record.get("versions", {}).get("wgflow", "another version")
            raise InputError(
                f"{path} was written by an earlier wgflow ({version}), whose files lack what "
                "loading needs: run again with this version"
            )
    return record


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say of a damaged file what to do."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError, OSError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        reason = " ".join(str(error).split())
        raise InputError(
            f"the files in {path} cannot be read ({type(error).__name__}: {reason}): run again"
        ) from error


def _columns(file: Any) -> list[str]:
    return [str(name) for name in file["history"].attrs["columns"]]


def _densities(file: CellFile, grid: Grid | Mesh) -> Array:
    """Give all snapshots, in double precision as far as they are kept so."""
    densities: Array = file.read("density", grid).astype(np.float64, copy=False)
    if "density_last" in file:
        densities[-1] = file.read("density_last", grid)
    return densities


def _with_case(solution: Solution, comm: Communicator) -> Solution:
    """Add the problem of the case file, if there is one that fits."""
    case_file = solution.record.get("case_file")
    # a name is only ever that of a shipped file: data does not choose what is executed by a word
    if not case_file and solution.case not in catalog.names("cases"):
        return solution
    case = Path(case_file) if case_file else solution.case
    try:
        problem, parameters = everywhere(comm, lambda: _remade(solution, case))
        placed = _placed(solution, problem)
        if placed is None:
            raise InputError(
                f"{case} is now on {problem.domain!r}, it was on {solution.grid.box!r}"
            )
    except Exception as error:  # a user's file may raise anything
        known = isinstance(error, InputError)
        reason = str(error) if known else catalog.explain(error) or repr(error)
        logger.warning("solution.problem is None, its case does not provide it: %s", reason)
        return solution
    return replace(solution, problem=problem, parameters=parameters, grid=placed)  # type: ignore[arg-type]


def _remade(solution: Solution, case: str | Path) -> tuple[Problem, dict[str, Any]]:
    """Call the case's function with the parameters that were written."""
    function = catalog.load("cases", case).problem
    defaults = {p.name: p.default for p in catalog.parameters(function)}
    parameters = defaults | catalog.bind(
        function,
        {
            name: _text(value)
            for name, value in solution.parameters.items()
            if name not in defaults or not _same(defaults[name], value)
        },
    )
    problem: Problem = function(**parameters)
    before = solution.record.get("samples", {})
    if problem.samples != before:
        raise InputError(
            f"the samples of {case} have changed: {problem.samples} now, {before} before"
        )
    return problem, parameters


def _text(value: Any) -> str:
    """Give a parameter as it is typed after ``--set``."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _same(default: Any, stored: Any) -> bool:
    """Whether JSON holds the default."""
    default = list(default) if isinstance(default, tuple) else default
    return bool(default == stored and isinstance(default, bool) == isinstance(stored, bool))


def _placed(solution: Solution, problem: Problem) -> Grid | Mesh | None:
    """Give the cells as those of the problem's domain; None if they are of another one."""
    domain: Any = problem.domain
    grid: Any = solution.grid
    if grid.box == domain:
        return grid  # type: ignore[no-any-return]
    if isinstance(grid, Mesh) or not isinstance(domain, Box):
        return None
    if domain.dimension != grid.dimension:
        return None
    if solution.windows:  # parts of the domain
        return grid if all(map(_holds, domain.axes, grid.box.axes)) else None
    for mine, its, cells, edges in zip(
        domain.axes, grid.box.axes, grid.cells, grid.whole.edges, strict=True
    ):
        # of a function that stretches an axis a file knows the edges only
        if replace(mine, stretch=None) != replace(its, stretch=None):
            return None
        if not np.array_equal(mine.edges(cells), edges):
            return None
    return Grid(domain, grid.cells, grid.given_edges, comm=grid.comm)


def _holds(whole: Axis, part: Axis) -> bool:
    """Whether one axis is a part of another."""
    within = whole.lower <= part.lower and part.upper <= whole.upper
    cut = replace(whole, lower=part.lower, upper=part.upper, stretch=part.stretch)
    return within and cut == part


def _windows(file: CellFile, grid: Grid | Mesh) -> tuple[Window, ...]:
    """Give the snapshots on the cells they were computed on, if these followed the density."""
    if "windows/density" not in file or isinstance(grid, Mesh):
        return ()
    return tuple(
        Window(cells, file.read("windows/density", cells, (number,)))
        for number, cells in enumerate(read_windows(file, grid))
    )
