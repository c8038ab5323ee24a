"""The entropy term β^{-1} ∫ rho log rho, which is noise of inverse temperature β."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.energies.base import DiscreteTerm, Term
from wgflow.energies.latex import Letters, TermFormula, times
from wgflow.errors import InputError
from wgflow.grid import Grid

__all__ = ["Entropy"]

# log(rho) of an empty cell: the smallest normal number keeps the first variation finite
TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Entropy(Term):
    """The term T ∫ rho log(rho / mu), with mu the volume measure of the domain.

    It produces the diffusion T Δrho. On a radial axis of dimension d the density is with
    respect to dr and mu = r^(d-1) dr, giving T ∂r(r^(d-1) ∂r(rho / r^(d-1))).

    Parameters
    ----------
    temperature : float
        T = 1/β, at least 0.

    Raises
    ------
    InputError
        If the temperature is negative or not finite.
    """

    temperature: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.temperature) and self.temperature >= 0):
            raise InputError(
                f"temperature {self.temperature}: give a finite number >= 0 (0 is no noise)"
            )

    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Return the entropy of cell values."""
        return DiscreteEntropy(self.temperature, grid)

    def scaled(self, factor: float) -> Entropy:
        """Return the term multiplied by a number."""
        return Entropy(factor * self.temperature)

    def latex(self, letters: Letters) -> TermFormula:
        """Return the formulas of the term."""
        if self.temperature == 0:
            return TermFormula("")
        logarithm = r"\log(\rho/\mu)" if letters.weighted else r"\log \rho"
        energy = times(self.temperature, rf"\int \rho\,{logarithm}")
        return TermFormula(energy, temperature=self.temperature)


class DiscreteEntropy(DiscreteTerm):
    """Entropy of cell averages relative to the grid's reference density."""

    interacting: ClassVar[bool] = True
    local: ClassVar[bool] = True

    def __init__(self, temperature: float, grid: Grid) -> None:
        self.temperature, self.grid = temperature, grid

    def _log_ratio(self, density: Array) -> Array:
        logarithm: Array = np.maximum(density, TINY)
        np.log(logarithm, out=logarithm)
        reference = self.grid.log_reference
        if reference is not None:
            logarithm -= reference
        return logarithm

    def value(self, density: Array, time: float) -> float:
        """Value T ∫ rho log(rho / mu)."""
        values = self._log_ratio(density)
        values *= density
        return self.temperature * self.grid.integrate(values)

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation T (log(rho / mu) + 1)."""
        variation = self._log_ratio(density)
        variation += 1.0
        variation *= self.temperature
        return variation

    def second_variation(self, density: Array, direction: Array) -> Array:
        """Second variation T direction / rho."""
        return self.temperature * direction / np.maximum(density, TINY)
