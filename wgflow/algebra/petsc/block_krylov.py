"""PETSc's Krylov methods on blocks of a grid, whose matrix is applied by sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.algebra.petsc.factors import BlockFactors
from wgflow.algebra.petsc.krylov import ExchangeKSP
from wgflow.algebra.shares import Shares
from wgflow.grid import Grid
from wgflow.lines import HALO

if TYPE_CHECKING:
    from wgflow.algebra.petsc.system import BlockSystem

__all__ = ["BlockKrylov", "krylov_of"]

_solvers: WeakKeyDictionary[Grid, BlockKrylov] = WeakKeyDictionary()


def krylov_of(grid: Grid) -> BlockKrylov:
    """Give the solver of a grid, which its systems share."""
    if grid not in _solvers:
        _solvers[grid] = BlockKrylov(grid)
    return _solvers[grid]


class BlockKrylov(ExchangeKSP["BlockSystem"]):
    """A KSP whose matrix is applied by sweeps, preconditioned block by block.

    The preconditioner is the modified incomplete factorization that serial solves use, of
    each rank's block. Any other PETSc has may be asked for by options (``-wgflow_pc_type
    gamg``, ``bjacobi``, ``asm``, ``lu`` …): for those the matrix is assembled.

    Parameters
    ----------
    grid : Grid
        Of two dimensions or more.
    """

    def __init__(self, grid: Grid) -> None:
        from petsc4py import PETSc

        self._matrix = _Matrix(grid)
        self._factors = BlockFactors(grid)
        sizes = ((grid.size, None), (grid.size, None))
        operator = PETSc.Mat().createPython(sizes, self._matrix, comm=grid.comm.raw)
        operator.setUp()
        super().__init__(grid, operator, PETSc.PC.Type.PYTHON, self._factors)
        self._assembled: _Assembled | None = None
        if self._ksp.getPC().getType() != PETSc.PC.Type.PYTHON:
            self._assembled = _Assembled(grid)
            self._ksp.setOperators(operator, self._assembled.matrix)

    def prepare(self, system: BlockSystem) -> Array:
        """Take the entries of a system; give the matrix' diagonal."""
        self._matrix.shares = system.shares
        self._factors.prepare(system.shares)
        if self._assembled is not None:
            self._assembled.fill(system)
        return system.shares.diagonal


class _Matrix:
    """The matrix of a system, applied by a sweep over a block with ghost cells.

    It does not know the grid: PETSc holds it, and what PETSc holds no collector sees.
    """

    def __init__(self, grid: Grid) -> None:
        self._partition = grid.partition
        self.shares: Shares | None = None
        self._padded = np.zeros(grid.ghosted_shape)
        self._inside = grid.inner
        lines = grid.lines[-1]
        self._starts = lines.ghosted_starts
        self._strides = np.array([line.ghosted_stride for line in grid.lines])

    def mult(self, matrix: Any, x: Any, y: Any) -> None:
        """Multiply, as PETSc asks for it."""
        from wgflow.algebra.krylov import _kernels

        shares = self.shares
        assert shares is not None
        self._padded[self._inside] = x.array_r.reshape(self._partition.shape)
        self._partition.exchange(self._padded, HALO)  # nothing comes from beyond a wall
        _kernels.multiply_padded(
            self._padded.reshape(-1),
            y.array,
            shares.diagonal,
            shares.from_below,
            shares.from_above,
            self._starts,
            self._strides,
        )


class _Assembled:
    """The matrix with its entries, for preconditioners that need them."""

    def __init__(self, grid: Grid) -> None:
        from petsc4py import PETSc

        starts = np.cumsum([0, *grid.comm.everyone(grid.size)])
        mine = np.arange(starts[grid.comm.rank], starts[grid.comm.rank] + grid.size)
        padded = grid.padded(mine.reshape(grid.shape).astype(float))
        rows, columns = [mine], [mine]
        self._kept: list[tuple[int, int, IntArray]] = []
        for axis, (lower, upper) in enumerate(grid.open_ends):
            for side, opened in ((0, lower), (1, upper)):
                shift = list(grid.inner)
                shift[axis] = slice(HALO - 1, -HALO - 1) if side == 0 else slice(HALO + 1, 1 - HALO)
                beside = padded[tuple(shift)].astype(np.int64)
                exists = np.ones(grid.shape, dtype=bool)
                if not opened:
                    exists[(slice(None),) * axis + ((0,) if side == 0 else (-1,))] = False
                kept = np.flatnonzero(exists)
                self._kept.append((axis, side, kept))
                rows.append(mine[kept])
                columns.append(beside.ravel()[kept])
        kind = PETSc.IntType
        self.matrix = PETSc.Mat().createAIJ(
            ((grid.size, None), (grid.size, None)), comm=grid.comm.raw
        )
        self.matrix.setPreallocationCOO(
            np.concatenate(rows).astype(kind), np.concatenate(columns).astype(kind)
        )

    def fill(self, system: BlockSystem) -> None:
        """Set the entries to those of a system."""
        shares = system.shares
        entries = [shares.diagonal]
        for axis, side, kept in self._kept:
            entries.append(-(shares.from_above if side else shares.from_below)[axis][kept])
        self.matrix.setValuesCOO(np.concatenate(entries))
        self.matrix.assemble()
