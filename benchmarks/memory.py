"""Memory of an explicit run, in arrays of the grid's size, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ._measure import Record, at_most, skipped

NAME = "memory"
CELLS, STEPS = 2048, 3


def run() -> Iterator[Record]:
    for solver, options in (("upwind", {}), ("muscl", {}), ("scharfetter_gummel_explicit", {})):
        command = [sys.executable, "-m", "benchmarks.memory", solver, json.dumps(options)]
        root = Path(__file__).resolve().parents[1]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["failed"])[-1]
            yield skipped(NAME, f"{solver} at {CELLS}²", last)
            continue
        arrays = float(done.stdout)
        yield Record(
            NAME,
            f"{solver} at {CELLS}²",
            arrays,
            "grid arrays",
            f"rise of the peak resident memory over {STEPS} steps of wg.solve, kernels loaded",
            **at_most(8, arrays, "grid arrays"),
        )


def _measure(solver: str, options: dict[str, float]) -> float:
    """Rise of peak memory by a run, over that of a small one, in grid arrays."""
    import wgflow as wg

    from ._problems import HALF_WIDTH, fokker_planck

    wg.solve(fokker_planck(0.01), solver, cells=16, snapshots=[], options=options)
    width = 2 * HALF_WIDTH / CELLS
    until = STEPS * 0.2 * width**2  # a few steps at the explicit bound, D = 1/2
    _reset_peak()
    before = _status("VmRSS")
    wg.solve(fokker_planck(until), solver, cells=CELLS, snapshots=[], options=options)
    return (_status("VmHWM") - before) / (8 * CELLS**2)


def _reset_peak() -> None:
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # resets VmHWM, see proc(5)


def _status(name: str) -> int:
    """Give a memory figure of this process in bytes (Linux)."""
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {name}")


if __name__ == "__main__":
    print(_measure(sys.argv[1], json.loads(sys.argv[2])))
