"""The exchange of ghost cells between blocks, by PETSc's star forest."""

from __future__ import annotations

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
    halo : int
        Ghost cells on each side of each axis.
    """

    def __init__(self, partition: Partition, halo: int) -> None:
        from mpi4py import MPI
        from petsc4py import PETSc

        comm = partition.comm
        shapes = {}
        leaves: list[IntArray] = []
        owners: list[IntArray] = []
        roots: list[IntArray] = []
        mine = _numbers(partition.shape, halo)
        for axis in range(len(partition.cells)):
            for side in (-1, 1):
                rank = partition.beside(axis, side)
                if rank is None:
                    continue
                if rank not in shapes:
                    shapes[rank] = _numbers(_shape(partition, rank), halo)
                theirs = shapes[rank]
                ghosts = _layer(
                    mine, axis, halo, slice(0, halo) if side < 0 else slice(-halo, None)
                )
                cells = slice(-2 * halo, -halo) if side < 0 else slice(halo, 2 * halo)
                leaves.append(ghosts)
                roots.append(_layer(theirs, axis, halo, cells))
                owners.append(np.full(len(ghosts), rank))
        self._unit = MPI.DOUBLE
        self._replace = MPI.REPLACE
        self._size = mine.size
        self._forest = PETSc.SF().create(comm=comm.raw)
        count = sum(map(len, leaves))
        local = np.concatenate(leaves) if count else np.zeros(0, dtype=np.int64)
        remote = np.empty((count, 2), dtype=PETSc.IntType)
        if count:
            remote[:, 0], remote[:, 1] = np.concatenate(owners), np.concatenate(roots)
        self._forest.setGraph(mine.size, local.astype(PETSc.IntType), remote)
        self._forest.setUp()

    def __call__(self, padded: Array) -> None:
        """Fill the ghost cells of a contiguous block."""
        flat = padded.reshape(-1)
        assert flat.size == self._size
        self._forest.bcastBegin(self._unit, flat, flat, self._replace)
        self._forest.bcastEnd(self._unit, flat, flat, self._replace)


def _shape(partition: Partition, rank: int) -> tuple[int, ...]:
    return tuple(s.stop - s.start for s in partition.block(rank))


def _numbers(shape: tuple[int, ...], halo: int) -> IntArray:
    padded = tuple(n + 2 * halo for n in shape)
    return np.arange(int(np.prod(padded)), dtype=np.int64).reshape(padded)


def _layer(numbers: IntArray, axis: int, halo: int, along: slice) -> IntArray:
    """Flat positions of cells of a slab, which along the other axes has no ghosts."""
    where = [slice(halo, -halo)] * numbers.ndim
    where[axis] = along
    return numbers[tuple(where)].ravel()
