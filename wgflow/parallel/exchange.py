"""The exchange of ghost cells between blocks, by PETSc's star forest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
    corners : bool
        Whether ghost cells beside a corner are filled too: axis by axis, each with the ghost
        cells of the axes before.
    """

    def __init__(self, partition: Partition, halo: Sequence[int], corners: bool = False) -> None:
        from mpi4py import MPI

        axes = [a for a, width in enumerate(halo) if width]
        self._unit, self._replace = MPI.DOUBLE, MPI.REPLACE
        self._size = _Numbers(partition, partition.comm.rank, halo).size
        self._forests = [
            _forest(partition, halo, group, corners)
            for group in ([[a] for a in axes] if corners else [axes])
        ]

    def __call__(self, padded: Array) -> None:
        """Fill the ghost cells of a contiguous block."""
        flat = padded.reshape(-1)
        assert flat.size == self._size
        for forest in self._forests:
            forest.bcastBegin(self._unit, flat, flat, self._replace)
            forest.bcastEnd(self._unit, flat, flat, self._replace)


def _forest(partition: Partition, halo: Sequence[int], axes: Sequence[int], wide: bool) -> Any:
    """Give the star forest that fills the ghost cells along some axes."""
    from petsc4py import PETSc

    leaves: list[IntArray] = []
    owners: list[IntArray] = []
    roots: list[IntArray] = []
    comm = partition.comm
    mine = _Numbers(partition, comm.rank, halo)
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
    count = sum(map(len, leaves))
    local = np.concatenate(leaves) if count else np.zeros(0, dtype=np.int64)
    remote = np.empty((count, 2), dtype=PETSc.IntType)
    if count:
        remote[:, 0], remote[:, 1] = np.concatenate(owners), np.concatenate(roots)
    forest = PETSc.SF().create(comm=comm.raw)
    forest.setGraph(mine.size, local.astype(PETSc.IntType), remote)
    forest.setUp()
    return forest


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
