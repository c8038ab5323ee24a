"""Newton's method for one step of quantiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wgflow._typing import Array
from wgflow.errors import SolverError
from wgflow.quantiles import Expansion, QuantileEnergy
from wgflow.quantiles.conversion import weights_of

__all__ = ["Movement", "minimize"]

ITERATIONS = 60
SETTLED = 1e-8  # root mean square of a Newton step over the length: the next one is rounding
SETTLED_SLOWLY = 1e-11  # the same where convergence is not quadratic
TO_CONTACT = 0.95  # of the way on which two neighbours would meet
DECREASE = 1e-4  # share of the expected decrease that must come
ROUNDING = 1e-13  # relative to the terms of the energy
HALVINGS = 25
CG_ITERATIONS = 100
COLLAPSED = 1e9  # density over its mean on the line, where something is there to spread it
CG_TOLERANCE = 1e-7


@dataclass(frozen=True, eq=False)
class Movement:
    """The function of which a step is the minimum, Σ w_i |X_i - Y_i|²/(2 length) + F(X).

    Attributes
    ----------
    energy : QuantileEnergy
    start : (n,) array
        The quantiles Y before the step.
    masses : array
        Of the intervals.
    length : float
        Time step times time scale.
    time : float
        At the end of the step.
    """

    energy: QuantileEnergy
    start: Array
    masses: Array
    length: float
    time: float

    @property
    def weights(self) -> Array:
        """Masses of the quantiles as atoms."""
        return weights_of(self.masses, len(self.start))

    def distance(self, positions: Array) -> float:
        """Σ w |X - Y|²/(2 length), the squared Wasserstein distance over 2 length."""
        return float(self.weights @ (positions - self.start) ** 2) / (2 * self.length)

    def value(self, positions: Array) -> float:
        """Give what is to be minimized."""
        return self.distance(positions) + self.energy.value(positions, self.masses, self.time)


@dataclass(frozen=True, eq=False)
class _Local:
    """The function around a point: value, gradient, and a direction that descends."""

    value: float
    gradient: Array
    direction: Array
    quadratic: bool


def minimize(movement: Movement, guess: Array) -> tuple[Array, float, int]:
    """Find the minimum near a guess.

    Newton's method with a line search that keeps the order of the quantiles: where the energy
    keeps them apart, steps end before two would meet; elsewhere the nearest ordered sequence is
    taken, so that quantiles may join. Where the second derivative is not positive its negative
    parts are left out.

    Returns
    -------
    positions : (n,) array
    value : float
        Of the function there.
    iterations : int

    Raises
    ------
    SolverError
        If it does not settle.
    """
    line, weights = movement.energy.line, movement.weights
    scale = line.length * float(np.sqrt(weights.sum()))
    positions = guess
    for iteration in range(1, ITERATIONS + 1):
        here = _around(movement, positions)
        size = float(np.sqrt(weights @ here.direction**2)) / scale
        found = _searched(movement, positions, here)
        if size <= SETTLED_SLOWLY:
            return (*found[:2], iteration) if found else (positions, here.value, iteration)
        if found is None and here.quadratic:
            here = _around(movement, positions, convex=True)
            found = _searched(movement, positions, here)
        if found is None:
            if size <= SETTLED:
                return positions, here.value, iteration
            break
        moved = float(np.sqrt(weights @ (found[0] - positions) ** 2)) / scale
        positions, value, whole = found
        _check_open(movement, positions)
        if moved <= (SETTLED if here.quadratic and whole else SETTLED_SLOWLY):
            return positions, value, iteration
    raise SolverError(
        f"the quantiles do not settle in {iteration} iterations with a step of "
        f"{movement.length:.3g} (time step times time scale): reduce tau"
    )


def _check_open(movement: Movement, positions: Array) -> None:
    """Raise SolverError if a density has collapsed that the energy should spread."""
    if not movement.energy.parted:
        return
    line, masses = movement.energy.line, movement.masses
    least = masses * (line.length / (COLLAPSED * float(masses.sum())))
    closed = line.gaps(positions) < least
    if closed.any():
        raise SolverError(
            f"the density collapses to a point near {positions[np.argmax(closed)]:.6g}: "
            "attraction is stronger than diffusion; reduce tau or the attraction"
        )


def _around(movement: Movement, positions: Array, convex: bool = False) -> _Local:
    """Expand the function and find a direction."""
    line, weights = movement.energy.line, movement.weights
    for positive in (False, True)[convex:]:
        found = movement.energy.expand(positions, movement.masses, movement.time, positive)
        gradient = found.gradient + weights * (positions - movement.start) / movement.length
        if not np.all(np.isfinite(gradient)):
            raise SolverError("the energy of the quantiles is not finite: reduce tau")
        held = np.zeros(len(positions), dtype=bool)
        if not line.periodic:
            held = (positions <= line.lower) & (gradient > 0)
            held |= (positions >= line.upper) & (gradient < 0)
        gradient = np.where(held, 0.0, gradient)
        try:
            direction = _direction(found, weights / movement.length, gradient, held)
        except np.linalg.LinAlgError:
            continue
        if gradient @ direction <= 0 and np.all(np.isfinite(direction)):
            value = movement.distance(positions) + found.value
            return _Local(value, gradient, direction, not positive)
    raise SolverError("no descent direction was found for the quantiles: reduce tau")


def _direction(found: Expansion, metric: Array, gradient: Array, held: NDArray[np.bool_]) -> Array:
    """Solve the Newton system; raise LinAlgError if its banded part is not positive."""
    from scipy.linalg import solveh_banded

    bands, columns = found.bands.copy(), found.columns
    bands[0] += metric
    width = len(bands) - 1
    if held.any():
        columns = np.where(held[:, None], 0.0, columns)
        bands[0, held] = metric[held]
        for k in range(1, width + 1):
            bands[k, :-k][held[:-k] | held[k:]] = 0.0
    upper = np.zeros_like(bands)
    for k in range(width + 1):
        upper[width - k, k:] = bands[k, : len(metric) - k]

    def banded(right: Array) -> Array:
        return np.asarray(solveh_banded(upper, right, check_finite=False))

    solve = _with_columns(banded, columns, found.inner)
    if not found.products:
        return solve(-gradient)

    def whole(vector: Array) -> Array:
        out: Array = bands[0] * vector + columns @ (found.inner @ (columns.T @ vector))
        for k in range(1, width + 1):
            out[:-k] += bands[k, :-k] * vector[k:]
            out[k:] += bands[k, :-k] * vector[:-k]
        free = np.where(held, 0.0, vector)
        for product in found.products:
            out += np.where(held, 0.0, product(free))
        return out

    return _conjugate_gradients(whole, -gradient, solve)


def _with_columns(
    banded: Callable[[Array], Array], columns: Array, inner: Array
) -> Callable[[Array], Array]:
    """Solve with a banded matrix and columns @ inner @ columns.T, by Woodbury's formula."""
    rank = columns.shape[1]
    if rank == 0:
        return banded
    swept = banded(columns)
    small = np.eye(rank) + inner @ (columns.T @ swept)

    def solve(right: Array) -> Array:
        first = banded(right)
        share = np.asarray(np.linalg.solve(small, inner @ (columns.T @ first)), dtype=float)
        found: Array = first - swept @ share
        return found

    return solve


def _conjugate_gradients(
    product: Callable[[Array], Array], right: Array, precondition: Callable[[Array], Array]
) -> Array:
    """Solve to a relative tolerance, or up to a direction of negative curvature."""
    solution: Array = np.zeros_like(right)
    rest = right.copy()
    ready = precondition(rest)
    direction, size = ready.copy(), float(rest @ ready)
    first = size
    for _ in range(CG_ITERATIONS):
        if not size > CG_TOLERANCE**2 * first:
            break
        image = product(direction)
        curvature = float(direction @ image)
        if not curvature > 0:
            return solution if solution.any() else direction
        step = size / curvature
        solution += step * direction
        rest -= step * image
        ready = precondition(rest)
        before, size = size, float(rest @ ready)
        direction = ready + size / before * direction
    return solution


def _searched(
    movement: Movement, positions: Array, here: _Local
) -> tuple[Array, float, bool] | None:
    """Shorten a step until the function decreases; whether it was whole, or None."""
    share = _to_contact(movement, positions, here.direction)
    rounding = ROUNDING * (1 + abs(here.value))
    for halving in range(HALVINGS):
        moved = _ordered(movement, positions + share * here.direction)
        expected = float(here.gradient @ (moved - positions))
        value = movement.value(moved)
        if value <= here.value + DECREASE * min(expected, 0.0) + rounding:
            return moved, value, halving == 0 and share == 1
        share /= 2
    return None


def _to_contact(movement: Movement, positions: Array, direction: Array) -> float:
    """Share of a step that keeps neighbours apart where the energy does."""
    line = movement.energy.line
    gaps, change = line.gaps(positions), line.gaps(positions + direction)
    change = change - gaps
    chosen = change < 0
    if movement.energy.parted:
        chosen &= movement.masses > 0
    elif line.periodic:
        chosen[:-1] = False  # joined by order, but for the first and the last
    else:
        return 1.0
    ratio: Any = gaps[chosen] / -change[chosen]
    return min(1.0, TO_CONTACT * float(np.min(ratio, initial=np.inf)))


def _ordered(movement: Movement, positions: Array) -> Array:
    """Ordered positions within the walls; where quantiles cross, the nearest that do not."""
    from wgflow.quantiles._kernels import nearest_ordered

    if np.any(np.diff(positions) < 0):
        positions = nearest_ordered(positions, movement.weights)
    return movement.energy.line.bounded(positions)
