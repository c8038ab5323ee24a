"""Ranks: the only door to MPI. Without a launcher there is one, and no MPI is touched."""

from wgflow.parallel.calls import Calls
from wgflow.parallel.communicator import SERIAL, Communicator, mpi_world, world
from wgflow.parallel.failure import abort, all_failed
from wgflow.parallel.launch import launched_rank, launched_ranks
from wgflow.parallel.options import insert_options, unused_options
from wgflow.parallel.partition import Partition, make_partition, serial_partition

__all__ = [
    "SERIAL",
    "Calls",
    "Communicator",
    "Partition",
    "abort",
    "all_failed",
    "insert_options",
    "launched_rank",
    "launched_ranks",
    "make_partition",
    "mpi_world",
    "serial_partition",
    "unused_options",
    "world",
]
