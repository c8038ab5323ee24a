"""The distance of a density from a sample of points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wgflow._typing import Array
from wgflow.distances.norms import area, middle
from wgflow.grid import Grid

__all__ = ["first_marginal", "sample_wasserstein1"]


def first_marginal(density: Array, widths: Sequence[Array]) -> Array:
    """Integrate a density over all axes but the first, whose cells have these widths."""
    for width in reversed(widths[1:]):
        density = density @ width
    return density


def sample_wasserstein1(density: Array, sample: Array, grid: Grid) -> float:
    """1-Wasserstein distance of a density's first marginal from points of equal weight, exact.

    It is ∫ |F - G| of the distribution functions, F linear in each cell and G with a step at each
    point; on a periodic axis the minimum over c of ∫ |F - G - c|.

    Parameters
    ----------
    density : Array
        On all cells.
    sample : Array (N,)
        First coordinates of the points; those outside the domain count with their way to it.
    grid : Grid
        Not divided among ranks.

    Examples
    --------
    >>> import wgflow as wg
    >>> grid = wg.Grid(wg.Box((0, 1)), 10)
    >>> round(sample_wasserstein1(np.ones(10), np.array([0.5]), grid), 12)
    0.25
    """
    axis, edges = grid.box.axes[0], grid.edges[0]
    masses = first_marginal(density, grid.widths) * grid.widths[0]
    if axis.periodic:
        sample = axis.lower + (sample - axis.lower) % axis.length
    sample = np.sort(sample)
    points = np.sort(np.concatenate([edges, sample]))
    whole = np.concatenate([[0.0], np.cumsum(masses)]) / masses.sum()
    of_density = np.interp(points, edges, whole)
    of_sample = np.searchsorted(sample, points[:-1], side="right") / len(sample)
    low, high = of_density[:-1] - of_sample, of_density[1:] - of_sample
    width = np.diff(points)
    if axis.periodic:
        shift = middle(low, high, width)
        low, high = low - shift, high - shift
    return area(low, high, width)
