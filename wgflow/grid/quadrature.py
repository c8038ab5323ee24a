"""Cell averages of functions by Gauss-Legendre quadrature."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array

if TYPE_CHECKING:
    from wgflow.grid.grid import Grid

__all__ = ["average"]

POINTS = (4, 3, 2, 2)  # along each axis, by dimension


def average(grid: Grid, function: Callable[..., Array], points: int | None = None) -> Array:
    """Cell averages of a function of the coordinates; see :meth:`Grid.average`."""
    points = points or POINTS[grid.dimension - 1]
    nodes, weights = np.polynomial.legendre.leggauss(points)
    total = np.zeros(grid.shape)
    for index in np.ndindex(*(points,) * grid.dimension):
        weight = math.prod(weights[i] / 2 for i in index)
        where = [
            grid.along(c + nodes[i] * w / 2, a)
            for a, (i, c, w) in enumerate(zip(index, grid.centers, grid.widths, strict=True))
        ]
        total += weight * np.asarray(function(*where), dtype=float)
    return total
