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

    It vanishes exactly at rho ∝ exp(-psi/T). Without entropy (T = 0) it is the upwind flux.
    Power laws enter as a temperature of each face, :func:`face_temperature`.

    References
    ----------
    Scharfetter, Gummel, IEEE Trans. Electron Devices 16 (1969); Schlichting, Seis, "The
    Scharfetter-Gummel scheme for aggregation-diffusion equations", IMA J. Numer. Anal. (2022).
    """

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
