"""Files: HDF5, CSV, JSON."""

from wgflow.io.cells import CellFile
from wgflow.io.checkpoint import Checkpoint
from wgflow.io.dataset import dataset_of
from wgflow.io.files import (
    as_numbers,
    atomically,
    check_directory,
    check_file,
    claim_directory,
    free_directory,
    write_json,
    write_or_keep,
    write_table,
)
from wgflow.io.neurons import load_neurons, save_neurons
from wgflow.io.points import read_points
from wgflow.io.predictor import save_predictor
from wgflow.io.results import packing, save_solution
from wgflow.io.spaces import read_space, read_windows
from wgflow.io.summary import FACTS, summary_of

__all__ = [
    "FACTS",
    "CellFile",
    "Checkpoint",
    "as_numbers",
    "atomically",
    "check_directory",
    "check_file",
    "claim_directory",
    "dataset_of",
    "free_directory",
    "load_neurons",
    "packing",
    "read_points",
    "read_space",
    "read_windows",
    "save_neurons",
    "save_predictor",
    "save_solution",
    "summary_of",
    "write_json",
    "write_or_keep",
    "write_table",
]
