"""The exchange of ghost cells between blocks, by PETSc's star forest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array, IntArray

if TYPE_CHECKING:
    from wgflow.parallel.partition import Partition

__all__ = ["Exchange"]


class Exchange:
    """Fills ghost cells in place, and moves nothing else.

    A DMDA's own local-to-local scatter copies the whole block too, at half the price of a sweep.

    Parameters
    ----------
    partition : Partition
    halo : sequence of int
        Ghost cells on both sides of each axis, at most as many as the thinnest block has cells;
        along an axis with none nothing is exchanged.
    """

    def __init__(self, partition: Partition, halo: Sequence[int]) -> None:
        from mpi4py import MPI
        from petsc4py import PETSc

        leaves: list[IntArray] = []
        owners: list[IntArray] = []
        roots: list[IntArray] = []
        comm = partition.comm
        mine = _Numbers(partition, comm.rank, halo)
        for axis, width in enumerate(halo):
            for side in (-1, 1):
                rank = partition.beside(axis, side)
                if rank is None or width == 0:
                    continue
                ghosts = mine.layer(axis, side, outside=True)
                leaves.append(ghosts)
                # what lies above me are the lowest cells of the block there
                roots.append(_Numbers(partition, rank, halo).layer(axis, -side, outside=False))
                owners.append(np.full(len(ghosts), rank))
        count = sum(map(len, leaves))
        local = np.concatenate(leaves) if count else np.zeros(0, dtype=np.int64)
        remote = np.empty((count, 2), dtype=PETSc.IntType)
        if count:
            remote[:, 0], remote[:, 1] = np.concatenate(owners), np.concatenate(roots)
        self._unit, self._replace, self._size = MPI.DOUBLE, MPI.REPLACE, mine.size
        self._forest = PETSc.SF().create(comm=comm.raw)
        self._forest.setGraph(mine.size, local.astype(PETSc.IntType), remote)
        self._forest.setUp()

    def __call__(self, padded: Array) -> None:
        """Fill the ghost cells of a contiguous block."""
        flat = padded.reshape(-1)
        assert flat.size == self._size
        self._forest.bcastBegin(self._unit, flat, flat, self._replace)
        self._forest.bcastEnd(self._unit, flat, flat, self._replace)


class _Numbers:
    """Flat positions of the cells of a rank's block in its array with ghost cells."""

    def __init__(self, partition: Partition, rank: int, halo: Sequence[int]) -> None:
        self._shape = [s.stop - s.start for s in partition.block(rank)]
        self._halo = halo
        padded = [n + 2 * h for n, h in zip(self._shape, halo, strict=True)]
        self.size = int(np.prod(padded))
        self._strides = [int(np.prod(padded[a + 1 :])) for a in range(len(padded))]

    def layer(self, axis: int, side: int, outside: bool) -> IntArray:
        """Positions of the ghost cells, or of as many own cells, at one side of an axis."""
        total = np.zeros((1,) * len(self._shape), dtype=np.int64)
        for a, (n, h, stride) in enumerate(
            zip(self._shape, self._halo, self._strides, strict=True)
        ):
            along = np.arange(h, h + n)
            if a == axis:
                first = h if side < 0 else n
                along = np.arange(first, first + h) + (side * h if outside else 0)
            shape = [1] * len(self._shape)
            shape[a] = -1
            total = total + along.reshape(shape) * stride
        return total.ravel()
