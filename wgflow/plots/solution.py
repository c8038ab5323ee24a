"""The figure of a solution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow.mesh import Mesh, as_mesh
from wgflow.plots.picture import Picture, pictured
from wgflow.plots.style import MAP, PDE_COLOUR, cap_height, colours, new_figure, styled, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wgflow.solution import Solution

__all__ = ["draw_picture", "solution_figure"]


def solution_figure(solution: Solution) -> Figure | None:
    """Densities over time beside the history of the energy (and risk).

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


def draw_picture(solution: Solution, picture: Picture) -> Figure:
    """Draw what :func:`wgflow.plots.picture.pictured` has brought together."""
    figure: Figure = styled(_draw_solution)(solution, picture)
    return figure


def _draw_solution(solution: Solution, picture: Picture) -> Figure:
    figure = new_figure(10, 3.8)
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    mesh = as_mesh(picture.grid)
    if mesh is not None:
        _draw_cells(figure, left, picture, mesh)
    elif picture.grid.dimension == 1:
        _draw_stack(left, picture)
    elif picture.grid.dimension == 2:
        _draw_map(figure, left, picture)
    else:
        _draw_marginals(left, picture)
    _draw_history(right, solution)
    title = solution.case or "density"
    figure.suptitle(f"{title}, {solution.solver}, t = {solution.time:.4g}")
    return figure


def _draw_stack(axes: Axes, picture: Picture) -> None:
    grid, curves = picture.grid, picture.densities
    shades = colours(len(curves))
    for colour, time, curve in zip(shades, picture.times, curves, strict=True):
        axes.plot(grid.centers[0], curve, color=colour, label=f"t = {time:.3g}")
    if picture.exact is not None:
        axes.plot(grid.centers[0], picture.exact, "k:", lw=1.2, label="exact")
    axes.set_xlim(*visible(np.max(curves, axis=0), grid.edges[0]))
    cap_height(axes, curves)
    axes.set(xlabel=grid.box.names[0], ylabel="density")
    axes.legend(fontsize=7)


def _draw_map(figure: Figure, axes: Axes, picture: Picture) -> None:
    grid = picture.grid
    mesh = axes.pcolormesh(grid.edges[0], grid.edges[1], picture.densities[-1].T, cmap=MAP)
    axes.grid(visible=False)
    axes.set_aspect("equal")
    # where the density lives; a truncated domain may be much larger
    axes.set_xlim(*visible(picture.densities[-1].max(axis=1), grid.edges[0]))
    axes.set_ylim(*visible(picture.densities[-1].max(axis=0), grid.edges[1]))
    figure.colorbar(mesh, ax=axes, label="density")
    axes.set(xlabel=grid.box.names[0], ylabel=grid.box.names[1])


def _draw_cells(figure: Figure, axes: Axes, picture: Picture, mesh: Mesh) -> None:
    """Colour the cells of a plane mesh; project those of a solid one."""
    from matplotlib.collections import PolyCollection

    first, second, *_ = mesh.box.names
    if mesh.dimension == 2:
        corners = mesh.geometry.corners
        around = corners - corners.mean(axis=1, keepdims=True)
        order = np.argsort(np.arctan2(around[..., 1], around[..., 0]), axis=1)
        outlines = np.take_along_axis(corners, order[..., None], axis=1)
        drawn: Any = PolyCollection(list(outlines), array=picture.densities[-1], cmap=MAP)
        drawn.set_edgecolor("face")
        axes.add_collection(drawn)
        axes.autoscale_view()
    else:
        x, y = mesh.coordinates[:2]
        drawn = axes.scatter(x, y, c=picture.densities[-1], s=4, cmap=MAP)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.set_aspect("equal")
    figure.colorbar(drawn, ax=axes, label="density")
    axes.set(xlabel=first, ylabel=second)


def _draw_marginals(axes: Axes, picture: Picture) -> None:
    grid = picture.grid
    shades = colours(grid.dimension)
    for axis, (colour, marginal) in enumerate(zip(shades, picture.marginals, strict=True)):
        axes.plot(grid.centers[axis], marginal, color=colour, label=grid.box.names[axis])
    axes.set(xlabel="coordinate", ylabel="marginal density")
    axes.legend(fontsize=7)


def _draw_history(axes: Axes, solution: Solution) -> None:
    history = solution.history
    time = history["time"]
    name = "risk" if "risk" in history else "energy"
    axes.plot(time, history[name], color=PDE_COLOUR)
    problem = solution.problem
    exact = None if problem is None else problem.reference.get(name)
    if exact is not None:
        shown = np.linspace(time[0], time[-1], 40)
        axes.plot(shown, [exact(t) for t in shown], "k:", lw=1.2, label="exact")
        axes.legend(fontsize=7)
    if name == "risk" and len(time) > 2:
        axes.set_xscale("log")
        axes.set_xlim(time[1], time[-1])
        # labels between the decades would run into each other
        axes.tick_params(axis="x", which="minor", labelbottom=bool(time[-1] < 5 * time[1]))
    axes.set(xlabel="time", ylabel={"risk": "population risk", "energy": "free energy"}[name])
