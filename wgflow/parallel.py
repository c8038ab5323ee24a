"""Ranks: how many a launcher has started. This version computes on one."""

from __future__ import annotations

import os
from collections.abc import Mapping

from wgflow.errors import InputError

__all__ = ["launched_ranks", "require_one_rank"]

# What launchers tell each process of the number of them. SLURM_NTASKS is not among them: it is
# set in a batch script too, outside of any srun.
SIZES = (
    "PMI_SIZE",  # MPICH, Intel MPI
    "OMPI_COMM_WORLD_SIZE",  # Open MPI
    "MV2_COMM_WORLD_SIZE",  # MVAPICH
    "SLURM_STEP_NUM_TASKS",  # srun
)


def launched_ranks(environment: Mapping[str, str] | None = None) -> int:
    """Give the number of processes a launcher has started with this one; 1 without a launcher.

    Parameters
    ----------
    environment : mapping, optional
        Environment variables; those of the process by default.

    Examples
    --------
    >>> launched_ranks({"PMI_SIZE": "4"}), launched_ranks({})
    (4, 1)
    """
    variables = os.environ if environment is None else environment
    found = [variables.get(name, "") for name in SIZES]
    return max((int(text) for text in found if text.isdecimal()), default=1)


def require_one_rank(environment: Mapping[str, str] | None = None) -> None:
    """Refuse to run as one of several ranks, which would all write the same files.

    Raises
    ------
    InputError
        If a launcher has started more than one process.
    """
    ranks = launched_ranks(environment)
    if ranks > 1:
        raise InputError(
            f"started on {ranks} ranks, this version runs on 1: start wgflow without mpiexec or "
            "srun, or with one task"
        )
