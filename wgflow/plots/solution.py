"""The figure that a run leaves: densities beside what falls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wgflow.grid import Grid
from wgflow.mesh import as_mesh
from wgflow.plots.curves import draw_curves
from wgflow.plots.history import draw_column, main_column
from wgflow.plots.limits import Limits
from wgflow.plots.maps import draw_map
from wgflow.plots.picture import Frame, Frames, spread
from wgflow.plots.slices import draw_slice
from wgflow.plots.style import colours, heading, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.solution import Solution

__all__ = ["Picture", "draw_picture", "pictured", "solution_figure"]

LARGEST_STACK = 8  # curves in one panel


@dataclass(frozen=True)
class Picture:
    """What one rank holds of a solution to draw it.

    Attributes
    ----------
    shown : Grid or Mesh
        All cells, or coarser ones.
    whole : Grid or Mesh
        All cells.
    frames : list of Frame
        Some over time in one dimension, else the last.
    """

    shown: Grid
    whole: Grid
    frames: list[Frame]


def solution_figure(solution: Solution) -> Figure | None:
    """Densities over time beside the history of the energy (of networks, the risk).

    Collective: the root draws, of grids above :data:`wgflow.plots.picture.LARGEST_PICTURE` cells
    averages over groups of cells; the others send their share of what is drawn.

    Parameters
    ----------
    solution : Solution

    Returns
    -------
    matplotlib.figure.Figure
        None on the other ranks, which load no matplotlib.
    """
    picture = pictured(solution)
    return None if picture is None else draw_picture(solution, picture)


def pictured(solution: Solution) -> Picture | None:
    """Bring together what the figure shows; None on the other ranks. Collective."""
    grid = solution.grid
    count, several = len(solution.times), as_mesh(grid) is None and grid.dimension == 1
    chosen = spread(count, LARGEST_STACK) if several else [count - 1]
    frames = Frames(
        solution,
        marginals=as_mesh(grid) is None and grid.dimension > 2,
        together=len(chosen),
    )
    found = [frames.frame(index) for index in chosen]
    if not grid.comm.is_root:
        return None
    return Picture(frames.shown, frames.lined, [frame for frame in found if frame is not None])


def draw_picture(solution: Solution, picture: Picture) -> Figure:
    """Draw what :func:`pictured` has brought together."""
    figure: Figure = styled(_draw)(solution, picture)
    return figure


def _draw(solution: Solution, picture: Picture) -> Figure:
    figure = new_figure(10, 3.8)
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    limits = Limits(picture.shown, picture.whole, picture.frames)
    mesh, last = as_mesh(picture.shown), picture.frames[-1]
    if last.lines:
        _draw_marginals(left, picture)
    elif mesh is None and picture.shown.dimension == 1:
        draw_curves(left, picture.frames, limits)
    else:
        if mesh is not None and mesh.dimension == 3:
            draw_slice(left, last, limits)
        else:
            draw_map(left, last, limits)
        limits.bar(figure, left)
    draw_column(right, solution, main_column(solution))
    figure.suptitle(f"{heading(solution)}, t = {solution.time:.4g}")
    return figure


def _draw_marginals(axes: Axes, picture: Picture) -> None:
    whole, lines = picture.whole, picture.frames[-1].lines
    for axis, (colour, line) in enumerate(zip(colours(len(lines)), lines, strict=True)):
        axes.plot(whole.centers[axis], line, color=colour, label=whole.box.names[axis])
    axes.set(xlabel="coordinate", ylabel="marginal density")
    axes.legend()
