"""Timing, records of what was measured, and the versions it was measured with."""

from __future__ import annotations

import importlib.metadata
import math
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results"
REPEATS = 5  # medians of at least so many
PATIENCE = 10.0  # seconds; what takes longer is run once, and said so

__all__ = [
    "REPEATS",
    "RESULTS",
    "Record",
    "median_seconds",
    "skipped",
    "triad_bandwidth",
    "versions",
]


@dataclass(frozen=True)
class Record:
    """One measured number.

    ``compared`` says what was run and, for a ratio, against what and at what error; ``goal`` is
    a bound as text, ``met`` whether the value is within it (None without a goal).
    """

    benchmark: str
    quantity: str
    value: float
    unit: str
    compared: str
    goal: str = ""
    met: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        content = asdict(self)
        if not math.isfinite(self.value):
            content["value"] = None
        return content


def skipped(benchmark: str, what: str, why: str) -> Record:
    return Record(benchmark, what, math.nan, "skipped", why)


def at_most(limit: float, value: float, unit: str) -> dict[str, Any]:
    return {"goal": f"<= {limit:g} {unit}", "met": value <= limit}


def at_least(limit: float, value: float, unit: str) -> dict[str, Any]:
    return {"goal": f">= {limit:g} {unit}", "met": value >= limit}


def median_seconds(call: Callable[[], object], repeats: int = REPEATS, inner: int = 1) -> float:
    """Median time of a call (the mean of ``inner`` calls at once), after one that is not timed.

    A call that takes longer than ``PATIENCE`` is timed once.
    """
    begun = time.perf_counter()
    call()
    first = time.perf_counter() - begun
    if first > PATIENCE:
        return first
    samples = []
    for _ in range(repeats):
        begun = time.perf_counter()
        for _ in range(inner):
            call()
        samples.append((time.perf_counter() - begun) / inner)
    return statistics.median(samples)


def triad_bandwidth() -> float:
    """Bytes per second of a = b + s c on arrays far larger than the caches.

    Two reads and one write a number are counted, as in McCalpin's STREAM; the write-allocate
    traffic is not.
    """
    from numba import njit

    @njit
    def triad(a, b, c, s):
        for i in range(len(a)):
            a[i] = b[i] + s * c[i]

    n = 1 << 24  # 128 MiB an array
    a, b, c = np.zeros(n), np.ones(n), np.ones(n)
    return 24 * n / median_seconds(lambda: triad(a, b, c, 3.0), repeats=9)


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "machine": _processor()}
    for name in (
        "wgflow",
        "numpy",
        "scipy",
        "numba",
        "fipy",
        "py-pde",
        "pot",
        "mpi4py",
        "petsc4py",
    ):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "absent"
    if found["wgflow"] == "absent":
        import wgflow

        found["wgflow"] = wgflow.__version__
    return found


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
