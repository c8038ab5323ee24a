"""What a density must be."""

from __future__ import annotations

import math

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.grid import Grid

__all__ = ["check_density", "numbers"]


def numbers(values: Array) -> Array:
    """Give cell averages as a new array, or raise InputError if they are complex."""
    if np.iscomplexobj(values):
        raise InputError("the density has complex values: give real ones, such as np.real(...)")
    return np.array(values, dtype=float)


def check_density(density: Array, grid: Grid) -> None:
    """Raise InputError unless a density is of the grid's shape, finite, >= 0 and has mass."""
    if grid.comm.any(density.shape != grid.shape):
        raise InputError(
            f"density of shape {density.shape} on a grid of shape {grid.shape}: "
            "give one value per cell"
        )
    for name, bad in (("not finite", ~np.isfinite(density)), ("negative", density < 0)):
        found = grid.found(bad, density)
        if found is not None:
            count, point, value = found
            raise InputError(
                f"the density is {name} in {count} of {math.prod(grid.cells)} cells, first at "
                f"({point}): {value:.6g}; give finite values >= 0"
            )
    if not grid.integrate(density) > 0:
        raise InputError("the density has mass 0: give one that is positive inside the domain")
