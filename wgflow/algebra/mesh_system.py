"""The linear system of one implicit step with a two-point flux on a mesh."""

from __future__ import annotations

from typing import Any

import numpy as np

from wgflow._typing import Array, Values
from wgflow.errors import SolverError
from wgflow.mesh import Mesh

__all__ = ["MeshSystem"]

# Relative. At a large dt rounding moves the solution along the stationary density, which scaling
# to the mass undoes; only a solve that misses the mass by more than this is not trusted.
MASS_TOLERANCE = 0.1


class MeshSystem:
    """The system ``rho - factor * divergence(rho) = given`` on a mesh.

    In terms of cell masses the matrix has unit column sums and no positive entry off the
    diagonal: its inverse is nonnegative and keeps the mass. SuperLU without pivoting keeps
    the signs, and a solution that is no residual is scaled to its mass.

    Parameters
    ----------
    mesh : Mesh
    coefficients : (forth, back)
        Coefficients of :meth:`wgflow.fluxes.Flux.coefficients` at the faces.
    factor : float
        Time step times time scale.
    """

    def __init__(self, mesh: Mesh, coefficients: tuple[Array, Array], factor: float) -> None:
        from scipy.sparse import csc_array
        from scipy.sparse.linalg import splu

        self.mesh = mesh
        left, right = mesh.geometry.left, mesh.geometry.right
        conductance = factor * mesh.geometry.areas / mesh.distances
        up = conductance * coefficients[0] / mesh.volumes[left]  # share of mass leaving left
        down = conductance * coefficients[1] / mesh.volumes[right]
        size = mesh.size
        diagonal = 1 + np.bincount(left, up, size) + np.bincount(right, down, size)
        cells = np.arange(size)
        matrix = csc_array(
            (
                np.concatenate([diagonal, -up, -down]),
                (np.concatenate([cells, right, left]), np.concatenate([cells, left, right])),
            ),
            shape=(size, size),
        )
        self._factors: Any = splu(
            matrix,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

    def state(self) -> Values:
        """Give nothing: each solve is by the same factors."""
        return {}

    def restore(self, state: Values) -> None:
        """Do nothing."""

    def solve(self, density: Array) -> Array:
        """Densities after the step, nonnegative and of the same mass as those given.

        The given density may have negative cells (a residual does).

        Raises
        ------
        SolverError
            If the solve loses mass or sign, at steps of about 1e15 over the fastest rate.
        """
        masses = density * self.mesh.volumes
        solved: Array = self._factors.solve(masses)
        before, after = float(masses.sum()), float(solved.sum())
        size = float(np.abs(masses).sum())
        if not abs(after - before) <= MASS_TOLERANCE * size:
            raise SolverError(
                f"the linear solve changed the mass by {after - before:.3g}: reduce dt"
            )
        if masses.min() >= 0 and solved.min() < 0:
            raise SolverError(f"the linear solve gave a mass {solved.min():.3g}: reduce dt")
        if abs(before) > size / 2:  # not a residual, whose mass is about 0
            solved *= before / after
        return solved / self.mesh.volumes
