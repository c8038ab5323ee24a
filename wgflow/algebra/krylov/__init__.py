"""An iterative solve for cells that exchange mass, without a factorization to make."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array
from wgflow.algebra.stencil import rows
from wgflow.grid import Grid

__all__ = ["ExchangeKrylov"]

TOLERANCE = 1e-13  # of the residual in L1, which bounds the error
MAXIMUM_ITERATIONS = 300


class ExchangeKrylov:
    """BiCGStab with modified incomplete factors for (1 + what leaves) x - what comes = b.

    Parameters
    ----------
    grid : Grid
    ascent, descent : list of arrays
        For each axis the shares of mass that leave the cell below and the cell above each face
        of :meth:`Grid.difference`, in the time step.

    References
    ----------
    van der Vorst, SIAM J. Sci. Stat. Comput. 13 (1992); Gustafsson, BIT 18 (1978), for the
    modification.
    """

    def __init__(self, grid: Grid, ascent: list[Array], descent: list[Array]) -> None:
        from wgflow.algebra.krylov import _kernels

        self._up = np.zeros((grid.dimension, grid.size))
        self._down = np.zeros((grid.dimension, grid.size))
        for axis, (forth, back) in enumerate(zip(ascent, descent, strict=True)):
            faces = len(grid.face_distances(axis))
            lead = (slice(None),) * axis
            up = self._up[axis].reshape(grid.shape)
            down = self._down[axis].reshape(grid.shape)
            up[(*lead, slice(0, faces))] = forth
            n = grid.shape[axis]
            inner = (*lead, slice(0, n - 1))
            down[(*lead, slice(1, n))] = back[inner]
            if faces == n:
                down[(*lead, slice(0, 1))] = back[(*lead, slice(n - 1, n))]
        self._below, self._above, *_, self._wrap = rows(grid)
        self._diagonal = _kernels.leaving(self._up, self._down)
        self._inverse = _kernels.factorize(
            self._diagonal, self._up, self._down, self._below, self._above
        )

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
            self._up,
            self._down,
            self._below,
            self._above,
            self._wrap,
        )
        if taken < 0:
            return None
        if x.min() < 0 and masses.min() >= 0:
            np.maximum(x, 0.0, out=x)
            _kernels.sweep(
                masses, x, self._diagonal, self._up, self._down,
                self._below, self._above, self._wrap,
            )  # fmt: skip
        return x
