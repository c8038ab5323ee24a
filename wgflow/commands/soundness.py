"""The usual mistakes of an installation, or of the way a job was started, and their remedies."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wgflow.parallel import THREADS
from wgflow.parallel.installation import Installation, Launcher, Rank

__all__ = ["Found", "Surroundings", "mistakes"]

INSTALL = "make mpi in a checkout, or its tools/install-petsc"


@dataclass(frozen=True)
class Found:
    """A mistake in one line: what is wrong, and the remedy."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


@dataclass(frozen=True)
class Surroundings:
    """All that the doctor has seen.

    Attributes
    ----------
    installed : Installation
    launcher : Launcher or None
        The ``mpiexec`` at hand.
    started : int or None
        Ranks that a launcher says it started; None without one, 0 if it does not say how many.
    world : int or None
        Ranks that MPI knows of; None if it was not asked.
    ranks : sequence of Rank
        Where they run.
    variables : mapping
        The environment.
    package : Path
        Where wgflow lies.
    """

    installed: Installation
    launcher: Launcher | None
    started: int | None
    world: int | None
    ranks: Sequence[Rank]
    variables: Mapping[str, str]
    package: Path


def mistakes(seen: Surroundings) -> list[Found]:
    """List what is wrong; empty if all is sound."""
    return [found for check in CHECKS for found in check(seen)]


def alone(seen: Surroundings) -> Iterator[Found]:
    """Each rank thinks that it is the only one, and all write the same files."""
    if seen.started is None or seen.started == 1:
        return
    count = f"{seen.started} ranks" if seen.started else "several ranks"
    if not seen.installed.mpi4py:
        yield Found(f"started on {count} without mpi4py", f"install it by {INSTALL}")
    elif seen.world is not None and 0 < seen.started != seen.world:
        yield Found(
            f"the launcher started {count}, MPI knows of {seen.world}: the launcher belongs to "
            "another MPI than mpi4py, and each rank thinks it is alone",
            f"start with the mpiexec of mpi4py's MPI ({seen.installed.library}); with srun, "
            "name its interface (srun --mpi=list)",
        )


def incomplete(seen: Surroundings) -> Iterator[Found]:
    """One of the two packages is missing or does not load."""
    have = seen.installed
    for package in ("mpi4py", "petsc4py", "h5py"):
        if package in have.faults:
            remedy = f"install it anew, {INSTALL}; or load the modules that it was built with"
            if package == "h5py":
                remedy = "install it anew: pip install --force-reinstall h5py"
            yield Found(f"{package} does not import ({have.faults[package]})", remedy)
    if have.mpi4py and not have.petsc4py and "petsc4py" not in have.faults:
        yield Found("mpi4py without petsc4py", f"wgflow needs both under MPI: {INSTALL}")
    if have.petsc4py and not have.mpi4py and "mpi4py" not in have.faults:
        yield Found("petsc4py without mpi4py", f"wgflow needs both under MPI: {INSTALL}")


def two_libraries(seen: Surroundings) -> Iterator[Found]:
    """PETSc talks to one MPI, mpi4py to another."""
    have = seen.installed
    if have.libmpi and have.libmpi_petsc:
        yield Found(
            f"petsc4py loads {', '.join(have.libmpi_petsc)}, mpi4py {', '.join(have.libmpi)}",
            "build both with one MPI: unload the other's module, or MPICC=mpicc " + INSTALL,
        )


def wrong_petsc(seen: Surroundings) -> Iterator[Found]:
    """PETSc's numbers are not those of wgflow, or it is slow."""
    have = seen.installed
    if have.scalar and have.scalar != "float64":
        yield Found(
            f"PETSc computes with {have.scalar}, wgflow needs float64",
            "choose a PETSc built with real double scalars (PETSC_DIR, PETSC_ARCH)",
        )
    if have.debugging:
        yield Found(
            "PETSc was built for debugging, which is several times slower",
            "choose one built --with-debugging=0",
        )


def other_launcher(seen: Surroundings) -> Iterator[Found]:
    """Find an mpiexec of another MPI, which would start ranks that do not find each other."""
    if seen.launcher is None or not seen.installed.library:
        return
    ours, theirs = family(seen.installed.library), family(seen.launcher.version)
    if ours and theirs and ours != theirs:
        yield Found(
            f"{seen.launcher.path} is of {theirs}, mpi4py uses {ours}",
            f"put {ours}'s mpiexec first on PATH, or load its module",
        )


def family(text: str) -> str:
    """Name the MPIs that start each other's programs; empty if unknown.

    Examples
    --------
    >>> family("mpiexec (OpenRTE) 4.1.4"), family("Intel(R) MPI Library 2021.10")
    ('Open MPI', 'MPICH')
    """
    for words, name in (
        (("Open MPI", "OpenRTE", "PRRTE"), "Open MPI"),
        (("MPICH", "HYDRA", "Intel(R) MPI", "MVAPICH"), "MPICH"),
    ):
        if any(word in text for word in words):
            return name
    return ""


def too_many_threads(seen: Surroundings) -> Iterator[Found]:
    """Ranks times threads above the cores of a node: they wait for each other."""
    for host in dict.fromkeys(rank.host for rank in seen.ranks):
        here = [rank for rank in seen.ranks if rank.host == host]
        cores = len({core for rank in here for core in rank.cores})
        threads = sum(threads_of(rank) for rank in here)
        if len(here) > cores:
            yield Found(
                f"too many ranks on {host} (ranks {len(here)}, cores {cores})",
                "start no more than one a core, and bind each (mpiexec -bind-to core; "
                "srun --cpu-bind=cores)",
            )
        elif threads > cores:
            yield Found(
                f"too many threads on {host} (ranks {len(here)}, threads {threads}, cores {cores})",
                f"unset {' '.join(THREADS)}, or bind each rank to its cores",
            )


def threads_of(rank: Rank) -> int:
    """Give the threads that a library of this rank starts: one, unless a variable is set.

    One variable that is set is taken for a decision: which libraries read it is not known here.
    """
    texts = [text.split(",")[0] for name, text in rank.threads.items() if name in THREADS]
    given = [int(text) for text in texts if text.isdecimal() and int(text) > 0]
    return max(given, default=1)


def no_cache(seen: Surroundings) -> Iterator[Found]:
    """Kernels that cannot be kept are compiled anew in every run, on every rank."""
    named = seen.variables.get("NUMBA_CACHE_DIR")
    home = seen.variables.get("XDG_CACHE_HOME") or Path(seen.variables.get("HOME", "/"), ".cache")
    if named:
        if not writable(Path(named)):
            yield Found(
                f"NUMBA_CACHE_DIR={named} cannot be written: kernels are compiled in every run",
                "name a folder that can be written",
            )
    elif not writable(seen.package) and not writable(Path(home)):
        yield Found(
            f"neither {seen.package} nor {home} can be written: kernels are compiled in every run",
            "export NUMBA_CACHE_DIR=FOLDER",
        )


def writable(folder: Path) -> bool:
    """Whether files can be written there, once it and what is above it have been made."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


CHECKS: tuple[Callable[[Surroundings], Iterator[Found]], ...] = (
    alone,
    incomplete,
    two_libraries,
    wrong_petsc,
    other_launcher,
    too_many_threads,
    no_cache,
)
