"""The Gaussian kernel of a box, axis by axis, on logarithms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.domain import Axis
from wgflow.grid import Grid

__all__ = ["GaussianKernel"]

REACH = 9.0  # standard deviations beyond which an image of a point adds nothing
PLAIN = 1e-200  # a product of positive numbers above it has lost nothing to underflow


@dataclass(frozen=True, eq=False)
class _Line:
    """The kernel along one axis, times the widths of the cells that are summed over."""

    exact: Array  # (cells, cells), logarithms
    plain: Array  # (cells, cells)
    blocks: Array  # (blocks, blocks, cells of one, cells of one)
    offsets: Array  # (blocks, blocks)
    reach: Array  # the largest offsets of blocks so far apart

    def apply(self, logs: Array) -> Array:
        """Apply it to rows of logarithms, whatever their range."""
        from wgflow.steppers.jko.entropic import _kernels

        shape = len(logs), len(self.offsets)
        high, low = np.empty(shape), np.empty(shape)
        tops: Array = np.empty(logs.shape)
        sums: Array = np.empty(logs.shape)
        _kernels.ranges(logs, self.exact.diagonal(), tops, high, low)
        values = np.exp(logs - tops)  # as an array: several times faster than one by one
        _kernels.add_blocks(values, high, low, self.blocks, self.offsets, self.reach, tops, sums)
        if not float(sums.min()) > _kernels.SMALLEST:
            with np.errstate(divide="ignore"):
                tops += np.log(sums)
            _kernels.pair_by_pair(logs, self.exact, sums, tops)
            return tops
        tops += np.log(sums)
        return tops


class GaussianKernel:
    """Sums over cells with exp(-|x - y|^2/(2 blur^2)), by one small matrix an axis.

    Walls reflect and circles wrap: the kernel is that of the heat equation on the box, whose
    logarithm is the squared distance up to a multiple of blur^2 near walls. On equal cells of at
    most the blur's width its row sums are equal to 1e-8.

    Parameters
    ----------
    grid : Grid
        All cells, as one rank sees them.
    blur : float
        Standard deviation, in units of the axes.

    Attributes
    ----------
    log_sums : array of the grid's shape
        Logarithms of the row sums, the kernel applied to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow import Box, Grid
    >>> kernel = GaussianKernel(Grid(Box((0, 1)), 20), 0.1)
    >>> bool(np.allclose(np.exp(kernel.log_sums), 0.1 * np.sqrt(2 * np.pi)))
    True
    """

    def __init__(self, grid: Grid, blur: float) -> None:
        self.grid, self.blur = grid, blur
        self._lines = [
            _line(axis, x, w, blur)
            for axis, x, w in zip(grid.box.axes, grid.centers, grid.widths, strict=True)
        ]
        self.log_sums = self.apply(np.zeros(grid.shape))

    def apply(self, logs: Array) -> Array:
        """Give log sum_y K(x, y) |y| exp(logs(y)), whatever the range of the values.

        Parameters
        ----------
        logs : array of the grid's shape
            Finite, or -inf.
        """
        if logs.ndim > 1:
            found = self._plain(logs)
            if found is not None:
                return found
        for axis, line in enumerate(self._lines):
            turned = np.ascontiguousarray(np.moveaxis(logs, axis, -1))
            rows = line.apply(turned.reshape(-1, turned.shape[-1]))
            logs = np.moveaxis(rows.reshape(turned.shape), -1, axis)
        return np.ascontiguousarray(logs)

    def _plain(self, logs: Array) -> Array | None:
        """Give the same by products of matrices, or None if numbers leave their range."""
        top = float(logs.max())
        values = np.exp(logs - top)
        for axis, line in enumerate(self._lines):
            first = math.prod(values.shape[:axis])
            shaped = values.reshape(first, values.shape[axis], -1)
            if axis == logs.ndim - 1:
                values = (shaped[..., 0] @ line.plain.T).reshape(logs.shape)
            else:
                values = np.matmul(line.plain, shaped).reshape(logs.shape)
        if not float(values.min()) > PLAIN:
            return None
        np.log(values, out=values)
        values += top
        return values


def _line(axis: Axis, centers: Array, widths: Array, blur: float) -> _Line:
    """Make the matrix of one axis, its logarithm and its blocks."""
    length = axis.upper - axis.lower
    turns = 1 + math.ceil(REACH * blur / length)
    gaps = np.abs(centers[:, None] - centers)
    shifts = [k * length for k in range(-turns, turns + 1)]
    distances = [gaps + s for s in shifts]
    if not axis.periodic:
        sums = centers[:, None] + centers - 2 * axis.lower
        distances = [gaps + 2 * s for s in shifts] + [sums + 2 * s for s in shifts]
    exact = np.full(gaps.shape, -math.inf)
    for distance in distances:
        np.logaddexp(exact, -((distance / blur) ** 2) / 2, out=exact)
    exact += np.log(widths)
    return _Line(exact, np.exp(exact), *_blocks(exact))


def _blocks(exact: Array) -> tuple[Array, Array, Array]:
    """Cut a matrix of logarithms into blocks, with the largest entry of each taken out."""
    from wgflow.steppers.jko.entropic._kernels import BLOCK

    cells = len(exact)
    count = -(-cells // BLOCK)
    padded = np.full((count * BLOCK, count * BLOCK), -math.inf)
    padded[:cells, :cells] = exact
    blocks = padded.reshape(count, BLOCK, count, BLOCK).transpose(0, 2, 3, 1).copy()
    offsets = blocks.max(axis=(2, 3))
    blocks -= offsets[:, :, None, None]
    np.exp(blocks, out=blocks)
    apart = np.abs(np.arange(count)[:, None] - np.arange(count))
    apart = np.minimum(apart, count - apart)
    largest = [offsets[apart == d].max() for d in range(count // 2 + 1)]
    return blocks, offsets, np.maximum.accumulate(largest[::-1])[::-1].copy()
