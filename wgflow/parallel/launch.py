"""What a launcher, mpiexec or srun, tells each of the processes it starts."""

from __future__ import annotations

import os
from collections.abc import Mapping

__all__ = ["launched_rank", "launched_ranks"]

# What launchers tell each process of the number of them. SLURM_NTASKS is not among them: it is
# set in a batch script too, outside of any srun.
SIZES = (
    "PMI_SIZE",  # MPICH, Intel MPI
    "OMPI_COMM_WORLD_SIZE",  # Open MPI
    "MV2_COMM_WORLD_SIZE",  # MVAPICH
    "SLURM_STEP_NUM_TASKS",  # srun
)
# What they tell each process of its place where they do not say the number.
RANKS = ("PMIX_RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK", "SLURM_PROCID")
# Of these, the ones that only a launcher sets.
SURE = ("PMIX_RANK", "PMI_RANK")
UNTOLD = 0


def launched_ranks(environment: Mapping[str, str] | None = None) -> int | None:
    """Give the number of processes a launcher has started with this one.

    Parameters
    ----------
    environment : mapping, optional
        Environment variables; those of the process by default.

    Returns
    -------
    int or None
        None without a launcher; 0 if there is one that does not say the number.

    Examples
    --------
    >>> launched_ranks({"PMI_SIZE": "4"}), launched_ranks({"PMIX_RANK": "1"}), launched_ranks({})
    (4, 0, None)
    """
    variables = os.environ if environment is None else environment
    found = [int(variables[n]) for n in SIZES if variables.get(n, "").isdecimal()]
    if found:
        return max(found)
    return UNTOLD if any(name in variables for name in SURE) else None


def launched_rank(environment: Mapping[str, str] | None = None) -> int:
    """Give the place of this process among those, for when MPI cannot be asked; 0 if untold."""
    variables = os.environ if environment is None else environment
    found = [int(variables[n]) for n in RANKS if variables.get(n, "").isdecimal()]
    return found[0] if found else 0
