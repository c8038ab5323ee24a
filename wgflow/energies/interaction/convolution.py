"""Convolution with an even kernel by fast Fourier transforms, in the memory of one rank."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from wgflow._typing import Array
from wgflow.grid import Grid

__all__ = ["Convolution", "Evaluate", "displacements_of", "multiply", "transform_block"]

# A block of frequencies stays in the cache: at most so many numbers, within bounds outside
# of which strided access costs more than it saves.
BLOCK, FEWEST_FREQUENCIES, MOST_FREQUENCIES = 2**16, 4, 32
ROWS = 2**16  # cells transformed together along the last axis

Evaluate = Callable[[Sequence[Array]], Array]
"""Kernel at all combinations of displacements along the axes, of shape (len(dx), len(dy), …)."""


def displacements_of(grid: Grid) -> list[Array]:
    """Displacements of cells along each axis, in the order of the Fourier transform.

    Up to half a period on a periodic axis, else up to the length of the axis and zeros of the
    padding beyond.
    """
    from scipy import fft

    found = []
    for n, data in zip(grid.cells, grid.box.axes, strict=True):
        padded = n if data.periodic else fft.next_fast_len(2 * n - 1, real=True)
        steps = np.fft.fftfreq(padded, 1 / padded)  # 0, 1, ..., -2, -1
        found.append(steps * data.length / n)
    return found


class Convolution:
    """W * rho on a grid of one rank.

    Parameters
    ----------
    evaluate : callable
    grid : Grid
        Of equal cells.
    """

    def __init__(self, evaluate: Evaluate, grid: Grid) -> None:
        from scipy import fft

        self._shape = grid.shape
        displacements = displacements_of(grid)
        self._last = len(displacements[-1])
        kernel = evaluate(displacements)
        # an even real kernel has a real transform; the cell volume turns densities to masses
        spectrum = fft.rfft(kernel, axis=-1)
        del kernel
        for axis in range(grid.dimension - 1):
            spectrum = fft.fft(spectrum, axis=axis, overwrite_x=True)
        self._transform = spectrum.real * float(grid.volumes.flat[0])

    def __call__(self, density: Array) -> Array:
        """Transform axis by axis, each padded only while it is transformed.

        Against a transform of the padded box this skips the rows of zeros going in and the
        rows that are dropped coming out, and works in the cache: half the time, a third of
        the memory.
        """
        from scipy import fft

        shape, last = self._shape, self._last
        lines = density.reshape(-1, shape[-1])
        rows = max(1, ROWS // shape[-1])
        spectrum = np.empty((len(lines), last // 2 + 1), dtype=complex)
        for start in range(0, len(lines), rows):
            part = slice(start, start + rows)
            spectrum[part] = fft.rfft(lines[part], last, axis=-1)
        multiply(spectrum.reshape(*shape[:-1], -1), self._transform)
        out = np.empty(lines.shape)
        for start in range(0, len(lines), rows):
            part = slice(start, start + rows)
            out[part] = fft.irfft(spectrum[part], last, axis=-1)[:, : shape[-1]]
        return out.reshape(shape)


def multiply(spectrum: Array, transform: Array) -> None:
    """Convolve along all axes but the last, which is in frequencies, in place.

    Parameters
    ----------
    spectrum : complex array
    transform : array
        Of the kernel; the same frequencies along the last axis, the others padded.
    """
    from scipy import fft

    *shape, frequencies = spectrum.shape
    if not shape:
        spectrum *= transform
        return
    padded = transform.shape[:-1]
    count = transform_block(padded)
    for start in range(0, frequencies, count):
        block = (..., slice(start, start + count))
        part = spectrum[block]
        for axis, length in enumerate(padded):
            part = fft.fft(part, length, axis=axis)
        part *= transform[block]
        for axis, cells in enumerate(shape):
            part = fft.ifft(part, axis=axis, overwrite_x=True)
            part = part[(slice(None),) * axis + (slice(0, cells),)]
        spectrum[block] = part


def transform_block(padded: Sequence[int]) -> int:
    """Give the frequencies of the last axis to transform together along the others."""
    return min(max(BLOCK // math.prod(padded), FEWEST_FREQUENCIES), MOST_FREQUENCIES)
