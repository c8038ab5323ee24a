"""The figure of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow.plots.neurons import draw_histogram, wrapped
from wgflow.plots.style import (
    PDE_COLOUR,
    SGD_COLOUR,
    below_all,
    colours,
    from_first,
    new_figure,
    styled,
    visible,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.compare import Comparison

__all__ = ["comparison_figure"]

MOST_ABOVE = 3.0  # times the highest bar, up to which a density is shown to its peak
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
    shown, dimension = comparison.pictured(), comparison.means.shape[2]
    if dimension > 1:  # a row an axis, three times
        middle = shown[(len(shown) + 1) // 2] if len(shown) > 2 else shown[-1]
        shown = sorted({shown[0], middle, shown[-1]})
    columns = 3
    drawn = [(index, axis) for axis in range(dimension) for index in shown]
    rows = -(-len(shown) // columns) * dimension
    figure = new_figure(11.5, 2.2 * max(rows, 2) + 0.6)
    parts: Any = figure.subfigures(1, 2, width_ratios=(1.55, 1))
    left, right = parts
    width = columns if dimension == 1 else len(shown)
    panels = np.atleast_1d(left.subplots(rows, width)).ravel()
    for panel in panels[len(drawn) :]:
        panel.set_visible(False)
    for panel, (index, axis) in zip(panels, drawn, strict=False):
        _draw_histogram(panel, comparison, index, axis)
    below_all(left, panels[0])
    if dimension == 1:
        _draw_risks(right.subplots(), comparison)
    else:
        above, below = right.subplots(2, 1, sharex=True)
        _draw_risks(above, comparison)
        above.set_xlabel("")
        _draw_means(below, comparison)
    solution, sgd = comparison.solution, comparison.settings
    cells = " × ".join(map(str, solution.cells))
    figure.suptitle(
        f"{solution.case}: the density equation ({cells} cells) and "
        f"{_name(comparison)} (N = {sgd.particles}, step {sgd.step:.0e}, {sgd.seeds} "
        f"{'seed' if sgd.seeds == 1 else 'seeds'})"
    )
    return figure


def _name(comparison: Comparison) -> str:
    return NAMES[comparison.settings.dynamics]


def _draw_histogram(axes: Axes, comparison: Comparison, index: int, axis: int) -> None:
    solution = comparison.solution
    grid, values = solution.sharp(index)
    others = tuple(k for k in range(grid.dimension) if k != axis)
    mass = np.sum(values * grid.volumes, axis=others)
    density = mass / np.diff(grid.edges[axis])
    sample = wrapped(comparison.sample(index, axis), grid.box.axes[axis])
    low, high = visible(density, grid.edges[axis], share=2e-3)
    low, high = min(low, float(sample.min())), max(high, float(sample.max()))
    heights, _ = draw_histogram(axes, sample, (low, high), _name(comparison))
    axes.plot(grid.centers[axis], density, color=PDE_COLOUR, lw=1.4, label="density equation")
    highest, peak = float(heights.max()), float(density.max())
    shown = peak if peak < MOST_ABOVE * highest else 1.25 * highest
    axes.set_ylim(0, 1.1 * max(highest, shown, 1e-300))
    if shown < peak:
        told = f"peak {peak:.3g}"
        axes.text(0.02, 0.97, told, fontsize=7, transform=axes.transAxes, va="top")
    axes.set_xlim(low, high)
    axes.set_title(f"t = {solution.times[index]:.3g}")
    axes.set_xlabel(grid.box.names[axis])


def _draw_risks(axes: Axes, comparison: Comparison) -> None:
    history = comparison.solution.history
    step, name = comparison.settings.step, _name(comparison)
    times, mean, spread = comparison.times, comparison.risk_mean, comparison.risk_deviation
    later = times > 0
    iterations = times[later] / step
    at = from_first(history["time"], times[later])
    risks = np.interp(at, history["time"], history["risk"])
    axes.plot(at / step, risks, color=PDE_COLOUR, label="density equation")
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
    axes.legend()


def _draw_means(axes: Axes, comparison: Comparison) -> None:
    """Means of the coordinates: of the networks over time, of the density at its snapshots."""
    solution, step = comparison.solution, comparison.settings.step
    names, equation = solution.grid.box.names, comparison.equation_means()
    later, snapshots = comparison.times > 0, solution.times > 0
    for colour, axis in zip(colours(len(comparison.lines)), comparison.lines, strict=True):
        means = comparison.means[:, later, axis]
        middle, spread = means.mean(axis=0), 2 * means.std(axis=0)
        iterations = comparison.times[later] / step
        axes.plot(iterations, middle, color=colour, label=f"{names[axis]}, {_name(comparison)}")
        axes.fill_between(
            iterations, middle - spread, middle + spread, color=colour, alpha=0.2, lw=0
        )
        at, values = solution.times[snapshots] / step, equation[snapshots, axis]
        axes.plot(at, values, "o", ms=4, color=colour, mec="black", clip_on=False, zorder=3)
        column = solution.history.get(f"mean_{names[axis]}")
        if column is not None:
            axes.plot(solution.history["time"][1:] / step, column[1:], ":", lw=1.5, color="black")
    axes.plot([], [], "o", ms=4, color="0.6", mec="black", label="density equation")
    axes.set(xlabel="iterations t/ε", ylabel="mean")
    axes.legend(ncols=2)
