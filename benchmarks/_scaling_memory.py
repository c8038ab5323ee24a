"""Memory of an explicit run on 32⁴ cells with the features of a network, a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np

from ._ranks import ROOT, command_of, environment
from .memory import _reset_peak, _status

__all__ = ["memory_of"]

CELLS, STEPS, STEP = 32, 2, 2e-3
TEMPERATURE = 0.05
PATIENCE = 300.0  # seconds


def memory_of(ranks: int | None, features: int) -> dict[str, Any]:
    """Run; memory in bytes of each rank before the run and at its peak, and integrals.

    Raises
    ------
    RuntimeError
        If the run fails.
    """
    done = subprocess.run(
        command_of(ranks, "benchmarks._scaling_memory", str(features)),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _problem(features: int) -> Any:
    """A network a ramp(b + r1 u + r2 v) on samples (u, v), its target the mean of some."""
    import wgflow as wg
    from wgflow.networks import Features

    samples = np.random.default_rng(1).normal(size=(features, 2))

    def functions(a: Any, b: Any, r1: Any, r2: Any) -> Any:
        out = np.empty((features, *np.broadcast_shapes(*(np.shape(x) for x in (a, b, r1, r2)))))
        for row, (u, v) in zip(out, samples, strict=True):
            np.multiply(r1, u, out=row)
            row += v * r2
            row += b
            np.maximum(row, 0.0, out=row)
            row *= a
        return out

    def gradient(*where: Any) -> Any:
        raise NotImplementedError("cells need no gradients of features")

    shares = np.full(features, 1 / features)
    network = Features(functions, gradient, shares, shares * np.sin(samples[:, 0]), 0.5)
    return wg.Problem(
        domain=wg.Box(
            *(wg.Axis(-2, 2, wall=True, name=name) for name in ("a", "b")),
            *(wg.Axis(0, 3, wall=True, name=name) for name in ("r1", "r2")),
        ),
        energy=wg.Risk(network) + wg.Entropy(TEMPERATURE),
        initial=lambda a, b, r1, r2: np.exp(-2 * (a**2 + b**2 + (r1 - 1.5) ** 2 + (r2 - 1.5) ** 2)),
        until=STEPS * STEP,
    )


def _measure(features: int) -> dict[str, Any]:
    import wgflow as wg
    from wgflow.parallel import world

    comm = world()

    def run(cells: int, rank: int) -> Any:
        return wg.solve(
            _problem(rank), "scharfetter_gummel_explicit", cells=cells, dt=STEP, snapshots=0
        )

    run(6, 2)  # loads the libraries and the kernels
    _reset_peak()
    before = _status("VmRSS")
    solution = run(CELLS, features)
    # pages of files are those of libraries, which the ranks of a machine share
    figures = {"before": before, "peak": _status("VmHWM"), "files": _status("RssFile")}
    ranks = comm.gather(figures)
    density, grid = solution.densities[-1], solution.grid
    digest = [grid.integrate(density), grid.integrate_product(density, density)]
    digest += [grid.integrate(density * x) for x in grid.coordinates]
    facts = {k: float(v) for k, v in solution.facts.items() if k in ("stages", "wall_seconds")}
    return {"ranks": ranks, "digest": digest, "steps": solution.facts["steps"], **facts}


if __name__ == "__main__":
    measured = _measure(int(sys.argv[1]))
    if measured["ranks"] is not None:
        print(json.dumps(measured))
