"""What power laws mean for the faces of a grid."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array
from wgflow.energies import DiscreteEnergy
from wgflow.grid import Grid
from wgflow.mesh import Mesh

__all__ = ["FaceSides", "decay", "enthalpy_beside"]

SECANT_FROM = 1e-6  # relative difference of densities from which a secant has digits left

# densities below and above, enthalpies, and rho H'' on the two sides of faces
FaceSides = tuple[Array, Array, tuple[Array, Array], tuple[Array, Array]]


def enthalpy_beside(grid: Grid | Mesh, energy: DiscreteEnergy, density: Array) -> list[FaceSides]:
    """Densities, enthalpies H' and rho H'' on both sides of the faces along each axis.

    What is below 0 in the density counts as 0.
    """
    positive = np.maximum(density, 0.0)
    enthalpy = energy.enthalpy(positive)
    heat = positive * energy.enthalpy_slope(positive)
    return [
        (*grid.beside(positive, a), grid.beside(enthalpy, a), grid.beside(heat, a))
        for a in range(len(grid.shape))
    ]


def decay(grid: Grid | Mesh, sides: list[FaceSides]) -> float:
    """Largest rate of decay by nonlinear diffusion, rho_up |ΔH'|/|Δrho| summed over faces.

    The secant, not rho H'', which for exponents below 2 is infinite beside vacuum.
    """
    rate = np.zeros(grid.shape)
    for axis, (low, high, enthalpy, heat) in enumerate(sides):
        fuller, change = np.maximum(low, high), np.abs(high - low)
        diffusivity = np.maximum(*heat)
        apart = change > SECANT_FROM * fuller
        secant = fuller * np.abs(enthalpy[1] - enthalpy[0])
        np.divide(secant, change, out=diffusivity, where=apart)
        diffusivity /= grid.along(grid.face_distances(axis), axis)
        rate += grid.to_cells(diffusivity, axis, 0) + grid.to_cells(diffusivity, axis, 1)
    return grid.maximum(rate)
