"""A whole free energy on one grid: its drift part, its temperature, its value."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array
from wgflow.energies.base import DiscreteTerm, Energy, Term
from wgflow.energies.entropy import DiscreteEntropy
from wgflow.energies.risk import DiscreteRisk
from wgflow.grid import Grid

__all__ = ["DiscreteEnergy"]


class DiscreteEnergy:
    """Sum of the discrete terms of a free energy.

    Schemes treat the entropy apart from the rest: ``drift`` is everything else, V + U*rho,
    and ``temperature`` the sum of the coefficients of rho log rho.

    Parameters
    ----------
    energy : Energy or Term
    grid : Grid
    """

    def __init__(self, energy: Energy | Term, grid: Grid) -> None:
        terms = energy.terms if isinstance(energy, Energy) else (energy,)
        self.grid = grid
        self.terms: list[DiscreteTerm] = [term.discretize(grid) for term in terms]
        # a float also without entropy: kernels are compiled for each type of argument
        self.temperature = float(
            sum(t.temperature for t in self.terms if isinstance(t, DiscreteEntropy))
        )
        self._drifts = [t for t in self.terms if not isinstance(t, DiscreteEntropy)]
        self._risks = [t for t in self.terms if isinstance(t, DiscreteRisk)]

    @property
    def interacting(self) -> bool:
        """Whether the drift depends on the density."""
        return any(term.interacting for term in self._drifts)

    @property
    def time_dependent(self) -> bool:
        """Whether the drift depends on time by itself."""
        return any(getattr(term, "time_dependent", False) for term in self._drifts)

    def value(self, density: Array, time: float) -> float:
        """Free energy F(rho)."""
        return sum(term.value(density, time) for term in self.terms)

    def drift(self, density: Array, time: float) -> Array:
        """First variation without the entropy, V + U*rho, of the grid's shape."""
        total = np.zeros(self.grid.shape)
        for term in self._drifts:
            total += term.first_variation(density, time)
        return total

    def drift_change(self, density: Array, direction: Array) -> Array:
        """Differentiate the drift in a direction."""
        total = np.zeros(self.grid.shape)
        for term in self._drifts:
            if term.interacting:
                total += term.second_variation(density, direction)
        return total

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation of the whole free energy."""
        total = np.zeros(self.grid.shape)
        for term in self.terms:
            total += term.first_variation(density, time)
        return total

    def risk(self, density: Array) -> float | None:
        """Give the population risk, if a network is among the terms."""
        return sum(term.risk(density) for term in self._risks) if self._risks else None

    def moments(self, density: Array) -> Array | None:
        """Moments of the network's features, if a network is among the terms."""
        return self._risks[0].moments(density) if self._risks else None
