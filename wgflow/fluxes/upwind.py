"""The first-order upwind flux."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.fluxes.base import Flux

__all__ = ["Upwind"]


@dataclass(frozen=True)
class Upwind(Flux):
    """First-order upwind flux, with a central difference for T ∇rho.

    References
    ----------
    Carrillo, Chertock, Huang, "A finite-volume method for nonlinear nonlocal equations with
    a gradient flow structure", Commun. Comput. Phys. 17 (2015).
    """

    order: ClassVar[int] = 1
    linear: ClassVar[bool] = True
    two_point: ClassVar[bool] = True

    def spread(self, difference: Array, temperature: float | Array) -> Array:
        """Give T at each face; see :class:`Flux`."""
        return np.full(difference.shape, temperature)
