"""Convolution with an even kernel by fast Fourier transforms, on a grid divided among ranks.

The last axis is transformed where a rank has it whole, the others where it has them whole: its
share of the frequencies of the last axis. In between the spectrum is moved, piece by piece as
it is made, so that no rank ever holds it twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from wgflow._typing import Array
from wgflow.energies.interaction.convolution import (
    ROWS,
    Convolution,
    Evaluate,
    displacements_of,
    multiply,
    transform_block,
)
from wgflow.errors import InputError
from wgflow.grid import Grid
from wgflow.parallel import Communicator
from wgflow.parallel.transposes import Box, Transpose, divide, inside, share, sides

__all__ = ["DividedConvolution", "GatheredConvolution"]

MOST_PIECES = 8  # more save no memory worth naming, and cost messages


class GatheredConvolution:
    """W * rho in one dimension, by each rank for all: lines are short."""

    def __init__(self, evaluate: Evaluate, grid: Grid) -> None:
        self._grid = grid
        self._whole = Convolution(evaluate, grid.whole)

    def __call__(self, density: Array) -> Array:
        """W * rho in this rank's cells; collective."""
        everywhere = self._whole(self._grid.gather(density))
        return self._grid.partition.own(everywhere).copy()


class DividedConvolution:
    """W * rho on a divided grid of two dimensions or more, see :class:`Convolution`.

    All arrays of a rank shrink as the ranks become more, to as many as there are lines of
    cells, or frequencies of the last axis; ranks beyond have nothing to transform.

    Parameters
    ----------
    evaluate : callable
    grid : Grid
        Of equal cells.

    Raises
    ------
    InputError
        On all ranks, if ``evaluate`` raises it on one.
    """

    def __init__(self, evaluate: Evaluate, grid: Grid) -> None:
        comm, blocks = grid.comm, _boxes(grid)
        displacements = displacements_of(grid)
        self._last = len(displacements[-1])
        self._shape = grid.shape
        self._frequencies = _frequencies(comm, self._last)
        self._transform = _transform(comm, evaluate, displacements, self._frequencies)
        self._transform *= grid.whole.volume(0)  # turns densities to masses
        lines = blocks if grid.partition.splits[-1] == 1 else _lines(grid)
        spectra = _across(grid.cells, self._frequencies)
        self._spectrum = sides(spectra[comm.rank])
        self._pieces = [
            _Piece(comm, blocks, piece, lines is blocks, self._last, spectra)
            for piece in _pieces(lines)
        ]

    def __call__(self, density: Array) -> Array:
        """W * rho in this rank's cells; collective."""
        spectrum = np.empty(self._spectrum, dtype=complex)
        density = np.ascontiguousarray(density)
        for piece in self._pieces:
            piece.transform(density, spectrum)
        multiply(spectrum, self._transform)
        out = np.empty(self._shape)
        for piece in self._pieces:
            piece.transform_back(spectrum, out)
        return out


class _Piece:
    """Whole lines of cells, which are transformed together.

    Parameters
    ----------
    comm : Communicator
    blocks : sequence of Box
        Cells of each rank.
    lines : sequence of Box
        Cells of each rank in whole lines.
    own : bool
        Whether they are the rank's own.
    length : int
        Of a line with its padding.
    spectra : sequence of Box
        What each rank has of the spectrum, its last axis in frequencies.
    """

    def __init__(
        self,
        comm: Communicator,
        blocks: Sequence[Box],
        lines: Sequence[Box],
        own: bool,
        length: int,
        spectra: Sequence[Box],
    ) -> None:
        self._length = length
        self._shape = sides(lines[comm.rank])
        self._here = inside(lines[comm.rank], blocks[comm.rank]) if own else None
        # doubles, as long as values are real
        self._collect = None if own else Transpose(comm, blocks, lines, complex_values=False)
        self._spread = Transpose(comm, _spectral(lines, length), spectra, complex_values=True)

    def transform(self, density: Array, spectrum: Array) -> None:
        """Transform along the lines, and spread the frequencies."""
        if self._collect is None:
            lines = density[self._here]
        else:
            lines = np.empty(self._shape)
            self._collect.forward(density, lines)
        self._spread.forward(_rfft(lines, self._length), spectrum)

    def transform_back(self, spectrum: Array, out: Array) -> None:
        """Collect the frequencies, and transform back along the lines."""
        part = np.empty((*self._shape[:-1], self._length // 2 + 1), dtype=complex)
        self._spread.backward(spectrum, part)
        lines = _irfft(part, self._length)[..., : self._shape[-1]]
        if self._collect is None:
            out[self._here] = lines
        else:
            self._collect.backward(np.ascontiguousarray(lines), out)


def _transform(
    comm: Communicator,
    evaluate: Evaluate,
    displacements: Sequence[Array],
    frequencies: Sequence[slice],
) -> Array:
    """Transform of the kernel at a rank's frequencies, real, for the kernel is real and even."""
    from scipy import fft

    padded = tuple(map(len, displacements))
    everywhere = tuple(slice(0, n) for n in padded)
    spectra = _across(padded, frequencies)
    spectrum = np.empty(sides(spectra[comm.rank]), dtype=complex)
    for piece in _pieces(divide(everywhere, comm.size)):
        here = [d[s] for d, s in zip(displacements, piece[comm.rank], strict=True)]
        values = _on_all_ranks(comm, evaluate, here)
        spread = Transpose(comm, _spectral(piece, padded[-1]), spectra, complex_values=True)
        spread.forward(_rfft(values, padded[-1]), spectrum)
    transform = np.empty(spectrum.shape)
    count = transform_block(padded[:-1])
    for start in range(0, spectrum.shape[-1], count):
        block = (..., slice(start, start + count))
        part = spectrum[block]
        for axis in range(len(padded) - 1):
            part = fft.fft(part, axis=axis)
        transform[block] = part.real
    return transform


def _on_all_ranks(
    comm: Communicator, evaluate: Callable[[Sequence[Array]], Array], here: Sequence[Array]
) -> Array:
    """Values at a rank's displacements; what is wrong on one rank is raised on all."""
    shape = tuple(map(len, here))
    values, wrong = np.empty(shape), None
    if math.prod(shape):
        try:
            values = evaluate(here)
        except InputError as error:
            wrong = str(error)
    found = comm.first(wrong)
    if found is not None:
        raise InputError(found)
    return values


def _rfft(lines: Array, length: int) -> Array:
    from scipy import fft

    if not lines.size:
        return np.empty((*lines.shape[:-1], length // 2 + 1), dtype=complex)
    spectrum: Array = fft.rfft(lines, length, axis=-1)
    return spectrum


def _irfft(spectrum: Array, length: int) -> Array:
    from scipy import fft

    if not spectrum.size:
        return np.empty((*spectrum.shape[:-1], length))
    lines: Array = fft.irfft(spectrum, length, axis=-1, overwrite_x=True)
    return lines


def _boxes(grid: Grid) -> list[Box]:
    """Cells of each rank."""
    return [grid.partition.block(rank) for rank in range(grid.comm.size)]


def _lines(grid: Grid) -> list[Box]:
    """Whole lines along the last axis, which ranks that share them now divide among them."""
    found = []
    for rank, block in enumerate(_boxes(grid)):
        along = (*block[:-1], slice(0, grid.cells[-1]))
        found.append(divide(along, grid.partition.splits[-1])[grid.partition.place(rank)[-1]])
    return found


def _frequencies(comm: Communicator, length: int) -> list[slice]:
    """Frequencies of the last axis that each rank has."""
    whole = slice(0, length // 2 + 1)
    return [share(whole, comm.size, rank) for rank in range(comm.size)]


def _across(shape: Sequence[int], frequencies: Sequence[slice]) -> list[Box]:
    """Boxes that are whole along all axes but the last."""
    others = tuple(slice(0, n) for n in shape[:-1])
    return [(*others, part) for part in frequencies]


def _spectral(lines: Sequence[Box], length: int) -> list[Box]:
    """Boxes of lines with the last axis in frequencies."""
    return [(*box[:-1], slice(0, length // 2 + 1)) for box in lines]


def _pieces(lines: Sequence[Box]) -> list[list[Box]]:
    """Boxes of all ranks in pieces, small enough for the cache if that takes not too many."""
    largest = max(math.prod(sides(box)) for box in lines)
    count = min(max(1, largest // ROWS), MOST_PIECES)
    cut = [divide(box, count) for box in lines]
    return [[boxes[i] for boxes in cut] for i in range(count)]
