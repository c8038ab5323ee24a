"""The end of what PETSc holds for objects that are gone."""

from __future__ import annotations

from wgflow.parallel.communicator import Communicator

__all__ = ["release"]


def release(comm: Communicator) -> None:
    """Free PETSc's objects that no rank uses any more; collective.

    Python collects them at a time of each rank's own, but their end is collective: petsc4py
    puts them aside until all ranks come here.
    """
    if comm.size > 1:
        from petsc4py import PETSc

        PETSc.garbage_cleanup(comm.raw)
