"""Cell values in HDF5, in one layout whatever the number of ranks."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.grid import Grid

__all__ = ["CellFile", "communicator"]


class CellFile:
    """An HDF5 file of cell values, written and read by all ranks together.

    Parameters
    ----------
    path : Path
    mode : {"r", "w"}
    comm : Communicator
    """

    def __init__(self, path: Path, mode: str, comm: Any = None) -> None:
        self.path, self.mode, self.comm = path, mode, comm
        self.file: Any = None

    def __enter__(self) -> CellFile:
        import h5py

        self.file = h5py.File(self.path, self.mode)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()

    def write(self, name: str, grid: Grid, values: Array, **creation: Any) -> None:
        """Write cell values."""
        self.file.create_dataset(name, data=values, **creation)

    def read(self, name: str, grid: Grid) -> Array:
        """Read cell values."""
        values: Array = self.file[name][()]
        if values.shape != grid.shape:
            raise InputError(f"{self.path}: {name} is of shape {values.shape}, not {grid.shape}")
        return values

    def put(self, name: str, value: Any) -> None:
        """Write a small array or a number."""
        self.file[name] = value

    def get(self, name: str) -> Array:
        """Read what was put."""
        return np.asarray(self.file[name][()])


class _Alone:
    """One rank."""

    rank, size, is_root = 0, 1, True

    def broadcast(self, value: Any, root: int = 0) -> Any:
        """Give the value."""
        return value

    def first(self, value: Any) -> Any:
        """Give the value."""
        return value

    def sum(self, value: Any) -> Any:
        """Give the value."""
        return value

    def maximum(self, value: Any) -> Any:
        """Give the value."""
        return value


def communicator(grid: Grid) -> Any:
    """Give the ranks that a grid is spread over."""
    return getattr(grid, "comm", None) or _Alone()
