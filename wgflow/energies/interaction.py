"""Pairwise interaction ½ ∬ W(x - y) rho(x) rho(y), by fast Fourier transforms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.energies.averages import displacement_averages
from wgflow.energies.base import DiscreteTerm, Term
from wgflow.errors import InputError
from wgflow.grid import Grid

__all__ = ["Interaction"]

EVEN_TOLERANCE = 1e-12  # relative; above the rounding of a kernel, below any real asymmetry
SAMPLES = (4096, 64, 16, 8)  # displacements an axis at which it is looked for, by dimension
# A block of frequencies stays in the cache: at most so many numbers, within bounds outside
# of which strided access costs more than it saves.
BLOCK, FEWEST_FREQUENCIES, MOST_FREQUENCIES = 2**16, 4, 32
ROWS = 2**16  # cells transformed together along the last axis


@dataclass(frozen=True)
class Interaction(Term):
    """The term ½ ∬ W(x - y) rho(x) rho(y) with an even kernel W.

    A convolution by fast Fourier transforms, O(n log n) for n cells, without a dense kernel:
    zero-padded on bounded axes, circular on periodic ones.

    A smooth kernel is taken at the displacements of cell centres, which is exact for masses at
    the centres and of order 2 for densities. A kernel that is singular at 0, such as log|x|,
    the Newtonian one or |x|^a with a > -D, or that has a kink there, such as |x|, asks for
    ``singular=True``: it is then averaged over the cell around each displacement, the one at 0
    included, by quadrature to about ten digits. That gives the exact potential of the piecewise
    constant density at the centres, and order 2 for smooth densities.

    Parameters
    ----------
    kernel : callable
        ``W(dx, dy, ...)`` at arrays of displacements; on a periodic axis displacements lie
        within half a period, and W is to be periodic.
    singular : bool
        Whether to average the kernel over cells.

    Notes
    -----
    Memory in arrays of the grid's size: the transform of the kernel is real and is kept; it
    takes half an array, times 2 for each axis that is not periodic (2 in the plane). A
    convolution takes 2 arrays for the spectrum and 1 for its result (6 in one dimension, 5 in
    four). Making the transform takes five times the transform's own size for a moment.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow import Box, Grid
    >>> grid = Grid(Box((-1, 1)), 50)
    >>> term = Interaction(lambda x: x**2 / 2).discretize(grid)
    >>> density = np.full(50, 0.5)
    >>> bool(abs(term.value(density, 0.0) - 1 / 6) < 1e-3)
    True

    The self-energy of a uniform line of charge, -½ ∬ log|x - y| / 4 = 3/4 - log(2)/2:

    >>> term = Interaction(lambda x: -np.log(abs(x)), singular=True).discretize(grid)
    >>> bool(abs(term.value(density, 0.0) - (0.75 - np.log(2) / 2)) < 1e-3)
    True
    """

    kernel: Callable[..., Array]
    singular: bool = False

    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Transform the kernel on the grid's displacements.

        Raises
        ------
        InputError
            If an axis has unequal cells or is radial, or the kernel is not even, not finite or
            not integrable.
        """
        return _DiscreteInteraction(self, grid)


class _DiscreteInteraction(DiscreteTerm):
    interacting: ClassVar[bool] = True

    def __init__(self, term: Interaction, grid: Grid) -> None:
        from scipy import fft

        self.grid = grid
        displacements: list[Array] = []
        for axis, data in enumerate(grid.box.axes):
            if data.radial is not None or not grid.uniform[axis]:
                raise InputError(
                    f"axis {grid.box.names[axis]}: a kernel of x - y by Fourier transforms needs "
                    "equal cells on a plain axis; use PolynomialInteraction or "
                    "FeatureInteraction, which do on any cells, or equal cells"
                )
            n = grid.shape[axis]
            padded = n if data.periodic else fft.next_fast_len(2 * n - 1, real=True)
            steps = np.fft.fftfreq(padded, 1 / padded)  # 0, 1, ..., -2, -1
            displacements.append(steps * data.length / n)
        self._padded = tuple(len(d) for d in displacements)
        kernel = _kernel_values(term, grid, displacements)
        # an even real kernel has a real transform; the cell volume turns densities to masses
        spectrum = fft.rfft(kernel, axis=-1)
        del kernel
        for axis in range(grid.dimension - 1):
            spectrum = fft.fft(spectrum, axis=axis, overwrite_x=True)
        self._transform = spectrum.real * float(grid.volumes.flat[0])

    def _convolve(self, density: Array) -> Array:
        """Transform axis by axis, each padded only while it is transformed.

        Against a transform of the padded box this skips the rows of zeros going in and the
        rows that are dropped coming out, and works in the cache: half the time, a third of
        the memory.
        """
        from scipy import fft

        shape, last = self.grid.shape, self._padded[-1]
        lines = density.reshape(-1, shape[-1])
        rows = max(1, ROWS // shape[-1])
        spectrum = np.empty((len(lines), last // 2 + 1), dtype=complex)
        for start in range(0, len(lines), rows):
            part = slice(start, start + rows)
            spectrum[part] = fft.rfft(lines[part], last, axis=-1)
        self._multiply(spectrum.reshape(*shape[:-1], -1))
        out = np.empty(lines.shape)
        for start in range(0, len(lines), rows):
            part = slice(start, start + rows)
            out[part] = fft.irfft(spectrum[part], last, axis=-1)[:, : shape[-1]]
        return out.reshape(shape)

    def _multiply(self, spectrum: Array) -> None:
        """Convolve along all axes but the last, which is in frequencies, in place."""
        from scipy import fft

        others = range(self.grid.dimension - 1)
        if not others:
            spectrum *= self._transform
            return
        fitting = BLOCK // math.prod(self._padded[:-1])
        count = min(max(fitting, FEWEST_FREQUENCIES), MOST_FREQUENCIES)
        for start in range(0, spectrum.shape[-1], count):
            block = (..., slice(start, start + count))
            part = spectrum[block]
            for axis in others:
                part = fft.fft(part, self._padded[axis], axis=axis)
            part *= self._transform[block]
            for axis in others:
                part = fft.ifft(part, axis=axis, overwrite_x=True)
                part = part[(slice(None),) * axis + (slice(0, self.grid.shape[axis]),)]
            spectrum[block] = part

    def value(self, density: Array, time: float) -> float:
        """Value ½ ∬ W rho rho."""
        return self.grid.integrate(density * self._convolve(density)) / 2

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation W * rho."""
        return self._convolve(density)

    def second_variation(self, density: Array, direction: Array) -> Array:
        """Second variation W * direction."""
        return self._convolve(direction)


def _kernel_values(term: Interaction, grid: Grid, displacements: list[Array]) -> Array:
    """Kernel at, or averaged over the cells around, displacements; checked to be even."""
    shape = tuple(len(d) for d in displacements)
    where = np.meshgrid(*displacements, indexing="ij", sparse=True)
    _check_even(term.kernel, displacements)
    if term.singular:
        periods = [a.length if a.periodic else None for a in grid.box.axes]

        def kernel(*points: Array) -> Array:
            # a cell at half a period reaches beyond it
            folded = (
                x if p is None else x - p * np.rint(x / p)
                for x, p in zip(points, periods, strict=True)
            )
            return np.asarray(term.kernel(*folded), dtype=float)

        widths = np.array([w[0] for w in grid.widths])
        values = displacement_averages(kernel, displacements, widths)
        remedy = "it must be finite everywhere but at 0, and even"
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.broadcast_to(np.asarray(term.kernel(*where), dtype=float), shape)
        remedy = "regularize it, or if it is singular at 0 only, give singular=True"
    if not np.all(np.isfinite(values)):
        raise InputError(
            f"the interaction kernel is not finite on the grid's displacements: {remedy}"
        )
    return values


def _check_even(kernel: Callable[..., Array], displacements: list[Array]) -> None:
    """Raise InputError unless W(x) = W(-x) at a sample of the displacements."""
    most = SAMPLES[len(displacements) - 1]
    sample = [d[:: max(1, len(d) // most)] for d in displacements]
    where = np.meshgrid(*sample, indexing="ij", sparse=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.asarray(kernel(*where), dtype=float)
        mirrored = np.asarray(kernel(*(-w for w in where)), dtype=float)
        differences = np.abs(values - mirrored)
    finite = np.isfinite(differences)
    asymmetry = float(np.max(differences, where=finite, initial=0.0))
    scale = float(np.max(np.abs(values), where=np.isfinite(values), initial=0.0))
    if asymmetry > EVEN_TOLERANCE * max(scale, 1e-300):
        raise InputError(
            f"the interaction kernel is not even: W(x) and W(-x) differ by {asymmetry:.3g}; "
            "a gradient flow needs W(x) = W(-x)"
        )
