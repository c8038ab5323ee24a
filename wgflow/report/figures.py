"""The figures of a solution, as wgflow.plots draws them: all that a page needs of that room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wgflow.mesh import as_mesh
from wgflow.report.drawings import vector
from wgflow.report.elements import Html, figure, number

if TYPE_CHECKING:
    from wgflow.solution import Solution

__all__ = ["Drawings", "solution_figures"]

Drawings = tuple[Html, ...]
QUANTITIES = {"risk": "population risk", "energy": "free energy", "dissipation": "dissipation"}


def solution_figures(solution: Solution) -> Drawings:
    """Draw density and history; nothing on the ranks that do not draw. Collective."""
    from wgflow.plots import density_figure, history_figure

    density, history = density_figure(solution), history_figure(solution)
    if density is None or history is None:
        return ()
    seen, told = _density_words(solution), _history_words(solution)
    return (
        figure(vector(density, seen, "density"), seen),
        figure(vector(history, told, "history"), told),
    )


def _density_words(solution: Solution) -> str:
    """Say what the picture of the density shows."""
    names, times = ", ".join(solution.grid.box.names), solution.times
    last = f"t = {number(float(times[-1]), 4)}"
    if solution.grid.dimension == 1:
        exact = solution.problem is not None and solution.errors
        return f"Density over {names} from t = 0 to {last}{', with the exact one' * bool(exact)}."
    if solution.grid.dimension == 2:
        arrows = ", with the velocity as arrows" if solution.problem is not None else ""
        return f"Density over {names} up to {last}{arrows}."
    if as_mesh(solution.grid) is not None:
        return f"Slices of the density over {names} through its mean at {last}."
    return f"Marginal densities: of each of {names} up to {last}, of each pair at {last}."


def _history_words(solution: Solution) -> str:
    """Say how what was recorded goes from start to end."""
    told = []
    for name, words in QUANTITIES.items():
        if name in solution.history:
            first, last = (number(float(solution.history[name][i]), 5) for i in (0, -1))
            told.append(f"{words} from {first} to {last}")
    return f"Recorded over time: {', '.join(told)}."
