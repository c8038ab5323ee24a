"""The figure of errors against the width of networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow.plots.style import colours, log_sizes, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.particles import WidthTable
    from wgflow.particles.spins import SpinStudy

__all__ = ["width_figure"]


def width_figure(studies: Sequence[SpinStudy]) -> Figure:
    """Draw squared errors over E f² against N, at the start above and at the end below.

    Parameters
    ----------
    studies : sequence of SpinStudy
        One column for each kind of unit, one colour for each dimension.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure: Figure = styled(_draw)(studies)
    return figure


def _draw(studies: Sequence[SpinStudy]) -> Figure:
    kinds = list(dict.fromkeys(study.units for study in studies))
    dimensions = list(dict.fromkeys(study.dimension for study in studies))
    colour = dict(zip(dimensions, colours(len(dimensions)), strict=True))
    figure = new_figure(4.6 * max(len(kinds), 1.3), 6.6)
    panels: Any = figure.subplots(2, len(kinds), sharex=True, sharey="row", squeeze=False)
    for units, (above, below) in zip(kinds, panels.T, strict=True):
        for study in (study for study in studies if study.units == units):
            name, shown = f"d = {study.dimension}", colour[study.dimension]
            _line(above, study, study.square, "start", color=shown, fmt="s-", label=name)
            _line(below, study, study.square, "end", color=shown, fmt="o-", label=name)
            _line(
                below, study, study.fixed, "end",
                color=shown, fmt="o:", mfc="white", label="one batch",
            )  # fmt: skip
        above.set_title(f"{units} units, start")
        below.set_title(f"{units} units, end; full: batches like N²")
        below.set_xlabel("neurons N")
    for axes, words in zip(
        panels[:, 0], ("E |f_N - f_0|² / E f²", "E |f - f_N|² / E f²"), strict=True
    ):
        axes.set_ylabel(words)
    for axes in panels.flat:
        _guide(axes)
    for axes in panels[0]:
        axes.legend(loc="lower left")
    for axes in panels[1]:
        # below: the lines cross the whole panel
        axes.legend(ncol=2, loc="upper center", bbox_to_anchor=(0.5, -0.18))
    figure.suptitle("Networks for the 3-spin function")
    return figure


def _line(axes: Axes, study: SpinStudy, table: WidthTable, name: str, **style: Any) -> None:
    """Draw one error with two standard errors."""
    columns = {key: np.array(values) for key, values in table.columns().items()}
    style["label"] += f": {table.slopes[name][0]:.2f}"
    if name == "end" and "tail" in table.slopes:
        style["label"] += f", N ≥ {table.tail}: {table.slopes['tail'][0]:.2f}"
    axes.errorbar(
        columns["neurons"], columns[name] / study.scale,
        2 * columns[f"{name}_error"] / study.scale, ms=4, lw=1, **style,
    )  # fmt: skip
    log_sizes(axes, columns["neurons"])
    axes.set_yscale("log")


def _guide(axes: Axes) -> None:
    """Draw the slope -1 through the middle of what is shown."""
    x = np.array([np.min(axes.lines[0].get_xdata()), np.max(axes.lines[0].get_xdata())], float)
    low, high = np.log(axes.get_ylim())
    middle = np.exp((low + high) / 2)
    axes.plot(x, middle * np.sqrt(x.prod()) / x, "--", color="0.5", lw=1, label="slope -1")
