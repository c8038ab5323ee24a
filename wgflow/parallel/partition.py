"""Which cells of a grid each rank owns, and the exchange of cells at the seams."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.errors import InputError
from wgflow.parallel.communicator import SERIAL, Communicator
from wgflow.parallel.release import release

__all__ = ["Partition", "make_partition", "serial_partition"]

DISTRIBUTED_AXES = 3  # what PETSc's DMDA divides; a fourth axis is its degrees of freedom


class Partition:
    """Blocks of cells, one a rank.

    Parameters
    ----------
    comm : Communicator
    ranges : sequence of (splits + 1,) int arrays
        For each axis the first cell of each block, and the number of cells.
    periodic : sequence of bool
        Whether each axis is periodic.

    Attributes
    ----------
    ranges : list of (splits + 1,) int arrays
        As given.
    cells : tuple of int
        Cells along each axis, of all ranks.
    splits : tuple of int
        Blocks along each axis; rank r has the block ``r % splits[0]`` of the first axis, and
        so on.
    starts, shape : tuple of int
        First cell and number of cells of this rank's block along each axis.
    """

    def __init__(
        self, comm: Communicator, ranges: Sequence[Array | IntArray], periodic: Sequence[bool]
    ) -> None:
        self.comm = comm
        self.periodic = tuple(periodic)
        self.ranges = [np.asarray(r, dtype=np.int64) for r in ranges]
        self.cells = tuple(int(r[-1]) for r in self.ranges)
        self.splits = tuple(len(r) - 1 for r in self.ranges)
        mine = self.block(comm.rank)
        self.starts = tuple(s.start for s in mine)
        self.shape = tuple(s.stop - s.start for s in mine)
        self._exchanges: dict[tuple[tuple[int, ...], bool], list[Any]] = {}

    @property
    def whole(self) -> bool:
        """Whether one rank has all cells."""
        return math.prod(self.splits) == 1

    def place(self, rank: int) -> tuple[int, ...]:
        """Which block along each axis a rank has."""
        place = []
        for count in self.splits:
            rank, here = divmod(rank, count)
            place.append(here)
        return tuple(place)

    def block(self, rank: int) -> tuple[slice, ...]:
        """Cells of a rank along each axis."""
        return tuple(
            slice(int(r[i]), int(r[i + 1]))
            for r, i in zip(self.ranges, self.place(rank), strict=True)
        )

    def own(self, whole: Array) -> Array:
        """Give this rank's part of an array of all cells, a view."""
        return whole[self.block(self.comm.rank)]

    def beside(self, axis: int, side: int) -> int | None:
        """Rank with the block below (side -1) or above (1) this one, None beyond a wall."""
        place = list(self.place(self.comm.rank))
        count = self.splits[axis]
        place[axis] += side
        if not (0 <= place[axis] < count or self.periodic[axis]):
            return None
        place[axis] %= count
        strides = np.cumprod([1, *self.splits[:-1]])
        return int(np.dot(place, strides))

    def layers(self, values: Array, axis: int) -> tuple[Array | None, Array | None]:
        """Layers of cells, one cell thick, below and above this block; None beyond walls."""
        below, above = self.beside(axis, -1), self.beside(axis, 1)
        first, last = values.take([0], axis), values.take([-1], axis)
        me = self.comm.rank
        if below in (None, me) and above in (None, me):
            return (last if below == me else None), (first if above == me else None)
        from mpi4py import MPI

        got: list[Array | None] = [None, None]
        for sent, goal, source, place in ((last, above, below, 0), (first, below, above, 1)):
            into = np.empty_like(sent) if source is not None else None
            self.comm.raw.Sendrecv(
                np.ascontiguousarray(sent) if goal is not None else None,
                MPI.PROC_NULL if goal is None else goal,
                recvbuf=into,
                source=MPI.PROC_NULL if source is None else source,
            )
            got[place] = into
        return got[0], got[1]

    def exchange(self, padded: Array, halo: int | Sequence[int], corners: bool = False) -> None:
        """Fill the ghost cells of a block from its neighbours, in place.

        Ghost cells beyond walls are left as they are, and so are those at corners unless they
        are asked for.

        Parameters
        ----------
        padded : C-contiguous array of the block's shape, with ghost cells on both sides
        halo : int or sequence of int
            How many, along every axis or along each.
        corners : bool
            Whether those at corners are filled too.
        """
        widths = (halo,) * len(self.cells) if isinstance(halo, int) else tuple(halo)
        if self.whole:
            for axis, (wrap, width) in enumerate(zip(self.periodic, widths, strict=True)):
                if wrap and width:
                    _wrap(padded, axis, self.shape[axis], width)
            return
        from wgflow.parallel.exchange import block_exchanges

        kind = widths, corners
        if kind not in self._exchanges:
            self._exchanges[kind] = block_exchanges(self, widths, corners)
        for each in self._exchanges[kind]:
            each(padded)

    @property
    def thinnest(self) -> tuple[int, ...]:
        """Cells of the thinnest block along each axis."""
        return tuple(int(np.diff(r).min()) for r in self.ranges)

    def paired(self, chosen: Sequence[bool]) -> Partition:
        """Partition of pairs of cells along some axes; the last of an odd number are three."""
        ranges: list[IntArray] = [
            np.concatenate([[0], np.cumsum(np.diff(r) // 2)]) if pairs else r
            for r, pairs in zip(self.ranges, chosen, strict=True)
        ]
        return Partition(self.comm, ranges, self.periodic)

    def __repr__(self) -> str:
        return f"Partition({' x '.join(map(str, self.splits))} blocks of {self.cells} cells)"


def _wrap(padded: Array, axis: int, cells: int, halo: int) -> None:
    lead = (slice(None),) * axis
    padded[(*lead, slice(0, halo))] = padded[(*lead, slice(cells, cells + halo))]
    padded[(*lead, slice(cells + halo, None))] = padded[(*lead, slice(halo, 2 * halo))]


def serial_partition(cells: Sequence[int], periodic: Sequence[bool]) -> Partition:
    """Give all cells to one rank."""
    return Partition(SERIAL, [np.array([0, n]) for n in cells], periodic)


def make_partition(
    comm: Communicator,
    cells: Sequence[int],
    periodic: Sequence[bool],
    halo: int,
    splits: Sequence[int] | None = None,
) -> Partition:
    """Divide a grid among the ranks, as PETSc's DMDA does.

    Parameters
    ----------
    comm : Communicator
    cells : sequence of int
        Along each axis.
    periodic : sequence of bool
    halo : int
        Cells that a block needs at least along an axis that is divided.
    splits : sequence of int, optional
        Blocks along each axis, chosen by PETSc if left out.

    Raises
    ------
    InputError
        If the blocks are not as many as the ranks, or become too thin.
    """
    asked = None if splits is None else _checked(comm, cells, splits)
    if not comm.active:
        return serial_partition(cells, periodic)
    from petsc4py import PETSc

    release(comm)
    count = min(len(cells), DISTRIBUTED_AXES)
    kinds = [
        PETSc.DM.BoundaryType.PERIODIC if p else PETSc.DM.BoundaryType.GHOSTED for p in periodic
    ]
    dm = PETSc.DMDA()
    try:
        dm.create(
            # PETSc divides its last axes first; our first ones leave the longest runs of memory
            sizes=[int(n) for n in cells[:count]][::-1],
            proc_sizes=None if asked is None else list(asked[:count])[::-1],
            dof=1,
            boundary_type=kinds[:count][::-1],
            stencil_type=PETSc.DMDA.StencilType.STAR,
            stencil_width=1,  # of wider ones each rank alone says that its block is too thin
            comm=comm.raw,
        )
        ranges = [
            np.concatenate([[0], np.cumsum(n)]) for n in dm.getOwnershipRanges()[:count][::-1]
        ]
    except PETSc.Error:
        ranges = []
    finally:
        dm.destroy()
    if not ranges or any(len(r) > 2 and np.diff(r).min() < halo for r in ranges):
        shape = " x ".join(map(str, cells))
        raise InputError(
            f"{shape} cells cannot be divided among {comm.size} ranks with {halo} cells or more "
            "in each direction of a block: use fewer ranks, more cells, or other splits"
        )
    ranges += [np.array([0, n]) for n in cells[count:]]
    return Partition(comm, ranges, periodic)


def _checked(comm: Communicator, cells: Sequence[int], splits: Sequence[int]) -> tuple[int, ...]:
    counts = tuple(int(s) for s in splits)
    if len(counts) != len(cells) or min(counts) < 1 or math.prod(counts) != comm.size:
        raise InputError(
            f"splits {tuple(splits)}: give one number >= 1 per axis ({len(cells)} of them), with "
            f"the number of ranks, {comm.size}, as their product"
        )
    if any(s != 1 for s in counts[DISTRIBUTED_AXES:]):
        raise InputError(f"splits {counts}: the fourth axis is not divided; give 1 for it")
    return counts
