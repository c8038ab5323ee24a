"""Explicit two-dimensional Fokker-Planck steps: ns a cell, and against py-pde."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import wgflow as wg

from ._measure import Record, at_least, at_most, median_seconds, skipped
from ._problems import PyPde, fokker_planck

NAME = "explicit"
FLUXES = {"Scharfetter-Gummel": wg.ScharfetterGummel(), "upwind": wg.Upwind()}
PEER_CELLS = 256
EULER_STEPS = 50  # in one step of the stabilized method


def run() -> Iterator[Record]:
    peer, called = _py_pde()
    if peer is None:
        yield skipped(NAME, "against py-pde", "py-pde is not installed: pip install py-pde")
    else:
        form = "numba backend, 0.5 laplace(c) + divergence(c v), explicit Euler"
        yield _cost(f"py-pde step at {PEER_CELLS}²", peer, PEER_CELLS, f"{form}; stepper kept")
        yield _cost(
            f"py-pde step at {PEER_CELLS}², as called",
            called,
            PEER_CELLS,
            f"{form}; pde.PDE.solve to T = 0.5, which compiles at every call; one run",
        )
    for cells in (PEER_CELLS, 1024):
        best = np.inf
        for label, flux in FLUXES.items():
            space = wg.FiniteVolume(fokker_planck(), _grid(cells), flux)
            start = space.initial_density()
            seconds = median_seconds(lambda: space.rate(start, 0.0), inner=3)  # noqa: B023
            what = "drift, fluxes, divergence and step bound: a stage of SSPRK2"
            yield _cost(f"{label}: right-hand side at {cells}²", seconds, cells, what)
            stepper = wg.SSPRK2(space)
            step = median_seconds(lambda: stepper.step(start, 0.0, 1.0), inner=2)  # noqa: B023
            what = "two stages, order 2, positivity checked"
            yield _cost(f"{label}: SSPRK2 step at {cells}²", step, cells, what)
            best = min(best, seconds)
        stage = _stabilized(cells)
        if stage is None:
            yield skipped(NAME, f"RKL2 stage at {cells}²", "not in this version of wgflow")
        else:
            what = "Scharfetter-Gummel; a step over its stages, each one evaluation of the rate"
            yield _cost(f"RKL2 stage at {cells}²", stage, cells, what)
            best = min(best, stage)
        cost = best / cells**2 * 1e9
        goal = at_most(6, cost, "ns/cell") if cells == 1024 else {}
        yield _cost(
            f"cheapest evaluation of the rate at {cells}²", best, cells, "of those above", goal
        )
        if peer is not None and called is not None and cells == PEER_CELLS:
            yield _ratio("stepper kept", peer, best)
            yield _ratio("as called", called, best)


def _grid(cells: int) -> wg.Grid:
    return wg.Grid(fokker_planck().domain, cells)


def _cost(
    what: str, seconds: float, cells: int, compared: str, goal: dict[str, object] | None = None
) -> Record:
    return Record(NAME, what, seconds / cells**2 * 1e9, "ns/cell", compared, **(goal or {}))


def _ratio(how: str, peer: float, ours: float) -> Record:
    return Record(
        NAME,
        f"py-pde step ({how}) / wgflow evaluation at {PEER_CELLS}²",
        peer / ours,
        "x",
        "an Euler step there, an evaluation of the rate (an Euler step's work) here; one "
        "thread, both of order 2 in space",
        **at_least(40, peer / ours, "x"),
    )


def _stabilized(cells: int) -> float | None:
    """Seconds a stage of the Runge-Kutta-Legendre method."""
    if not hasattr(wg, "RKL2"):
        return None
    space = wg.FiniteVolume(fokker_planck(), _grid(cells), wg.ScharfetterGummel())
    start = space.initial_density()
    dt = EULER_STEPS / space.rate(start, 0.0).emptying
    stepper = wg.RKL2(space, dt=dt)
    calls = 0

    def step() -> None:
        nonlocal calls
        calls += 1
        stepper.step(start, 0.0, dt)

    seconds = median_seconds(step, inner=2)
    return seconds / (stepper.facts["stages"] / calls)


def _py_pde() -> tuple[float | None, float | None]:
    """Seconds an Euler step: the compiled stepper kept, and by py-pde's own solve."""
    try:
        import pde  # noqa: F401
    except ImportError:
        return None, None
    problem, steps = PyPde(PEER_CELLS), 50
    kept = median_seconds(lambda: problem.run(steps)) / steps
    return kept, problem.solve_seconds()
