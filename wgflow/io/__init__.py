"""Files: HDF5, CSV, JSON."""

from wgflow.io.cells import CellFile
from wgflow.io.checkpoint import Checkpoint
from wgflow.io.files import (
    atomically,
    check_directory,
    check_file,
    claim_directory,
    free_directory,
    write_json,
    write_table,
)
from wgflow.io.results import packing, save_solution

__all__ = [
    "CellFile",
    "Checkpoint",
    "atomically",
    "check_directory",
    "check_file",
    "claim_directory",
    "free_directory",
    "packing",
    "save_solution",
    "write_json",
    "write_table",
]
