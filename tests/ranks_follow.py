"""Runs of tests/test_follow.py: solve with cells that follow, and write what came out.

``python -m tests.ranks_follow FILE`` writes densities, gathered, windows and histories to FILE.
"""

from __future__ import annotations

import sys

import numpy as np

import wgflow as wg
from wgflow import catalog
from wgflow.parallel import world


def ridge(x: wg.Array, y: wg.Array) -> wg.Array:
    """Narrow Gaussian at (4, 2)."""
    return np.exp(-(((x - 4) / 0.3) ** 2) - ((y - 2) / 0.4) ** 2)


def runs() -> dict[str, wg.Solution]:
    """Solve one problem in 1-D, one in 2-D with unequal cells, and one in 4-D."""
    line = wg.Problem(
        wg.Box((-2, 10)),
        wg.Confinement(1.0) + wg.Entropy(0.01),
        initial=lambda x: np.exp(-((x - 8) ** 2) / 0.08),
    )
    stretched = wg.Axis(-6, 6, stretch=wg.Clustered(-6, 6, around=0.0, scale=2.0))
    plane = wg.Problem(wg.Box(stretched, (-5, 5)), wg.Confinement(1.0), initial=ridge)
    relu = catalog.load("cases", "relu_gaussians").problem(d=20, s0=5)
    loose = wg.Follow(tolerance=1e-4)
    return {
        "line": wg.solve(line, cells=60, until=0.1, snapshots=2, follow=True),
        "plane": wg.solve(plane, "muscl", cells=(16, 12), until=0.3, snapshots=2, follow=True),
        "relu": wg.solve(relu, cells=(8, 9, 8, 8), until=0.05, snapshots=2, follow=loose),
    }


def main(path: str) -> None:
    """Solve and write."""
    kept = {}
    for name, solution in runs().items():
        kept[f"{name}/view"] = solution.grid.gather(solution.densities)
        sharp = [window.grid.gather(window.density) for window in solution.windows]
        kept[f"{name}/sharp"] = np.array(sharp)
        kept[f"{name}/edges"] = np.array(
            [np.concatenate(window.grid.whole.edges) for window in solution.windows]
        )
        kept[f"{name}/energy"] = solution.history["energy"]
        kept[f"{name}/means"] = np.array(
            [values for key, values in solution.history.items() if key.startswith("mean_")]
        )
        facts = ("remaps", "mass_max_error", "minimum")
        kept[f"{name}/facts"] = np.array([solution.facts[key] for key in facts])
    if world().is_root:
        np.savez(path, **kept)


if __name__ == "__main__":
    main(sys.argv[1])
