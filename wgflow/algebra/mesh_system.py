"""The linear system of one implicit step with a two-point flux on a mesh."""

from __future__ import annotations

from typing import Any

import numpy as np

from wgflow._typing import Array, Values
from wgflow.algebra.local import checked
from wgflow.mesh import Mesh

__all__ = ["MeshShares", "MeshSystem", "mesh_shares"]

# What leaves the cell on the left and on the right of each face, as a share of its mass.
MeshShares = tuple[Array, Array]


def mesh_shares(mesh: Mesh, coefficients: tuple[Array, Array], factor: float) -> MeshShares:
    """Shares of mass that cross the faces from left to right, and back.

    Parameters
    ----------
    mesh : Mesh
    coefficients : (forth, back)
        Coefficients of :meth:`wgflow.fluxes.Flux.coefficients` at the faces.
    factor : float
        Time step times time scale.
    """
    left, right = mesh.volumes_beside
    conductance = factor * mesh.geometry.areas / mesh.distances
    return conductance * coefficients[0] / left, conductance * coefficients[1] / right


class MeshSystem:
    """The system ``rho - factor * divergence(rho) = given`` on a mesh of one rank.

    In terms of cell masses the matrix has unit column sums and no positive entry off the
    diagonal: its inverse is nonnegative and keeps the mass. SuperLU without pivoting keeps
    the signs, and a solution that is no residual is scaled to its mass.

    Parameters
    ----------
    mesh : Mesh
    shares : MeshShares
        Shares of mass that cross the faces in the step; see :func:`mesh_shares`.
    """

    def __init__(self, mesh: Mesh, shares: MeshShares) -> None:
        from scipy.sparse import csc_array
        from scipy.sparse.linalg import splu

        self.mesh = mesh
        left, right = mesh.geometry.left, mesh.geometry.right
        up, down = shares
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
        return checked(self.mesh, self._factors.solve(masses), masses)
