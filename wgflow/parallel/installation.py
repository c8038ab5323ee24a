"""What the installed MPI, PETSc and HDF5 are: asked of a process apart, which may fail alone."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = [
    "Installation",
    "Launcher",
    "Rank",
    "find_launcher",
    "own_rank",
    "probe",
    "ranks_of_world",
    "usable_cores",
    "without_launcher",
]

# What a launcher sets for its children. A process that inherits it would join the launched job.
_LAUNCHED = re.compile(r"(PMI|PMIX|HYDI?|OMPI_COMM|MV2_COMM|MPI_LOCAL|PALS|ALPS_APP)_")
# The library itself: Open MPI has others beside it, as libmpi_cxx, which say nothing.
_MPI_LIBRARY = re.compile(r"libmpi(ch|_cray|_gnu_\d+|_intel)?\.so")
_PATIENCE = 120  # seconds; importing from a busy shared file system is slow, a hang is longer


@dataclass(frozen=True)
class Installation:
    """What a fresh process found; empty or None where there is nothing or it is unknown.

    Attributes
    ----------
    mpi4py, petsc4py, h5py : str
        Versions of the Python packages that import.
    faults : dict of str to str
        Why a package that is installed does not import, by its name.
    library : str
        What the MPI library says of itself, one line.
    libmpi, libmpi_petsc : list of str
        Files of MPI libraries that mpi4py loads, and that petsc4py then loads besides.
    petsc, scalar : str
        PETSc's version; the name of its type of number, as ``float64``.
    index_bits : int or None
        Bits of PETSc's indices.
    debugging : bool or None
        Whether PETSc checks itself as it runs, which is slow.
    hdf5 : str
        The version of the HDF5 library.
    hdf5_mpi : bool
        Whether HDF5 writes from all ranks.
    """

    mpi4py: str = ""
    petsc4py: str = ""
    h5py: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    library: str = ""
    libmpi: list[str] = field(default_factory=list)
    libmpi_petsc: list[str] = field(default_factory=list)
    petsc: str = ""
    scalar: str = ""
    index_bits: int | None = None
    debugging: bool | None = None
    hdf5: str = ""
    hdf5_mpi: bool = False


@dataclass(frozen=True)
class Launcher:
    """The ``mpiexec`` that a user would start: its path and its first words on itself."""

    path: str
    version: str


@dataclass(frozen=True)
class Rank:
    """Where one rank runs: its host, the cores it may use, its settings of threads."""

    rank: int
    host: str
    cores: tuple[int, ...]
    threads: dict[str, str]


def without_launcher(environment: Mapping[str, str]) -> dict[str, str]:
    """Drop what a launcher has set, for a process that shall be alone."""
    return {name: text for name, text in environment.items() if not _LAUNCHED.match(name)}


def probe() -> Installation:
    """Ask a fresh process what it can import: a wrong library may end it, and only it."""
    code = f"import sys; sys.path[:0] = {sys.path!r}\n"
    code += "from wgflow.parallel.installation import _report\n"
    found: dict[str, Any] = {"faults": {}}
    ended = ""
    for what in ("mpi4py", "petsc4py", "h5py"):
        try:
            done = subprocess.run(
                [sys.executable, "-c", f"{code}_report({what!r})"],
                env=without_launcher(os.environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PATIENCE,
                check=False,
            )
            ended = f"exit code {done.returncode}: {(done.stderr.strip() or '-').splitlines()[-1]}"
            answer = json.loads(done.stdout.splitlines()[-1])
        except subprocess.TimeoutExpired:
            answer = {"fault": f"no end within {_PATIENCE} s"}
        except (IndexError, json.JSONDecodeError):
            answer = {"fault": f"ended with {ended}"}
        fault = answer.pop("fault", None)
        if fault:
            found["faults"][what] = fault
        found |= answer
    return Installation(**found)


def _report(what: str) -> None:
    """Write what importing one package shows, as JSON; the body of the fresh process."""
    found: dict[str, Any] = {}
    try:
        {"mpi4py": _see_mpi, "petsc4py": _see_petsc, "h5py": _see_hdf5}[what](found)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != what:
            found["fault"] = str(error)
    except Exception as error:
        found["fault"] = (str(error).strip() or type(error).__name__).splitlines()[0]
    sys.stdout.write("\n" + json.dumps(found) + "\n")
    sys.stdout.flush()
    os._exit(0)  # nothing was initialized that would have to be finalized


def _see_mpi(found: dict[str, Any]) -> None:
    import mpi4py

    mpi4py.rc.initialize = mpi4py.rc.finalize = False
    from mpi4py import MPI

    found["mpi4py"] = mpi4py.__version__
    found["library"] = " ".join(MPI.Get_library_version().strip("\0 \n").splitlines()[0].split())
    found["libmpi"] = _loaded_mpi()


def _see_petsc(found: dict[str, Any]) -> None:
    import numpy as np
    import petsc4py
    from petsc4py.lib import ImportPETSc

    # told of by its own process; what PETSc itself loads is still to be seen
    with contextlib.suppress(ImportError, RuntimeError):
        _see_mpi({})
    before = _loaded_mpi()
    module = ImportPETSc()  # loads PETSc, but starts neither it nor MPI
    found["petsc4py"] = petsc4py.__version__
    found["libmpi_petsc"] = [file for file in _loaded_mpi() if file not in before]
    found["petsc"] = ".".join(map(str, module.Sys.getVersion()))
    found["scalar"] = np.dtype(module.ScalarType).name
    found["index_bits"] = 8 * np.dtype(module.IntType).itemsize
    found["debugging"] = _debugging(petsc4py.get_config())


def _debugging(config: Mapping[str, str]) -> bool | None:
    """Read off PETSc's header whether it was built to debug; None where there is no header."""
    for arch in {config.get("PETSC_ARCH") or "", ""}:
        header = Path(config.get("PETSC_DIR") or "", arch, "include", "petscconf.h")
        if header.is_file():
            text = header.read_text(encoding="utf-8", errors="replace")
            return re.search(r"^#define PETSC_USE_DEBUG\b", text, re.MULTILINE) is not None
    return None


def _see_hdf5(found: dict[str, Any]) -> None:
    import h5py

    found["h5py"] = h5py.__version__
    found["hdf5"] = h5py.version.hdf5_version
    found["hdf5_mpi"] = bool(h5py.get_config().mpi)


def _loaded_mpi() -> list[str]:
    """List the MPI libraries that this process has loaded; none where the system does not tell."""
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    files = {line.split(maxsplit=5)[-1] for line in maps.splitlines() if "/" in line}
    return sorted(file for file in files if _MPI_LIBRARY.match(Path(file).name))


def find_launcher() -> Launcher | None:
    """Find the ``mpiexec`` on PATH, else the one beside this Python."""
    path = shutil.which("mpiexec") or shutil.which("mpiexec", path=str(Path(sys.executable).parent))
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, "--version"],
            env=without_launcher(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return Launcher(path, "")
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    return Launcher(path, " ".join(" ".join(lines[:2]).split()))


def usable_cores() -> tuple[int, ...]:
    """List the cores that this process may use."""
    if sys.platform == "linux":
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def own_rank(threads: Mapping[str, str], rank: int = 0) -> Rank:
    """Describe this process."""
    return Rank(rank, socket.gethostname(), usable_cores(), dict(threads))


def ranks_of_world(threads: Mapping[str, str]) -> list[Rank] | None:
    """Gather where the ranks run, for the root; None on the others. Collective.

    Raises
    ------
    ImportError
        If mpi4py is not installed, or does not load.
    """
    from mpi4py import MPI

    world = MPI.COMM_WORLD
    told = world.gather(asdict(own_rank(threads, world.rank)), root=0)
    return None if told is None else [Rank(**each) for each in told]
