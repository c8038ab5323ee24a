"""Levels of a saddle-point system on several ranks: blocks with cells of other ranks around."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.algebra.saddle.coarse import ALIKE, distances
from wgflow.algebra.saddle.levels import SMALLEST, Level, finest, neighbours
from wgflow.grid import Grid
from wgflow.parallel import Partition

__all__ = ["Block", "coarser_block", "finest_block"]

# Cells of other ranks around a block, along the axes that are divided: S reaches 2 cells, and
# with more the incomplete factors of each block do about what those of all cells do.
OVERLAP = 4
GATHERED = 4096  # cells that every rank can have


class Block:
    """Where the cells of a level lie: this rank's, and copies of others' around them.

    It does not know the grid: PETSc holds it, and what PETSc holds no collector sees.

    Parameters
    ----------
    partition : Partition
    widths : sequence of arrays
        Of the cells of all ranks, along each axis.

    Attributes
    ----------
    last : bool
        Whether this is a level that every rank can have, or must have since blocks are thin.
    shape : tuple of int
        Cells along each axis, with the copies.
    inside : tuple of slices
        This rank's cells of them.
    """

    def __init__(self, partition: Partition, widths: Sequence[Array]) -> None:
        self.partition, self.widths = partition, tuple(widths)
        split = [count > 1 for count in partition.splits]
        thinnest = [n for n, s in zip(partition.thinnest, split, strict=True) if s]
        size = int(np.prod(partition.cells))
        self.last = partition.whole or size <= GATHERED or min(thinnest) < OVERLAP
        self.halo = tuple(
            min(OVERLAP, n) if s else 0 for n, s in zip(partition.thinnest, split, strict=True)
        )
        self.shape = _around(partition.shape, self.halo)
        self.inside = _inside(partition.shape, self.halo)
        self.periodic = tuple(p and not s for p, s in zip(partition.periodic, split, strict=True))
        self._joins: dict[tuple[bool, ...], Join] = {}

    def exchange(self, values: Array) -> None:
        """Fill the copies of a flat array, in place; beyond walls it stays as it is."""
        self.partition.exchange(values.reshape(self.shape), self.halo, corners=True)

    def extended(self, values: Array, beyond: float = 0.0) -> Array:
        """Give values of this rank's cells and of the copies, flat."""
        out = np.full(self.shape, beyond)
        out[self.inside] = values.reshape(self.partition.shape)
        self.exchange(out)
        return out.ravel()

    def own(self, values: Array) -> Array:
        """Give this rank's part of a flat array, as an array of its shape."""
        part: Array = values.reshape(self.shape)[self.inside]
        return part

    def level(
        self,
        potential: Array,
        volumes: Array,
        compliance: Array,
        moves: Iterable[Array],
        weights: Iterable[Array],
    ) -> Level:
        """Give a system by its values in this rank's cells; collective."""
        along = zip(self.partition.starts, self.shape, self.halo, self.widths, strict=True)
        found = Level(
            tuple(w.take(np.arange(n) + s - h, mode="wrap") for s, n, h, w in along),
            self.periodic,
            self.extended(potential),
            self.extended(volumes, 1.0),
            self.extended(compliance),
            self._faces(moves),
            self._faces(weights),
        )
        found.work[:] = 0.0  # beyond walls it stays so
        self.exchange(found.entries[0])  # at the rim this rank does not see all faces
        return found

    def _faces(self, values: Iterable[Array]) -> Array:
        """Extend what belongs to the lower faces along each axis; below the rim there are none."""
        out = np.stack([self.extended(v) for v in values])
        for axis, halo in enumerate(self.halo):
            if halo:
                out[axis].reshape(self.shape)[(slice(None),) * axis + (0,)] = 0.0
        return out

    def gathered(self, level: Level) -> Level:
        """Give every rank the system of all cells."""
        moves, weights = ([self.gather(v) for v in a] for a in (level.moves, level.weights))
        return Level(
            self.widths,
            self.partition.periodic,
            self.gather(level.potential),
            self.gather(level.volumes),
            self.gather(level.compliance),
            np.stack(moves),
            np.stack(weights),
        )

    def gather(self, values: Array) -> Array:
        """Give every rank this rank's part of the flat arrays of all, flat."""
        whole = np.empty(self.partition.cells)
        everyone = self.partition.comm.everyone(np.ascontiguousarray(self.own(values)))
        for rank, part in enumerate(everyone):
            whole[self.partition.block(rank)] = part
        return whole.ravel()

    def join(self, chosen: tuple[bool, ...]) -> Join:
        """Give what joins pairs along some axes."""
        if chosen not in self._joins:
            self._joins[chosen] = Join(self, chosen)
        return self._joins[chosen]


class Join:
    """Pairs of a block's cells, the coarse cell of each, with one more around on each side.

    Each rank joins its own: of an odd number the last are three.

    Attributes
    ----------
    block : Block
        Of the coarse cells.
    parents : (cells,) array
        Flat number, among the coarse cells with those around, of each cell of the fine block.
    """

    def __init__(self, fine: Block, chosen: tuple[bool, ...]) -> None:
        partition = fine.partition
        firsts = [_firsts(r, c) for r, c in zip(partition.ranges, chosen, strict=True)]
        widths = [np.add.reduceat(w, f) for w, f in zip(fine.widths, firsts, strict=True)]
        coarse = partition.paired(chosen)
        self.block = Block(coarse, widths)
        self._halo = tuple(int(h > 0) for h in fine.halo)
        self.shape = _around(coarse.shape, self._halo)
        self.inside = _inside(coarse.shape, self._halo)
        self.size = int(np.prod(self.shape))
        self.low = neighbours(self.shape, fine.periodic)[0]
        self.parents, self.nearer = np.zeros(1, dtype=np.int32), np.ones((len(chosen), self.size))
        for axis, pairs in enumerate(chosen):
            count, first, halo = coarse.shape[axis], coarse.starts[axis], self._halo[axis]
            own = np.arange(partition.shape[axis])
            place = np.minimum(own // 2, count - 1) if pairs else own
            if halo:
                place = np.pad(place + 1, fine.halo[axis], constant_values=(0, count + 1))
            n = np.int32(self.shape[axis])
            self.parents = (self.parents[:, None] * n + place.astype(np.int32)).ravel()
            ratio = distances(fine.widths[axis])[firsts[axis]] / distances(widths[axis])
            ratio = np.pad(ratio[first : first + count], halo, constant_values=1.0)
            along = ratio.reshape([-1 if a == axis else 1 for a in range(len(chosen))])
            self.nearer[axis] = np.broadcast_to(along, self.shape).ravel()

    def exchange(self, values: Array) -> None:
        """Fill the coarse cells around, in place."""
        self.block.partition.exchange(values.reshape(self.shape), self._halo)

    def own(self, values: Array) -> Array:
        """Give this rank's part of a flat array of coarse cells, as an array of its shape."""
        part: Array = values.reshape(self.shape)[self.inside]
        return part


def finest_block(
    block: Block,
    grid: Grid,
    coefficients: Sequence[tuple[Array, Array]],
    mobility: Sequence[Array],
    compliance: Array,
    factor: float,
) -> Level:
    """Give the level of a grid; see :func:`wgflow.algebra.saddle.saddle_system`; collective."""
    alone = finest(grid, coefficients, mobility, compliance, factor)
    fall = [
        -float(grid.faces[axis].to_cells(forth - back, 1).flat[0])
        for axis, (forth, back) in enumerate(coefficients)
    ]
    potential = alone.potential + _offset(block.partition, alone.potential, fall)
    data = alone.volumes, alone.compliance, alone.moves, alone.weights
    return block.level(potential, *data)


def coarser_block(level: Level, block: Block) -> tuple[Level, Join]:
    """Join pairs of cells as :func:`wgflow.algebra.saddle.coarse.coarser` does; collective."""
    from wgflow.algebra.saddle.coarse import _kernels

    partition = block.partition
    strengths = np.array([block.own(e).sum() for e in level.entries[1]])
    strength = partition.comm.sum(strengths)
    strength[[n < 2 for n in partition.cells]] = -1.0
    join = block.join(tuple(bool(s >= ALIKE * strength.max()) for s in strength))
    cells = level.volumes, level.compliance, level.potential
    volumes, compliance, potential = _kernels.join_cells(join.parents, *cells, join.size, SMALLEST)
    join.exchange(compliance)
    join.exchange(potential)
    moves, weights = _kernels.join_faces(
        join.parents,
        level.compliance,
        level.moves,
        level.weights,
        level.beside[0],
        join.nearer,
        compliance,
        potential,
        join.low,
        SMALLEST,
    )
    own = join.own
    mine = own(potential), own(volumes), own(compliance)
    return join.block.level(*mine, map(own, moves), map(own, weights)), join


def _offset(partition: Partition, potential: Array, rises: list[float]) -> float:
    """Potential of this block's first cell over that of all cells.

    Parameters
    ----------
    partition : Partition
    potential : (cells,) array
        Of this rank, 0 in the first cell.
    rises : list of float
        Through the lower faces of the first cell.
    """
    local = potential.reshape(partition.shape)
    ends = [float(local[(0,) * a + (-1,) + (0,) * (local.ndim - a - 1)]) for a in range(local.ndim)]
    everyone = partition.comm.everyone((ends, rises))
    strides = np.cumprod([1, *partition.splits[:-1]])
    total, here = 0.0, np.zeros(local.ndim, dtype=int)
    for axis, count in enumerate(partition.place(partition.comm.rank)):
        for _ in range(count):
            total += everyone[int(here @ strides)][0][axis]
            here[axis] += 1
            total += everyone[int(here @ strides)][1][axis]
    return total


def _firsts(ranges: IntArray, pairs: bool) -> IntArray:
    """First cells of all coarse cells along an axis."""
    if not pairs:
        return np.arange(ranges[-1])
    blocks = zip(ranges[:-1], np.diff(ranges) // 2, strict=True)
    return np.concatenate([start + 2 * np.arange(count) for start, count in blocks])


def _around(shape: Sequence[int], halo: Sequence[int]) -> tuple[int, ...]:
    return tuple(n + 2 * h for n, h in zip(shape, halo, strict=True))


def _inside(shape: Sequence[int], halo: Sequence[int]) -> tuple[slice, ...]:
    return tuple(slice(h, h + n) for n, h in zip(shape, halo, strict=True))
