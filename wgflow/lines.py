"""Cells as bundles of lines along an axis: how the flux kernels see a grid.

A kernel for one axis serves grids of one to four dimensions: it sweeps bundles of neighbouring
lines in flat arrays, one with ghost cells to read from and one without to write to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array, IntArray

__all__ = ["HALO", "Lines", "make_lines"]

HALO = 2  # ghost cells on each side: what a limited second-order reconstruction reads


@dataclass(frozen=True)
class Lines:
    """How the cells of a grid lie along one axis, in flat arrays with and without ghosts.

    Attributes
    ----------
    cells : int
        Number of cells along the axis.
    starts, ghosted_starts : (bundles,) int arrays
        Flat position of the first cell of each bundle of lines.
    width : int
        Number of neighbouring lines in a bundle, contiguous in memory.
    stride, ghosted_stride : int
        Flat distance of two cells that are neighbours along the axis.
    widths : (cells + 2,) array
        Cell widths along the axis, with one ghost cell on each side.
    distances : (cells + 3,) array
        Distance between the centres on both sides of each face, with one ghost face on
        each side; entry ``j + 1`` belongs to the lower face of cell ``j``.
    open_lower, open_upper : bool
        Whether the face at that end carries a flux: on a periodic axis, or where another
        rank has the cells beyond.
    """

    cells: int
    starts: IntArray
    ghosted_starts: IntArray
    width: int
    stride: int
    ghosted_stride: int
    widths: Array
    distances: Array
    open_lower: bool
    open_upper: bool


def make_lines(
    shape: Sequence[int],
    extended: Array,
    open_ends: tuple[bool, bool],
    axis: int,
    fixed: bool = False,
) -> Lines:
    """Lay out the lines along one axis.

    Parameters
    ----------
    shape : sequence of int
        Cells along each axis.
    extended : (cells + 2 HALO,) array
        Widths of the cells along the axis, with ghost cells on both sides.
    open_ends : (bool, bool)
        Whether the faces at the lower and the upper end carry a flux.
    axis : int
        The axis of the lines.
    fixed : bool
        Whether nothing moves along it: cells are then infinitely far from each other, for which
        all fluxes and their bounds are 0.
    """
    distances = (extended[1:] + extended[:-1]) / 2
    last = len(shape) - 1
    strides = _strides(shape)
    ghosted = _strides([n + 2 * HALO for n in shape])
    starts = np.zeros(1, dtype=np.int64)
    ghosted_starts = np.full(1, HALO * sum(ghosted), dtype=np.int64)
    # lines that are neighbours along the last axis are swept together
    for a in range(last):
        if a != axis:
            steps = np.arange(shape[a], dtype=np.int64)
            starts = (starts[:, None] + steps * strides[a]).ravel()
            ghosted_starts = (ghosted_starts[:, None] + steps * ghosted[a]).ravel()
    return Lines(
        cells=shape[axis],
        starts=starts,
        ghosted_starts=ghosted_starts,
        width=1 if axis == last else shape[last],
        stride=strides[axis],
        ghosted_stride=ghosted[axis],
        widths=extended[1:-1],
        distances=np.full_like(distances, math.inf) if fixed else distances,
        open_lower=open_ends[0],
        open_upper=open_ends[1],
    )


def _strides(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(math.prod(shape[a + 1 :]) for a in range(len(shape)))
