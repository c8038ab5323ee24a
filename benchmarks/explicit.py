"""Explicit two-dimensional Fokker-Planck steps: ns a cell, and against py-pde."""

from __future__ import annotations

from collections.abc import Iterator

import wgflow as wg

from ._measure import Record, at_least, at_most, median_seconds, skipped
from ._problems import PyPde, fokker_planck

NAME = "explicit"
FLUXES = {"Scharfetter-Gummel": wg.ScharfetterGummel(), "upwind": wg.Upwind()}
PEER_CELLS = 256


def run() -> Iterator[Record]:
    peer = _py_pde()
    if peer is None:
        yield skipped(NAME, "against py-pde", "py-pde is not installed: pip install py-pde")
    else:
        yield Record(
            NAME,
            f"py-pde Euler step at {PEER_CELLS}²",
            peer / PEER_CELLS**2 * 1e9,
            "ns/cell",
            "numba backend, compiled stepper kept, 0.5 laplace(c) + divergence(c v)",
        )
        yield Record(
            NAME,
            f"py-pde's own solve() at {PEER_CELLS}²",
            PyPde(PEER_CELLS).solve_seconds() / PEER_CELLS**2 * 1e9,
            "ns/cell/step",
            "Euler to T = 0.5 as its users call it: every call compiles again; one run",
        )
    for cells in (256, 1024):
        problem = fokker_planck()
        grid = wg.Grid(problem.domain, cells)
        for label, flux in FLUXES.items():
            space = wg.FiniteVolume(problem, grid, flux)
            density = space.initial_density()
            stage = median_seconds(lambda: space.rate(density, 0.0), inner=3)  # noqa: B023
            fast = label == "Scharfetter-Gummel"
            goal = at_most(6, stage / cells**2 * 1e9, "ns/cell") if fast and cells == 1024 else {}
            yield Record(
                NAME,
                f"{label}: right-hand side at {cells}²",
                stage / cells**2 * 1e9,
                "ns/cell",
                "drift, fluxes, divergence, step bound: what a stage costs",
                **goal,
            )
            stepper = wg.SSPRK2(space)
            step = median_seconds(lambda: stepper.step(density, 0.0, 1.0), inner=2)  # noqa: B023
            yield Record(
                NAME,
                f"{label}: SSPRK2 step at {cells}²",
                step / cells**2 * 1e9,
                "ns/cell",
                "two stages, order 2, positivity bound checked",
            )
            if peer is not None and cells == PEER_CELLS and fast:
                yield _ratio("stage", stage, peer)
                yield _ratio("SSPRK2 step", step, peer)


def _ratio(what: str, seconds: float, peer: float) -> Record:
    return Record(
        NAME,
        f"py-pde Euler step / wgflow {what} at {PEER_CELLS}²",
        peer / seconds,
        "x",
        "seconds a step, both warm, one thread, both order 2 in space",
        **at_least(40, peer / seconds, "x"),
    )


def _py_pde() -> float | None:
    """Seconds an Euler step, the compiled stepper kept."""
    try:
        import pde  # noqa: F401
    except ImportError:
        return None
    problem, steps = PyPde(PEER_CELLS), 50
    return median_seconds(lambda: problem.run(steps)) / steps
