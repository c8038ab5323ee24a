"""Pairwise interaction of quantiles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wgflow._typing import Array
from wgflow.energies import Interaction
from wgflow.quantiles.line import Line
from wgflow.quantiles.tables import KernelTable

__all__ = ["Pairs"]

NEAR = 8  # diagonals of a singular kernel's second derivative that are solved for directly


class Pairs:
    """½ Σ w_i w_j W(X_i - X_j) over all pairs, O(n²) operations and no matrix.

    Of a singular kernel the sum leaves out i = j and the energy of each interval with itself is
    added, by the mean of the kernel over it; for log|x| that makes the sum right to second order.

    Parameters
    ----------
    term : Interaction
    line : Line
    """

    def __init__(self, term: Interaction, line: Line) -> None:
        self._table = KernelTable(term.kernel, term.singular, line)
        self._line, self.singular = line, term.singular
        self.repels, self.attracts = self._table.repels, self._table.attracts
        self.band = NEAR if term.singular else 1

    def value(self, positions: Array, masses: Array, weights: Array) -> float:
        """Energy."""
        from wgflow.quantiles._kernels import pair_value

        total: float = pair_value(positions, weights, *self._table.arguments)
        if not self.singular:
            return total + self._table.middle * float(weights @ weights) / 2
        mean, _, _ = self._table.own(self._line.gaps(positions))
        return total + float(masses**2 @ mean) / 2

    def expand(
        self, positions: Array, masses: Array, weights: Array, convex: bool
    ) -> tuple[float, Array, Array]:
        """Energy, gradient, and diagonals of the second derivative, (band + 1, n)."""
        from wgflow.quantiles._kernels import pair_expansion

        value, gradient, bands = pair_expansion(
            positions, weights, *self._table.arguments, self.band, convex
        )
        if not self.singular:
            return value + self._table.middle * float(weights @ weights) / 2, gradient, bands
        n = len(positions)
        mean, slope, bend = self._table.own(self._line.gaps(positions))
        square = masses**2 / 2
        slope, bend = square * slope, square * (np.maximum(bend, 0.0) if convex else bend)
        upper = (np.arange(len(masses)) + 1) % n
        gradient[: len(masses)] -= slope
        gradient[upper] += slope
        bands[0, : len(masses)] += bend
        bands[0, upper] += bend
        bands[1, : n - 1] -= bend[: n - 1]  # across the end of a circle it is left out
        return value + float(square @ mean), gradient, bands

    def product(self, positions: Array, weights: Array, convex: bool) -> Callable[[Array], Array]:
        """Give the map by the second derivative beyond its diagonals."""
        from wgflow.quantiles._kernels import pair_product

        def apply(vector: Array) -> Array:
            found: Array = pair_product(
                positions, weights, *self._table.arguments, self.band, convex, vector
            )
            return found

        return apply
