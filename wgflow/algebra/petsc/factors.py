"""Incomplete factors of overlapping blocks: the preconditioner of steps on several ranks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.algebra.krylov import neighbour_rows
from wgflow.algebra.shares import Shares
from wgflow.grid import Grid
from wgflow.parallel import Partition

__all__ = ["BlockFactors"]

# Cells of other ranks that a block includes: so many times what a step's diffusion reaches, for
# about the iterations of one rank, a power of 2 (exchanges are made once for each), and not more
# than a part of the block, beyond which fewer iterations cost more work than they save.
REACHES, LEAST, MOST, SHARE = 10, 4, 64, 4


class BlockFactors:
    """Modified incomplete factors of each rank's block, extended into the blocks beside it.

    The blocks overlap, at corners too, and each rank keeps what it finds in its own cells
    (restricted additive Schwarz). Without the overlap two ranks would need two to four times the
    iterations of one.

    Parameters
    ----------
    grid : Grid

    References
    ----------
    Cai, Sarkis, SIAM J. Sci. Comput. 21 (1999).
    """

    def __init__(self, grid: Grid) -> None:
        # not the grid: PETSc holds this, and what PETSc holds no collector sees
        self._partition = grid.partition
        self._set_halo((0,) * grid.dimension)
        self._inverse = np.zeros(0)
        self._shares: Shares | None = None
        self._moving: tuple[Array, Array] = (np.zeros((0, 0)), np.zeros((0, 0)))

    def _set_halo(self, halo: tuple[int, ...]) -> None:
        """Make room for a block with so many cells beside it along each axis."""
        self._halo, shape = halo, self._partition.shape
        self._shape = tuple(n + 2 * h for n, h in zip(shape, halo, strict=True))
        self._inside = tuple(slice(h, h + n) for n, h in zip(shape, halo, strict=True))
        self._rows = neighbour_rows(self._shape)
        size = int(np.prod(self._shape)) if any(halo) else 0
        self._residual, self._solved = np.zeros(size), np.zeros(size)

    def prepare(self, shares: Shares) -> None:
        """Leave the factors to be made when they are needed."""
        self._shares, self._inverse = shares, np.zeros(0)

    def apply(self, pc: Any, x: Any, y: Any) -> None:
        """Solve with the factors, as PETSc asks for it."""
        from wgflow.algebra.krylov import _kernels

        if not len(self._inverse):
            self._factorize()
        if not any(self._halo):
            _kernels.precondition(x.array_r, y.array, self._inverse, *self._moving, *self._rows)
            return
        self._extend(x.array_r, self._residual)
        _kernels.precondition(
            self._residual, self._solved, self._inverse, *self._moving, *self._rows
        )
        y.array[:] = self._solved.reshape(self._shape)[self._inside].ravel()

    def _factorize(self) -> None:
        from wgflow.algebra.krylov import _kernels

        shares = self._shares
        assert shares is not None
        diagonal, self._moving = shares.diagonal, (shares.from_below, shares.from_above)
        halo = _overlap(self._partition, shares)
        if halo != self._halo:
            self._set_halo(halo)
        if any(self._halo):
            # cells beyond walls, which nobody fills, exchange nothing
            size = int(np.prod(self._shape))
            diagonal = self._extend(shares.diagonal, np.ones(size))
            below, above = np.zeros((2, len(self._shape), size))
            for axis in range(len(self._shape)):
                self._extend(shares.from_below[axis], below[axis])
                self._extend(shares.from_above[axis], above[axis])
            self._moving = below, above
        self._inverse = _kernels.factorize(diagonal, *self._moving, *self._rows)

    def _extend(self, values: Array, out: Array) -> Array:
        padded = out.reshape(self._shape)
        padded[self._inside] = values.reshape(self._partition.shape)
        self._partition.exchange(padded, self._halo, corners=True)
        return out


def _overlap(part: Partition, shares: Shares) -> tuple[int, ...]:
    """Cells of overlap along each axis, the same on all ranks; 0 where it is not divided."""
    if part.whole:
        return (0,) * len(part.cells)
    # a cell gives the share (reach / width)² to the next along an axis
    largest = [max(below.max(), above.max()) for below, above in _by_axis(shares)]
    halo = []
    for share, split, thin in zip(
        part.comm.maximum(np.array(largest)), part.splits, part.thinnest, strict=True
    ):
        wanted = REACHES * math.sqrt(min(share, MOST**2))
        power = 2 ** math.ceil(math.log2(max(wanted, LEAST)))
        halo.append(min(power, MOST, max(thin // SHARE, min(thin, LEAST))) if split > 1 else 0)
    return tuple(halo)


def _by_axis(shares: Shares) -> Iterator[tuple[Array, Array]]:
    return zip(shares.from_below, shares.from_above, strict=True)
