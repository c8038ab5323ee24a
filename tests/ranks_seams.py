"""Run on several ranks by test_seams.py: ghost cells at corners, iterations of a linear solve."""

from __future__ import annotations

import sys

import numpy as np

import wgflow as wg
from wgflow.algebra.petsc.block_krylov import krylov_of

HALO = (3, 5)


def corners() -> None:
    """Say whether every ghost cell holds what its cell does, and those beyond walls nothing."""
    grid = wg.Grid(wg.Box(wg.Axis(0, 1, periodic=True), (0, 1)), (20, 30), splits=(2, 2))
    rows, columns = (
        np.arange(start - halo, start + n + halo)
        for start, n, halo in zip(grid.partition.starts, grid.shape, HALO, strict=True)
    )
    whole = (rows % 20)[:, None] * 30.0 + columns
    whole[:, (columns < 0) | (columns >= 30)] = np.nan
    padded = np.full(whole.shape, np.nan)
    inside = tuple(slice(h, -h) for h in HALO)
    padded[inside] = whole[inside]
    grid.partition.exchange(padded, HALO, corners=True)
    right = grid.comm.minimum(float(np.array_equal(padded, whole, equal_nan=True)))
    if grid.comm.is_root:
        print(bool(right))


def iterations() -> None:
    """Print the iterations of a backward Euler step whose diffusion reaches over three cells."""
    problem = wg.Problem(
        wg.Box((-5, 5), (-5, 5)),
        wg.Confinement(1.0) + wg.Entropy(0.5),
        initial=lambda x, y: np.exp(-2 * ((x - 1) ** 2 + (y - 0.5) ** 2)),
    )
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 200), wg.ScharfetterGummel())
    wg.ImplicitEuler(space, dt=0.04).step(space.initial_density(), 0.0, 0.04)
    taken = krylov_of(space.grid)._ksp.getIterationNumber()
    if space.grid.comm.is_root:
        print(taken)


if __name__ == "__main__":
    {"corners": corners, "iterations": iterations}[sys.argv[1]]()
