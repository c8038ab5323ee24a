"""The first-order upwind flux."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wgflow._typing import Array
from wgflow.fluxes.base import Flux, kernel_arguments, two_point
from wgflow.lines import Lines

__all__ = ["Upwind"]


@dataclass(frozen=True)
class Upwind(Flux):
    """First-order upwind flux, with T ∇rho by a central difference.

    References
    ----------
    Carrillo, Chertock, Huang, "A finite-volume method for nonlinear nonlocal equations with
    a gradient flow structure", Commun. Comput. Phys. 17 (2015).
    """

    order: ClassVar[int] = 1
    linear: ClassVar[bool] = True

    def add_divergence(
        self, density: Array, potential: Array, out: Array, lines: Lines, temperature: float
    ) -> float:
        """Add the divergence along one axis; see :class:`Flux`."""
        from wgflow.fluxes import _kernels

        arguments = kernel_arguments(lines)
        rate: float = _kernels.transport(
            density, potential, out, *arguments, temperature, _kernels.NONE
        )
        return rate

    def coefficients(self, difference: Array, temperature: float) -> tuple[Array, Array]:
        """Coefficients of the two densities beside each face; see :class:`Flux`."""
        forth, back = two_point(difference, 0.0)
        return forth + temperature, back + temperature
