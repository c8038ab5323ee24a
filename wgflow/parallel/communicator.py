"""The ranks of a run, and what they tell each other."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from wgflow.errors import InputError
from wgflow.parallel.launch import launched_ranks
from wgflow.parallel.threads import one_thread_a_rank

__all__ = ["SERIAL", "Communicator", "mpi_world", "world"]

INSTALL = "install MPI and PETSc (in a checkout: make mpi), or start wgflow without mpiexec or srun"

T = TypeVar("T")
Number = TypeVar("Number", float, np.ndarray[Any, Any])


class Communicator:
    """Ranks that compute together.

    Every method but the attributes is collective: all ranks call it, in the same order.
    Reductions give every rank the same value.

    Parameters
    ----------
    raw : mpi4py communicator, optional
        None for one rank without MPI.

    Attributes
    ----------
    rank, size : int
    active : bool
        Whether MPI is in use, be it by one rank.
    """

    def __init__(self, raw: Any = None) -> None:
        self.raw = raw
        self.active = raw is not None
        self.rank: int = raw.rank if self.active else 0
        self.size: int = raw.size if self.active else 1

    @property
    def is_root(self) -> bool:
        """Whether this is the rank that speaks and writes."""
        return self.rank == 0

    def sum(self, value: Number) -> Number:
        """Sum over the ranks, of numbers or of small arrays entry by entry."""
        return self._reduced(value, "SUM")

    def maximum(self, value: Number) -> Number:
        """Maximum over the ranks; nan on all if it is on one."""
        return self._extreme(value, 1.0)

    def minimum(self, value: Number) -> Number:
        """Minimum over the ranks; nan on all if it is on one."""
        return self._extreme(value, -1.0)

    def any(self, flag: bool) -> bool:
        """Whether any rank says so."""
        return self.maximum(float(flag)) > 0

    def first(self, value: T | None) -> T | None:
        """Give what the lowest rank that has something has."""
        if self.size == 1:
            return value
        holder = int(self.minimum(float(self.size if value is None else self.rank)))
        return None if holder == self.size else self.broadcast(value, holder)

    def broadcast(self, value: T, root: int = 0) -> T:
        """Give what the root has."""
        return value if self.size == 1 else self.raw.bcast(value, root)

    def gather(self, value: T) -> list[T] | None:
        """Give the root what each rank has, and the others None."""
        return [value] if self.size == 1 else self.raw.gather(value)

    def everyone(self, value: T) -> list[T]:
        """Give what each rank has."""
        return [value] if self.size == 1 else self.raw.allgather(value)

    def barrier(self) -> None:
        """Wait for all ranks."""
        if self.size > 1:
            self.raw.Barrier()

    def _extreme(self, value: Number, sign: float) -> Number:
        if self.size == 1:
            return value
        # MPI's maximum of nan and a number is either, and not the same on all ranks
        mine = sign * np.asarray(value, dtype=float)
        missing = np.isnan(mine)
        both = self._reduced(np.array([np.where(missing, -np.inf, mine), missing]), "MAX")
        out = np.where(both[1] > 0, np.nan, sign * both[0])
        return out if isinstance(value, np.ndarray) else float(out)

    def _reduced(self, value: Number, operation: str) -> Number:
        if self.size == 1:
            return value
        from mpi4py import MPI

        mine = np.array(value, dtype=float, order="C")  # MPI takes no other
        out = np.empty_like(mine)
        self.raw.Allreduce(mine, out, getattr(MPI, operation))
        return out if isinstance(value, np.ndarray) else float(out)

    def __repr__(self) -> str:
        return f"Communicator(rank {self.rank} of {self.size}{'' if self.active else ', no MPI'})"


SERIAL = Communicator()


@lru_cache(maxsize=1)
def world() -> Communicator:
    """Give the ranks this process was started with: one, without MPI, if by no launcher.

    Raises
    ------
    InputError
        If a launcher has started several processes and mpi4py or petsc4py is not installed,
        or belongs to another MPI than the launcher.
    """
    ranks = launched_ranks()
    if ranks is None:
        return SERIAL
    try:
        found = mpi_world()
    except ImportError as error:
        if ranks == 1:
            return SERIAL
        count = f"{ranks} ranks" if ranks else "several ranks"
        raise InputError(f"started on {count}, but {error.name} is missing: {INSTALL}") from None
    if ranks and found.size != ranks:
        raise InputError(
            f"the launcher has started {ranks} ranks, MPI knows of {found.size}: mpi4py belongs "
            "to another MPI than mpiexec; see `wgflow doctor`"
        )
    from wgflow.parallel.failure import abort_on_errors

    abort_on_errors(found)
    if found.size > 1:
        one_thread_a_rank()
    return found


@lru_cache(maxsize=1)
def mpi_world() -> Communicator:
    """Give all ranks of MPI, which is initialized, and PETSc with it.

    Raises
    ------
    ImportError
        If mpi4py or petsc4py is not installed.
    InputError
        If PETSc does not start.
    """
    # petsc4py may have been built beside another MPI library: mpi4py loads ours first
    import petsc4py
    from mpi4py import MPI

    # signals are Python's, and with them what a batch system says before it ends a job
    try:
        petsc4py.init(["wgflow", "-no_signal_handler"])
    except RuntimeError as error:  # PETSc.Error, after PETSc has printed the cause
        reason = str(error).splitlines()[0]
        raise InputError(f"PETSc does not start ({reason}): see PETSC_OPTIONS") from None
    return Communicator(MPI.COMM_WORLD)
