"""The exponentially fitted flux of Scharfetter and Gummel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.fluxes.base import Flux

__all__ = ["ScharfetterGummel"]


@dataclass(frozen=True)
class ScharfetterGummel(Flux):
    """Exponentially fitted flux (T/h)[B(Δ/T) rho_left - B(-Δ/T) rho_right].

    It vanishes exactly for rho ∝ exp(-psi/T). Without entropy (T = 0) it is the upwind flux.
    Power laws enter through a temperature at each face, :func:`face_temperature`.

    Parameters
    ----------
    curvature : bool
        Whether to multiply the flux by 1 + h² psi''/(4T), along axes with equal cells. This
        removes the part of the second-order error proportional to the flux itself: h²
        psi''/(12T) from the curvature of the potential between two centres, h² (psi''/T +
        psi'^2/T^2)/24 from that of the flux, h² (3 psi''/T - psi'^2/T^2)/24 because densities
        are cell averages. The factor is positive, kept within [1/2, 2], so equilibria, signs
        and the energy law are unaffected. Not with a power law.

    References
    ----------
    Scharfetter, Gummel, IEEE Trans. Electron Devices 16 (1969); Schlichting, Seis, "The
    Scharfetter-Gummel scheme for aggregation-diffusion equations", IMA J. Numer. Anal. (2022).
    """

    curvature: bool = False
    order: ClassVar[int] = 2
    linear: ClassVar[bool] = True
    two_point: ClassVar[bool] = True

    def spread(self, difference: Array, temperature: float | Array) -> Array:
        """Give T B(|Δ|/T) at each face; see :class:`Flux`."""
        from wgflow.fluxes import _kernels

        out = np.empty(difference.size)
        heat = np.atleast_1d(np.asarray(temperature, dtype=float)).ravel()
        _kernels.fitted_spread(np.ascontiguousarray(difference).ravel(), heat, out)
        return out.reshape(difference.shape)

    def _fitted(self, temperature: float) -> float:
        return temperature
