"""Threads of the libraries below, of which ranks that share a node can have one each."""

from __future__ import annotations

import os

__all__ = ["THREADS", "one_thread_a_rank"]

# What OpenBLAS, MKL and OpenMP read when they are loaded.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def one_thread_a_rank() -> None:
    """Turn the threads of libraries off, unless one of THREADS says how many there shall be.

    They would start a thread a core on each rank, and the ranks would wait for each other in every
    short loop of PETSc: two ranks on two cores then take some twenty times as long as one.
    The variables are for libraries that are loaded later, threadpoolctl sees to those that are
    here, since scripts import NumPy first.
    """
    if any(os.environ.get(name) for name in THREADS):
        return
    from threadpoolctl import threadpool_limits

    os.environ.update(dict.fromkeys(THREADS, "1"))
    threadpool_limits(limits=1)
