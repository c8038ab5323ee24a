"""The figures of a solution, as wgflow.plots draws them: all that a page needs of that room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wgflow.report.drawings import vector
from wgflow.report.elements import Html, figure, number

if TYPE_CHECKING:
    from wgflow.solution import Solution

__all__ = ["Drawings", "solution_figures"]

Drawings = dict[str, Html]
QUANTITIES = {"risk": "population risk", "energy": "free energy", "dissipation": "dissipation"}


def solution_figures(solution: Solution) -> Drawings:
    """Draw density and history; nothing on the ranks that do not draw. Collective."""
    from wgflow.plots import solution_figure

    drawn = solution_figure(solution)
    if drawn is None:
        return {}
    alt = f"{_density_words(solution)} {_history_words(solution)}"
    caption = "The density, and its history."
    return {"Density and history": figure(vector(drawn, alt, "density"), caption)}


def _density_words(solution: Solution) -> str:
    """Say what the picture of the density shows."""
    names = ", ".join(solution.grid.box.names)
    times = solution.times
    if solution.grid.dimension == 1:
        span = f"{len(times)} times from t = {times[0]:.4g} to {times[-1]:.4g}"
        return f"Density over {names} at {span}."
    if solution.grid.dimension == 2:
        return f"Density over {names} at t = {times[-1]:.4g}."
    return f"Marginal densities of {names} at t = {times[-1]:.4g}."


def _history_words(solution: Solution) -> str:
    """Say how what was recorded goes from start to end."""
    told = []
    for name, words in QUANTITIES.items():
        if name in solution.history:
            first, last = (number(float(solution.history[name][i]), 5) for i in (0, -1))
            told.append(f"{words} from {first} to {last}")
    return f"Over time: {', '.join(told)}."
