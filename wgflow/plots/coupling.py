"""The figure of a coupling experiment: errors against N and against the step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wgflow.plots.style import PDE_COLOUR, SGD_COLOUR, log_sizes, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.particles import CouplingTable

__all__ = ["coupling_figure"]

COLOURS = (PDE_COLOUR, SGD_COLOUR)
LABELS = {"N": "neurons N", "step": "step ε"}


def coupling_figure(table: CouplingTable, title: str) -> Figure:
    """Draw the errors in the norms of the claims, with lines of the theory's slopes.

    Parameters
    ----------
    table : CouplingTable
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure: Figure = styled(_draw)(table, title)
    return figure


def _draw(table: CouplingTable, title: str) -> Figure:
    varied = [name for name in LABELS if any(s.parameter == name for s in table.slopes)]
    figure = new_figure(4.8 * len(varied), 3.8)
    panels = figure.subplots(1, len(varied), squeeze=False)[0]
    for axes, name in zip(panels, varied, strict=True):
        _draw_pairs(axes, table, name)
    panels[0].set_ylabel(f"sup over t ≤ {table.until:g}")
    figure.suptitle(f"{title}: the four coupled dynamics, {table.seeds} seeds")
    return figure


def _draw_pairs(axes: Axes, table: CouplingTable, name: str) -> None:
    claimed = [s for s in table.slopes if s.claimed and s.parameter == name]
    for colour, slope in zip(COLOURS, claimed, strict=False):
        errors = table.errors(slope.pair, slope.norm)
        x = np.array(list(errors))
        mean, error = np.array(list(errors.values())).T
        axes.errorbar(
            x, mean, 2 * error, fmt="o", ms=4, color=colour,
            label=f"{slope.pair}, slope {slope.slope:.2f} [{slope.low:.2f}, {slope.high:.2f}]",
        )  # fmt: skip
        middle = np.exp(np.log(mean).mean() - slope.expected * np.log(x).mean())
        axes.plot(
            x, middle * x**slope.expected, ":", color=colour, label=f"slope {slope.expected:g}"
        )
    axes.set(yscale="log", xlabel=LABELS[name])
    log_sizes(axes, x)
    low = axes.get_ylim()[0]
    axes.set_ylim(bottom=low / 4)  # room for the words
    axes.legend(loc="lower left")
