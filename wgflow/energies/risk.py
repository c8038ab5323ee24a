"""The risk of a two-layer network as a term of the free energy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.energies.base import DiscreteTerm, Term
from wgflow.energies.latex import Letters, TermFormula
from wgflow.energies.low_rank import FeatureMatrix
from wgflow.grid import Grid
from wgflow.networks.features import Features
from wgflow.parallel import require_memory

__all__ = ["DiscreteRisk", "Risk"]

# shares of a label: at one of these predictions the curvature of a loss is about its largest
CURVED = (0.0, 0.5, 0.9, 0.99, 1.0)


@dataclass(frozen=True)
class Risk(Term):
    """The loss a network minimizes: R/2 = E y²/2 + ∫ V rho + ½ ∬ U rho rho', or E ℓ(f, y).

    The first is half the population risk for the square loss; any other loss is that of the
    features. The kernel U enters only through its features: one product with K rows gives the
    moments and another the first variation, at K operations per cell each.

    Parameters
    ----------
    features : Features
        The features of the network and its data, with the loss.
    """

    features: Features

    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Evaluate the features at the cell centres.

        Raises
        ------
        InputError
            If there is no memory for them.
        """
        return DiscreteRisk(self.features, grid)

    def latex(self, letters: Letters) -> TermFormula:
        r"""Return the formulas: \Psi is the first variation, E the mean over the data."""
        name = rf"\Psi{letters.label}"
        if self.features.quadratic:
            return TermFormula(
                r"\frac{1}{2} R(\rho)",
                name,
                meanings=(rf"{name} = V{letters.label} + \int U{letters.label}\,\rho",),
                letter=r"\Psi",
            )
        kind = re.sub("(?<!^)(?=[A-Z])", r"\\ ", type(self.features.loss).__name__).lower()
        loss = rf"\mathrm{{{kind}}}"
        return TermFormula(
            rf"\mathbb{{E}}\,\ell_{{{loss}}}(f, y)",
            name,
            meanings=(rf"{name} = \mathbb{{E}}\,\ell_{{{loss}}}'(f, y)\,\sigma",),
            letter=r"\Psi",
        )


class DiscreteRisk(DiscreteTerm):
    """Risk of cell averages; holds the (K, cells) matrix of features."""

    interacting: ClassVar[bool] = True

    def __init__(self, features: Features, grid: Grid) -> None:
        self.features = features
        self.quadratic = features.quadratic
        count = int(np.prod(grid.cells))
        require_memory(
            grid.comm,
            8 * features.rank * grid.size,
            f"M = {features.rank} features on {count} cells",
            "take fewer cells (--cells), or fewer features, such as a part of the data",
        )
        self._matrix = FeatureMatrix(features.functions, grid)

    def moments(self, density: Array) -> Array:
        """Moments m_k = ∫ Φ_k rho, shape (K,)."""
        return self._matrix.moments(density)

    def risk(self, density: Array) -> float:
        """Return the population risk R(rho)."""
        return self.features.risk(self.moments(density))

    def value(self, density: Array, time: float) -> float:
        """Value R(rho)/2 of the square loss, R(rho) of others."""
        return self.features.energy(self.moments(density))

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation Ψ = Σ_k dF/dm_k Φ_k, V + ∫ U rho with the square loss."""
        return self._matrix.combine(self.features.slope(self.moments(density)))

    def second_variation(self, density: Array, direction: Array) -> Array:
        """Second variation Σ_k d²F/dm_k² Φ_k ∫ Φ_k direction."""
        curvature = self.features.curvature(self.moments(density))
        return self._matrix.combine(curvature * self.moments(direction))

    def stiffest_variation(self, direction: Array) -> Array:
        """Second variation with the largest curvature of the loss for each feature."""
        return self._matrix.combine(self._curvature() * self.moments(direction))

    def steepness(self) -> Array:
        """Sum of d²F/dm_k² |∇Φ_k|² in each cell, with the largest curvatures."""
        return self._matrix.steepness(self._curvature())

    def _curvature(self) -> Array:
        """Largest curvature of the loss for each feature."""
        features = self.features
        if self.quadratic:
            return features.curvature(np.zeros(features.rank))
        labels = features.targets / features.weights
        largest: Array = np.max([features.curvature(p * labels) for p in CURVED], axis=0)
        return largest
