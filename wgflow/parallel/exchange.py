"""The exchange of ghost cells between ranks, by PETSc's star forest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.parallel.communicator import Communicator

if TYPE_CHECKING:
    from wgflow.parallel.partition import Partition

__all__ = ["Exchange", "block_exchanges"]


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

        remote = np.empty((len(ghosts), 2), dtype=PETSc.IntType)
        remote[:, 0], remote[:, 1] = owners, positions
        self._unit, self._replace, self._size = MPI.DOUBLE, MPI.REPLACE, size
        self._forest = PETSc.SF().create(comm=comm.raw)
        self._forest.setGraph(size, ghosts.astype(PETSc.IntType), remote)
        self._forest.setUp()

    def __call__(self, padded: Array) -> None:
        """Fill the ghost cells of a contiguous array."""
        flat = padded.reshape(-1)
        assert flat.size == self._size
        self._forest.bcastBegin(self._unit, flat, flat, self._replace)
        self._forest.bcastEnd(self._unit, flat, flat, self._replace)


def block_exchanges(
    partition: Partition, halo: Sequence[int], corners: bool = False
) -> list[Exchange]:
    """Exchanges between blocks of a grid, to be made one after the other.

    Parameters
    ----------
    partition : Partition
    halo : sequence of int
        Ghost cells on both sides of each axis, at most as many as the thinnest block has cells;
        along an axis with none nothing is exchanged.
    corners : bool
        Whether ghost cells beside a corner are filled too: axis by axis, each with the ghost
        cells of the axes before.
    """
    axes = [axis for axis, width in enumerate(halo) if width]
    groups = [[axis] for axis in axes] if corners else [axes]
    return [_exchange(partition, halo, group, corners) for group in groups]


def _exchange(
    partition: Partition, halo: Sequence[int], axes: Sequence[int], wide: bool
) -> Exchange:
    """Give the exchange that fills the ghost cells along some axes."""
    leaves: list[IntArray] = []
    owners: list[IntArray] = []
    roots: list[IntArray] = []
    mine = _Numbers(partition, partition.comm.rank, halo)
    for axis in axes:
        for side in (-1, 1):
            rank = partition.beside(axis, side)
            if rank is None:
                continue
            ghosts = mine.layer(axis, side, outside=True, wide=wide)
            leaves.append(ghosts)
            # what lies above me are the lowest cells of the block there
            theirs = _Numbers(partition, rank, halo)
            roots.append(theirs.layer(axis, -side, outside=False, wide=wide))
            owners.append(np.full(len(ghosts), rank))
    none = [np.zeros(0, dtype=np.int64)]
    lists = [np.concatenate(parts or none) for parts in (leaves, owners, roots)]
    return Exchange(partition.comm, mine.size, *lists)


class _Numbers:
    """Flat positions of the cells of a rank's block in its array with ghost cells."""

    def __init__(self, partition: Partition, rank: int, halo: Sequence[int]) -> None:
        self._shape = [s.stop - s.start for s in partition.block(rank)]
        self._halo = halo
        padded = [n + 2 * h for n, h in zip(self._shape, halo, strict=True)]
        self.size = int(np.prod(padded))
        self._strides = [int(np.prod(padded[a + 1 :])) for a in range(len(padded))]

    def layer(self, axis: int, side: int, outside: bool, wide: bool) -> IntArray:
        """Positions of the ghost cells, or of as many own cells, at one side of an axis.

        If ``wide``, they reach into the ghost cells of the axes before.
        """
        total = np.zeros((1,) * len(self._shape), dtype=np.int64)
        for a, (n, h, stride) in enumerate(
            zip(self._shape, self._halo, self._strides, strict=True)
        ):
            along = np.arange(n + 2 * h) if wide and a < axis else np.arange(h, h + n)
            if a == axis:
                first = h if side < 0 else n
                along = np.arange(first, first + h) + (side * h if outside else 0)
            shape = [1] * len(self._shape)
            shape[a] = -1
            total = total + along.reshape(shape) * stride
        return total.ravel()
