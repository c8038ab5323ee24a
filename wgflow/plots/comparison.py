"""The figure of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow.distances import first_marginal
from wgflow.plots.style import PDE_COLOUR, SGD_COLOUR, new_figure, styled, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.compare import Comparison

__all__ = ["comparison_figure"]

NAMES = {
    "sgd": "SGD",
    "gradient": "gradient descent",
    "particle": "particle dynamics",
    "nonlinear": "nonlinear dynamics",
}


def comparison_figure(comparison: Comparison) -> Figure:
    """Densities over the particles' histograms, and the risk curves of both.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure: Figure = styled(_draw_comparison)(comparison)
    return figure


def _draw_comparison(comparison: Comparison) -> Figure:
    shown = comparison.pictured()
    columns = 3
    rows = -(-len(shown) // columns)
    figure = new_figure(11.5, 2.2 * rows + 0.6)
    parts: Any = figure.subfigures(1, 2, width_ratios=(1.55, 1))
    left, right = parts
    panels = np.atleast_1d(left.subplots(rows, columns)).ravel()
    for panel in panels[len(shown) :]:
        panel.set_visible(False)
    for panel, index in zip(panels, shown, strict=False):
        _draw_histogram(panel, comparison, index)
    panels[0].legend(fontsize=7, loc="upper right")
    _draw_risks(right.subplots(), comparison)
    solution, sgd = comparison.solution, comparison.settings
    cells = " × ".join(map(str, solution.grid.cells))
    figure.suptitle(
        f"{solution.case}: the density equation ({cells} cells) and "
        f"{_name(comparison)} (N = {sgd.particles}, step {sgd.step:.0e}, {sgd.seeds} seeds)"
    )
    return figure


def _name(comparison: Comparison) -> str:
    return NAMES[comparison.settings.dynamics]


def _draw_histogram(axes: Axes, comparison: Comparison, index: int) -> None:
    solution = comparison.solution
    grid = solution.grid
    density = first_marginal(solution.densities[index], grid.widths)
    sample = comparison.sample(index)
    axis = grid.box.axes[0]
    if axis.periodic:
        sample = axis.lower + (sample - axis.lower) % axis.length
    low, high = visible(density, grid.edges[0], share=2e-3)
    low, high = min(low, float(sample.min())), max(high, float(sample.max()))
    bins = np.linspace(low, high, 41)
    counts, _ = np.histogram(sample, bins)
    axes.bar(
        bins[:-1],
        counts / (len(sample) * np.diff(bins)),
        width=np.diff(bins),
        align="edge",
        color=SGD_COLOUR,
        alpha=0.35,
        label=_name(comparison),
    )
    axes.plot(grid.centers[0], density, color=PDE_COLOUR, lw=1.4, label="density equation")
    top = 1.25 * max(float((counts / (len(sample) * np.diff(bins))).max()), 1e-300)
    axes.set_ylim(0, min(top, 1.1 * max(float(density.max()), top / 1.25)))
    axes.set_xlim(low, high)
    axes.set_title(f"t = {solution.times[index]:.3g}", fontsize=8)
    axes.set_xlabel(grid.box.names[0])


def _draw_risks(axes: Axes, comparison: Comparison) -> None:
    history = comparison.solution.history
    step, name = comparison.settings.step, _name(comparison)
    times, mean, spread = comparison.times, comparison.risk_mean, comparison.risk_deviation
    axes.plot(
        history["time"][1:] / step, history["risk"][1:], color=PDE_COLOUR, label="density equation"
    )
    later = times > 0
    iterations = times[later] / step
    axes.plot(
        iterations, mean[later], "o", ms=3, color=SGD_COLOUR, label=f"{name}, mean over seeds"
    )
    axes.fill_between(
        iterations,
        (mean - 2 * spread)[later],
        (mean + 2 * spread)[later],
        color=SGD_COLOUR,
        alpha=0.2,
        lw=0,
        label="± 2 standard deviations",
    )
    if comparison.half_risks is not None:
        limit, error = (values[later] for values in comparison.limit)
        axes.errorbar(
            iterations,
            limit,
            2 * error,
            fmt="_",
            ms=4,
            lw=0.8,
            color="black",
            label=f"{name}, N → ∞, ± 2 standard errors",
        )
    axes.set_xscale("log")
    axes.set_xlim(iterations[0], iterations[-1])
    axes.set(xlabel="iterations t/ε", ylabel="population risk")
    axes.legend(fontsize=7)
