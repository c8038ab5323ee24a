"""Cells of all ranks pass through the root slab by slab, in the order of one global array."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.errors import InputError
from wgflow.parallel.communicator import Communicator
from wgflow.parallel.outcome import raise_alike
from wgflow.parallel.partition import Partition

__all__ = ["SLAB_BYTES", "BlockSlabs", "NumberedSlabs", "Slabs"]

SLAB_BYTES = 2**25  # the root holds one slab and a rank's part of it: 64 MiB together
TAG = 71


class Slabs(ABC):
    """How this rank's cells lie in the global C-ordered array.

    A slab is a range of the array's first axis, of at most SLAB_BYTES but of one layer of cells
    at least: the root holds a slab and one rank's part of it, the others their part.

    Attributes
    ----------
    comm : Communicator
    cells : tuple of int
        Shape of the global array.
    shape : tuple of int
        Shape of this rank's cells.
    """

    comm: Communicator
    cells: tuple[int, ...]
    shape: tuple[int, ...]
    straight: bool  # one rank has all cells, in the order of the global array

    def write(
        self, values: Array, write: Callable[[slice, Array], object], multiple: int = 1
    ) -> None:
        """Hand the global array to the root, slab by slab.

        Parameters
        ----------
        values : array of this rank's cells
        write : callable
            Called on the root with a range of the first axis and the slab. If it raises, all
            ranks do, after the last slab.
        multiple : int
            Slabs start at multiples of this where they hold as much: a file's chunks are then
            written once.
        """
        if values.shape != self.shape:
            raise InputError(f"values of shape {values.shape} for cells of shape {self.shape}")
        if self.straight:
            write(slice(0, self.cells[0]), values)
            return
        failure: Exception | None = None
        for rows in self._ranges(values.dtype, multiple):
            slab = self._collect(np.ascontiguousarray(values), rows)
            if slab is None or failure is not None:
                continue  # the others send to the end, whatever becomes of it
            try:
                write(rows, slab)
            except Exception as error:
                failure = error
        raise_alike(self.comm, failure)

    def read(self, read: Callable[[slice], Array], kind: Any = float) -> Array:
        """Give each rank its cells of a global array that the root reads slab by slab.

        Parameters
        ----------
        read : callable
            Called on the root with a range of the first axis; gives the slab. If it raises, all
            ranks do.
        kind : dtype
            Of the values.
        """
        kind = np.dtype(kind)
        if self.straight:
            return np.ascontiguousarray(read(slice(0, self.cells[0])), dtype=kind)
        out = np.empty(self.shape, dtype=kind)
        failure: Exception | None = None
        for rows in self._ranges(kind, 1):
            slab: Array | None = None
            if self.comm.is_root:
                try:
                    slab = np.ascontiguousarray(read(rows), dtype=kind)
                except Exception as error:
                    failure = failure or error
                    slab = np.zeros((rows.stop - rows.start, *self.cells[1:]), dtype=kind)
            self._distribute(slab, rows, out)
        raise_alike(self.comm, failure)
        return out

    def _ranges(self, kind: Any, multiple: int) -> Iterator[slice]:
        layer = math.prod(self.cells[1:]) * np.dtype(kind).itemsize
        rows = max(1, SLAB_BYTES // max(layer, 1))
        if rows > multiple:
            rows -= rows % multiple
        for start in range(0, self.cells[0], rows):
            yield slice(start, min(start + rows, self.cells[0]))

    @abstractmethod
    def _collect(self, values: Array, rows: slice) -> Array | None:
        """Give the root a slab, the others None."""

    @abstractmethod
    def _distribute(self, slab: Array | None, rows: slice, out: Array) -> None:
        """Put this rank's cells of the root's slab in their place."""

    def _send(self, values: Array, rank: int) -> None:
        # synchronous: no rank runs ahead and fills the root's memory with messages
        self.comm.raw.Ssend(np.ascontiguousarray(values), rank, TAG)

    def _receive(self, shape: tuple[int, ...], kind: Any, rank: int) -> Array:
        part = np.empty(shape, dtype=kind)
        self.comm.raw.Recv(part, rank, TAG)
        return part


class BlockSlabs(Slabs):
    """Blocks of a grid."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self.comm = partition.comm
        self.cells, self.shape = partition.cells, partition.shape
        self.straight = partition.whole

    def _collect(self, values: Array, rows: slice) -> Array | None:
        if not self.comm.is_root:
            _, mine = self._part(self.comm.rank, rows)
            if mine is not None:
                self._send(values[mine], 0)
            return None
        slab = np.empty((rows.stop - rows.start, *self.cells[1:]), dtype=values.dtype)
        for rank in range(self.comm.size):
            where, theirs = self._part(rank, rows)
            if theirs is None:
                continue
            if rank == 0:
                slab[where] = values[theirs]
            else:
                slab[where] = self._receive(slab[where].shape, slab.dtype, rank)
        return slab

    def _distribute(self, slab: Array | None, rows: slice, out: Array) -> None:
        _, mine = self._part(self.comm.rank, rows)
        if slab is None:
            if mine is not None:
                out[mine] = self._receive(out[mine].shape, out.dtype, 0)
            return
        for rank in range(self.comm.size):
            where, theirs = self._part(rank, rows)
            if theirs is not None and rank == 0:
                out[theirs] = slab[where]
            elif theirs is not None:
                self._send(slab[where], rank)

    def _part(self, rank: int, rows: slice) -> tuple[tuple[slice, ...], slice | None]:
        """Where a rank's cells lie in a slab, and which layers of its own they are."""
        first, *others = self.partition.block(rank)
        start, stop = max(rows.start, first.start), min(rows.stop, first.stop)
        if start >= stop:
            return (), None
        where = (slice(start - rows.start, stop - rows.start), *others)
        return where, slice(start - first.start, stop - first.start)


class NumberedSlabs(Slabs):
    """Cells of a mesh, each with its number.

    Parameters
    ----------
    comm : Communicator
    numbers : (n,) int array, optional
        Global numbers of this rank's cells, in any order; each number belongs to one rank. Left
        out where one rank has all cells, in their order.
    count : int
        Cells of all ranks.
    """

    def __init__(self, comm: Communicator, numbers: IntArray | None, count: int) -> None:
        self.comm = comm
        self.straight = numbers is None
        numbers = np.arange(count) if numbers is None else numbers
        self.cells, self.shape = (int(count),), (len(numbers),)
        self._order = np.argsort(numbers)
        self._numbers = np.asarray(numbers, dtype=np.int64)[self._order]

    def _collect(self, values: Array, rows: slice) -> Array | None:
        mine = self._part(rows)
        sizes = self.comm.gather(mine.stop - mine.start)
        numbers, sent = self._numbers[mine] - rows.start, values[self._order[mine]]
        if sizes is None:
            if len(sent):
                self._send(numbers, 0)
                self._send(sent, 0)
            return None
        slab = np.empty(rows.stop - rows.start, dtype=values.dtype)
        slab[numbers] = sent
        for rank, size in enumerate(sizes):
            if rank and size:
                where = self._receive((size,), np.int64, rank)
                slab[where] = self._receive((size,), slab.dtype, rank)
        return slab

    def _distribute(self, slab: Array | None, rows: slice, out: Array) -> None:
        mine = self._part(rows)
        sizes = self.comm.gather(mine.stop - mine.start)
        numbers, into = self._numbers[mine] - rows.start, self._order[mine]
        if slab is None or sizes is None:
            if len(into):
                self._send(numbers, 0)
                out[into] = self._receive(into.shape, out.dtype, 0)
            return
        out[into] = slab[numbers]
        for rank, size in enumerate(sizes):
            if rank and size:
                where = self._receive((size,), np.int64, rank)
                self._send(slab[where], rank)

    def _part(self, rows: slice) -> slice:
        """Which of this rank's cells, sorted by number, lie in a slab."""
        first, last = np.searchsorted(self._numbers, [rows.start, rows.stop])
        return slice(int(first), int(last))
