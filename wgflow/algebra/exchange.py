"""Mass that cells exchange through their faces, with signs and mass kept."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array
from wgflow.grid import Grid
from wgflow.mesh import Mesh

__all__ = ["add_limited", "repaired", "settle_mass"]

REPAIR_PASSES = 50
FILLED_BELOW = 1e-12  # share of the mass
UNSEEN = 1e-30  # of the mass: below the rounding of any sum with it
ROUNDING_OF_MASS = 1e-12  # relative; a larger error of a step is left for all to see


def add_limited(grid: Grid | Mesh, density: Array, fluxes: list[Array]) -> Array:
    """Move mass through the faces, as far as no cell gives more than it has.

    Parameters
    ----------
    density : array of the grid's shape
        Nonnegative.
    fluxes : list of arrays
        For each direction what is to cross the faces of :meth:`Grid.difference`, upwards,
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
        leaving += grid.to_cells(up, axis, 0) - grid.to_cells(down, axis, 1)
    # the margin is for the rounding of the differences
    held = (1 - 1e-12) * density
    short = leaving > held
    allowed = np.divide(held, leaving, out=np.ones(grid.shape), where=short)
    out = density - allowed * leaving
    for axis, flux in enumerate(fluxes):
        from_below, from_above = grid.beside(allowed, axis)
        up, down = np.maximum(flux, 0.0) * from_below, np.minimum(flux, 0.0) * from_above
        out += grid.to_cells(up, axis, 1) - grid.to_cells(down, axis, 0)
    return out


def repaired(grid: Grid | Mesh, density: Array) -> Array:
    """Fill cells below 0 from the cells beside them, in proportion to what those hold.

    For what rounding or the far tails of a density leave below 0; the mass stays. Cells
    that cannot give enough are filled in turn, so that what is missing is found uphill.
    If after many passes a cell is still below 0, it is returned as it is.
    """
    for _ in range(REPAIR_PASSES):
        if not grid.minimum(density) < 0:
            break
        density = _repair_pass(grid, density)
    left = -grid.integrate(np.minimum(density, 0.0))
    if 0 < left < UNSEEN * grid.integrate(np.abs(density)):
        density = np.maximum(density, 0.0)
    return density


def fill_rounding(grid: Grid, density: Array) -> bool:
    """Fill cells below 0, in place, if together they hold less than 1e-12 of the mass.

    Returns
    -------
    bool
        Whether there were such cells and they were filled.
    """
    if grid.minimum(density) >= 0:
        return False
    below = -grid.integrate(np.minimum(density, 0.0))
    if not below <= FILLED_BELOW * grid.integrate(np.abs(density)):
        return False
    density[...] = repaired(grid, density)
    return True


def _repair_pass(grid: Grid | Mesh, density: Array) -> Array:
    missing, full = np.maximum(-density, 0.0), np.maximum(density, 0.0)
    # an even share where all cells around are empty
    weight = full + float(np.finfo(float).tiny)
    around = np.zeros(grid.shape)
    for axis in range(len(grid.shape)):
        low, high = grid.beside(weight, axis)
        around += grid.to_cells(low, axis, 1) + grid.to_cells(high, axis, 0)
    share = missing / around
    for axis in range(len(grid.shape)):
        low, high = grid.beside(weight, axis)
        share_low, share_high = grid.beside(share, axis)
        full -= grid.to_cells(low * share_high, axis, 0)
        full -= grid.to_cells(high * share_low, axis, 1)
    return full


def settle_mass(grid: Grid | Mesh, density: Array, mass: float) -> Array:
    """Give the fullest cell what rounding took from the mass, in place.

    Over very many steps the rounding of each would add up.
    """
    lost = mass - grid.integrate(density)
    if abs(lost) < ROUNDING_OF_MASS * mass:
        fullest = grid.fullest(density)
        if fullest is not None:
            density.flat[fullest] += lost / grid.volume(fullest)
    return density
