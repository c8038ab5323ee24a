"""Iterations of separable entropic transport against POT's dense Sinkhorn, at equal blur."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator

import numpy as np

import wgflow as wg
from wgflow.steppers.jko.entropic.kernel import GaussianKernel

from ._measure import REPEATS, Record, at_least, median_seconds, skipped

NAME = "entropic"
GRIDS = ((2000,), (40, 50))
WIDTH = 2  # the blur, in cells
TURN = 0.5  # distance of the two densities, in blurs: what a step moves
ITERATIONS = 40


def run() -> Iterator[Record]:
    for cells in GRIDS:
        yield from _compared(cells)


def _compared(cells: tuple[int, ...]) -> Iterator[Record]:
    label = f"{'x'.join(map(str, cells))} points"
    box = wg.Box(*[(0.0, n / max(cells)) for n in cells])
    grid = wg.Grid(box, cells)
    blur = WIDTH * grid.spacing
    start, target = _bump(grid, 0.0), _bump(grid, TURN * blur)
    kernel = GaussianKernel(grid, blur)
    scaling = np.zeros(grid.shape)
    log_start, log_target = np.log(start), np.log(target)

    def iterate() -> None:
        nonlocal scaling
        scaling = log_target - kernel.apply(log_start - kernel.apply(scaling))

    for _ in range(ITERATIONS):
        iterate()
    ours = median_seconds(iterate, inner=ITERATIONS)
    sums = kernel.apply(scaling)
    error = abs(grid.integrate(np.exp(scaling + kernel.apply(log_start - sums))) - 1)
    yield Record(
        NAME,
        f"wgflow iteration, {label}",
        ours * 1e3,
        "ms",
        f"logarithms, matrices of axes, blur of {WIDTH} cells, mass to {error:.0e}",
    )
    try:
        import ot
    except ImportError:
        yield skipped(NAME, f"against POT, {label}", "POT is not installed: pip install pot")
        return
    points = np.stack([x.ravel() for x in grid.coordinates], axis=1)
    cost = ot.dist(points, points) / 2
    a, b = (f.ravel() * grid.volumes.ravel() for f in (start, target))

    def sinkhorn(count: int) -> float:
        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            _, log = ot.bregman.sinkhorn(
                a, b, cost, blur**2, method="sinkhorn", numItermax=count, stopThr=0.0, log=True
            )
        seconds = time.perf_counter() - begun
        if log["niter"] != count - 1 or not np.isfinite(log["err"]).all():
            raise RuntimeError(f"POT ended after {log['niter'] + 1} of {count} iterations")
        return seconds

    # the kernel and the plan, made once, drop out of the difference
    few, many = 10, 10 + ITERATIONS
    theirs = float(np.median([sinkhorn(many) - sinkhorn(few) for _ in range(REPEATS)]) / ITERATIONS)
    yield Record(
        NAME,
        f"POT iteration, {label}",
        theirs * 1e3,
        "ms",
        f"ot.bregman.sinkhorn, method='sinkhorn', POT {ot.__version__}, dense kernel",
    )
    # the goal is for products of axes; on a line only the band of the kernel is saved
    goal = at_least(50, theirs / ours, "x") if len(cells) > 1 else {}
    yield Record(
        NAME,
        f"POT / wgflow iteration, {label}",
        theirs / ours,
        "x",
        f"same points and blur, one thread; medians of {REPEATS}, without making the kernel",
        **goal,
    )


def _bump(grid: wg.Grid, shift: float) -> np.ndarray:
    axes = zip(grid.coordinates, grid.box.axes, strict=True)
    square = sum((x - axis.upper / 2 - shift) ** 2 for x, axis in axes)
    density = np.exp(-square / (2 * 0.1**2)) + 1e-3
    return density / grid.integrate(density)
