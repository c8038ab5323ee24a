"""A whole free energy on one grid: its drift part, its temperature, its value."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from wgflow._typing import Array
from wgflow.energies.base import DiscreteTerm, Energy, Term
from wgflow.energies.entropy import DiscreteEntropy
from wgflow.energies.power_law import DiscretePowerLaw
from wgflow.energies.risk import DiscreteRisk
from wgflow.energies.stiffness import stiffest
from wgflow.grid import Grid

__all__ = ["DiscreteEnergy"]


class DiscreteEnergy:
    """Sum of the discrete terms of a free energy.

    Schemes treat local terms, functions of the density of a cell, apart from the rest:
    ``drift`` is V + U*rho, all that is not local; ``temperature`` is the sum of the
    coefficients of rho log rho; ``enthalpy`` is H'(rho) of the power laws.

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
        self._drifts = [t for t in self.terms if not t.local]
        self._powers = [t for t in self.terms if isinstance(t, DiscretePowerLaw)]
        self._risks = [t for t in self.terms if isinstance(t, DiscreteRisk)]

    @property
    def interacting(self) -> bool:
        """Whether the drift depends on the density."""
        return any(term.interacting for term in self._drifts)

    @property
    def time_dependent(self) -> bool:
        """Whether the drift depends on time by itself."""
        return any(term.time_dependent for term in self._drifts)

    @property
    def quadratic(self) -> bool:
        """Whether the terms of the drift are at most quadratic in the density."""
        return all(term.quadratic for term in self._drifts)

    @property
    def nonlinear(self) -> bool:
        """Whether there is a power law: the diffusion is not linear in the density."""
        return any(term.term.coefficient > 0 for term in self._powers)

    def value(self, density: Array, time: float) -> float:
        """Free energy F(rho)."""
        return sum(term.value(density, time) for term in self.terms)

    def drift(self, density: Array, time: float) -> Array:
        """First variation without the local terms, V + U*rho, of the grid's shape.

        It may be an array that a term keeps: it is to be read, not written.
        """
        if len(self._drifts) == 1:
            return self._drifts[0].first_variation(density, time)
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

    def drift_between(self, old: Array, new: Array, time: float, weight: float = 0.5) -> Array:
        """Drift of an implicit step: of quadratic terms at a mean, of others at the new density.

        With the weight 1/2 its integral against new - old is at least the difference of the
        values: equal for quadratic terms, by the midpoint rule, above it for convex ones.

        Parameters
        ----------
        old, new : arrays of the grid's shape
        time : float
        weight : float
            Share of the new density in the mean.
        """
        mean = (1 - weight) * old + weight * new
        if self.quadratic:
            return self.drift(mean, time)
        total = np.zeros(self.grid.shape)
        for term in self._drifts:
            total += term.first_variation(mean if term.quadratic else new, time)
        return total

    def drift_between_change(
        self, old: Array, new: Array, direction: Array, weight: float = 0.5
    ) -> Array:
        """Differentiate :meth:`drift_between` by the new density in a direction."""
        mean = (1 - weight) * old + weight * new
        total = np.zeros(self.grid.shape)
        for term in self._drifts:
            if term.interacting and term.quadratic:
                total += term.second_variation(mean, weight * direction)
            elif term.interacting:
                total += term.second_variation(new, direction)
        return total

    def stiffness(self, density: Array) -> float:
        """Bound on the rates at which the nonlocal terms make disturbances of a density decay.

        With a forward Euler step of at most 2 over it the terms do not make the energy increase,
        see :func:`wgflow.energies.stiffness.stiffest`. It is the largest density times a number
        that is found when it is first asked for. For features it is at most the trace of the
        same map too, which stays small where a density concentrates.
        """
        if not self.interacting:
            return 0.0
        most = self.grid.maximum(density)
        of_kernels, of_features, steepness = self._stiffness
        bound = most * of_kernels
        if steepness is not None:
            trace = self.grid.integrate_product(density, steepness)
            bound += min(most * of_features, trace)
        return bound

    @cached_property
    def _stiffness(self) -> tuple[float, float, Array | None]:
        """Of the kernels and of the features, and the steepness of the features."""
        kernels: list[DiscreteTerm] = []
        features: list[DiscreteTerm] = []
        steepness: Array | None = None
        for term in self._drifts:
            if term.interacting:
                steep = term.steepness()
                (kernels if steep is None else features).append(term)
                if steep is not None:
                    steepness = steep if steepness is None else steepness + steep
        return self._stiffest(kernels), self._stiffest(features), steepness

    def _stiffest(self, terms: list[DiscreteTerm]) -> float:
        if not terms:
            return 0.0

        def variation(direction: Array) -> Array:
            total = np.zeros(self.grid.shape)
            for term in terms:
                total += term.stiffest_variation(direction)
            return total

        return stiffest(variation, self.grid)

    def enthalpy(self, density: Array) -> Array:
        """First variation H'(rho) of the power laws, of the grid's shape."""
        total = np.zeros(self.grid.shape)
        for term in self._powers:
            total += term.first_variation(density, 0.0)
        return total

    def enthalpy_slope(self, density: Array) -> Array:
        """Differentiate the enthalpy, H''(rho), by the density of each cell."""
        total = np.zeros(self.grid.shape)
        for term in self._powers:
            total += term.slope(density)
        return total

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation of the whole free energy."""
        total = np.zeros(self.grid.shape)
        for term in self.terms:
            total += term.first_variation(density, time)
        return total

    def risk(self, density: Array) -> float | None:
        """Return the population risk, if a network is among the terms."""
        return sum(term.risk(density) for term in self._risks) if self._risks else None

    def moments(self, density: Array) -> Array | None:
        """Moments of the network's features, if a network is among the terms."""
        return self._risks[0].moments(density) if self._risks else None
