"""Versions of the libraries that took part in a run on several ranks."""

from __future__ import annotations

from wgflow.parallel.communicator import Communicator

__all__ = ["library_versions"]


def library_versions(comm: Communicator) -> dict[str, str | None]:
    """Versions of PETSc and of the MPI library; None without MPI.

    Examples
    --------
    >>> from wgflow.parallel import SERIAL
    >>> library_versions(SERIAL)
    {'petsc': None, 'mpi': None}
    """
    if not comm.active:
        return {"petsc": None, "mpi": None}
    from mpi4py import MPI
    from petsc4py import PETSc

    petsc = ".".join(map(str, PETSc.Sys.getVersion()))
    library = MPI.Get_library_version().strip("\0 \n").splitlines()[0]
    return {"petsc": petsc, "mpi": " ".join(library.split())}
