"""The Fokker-Planck equation all benchmarks solve, for wgflow and for py-pde."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import wgflow as wg

HALF_WIDTH, DIFFUSIVITY, UNTIL = 5.0, 0.5, 0.5
MEAN, VARIANCE = (1.0, 0.5), 0.25

__all__ = ["PyPde", "exact", "fokker_planck", "l1_error"]


def exact(t: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """V = |x|²/2, D = 1/2: mean e^-t (1, 1/2), variance 1/2 + (1/4 - 1/2) e^-2t."""
    variance = DIFFUSIVITY + (VARIANCE - DIFFUSIVITY) * np.exp(-2 * t)
    square = (x - MEAN[0] * np.exp(-t)) ** 2 + (y - MEAN[1] * np.exp(-t)) ** 2
    return np.exp(-square / (2 * variance)) / (2 * np.pi * variance)


def fokker_planck(until: float = UNTIL) -> wg.Problem:
    return wg.Problem(
        domain=wg.Box((-HALF_WIDTH, HALF_WIDTH), (-HALF_WIDTH, HALF_WIDTH)),
        energy=wg.Confinement(1.0) + wg.Entropy(DIFFUSIVITY),
        initial=lambda x, y: exact(0.0, x, y),
        exact=exact,
        until=until,
    )


def l1_error(density: np.ndarray, time: float, points: bool = False) -> float:
    """L1 distance to the exact density on equal cells: to its cell averages, or to its values
    at the centres, which is what finite differences compute.
    """
    grid = wg.Grid(fokker_planck().domain, density.shape)
    if points:
        truth = exact(time, *grid.coordinates)
    else:
        truth = grid.average(lambda x, y: exact(time, x, y))
    return grid.integrate(np.abs(density - truth))


class PyPde:
    """The same equation in py-pde: 0.5 laplace(c) + divergence(c grad V), explicit Euler.

    This form is faster and more accurate there than the expanded x d_dx(c) + y d_dy(c) + 2 c.
    The compiled stepper is kept, which py-pde's own ``solve`` does not do.
    """

    def __init__(self, cells: int, cfl: float = 0.8) -> None:
        import pde

        bounds = [-HALF_WIDTH, HALF_WIDTH]
        grid = pde.CartesianGrid([bounds, bounds], [cells, cells])
        x, y = grid.cell_coords[..., 0], grid.cell_coords[..., 1]
        self.start = pde.ScalarField(grid, exact(0.0, x, y))
        self._equation = pde.PDE(
            {"c": f"{DIFFUSIVITY} * laplace(c) + divergence(c * v)"},
            bc={"derivative": 0},
            consts={"v": pde.VectorField(grid, np.array([x, y]))},
        )
        width = 2 * HALF_WIDTH / cells
        bound = width**2 / (4 * DIFFUSIVITY)
        self.steps = int(np.ceil(UNTIL / (cfl * bound)))
        self.dt = UNTIL / self.steps
        solver = pde.EulerSolver(self._equation, backend="numba", adaptive=False)
        self._advance: Callable[..., Any] = solver.make_stepper(self.start.copy(), self.dt)
        self._advance(self.start.copy(), 0.0, self.dt)  # compiles

    def solve_seconds(self) -> float:
        """Seconds a step of a whole call of py-pde's ``solve``, compilation included."""
        begun = time.perf_counter()
        self._equation.solve(
            self.start, UNTIL, dt=self.dt, solver="euler", backend="numba", tracker=None
        )
        return (time.perf_counter() - begun) / self.steps

    def run(self, steps: int | None = None) -> np.ndarray:
        """Take some steps, all by default, and give the density."""
        state = self.start.copy()
        self._advance(state, 0.0, (steps or self.steps) * self.dt)
        return np.asarray(state.data)
