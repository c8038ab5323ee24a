"""Runs of the parity tests: solves each pair of a matrix on the ranks it is started with.

``python -m tests.parity_runs FILE NAME…`` writes the final densities, gathered, and the numbers
of summary.json to FILE; without names it runs all.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import wgflow as wg
from wgflow import catalog
from wgflow.parallel import world

# name: case, its parameters, solver, its options, cells, until
RUNS: dict[str, tuple[str, dict[str, Any], str, dict[str, Any], Any, float]] = {
    "transport/upwind": ("transport", {"dimension": 2}, "upwind", {}, (20, 17), 0.1),
    "transport/muscl": ("transport", {"dimension": 3}, "muscl", {}, (12, 10, 11), 0.1),
    "heat/rkl": ("heat_torus", {"dimension": 2}, "scharfetter_gummel_explicit", {}, (18, 24), 0.05),
    "heat/muscl": ("heat_torus", {"dimension": 1}, "muscl", {}, 64, 0.02),
    "ou1/sdirk": ("ornstein_uhlenbeck", {}, "scharfetter_gummel", {"dt": 0.02}, 80, 0.1),
    "ou2/sdirk": (
        "ornstein_uhlenbeck",
        {"dimension": 2},
        "scharfetter_gummel",
        {"dt": 0.02},
        (40, 33),
        0.1,
    ),
    "ou2/euler": (
        "ornstein_uhlenbeck",
        {"dimension": 2},
        "scharfetter_gummel",
        {"dt": 0.02, "time": "euler", "curvature": True},
        (40, 33),
        0.1,
    ),
    "ou3/tolerance": (
        "ornstein_uhlenbeck",
        {"dimension": 3},
        "scharfetter_gummel",
        {"tolerance": 1e-3},
        (14, 16, 12),
        0.05,
    ),
    "ou3/rkl": (
        "ornstein_uhlenbeck",
        {"dimension": 3},
        "scharfetter_gummel_explicit",
        {"dt": 0.02, "curvature": True},
        (14, 16, 12),
        0.1,
    ),
    "ou4/rkl": (
        "ornstein_uhlenbeck",
        {"dimension": 4},
        "scharfetter_gummel_explicit",
        {"dt": 0.05},
        (8, 9, 8, 7),
        0.1,
    ),
    "ou2/fipy": ("ornstein_uhlenbeck", {"dimension": 2}, "fipy", {"dt": 0.05}, (16, 18), 0.1),
    "barenblatt/upwind": ("barenblatt", {"dimension": 2}, "upwind", {}, (24, 20), 0.02),
    "barenblatt/bch": (
        "barenblatt",
        {"dimension": 2},
        "bailo_carrillo_hu",
        {"dt": 0.01},
        (24, 20),
        0.02,
    ),
    "attraction/bch": (
        "quadratic_attraction",
        {},
        "bailo_carrillo_hu",
        {"dt": 0.02},
        80,
        0.1,
    ),
    "attraction/sdirk": (
        "quadratic_attraction",
        {"dimension": 2},
        "scharfetter_gummel",
        {"dt": 0.05},
        (30, 28),
        0.1,
    ),
    "keller_segel/rkl": (
        "keller_segel",
        {},
        "scharfetter_gummel_explicit",
        {"dt": 0.01},
        (32, 32),
        0.05,
    ),
    "keller_segel/sdirk": ("keller_segel", {}, "scharfetter_gummel", {"dt": 0.02}, (32, 32), 0.04),
    "log_gas/muscl": ("log_gas", {}, "muscl", {}, 80, 0.05),
    "ring/upwind": ("aggregation_ring", {}, "upwind", {}, (30, 30), 0.2),
    "double_well/sg": (
        "double_well_porous",
        {},
        "scharfetter_gummel",
        {"dt": 0.02},
        60,
        0.1,
    ),
    "cosine/muscl": ("cosine_neuron", {}, "muscl", {}, 100, 0.2),
    "cosine/sdirk": ("cosine_neuron", {"beta": 20.0}, "scharfetter_gummel", {"dt": 0.05}, 64, 0.2),
    "gaussians/muscl": ("isotropic_gaussians", {}, "muscl", {}, 200, 0.01),
    "gaussians/jko": (
        "isotropic_gaussians",
        {"beta": 20.0},
        "quantile_jko",
        {"tau": 0.01},
        80,
        0.1,
    ),
    "anisotropic/muscl": ("anisotropic_gaussians", {"d": 10}, "muscl", {}, (24, 20), 0.02),
    "anisotropic/sdirk": (
        "anisotropic_gaussians",
        {"d": 10, "beta": 20.0, "weight_decay": 0.5, "second": 3.0},
        "scharfetter_gummel",
        {"dt": 0.05},
        (20, 18),
        0.1,
    ),
    "relu/muscl": (
        "relu_gaussians",
        {"d": 24, "s0": 6, "reach": 2.0},
        "muscl",
        {},
        (8, 8, 7, 6),
        0.05,
    ),
    "charges/muscl": ("charges", {}, "muscl", {}, (24, 20), 0.1),
    "charges/fixed": ("charges", {"fixed": True, "dimension": 2}, "muscl", {}, (10, 12, 9), 0.1),
    "cosine/jko": ("cosine_neuron", {}, "quantile_jko", {"quantiles": 200}, 60, 0.2),
    "log_gas/jko": ("log_gas", {}, "quantile_jko", {"tau": 0.05, "quantiles": 100}, 40, 0.1),
    "logistic/sdirk": (
        str(Path(__file__).with_name("labelled_neuron.py")),
        {"beta": 50.0},
        "scharfetter_gummel",
        {"dt": 0.05},
        64,
        0.2,
    ),
    "data/muscl": (
        "data_network",
        {"example": "moons", "loss": "logistic", "samples": 20, "weight_decay": 0.01},
        "muscl",
        {},
        (14, 12, 13),
        0.5,
    ),
    "ou2/entropic": (
        "ornstein_uhlenbeck",
        {"dimension": 2},
        "entropic_jko",
        {"tau": 0.05},
        (40, 33),
        0.1,
    ),
    "barenblatt/entropic": ("barenblatt", {}, "entropic_jko", {"tau": 0.02}, 60, 0.1),
    "cosine/entropic": ("cosine_neuron", {"beta": 20.0}, "entropic_jko", {}, 64, 0.2),
    "barenblatt/dual": (
        "barenblatt",
        {"dimension": 2},
        "back_and_forth",
        {"tau": 0.01},
        (24, 20),
        0.02,
    ),
    "cosine/dual": ("cosine_neuron", {"beta": 20.0}, "back_and_forth", {"tau": 0.1}, 64, 0.2),
    "keller_segel/dual": ("keller_segel", {}, "back_and_forth", {"tau": 0.02}, (32, 30), 0.04),
    "ou1/ljko": ("ornstein_uhlenbeck", {}, "ljko", {"tau": 0.02}, 60, 0.1),
    "ou2/ljko": (
        "ornstein_uhlenbeck",
        {"dimension": 2, "half_width": 4.0, "mean": 0.5},
        "ljko",
        {"tau": 0.02},
        (20, 18),
        0.06,
    ),
    "attraction/ljko_bdf2": ("quadratic_attraction", {}, "ljko_bdf2", {"tau": 0.02}, 60, 0.1),
    "barenblatt/ljko_bdf2": (
        "barenblatt",
        {"dimension": 2},
        "ljko_bdf2",
        {"tau": 0.01},
        (20, 18),
        0.03,
    ),
    "desai_zwanzig/sdirk": ("desai_zwanzig", {}, "scharfetter_gummel", {"dt": 0.05}, 64, 0.2),
}


def main(path: str, names: list[str]) -> None:
    densities, numbers = {}, {}
    for name in names or RUNS:
        case, parameters, solver, options, cells, until = RUNS[name]
        problem = catalog.load("cases", case).problem(**parameters)
        solution = wg.solve(problem, solver, cells=cells, until=until, options=options, snapshots=2)
        densities[name] = solution.grid.gather(solution.density)
        numbers[name] = {
            **solution.summary(),
            "mean_iterations": float(solution.history["iterations"].mean()),
        }
    if world().is_root:
        np.savez(path, **densities, numbers=json.dumps(numbers, default=str))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
