"""The figures of the studies of regimes: students of a teacher, and lazy training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wgflow.plots.style import PDE_COLOUR, SGD_COLOUR, colours, log_sizes, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.particles.lazy_study import LazyTable
    from wgflow.particles.teacher_student import TeacherTable

__all__ = ["lazy_figure", "teacher_figure"]

LABELS = {
    "displacement": "displacement, rms",
    "kernel": "|K - K₀| / |K₀|",
    "gap": "|f - lazy limit| / |y|",
}
STYLES = {"1/m": ("o", SGD_COLOUR), "1/√m": ("s", PDE_COLOUR)}
LEAST = 1e-8  # of a risk that is drawn: below is rounding


def teacher_figure(table: TeacherTable) -> Figure:
    """Risk at the end against width, every seed; and over time, medians."""
    figure: Figure = styled(_draw_teacher)(table)
    return figure


def lazy_figure(table: LazyTable) -> Figure:
    """Displacement, kernel distance and gap against width and scale; risks over time."""
    figure: Figure = styled(_draw_lazy)(table)
    return figure


def _draw_teacher(table: TeacherTable) -> Figure:
    figure = new_figure(10, 3.8)
    left, right = figure.subplots(1, 2)
    risks = np.maximum(table.risks, LEAST)
    sizes = np.array(table.sizes, dtype=float)
    seeds = risks.shape[1]
    left.plot(
        np.repeat(sizes, seeds), risks[:, :, -1].ravel(), "o", ms=3, color=SGD_COLOUR, alpha=0.5
    )
    left.plot(sizes, np.median(risks[:, :, -1], axis=1), color=PDE_COLOUR, label="median")
    left.axvline(table.neurons, color="0.6", lw=0.8, ls=":")
    left.annotate(
        "m*", (table.neurons, 1.0), (3, -8), left.get_xaxis_transform(),
        textcoords="offset points", fontsize=8,
    )  # fmt: skip
    log_sizes(left, table.sizes)
    left.set(yscale="log", xlabel="width m", ylabel="E (y - f)² / E y²")
    left.set_title(f"at t = {table.times[-1]:g}")
    left.legend()
    for colour, size, risk in zip(colours(len(sizes)), table.sizes, risks, strict=True):
        right.plot(table.times[1:], np.median(risk, axis=0)[1:], color=colour, label=f"m = {size}")
    right.set(xscale="log", yscale="log", xlabel="time", ylabel="E (y - f)² / E y²")
    right.set_title("medians over seeds")
    right.legend(ncols=2)
    figure.suptitle(
        f"students of a ReLU teacher of {table.neurons} neurons, d = {table.dimension}, "
        f"{seeds} seeds"
    )
    return figure


def _draw_lazy(table: LazyTable) -> Figure:
    figure = new_figure(11.5, 3.8)
    widths, scales, over_time = figure.subplots(1, 3, width_ratios=(1.2, 1, 1))
    lines = ("-", "--", ":")
    for series, (mark, colour) in STYLES.items():
        widths.plot([], [], mark, ls="none", color=colour, ms=4, label=f"scaling {series}")
        for number, line in enumerate(lines):
            mean = table.largest[series][:, :, number].mean(axis=1)
            widths.plot(table.sizes[series], mean, mark, ls=line, color=colour, ms=3)
    for line, label in zip(lines, LABELS.values(), strict=True):
        widths.plot([], [], ls=line, color="0.4", label=label)
    for number, (line, (name, label)) in enumerate(zip(lines, LABELS.items(), strict=True)):
        mean = table.largest["α"][:, :, number].mean(axis=1)
        label = f"{label}, slope {table.slope('α', name)[0]:.2f}"
        scales.plot(table.sizes["α"], mean, "D", ls=line, color="k", ms=3, label=label)
    log_sizes(widths, table.sizes["1/m"])
    log_sizes(scales, table.sizes["α"])
    widths.set(yscale="log", xlabel="width m", ylabel="largest over time")
    scales.set(yscale="log", xlabel=f"scale α, m = {table.neurons}")
    low = widths.get_ylim()[0]
    widths.set_ylim(bottom=low / 60)  # room for the words
    widths.legend(ncols=2, loc="lower left")
    scales.legend(loc="lower left")
    _draw_risks(over_time, table)
    figure.suptitle("lazy training: the network and its linearization at the start")
    return figure


def _draw_risks(axes: Axes, table: LazyTable) -> None:
    chosen = [name for name in table.runs if name.startswith("α")]
    for colour, name in zip((SGD_COLOUR, PDE_COLOUR), chosen, strict=True):
        run = table.runs[name]
        axes.plot(run.times, run.risk(run.predictions), color=colour, label=f"α = {name[2:]}")
    axes.plot(run.times, run.risk(run.linear), "k:", label="lazy limit, exact")
    axes.set(yscale="log", xlabel="time", ylabel="risk on the samples")
    axes.legend()
