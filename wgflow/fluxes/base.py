"""What a numerical flux is, and what the schemes share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.errors import InputError
from wgflow.lines import Lines

__all__ = ["Flux", "kernel_arguments", "two_point"]


class Flux(ABC):
    """A two-point flux, or a limited one, for ∂t rho = ∇·(rho ∇psi + T ∇rho).

    Attributes
    ----------
    order : int
        Order in space in smooth flow.
    linear : bool
        Whether the flux is linear in the two densities beside the face, which implicit
        steppers need.
    """

    order: ClassVar[int]
    linear: ClassVar[bool]

    @abstractmethod
    def add_divergence(
        self, density: Array, potential: Array, out: Array, lines: Lines, temperature: float
    ) -> float:
        """Add the divergence along one axis to ``out``; return the largest emptying rate.

        ``density`` and ``potential`` are flat with ghost cells, ``out`` flat without.
        """

    def coefficients(self, difference: Array, temperature: float) -> tuple[Array, Array]:
        """Coefficients of the two densities beside each face, times the centre distance.

        Parameters
        ----------
        difference : array
            Potential on the right of each face minus that on the left.
        temperature : float
            T.

        Returns
        -------
        forth, back : arrays of the same shape
            The flux is ``(forth * rho_left - back * rho_right) / distance``.
        """
        raise InputError(
            f"{type(self).__name__} is not linear in the density: use an explicit stepper, "
            "or the Upwind or ScharfetterGummel flux"
        )

    def slope(self, difference: Array, temperature: float, low: Array, high: Array) -> Array:
        """Differentiate ``forth * low - back * high`` by the potential difference."""
        from wgflow.fluxes import _kernels

        out = np.empty(difference.size)
        flat = [np.ascontiguousarray(a).ravel() for a in (difference, low, high)]
        _kernels.two_point_slope(flat[0], self._fitted(temperature), flat[1], flat[2], out)
        return out.reshape(difference.shape)

    def _fitted(self, temperature: float) -> float:
        """Temperature that enters the coefficients exponentially."""
        return 0.0


def kernel_arguments(
    lines: Lines,
) -> tuple[IntArray, IntArray, int, int, int, int, Array, Array, bool]:
    """Give the fields of the lines in the order in which the kernels take them."""
    return (
        lines.starts,
        lines.ghosted_starts,
        lines.cells,
        lines.width,
        lines.stride,
        lines.ghosted_stride,
        lines.widths,
        lines.distances,
        lines.open_ends,
    )


def two_point(difference: Array, temperature: float) -> tuple[Array, Array]:
    """Exponentially fitted coefficients of the densities beside each face, any shape."""
    from wgflow.fluxes import _kernels

    flat = np.ascontiguousarray(difference).ravel()
    forth, back = np.empty_like(flat), np.empty_like(flat)
    _kernels.two_point(flat, temperature, forth, back)
    return forth.reshape(difference.shape), back.reshape(difference.shape)
