"""A free energy as a function of quantiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.energies import (
    Confinement,
    Energy,
    Entropy,
    FeatureInteraction,
    Interaction,
    PolynomialInteraction,
    Potential,
    PowerLaw,
    Risk,
    Term,
)
from wgflow.errors import InputError
from wgflow.quantiles.conversion import weights_of
from wgflow.quantiles.line import Line
from wgflow.quantiles.local import LocalTerms
from wgflow.quantiles.moments import MomentTerm, moment_term
from wgflow.quantiles.pairs import Pairs
from wgflow.quantiles.tables import LineTable

__all__ = ["Expansion", "QuantileEnergy"]


@dataclass(frozen=True, eq=False)
class Expansion:
    """An energy to second order in the quantiles.

    The second derivative is the sum of diagonals, ``columns @ inner @ columns.T``, and products.

    Attributes
    ----------
    value : float
    gradient : (n,) array
    bands : (u + 1, n) array
        ``bands[k, i]`` belongs to the quantiles i and i + k.
    columns, inner : (n, K) and (K, K) arrays
    products : list of callable
        Maps of vectors by what is left.
    """

    value: float
    gradient: Array
    bands: Array
    columns: Array
    inner: Array
    products: list[Callable[[Array], Array]]


class QuantileEnergy:
    """The free energy of quantiles of fixed masses.

    Potentials and moments are those of atoms: half the mass of each interval at either end, the
    trapezoidal rule. Entropies and power laws are those of the density that is constant between
    quantiles.

    Parameters
    ----------
    energy : Energy or Term
    line : Line

    Attributes
    ----------
    local : LocalTerms
    parted : bool
        Whether the energy itself keeps quantiles apart. Otherwise they may coincide.
    time_dependent : bool

    Raises
    ------
    InputError
        If there is a term that is not known here.
    """

    def __init__(self, energy: Energy | Term, line: Line) -> None:
        terms = energy.terms if isinstance(energy, Energy) else (energy,)
        self.line = line
        self._fixed: list[Callable[..., Array]] = []
        self._moving: list[Callable[..., Array]] = []
        self._moments: list[MomentTerm] = []
        self._pairs: list[Pairs] = []
        temperature, powers = 0.0, []
        for term in terms:
            if isinstance(term, Entropy):
                temperature += term.temperature
            elif isinstance(term, PowerLaw):
                powers.append(term)
            elif isinstance(term, Confinement):
                self._fixed.append(lambda x, k=term.strength: k / 2 * x**2)
            elif isinstance(term, Potential):
                (self._moving if term.time_dependent else self._fixed).append(term.function)
            elif isinstance(term, Interaction):
                if line.radial != 1:
                    raise InputError("Interaction on a radial axis: use FeatureInteraction")
                self._pairs.append(Pairs(term, line))
            elif isinstance(term, Risk | FeatureInteraction | PolynomialInteraction):
                self._moments.append(moment_term(term, line))
            else:
                raise InputError(
                    f"quantiles do not support {type(term).__name__}: use another solver"
                )
        self.local = LocalTerms(temperature, powers, line)
        self.parted = bool(self.local) or any(pairs.repels for pairs in self._pairs)
        if not self.local and any(pairs.attracts for pairs in self._pairs):
            raise InputError(
                "the interaction is unbounded below at 0 and nothing spreads the density: a step "
                "ends in a point mass; add an Entropy, or regularize the kernel"
            )
        self.time_dependent = bool(self._moving)
        self._at: float | None = None
        self._potential: LineTable | None = None
        self._potential_at(0.0)  # what is wrong with it is said before a run

    def _potential_at(self, time: float) -> LineTable | None:
        """Table of the potentials, made anew when they have changed."""
        if not (self._fixed or self._moving):
            return None
        if self._potential is None or (self._moving and time != self._at):

            def total(x: Array) -> Array:
                found = np.zeros((1, len(x)))
                for function in self._fixed:
                    found += function(x)
                for function in self._moving:
                    found += function(time, x)
                return found

            self._potential = LineTable(total, self.line, "the potential", time)
            self._at = time
        return self._potential

    def value(self, positions: Array, masses: Array, time: float) -> float:
        """Free energy; infinite where an entropy or power law would be."""
        weights = weights_of(masses, len(positions))
        total = self.local.value(positions, masses) if self.local else 0.0
        if not np.isfinite(total):
            return total
        table = self._potential_at(time)
        if table is not None:
            total += float(weights @ table(positions)[0, 0])
        for term in self._moments:
            total += term.value(term.table(positions)[0] @ weights)
        for pairs in self._pairs:
            total += pairs.value(positions, masses, weights)
        return total

    def expand(
        self, positions: Array, masses: Array, time: float, convex: bool = False
    ) -> Expansion:
        """Energy, gradient and second derivative, without negative curvature if ``convex``."""
        n, weights = len(positions), weights_of(masses, len(positions))
        bands = np.zeros((max([p.band for p in self._pairs], default=1) + 1, n))
        value, gradient, bend = 0.0, np.zeros(n), np.zeros(n)
        columns, blocks = [], []
        if self.local:
            value, gradient, diagonal, beside = self.local.expand(positions, masses)
            bands[0] += diagonal
            bands[1, : n - 1] += beside[: n - 1]
            if self.line.periodic:  # the first and the last quantile are neighbours
                ends = np.zeros((n, 2))
                ends[0, 0] = ends[-1, 1] = 1.0
                columns.append(ends)
                blocks.append(np.array([[0.0, beside[-1]], [beside[-1], 0.0]]))
        table = self._potential_at(time)
        if table is not None:
            (v,), (v1,), (v2,) = table(positions)
            value += float(weights @ v)
            gradient += weights * v1
            bend += weights * v2
        for term in self._moments:
            phi, phi1, phi2 = term.table(positions)
            moments = phi @ weights
            slope, inner = term.slope(moments), term.curvature(moments)
            value += term.value(moments)
            gradient += weights * (slope @ phi1)
            bend += weights * (slope @ phi2)
            columns.append((weights * phi1).T)
            blocks.append(_convex(inner) if convex else inner)
        bands[0] += np.maximum(bend, 0.0) if convex else bend
        products = []
        for pairs in self._pairs:
            more, slopes, found = pairs.expand(positions, masses, weights, convex)
            value += more
            gradient += slopes
            bands[: len(found)] += found
            products.append(pairs.product(positions, weights, convex))
        return Expansion(value, gradient, bands, *_stacked(columns, blocks, n), products)


def _convex(matrix: Array) -> Array:
    """Leave out the negative eigenvalues of a symmetric matrix."""
    values, vectors = np.linalg.eigh(matrix)
    kept: Array = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return kept


def _stacked(columns: list[Array], blocks: list[Array], n: int) -> tuple[Array, Array]:
    """Columns side by side, and blocks along a diagonal."""
    from scipy.linalg import block_diag

    if not columns:
        return np.zeros((n, 0)), np.zeros((0, 0))
    return np.concatenate(columns, axis=1), np.asarray(block_diag(*blocks))
