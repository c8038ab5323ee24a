"""Trouble on several ranks: what is not a number, what raises inside PETSc, what is left behind.

``python -m tests.ranks_trouble`` prints a line for each check, the same on all ranks.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from typing import ClassVar

import numpy as np

import wgflow as wg
from wgflow._typing import Array
from wgflow.algebra.petsc import block_krylov
from wgflow.energies import DiscreteTerm, Term
from wgflow.errors import SolverError, WgflowError
from wgflow.grid import Grid
from wgflow.parallel import world

BOX = wg.Box((-4, 4), (-4, 4))
BASE = wg.Confinement(1.0) + wg.Entropy(1.0)
GRIDS = 6


class Troubled(Term):
    """A term whose second variation goes wrong after its first call."""

    def __init__(self, wrong: Callable[[Array], Array]) -> None:
        self.wrong = wrong

    def discretize(self, grid: Grid) -> DiscreteTerm:
        return _Troubled(self.wrong, grid)


class _Troubled(DiscreteTerm):
    interacting: ClassVar[bool] = True

    def __init__(self, wrong: Callable[[Array], Array], grid: Grid) -> None:
        self.wrong, self.grid, self.calls = wrong, grid, 0

    def value(self, density: Array, time: float) -> float:
        return self._moment(density) ** 2 / 2

    def first_variation(self, density: Array, time: float) -> Array:
        return self._moment(density) * self.grid.coordinates[0]

    def second_variation(self, density: Array, direction: Array) -> Array:
        self.calls += 1
        change = self._moment(direction) * self.grid.coordinates[0]
        return self.wrong(change) if self.calls > 1 else change

    def _moment(self, density: Array) -> float:
        return self.grid.integrate(self.grid.coordinates[0] * density)


def problem(energy: Term | wg.Energy) -> wg.Problem:
    return wg.Problem(BOX, energy, initial=lambda x, y: np.exp(-((x - 1) ** 2) - y**2))


def told(solver: str, wrong: Callable[[Array], Array]) -> str:
    try:
        solution = wg.solve(
            problem(BASE + Troubled(wrong)), solver, cells=16, until=0.5, dt=0.5, snapshots=1
        )
    except (WgflowError, ZeroDivisionError) as error:
        return f"{type(error).__name__}: {error}"
    return solution.status


def bug(change: Array) -> Array:
    raise ZeroDivisionError("of the energy")


def unsolvable(change: Array) -> Array:
    raise SolverError("said by the energy")


def empty_on_the_last(change: Array) -> Array:
    comm = world()
    return change * np.nan if comm.rank == comm.size - 1 else change


def leftovers() -> int:
    """Solvers that are left of grids that are gone; ranks collect at times of their own."""
    for index in range(GRIDS):
        wg.solve(problem(BASE), "scharfetter_gummel", cells=12, until=0.02, dt=0.01, snapshots=1)
        if index % world().size == world().rank:
            gc.collect()
    gc.collect()
    return len(block_krylov._solvers)


def main() -> None:
    logging.disable(logging.CRITICAL)
    comm = world()
    last = comm.size - 1
    for bad in (0, last):
        mine = float("nan") if comm.rank == bad else 1.0
        lines = [f"extremes {comm.maximum(mine)} {comm.minimum(mine)}"]
        pair = comm.maximum(np.array([mine, comm.rank]))
        lines.append(f"pair {pair.tolist()}")
        print_alike(lines)
    for solver in ("scharfetter_gummel", "bailo_carrillo_hu"):
        for wrong in (bug, unsolvable, empty_on_the_last):
            print_alike([f"{solver} {wrong.__name__} {told(solver, wrong)}"])
    print_alike([f"left {leftovers()}"])


def print_alike(lines: list[str]) -> None:
    comm = world()
    assert comm.everyone(lines) == [lines] * comm.size
    if comm.is_root:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
