"""Which saddle-point system serves which cells."""

from __future__ import annotations

from typing import Protocol

from wgflow._typing import Array
from wgflow.algebra.saddle.banded import BandedSaddle
from wgflow.algebra.saddle.direct import DirectSaddle
from wgflow.algebra.saddle.multigrid import MultigridSaddle
from wgflow.grid import Grid
from wgflow.mesh import Mesh

__all__ = ["SaddleSystem", "saddle_system"]


class SaddleSystem(Protocol):
    """The system A r + L p = f, A^T p - E r = g of one Newton step.

    In terms of cell masses and potentials: A is the matrix of :func:`linear_system` for the
    fluxes forth/back, L the Laplacian of the faces with weights factor * mobility * area /
    distance, E diagonal with the inverse ``compliance / volume``.
    """

    iterations: int  # of the last solve, 0 for a direct one

    def solve(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Give the changes (density, potential) for the right-hand sides f and g.

        Both are per volume: ``f = first * volumes``, ``g = second * volumes``.

        Raises
        ------
        SolverError
            If the solve does not converge.
        """


def saddle_system(
    grid: Grid | Mesh,
    coefficients: list[tuple[Array, Array]],
    mobility: list[Array],
    compliance: Array,
    factor: float,
    tolerance: float = 1e-10,
) -> SaddleSystem:
    """Make the system.

    Parameters
    ----------
    grid : Grid or Mesh
    coefficients : list of (forth, back)
        For each axis the nonnegative parts of the potential's fall and rise across the faces of
        :meth:`wgflow.grid.Grid.difference`: forth moves what lies below upwards. One of the two
        is 0.
    mobility : list of array
        Density at these faces, >= 0.
    compliance : array of the grid's shape
        Change of the density with the potential at hand, 1/H''(rho) >= 0.
    factor : float
        Time step times time scale.
    tolerance : float, optional
        Where it is solved by iteration (grids of several axes): residual of the potentials'
        equation, which is in masses of cells, relative to the right-hand side, both in L1.
        On a line and on meshes the system is solved to rounding.

    Raises
    ------
    SolverError
        If there are no factors: the matrix is not finite, or singular.
    """
    if grid.comm.active:
        from wgflow.algebra.petsc.saddle import DividedSaddle
        from wgflow.algebra.petsc.saddle_entries import SaddleData

        data = SaddleData(coefficients, mobility, compliance, factor)
        return DividedSaddle(grid, data, tolerance)
    if isinstance(grid, Mesh):
        return DirectSaddle(grid, coefficients, mobility, compliance, factor)
    if grid.dimension == 1:
        return BandedSaddle(grid, coefficients, mobility, compliance, factor)
    return MultigridSaddle(grid, coefficients, mobility, compliance, factor, tolerance)
