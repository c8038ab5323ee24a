"""Figures of a density, one kind each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wgflow.errors import InputError, nearest_first
from wgflow.mesh import as_mesh
from wgflow.plots.arrows import arrows_of
from wgflow.plots.corner import draw_corner
from wgflow.plots.curves import draw_curves, draw_spacetime
from wgflow.plots.history import history_figure
from wgflow.plots.limits import Limits
from wgflow.plots.maps import draw_map
from wgflow.plots.neurons import Neurons
from wgflow.plots.picture import Frame, Frames, picked
from wgflow.plots.slices import draw_slices
from wgflow.plots.solution import LARGEST_STACK, solution_figure
from wgflow.plots.style import heading, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from wgflow.solution import Solution

__all__ = ["KINDS", "check_kind", "density_figure", "kinds_of", "panel_shape"]

KINDS = {
    "stack": "curves over each other, on a line",
    "spacetime": "map of the coordinate and time, on a line",
    "map": "maps with contour lines and velocities, in a plane",
    "marginals": "marginals of all axes and pairs of axes, on a grid of two axes or more",
    "slices": "slices through the mean, of a solid",
    "history": "energy, risk, dissipation, mass, minimum, time steps",
    "summary": "the figure that the run left",
}
TIMELESS = {"spacetime": "every snapshot", "history": "all times", "summary": "its own times"}
MOST = {"stack": LARGEST_STACK, "map": 6, "marginals": 3, "slices": 1}  # times, unless asked for
COLUMNS = 3  # of panels
AT_REST = 1e-4  # of the largest speed of all panels, below which arrows show rounding at most
PANEL = 3.1  # inches


def kinds_of(solution: Solution) -> list[str]:
    """Kinds of figures of a solution, the default first."""
    mesh, dimension = as_mesh(solution.grid), solution.grid.dimension
    if mesh is not None:
        first = ["map"] if dimension == 2 else ["slices"]
    else:
        first = [["stack", "spacetime"], ["map", "marginals"], ["marginals"]][min(dimension, 3) - 1]
    return [*first, "history", "summary"]


def check_kind(kind: str, solution: Solution | None = None) -> str:
    """Raise InputError if there is no such kind, or none of this solution; give it back."""
    if kind not in KINDS:
        raise InputError(
            f"kind {kind!r}: known, nearest first: {', '.join(nearest_first(kind, KINDS))}"
        )
    if solution is not None and kind not in kinds_of(solution):
        cells = "mesh" if as_mesh(solution.grid) is not None else "grid"
        raise InputError(
            f"kind {kind!r} of a density on a {cells} in {solution.grid.dimension} dimension(s): "
            f"use one of {', '.join(kinds_of(solution))}"
        )
    return kind


def density_figure(
    solution: Solution,
    kind: str | None = None,
    times: Sequence[float] | None = None,
    *,
    log: bool = False,
    arrows: bool = True,
    neurons: Neurons | None = None,
) -> Figure | None:
    """Draw a density; collective, the root draws.

    Parameters
    ----------
    solution : Solution
    kind : str, optional
        One of :data:`KINDS`; by default ``stack`` on a line, ``map`` in a plane, ``marginals`` on
        grids of more axes, ``slices`` of a solid.
    times : sequence of float, optional
        Of each the nearest snapshot is drawn, with a warning if it is another time. By default a
        few over the run, of marginals and slices the last.
    log : bool
        Whether the density is on a logarithmic scale (of ``history``: the time).
    arrows : bool
        Whether maps have the velocity -s ∇ δF/δrho; none is drawn, with a warning, where the
        problem is not known.
    neurons : Neurons, optional
        Of finite networks, drawn over the density.

    Returns
    -------
    matplotlib.figure.Figure
        None on the other ranks, which load no matplotlib.

    Raises
    ------
    InputError
        If the kind is unknown or of other dimensions, or a time is outside the run.
    """
    kind = check_kind(kinds_of(solution)[0] if kind is None else kind, solution)
    if times is not None and kind in TIMELESS:
        raise InputError(f"kind {kind!r} shows {TIMELESS[kind]}: omit the times")
    if kind == "history":
        return history_figure(solution, log=True if log else None)
    if kind == "summary":
        return solution_figure(solution)
    count = len(solution.times)
    chosen = list(range(count)) if kind == "spacetime" else _chosen(solution, kind, times)
    frames = Frames(
        solution,
        marginals=kind == "marginals",
        together=len(chosen),
        arrows=arrows_of(solution, wanted=arrows and kind == "map"),
    )
    found = [frames.frame(index) for index in chosen]
    if not solution.grid.comm.is_root:
        return None
    held = [frame for frame in found if frame is not None]
    held[:-1] = [replace(frame, planes={}) for frame in held[:-1]]  # maps are of the last
    limits = Limits(frames.shown, frames.lined, held, log)
    if neurons is not None:
        for frame in held:
            limits.hold(neurons.at(frame.time, frames.shown))
    figure: Figure = styled(_DRAW[kind])(held, limits, neurons)
    maps = f", maps at t = {held[-1].time:.4g}" if kind == "marginals" else ""
    figure.suptitle(heading(solution) + maps)
    return figure


def _chosen(solution: Solution, kind: str, times: Sequence[float] | None) -> list[int]:
    most = MOST[kind]
    if times is None and most == 1:
        return [len(solution.times) - 1]
    return picked(solution.times, times, most)


def panel_shape(limits: Limits) -> float:
    """Height of a map over its width, for panels that waste little."""
    (left, right), (low, high) = limits.bounds(0), limits.bounds(1)
    return float(min(2.0, max(0.4, (high - low) / (right - left))))


def _stack(frames: Sequence[Frame], limits: Limits, neurons: Neurons | None) -> Figure:
    figure = new_figure(5.4, 3.5)
    draw_curves(figure.subplots(), frames, limits, neurons)
    return figure


def _spacetime(frames: Sequence[Frame], limits: Limits, neurons: Neurons | None) -> Figure:
    figure = new_figure(5.8, 3.5)
    axes = figure.subplots()
    draw_spacetime(axes, frames, limits)
    limits.bar(figure, axes)
    return figure


def _map(frames: Sequence[Frame], limits: Limits, neurons: Neurons | None) -> Figure:
    columns = min(COLUMNS, len(frames)) if len(frames) != 4 else 2
    rows = -(-len(frames) // columns)
    width = PANEL if columns > 1 else 1.4 * PANEL
    height = width * panel_shape(limits) * rows + 0.8
    figure = new_figure(width * columns + 1.3, height, "compressed")
    panels: Any = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes in panels.ravel()[len(frames) :]:
        axes.set_visible(False)
    for axes, frame in zip(panels.ravel(), frames, strict=False):
        fastest = 0.0 if frame.arrows is None else frame.arrows.fastest
        resting = fastest <= AT_REST * limits.fastest
        draw_map(axes, replace(frame, arrows=None) if resting else frame, limits, neurons)
        least = "speed ≤" if resting else "longest arrow"
        speed = f", {least} {fastest:.2g}" if fastest > 0 else ""
        axes.set_title(f"t = {frame.time:.4g}{speed}")
        axes.label_outer()
    limits.bar(figure, panels)
    return figure


def _corner(frames: Sequence[Frame], limits: Limits, neurons: Neurons | None) -> Figure:
    dimension = limits.whole.dimension
    side = 2.1 * dimension + 1.2
    figure = new_figure(side, 0.9 * side)
    panels: Any = figure.subplots(dimension, dimension, squeeze=False, sharex="col")
    draw_corner(panels, frames, limits, neurons)
    return figure


def _slices(frames: Sequence[Frame], limits: Limits, neurons: Neurons | None) -> Figure:
    figure = new_figure(PANEL * 3 + 1.3, (PANEL + 0.2) * len(frames) + 0.3, "compressed")
    panels: Any = figure.subplots(len(frames), 3, squeeze=False)
    for row, frame in zip(panels, frames, strict=True):
        draw_slices(row, frame, limits)
        for axes in row:
            axes.set_title(f"t = {frame.time:.4g}, {axes.get_title()}")
    limits.bar(figure, panels)
    return figure


_DRAW: dict[str, Any] = {
    "stack": _stack,
    "spacetime": _spacetime,
    "map": _map,
    "marginals": _corner,
    "slices": _slices,
}
