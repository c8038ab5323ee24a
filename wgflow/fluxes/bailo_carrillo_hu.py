"""The upwind flux of the whole first variation, entropy included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.fluxes.base import Flux

__all__ = ["BailoCarrilloHu"]


@dataclass(frozen=True)
class BailoCarrilloHu(Flux):
    """Upwind flux of xi = V + U*rho + H'(rho), with all of H in the potential.

    With :class:`wgflow.ImplicitEuler` it dissipates the free energy at every time step, for
    any convex H: xi is then evaluated at the new density, with U at the mean of old and new.

    References
    ----------
    Bailo, Carrillo, Hu, "Fully discrete positivity-preserving and energy-dissipating schemes
    for aggregation-diffusion equations with a gradient-flow structure", Commun. Math. Sci. 18
    (2020).
    """

    order: ClassVar[int] = 1
    linear: ClassVar[bool] = False
    two_point: ClassVar[bool] = True

    def spread(self, difference: Array, temperature: float | Array) -> Array:
        """Give 0: all diffusion is in the potential."""
        return np.zeros(difference.shape)
