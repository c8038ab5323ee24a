"""The exchange of ghost cells between ranks, by PETSc's star forest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.parallel.communicator import Communicator

if TYPE_CHECKING:
    from wgflow.parallel.partition import Partition

__all__ = ["Exchange", "block_exchange"]


class Exchange:
    """Fills ghost cells in place, and moves nothing else.

    A DMDA's own local-to-local scatter copies the whole block too, at half the price of a sweep.

    Parameters
    ----------
    comm : Communicator
    size : int
        Entries of this rank's array, ghosts included.
    ghosts : (G,) int array
        Positions in it that are filled.
    owners, positions : (G,) int arrays
        The rank that has each of these values, and where in its array.
    """

    def __init__(
        self,
        comm: Communicator,
        size: int,
        ghosts: IntArray,
        owners: IntArray,
        positions: IntArray,
    ) -> None:
        from mpi4py import MPI
        from petsc4py import PETSc

        self._unit = MPI.DOUBLE
        self._replace = MPI.REPLACE
        self._size = size
        self._forest = PETSc.SF().create(comm=comm.raw)
        remote = np.empty((len(ghosts), 2), dtype=PETSc.IntType)
        remote[:, 0], remote[:, 1] = owners, positions
        self._forest.setGraph(size, ghosts.astype(PETSc.IntType), remote)
        self._forest.setUp()

    def __call__(self, padded: Array) -> None:
        """Fill the ghost cells of a contiguous array."""
        flat = padded.reshape(-1)
        assert flat.size == self._size
        self._forest.bcastBegin(self._unit, flat, flat, self._replace)
        self._forest.bcastEnd(self._unit, flat, flat, self._replace)


def block_exchange(partition: Partition, halo: int) -> Exchange:
    """Exchange between blocks of a grid.

    Parameters
    ----------
    partition : Partition
    halo : int
        Ghost cells on each side of each axis.
    """
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
            ghosts = _layer(mine, axis, halo, slice(0, halo) if side < 0 else slice(-halo, None))
            cells = slice(-2 * halo, -halo) if side < 0 else slice(halo, 2 * halo)
            leaves.append(ghosts)
            roots.append(_layer(theirs, axis, halo, cells))
            owners.append(np.full(len(ghosts), rank))
    none = [np.zeros(0, dtype=np.int64)]
    lists = [np.concatenate(parts or none) for parts in (leaves, owners, roots)]
    return Exchange(partition.comm, mine.size, *lists)


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
