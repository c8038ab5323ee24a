"""A density on the cells of a solid: slices through its mean."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.mesh import Mesh, as_mesh
from wgflow.plots.limits import Limits
from wgflow.plots.picture import Frame
from wgflow.plots.style import MAP

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["cut", "draw_slice", "draw_slices"]


def draw_slices(panels: Sequence[Axes], frame: Frame, limits: Limits) -> None:
    """Draw where three planes through the mean of the density cut the cells."""
    for axes, normal in zip(panels, (2, 1, 0), strict=True):
        draw_slice(axes, frame, limits, normal)


def draw_slice(axes: Axes, frame: Frame, limits: Limits, normal: int = 2) -> None:
    """Draw where a plane across an axis, through the mean of the density, cuts the cells."""
    from matplotlib.collections import PolyCollection

    mesh, density = as_mesh(limits.shown), frame.density
    assert mesh is not None
    assert density is not None
    masses = density * mesh.volumes
    height = float(np.dot(masses, mesh.coordinates[normal]) / masses.sum())
    polygons, cells = cut(mesh, normal, height)
    drawn: Any = PolyCollection(
        polygons, array=limits.raised(density[cells]), cmap=MAP, norm=limits.norm(),
        rasterized=True,
    )  # fmt: skip
    drawn.set_edgecolor("face")
    axes.add_collection(drawn)
    first, second = (axis for axis in range(3) if axis != normal)
    names = mesh.box.names
    axes.set_xlim(*limits.bounds(first))
    axes.set_ylim(*limits.bounds(second))
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.set(xlabel=names[first], ylabel=names[second])
    low, high = limits.bounds(normal)
    place = 0.0 if abs(height) < 1e-9 * (high - low) else height
    axes.set_title(f"slice at {names[normal]} = {place:.3g}")


def cut(mesh: Mesh, normal: int, height: float) -> tuple[list[Array], IntArray]:
    """Cut the cells by a plane across an axis.

    Parameters
    ----------
    mesh : Mesh
        Of convex cells in three dimensions.
    normal : int
        The axis.
    height : float
        Where on it.

    Returns
    -------
    polygons : list of (k, 2) arrays
        In the two other coordinates.
    cells : (n,) int array
        Which cells these are of.
    """
    corners = mesh.geometry.corners
    over = corners[..., normal] - height
    crossing = np.flatnonzero((over.min(axis=1) < 0) & (over.max(axis=1) >= 0))
    flat = [axis for axis in range(3) if axis != normal]
    pairs = np.array(list(combinations(range(corners.shape[1]), 2)))
    polygons = []
    for cell in crossing:
        low, high = over[cell, pairs[:, 0]], over[cell, pairs[:, 1]]
        through = (low < 0) != (high < 0)
        share = (low[through] / (low[through] - high[through]))[:, None]
        ends = corners[cell][:, flat]
        first, second = ends[pairs[through, 0]], ends[pairs[through, 1]]
        polygons.append(_hull(first + share * (second - first)))
    return polygons, crossing


def _hull(points: Array) -> Array:
    """Corners of the convex hull in order; of a tetrahedron's cut all points are corners."""
    if len(points) > 4:
        from scipy.spatial import ConvexHull, QhullError

        try:
            points = points[ConvexHull(points).vertices]
        except QhullError:  # the plane only grazes the cell
            return points
    around = points - points.mean(axis=0)
    return points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
