"""What grids and meshes share: sums over the cells of all ranks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wgflow._typing import Array
from wgflow.parallel import BlockSlabs, Communicator, NumberedSlabs, Partition, Slabs

__all__ = ["Cells"]


class Cells(ABC):
    """Cells of which each rank has some; what is reduced is the same on all ranks.

    Every method is collective.

    Attributes
    ----------
    comm : Communicator
    cells : tuple of int
        Shape of an array of all ranks' cells.
    shape : tuple of int
        Of an array of this rank's cells.
    coordinates : tuple of arrays
        Centres of this rank's cells.
    """

    comm: Communicator
    cells: tuple[int, ...]
    shape: tuple[int, ...]

    @property
    @abstractmethod
    def coordinates(self) -> tuple[Array, ...]:
        """Cell centres, one array of the cells' shape a coordinate."""

    @abstractmethod
    def volume(self, cell: int) -> float:
        """Volume of one of this rank's cells."""

    def kept(self, values: Array) -> Array:
        """Copy values that broadcast to the cells' shape, to be kept and read by kernels."""
        return np.broadcast_to(values, self.shape).copy()

    @abstractmethod
    def gather(self, values: Array) -> Array:
        """Give every rank the values of all cells; for small grids."""

    @property
    def slabs(self) -> Slabs:
        """How this rank's cells lie in the array of all, for files and figures.

        A grid has a partition, a divided mesh the global ``numbers`` of its cells.
        """
        partition = getattr(self, "partition", None)
        if isinstance(partition, Partition):
            return BlockSlabs(partition)
        return NumberedSlabs(self.comm, getattr(self, "numbers", None), self.cells[0])

    def sum(self, value: Any) -> Any:
        """Sum of a number, or of a small array entry by entry, over the ranks."""
        return self.comm.sum(value)

    def total(self, values: Array) -> float:
        """Sum of cell values."""
        return self.comm.sum(float(values.sum()))

    def minimum(self, values: Array) -> float:
        """Least of cell values; nan if one is."""
        return self.comm.minimum(float(values.min()) if values.size else np.inf)

    def maximum(self, values: Array) -> float:
        """Largest of cell values; nan if one is."""
        return self.comm.maximum(float(values.max()) if values.size else -np.inf)

    def found(
        self, where: NDArray[np.bool_], values: Array | None = None
    ) -> tuple[int, str, float] | None:
        """Count cells, and tell of the first what a message needs.

        Returns
        -------
        (count, point, value) or None
            How many they are, the centre of the first, and its entry of ``values``; None if
            there are none.
        """
        count = int(self.comm.sum(float(np.count_nonzero(where))))
        if not count:
            return None
        mine = None
        if where.any():
            index = np.unravel_index(int(np.argmax(where)), where.shape)
            point = ", ".join(f"{c[index]:.6g}" for c in self.coordinates)
            mine = point, float("nan") if values is None else float(values[index])
        first = self.comm.first(mine)
        assert first is not None
        return count, *first

    def fullest(self, values: Array) -> int | None:
        """Flat number of the cell of the largest value; None on ranks that do not have it."""
        cell = int(np.argmax(values)) if values.size else 0
        if self.comm.size == 1:
            return cell
        mine = float(values.flat[cell]) if values.size else -np.inf
        largest = self.comm.maximum(mine)
        holder = self.comm.minimum(float(self.comm.rank if mine == largest else self.comm.size))
        return cell if holder == self.comm.rank else None
