"""Values of an interaction kernel at displacements, and what it must fulfil."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.asked import Asked
from wgflow.energies.averages import displacement_averages
from wgflow.errors import InputError
from wgflow.grid import Grid

__all__ = ["KernelValues", "check_even"]

KERNEL = "the interaction kernel"
EVEN_TOLERANCE = 1e-12  # relative; above the rounding of a kernel, below any real asymmetry
SAMPLES = (4096, 64, 16, 8)  # displacements an axis at which it is looked for, by dimension


@dataclass(frozen=True)
class KernelValues:
    """Kernel at displacements or, if it is singular, its averages over the cells around them.

    Parameters
    ----------
    kernel : callable
    singular : bool
    grid : Grid
    """

    kernel: Callable[..., Array]
    singular: bool
    grid: Grid

    def __call__(self, displacements: Sequence[Array]) -> Array:
        """Values at all combinations of displacements along the axes.

        Raises
        ------
        InputError
            If one is not finite, or the kernel is not integrable at 0.
        """
        if self.singular:
            widths = np.array([w[0] for w in self.grid.whole.widths])
            values = displacement_averages(self._folded, list(displacements), widths)
            remedy = "it must be finite everywhere but at 0, and even"
        else:
            shape = tuple(len(d) for d in displacements)
            where = np.meshgrid(*displacements, indexing="ij", sparse=True)
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.broadcast_to(Asked(self.kernel, KERNEL)(*where), shape)
            remedy = "regularize it, or if it is singular at 0 only, give singular=True"
        if not np.all(np.isfinite(values)):
            raise InputError(
                f"the interaction kernel is not finite on the grid's displacements: {remedy}"
            )
        return values

    def _folded(self, *points: Array) -> Array:
        # a cell at half a period reaches beyond it
        folded = (
            x - axis.length * np.rint(x / axis.length) if axis.periodic else x
            for x, axis in zip(points, self.grid.box.axes, strict=True)
        )
        return Asked(self.kernel, KERNEL)(*folded)


def check_even(kernel: Callable[..., Array], displacements: Sequence[Array]) -> None:
    """Raise InputError unless W(x) = W(-x) at a sample of the displacements."""
    most = SAMPLES[len(displacements) - 1]
    sample = [d[:: max(1, len(d) // most)] for d in displacements]
    where = np.meshgrid(*sample, indexing="ij", sparse=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = Asked(kernel, KERNEL)(*where)
        mirrored = Asked(kernel, KERNEL)(*(-w for w in where))
        differences = np.abs(values - mirrored)
    finite = np.isfinite(differences)
    asymmetry = float(np.max(differences, where=finite, initial=0.0))
    scale = float(np.max(np.abs(values), where=np.isfinite(values), initial=0.0))
    if asymmetry > EVEN_TOLERANCE * max(scale, 1e-300):
        raise InputError(
            f"the interaction kernel is not even: W(x) and W(-x) differ by {asymmetry:.3g}; "
            "a gradient flow needs W(x) = W(-x)"
        )
