"""The command that looks at the installation, and at how it was started."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from wgflow._version import __version__
from wgflow.commands.soundness import INSTALL, Surroundings, mistakes
from wgflow.parallel import THREADS, launched_rank, launched_ranks
from wgflow.parallel.installation import (
    Installation,
    Rank,
    find_launcher,
    own_rank,
    probe,
    ranks_of_world,
)

__all__ = ["doctor"]

EXIT_MISTAKE = 1
PACKAGE = Path(__file__).resolve().parents[1]
LAUNCHERS = {
    "PMI_SIZE": "PMI, of MPICH or Intel MPI",
    "PMIX_RANK": "PMIx",
    "OMPI_COMM_WORLD_SIZE": "Open MPI",
    "MV2_COMM_WORLD_SIZE": "MVAPICH",
    "SLURM_STEP_NUM_TASKS": "srun",
    "SLURM_NTASKS": "a Slurm job",
}


def doctor(given: argparse.Namespace) -> int:
    """Print what is installed and how it was started; 1 if that holds a mistake.

    Under a launcher the first rank alone speaks and judges; the others return 0.
    """
    variables = os.environ
    threads = {name: variables[name] for name in THREADS if variables.get(name)}
    started = launched_ranks(variables)
    ranks: Sequence[Rank] | None = [own_rank(threads)]
    world = None
    if started is not None:
        try:
            ranks = ranks_of_world(threads)
            world = None if ranks is None else len(ranks)
        except (ImportError, RuntimeError):
            pass  # the probe tells why
        # where each rank thinks it is the first, only the launcher's first one is
        if ranks is None or launched_rank(variables) > 0:
            return 0
    seen = Surroundings(probe(), find_launcher(), started, world, ranks or (), variables, PACKAGE)
    for line in lines(seen):
        print(line)
    found = mistakes(seen)
    for mistake in found:
        print(f"mistake: {mistake}")
    if not found:
        print("no mistake found")
    return EXIT_MISTAKE if found else 0


def lines(seen: Surroundings) -> Iterator[str]:
    """Say what was seen, a line for each."""
    for name, text in {
        "wgflow": f"{__version__} ({seen.package})",
        "python": f"{platform.python_version()} ({sys.executable})",
        **{name: version(name) for name in ("numpy", "scipy", "numba")},
        **packages(seen.installed),
        "mpiexec": "none"
        if seen.launcher is None
        else f"{seen.launcher.path} ({seen.launcher.version or 'version unknown'})",
        "launcher": launcher(seen),
        "cores": f"{len(own_rank({}).cores)} of {os.cpu_count()} for this process",
        "threads": ", ".join(f"{n.split('_')[0]} {seen.variables.get(n) or '-'}" for n in THREADS),
    }.items():
        yield f"{name:<9} {text}"
    if seen.world is not None:
        yield from table(seen.ranks)


def packages(have: Installation) -> dict[str, str]:
    """Describe HDF5, MPI and PETSc."""
    hdf5 = "parallel (all ranks write)" if have.hdf5_mpi else "serial (the first rank writes)"
    told = {
        "h5py": f"{have.h5py}, HDF5 {have.hdf5}, {hdf5}" if have.h5py else "",
        "mpi4py": have.mpi4py,
        "petsc4py": have.petsc4py,
    }
    for name in told:
        told[name] = told[name] or ("does not import" if name in have.faults else "none")
    if have.library:
        told["MPI"] = f"{have.library} ({', '.join(have.libmpi) or 'unknown'})"
    if have.petsc:
        build = {True: "debugging", False: "optimized", None: "optimization unknown"}
        told["PETSc"] = (
            f"{have.petsc}, {have.scalar}, {have.index_bits}-bit indices, {build[have.debugging]}"
        )
    if not (have.mpi4py or have.petsc4py or have.faults):
        told["MPI"] = f"serial only: to run on several ranks, {INSTALL}"
    return told


def launcher(seen: Surroundings) -> str:
    """Name what started this process."""
    found = [f"{n}={seen.variables[n]} ({LAUNCHERS[n]})" for n in LAUNCHERS if n in seen.variables]
    told = ", ".join(found) or "none"
    return told if seen.world is None else f"{told}; {seen.world} ranks in MPI's world"


def table(ranks: Sequence[Rank]) -> Iterator[str]:
    """List the ranks with their hosts and cores."""
    yield f"{'rank':>6}  {'host':<24} cores"
    for rank in ranks:
        yield f"{rank.rank:>6}  {rank.host:<24} {spans(rank.cores)}"


def spans(numbers: Sequence[int]) -> str:
    """Write numbers shortly.

    Examples
    --------
    >>> spans([0, 1, 2, 5])
    '0-2,5'
    """
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)


def version(package: str) -> str:
    """Read a version without importing what it is of."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"
