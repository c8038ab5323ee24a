"""Exact population risk and gradient of a finite network, without sampling data.

The ridge network on two Gaussians, in full dimension, is in
:mod:`wgflow.networks.gaussian_population`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from wgflow._typing import Array
from wgflow.networks.charts import Chart, Identity
from wgflow.networks.features import Features

__all__ = ["FeaturePopulation", "Population"]


class Population(Protocol):
    """Risk R_N and gradient of a network of N neurons, with exact expectations over the data."""

    def risk(self, theta: Array) -> float:
        """R_N = E (y - f)² or E ℓ(f, y), f = (1/N) Σ_i σ(x; θ_i), of the states ``(N, D)``."""
        ...

    def gradient(self, theta: Array) -> Array:
        """∇Ψ(θ_i) of the empirical measure, ``(N, D)``: N ∂F/∂θ_i, F = R_N/2 for the square loss.

        There it is ∇V(θ_i) + (1/N) Σ_j ∇₁U(θ_i, θ_j).
        """
        ...


@dataclass(frozen=True)
class FeaturePopulation:
    """Population risk from the moments of the empirical measure.

    Exact if the features are exact in the coordinates of the chart. With :class:`Radius` it is
    the risk of the rotation-averaged network, not of the finite network.

    Parameters
    ----------
    features : Features
    chart : Chart

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow.networks import CosineData, cosine_features
    >>> population = FeaturePopulation(cosine_features(CosineData(0.8)))
    >>> round(population.risk(np.zeros((5, 1))), 12)  # (A - 1)²
    0.04
    >>> population.gradient(np.zeros((5, 1))).shape
    (5, 1)
    """

    features: Features
    chart: Chart = field(default_factory=Identity)

    def risk(self, theta: Array) -> float:
        """Risk of the states ``(N, D)``."""
        return self.features.risk(self._moments(self.chart.coordinates(theta)))

    def gradient(self, theta: Array) -> Array:
        """Gradient ``(N, D)`` of the first variation at the states."""
        coordinates = self.chart.coordinates(theta)
        moments = self._moments(coordinates)
        return self.chart.pullback(theta, self.features.potential_gradient(moments, *coordinates))

    def _moments(self, coordinates: tuple[Array, ...]) -> Array:
        moments: Array = self.features.functions(*coordinates).mean(axis=1)
        return moments
