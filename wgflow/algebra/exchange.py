"""Mass that cells exchange through their faces, with signs and mass kept."""

from __future__ import annotations

import math

import numpy as np

from wgflow._typing import Array
from wgflow.grid import Grid

__all__ = ["add_limited", "beside", "repaired", "settle_mass", "to_cells"]

REPAIR_PASSES = 50
UNSEEN = 1e-30  # of the mass: below the rounding of any sum with it
ROUNDING_OF_MASS = 1e-12  # relative; a larger error of a step is left for all to see


def add_limited(grid: Grid, density: Array, fluxes: list[Array]) -> Array:
    """Move mass through the faces, as far as no cell gives more than it has.

    Parameters
    ----------
    density : array of the grid's shape
        Nonnegative.
    fluxes : list of arrays
        For each axis what is to cross the faces of :meth:`Grid.difference`, upwards,
        a unit of face area.

    Returns
    -------
    array of the grid's shape
        Nonnegative, of the same mass. Where no cell is short of mass it is the density
        less the divergence of the fluxes.

    References
    ----------
    Zalesak, J. Comput. Phys. 31 (1979), with positivity as the only bound.
    """
    leaving = np.zeros(grid.shape)
    for axis, flux in enumerate(fluxes):
        up, down = np.maximum(flux, 0.0), np.minimum(flux, 0.0)
        leaving += to_cells(grid, up, axis, 0) - to_cells(grid, down, axis, 1)
    # the margin is for the rounding of the differences
    held = (1 - 1e-12) * density
    short = leaving > held
    allowed = np.divide(held, leaving, out=np.ones(grid.shape), where=short)
    out = density - allowed * leaving
    for axis, flux in enumerate(fluxes):
        from_below, from_above = beside(grid, allowed, axis)
        up, down = np.maximum(flux, 0.0) * from_below, np.minimum(flux, 0.0) * from_above
        out += to_cells(grid, up, axis, 1) - to_cells(grid, down, axis, 0)
    return out


def repaired(grid: Grid, density: Array) -> Array:
    """Fill cells below 0 from the cells beside them, in proportion to what those hold.

    For what rounding or the far tails of a density leave below 0; the mass stays. Cells
    that cannot give enough are filled in turn, so that what is missing is found uphill.
    If after many passes a cell is still below 0, it is returned as it is.
    """
    for _ in range(REPAIR_PASSES):
        if not density.min() < 0:
            break
        density = _repair_pass(grid, density)
    left = -grid.integrate(np.minimum(density, 0.0))
    if 0 < left < UNSEEN * grid.integrate(np.abs(density)):
        density = np.maximum(density, 0.0)
    return density


def _repair_pass(grid: Grid, density: Array) -> Array:
    missing, full = np.maximum(-density, 0.0), np.maximum(density, 0.0)
    # an even share where all cells around are empty
    weight = full + float(np.finfo(float).tiny)
    around = np.zeros(grid.shape)
    for axis in range(grid.dimension):
        low, high = beside(grid, weight, axis)
        around += to_cells(grid, low, axis, 1) + to_cells(grid, high, axis, 0)
    share = missing / around
    for axis in range(grid.dimension):
        low, high = beside(grid, weight, axis)
        share_low, share_high = beside(grid, share, axis)
        full -= to_cells(grid, low * share_high, axis, 0)
        full -= to_cells(grid, high * share_low, axis, 1)
    return full


def beside(grid: Grid, values: Array, axis: int) -> tuple[Array, Array]:
    """Cell values below and above each face of :meth:`Grid.difference`."""
    faces = range(len(grid.face_distances(axis)))
    return values.take(faces, axis), np.roll(values, -1, axis).take(faces, axis)


def settle_mass(grid: Grid, density: Array, mass: float) -> Array:
    """Give the fullest cell what rounding took from the mass, in place.

    Over very many steps the rounding of each would add up.
    """
    lost = mass - grid.integrate(density)
    fullest = int(np.argmax(density))
    if abs(lost) < ROUNDING_OF_MASS * mass:
        where = np.unravel_index(fullest, grid.shape)
        volume = math.prod(float(w[i]) for w, i in zip(grid.widths, where, strict=True))
        density[where] += lost / volume
    return density


def to_cells(grid: Grid, values: Array, axis: int, side: int) -> Array:
    """Give each cell the value of its upper (side 0) or lower (1) face, over its width."""
    if grid.box.axes[axis].periodic:
        cells = np.roll(values, side, axis)
    else:
        pad = [(0, 0)] * grid.dimension
        pad[axis] = (side, 1 - side)
        cells = np.pad(values, pad)
    of_cells: Array = cells / grid.along(grid.widths[axis], axis)
    return of_cells
