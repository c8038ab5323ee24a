"""A density in several dimensions: the marginals of all axes and of all pairs of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wgflow.plots.limits import Limits
from wgflow.plots.maps import draw_plane
from wgflow.plots.neurons import Neurons
from wgflow.plots.picture import Frame
from wgflow.plots.style import axis_label, colours

__all__ = ["draw_corner"]


def draw_corner(
    panels: Any,
    frames: Sequence[Frame],
    limits: Limits,
    neurons: Neurons | None = None,
    shades: Sequence[Any] | None = None,
) -> None:
    """Draw curves on the diagonal, one a frame, and below it maps of the last frame.

    Parameters
    ----------
    panels : (D, D) array of Axes
        Those above the diagonal are hidden; the legend is there.
    frames : sequence of Frame
    limits : Limits
    neurons : Neurons, optional
    shades : sequence of colours, optional
        One a frame.
    """
    dimension, last, whole = len(panels), frames[-1], limits.whole
    names = whole.box.names
    for row in range(dimension):
        for column in range(dimension):
            axes = panels[row][column]
            if column > row:
                axes.set_visible(False)
                continue
            if column == row:
                _draw_line(axes, frames, limits, row, neurons, shades)
            else:
                pair = column, row
                draw_plane(axes, limits.shown, pair, last.planes[pair], limits, pair)
                if neurons is not None:
                    neurons.dots(axes, last.time, limits.shown, pair)
            outer = row == dimension - 1
            axes.tick_params(labelbottom=outer)
            if outer:
                axes.set_xlabel(names[column])
            if column == 0 and row > 0:
                axes.set_ylabel(names[row])
            axes.tick_params(labelleft=column in (0, row))


def _draw_line(
    axes: Any,
    frames: Sequence[Frame],
    limits: Limits,
    axis: int,
    neurons: Neurons | None,
    shades: Sequence[Any] | None,
) -> None:
    whole = limits.whole
    for colour, frame in zip(shades or colours(len(frames)), frames, strict=True):
        axes.plot(
            whole.centers[axis], frame.lines[axis], color=colour, label=f"t = {frame.time:.3g}"
        )
    axes.set_xlim(*limits.bounds(axis))
    if limits.log:
        axes.set_yscale("log")
        axes.set_ylim(limits.bottom(axis), 2 * limits.top(axis))
    else:
        axes.set_ylim(0, 1.08 * limits.top(axis))
    if neurons is not None:
        neurons.bars(axes, frames[-1].time, whole, axis)
    axes.set_title(axis_label(whole, axis))
    if axis == 0:
        # in the corner where there are no panels, which do not give way to it
        legend = axes.legend(loc="upper left", bbox_to_anchor=(1.08, 1.0))
        legend.set_in_layout(False)
