"""A V-cycle for a saddle-point system on several ranks."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array
from wgflow.algebra.petsc.saddle_blocks import Block, Join, coarser_block
from wgflow.algebra.saddle.levels import Level
from wgflow.algebra.saddle.multigrid import WEAKER, Cycle

__all__ = ["BlockCycle"]


class BlockCycle:
    """The V-cycle of :class:`wgflow.algebra.saddle.multigrid.Cycle`, its levels divided.

    The smoother is that of each rank's block extended into the blocks beside it; each rank keeps
    what it finds in its own cells (restricted additive Schwarz), so that the cycle is not quite
    symmetric. A level of few cells is gathered, and every rank goes on alike; one rank does what
    it does without others.

    Parameters
    ----------
    block : Block
    level : Level

    References
    ----------
    Cai, Sarkis, SIAM J. Sci. Comput. 21 (1999).
    """

    def __init__(self, block: Block, level: Level) -> None:
        self._levels, self._joins = [(block, level)], list[Join]()
        while not block.last:
            level, join = coarser_block(level, block)
            block = join.block
            self._levels.append((block, level))
            self._joins.append(join)
        self._rest = Cycle(level if block.partition.whole else block.gathered(level))
        self._weakened = 0

    def weaken(self) -> bool:
        """Halve what the smoothers do; false if that was done often enough."""
        self._weakened += 1
        for _, level in self._levels[: len(self._joins)]:
            level.factors[0][:] *= 0.5
        self._rest.weaken()
        return self._weakened <= WEAKER

    def __call__(self, right: Array) -> Array:
        """Solve approximately, in this rank's cells; the next call overwrites what this gives.

        Parameters
        ----------
        right : (cells,) array
            With the copies of other ranks' cells, which are filled.
        """
        return self._solved(0, right)

    def _solved(self, depth: int, right: Array) -> Array:
        from wgflow.algebra.saddle.coarse import _kernels

        block, level = self._levels[depth]
        x: Array = level.work[1]
        if depth == len(self._joins):
            if block.partition.whole:
                return self._rest(right)
            solved = self._rest(block.gather(right)).reshape(block.partition.cells)
            block.own(x)[...] = block.partition.own(solved)
            return x
        join, (coarse, below) = self._joins[depth], self._levels[depth + 1]
        block.exchange(right)
        level.smooth(right, x)
        rest = self._residual(block, level, right, x)
        joined, down = np.empty(join.size), below.work[3]
        _kernels.join(rest, join.parents, joined)
        coarse.own(down)[...] = join.own(joined)
        join.own(joined)[...] = coarse.own(self._solved(depth + 1, down))
        _kernels.add_joined(joined, join.parents, x)
        rest = self._residual(block, level, right, x)
        block.exchange(rest)
        correction: Array = level.work[0]
        level.smooth(rest, correction)
        x += correction
        return x

    @staticmethod
    def _residual(block: Block, level: Level, right: Array, x: Array) -> Array:
        """Give what x leaves, right in this rank's cells; x becomes so everywhere."""
        rest: Array = level.work[2]
        block.exchange(x)
        level.multiply(x, rest)
        np.subtract(right, rest, out=rest)
        return rest
