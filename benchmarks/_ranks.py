"""Jobs of one or several ranks that wait for commands, so that they can be measured in turn.

All jobs of a benchmark live at the same time. Those that wait look for a file now and then, and
take no time worth naming; one measures while the others wait. So serial runs and runs on two
ranks alternate within seconds, and what else the machine does falls on all of them alike.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["Job", "command_of", "environment", "missing"]

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 240.0  # seconds for an answer
PAUSE = 0.005


def missing() -> str | None:
    """Say what is not installed that several ranks need, if anything."""
    import importlib.util

    for name in ("mpi4py", "petsc4py"):
        if importlib.util.find_spec(name) is None:
            return f"{name} is not installed: pip install 'wgflow[mpi]'"
    if _mpiexec() is None:
        return "no mpiexec beside python or on the path: install MPI"
    return None


def _mpiexec() -> str | None:
    return shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")


def command_of(ranks: int | None, module: str, *words: str, bind: bool = True) -> list[str]:
    """Command of a job: of one process without a launcher if ``ranks`` is None."""
    program = [sys.executable, "-m", module, *words]
    if ranks is None:
        return program
    where = ["-bind-to", "core"] if bind else []
    return [str(_mpiexec()), "-n", str(ranks), *where, *program]


def environment() -> dict[str, str]:
    """One thread a process, and the kernels that were compiled before."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "NUMBA")}
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    kept = {"NUMBA_CACHE_DIR": str(ROOT / ".cache" / "numba")}
    return {**kept, **os.environ, **threads, "PYTHONPATH": path}


class Job:
    """A job that obeys commands.

    Parameters
    ----------
    folder : Path
        Its own, for commands and answers; made here.
    ranks : int, optional
        One process without a launcher if left out.
    bind : bool
        Whether each rank is pinned to a core of its own.
    """

    def __init__(self, folder: Path, ranks: int | None = None, *, bind: bool = True) -> None:
        folder.mkdir(parents=True)
        self._folder, self._count = folder, 0
        self._errors = (folder / "errors").open("w+")
        self._process = subprocess.Popen(
            command_of(ranks, "benchmarks._scaling_worker", str(folder), bind=bind),
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
        )

    def ask(self, what: str, **words: Any) -> Any:
        """Give a command and wait for the answer.

        Raises
        ------
        RuntimeError
            If the job has ended, with the last of what it wrote, or does not answer in time.
        """
        answer = self._folder / f"{self._count}.answer"
        command = self._folder / f"{self._count}.command"
        _write(command, {"what": what, **words})
        self._count += 1
        end = time.monotonic() + PATIENCE
        while not answer.exists():
            if self._process.poll() is not None or time.monotonic() > end:
                self._errors.seek(0)
                last = self._errors.read().strip()[-2000:]
                self.end()
                raise RuntimeError(f"no answer to {what} {words}:\n{last}")
            time.sleep(PAUSE)
        return json.loads(answer.read_text())

    def end(self) -> None:
        """End the job."""
        if self._process.poll() is None:
            _write(self._folder / f"{self._count}.command", {"what": "end"})
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._errors.close()


def _write(path: Path, content: Any) -> None:
    """Write a file that is either not there or whole."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content))
    part.rename(path)
