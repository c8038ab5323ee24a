"""An iterative solve for cells that exchange mass, without a factorization to make."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.algebra.shares import FaceShares, Shares
from wgflow.grid import Grid

__all__ = ["TOLERANCE", "ExchangeKrylov", "neighbour_rows"]

TOLERANCE = 1e-13  # of the residual in L1, which bounds the error
MAXIMUM_ITERATIONS = 300


class ExchangeKrylov:
    """BiCGStab with modified incomplete factors for (1 + what leaves) x - what comes = b.

    Parameters
    ----------
    grid : Grid
        Of one rank.
    shares : FaceShares
        Shares of mass that cross the faces in the time step.

    References
    ----------
    van der Vorst, SIAM J. Sci. Stat. Comput. 13 (1992); Gustafsson, BIT 18 (1978), for the
    modification.
    """

    def __init__(self, grid: Grid, shares: FaceShares) -> None:
        from wgflow.algebra.krylov import _kernels

        of_cells = Shares.of(grid, shares)
        self._diagonal = of_cells.diagonal
        self._moving = of_cells.from_below, of_cells.from_above
        self._rows = neighbour_rows(grid.shape, [f.wrapped for f in grid.faces])
        self._wrap = grid.faces[-1].wrapped
        self._inverse = _kernels.factorize(self._diagonal, *self._moving, *self._rows)

    def solve(self, masses: Array) -> Array | None:
        """Masses after the step, flat, or None if the iteration does not converge.

        Of masses that are not negative the solution is not, and it is within 1e-13 of the
        total in L1.
        """
        from wgflow.algebra.krylov import _kernels

        x = masses.copy()
        taken = _kernels.solve(
            masses,
            x,
            TOLERANCE,
            MAXIMUM_ITERATIONS,
            self._diagonal,
            self._inverse,
            *self._moving,
            *self._rows,
            self._wrap,
        )
        if taken < 0:
            return None
        if x.min() < 0 and masses.min() >= 0:
            np.maximum(x, 0.0, out=x)
            _kernels.sweep(masses, x, self._diagonal, *self._moving, *self._rows, self._wrap)
        return x


def neighbour_rows(
    shape: Sequence[int], wrapped: Sequence[bool] | None = None
) -> tuple[IntArray, IntArray]:
    """Flat starts of the rows beside each row of a block, shape (D - 1, rows).

    A row is a run of cells along the last axis; it is its own neighbour where there is none.

    Parameters
    ----------
    shape : sequence of int
        Cells of the block along each axis.
    wrapped : sequence of bool, optional
        Whether the first and the last row along each axis are neighbours; none by default.
    """
    *lead, m = shape
    numbers = np.arange(int(np.prod(lead)), dtype=np.int64).reshape(lead)
    below, above = np.empty((2, len(lead), numbers.size), dtype=np.int64)
    for axis in range(len(lead)):
        under, over = np.roll(numbers, 1, axis), np.roll(numbers, -1, axis)
        if wrapped is None or not wrapped[axis]:
            first, last = [(slice(None),) * axis + (end,) for end in (0, -1)]
            under[first], over[last] = numbers[first], numbers[last]
        below[axis], above[axis] = under.ravel() * m, over.ravel() * m
    return below, above
