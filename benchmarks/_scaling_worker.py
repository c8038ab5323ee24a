"""One rank of a job that measures what it is told to; see ``_ranks``."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wgflow.parallel import Communicator, Partition, world
from wgflow.parallel.transposes import Transpose

from ._ranks import PAUSE, _write
from ._scaling_cases import CASES, Case

PATIENCE = 600.0  # seconds without a command after which the driver must have died


class Worker:
    def __init__(self, folder: Path) -> None:
        self._folder, self._comm = folder, world()
        if not self._comm.active:  # as a launcher pins the ranks it starts
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        self._cases: dict[str, Case] = {}

    def run(self) -> None:
        for number in range(1 << 30):
            command = self._next(self._folder / f"{number}.command")
            if command is None or command["what"] == "end":
                return
            answer = getattr(self, command.pop("what"))(**command)
            if self._comm.is_root:
                _write(self._folder / f"{number}.answer", answer)

    def _next(self, path: Path) -> dict[str, Any] | None:
        end = time.monotonic() + PATIENCE
        while not path.exists():  # waiting in MPI would keep a core busy
            if time.monotonic() > end or not self._folder.exists():
                return None
            time.sleep(PAUSE)
        command: dict[str, Any] = json.loads(path.read_text())
        return command

    # --- commands ---------------------------------------------------------------------------

    def hello(self) -> dict[str, Any]:
        """Say how many ranks there are, and where they are pinned."""
        cores = self._comm.gather(sorted(os.sched_getaffinity(0)))
        return {"ranks": self._comm.size, "mpi": self._comm.active, "cores": cores}

    def make(self, key: str, case: str, words: dict[str, Any]) -> dict[str, Any]:
        """Prepare a case under a key, and warm it up; the seconds of its second call."""
        made = self._cases[key] = CASES[case](**words)
        made.call()
        return {"seconds": self._seconds(made), "work": made.work}

    def drop(self, key: str) -> None:
        """Free a case."""
        self._cases.pop(key, None)

    def measure(self, key: str, samples: int) -> list[float]:
        """Seconds of calls, each that of the slowest rank."""
        case = self._cases[key]
        return [self._seconds(case) for _ in range(samples)]

    def digest(self, case: str, words: dict[str, Any]) -> list[float]:
        """Give a few integrals of the result, which must not depend on the ranks."""
        made = CASES[case](**words)
        return [] if made.digest is None else made.digest()

    def count(self, key: str) -> dict[str, float]:
        """Count what one call communicates, and the iterations of its linear solves."""
        case = self._cases[key]
        with _counted(self._comm) as counts:
            case.call()
        return dict(counts)

    def _seconds(self, case: Case) -> float:
        self._comm.barrier()
        begun = time.perf_counter()
        for _ in range(case.inner):
            case.call()
        return self._comm.maximum(time.perf_counter() - begun) / case.inner


@contextmanager
def _counted(comm: Communicator) -> Iterator[Counter[str]]:
    """Count calls of what communicates; PETSc's own are taken from its log."""
    from wgflow.algebra.krylov import _kernels

    counts: Counter[str] = Counter()
    kept: list[tuple[Any, str, Any]] = []

    def watch(owner: Any, name: str, label: str, value: bool = False) -> None:
        plain = getattr(owner, name)
        kept.append((owner, name, plain))

        def counting(*arguments: Any, **words: Any) -> Any:
            result = plain(*arguments, **words)
            counts[label] += int(result) if value else 1
            return result

        setattr(owner, name, counting)

    watch(Communicator, "_reduced", "reductions")
    watch(Partition, "exchange", "exchanges")
    watch(Transpose, "_move", "transposes")
    watch(_kernels, "solve", "iterations", value=True)
    before = _petsc_log(comm)
    try:
        yield counts
    finally:
        for owner, name, plain in kept:
            setattr(owner, name, plain)
        for label, number in _petsc_log(comm).items():
            counts[label] += int(number - before[label])


def _petsc_log(comm: Communicator) -> dict[str, float]:
    """Give PETSc's counts so far of solves, preconditionings, products and reductions."""
    if not comm.active:
        return {}
    from petsc4py import PETSc

    if not PETSc.Log.isActive():
        PETSc.Log.begin()

    def times(event: str) -> float:
        return PETSc.Log.Event(event).getPerfInfo()["count"]

    inner = ("VecDot", "VecNorm", "VecDotNorm2", "VecTDot", "VecMDot")
    return {
        "solves": times("KSPSolve"),
        "preconditioned": times("PCApply"),
        "products": times("MatMult"),
        "inner_products": sum(times(e) for e in inner),
    }


if __name__ == "__main__":
    Worker(Path(sys.argv[1])).run()
