"""What a numerical flux is, and what the schemes share."""

from __future__ import annotations

from abc import ABC
from typing import ClassVar

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.errors import InputError
from wgflow.lines import Lines

__all__ = ["Flux", "kernel_arguments"]


class Flux(ABC):
    """A two-point flux, or a limited one, for ∂t rho = ∇·(rho ∇psi + T ∇rho).

    Attributes
    ----------
    order : int
        Order in space in smooth flow.
    linear : bool
        Whether the flux is linear in the two densities beside the face, which implicit
        steppers need.
    two_point : bool
        Whether it is given by its :meth:`spread` and the difference of a potential.
    """

    order: ClassVar[int]
    linear: ClassVar[bool]
    two_point: ClassVar[bool] = False

    def add_divergence(
        self, density: Array, potential: Array, out: Array, lines: Lines, temperature: float
    ) -> float:
        """Add the divergence along one axis to ``out``; return the largest emptying rate.

        For fluxes that are not two-point. ``density`` and ``potential`` are flat with ghost
        cells, ``out`` flat without.
        """
        raise NotImplementedError(f"the rate of {type(self).__name__} goes through its spread")

    def spread(self, difference: Array, temperature: float | Array) -> Array:
        """Give what a face lets through both ways, times the centre distance.

        With it a linear flux, times the distance, is ``spread (low - high)`` and the upwind
        flux of the potential difference.

        Parameters
        ----------
        difference : array
            Potential above each face minus that below.
        temperature : float or array of the same shape
            T.
        """
        raise NotImplementedError(f"{type(self).__name__} is not linear in the density")

    def coefficients(self, difference: Array, temperature: float | Array) -> tuple[Array, Array]:
        """Coefficients of the two densities beside each face, times the centre distance.

        Parameters
        ----------
        difference : array
            Potential on the right of each face minus that on the left.
        temperature : float or array of the same shape
            T.

        Returns
        -------
        forth, back : arrays of the same shape
            The flux is ``(forth * rho_left - back * rho_right) / distance``.
        """
        if not self.linear:
            raise InputError(
                f"{type(self).__name__} is not linear in the density: use an explicit stepper, "
                "or the Upwind or ScharfetterGummel flux"
            )
        spread = self.spread(difference, temperature)
        return spread + np.maximum(-difference, 0.0), spread + np.maximum(difference, 0.0)

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
) -> tuple[IntArray, IntArray, int, int, int, int, Array, Array, bool, bool]:
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
        lines.open_lower,
        lines.open_upper,
    )
