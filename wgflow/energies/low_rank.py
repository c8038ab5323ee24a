"""Interactions of low rank: K features in place of a kernel on pairs of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from wgflow._typing import Array
from wgflow.asked import Asked
from wgflow.energies.base import DiscreteTerm, Term
from wgflow.energies.latex import Letters, TermFormula
from wgflow.errors import InputError
from wgflow.fitting import shown
from wgflow.grid import Grid

__all__ = ["FeatureInteraction", "FeatureMatrix"]

BLOCK = 8192  # cells; a block of a vector stays in the cache while K rows stream past it


class FeatureMatrix:
    """Features Φ_k at the cell centres: the matrix of shape (K, cells), and its two products.

    The matrix is the only array of more than the grid's size. Both products read it once, in
    blocks of cells, and so run at the speed of memory.

    Parameters
    ----------
    functions : callable
        ``functions(*coordinates)`` gives an array of shape (K, *grid.shape).
    grid : Grid

    Raises
    ------
    InputError
        If the features are not finite or not of that shape.
    """

    def __init__(self, functions: Callable[..., Array], grid: Grid) -> None:
        self.grid = grid
        values = np.asarray(functions(*grid.coordinates), dtype=float)
        # a sum is finite if all are; no mask of the matrix' size is made
        fits = values.shape[1:] == grid.shape and all(np.isfinite(row.sum()) for row in values)
        wrong = (
            f"features of shape {values.shape} on a grid of shape {grid.shape}: they must "
            "be finite arrays of shape (K, *grid.shape); check domain and dimension"
        )
        found = grid.comm.first(None if fits else wrong)  # the same words on all ranks
        if found is not None:
            raise InputError(found)
        self._matrix = np.ascontiguousarray(values.reshape(len(values), grid.size))
        self._volumes = grid.volumes.ravel()

    @property
    def rank(self) -> int:
        """Number K of features."""
        return len(self._matrix)

    def moments(self, density: Array) -> Array:
        """Moments m_k = ∫ Φ_k rho, shape (K,)."""
        flat = np.ascontiguousarray(density).ravel()
        moments = np.zeros(self.rank)
        for start in range(0, len(flat), BLOCK):
            block = slice(start, start + BLOCK)
            moments += self._matrix[:, block] @ (flat[block] * self._volumes[block])
        summed: Array = self.grid.sum(moments)
        return summed

    def combine(self, coefficients: Array) -> Array:
        """Sum c_k Φ_k at the cell centres, of the grid's shape."""
        out = np.empty(self.grid.size)
        for start in range(0, len(out), BLOCK):
            block = slice(start, start + BLOCK)
            np.matmul(coefficients, self._matrix[:, block], out=out[block])
        return out.reshape(self.grid.shape)

    def steepness(self, weights: Array) -> Array:
        """Sum of w_k |∇Φ_k|² over the features with w_k > 0, with all faces of each cell.

        Its integral times a density is at least the trace of -m ∇ U ∇·, U = Σ w_k Φ_k Φ_k, for
        any m on the faces up to the larger density beside: each face counts in both its cells.
        """
        grid = self.grid
        total = np.zeros(grid.shape)
        for axis in range(len(grid.shape)):  # a mesh has one
            distances = grid.along(grid.face_distances(axis), axis)
            squares = np.zeros_like(grid.difference(total, axis))
            for weight, row in zip(weights, self._matrix, strict=True):
                if weight > 0:
                    squares += weight * grid.difference(row.reshape(grid.shape), axis) ** 2
            squares /= distances
            total += grid.to_cells(squares, axis, 0) + grid.to_cells(squares, axis, 1)
        return total


@dataclass(frozen=True, eq=False)
class FeatureInteraction(Term):
    """The term ½ ∬ U rho rho with U(x, y) = Σ_k w_k Φ_k(x) Φ_k(y).

    The moments and the first variation each cost K operations per cell, on any grid, stretched
    and radial ones included; K arrays of the grid's size are stored. Any kernel that is a short
    sum of products has this form: the features of cos(x - y) are cos and sin.

    Parameters
    ----------
    functions : callable
        ``functions(x, y, ...)`` of D coordinate arrays returns the features, as an array of
        shape (K, *shape) or a sequence of K arrays.
    weights : sequence of float
        w_k, of either sign.

    Raises
    ------
    InputError
        If the weights are not a vector of finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow import Axis, Box, Grid
    >>> grid = Grid(Box(Axis(-np.pi, np.pi, periodic=True)), 64)
    >>> term = FeatureInteraction(lambda x: (np.cos(x), np.sin(x)), [1.0, 1.0]).discretize(grid)
    >>> density = (1 + np.cos(grid.centers[0])) / (2 * np.pi)
    >>> round(term.value(density, 0.0), 12)  # (1/2)²/2
    0.125
    """

    functions: Callable[..., Array | Sequence[Array]]
    weights: Sequence[float] | Array

    def __post_init__(self) -> None:
        weights = np.array(self.weights, dtype=float)
        if weights.ndim != 1 or not np.all(np.isfinite(weights)):
            raise InputError(
                f"feature weights: {shown(self.weights)}; give a sequence of finite numbers, one a "
                "feature"
            )
        weights.setflags(write=False)
        object.__setattr__(self, "weights", weights)

    def discretize(self, grid: Grid) -> DiscreteTerm:
        """Evaluate the features at the cell centres.

        Raises
        ------
        InputError
            If there are not as many features as weights, or they are not finite.
        """
        return _DiscreteFeatureInteraction(self, grid)

    def scaled(self, factor: float) -> FeatureInteraction:
        """Return the term multiplied by a number."""
        return FeatureInteraction(self.functions, factor * np.asarray(self.weights))

    def latex(self, letters: Letters) -> TermFormula:
        """Return the formulas of the term."""
        phi, w = (rf"{letter}{{{letters.label.strip('_')}k}}" for letter in (r"\Phi_", "w_"))
        m = w.replace("w", "m")
        total = rf"\sum_{{k=1}}^{{{len(self.weights)}}}"
        return TermFormula(
            rf"\frac{{1}}{{2}} {total} {w}\,{m}^2",
            rf"{total} {w}\,{m}\,{phi}",
            meanings=(rf"{m} = \int {phi}\,\rho",),
            letter=r"\Phi",
        )


class _DiscreteFeatureInteraction(DiscreteTerm):
    interacting: ClassVar[bool] = True

    def __init__(self, term: FeatureInteraction, grid: Grid) -> None:
        def stacked(*coordinates: Array) -> Array:
            asked = Asked(term.functions, "the features' function")
            given = asked.raw(*coordinates)
            if np.iterable(given) and not isinstance(given, np.ndarray):
                given = np.stack([np.broadcast_to(f, grid.shape) for f in given])
            return asked.checked(given)

        self._weights = np.asarray(term.weights)
        self._features = FeatureMatrix(stacked, grid)
        if self._features.rank != len(self._weights):
            raise InputError(
                f"{len(self._weights)} weights for {self._features.rank} features: give one per "
                "feature"
            )

    def value(self, density: Array, time: float) -> float:
        """Value ½ Σ w_k m_k²."""
        return float(self._weights @ self._features.moments(density) ** 2) / 2

    def first_variation(self, density: Array, time: float) -> Array:
        """First variation Σ w_k m_k Φ_k."""
        return self._features.combine(self._weights * self._features.moments(density))

    def second_variation(self, density: Array, direction: Array) -> Array:
        """Second variation: the first one of the direction, for the term is quadratic."""
        return self.first_variation(direction, 0.0)

    def steepness(self) -> Array:
        """Sum of w_k |∇Φ_k|² in each cell."""
        return self._features.steepness(self._weights)
