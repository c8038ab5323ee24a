"""What a run kept of every step: energy, risk, dissipation, mass, minimum, time steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array
from wgflow.plots.style import PDE_COLOUR, heading, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.solution import Solution

__all__ = ["draw_column", "history_figure", "main_column"]

LABELS = {
    "energy": "free energy",
    "risk": "population risk",
    "dissipation": "dissipation -dF/dt",
    "mass": "change of the mass",
    "minimum": "minimum density",
    "dt": "time step",
    "energy_law": "excess over the energy law",
    "iterations": "iterations per step",
}
PANELS = 6
MOST_TICKS = 6  # of time, whose labels may be long
DECADES = 3.0  # of a positive column, from which its axis is logarithmic
SAME = 1e-9  # relative; what varies less stays the same
NOTHING = 1e-100  # a minimum density below it is drawn as 0: a scale of it would tell nothing
ROUNDING = 1e-15  # ends of the axis of a mass that does not change at all


def history_figure(solution: Solution, *, log: bool | None = None) -> Figure | None:
    """Draw the columns of a run's history, with exact values where there are any.

    Parameters
    ----------
    solution : Solution
    log : bool, optional
        Whether time is logarithmic; by default for networks, whose risk falls in stages.

    Returns
    -------
    matplotlib.figure.Figure
        None on the other ranks.
    """
    if not solution.grid.comm.is_root:
        return None
    figure: Figure = styled(_draw)(solution, log)
    return figure


def main_column(solution: Solution) -> str:
    """Name what falls in the run: the risk of a network, else the free energy."""
    return "risk" if "risk" in solution.history else "energy"


def _draw(solution: Solution, log: bool | None) -> Figure:
    recorded = solution.history
    names = [name for name in LABELS if name in recorded]
    # schemes without iterations record 0 of them
    names = [name for name in names if name != "iterations" or recorded[name].any()][:PANELS]
    figure = new_figure(9.5, 5.0)
    panels = figure.subplots(2, -(-len(names) // 2), squeeze=False).ravel()
    for panel in panels[len(names) :]:
        panel.remove()
    for panel, name in zip(panels, names, strict=False):
        draw_column(panel, solution, name, log)
    figure.suptitle(f"{heading(solution)}, t = {solution.time:.4g}")
    return figure


def draw_column(axes: Axes, solution: Solution, name: str, log: bool | None = None) -> None:
    """Draw one column of the history against time."""
    time, values = solution.history["time"], _values(solution, name)
    shown = slice(None) if name not in ("dt", "iterations") else slice(1, None)  # of steps
    axes.plot(time[shown], values[shown], color=PDE_COLOUR)
    reference = {} if solution.problem is None else solution.problem.reference
    if name in reference:
        # as dense on either axis of time
        at = np.unique([*np.linspace(time[0], time[-1], 40), *time[:: 1 + len(time) // 200]])
        axes.plot(at, [reference[name](t) for t in at], "k:", lw=1.2, label="exact")
        axes.legend()
    if name in ("dissipation", "dt", "minimum") and _wide(values[shown]):
        axes.set_yscale("log", nonpositive="mask")
    elif (same := _steady(values[shown], name)) is not None:
        axes.set_ylim(*same)
    if name == "iterations":
        axes.set_ylim(bottom=0)
    if ("risk" in solution.history if log is None else log) and len(time) > 2:
        axes.set_xscale("log")
        axes.set_xlim(time[1], time[-1])
        # labels between the decades would run into each other
        axes.tick_params(axis="x", which="minor", labelbottom=bool(time[-1] < 5 * time[1]))
    else:
        axes.locator_params(axis="x", nbins=MOST_TICKS)
    axes.set(xlabel="time", ylabel=LABELS[name])


def _values(solution: Solution, name: str) -> Array:
    values = solution.history[name]
    if name == "minimum":
        return np.where(np.abs(values) < NOTHING, 0.0, values)
    return values - values[0] if name == "mass" else values


def _wide(values: Array) -> bool:
    """Whether the values, but for zeros, are positive and span decades."""
    kept = values[np.isfinite(values)]
    if not len(kept) or kept.min() < 0 or not kept.max() > 0:
        return False
    return bool(kept.max() > 10**DECADES * kept[kept > 0].min())


def _steady(values: Array, name: str) -> tuple[float, float] | None:
    """Give ends of the axis of a column that stays the same, but for rounding."""
    kept = values[np.isfinite(values)]
    middle = float(np.median(kept)) if len(kept) else 0.0
    if not len(kept) or np.ptp(kept) > SAME * abs(middle):
        return None
    if name == "mass":
        return -ROUNDING, ROUNDING
    return (0.0, 2 * middle) if middle > 0 else (2 * middle, 0.0) if middle < 0 else (0.0, 1.0)
