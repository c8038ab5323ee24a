"""Program for several ranks: explicit two-point rates and RKL2 steps against those on one rank.

Prints, as JSON, for each case the largest error over all ways to divide its grid: of rates and
bounds, relative; of all stages of a step, relative; of a whole step, in L1.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator

import numpy as np

import wgflow as wg
from wgflow._typing import Array
from wgflow.fluxes import Flux
from wgflow.lines import HALO
from wgflow.parallel import SERIAL, world

RANKS = world()
CELLS = {1: (13,), 2: (9, 8), 3: (8, 5, 9), 4: (8, 5, 4, 3)}
TIME, STAGES = 0.3, 7


def all_splits(cells: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for splits in itertools.product(range(1, RANKS.size + 1), repeat=len(cells)):
        thick = all(s == 1 or n // s >= HALO for n, s in zip(cells, splits, strict=True))
        if math.prod(splits) == RANKS.size and thick and set(splits[3:]) <= {1}:
            yield splits


def waves(*x: Array) -> Array:
    values: Array = sum((3 * np.sin((i + 2) * np.pi * c) for i, c in enumerate(x)), np.zeros(()))
    return values


def bump(*x: Array) -> Array:
    values: Array = np.exp(-sum((1 + i) * (c - 0.2) ** 2 for i, c in enumerate(x)))
    return values


def features(*x: Array) -> list[Array]:
    return [np.cos(np.pi * x[0]), np.sin(np.pi * x[-1])]


class Errors:
    """Largest so far, over splits."""

    def __init__(self) -> None:
        self.rate = self.stages = self.step = 0.0

    def add(self, problem: wg.Problem, grids: tuple[wg.Grid, wg.Grid], flux: Flux) -> None:
        spaces = [wg.FiniteVolume(problem, grid, flux) for grid in grids]
        block = grids[1].partition.block(RANKS.rank)
        start = spaces[0].initial_density()
        both = [(spaces[0], start), (spaces[1], start[block].copy())]
        alone, shared = (space.rate(density, TIME) for space, density in both)
        largest = float(np.abs(alone.values).max())
        assert largest > 0.1
        self.rate = max(
            self.rate,
            float(np.abs(shared.values - alone.values[block]).max()) / largest,
            *(abs(b / a - 1) for a, b in zip(*(s.bounds(d, TIME) for s, d in both), strict=True)),
        )
        if not isinstance(flux, wg.ScharfetterGummel):
            return
        dt = 8 / alone.emptying
        whole, part = (wg.RKL2(s, dt=dt)._advance(d, TIME, dt, STAGES) for s, d in both)
        apart = float(np.abs(part - whole[block]).max() / whole.max())
        self.stages = max(self.stages, apart)
        for given in ({"dt": dt}, {"tolerance": 1e-4}):
            one, other = (wg.RKL2(s, **given).step(d, TIME, 1.0) for s, d in both)
            error = grids[1].integrate(np.abs(other.density - one.density[block]))
            self.step = max(self.step, error, abs(other.dt / one.dt - 1))


def compared(
    problem: wg.Problem, cells: tuple[int, ...], flux: Flux, edges: list[Array] | None = None
) -> list[float]:
    box, errors = problem.domain, Errors()
    ways = list(all_splits(cells))
    assert ways
    for splits in ways:
        alone = wg.Grid(box, cells, edges, comm=SERIAL)
        errors.add(problem, (alone, wg.Grid(box, cells, edges, splits=splits)), flux)
    return [RANKS.maximum(e) for e in (errors.rate, errors.stages, errors.step)]


def cases() -> Iterator[tuple[str, list[float]]]:
    plain, curved, upwind = wg.ScharfetterGummel(), wg.ScharfetterGummel(True), wg.Upwind()
    heat, drift = wg.Entropy(0.3), wg.Potential(waves)
    for dimension, cells in CELLS.items():
        for loops in (False, True):
            axes = [wg.Axis(-1, 1, periodic=loops and a % 2 == 0) for a in range(dimension)]
            box, name = wg.Box(*axes), f"{dimension}-D{', periodic' if loops else ''}"
            draw = np.random.default_rng(dimension)
            edges: list[Array] = [np.r_[-1, np.sort(draw.uniform(-1, 1, n - 1)), 1] for n in cells]
            moving = wg.Problem(box, drift + heat, bump, time_scale=lambda t: 1 + t)
            yield f"{name}: curved", compared(moving, cells, curved)
            yield f"{name}: edges", compared(moving, cells, plain, edges)
            yield f"{name}: upwind", compared(moving, cells, upwind)
            term = wg.FeatureInteraction(features, [2.0, -1.0])
            together = wg.Problem(box, drift + term + heat, bump)
            yield f"{name}: interaction", compared(together, cells, curved)
    box = wg.Box(*[(-1.0, 1.0)] * 2)
    power = wg.Problem(box, drift + wg.PowerLaw(2.0, 0.3), bump)
    yield "power law", compared(power, CELLS[2], plain)
    quartic = wg.Problem(box, wg.PolynomialInteraction({4: 0.3, 2: -1.0}) + heat, bump)
    yield "polynomial", compared(quartic, CELLS[2], plain)
    radial = wg.Box(wg.Axis(0, 3, radial=4.0), wg.Axis(-1, 2))
    trap = wg.Problem(radial, wg.Confinement(2.0) + heat, bump)
    yield "radial", compared(trap, (12, 9), curved)


if __name__ == "__main__":
    report = dict(cases())
    if RANKS.is_root:
        print(json.dumps(report))
