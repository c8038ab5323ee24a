"""One step of entropic transport: the scaling iteration for its plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.energies import DiscreteEnergy
from wgflow.energies.power_law import DiscretePowerLaw
from wgflow.errors import SolverError
from wgflow.steppers.jko.entropic.kernel import GaussianKernel

__all__ = ["Plan", "Task", "solve"]

ITERATIONS = 1000
DEPTH = 8  # earlier iterations that are combined
GROWTH = 100.0  # of the error over the least one, at which the combination begins anew
FLOOR = 1e-3  # least weight of a cell among residuals, of the mean


@dataclass(frozen=True, eq=False)
class Task:
    """What a step is the minimum of: gamma KL(plan | density x kernel) + F(second marginal).

    Attributes
    ----------
    kernel : GaussianKernel
    energy : DiscreteEnergy
        Of all cells, as one rank sees them.
    density : array of the grid's shape
        The first marginal, before the step.
    gamma : float
        Weight of the relative entropy, blur^2/(time step times time scale).
    temperature : float
        That of the energy, less what the blur stands for; above -gamma.
    time : float
        At the end of the step.
    """

    kernel: GaussianKernel
    energy: DiscreteEnergy
    density: Array
    gamma: float
    temperature: float
    time: float

    def blurred(self) -> Array:
        """Logarithm of the density after the kernel alone, the step of no energy."""
        return self.kernel.apply(_log(self.density) - self.kernel.log_sums)

    def value(self, density: Array) -> float:
        """Energy with this task's temperature."""
        less = self.energy.temperature - self.temperature
        return self.energy.value(density, self.time) - less * entropy(self.kernel, density)


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan whose first marginal is exact.

    Attributes
    ----------
    density : array of the grid's shape
        Its second marginal.
    drift : array of the grid's shape
        V + U*rho there.
    cost : float
        gamma KL(plan | density x kernel with rows of sum 1), at least 0.
    iterations : int
    error : float
        L1 distance of the second marginal from the proximal point, over the mass.
    """

    density: Array
    drift: Array
    cost: float
    iterations: int
    error: float


def entropy(kernel: GaussianKernel, density: Array) -> float:
    """Integral of rho log rho."""
    values = np.where(density > 0, density, 1.0)
    return kernel.grid.integrate(values * np.log(values))


def _log(density: Array) -> Array:
    """Logarithm, -inf where the density is 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(density))


def solve(task: Task, tolerance: float) -> Plan:
    """Find the plan by alternate scaling, combined by Anderson's method.

    With the scaling v of the second marginal: u = density/(K v), p = K^T u, and v is to be the
    proximal point of p over p. The second marginal v p has the mass of the density at every
    iteration.

    Raises
    ------
    SolverError
        If the error is not below the tolerance after many iterations.
    """
    kernel, energy, grid = task.kernel, task.energy, task.kernel.grid
    start, mass = _log(task.density), grid.integrate(task.density)
    prox = _proximal(task)
    guess = task.blurred()
    drift = energy.drift(np.exp(guess), task.time)
    scaling = -prox.variation(guess, drift) / task.gamma
    mixing = _Mixing(0.5 if task.temperature < 0 else 1.0)
    error = np.inf
    for iteration in range(1, ITERATIONS + 1):
        sums = kernel.apply(scaling)
        reached = kernel.apply(start - sums)
        logs = scaling + reached
        with np.errstate(over="ignore"):
            density = np.exp(logs)
        if not np.all(np.isfinite(density)):
            break
        if energy.interacting:
            drift = energy.drift(density, task.time)
        wanted = prox(reached, drift, logs)
        with np.errstate(over="ignore"):
            error = grid.integrate(np.abs(np.exp(wanted) - density)) / mass
        if error <= tolerance:
            before = np.where(task.density > 0, task.density, 0.0)
            cost = grid.integrate(before * (kernel.log_sums - sums) + density * scaling)
            return Plan(density, drift, task.gamma * cost, iteration, error)
        weights = density / mass * grid.volumes
        scaling = mixing.step(scaling, wanted - reached, weights, error)
    raise SolverError(
        f"the marginals differ by {error:.1e} of the mass after {iteration} iterations, limit "
        f"{tolerance:.0e}, with a step of {task.gamma and kernel.blur**2 / task.gamma:.3g} "
        f"(time step times time scale) and blur {kernel.blur:.3g}: reduce tau, or "
        "give a larger blur"
    )


class _Proximal:
    """Minimum of gamma KL(rho | p) + F(rho) in each cell, on logarithms."""

    def __init__(self, gamma: float, temperature: float, powers: Array) -> None:
        self.gamma, self.temperature, self.powers = gamma, temperature, powers

    def variation(self, logs: Array, drift: Array) -> Array:
        """First variation of the energy."""
        found: Array = self.temperature * (logs + 1) + drift
        for c, m, cutoff in self.powers:
            rho = np.exp(logs)
            if m < 1:
                low = np.minimum(rho - cutoff, 0.0)
                found = found + c * m * cutoff ** (m - 2) * low
                rho = np.maximum(rho, cutoff)
            found = found + c * m / (m - 1) * rho ** (m - 1)
        return found

    def __call__(self, reached: Array, drift: Array, guess: Array) -> Array:
        """Give log rho for log p."""
        linear = self.gamma + self.temperature
        right = self.gamma * reached - drift - self.temperature
        if not len(self.powers):
            return right / linear
        from wgflow.steppers.jko.entropic import _kernels

        logs = guess.copy()
        _kernels.proximal(right.ravel(), linear, self.powers, logs.reshape(-1))
        return logs


def _proximal(task: Task) -> _Proximal:
    laws = [t.term for t in task.energy.terms if isinstance(t, DiscretePowerLaw)]
    powers = [(t.coefficient, t.exponent, t.cutoff) for t in laws if t.coefficient > 0]
    return _Proximal(task.gamma, task.temperature, np.array(powers).reshape(-1, 3))


class _Mixing:
    """Anderson's combination of the last iterations, with residuals weighted by mass."""

    def __init__(self, damping: float) -> None:
        self.damping = damping
        self._points: list[Array] = []
        self._residuals: list[Array] = []
        self._least = np.inf

    def step(self, point: Array, image: Array, weights: Array, error: float) -> Array:
        """Give the next point."""
        residual = image - point
        if error > GROWTH * self._least:
            self._points, self._residuals, self._least = [], [], np.inf
        self._least = min(self._least, error)
        self._points.append(point)
        self._residuals.append(residual)
        del self._points[: -DEPTH - 1], self._residuals[: -DEPTH - 1]
        plain: Array = point + self.damping * residual
        if len(self._points) == 1:
            return plain
        root = np.sqrt(weights + FLOOR / weights.size)
        turns = np.stack([((residual - r) * root).ravel() for r in self._residuals[:-1]])
        gram, right = turns @ turns.T, turns @ (residual * root).ravel()
        shares = np.linalg.lstsq(gram, right, rcond=1e-14)[0]
        for share, p, r in zip(shares, self._points[:-1], self._residuals[:-1], strict=True):
            plain -= share * (point - p + self.damping * (residual - r))
        return plain
