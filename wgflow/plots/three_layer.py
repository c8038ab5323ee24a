"""The figure of the study of three-layer networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wgflow.plots.style import PDE_COLOUR, SGD_COLOUR, colours, log_sizes, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.particles.three_layer_study import ThreeLayerTable

__all__ = ["three_layer_figure"]

# quantity: its words, mark and colour
LINES = {
    "weights": ("weights at T", "D", "k"),
    "predictions": ("sup |f_n - f|", "s", PDE_COLOUR),
    "end": ("|f_n - f| at T", "^", "#3a8fb7"),
    "risk": ("sup |R_n - R|", "o", SGD_COLOUR),
}


def three_layer_figure(table: ThreeLayerTable) -> Figure:
    """Errors against width; distances of the predictions and risks over time."""
    figure: Figure = styled(_draw)(table)
    return figure


def _draw(table: ThreeLayerTable) -> Figure:
    figure = new_figure(11.5, 3.8)
    errors, gaps, risks = figure.subplots(1, 3, width_ratios=(1.2, 1, 1))
    _draw_errors(errors, table)
    times, limit = table.limit.times, table.limit.risk
    chosen = colours(len(table.sizes))
    for k, (colour, size) in enumerate(zip(chosen, table.sizes, strict=True)):
        gap = np.sqrt(np.mean(table.gaps[:, k] ** 2, axis=0))
        gaps.plot(times, gap, color=colour, label=f"n = {size:.0f}")
    gaps.set(yscale="log", xlabel="time", ylabel="|f_n - f|, rms over samples and seeds")
    gaps.set_ylim(bottom=gaps.get_ylim()[0] / 2)  # room for the words
    gaps.legend(ncols=3, loc="lower left")
    for k in (0, len(table.sizes) - 1):
        low, high = np.quantile(table.risks[:, k], [0.1, 0.9], axis=0)
        label = f"n = {table.sizes[k]:.0f}, 80 % of networks"
        risks.fill_between(times, low, high, color=chosen[k], alpha=0.35, lw=0, label=label)
    risks.plot(times, limit, "k", label="limit")
    risks.set(yscale="log", xlabel="time", ylabel="risk on the samples")
    risks.legend(loc="lower left")
    figure.suptitle(
        f"three-layer networks and their limit on {table.indices} x {table.indices} indices, "
        f"{len(table.errors)} seeds"
    )
    return figure


def _draw_errors(axes: Axes, table: ThreeLayerTable) -> None:
    from wgflow.particles.three_layer_study import THREE_LAYER_ERRORS

    root, error = table.mean_error()
    for name, (words, mark, colour) in LINES.items():
        k = THREE_LAYER_ERRORS.index(name)
        slope = table.slope(name)[0]
        axes.errorbar(
            table.sizes,
            root[:, k],
            2 * error[:, k],
            fmt=f"{mark}-",
            color=colour,
            ms=3,
            lw=1,
            label=f"{words}, slope {slope:.2f}",
        )
        if k < len(table.own):
            axes.plot(table.indices, table.own[k], mark, mfc="none", color=colour, ms=6)
    guide = root[0, 0] / 2 * np.sqrt(table.sizes[0] / table.sizes)
    axes.plot(table.sizes, guide, ":", color="0.5", label="n^(-1/2)")
    axes.plot([], [], "o", mfc="none", color="0.5", label="limits on other indices")
    log_sizes(axes, [*table.sizes, table.indices])
    axes.set(yscale="log", xlabel="width n = N₁ = N₂", ylabel="distance from limit")
    axes.set_ylim(bottom=axes.get_ylim()[0] / 8)  # room for the words
    axes.legend(loc="lower left", ncols=2)
