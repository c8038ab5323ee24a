"""The dual of a JKO step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.steppers.jko.waves import Waves
from wgflow.transport import CellTransport

__all__ = ["Dual", "LocalEnergy", "Point"]

# shares of the largest density that the metric takes for empty where the local energy answers
# less to a potential as the density falls (m < 2), and where it answers more (m > 2)
TRACE = 1e-8  # share of the largest density at which a first potential is cut off
FLOOR, FLOOR_OF_FRONTS = 1e-6, 1e-2
LEAST = 1e-250  # share of the largest density: so small a one is empty
SHORT = 0.3  # a step shorter than this share: the metric is too bold where the density is low
BOLDER, SHYER = 1.3, 100.0  # by how much the floor changes with whole and with short steps


@dataclass(frozen=True)
class LocalEnergy:
    """The convex function of the density in a step: c rho log rho, or c rho^m/(m - 1).

    Attributes
    ----------
    coefficient : float
        c > 0.
    exponent : float
        m > 1, or 1 for the entropy.
    """

    coefficient: float
    exponent: float

    def slope(self, density: Array) -> Array:
        """Give the derivative, for the entropy at densities of a trace at least."""
        c, m = self.coefficient, self.exponent
        if m == 1.0:
            return np.asarray(c * (np.log(np.maximum(density, TRACE * density.max())) + 1))
        return np.asarray(c * m / (m - 1) * density ** (m - 1))

    def response(self, density: float) -> float:
        """Second derivative of the conjugate, where the density is such."""
        c, m = self.coefficient, self.exponent
        return float(density ** (2 - m) / (c * m))


@dataclass(frozen=True, eq=False)
class Point:
    """The dual at one potential; all sums are over cells of volume 1.

    Attributes
    ----------
    value : float
        Of the dual.
    gradient : array
        The density that is moved less the one that the potential asks for.
    moved, bound : arrays
        The density that is moved; the larger of both.
    cost : float
        Of the plan that moves it.
    gap : float
        Value of the step with this plan less that of the dual, >= 0.
    """

    value: float
    gradient: Array
    moved: Array
    bound: Array
    cost: float
    gap: float


class Dual:
    """J(potential) = <its transform, old density> - Σ conjugate of the local energy.

    Parameters
    ----------
    density : array
        Before the step, of all cells.
    widths : sequence of float
        Of the cells along each axis.
    length : float
        Time step times time scale.
    local : LocalEnergy
    periodic : sequence of bool, optional
        Which axes are circles; by default none.
    tilted : bool
        See :class:`wgflow.transport.CellTransport`.
    """

    def __init__(
        self,
        density: Array,
        widths: Sequence[float],
        length: float,
        local: LocalEnergy,
        *,
        periodic: Sequence[bool] | None = None,
        tilted: bool = True,
    ) -> None:
        from wgflow.steppers.jko import _dual_kernels

        self.kernels, self.local, self.length = _dual_kernels, local, length
        self.drift: Array = np.zeros_like(density)
        self.fronts = local.exponent > 2
        self.floor = FLOOR_OF_FRONTS if self.fronts else FLOOR
        around = [False] * density.ndim if periodic is None else periodic
        self._transport = CellTransport(density, widths, length, tilted=tilted, periodic=around)
        self.old, self._largest, self.total = density, float(density.max()), float(density.sum())
        self._flat = (density.shape[0], density.size // density.shape[0])
        self._waves = Waves(density.shape, widths, around)
        # a line of an entropy needs no waves: what they do not see are the far tails
        self.line = self.by_line = density.ndim == 1 and not around[0] and local.exponent == 1.0
        self._width = widths[0]

    def lengthen(self, length: float) -> None:
        """Change the length of the step."""
        self.length = length
        self._transport.lengthen(length)

    def at(self, potential: Array) -> Point:
        """Evaluate value, gradient and gap."""
        moved, cost = self._transport.push(potential)
        gradient, bound = np.empty_like(moved), np.empty_like(moved)
        linear, conjugate, gap = self.kernels.compare(
            potential.reshape(self._flat),
            self.drift.reshape(self._flat),
            moved.reshape(self._flat),
            self.local.coefficient,
            self.local.exponent,
            gradient.reshape(self._flat),
            bound.reshape(self._flat),
        )
        return Point(cost + linear - conjugate, gradient, moved, bound, cost, gap)

    def ascent(self, gradient: Array, bound: Array) -> Array:
        """Solve (response - length div(rho grad)) d = gradient, about, by its waves.

        The coefficients are constants for power laws of exponent 2 and more. For others, the
        entropy above all, response and rho vary together over many decades, and the square root
        of their common factor is taken out on both sides.
        """
        power = 1 - self.local.exponent / 2
        scale = max(self._largest, float(bound.max()))
        work = np.empty_like(gradient)
        if self.by_line:
            self.kernels.solve_line(
                gradient,
                bound,
                LEAST * scale,
                1 / self.local.coefficient,
                self.length / self._width**2,
                work,
            )
            return work
        args = bound.ravel(), scale, self.floor, power
        self.kernels.weighted(gradient.ravel(), *args, work.ravel())
        found = self._waves.solve(work, self.local.response(scale), self.length * scale)
        if power != 0:
            self.kernels.weighted(found.ravel(), *args, found.ravel())
        closed = self.drift == np.inf
        if closed.any():
            found[closed] = 0.0
        return found

    def learn(self, share: float) -> None:
        """Make the metric shyer after a step that had to be short, bolder after a whole one."""
        change = SHYER if share < SHORT else 1 / BOLDER if share == 1 else 1.0
        if self.fronts:
            self.floor = min(max(self.floor / change, FLOOR), FLOOR_OF_FRONTS)
        else:
            self.floor = min(max(self.floor * change, FLOOR), 1.0)
