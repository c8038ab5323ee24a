"""Error against seconds: a whole run to T = 0.5, wgflow's solvers and py-pde."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import wgflow as wg
from wgflow import catalog

from ._measure import PATIENCE, Record, at_most, median_seconds, skipped
from ._problems import UNTIL, PyPde, exact, fokker_planck, l1_error

NAME = "accuracy"
GOALS = {256: (2.2e-4, 1.0), 512: (5.6e-5, 3.0)}  # cells: L1 error, seconds
RUNS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("scharfetter_gummel_explicit", {"curvature": True, "tolerance": 1e-5}),
    ("scharfetter_gummel_explicit", {}),
    ("scharfetter_gummel", {"curvature": True}),
    ("scharfetter_gummel", {}),
    ("muscl", {}),
)
SLOW = {"muscl"}  # explicit without stabilization: 16 times the seconds at 512²
STEPS_PER_CELL = 3 / 64  # of second-order methods with long steps


def run() -> Iterator[Record]:
    best: dict[int, tuple[float, float, str]] = {}
    for solver, options in RUNS:
        if solver not in catalog.names("solvers"):
            yield skipped(NAME, solver, "not in this version of wgflow")
            continue
        wg.solve(fokker_planck(0.01), solver, cells=16, snapshots=[])  # compiles
        for cells, (error_goal, seconds_goal) in GOALS.items():
            if solver in SLOW and cells > 256:
                continue
            error, centre_error, seconds, steps = _ours(solver, cells, options)
            chosen = "".join(f" {k}={v}" for k, v in options.items())
            what = f"{solver}{chosen} {cells}², {steps} steps"
            run_once = ", one run" if seconds > PATIENCE else ""
            yield Record(
                NAME,
                f"{what}: L1 error",
                error,
                "",
                "V = |x|²/2, D = 1/2, [-5,5]², Gaussian start, T = 0.5; to exact cell averages "
                f"(values at the centres, from such a start: {centre_error:.3g})",
                **at_most(error_goal, error, ""),
            )
            yield Record(
                NAME,
                f"{what}: seconds",
                seconds,
                "s",
                "wg.solve from problem to solution, with its history" + run_once,
                **at_most(seconds_goal, seconds, "s"),
            )
            # py-pde's seconds grow like error^-2: steps like n², cells like n²
            if cells not in best or seconds * error**2 < best[cells][1] * best[cells][0] ** 2:
                best[cells] = (error, seconds, solver + chosen)
    yield from _against_py_pde(*best[256])


def _ours(solver: str, cells: int, options: dict[str, Any]) -> tuple[float, float, float, int]:
    """L1 errors of cell averages and at the centres, seconds, steps."""
    order = catalog.load("solvers", solver).ORDER
    settings: dict[str, Any] = {"options": {k: v for k, v in options.items() if k != "tolerance"}}
    if "tolerance" in options:
        settings["tolerance"] = options["tolerance"]
    elif solver not in SLOW:
        # order 1 in time cannot reach the error; it is run at a step that shows what it does
        steps = cells * STEPS_PER_CELL if order["time"] == 2 else 100
        settings["dt"] = UNTIL / steps
    result: dict[str, wg.Solution] = {}

    def whole() -> None:
        result["it"] = wg.solve(fokker_planck(), solver, cells=cells, snapshots=[], **settings)

    seconds = median_seconds(whole)
    solution = result["it"]
    start = exact(0.0, *solution.coordinates)
    at_centres = wg.solve(
        fokker_planck(), solver, cells=cells, snapshots=[], density=start, **settings
    )
    return (
        l1_error(solution.density, UNTIL),
        l1_error(at_centres.density, UNTIL, points=True),
        seconds,
        int(solution.facts["steps"]),
    )


def _against_py_pde(target: float, seconds: float, solver: str) -> Iterator[Record]:
    """Run py-pde on the grid on which it makes the same error."""
    try:
        trial = PyPde(64)
    except ImportError:
        yield skipped(NAME, "against py-pde", "py-pde is not installed: pip install py-pde")
        return
    # order 2 in h, with dt at its stability bound: the error falls like 1/n²
    cells = 2 * math.ceil(64 * math.sqrt(l1_error(trial.run(), UNTIL, points=True) / target) / 2)
    peer = PyPde(cells)
    error = l1_error(peer.run(), UNTIL, points=True)
    peer_seconds = median_seconds(peer.run)
    yield Record(
        NAME,
        f"py-pde {cells}², {peer.steps} Euler steps: seconds",
        peer_seconds,
        "s",
        f"L1 error {error:.3g} to exact values at the centres; compiled stepper kept",
    )
    yield Record(
        NAME,
        f"py-pde / {solver} at equal error",
        peer_seconds / seconds,
        "x",
        f"whole runs, L1 error {error:.3g} and {target:.3g}, compilation of neither counted",
    )
