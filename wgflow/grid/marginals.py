"""A density on fewer axes."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from wgflow._typing import Array
from wgflow.grid.grid import Grid

__all__ = ["contracted"]


def contracted(density: Array, grid: Grid, axes: Collection[int]) -> Array:
    """Integral over all axes but some, of this rank's cells only.

    Parameters
    ----------
    density : array of the grid's shape
    grid : Grid
    axes : collection of int
        Those that are kept.

    Returns
    -------
    array of the shape along these axes
        A density in their coordinates; on several ranks this rank's part of the sum.
    """
    for axis in reversed(range(grid.dimension)):
        if axis not in axes:
            density = np.tensordot(density, grid.widths[axis], axes=(axis, 0))
    return density
