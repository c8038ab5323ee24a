"""The figure of errors against the width of networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow.plots.style import PDE_COLOUR, SGD_COLOUR, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.particles import WidthTable

__all__ = ["width_figure"]


def width_figure(tables: Mapping[str, WidthTable], title: str) -> Figure:
    """Draw errors at start and end, and the risk, against N, with lines of the theory's slopes.

    Parameters
    ----------
    tables : mapping of str to WidthTable
        One panel each, by its name.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure: Figure = styled(_draw)(tables, title)
    return figure


def _draw(tables: Mapping[str, WidthTable], title: str) -> Figure:
    figure = new_figure(4.6 * len(tables), 3.8)
    panels: Any = figure.subplots(1, len(tables), sharey=True, squeeze=False)[0]
    for axes, (name, table) in zip(panels, tables.items(), strict=True):
        _draw_table(axes, table)
        axes.set_title(name)
    panels[0].set_ylabel("error, risk")
    figure.suptitle(title)
    return figure


def _draw_table(axes: Axes, table: WidthTable) -> None:
    columns = {name: np.array(values) for name, values in table.columns().items()}
    sizes = columns["neurons"]
    for name, words, colour, mark, slope in (
        ("start", "error at start", PDE_COLOUR, "s", -0.5),
        ("end", "error at end", SGD_COLOUR, "o", -1.0),
        ("risk", "risk at end", "0.5", "^", None),
    ):
        measured = f"{words}, slope {table.slopes[name][0]:.2f}"
        axes.errorbar(
            sizes, columns[name], 2 * columns[f"{name}_error"],
            fmt=f"{mark}-", ms=4, lw=1, color=colour, label=measured,
        )  # fmt: skip
        if slope is not None:
            guide = columns[name][0] * (sizes / sizes[0]) ** slope
            axes.plot(sizes, guide, ":", color=colour, label=f"slope {slope:g}")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel("neurons N")
    axes.legend(fontsize=7)
