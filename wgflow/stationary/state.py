"""Stationary states: densities rho* ∝ mu exp(-Psi(.; rho*)/T), and their branches.

At rest xi = Psi(rho) + h(rho) is constant wherever there is mass, with Psi = V + U*rho and h the
derivative of the local terms. Solved for rho this is a fixed-point equation; in terms of the
drift u it reads

    u = Psi(rho(u)) ,     rho(u) = the density of mass 1 in balance with u .

Every u gives a nonnegative density of mass 1, so that u may be extrapolated freely: Anderson's
method from the start, then Newton's with GMRES inside, whose product is one of the second
variation. The states are those of the Scharfetter-Gummel flux on the same grid, to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.density import check_density
from wgflow.errors import InputError
from wgflow.grid import Grid
from wgflow.parallel import SERIAL
from wgflow.problem import Problem
from wgflow.stationary.balance import Balance

__all__ = ["Stationary", "imbalance", "stationary"]

PUSH = 0.2  # L1 size of the step off a saddle
SADDLE = -1e-8  # stability below which a state counts as one
RELAXED = 20  # plain fixed-point steps before acceleration, which stay in the start's basin
RELAXED_FROM_SADDLE = 300  # steps away from a saddle grow slowly at first
DEFAULT_CELLS = (800, 128, 32, 12)  # along each axis, by dimension
TOLERANCE = 1e-13  # L1 distance of rho to the density in balance with its own drift


@dataclass(frozen=True)
class Stationary:
    """A stationary state on a grid.

    Attributes
    ----------
    problem : Problem
    grid : Grid
    density : array of the grid's shape
        Cell averages, of mass 1.
    residual : float
        L1 distance of the density to the one in balance with its own drift.
    iterations, newton_iterations : int
        Fixed-point steps, and Newton's steps after them.
    energy : float
        Free energy.
    spread : float
        Largest less smallest first variation, where the density is above 1e-12 of its peak.
    stability : float
        Smallest eigenvalue of the second variation of the free energy at fixed mass, relative
        to that of its local terms: 1 without interaction; the state is a strict local
        minimum if it is above 0, a saddle if below, and branches meet where it is 0.
    mean, variance : (D,) arrays
    risk : float or None
        Population risk of a network.
    moments : (K,) array or None
        Moments of a network's features.
    softest : array of the grid's shape or None
        Change of the density, of L1 norm 1, that belongs to ``stability``; None without
        interaction.
    """

    problem: Problem
    grid: Grid
    density: Array
    residual: float
    iterations: int
    newton_iterations: int
    energy: float
    spread: float
    stability: float
    mean: Array
    variance: Array
    risk: float | None = None
    moments: Array | None = None
    softest: Array | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the numbers, without the density."""
        return {
            "cells": list(self.grid.shape),
            "residual": self.residual,
            "iterations": self.iterations,
            "newton_iterations": self.newton_iterations,
            "energy": self.energy,
            "spread": self.spread,
            "stability": self.stability,
            "mean": self.mean.tolist(),
            "variance": self.variance.tolist(),
            "risk": self.risk,
            "moments": None if self.moments is None else self.moments.tolist(),
        }

    def to_text(self) -> str:
        """Give the numbers as lines of text."""
        axes = self.grid.box.names
        means = ", ".join(f"{n} {m:.8g}" for n, m in zip(axes, self.mean, strict=True))
        spread = ", ".join(f"{n} {v:.8g}" for n, v in zip(axes, self.variance, strict=True))
        kind = "a local minimum" if self.stability > 0 else "a saddle: not reached in time"
        lines = [
            f"residual   {self.residual:.1e} after {self.iterations} fixed-point and "
            f"{self.newton_iterations} Newton steps",
            f"energy     {self.energy:.10g}; first variation constant to {self.spread:.1e}",
            f"stability  {self.stability:.6g} ({kind})",
            f"mean       {means}",
            f"variance   {spread}",
        ]
        if self.risk is not None:
            lines.append(f"risk       {self.risk:.10g}")
        return "\n".join(lines)


def stationary(
    problem: Problem,
    *,
    cells: int | Sequence[int] | None = None,
    start: Array | None = None,
    stable: bool = True,
    tolerance: float = TOLERANCE,
) -> Stationary:
    """Find a stationary state of a problem with entropy or power laws.

    Parameters
    ----------
    problem : Problem
        Its initial density is where the search starts: it chooses among several states.
    cells : int or sequence of int, optional
        Cells along each axis; 800, 128², 32³, 12⁴ by default.
    start : array of the grid's shape, optional
        Cell averages to start from in place of the problem's initial density.
    stable : bool
        Whether to leave a saddle, along its unstable direction and towards a larger mean, for
        the minimum that lies there.
    tolerance : float
        Residual to reach.

    Returns
    -------
    Stationary

    Raises
    ------
    InputError
        If there is no entropy nor power law, the potential depends on time, or the start is
        no density.
    SolverError
        If the residual does not fall below the tolerance.

    Examples
    --------
    >>> import wgflow as wg
    >>> problem = wg.Problem(wg.Box((-6, 6)), wg.Confinement(1.0) + wg.Entropy(0.5),
    ...                      initial=lambda x: np.exp(-((x - 1) ** 2)))
    >>> state = stationary(problem, cells=200)
    >>> round(float(state.variance[0]), 6), round(state.stability, 6)
    (0.5, 1.0)
    """
    chosen = DEFAULT_CELLS[problem.domain.dimension - 1] if cells is None else cells
    grid = Grid(problem.box, chosen, comm=SERIAL)
    if start is None:
        initial = problem.initial
        start = grid.average(initial) if callable(initial) else np.array(initial, dtype=float)
    if np.shape(start) != grid.shape:
        raise InputError(
            f"start of shape {np.shape(start)} on a grid of shape {grid.shape}: "
            "give one value per cell"
        )
    check_density(start, grid)
    balance = Balance(problem, grid)
    found = balance.solve(start / grid.integrate(start), tolerance, RELAXED)
    state = _described(problem, balance, *found)
    if not stable or state.softest is None or state.stability >= SADDLE:
        return state
    tilt = sum(grid.integrate(state.softest * x) for x in grid.coordinates)
    pushed = state.density + math.copysign(PUSH, tilt) * state.softest
    # a density again: no cell gives up more than half of its mass
    pushed = np.maximum(pushed, state.density / 2)
    found = balance.solve(pushed / grid.integrate(pushed), tolerance, RELAXED_FROM_SADDLE)
    return _described(problem, balance, *found)


def imbalance(problem: Problem, grid: Grid, density: Array) -> float:
    """L1 distance of a density to the one in balance with its drift: 0 at rest.

    Parameters
    ----------
    problem : Problem
        With entropy or power laws.
    grid : Grid
        Not divided among ranks.
    density : array of the grid's shape
    """
    balance = Balance(problem, grid)
    image = balance.response.density(balance.drift(density))
    return float(grid.integrate(np.abs(image - density)))


def _described(
    problem: Problem, balance: Balance, density: Array, residual: float, counts: tuple[int, int]
) -> Stationary:
    """Collect what is known of a state."""
    grid, energy = balance.grid, balance.energy
    variation = energy.first_variation(density, 0.0)
    inside = variation[density > 1e-12 * density.max()]
    means = [grid.integrate(density * x) for x in grid.coordinates]
    spreads = [
        grid.integrate(density * (x - m) ** 2) for x, m in zip(grid.coordinates, means, strict=True)
    ]
    stability, softest = balance.stability(density)
    return Stationary(
        problem=problem,
        grid=grid,
        density=density,
        residual=residual,
        iterations=counts[0],
        newton_iterations=counts[1],
        energy=energy.value(density, 0.0),
        spread=float(np.ptp(inside)),
        stability=stability,
        mean=np.array(means),
        variance=np.array(spreads),
        risk=energy.risk(density),
        moments=energy.moments(density),
        softest=softest,
    )
