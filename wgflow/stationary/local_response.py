"""The density that balances a given drift potential, cell by cell, at mass 1."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array
from wgflow.energies import DiscreteEnergy
from wgflow.errors import InputError, SolverError
from wgflow.grid import Grid

__all__ = ["LocalResponse"]

INNER_STEPS, OUTER_STEPS = 100, 200
LOWEST = -700.0  # logarithm of the smallest density that is told apart from 0


class LocalResponse:
    """Solves h(rho) + drift = C in each cell, with C such that the mass is 1.

    h is the derivative of the local terms: T log(rho/mu) and c m/(m-1) rho^(m-1). With
    entropy alone rho ∝ mu exp(-drift/T). A power law with m > 1 and no entropy leaves cells
    empty where the drift exceeds C.

    Parameters
    ----------
    energy : DiscreteEnergy
        With entropy or power laws.
    grid : Grid

    Raises
    ------
    InputError
        If the energy has no local term, and so the balance no smooth solution.
    """

    def __init__(self, energy: DiscreteEnergy, grid: Grid) -> None:
        self.energy, self.grid = energy, grid
        self.temperature = energy.temperature
        self.nonlinear: bool = getattr(energy, "nonlinear", False)
        if not (self.temperature > 0 or self.nonlinear):
            raise InputError(
                "the energy has no entropy and no power law: a stationary density may be any sum "
                "of point masses; add noise (beta), or run the case in time"
            )
        reference = grid.log_reference
        self._reference = np.zeros(()) if reference is None else reference

    def density(self, drift: Array) -> Array:
        """Density of mass 1 in balance with a drift potential (without the reference's part)."""
        if not self.nonlinear:
            exponent = self._reference - drift / self.temperature
            density: Array = np.exp(exponent - exponent.max())
            return density / self.grid.integrate(density)
        return self._bisected(drift)

    def susceptibility(self, density: Array) -> Array:
        """Change of the density by C - drift in each cell, 1/h'(rho)."""
        stiffness = np.zeros_like(density)
        positive = density > 0
        safe = np.where(positive, density, 1.0)
        if self.temperature > 0:
            stiffness += self.temperature / safe
        if self.nonlinear:
            stiffness += self.energy.enthalpy_slope(safe)
        return np.where(positive, 1 / stiffness, 0.0)

    def change(self, susceptibility: Array, drift: Array) -> Array:
        """Change of the density of mass 1 with the drift potential."""
        weight = self.grid.integrate(susceptibility)
        mean = self.grid.integrate(susceptibility * drift) / weight
        return susceptibility * (mean - drift)

    def _bisected(self, drift: Array) -> Array:
        """Newton's method for C, kept within a bracket, on the mass as a function of C."""
        low, high = self._bracket(drift)
        constant = (low + high) / 2
        for _ in range(OUTER_STEPS):
            density = self._at(constant - drift)
            excess = self.grid.integrate(density) - 1
            low, high = (constant, high) if excess < 0 else (low, constant)
            weight = self.grid.integrate(self.susceptibility(density))
            guess = constant - excess / weight if weight > 0 else np.inf
            step = guess if low < guess < high else (low + high) / 2
            if abs(excess) < 1e-14 or step == constant:
                return density / (1 + excess)
            constant = step
        return density / self.grid.integrate(density)

    def _bracket(self, drift: Array) -> tuple[float, float]:
        """Constants of too little and too much mass."""
        flat = 1 / self.grid.integrate(np.ones(self.grid.shape))
        level = self._balance(np.log(flat) + np.zeros(self.grid.shape))
        low, high = float((level + drift).min()), float((level + drift).max())
        return low - 1e-12 * abs(low), high + 1e-12 * abs(high)

    def _balance(self, logarithm: Array) -> Array:
        """Evaluate h at a density given by its logarithm."""
        total = np.zeros(self.grid.shape)
        if self.temperature > 0:
            total += self.temperature * (logarithm - self._reference)
        if self.nonlinear:
            total += self.energy.enthalpy(np.exp(logarithm))
        return total

    def _at(self, level: Array) -> Array:
        """Density with h(rho) = level in each cell, 0 where even a vanishing one has more."""
        low = np.full(self.grid.shape, LOWEST)
        empty = self._balance(low) >= level
        high = np.full(self.grid.shape, 1.0)
        for _ in range(10):
            short = self._balance(high) < level
            if not short.any():
                break
            high = np.where(short, high * 2, high)
        else:
            raise SolverError("the power law cannot balance the drift: its density is unbounded")
        middle = (low + high) / 2
        for _ in range(INNER_STEPS):
            gap = self._balance(middle) - level
            low, high = np.where(gap < 0, middle, low), np.where(gap < 0, high, middle)
            # Newton in the logarithm of the density, where h is monotone
            value = np.exp(middle)
            step = middle - gap * self.susceptibility(value) / value
            inside = (step > low) & (step < high)
            after = np.where(inside, step, (low + high) / 2)
            if np.all((np.abs(after - middle) <= 1e-15 * np.abs(middle) + 1e-300) | empty):
                break
            middle = after
        return np.where(empty, 0.0, np.exp(middle))
