"""How a solution is shown: in two lines, and as a table with its figure in a notebook."""

from __future__ import annotations

import base64
import io
import logging
import math
from typing import TYPE_CHECKING

from wgflow.mesh import as_mesh
from wgflow.shown import number, page, ranged

if TYPE_CHECKING:
    from wgflow.solution import Solution

__all__ = ["solution_lines", "solution_page"]

logger = logging.getLogger(__name__)

LARGEST_TABLED = 2**16  # cells of which errors are computed for a table
WIDTH = 720  # of the figure, in pixels


def solution_lines(solution: Solution) -> str:
    """Say in two lines what a solution is; not collective."""
    name = f"{solution.case or 'a problem'} by {solution.solver or 'a stepper'}"
    counted = " x ".join(map(str, solution.cells))
    quantities = ", ".join(f"{key} {text}" for key, text in _quantities(solution))
    return (
        f"Solution({name}, {counted} cells, {len(solution.times)} snapshots on "
        f"{ranged(solution.times[0], solution.time)},\n"
        f"         {solution.facts['steps']} steps, {solution.status}: {quantities})"
    )


def solution_page(solution: Solution) -> str:
    """Give a table as HTML, on one rank with the figure; not collective."""
    facts, grid = solution.facts, solution.grid
    mesh = as_mesh(grid)
    cells = repr(grid).removeprefix("Grid(").removesuffix(")")
    if mesh is not None:
        cells = f"{mesh.cells[0]} cells in {mesh.dimension} dimensions"
    rejected = f", {facts['rejections']} rejected" if facts["rejections"] else ""
    seconds = f" in {facts['wall_seconds']:.3g} s" if "wall_seconds" in facts else ""
    rows = [
        ("status", ": ".join(filter(None, (solution.status, solution.record.get("error"))))),
        ("equation", _equation(solution)),
        ("cells", cells),
        ("times", f"{len(solution.times)} on {ranged(solution.times[0], solution.time)}"),
        ("steps", f"{facts['steps']}{rejected}{seconds}"),
        *_quantities(solution),
        ("errors", _errors(solution)),
        ("parameters", _settings(solution.parameters)),
        ("options", _settings(solution.options)),
        ("warnings", "\n".join(solution.warnings)),
    ]
    name = f"{solution.case or 'Solution'} by {solution.solver or 'a stepper'}"
    return page(name, rows, _figure(solution))


def _quantities(solution: Solution) -> list[tuple[str, str]]:
    """Mass, minimum, energy and risk of the history."""
    facts, history = solution.facts, solution.history
    found = [
        ("mass", f"{history['mass'][-1]:.12g} (changed by {facts['mass_max_error']:.1e})"),
        ("minimum", f"{facts['minimum']:.3g}"),
    ]
    for name in ("energy", "risk"):
        if name in history:
            first, last = (number(float(history[name][i])) for i in (0, -1))
            found.append((name, f"{first} -> {last}"))
    return found


def _equation(solution: Solution) -> str:
    equation = solution.record.get("equation")
    if solution.problem is not None:
        equation = solution.problem.equation
    return f"${equation}$" if equation else ""


def _errors(solution: Solution) -> str:
    """Give errors that are known, or quickly found without other ranks."""
    quick = solution.grid.comm.size == 1 and math.prod(solution.grid.cells) <= LARGEST_TABLED
    if not quick and "errors" not in solution.record and "errors" not in vars(solution):
        return ""
    return ", ".join(f"{norm} {error:.3g}" for norm, error in solution.errors.items())


def _settings(values: object) -> str:
    return ", ".join(f"{k} = {v}" for k, v in dict(values).items())  # type: ignore[call-overload]


def _figure(solution: Solution) -> str:
    """Draw the solution as an image in the page; nothing on ranks, which do not draw together."""
    if solution.grid.comm.size > 1:
        return ""
    from wgflow.plots.solution import solution_figure

    try:
        figure = solution_figure(solution)
        if figure is None:
            return ""
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=110)
    except Exception:  # a table without a figure is better than none
        logger.info("the figure of %r was not drawn", solution.case, exc_info=True)
        return ""
    data = base64.b64encode(image.getvalue()).decode("ascii")
    style = f"max-width:100%;width:{WIDTH}px;margin-top:6px;border-radius:4px"
    return f'<img alt="density and history" style="{style}" src="data:image/png;base64,{data}">'
