"""The exponentially fitted flux of Scharfetter and Gummel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wgflow._typing import Array
from wgflow.fluxes.base import Flux, kernel_arguments, two_point
from wgflow.fluxes.upwind import Upwind
from wgflow.lines import Lines

__all__ = ["ScharfetterGummel"]


@dataclass(frozen=True)
class ScharfetterGummel(Flux):
    """Exponentially fitted flux (T/h)[B(Δ/T) rho_left - B(-Δ/T) rho_right].

    It vanishes exactly at rho ∝ exp(-psi/T). Without entropy (T = 0) it is the upwind flux.

    References
    ----------
    Scharfetter, Gummel, IEEE Trans. Electron Devices 16 (1969); Schlichting, Seis, "The
    Scharfetter-Gummel scheme for aggregation-diffusion equations", IMA J. Numer. Anal. (2022).
    """

    order: ClassVar[int] = 2
    linear: ClassVar[bool] = True

    def add_divergence(
        self, density: Array, potential: Array, out: Array, lines: Lines, temperature: float
    ) -> float:
        """Add the divergence along one axis; see :class:`Flux`."""
        from wgflow.fluxes import _kernels

        if temperature == 0:
            return Upwind().add_divergence(density, potential, out, lines, temperature)
        rate: float = _kernels.scharfetter_gummel(
            density, potential, out, *kernel_arguments(lines), temperature
        )
        return rate

    def coefficients(self, difference: Array, temperature: float) -> tuple[Array, Array]:
        """Coefficients of the two densities beside each face; see :class:`Flux`."""
        return two_point(difference, temperature)

    def _fitted(self, temperature: float) -> float:
        return temperature
