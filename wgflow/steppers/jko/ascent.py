"""Ascent of the dual of a JKO step."""

from __future__ import annotations

import math

import numpy as np

from wgflow._typing import Array
from wgflow.errors import SolverError
from wgflow.steppers.jko.dual import Dual, Point

__all__ = ["Unsettled", "ascend"]

WATCHED = 40  # evaluations in which a gap that does not stall falls by half
PAIRS = 5  # of earlier steps that tell of the curvature
INCREASE = 1e-4  # share of the expected increase that must come
SHORTENINGS = 20
ROUNDING = 1e-14  # relative to the dual's value
QUICK, PATIENT = 12, 100  # evaluations with the metric of a line and with that of waves, in turn
FAR = 0.5  # gap over movement from which on a start is far off
LOOSE = 0.01  # gap over movement at which a shorter step is good enough for a start
GROWTH = 2.0  # largest, of the length from one step to the next
NEARINGS = 30  # halvings of that growth


class Unsettled(SolverError):
    """The gap is not reached; ``relative`` is the gap in units of the movement."""

    relative = math.inf


class _Curvature:
    """Earlier steps and the changes of the gradient over them (L-BFGS)."""

    def __init__(self, dual: Dual) -> None:
        self._dual, self._kernels = dual, dual.kernels
        self._pairs: list[tuple[Array, Array, float]] = []

    def add(self, step: Array, change: Array) -> None:
        product = self._kernels.dot(step.ravel(), change.ravel())
        if product > 0:
            self._pairs = [*self._pairs[1 - PAIRS :], (step, change, product)]

    def clear(self) -> None:
        self._pairs.clear()

    def direction(self, point: Point) -> Array:
        """Quasi-Newton direction, the two-loop recursion."""
        add, pairs = self._kernels.add, self._pairs
        if not pairs:
            return self._dual.ascent(point.gradient, point.bound)
        rest = point.gradient.copy()
        factors = []
        product = self._kernels.dot(rest.ravel(), pairs[-1][0].ravel())
        for k in range(len(pairs) - 1, -1, -1):
            _, change, scale = pairs[k]
            factors.append(product / scale)
            against = pairs[max(k - 1, 0)][0]
            product = add(rest.ravel(), -factors[-1], change.ravel(), against.ravel())
        found = self._dual.ascent(rest, point.bound)
        product = self._kernels.dot(found.ravel(), pairs[0][1].ravel())
        for k, factor in enumerate(reversed(factors)):
            step, _, scale = pairs[k]
            against = pairs[min(k + 1, len(pairs) - 1)][1]
            product = add(found.ravel(), factor - product / scale, step.ravel(), against.ravel())
        return found


def ascend(
    dual: Dual,
    potential: Array,
    tolerance: float,
    rounding: float,
    iterations: int,
    stalled: float = 0.0,
) -> tuple[Array, Point, int]:
    """Ascend until the gap is below tolerance times the cost of the plan, or rounding.

    Near rest the cost tends to 0 and the gap does not fall with it: the transport of far tails is
    not smooth. A gap that does not fall any more is good enough below ``stalled``.

    If m > 2 a start that is far off is left for shorter steps. The slope of the old density's local
    energy is the potential of a step of length 0, and that of a step is near that of a somewhat
    longer one. Straight from afar the ascent loses its way at fronts, where the dual is not
    smooth. For the entropy short steps are no help: where the old density is empty they are hard.

    Returns
    -------
    potential : array
    point : Point
    iterations : int
        Evaluations of the dual.

    Raises
    ------
    Unsettled
        If the gap is not reached.
    """
    point, count = dual.at(potential), 1
    whole, settled = dual.length, 0.0
    if not (dual.fronts and _far(point, rounding)):
        settled = whole
    else:
        potential = dual.drift + dual.local.slope(dual.old)
    while settled < whole:
        length = min(GROWTH * settled, whole) if settled > 0 else whole
        for _ in range(NEARINGS):
            dual.lengthen(length)
            point = dual.at(potential)
            count += 1
            if not _far(point, rounding):
                break
            length = settled + (length - settled) / 2
        settled = length
        if count >= iterations:
            raise _unsettled(dual, point, count)
        if length < whole:
            loose = max(tolerance, LOOSE), rounding, 0.0
            potential, point, count = _ascend(dual, potential, point, count, loose, iterations)
    return _ascend(dual, potential, point, count, (tolerance, rounding, stalled), iterations)


def _far(point: Point, rounding: float) -> bool:
    return point.gap > max(FAR * point.cost, rounding)


def _ascend(
    dual: Dual,
    potential: Array,
    point: Point,
    count: int,
    enough: tuple[float, float, float],
    iterations: int,
) -> tuple[Array, Point, int]:
    """Go on from a point; ``enough``: the gap in units of the movement, as it is, stalled."""
    curvature = _Curvature(dual)
    dual.by_line, turn = dual.line, count + QUICK
    seen, watch = math.inf, count
    while not point.gap <= max(enough[0] * point.cost, enough[1]):
        if count >= watch:
            if seen / 2 < point.gap <= enough[2]:
                break
            seen, watch = point.gap, count + WATCHED
        if count >= iterations or not math.isfinite(point.value):
            if point.gap <= enough[2] and count > WATCHED:  # not for want of iterations
                break
            raise _unsettled(dual, point, count)
        if dual.line and count >= turn:
            dual.by_line = not dual.by_line
            turn = count + (QUICK if dual.by_line else PATIENT)
            curvature.clear()
        direction = curvature.direction(point)
        slope = dual.kernels.dot(direction.ravel(), point.gradient.ravel())
        if not slope > 0:
            curvature.clear()
            direction = dual.ascent(point.gradient, point.bound)
            slope = dual.kernels.dot(direction.ravel(), point.gradient.ravel())
        found = _searched(dual, potential, point, direction, slope)
        if found is None:
            if point.gap <= enough[2]:
                break
            raise _unsettled(dual, point, count)
        share, ahead, new, evaluations = found
        count += evaluations
        direction *= share
        dual.learn(share)
        curvature.add(direction, point.gradient - new.gradient)
        potential, point = ahead, new
    return potential, point, count


def _searched(
    dual: Dual, potential: Array, point: Point, direction: Array, slope: float
) -> tuple[float, Array, Point, int] | None:
    """Shorten a step until the dual increases, by the rule of Armijo."""
    share, rounding = 1.0, ROUNDING * (dual.total + abs(point.value))
    ahead = np.empty_like(potential)
    for tries in range(1, SHORTENINGS + 1):
        dual.kernels.ahead(potential.ravel(), share, direction.ravel(), ahead.ravel())
        new = dual.at(ahead)
        if new.value >= point.value + INCREASE * share * slope - rounding:
            return share, ahead, new, tries
        after = dual.kernels.dot(direction.ravel(), new.gradient.ravel())
        secant = slope / (slope - after) if slope > after else 0.5  # also where one is nan
        share *= min(max(secant, 0.1), 0.6)
    return None


def _unsettled(dual: Dual, point: Point, count: int) -> Unsettled:
    relative = point.gap / max(point.cost, 1e-300)
    error = Unsettled(
        f"the duality gap is {relative:.2g} of the movement after "
        f"{count} iterations with a step of {dual.length:.3g} (time step times time scale): "
        "reduce tau, or give a larger gap or more iterations"
    )
    error.relative = relative
    return error
