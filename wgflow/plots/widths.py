"""The figure of a study of widths: histograms of one network each, risks, errors against N."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow._typing import Array
from wgflow.distances import first_marginal
from wgflow.plots.comparison import NAMES
from wgflow.plots.neurons import draw_histogram, wrapped
from wgflow.plots.style import (
    PDE_COLOUR,
    SGD_COLOUR,
    below_all,
    colours,
    log_sizes,
    new_figure,
    styled,
    visible,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.compare import WidthStudy

__all__ = ["widths_figure"]

PANELS = 6


def widths_figure(study: WidthStudy) -> Figure:
    """Draw the neurons of one network of each width over the density, risks and errors.

    Parameters
    ----------
    study : WidthStudy
        With its solution gathered.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure: Figure = styled(_draw)(study)
    return figure


def _draw(study: WidthStudy) -> Figure:
    figure = new_figure(12.5, 5.8)
    parts: Any = figure.subfigures(1, 2, width_ratios=(1.7, 1))
    left, right = parts
    shown = range(max(0, len(study.sizes) - PANELS), len(study.sizes))
    panels = left.subplots(2, -(-len(shown) // 2), sharex=True, sharey=True, squeeze=False)
    for panel in panels.ravel()[len(shown) :]:
        panel.set_visible(False)
    for panel, number in zip(panels.ravel(), shown, strict=False):
        _draw_histogram(panel, study, number)
    below_all(left, panels[0, 0])
    above, below = right.subplots(2, 1)
    _draw_risks(above, study)
    _draw_errors(below, study)
    solution, settings = study.solution, study.comparisons[0].settings
    cells = " × ".join(map(str, solution.cells))
    figure.suptitle(
        f"{solution.case}: networks of N neurons ({NAMES[settings.dynamics]}, step "
        f"{settings.step:.0e}, {settings.seeds} seeds) and the density equation ({cells} cells)"
    )
    return figure


def _draw_histogram(axes: Axes, study: WidthStudy, number: int) -> None:
    """Draw one network's neurons at the last snapshot."""
    solution = study.solution
    grid, values = solution.sharp()
    density = first_marginal(values, grid.widths)
    sample = wrapped(study.comparisons[number].coordinates[-1, 0, 0], grid.box.axes[0])
    low, high = visible(density, grid.edges[0], share=2e-3)
    _, bins = draw_histogram(axes, sample, (low, high), "one network")
    axes.plot(grid.centers[0], density, color=PDE_COLOUR, lw=1.3, label="density equation")
    axes.set_xlim(low, high)
    # what a bin would hold of the density; a ridge of a few cells leaves the frame
    masses = np.histogram(grid.centers[0], bins, weights=density * grid.widths[0])[0]
    axes.set_ylim(0, 1.8 * float((masses / np.diff(bins)).max()))
    axes.set_title(f"N = {study.sizes[number]}, t = {solution.time:.3g}")
    if axes.get_subplotspec().is_last_row():  # type: ignore[union-attr]
        axes.set_xlabel(grid.box.names[0])


def _draw_risks(axes: Axes, study: WidthStudy) -> None:
    history = study.solution.history
    shades = colours(len(study.sizes) + 1)[::-1]
    for colour, size, one in zip(shades, study.sizes, study.comparisons, strict=False):
        later = one.times > 0
        times, mean, spread = (
            v[later] for v in (one.times, one.risk_mean, one.risk_deviation)
        )  # fmt: skip
        axes.plot(times, mean, color=colour, lw=1, label=f"N = {size}")
        axes.fill_between(times, mean - spread, mean + spread, color=colour, alpha=0.15, lw=0)
    limit = np.interp(times, history["time"], history["risk"])
    axes.plot(times, limit, "k--", lw=1.3, label="density equation")
    axes.set(xscale="log", xlabel="time", ylabel="population risk")
    axes.set_xlim(times[0], times[-1])
    axes.legend(ncols=2)


def _bars(values: Array, errors: Array) -> Array:
    """Give bars of two standard errors; what would reach 0 ends at a fifth of the value."""
    return np.array([np.minimum(2 * errors, 0.8 * values), 2 * errors])


def _draw_errors(axes: Axes, study: WidthStudy) -> None:
    columns = {name: np.array(values) for name, values in study.columns().items()}
    sizes = columns["neurons"]
    for name, words, colour, mark in (
        ("risk", "sup |R_N - R|", SGD_COLOUR, "o"),
        ("scatter", "sup |R_N - mean over seeds|", "0.45", "^"),
        ("distance", "sup W1(density, neurons)", PDE_COLOUR, "s"),
    ):
        slope, low, high = study.slope(name)
        axes.errorbar(
            sizes, columns[name], _bars(columns[name], columns[f"{name}_error"]),
            fmt=f"{mark}-", ms=4, lw=1, color=colour,
            label=f"{words}, slope {slope:.2f} [{low:.2f}, {high:.2f}]",
        )  # fmt: skip
    guide = columns["distance"][0] * (sizes / sizes[0]) ** -0.5
    axes.plot(sizes, guide, ":", color="0.4", label="slope -1/2")
    if study.grid_error:
        axes.axhline(study.grid_error, color="0.6", lw=0.8, ls="--", label="half as many cells")
    axes.set(yscale="log", xlabel="neurons N", ylabel="error")
    log_sizes(axes, sizes)
    # below: the lines cross the whole panel
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22))
