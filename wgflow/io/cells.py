"""HDF5 files of cell values, laid out as one global array whatever the ranks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from wgflow._typing import Array
from wgflow.cells import Cells
from wgflow.errors import InputError
from wgflow.parallel import BlockSlabs, Communicator, everywhere, on_root

__all__ = ["CellFile", "chunks_of", "parallel_hdf5"]

CHUNK_VALUES = 2**17  # of a compressed dataset: 1 MiB, what HDF5 holds of it in memory

T = TypeVar("T")


def parallel_hdf5(comm: Communicator) -> bool:
    """Whether files are written by all ranks at once: h5py has been built with MPI."""
    if not comm.active:
        return False
    import h5py

    return bool(h5py.get_config().mpi)


class CellFile:
    """An HDF5 file of cell values, open on all ranks.

    A dataset is the global C-ordered array, so that any number of ranks reads what any other
    has written. With parallel HDF5 the ranks write and read their blocks at once; otherwise the
    values pass through the root slab by slab, which costs it 64 MiB (or two layers of cells of
    the first axis, where these are larger) and the others nothing. Methods are collective, and
    what fails on one rank is raised on all.

    Parameters
    ----------
    path : path
    mode : {"r", "w", "a"}
    comm : Communicator

    Attributes
    ----------
    file : h5py.File or None
        Where it is open: on the root, on all ranks with parallel HDF5.

    Raises
    ------
    OSError
        On all ranks, if the file cannot be opened or written.

    Examples
    --------
    >>> import tempfile
    >>> from wgflow.domain import Box
    >>> from wgflow.grid import Grid
    >>> grid = Grid(Box((0, 1)), 4)
    >>> path = Path(tempfile.mkdtemp()) / "values.h5"
    >>> with CellFile(path, "w", grid.comm) as file:
    ...     file.write("density", grid, grid.centers[0])
    >>> with CellFile(path, "r", grid.comm) as file:
    ...     file.read("density", grid)
    array([0.125, 0.375, 0.625, 0.875])
    """

    def __init__(self, path: Path | str, mode: str, comm: Communicator) -> None:
        import h5py

        self.path, self.comm = Path(path), comm
        self.parallel = parallel_hdf5(comm)
        self.file: Any = None

        def opened() -> None:
            self.file = h5py.File(self.path, mode)

        with _told(self.path):
            if self.parallel:
                self.file = h5py.File(self.path, mode, driver="mpio", comm=comm.raw)
            else:
                on_root(comm, opened)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif self.file is not None:  # this rank may have failed alone: wait for nobody
            file, self.file = self.file, None
            try:
                file.close()
            except (OSError, RuntimeError):  # a full disk again: the first error is the cause
                return

    def close(self) -> None:
        """Write what is left and close; a full disk is an OSError on all ranks."""
        file, self.file = self.file, None
        with _told(self.path):
            everywhere(self.comm, (lambda: None) if file is None else file.close)

    def apply(self, action: Callable[[Any], T]) -> T | None:
        """Call ``action(file)`` where the file is open: groups, attributes, dimension scales."""
        with _told(self.path):
            return everywhere(self.comm, lambda: None if self.file is None else action(self.file))

    def write(self, name: str, grid: Cells, values: Array, **creation: Any) -> None:
        """Write the values of all ranks' cells as one new dataset.

        Parameters
        ----------
        name : str
        grid : Grid or Mesh
        values : array of shape (…, *grid.shape)
            This rank's; leading axes (snapshots, stages) are the same on all ranks.
        creation
            Of the dataset: dtype, compression, compression_opts, shuffle, …
        """
        slabs = grid.slabs
        lead = values.shape[: max(values.ndim - len(slabs.shape), 0)]
        if values.shape[len(lead) :] != slabs.shape:
            raise InputError(f"values of shape {values.shape} for cells of shape {slabs.shape}")
        creation = {"dtype": values.dtype, **creation}
        if self.parallel and not isinstance(slabs, BlockSlabs):
            # only blocks are packed, by all ranks at once
            creation = {"dtype": creation["dtype"]}
        packed = creation.get("compression") is not None
        chunks = chunks_of(slabs.cells) if packed else None
        if chunks is not None:
            creation.setdefault("chunks", (1,) * len(lead) + chunks)
        dataset: Any = self.apply(
            lambda f: f.create_dataset(name, (*lead, *slabs.cells), **creation)
        )
        for index in np.ndindex(lead):
            if self.parallel and isinstance(slabs, BlockSlabs):
                with _told(self.path), dataset.collective:
                    dataset[(*index, *slabs.partition.block(self.comm.rank))] = values[index]
            else:
                with _told(self.path):
                    slabs.write(values[index], _writer(dataset, index), chunks[0] if chunks else 1)

    def read(self, name: str, grid: Cells, index: tuple[int, ...] = ()) -> Array:
        """Give this rank's cells of a dataset, shape (…, *grid.shape).

        Parameters
        ----------
        name : str
        grid : Grid or Mesh
        index : tuple of int
            Along the leading axes: ``(-1,)`` for the last snapshot. All by default.

        Raises
        ------
        InputError
            If there is no such dataset, or it is one of other cells.
        """
        slabs = grid.slabs
        shape, kind = on_root(self.comm, lambda: self._kind(name))
        lead = shape[: len(shape) - len(slabs.cells)]
        if shape[len(lead) :] != slabs.cells or len(index) > len(lead):
            raise InputError(
                f"{self.path}: {name} has shape {shape}, the grid has {slabs.cells} cells: read "
                "it on a grid of as many"
            )
        first = tuple(i % n for i, n in zip(index, lead, strict=False))
        left = lead[len(index) :]
        out = np.empty((*left, *slabs.shape), dtype=kind)
        dataset: Any = None if self.file is None else self.file[name]
        for rest in np.ndindex(left):
            where = (*first, *rest)
            if self.parallel and isinstance(slabs, BlockSlabs):
                out[rest] = dataset[(*where, *slabs.partition.block(self.comm.rank))]
            else:
                out[rest] = slabs.read(_reader(dataset, where), kind)
        return out

    def put(self, name: str, value: Any) -> None:
        """Write a small array, a number or text that all ranks have."""
        import h5py

        if isinstance(value, str):
            raw = value.encode()
            value = np.array(raw, dtype=h5py.string_dtype("utf-8", max(1, len(raw))))
        data = np.asarray(value)

        def put(file: Any) -> None:
            dataset = file.create_dataset(name, data.shape, data.dtype)
            if self.comm.is_root:
                dataset[...] = data

        self.apply(put)

    def get(self, name: str) -> Any:
        """Give all ranks a small array, a number or text.

        Raises
        ------
        InputError
            If there is no such dataset.
        """

        def got() -> Any:
            self._kind(name)
            value = self.file[name][()]
            return value.decode() if isinstance(value, bytes) else value

        return on_root(self.comm, got)

    def __contains__(self, name: str) -> bool:
        return on_root(self.comm, lambda: name in self.file)

    def _kind(self, name: str) -> tuple[tuple[int, ...], Any]:
        if name not in self.file:
            raise InputError(f"{self.path} holds no {name}: it is not such a file, or an older one")
        return self.file[name].shape, self.file[name].dtype


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Name the file in what HDF5 raises, on one line."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # it is no HDF5 file
            raise OSError(0, str(error).splitlines()[0], str(path)) from error
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


def chunks_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Chunks of whole trailing axes, as long as they hold no more than CHUNK_VALUES."""
    left, chunks = CHUNK_VALUES, []
    for count in reversed(shape):
        chunks.append(min(count, max(1, left)))
        left //= count
    return tuple(reversed(chunks))


def _writer(dataset: Any, index: tuple[int, ...]) -> Callable[[slice, Array], None]:
    def write(rows: slice, slab: Array) -> None:
        # NumPy converts faster than HDF5, and quietly
        dataset[(*index, rows)] = slab.astype(dataset.dtype, copy=False)

    return write


def _reader(dataset: Any, index: tuple[int, ...]) -> Callable[[slice], Array]:
    return lambda rows: dataset[(*index, rows)]
