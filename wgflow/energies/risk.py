"""The risk of a two-layer network as a term of the free energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.energies.base import DiscreteTerm, Term
from wgflow.errors import InputError
from wgflow.grid import Grid
from wgflow.networks.features import Features

__all__ = ["DiscreteRisk", "Risk"]


@dataclass(frozen=True)
class Risk(Term):
    """Half the population risk, R(rho)/2 = E y²/2 + ∫ V rho + ½ ∬ U rho rho'.

    The kernel U enters through its features only: one product with K rows gives the moments
    and another gives the first variation V + ∫ U rho, at K operations a cell.

    Parameters
    ----------
    features : Features
        The features of the network and its data.
    """

    features: Features

    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Evaluate the features at the cell centres."""
        return DiscreteRisk(self.features, grid)


class DiscreteRisk(DiscreteTerm):
    """Risk of cell averages; holds the (K, cells) matrix of features."""

    interacting: ClassVar[bool] = True

    def __init__(self, features: Features, grid: Grid) -> None:
        self.features, self.grid = features, grid
        values = np.asarray(features.functions(*grid.coordinates), dtype=float)
        if values.shape[1:] != grid.shape or not np.all(np.isfinite(values)):
            raise InputError(
                f"features of shape {values.shape} on a grid of shape {grid.shape}: they must "
                "be finite arrays of shape (K, *grid.shape); check domain and dimension"
            )
        self._matrix = np.ascontiguousarray(values.reshape(len(values), grid.size))

    def moments(self, density: Array) -> Array:
        """Moments m_k = ∫ Φ_k rho, shape (K,)."""
        moments: Array = self._matrix @ (density * self.grid.volumes).ravel()
        return moments

    def risk(self, density: Array) -> float:
        """Give the population risk R(rho)."""
        return self.features.risk(self.moments(density))

    def value(self, density: Array, time: float) -> float:
        """Value R(rho) / 2."""
        return self.risk(density) / 2

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation Ψ = V + ∫ U rho."""
        slope = self.features.slope(self.moments(density))
        variation: Array = (slope @ self._matrix).reshape(self.grid.shape)
        return variation

    def second_variation(self, density: Array, direction: Array) -> Array:
        """Second variation ∫ U direction."""
        curvature = self.features.curvature(self.moments(density))
        change = curvature * self.moments(direction)
        variation: Array = (change @ self._matrix).reshape(self.grid.shape)
        return variation
