"""Pairwise interaction ½ ∬ W(x - y) rho(x) rho(y), by fast Fourier transforms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.energies.base import DiscreteTerm, Term
from wgflow.errors import InputError
from wgflow.grid import Grid

__all__ = ["Interaction"]

EVEN_TOLERANCE = 1e-12  # relative; above the rounding of a kernel, below any real asymmetry


@dataclass(frozen=True)
class Interaction(Term):
    """The term ½ ∬ W(x - y) rho(x) rho(y) with an even, smooth kernel W.

    The convolution is exact for cell masses at the cell centres: zero-padded on bounded
    axes, circular on periodic ones, O(n log n) for n cells, without a dense kernel.

    Parameters
    ----------
    kernel : callable
        ``W(dx, dy, ...)`` at arrays of displacements; on a periodic axis displacements lie
        within half a period.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow import Box, Grid
    >>> grid = Grid(Box((-1, 1)), 50)
    >>> term = Interaction(lambda x: x**2 / 2).discretize(grid)
    >>> density = np.full(50, 0.5)
    >>> bool(abs(term.value(density, 0.0) - 1 / 6) < 1e-3)
    True
    """

    kernel: Callable[..., Array]

    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Transform the kernel on the grid's displacements.

        Raises
        ------
        InputError
            If an axis has unequal cells or is radial, or the kernel is not even or finite.
        """
        return _DiscreteInteraction(self, grid)


class _DiscreteInteraction(DiscreteTerm):
    interacting: ClassVar[bool] = True

    def __init__(self, term: Interaction, grid: Grid) -> None:
        from scipy import fft

        self.grid = grid
        displacements = []
        for axis, data in enumerate(grid.box.axes):
            if data.radial is not None or not grid.uniform[axis]:
                raise InputError(
                    f"axis {grid.box.names[axis]}: a kernel of x - y needs equal cells on a plain "
                    "axis; use equal cells, or Risk with features"
                )
            n = grid.shape[axis]
            padded = n if data.periodic else fft.next_fast_len(2 * n - 1, real=True)
            steps = np.fft.fftfreq(padded, 1 / padded)  # 0, 1, ..., -2, -1
            displacements.append(steps * data.length / n)
        self._padded = tuple(len(d) for d in displacements)
        kernel = _even_kernel(term.kernel, displacements)
        self._axes = tuple(range(grid.dimension))
        # an even real kernel has a real transform; the cell volume turns densities to masses
        volume = float(grid.volumes.flat[0])
        self._transform = fft.rfftn(kernel, axes=self._axes).real * volume

    def _convolve(self, density: Array) -> Array:
        from scipy import fft

        spectrum = fft.rfftn(density, self._padded, axes=self._axes)
        spectrum *= self._transform
        full = fft.irfftn(spectrum, self._padded, axes=self._axes, overwrite_x=True)
        inside: Array = full[tuple(slice(0, n) for n in self.grid.shape)]
        return np.ascontiguousarray(inside)

    def value(self, density: Array, time: float) -> float:
        """Value ½ ∬ W rho rho."""
        return self.grid.integrate(density * self._convolve(density)) / 2

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation W * rho."""
        return self._convolve(density)

    def second_variation(self, density: Array, direction: Array) -> Array:
        """Second variation W * direction."""
        return self._convolve(direction)


def _even_kernel(kernel: Callable[..., Array], displacements: list[Array]) -> Array:
    where = np.meshgrid(*displacements, indexing="ij", sparse=True)
    shape = tuple(len(d) for d in displacements)
    values = np.broadcast_to(np.asarray(kernel(*where), dtype=float), shape)
    if not np.all(np.isfinite(values)):
        raise InputError(
            "the interaction kernel is not finite on the grid's displacements: "
            "regularize it, or use a kernel that is bounded at 0"
        )
    mirrored = np.broadcast_to(np.asarray(kernel(*(-w for w in where)), dtype=float), shape)
    asymmetry = float(np.max(np.abs(values - mirrored)))
    scale = float(np.max(np.abs(values)))
    if asymmetry > EVEN_TOLERANCE * max(scale, 1e-300):
        raise InputError(
            f"the interaction kernel is not even: W(x) and W(-x) differ by {asymmetry:.3g}; "
            "a gradient flow needs W(x) = W(-x)"
        )
    return np.array(values)
