"""The figure of a study of dimensions: risks over time, and gaps against the dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wgflow.plots.style import SGD_COLOUR, colours, log_sizes, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.compare import DimensionStudy

__all__ = ["dimensions_figure"]


def dimensions_figure(study: DimensionStudy, title: str) -> Figure:
    """Draw the risks of networks and density for each dimension, and the gaps against it.

    Parameters
    ----------
    study : DimensionStudy
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure: Figure = styled(_draw)(study, title)
    return figure


def _draw(study: DimensionStudy, title: str) -> Figure:
    figure = new_figure(9.2, 3.8)
    left, right = figure.subplots(1, 2)
    _draw_risks(left, study)
    _draw_gaps(right, study)
    settings = study.comparisons[0].settings
    figure.suptitle(
        f"{title}: {settings.seeds} networks of {settings.particles} neurons, step "
        f"{settings.step * study.dimensions[0]:.3g}/d, beside the density equation"
    )
    return figure


def _draw_risks(axes: Axes, study: DimensionStudy) -> None:
    for colour, d, one in zip(
        colours(len(study.dimensions)), study.dimensions, study.comparisons, strict=True
    ):
        later = one.times > 0
        times, mean = one.times[later], one.risk_mean[later]
        axes.plot(times, mean, "o", ms=3, color=colour, label=f"SGD, d = {d}")
        history = one.solution.history
        risk = np.interp(times, history["time"], history["risk"])
        axes.plot(times, risk, color=colour, lw=1.2, label=f"density equation, d = {d}")
    axes.set(xscale="log", xlabel="time", ylabel="population risk")
    axes.legend()


def _draw_gaps(axes: Axes, study: DimensionStudy) -> None:
    columns = {name: np.array(values) for name, values in study.columns().items()}
    slope, low, high = study.slope
    axes.errorbar(
        columns["dimension"], columns["gap"], 2 * columns["gap_error"], fmt="o-", ms=4, lw=1,
        color=SGD_COLOUR, label=f"sup |R_N - R|, slope {slope:.2f} [{low:.2f}, {high:.2f}]",
    )  # fmt: skip
    if np.isfinite(columns["grid_error"]).all():
        axes.plot(
            columns["dimension"], columns["grid_error"], "--", color="0.6", lw=0.9,
            label="half as many cells",
        )  # fmt: skip
    axes.set(yscale="log", xlabel="dimension d of the data", ylabel="gap")
    axes.set_ylim(top=1.8 * axes.get_ylim()[1])  # room for the words
    log_sizes(axes, study.dimensions)
    axes.legend()
