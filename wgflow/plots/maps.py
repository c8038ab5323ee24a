"""A density in a plane as a map, with contour lines, arrows and neurons; slices of a solid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow._typing import Array
from wgflow.grid import Grid
from wgflow.mesh import Mesh, as_mesh
from wgflow.plots.arrows import Arrows
from wgflow.plots.limits import DENSITY, Limits
from wgflow.plots.neurons import Neurons
from wgflow.plots.picture import Frame
from wgflow.plots.style import MAP, axis_label

if TYPE_CHECKING:
    from collections.abc import Hashable

    from matplotlib.axes import Axes

__all__ = ["draw_arrows", "draw_map", "draw_plane"]

LINES = 6  # contours
LENGTH = 0.075  # of the panel's width, that the longest arrow takes


def draw_map(
    axes: Axes, frame: Frame, limits: Limits, neurons: Neurons | None = None, fastest: float = 0.0
) -> None:
    """Draw the density of a frame; arrows are as long as the fastest allows, by default theirs."""
    assert frame.density is not None
    mesh = as_mesh(limits.shown)
    if mesh is None:
        draw_plane(axes, limits.shown, (0, 1), frame.density, limits, DENSITY)
    else:
        _draw_cells(axes, mesh, frame.density, limits)
    axes.set_aspect("equal")
    if neurons is not None and mesh is None:
        neurons.dots(axes, frame.time, limits.shown)
    if frame.arrows is not None:
        draw_arrows(axes, frame.arrows, fastest)
    axes.set(xlabel=axis_label(limits.shown, 0), ylabel=axis_label(limits.shown, 1))


def draw_plane(
    axes: Axes,
    grid: Grid,
    pair: tuple[int, int],
    values: Array,
    limits: Limits,
    key: Hashable,
) -> None:
    """Draw cell values over two axes of a grid, with contour lines."""
    first, second = pair
    norm, values = limits.norm(key), limits.raised(values, key).T
    axes.pcolormesh(
        grid.edges[first], grid.edges[second], values, norm=norm, cmap=MAP, rasterized=True
    )
    if values.min() < values.max() and min(values.shape) > 1:
        axes.contour(
            grid.centers[first], grid.centers[second], values, _levels(limits, key),
            colors="white", linewidths=0.5, alpha=0.6,
        )  # fmt: skip
    axes.set_xlim(*limits.bounds(first))
    axes.set_ylim(*limits.bounds(second))
    axes.grid(visible=False)


def _levels(limits: Limits, key: Hashable) -> Array:
    """Levels of the contours, the same at all times: even on the scale of the colours."""
    levels: Array = limits.norm(key).inverse(np.linspace(0, 1, LINES + 2)[1:-1])
    return levels


def draw_arrows(axes: Axes, arrows: Arrows, fastest: float = 0.0) -> None:
    """Draw velocities, the fastest as long as a few cells of the lattice they stand on."""
    own = arrows.fastest
    if own <= 0:
        return
    longest = max(fastest, own)
    low, high = axes.get_xlim()
    bottom, top = axes.get_ylim()
    length = LENGTH * max(high - low, top - bottom)
    axes.quiver(
        *arrows.points.T, *arrows.velocities.T, angles="xy", scale_units="xy",
        scale=longest / length, width=0.005, color="white", edgecolor="black", linewidth=0.3,
        pivot="tail", zorder=3,
    )  # fmt: skip


def outlines(mesh: Mesh) -> Array:
    """Corners of plane cells in the order around them, shape (cells, k, 2)."""
    corners = mesh.geometry.corners
    around = corners - corners.mean(axis=1, keepdims=True)
    order = np.argsort(np.arctan2(around[..., 1], around[..., 0]), axis=1)
    return np.take_along_axis(corners, order[..., None], axis=1)


def _draw_cells(axes: Axes, mesh: Mesh, density: Array, limits: Limits) -> None:
    from matplotlib.collections import PolyCollection

    cells = outlines(mesh)
    drawn: Any = PolyCollection(
        list(cells), array=limits.raised(density), cmap=MAP, norm=limits.norm(), rasterized=True
    )
    drawn.set_edgecolor("face")
    axes.add_collection(drawn)
    _draw_contours(axes, mesh, density, limits)
    axes.set_xlim(*limits.bounds(0))
    axes.set_ylim(*limits.bounds(1))
    axes.grid(visible=False)


def _draw_contours(axes: Axes, mesh: Mesh, density: Array, limits: Limits) -> None:
    """Contours through means at the vertices: triangles of centres would fill holes."""
    from matplotlib.tri import Triangulation

    cells = outlines(mesh)
    rounded = np.round(cells / mesh.spacing, 6)  # equal corners of neighbours
    _, first, number = np.unique(
        rounded.reshape(-1, 2), axis=0, return_index=True, return_inverse=True
    )
    nodes = number.reshape(cells.shape[:2])
    share = np.repeat(density * mesh.volumes, cells.shape[1])
    weight = np.repeat(mesh.volumes, cells.shape[1])
    means = np.bincount(nodes.ravel(), share) / np.bincount(nodes.ravel(), weight)
    fans = [nodes[:, [0, k, k + 1]] for k in range(1, cells.shape[1] - 1)]
    triangles = np.concatenate(fans)
    a, b, c = triangles.T
    triangles = triangles[(a != b) & (b != c) & (c != a)]  # cells of fewer corners repeat one
    x, y = cells.reshape(-1, 2)[first].T
    axes.tricontour(
        Triangulation(x, y, triangles), limits.raised(means), _levels(limits, DENSITY),
        colors="white", linewidths=0.5, alpha=0.6,
    )  # fmt: skip
