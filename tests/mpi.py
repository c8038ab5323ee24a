"""Runs programs on several ranks, under a time limit."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 150.0  # seconds; four ranks share two cores

INSTALLED = all(importlib.util.find_spec(name) for name in ("mpi4py", "petsc4py"))
needs_mpi = pytest.mark.skipif(not INSTALLED, reason="mpi4py or petsc4py is not installed")


def launcher() -> str:
    """Give the mpiexec of this Python's environment."""
    return shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or "mpiexec"


def surroundings() -> dict[str, str]:
    """Give environment variables for a rank: one thread, this checkout, no screen."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "NUMBA")}
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {**os.environ, **threads, "PYTHONPATH": path, "MPLBACKEND": "Agg"}


def on_ranks(
    ranks: int,
    words: Sequence[str],
    *,
    cwd: Path | None = None,
    limit: float = LIMIT,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``python WORDS`` on so many ranks; its output and exit code are the caller's to check."""
    return subprocess.run(
        [launcher(), "-n", str(ranks), sys.executable, *words],
        cwd=cwd,
        env={**surroundings(), **(env or {})},
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )


def succeeds(ranks: int, words: Sequence[str], **options: object) -> str:
    """Run on so many ranks, require exit code 0, and give the standard output."""
    done = on_ranks(ranks, words, **options)  # type: ignore[arg-type]
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
