"""Terms that see quantiles through a few moments: networks, features, polynomials."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from wgflow._typing import Array
from wgflow.energies import FeatureInteraction, PolynomialInteraction, Risk
from wgflow.errors import InputError
from wgflow.quantiles.line import Line
from wgflow.quantiles.tables import LineTable

__all__ = ["MomentTerm", "moment_term"]


class MomentTerm(Protocol):
    """A function of the moments Σ w_i Φ_k(X_i)."""

    table: LineTable

    def value(self, moments: Array) -> float:
        """Value at K moments."""
        ...

    def slope(self, moments: Array) -> Array:
        """Differentiate by the moments, (K,)."""
        ...

    def curvature(self, moments: Array) -> Array:
        """Differentiate twice, (K, K)."""
        ...


class _Quadratic:
    """½ m.Q m."""

    def __init__(self, functions: Callable[[Array], Array], matrix: Array, line: Line) -> None:
        self.table = LineTable(functions, line, "a feature")
        self._matrix = matrix

    def value(self, moments: Array) -> float:
        return float(moments @ self._matrix @ moments) / 2

    def slope(self, moments: Array) -> Array:
        slope: Array = self._matrix @ moments
        return slope

    def curvature(self, moments: Array) -> Array:
        return self._matrix


class _Risk:
    """What a network minimizes, with any loss."""

    def __init__(self, term: Risk, line: Line) -> None:
        self.table = LineTable(term.features.functions, line, "a feature of the network")
        self._features = term.features

    def value(self, moments: Array) -> float:
        return self._features.energy(moments)

    def slope(self, moments: Array) -> Array:
        return self._features.slope(moments)

    def curvature(self, moments: Array) -> Array:
        return np.diag(self._features.curvature(moments))


def moment_term(term: Risk | FeatureInteraction | PolynomialInteraction, line: Line) -> MomentTerm:
    """Give a term as a function of moments.

    Raises
    ------
    InputError
        If features and weights do not fit, or a polynomial of x - y meets a periodic or radial
        axis.
    """
    if isinstance(term, Risk):
        return _Risk(term, line)
    if isinstance(term, FeatureInteraction):
        return _features(term, line)
    if line.periodic or line.radial != 1:
        raise InputError(
            "PolynomialInteraction needs a plain axis: use Interaction on a periodic one, "
            "FeatureInteraction on a radial one"
        )
    middle, scale = (line.lower + line.upper) / 2, line.length / 2
    powers = np.arange(max(term.coefficients) + 1)

    def monomials(x: Array) -> Array:
        values: Array = ((x - middle) / scale) ** powers[:, None]
        return values

    return _Quadratic(monomials, _binomials(term.coefficients, len(powers), scale), line)


def _features(term: FeatureInteraction, line: Line) -> MomentTerm:
    def functions(x: Array) -> Array:
        given = term.functions(x)
        if isinstance(given, np.ndarray):
            return given
        return np.stack([np.broadcast_to(f, x.shape) for f in given])

    weights = np.asarray(term.weights)
    rank = len(functions(line.edges[:2]))
    if rank != len(weights):
        raise InputError(f"{len(weights)} weights for {rank} features: give one per feature")
    return _Quadratic(functions, np.diag(weights), line)


def _binomials(coefficients: Mapping[int, float], size: int, scale: float) -> Array:
    """Q of W(x - y) = Σ Q_ab x^a y^b in scaled coordinates."""
    matrix = np.zeros((size, size))
    for power, coefficient in coefficients.items():
        for j in range(power + 1):
            matrix[power - j, j] += coefficient * scale**power * math.comb(power, j) * (-1) ** j
    return matrix
