"""What the scaling benchmark runs on each rank: calls to time, and digests of their results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import wgflow as wg
from wgflow.energies import DiscreteEnergy
from wgflow.networks import Features
from wgflow.parallel import world

from ._problems import DIFFUSIVITY, HALF_WIDTH, MEAN, UNTIL, VARIANCE

__all__ = ["CASES", "Case"]

EULER_STEPS = 50  # in one step of the stabilized method
IMPLICIT_STEPS = 2  # that share one setup
CHECKED_STEPS = 2


@dataclass
class Case:
    """Something to time.

    ``work`` tells what a call does: ``cells`` of all ranks, ``units`` (stages, steps, passes)
    by which the time is divided. ``inner`` calls are timed at once.
    """

    call: Callable[[], object]
    work: dict[str, float]
    digest: Callable[[], list[float]] | None = None
    inner: int = 1
    kept: Any = field(default=None, repr=False)


def triad(cells: int) -> Case:
    """a = b + s c on this rank's share of arrays far larger than the caches."""
    from numba import njit

    @njit
    def sweep(a, b, c, s):
        for i in range(len(a)):
            a[i] = b[i] + s * c[i]

    n = cells // world().size
    a, b, c = np.zeros(n), np.ones(n), np.ones(n)
    return Case(lambda: sweep(a, b, c, 3.0), {"cells": cells, "units": 1})


def _problem(dimension: int = 2, stretch: float = 1.0, until: float = UNTIL) -> wg.Problem:
    """The equation of the other benchmarks; first axis and start ``stretch`` times wider."""
    widths = [stretch, *[1.0] * (dimension - 1)]

    def initial(*where: np.ndarray) -> np.ndarray:
        means = [*MEAN, *[0.0] * dimension]
        square = sum(((x - m) / w) ** 2 for x, m, w in zip(where, means, widths, strict=False))
        density: np.ndarray = np.exp(-square / (2 * VARIANCE))
        return density

    return wg.Problem(
        domain=wg.Box(*((-HALF_WIDTH * w, HALF_WIDTH * w) for w in widths)),
        energy=wg.Confinement(1.0) + wg.Entropy(DIFFUSIVITY),
        initial=initial,
        until=until,
    )


def _space(cells: Sequence[int], stretch: float, flux: Any) -> wg.FiniteVolume:
    problem = _problem(len(cells), stretch)
    return wg.FiniteVolume(problem, wg.Grid(problem.domain, cells), flux)


def rkl2(cells: Sequence[int], stretch: float = 1.0) -> Case:
    """A stabilized explicit step of the Scharfetter-Gummel flux; a unit is a stage."""
    space = _space(cells, stretch, wg.ScharfetterGummel())
    start = space.initial_density()
    dt = EULER_STEPS / space.bounds(start, 0.0)[0]
    stepper = wg.RKL2(space, dt=dt)
    stepper.step(start, 0.0, dt)
    stages = stepper.facts["stages"]
    work = {"cells": float(np.prod(cells)), "units": stages}
    return Case(lambda: stepper.step(start, 0.0, dt), work, lambda: _run(space, stepper, start, dt))


def muscl(cells: Sequence[int], stretch: float = 1.0) -> Case:
    """A step of SSPRK3 with limited slopes; a unit is a stage."""
    space = _space(cells, stretch, wg.MUSCL())
    start = space.initial_density()
    stepper = wg.SSPRK3(space)
    work = {"cells": float(np.prod(cells)), "units": 3.0}
    return Case(
        lambda: stepper.step(start, 0.0, 1.0), work, lambda: _run(space, stepper, start, 1.0)
    )


def implicit(cells: Sequence[int], stretch: float = 1.0) -> Case:
    """Steps of SDIRK2, two solves each, with the setup of their one matrix; a unit is a step."""
    space = _space(cells, stretch, wg.ScharfetterGummel())
    start = space.initial_density()
    dt = UNTIL / 25

    def call() -> None:
        _run(space, wg.SDIRK2(space, dt=dt), start, dt, IMPLICIT_STEPS)

    work = {"cells": float(np.prod(cells)), "units": float(IMPLICIT_STEPS)}
    return Case(call, work, lambda: _run(space, wg.SDIRK2(space, dt=dt), start, dt))


def _run(
    space: wg.FiniteVolume, stepper: Any, density: np.ndarray, dt: float, steps: int = CHECKED_STEPS
) -> list[float]:
    """Take steps; integrals of the last density, the same on all ranks."""
    time = 0.0
    for _ in range(steps):
        step = stepper.step(density, time, dt)
        density, time = step.density, time + step.dt
    return _integrals(space.grid, density)


def _integrals(grid: wg.Grid, values: np.ndarray) -> list[float]:
    moment = [grid.integrate(values * x) for x in grid.coordinates]
    return [grid.integrate(values), grid.integrate_product(values, values), *moment]


def features(cells: Sequence[int], rank: int) -> Case:
    """Drift of a network: two passes over K rows of features."""
    grid = wg.Grid(wg.Box(*((-1.0, 1.0),) * len(cells)), cells)
    energy = DiscreteEnergy(wg.Risk(_waves(rank)), grid)
    density = 0.25 + 0.1 * np.multiply(*grid.coordinates[:2])
    work = {"cells": float(np.prod(cells)), "units": 1.0}
    return Case(
        lambda: energy.drift(density, 0.0),
        work,
        lambda: _integrals(grid, energy.drift(density, 0.0)),
    )


def _waves(rank: int) -> Features:
    waves = np.arange(1, rank + 1)

    def functions(*where: np.ndarray) -> np.ndarray:
        out = np.empty((rank, *where[0].shape))
        for row, k in zip(out, waves, strict=True):
            row[...] = np.cos(k * where[0] + where[1])
        return out

    def gradient(*where: np.ndarray) -> np.ndarray:
        raise NotImplementedError("cells need no gradients of features")

    return Features(functions, gradient, np.ones(rank) / rank, np.ones(rank), 1.0)


def fft(cells: Sequence[int]) -> Case:
    """Drift of a smooth interaction, by zero-padded transforms forth and back."""
    grid = wg.Grid(wg.Box(*((-1.0, 1.0),) * len(cells)), cells)
    kernel = wg.Interaction(lambda *x: np.exp(-sum(c**2 for c in x)))
    energy = DiscreteEnergy(kernel, grid)
    density = 0.25 + 0.1 * np.multiply(*grid.coordinates[:2])
    work = {"cells": float(np.prod(cells)), "units": 1.0}
    return Case(
        lambda: energy.drift(density, 0.0),
        work,
        lambda: _integrals(grid, energy.drift(density, 0.0)),
    )


def exchange(cells: Sequence[int]) -> Case:
    """Filling ghost cells, two deep, on both sides of a seam."""
    grid = wg.Grid(wg.Box(*((-1.0, 1.0),) * len(cells)), cells)
    padded = np.zeros(grid.ghosted_shape)
    seam = grid.size // grid.shape[0] * 2 * 8  # bytes a rank gets through one seam
    partition = grid.partition
    return Case(
        lambda: partition.exchange(padded, 2),
        {"cells": float(np.prod(cells)), "units": 1.0, "bytes": float(seam)},
        inner=200,
    )


def reduction(numbers: int = 1) -> Case:
    """Sum of a few numbers over the ranks."""
    comm, values = world(), np.ones(numbers)
    work = {"cells": 1.0, "units": 1.0, "bytes": 8.0 * numbers}
    return Case(lambda: comm.sum(values), work, inner=500)


CASES: dict[str, Callable[..., Case]] = {
    made.__name__: made for made in (triad, rkl2, muscl, implicit, features, fft, exchange)
}
CASES["reduction"] = reduction
