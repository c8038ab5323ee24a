"""A density on a line: curves one over the other, and a map of space and time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow._typing import Array
from wgflow.plots.limits import DENSITY, Limits
from wgflow.plots.neurons import Neurons
from wgflow.plots.picture import Frame
from wgflow.plots.style import MAP, axis_label, colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_curves", "draw_spacetime", "time_edges"]

UNEVEN = 20.0  # longest gap between snapshots over the shortest; above, time is logarithmic


def draw_curves(
    axes: Axes,
    frames: Sequence[Frame],
    limits: Limits,
    neurons: Neurons | None = None,
    shades: Sequence[Any] | None = None,
) -> None:
    """Draw the density of each frame, with the exact one and the neurons of the last."""
    grid, last = limits.shown, frames[-1]
    for colour, frame in zip(shades or colours(len(frames)), frames, strict=True):
        assert frame.density is not None
        axes.plot(grid.centers[0], frame.density, color=colour, label=f"t = {frame.time:.3g}")
    if last.exact is not None:
        axes.plot(grid.centers[0], last.exact, "k:", lw=1.2, label=f"exact, t = {last.time:.3g}")
    axes.set_xlim(*limits.bounds(0))
    if limits.log:
        axes.set_yscale("log")
        axes.set_ylim(limits.bottom(), 2 * limits.top())
    else:
        axes.set_ylim(0, 1.05 * limits.top())
        if limits.cut():
            axes.text(
                0.02, 0.99, f"peaks up to {limits.peak():.3g} are cut off", va="top",
                transform=axes.transAxes, fontsize=7, color="0.4",
            )  # fmt: skip
    if neurons is not None:
        neurons.bars(axes, last.time, grid)
    axes.set(xlabel=axis_label(grid, 0), ylabel="density")
    axes.legend()


def draw_spacetime(axes: Axes, frames: Sequence[Frame], limits: Limits) -> None:
    """Draw time to the right, the coordinate upwards, the density as colour.

    Each snapshot fills the time that is nearer to it than to any other; the marks above are the
    times of the snapshots. Where these are crowded towards the start, time is logarithmic, and
    what is at time 0 has no place.
    """
    grid = limits.shown
    times = np.array([frame.time for frame in frames])
    gaps = np.diff(times)
    uneven = len(times) > 3 and gaps.max() > UNEVEN * gaps.min() and times[1] > 0
    if uneven and times[0] <= 0:
        frames, times = frames[1:], times[1:]
    edges = time_edges(times, bool(uneven))
    values = np.stack([frame.density for frame in frames if frame.density is not None], axis=1)
    axes.pcolormesh(
        edges, grid.edges[0], limits.raised(values), norm=limits.norm(DENSITY), cmap=MAP,
        rasterized=True,
    )  # fmt: skip
    if uneven:
        axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(*limits.bounds(0))
    axes.plot(
        times, np.ones(len(times)), "|", color="black", ms=6, clip_on=False,
        transform=axes.get_xaxis_transform(),
    )  # fmt: skip
    axes.grid(visible=False)
    axes.set(xlabel="time (marks above: snapshots)", ylabel=axis_label(grid, 0))


def time_edges(times: Array, logarithmic: bool = False) -> Array:
    """Give the ends of the times that snapshots stand for, halfway between them.

    Examples
    --------
    >>> time_edges(np.array([0.0, 1.0, 4.0])).tolist()
    [0.0, 0.5, 2.5, 4.0]
    """
    middles = [float(np.sqrt(a * b) if logarithmic else (a + b) / 2) for a, b in pairwise(times)]
    return np.array([times[0], *middles, times[-1]])
