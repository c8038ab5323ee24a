"""Ranks: the only door to MPI. Without a launcher there is one, and no MPI is touched."""

from wgflow.parallel.calls import Calls
from wgflow.parallel.communicator import SERIAL, Communicator, mpi_world, world
from wgflow.parallel.division import CellDivision, divide_cells
from wgflow.parallel.failure import abort, all_failed
from wgflow.parallel.launch import launched_rank, launched_ranks
from wgflow.parallel.memory import require_memory
from wgflow.parallel.options import configure, insert_options, told_by_petsc, unused_options
from wgflow.parallel.outcome import everywhere, on_root
from wgflow.parallel.partition import Partition, make_partition, serial_partition
from wgflow.parallel.slabs import BlockSlabs, NumberedSlabs, Slabs
from wgflow.parallel.threads import THREADS
from wgflow.parallel.versions import library_versions

__all__ = [
    "SERIAL",
    "THREADS",
    "BlockSlabs",
    "Calls",
    "CellDivision",
    "Communicator",
    "NumberedSlabs",
    "Partition",
    "Slabs",
    "abort",
    "all_failed",
    "configure",
    "divide_cells",
    "everywhere",
    "insert_options",
    "launched_rank",
    "launched_ranks",
    "library_versions",
    "make_partition",
    "mpi_world",
    "on_root",
    "require_memory",
    "serial_partition",
    "told_by_petsc",
    "unused_options",
    "world",
]
