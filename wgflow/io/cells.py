"""Cell values in HDF5, in one layout whatever the number of ranks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.grid import Grid
from wgflow.mesh import Mesh
from wgflow.parallel import Communicator

__all__ = ["CellFile"]


class CellFile:
    """An HDF5 file of cell values, written and read by all ranks together.

    Parameters
    ----------
    path : Path
    mode : {"r", "w"}
    comm : Communicator
    """

    def __init__(self, path: Path, mode: str, comm: Communicator) -> None:
        self.path, self.mode, self.comm = path, mode, comm
        self.file: Any = None

    def __enter__(self) -> CellFile:
        import h5py

        def opened() -> None:
            self.file = h5py.File(self.path, self.mode)

        self._on_root(opened)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._on_root(lambda: self.file.close())

    def write(self, name: str, grid: Grid, values: Array, **creation: Any) -> None:
        """Write cell values."""
        whole = grid.gather(values)
        self._on_root(lambda: self.file.create_dataset(name, data=whole, **creation) and None)

    def read(self, name: str, grid: Grid) -> Array:
        """Read cell values."""
        whole: Array = self._on_root(lambda: self.file[name][()])
        if isinstance(grid, Mesh):
            return whole
        return np.ascontiguousarray(whole[grid.partition.block(grid.comm.rank)])

    def put(self, name: str, value: Any) -> None:
        """Write a small array or a number."""
        self._on_root(lambda: self.file.__setitem__(name, value))

    def get(self, name: str) -> Array:
        """Read what was put."""
        return np.asarray(self._on_root(lambda: self.file[name][()]))

    def _on_root(self, action: Callable[[], Any]) -> Any:
        result: Any = None
        failure: Exception | None = None
        if self.comm.is_root:
            try:
                result = action()
            except (OSError, RuntimeError) as error:
                failure = error
        result, failure = self.comm.broadcast((result, failure))
        if failure is not None:
            raise failure
        return result
