"""Cells of a box: centres, widths, face distances, and arrays with ghost cells.

A grid is the same object in one to four dimensions: everything that depends on the
direction is data, held per axis. On several ranks, each holds a block of the cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.called import answered
from wgflow.domain import Box
from wgflow.errors import InputError
from wgflow.grid.axes import cell_counts, cell_edges, log_radial_average
from wgflow.grid.faces import Faces, repeat_ends
from wgflow.grid.quadrature import average
from wgflow.grid.shown import AxisCells
from wgflow.lines import HALO, Lines, make_lines
from wgflow.parallel import SERIAL, Communicator, make_partition, world

__all__ = ["Grid"]


@answered
class Grid(AxisCells):
    """Tensor-product cells of a box, divided into blocks on several ranks.

    Arrays of cell values hold this rank's block: ``shape``, ``size``, ``centers``, ``widths``,
    ``edges``, ``volumes`` and ``coordinates`` are local. ``cells`` and ``whole`` are global.

    Parameters
    ----------
    box : Box
        The domain.
    cells : int or sequence of int
        Cells along each axis, at least 3; one number applies to all axes.
    edges : sequence of (array or None), optional
        Strictly increasing cell edges of an axis, instead of equal or stretched cells; they
        must start and end at the bounds of the axis.
    splits : sequence of int, optional
        Blocks along each axis; chosen by PETSc if omitted.
    comm : Communicator, optional
        The ranks; by default, all that the program was started with.

    Attributes
    ----------
    cells : tuple of int
        Cells along each axis, on all ranks together.
    partition : Partition
        Which cells each rank has.
    inner : tuple of slice
        Slices of this rank's cells in an array with ghost cells.

    Raises
    ------
    InputError
        If the number of cells does not suit the box or the ranks, or edges do not increase.

    Examples
    --------
    >>> grid = Grid(Box((0, 1), (0, 2)), (4, 8))
    >>> grid.shape, grid.size, float(grid.volumes.sum())
    ((4, 8), 32, 2.0)
    """

    def __init__(
        self,
        box: Box,
        cells: int | Sequence[int],
        edges: Sequence[Array | None] | None = None,
        *,
        splits: Sequence[int] | None = None,
        comm: Communicator | None = None,
    ) -> None:
        self.box = box
        self.cells = cell_counts(cells, box.dimension)
        given = [None] * box.dimension if edges is None else list(edges)
        if len(given) != box.dimension:
            raise InputError(f"edges for {len(given)} axes on a box of {box.dimension}")
        self._edges = tuple(
            cell_edges(axis, n, e) for axis, n, e in zip(box.axes, self.cells, given, strict=True)
        )
        self.uniform: tuple[bool, ...] = tuple(
            e is None and axis.stretch is None for axis, e in zip(box.axes, given, strict=True)
        )
        self.comm = world() if comm is None else comm
        periodic = [axis.periodic for axis in box.axes]
        self.partition = make_partition(self.comm, self.cells, periodic, HALO, splits)
        self.shape: tuple[int, ...] = self.partition.shape
        self.inner = (slice(HALO, -HALO),) * box.dimension
        blocks = list(zip(self._edges, self.partition.starts, self.shape, strict=True))
        self.edges: tuple[Array, ...] = tuple(e[i : i + n + 1] for e, i, n in blocks)
        self.centers: tuple[Array, ...] = tuple((e[1:] + e[:-1]) / 2 for e in self.edges)
        self.widths: tuple[Array, ...] = tuple(np.diff(e) for e in self.edges)

    @cached_property
    def whole(self) -> Grid:
        """The grid of all cells, as one rank sees it; itself in serial."""
        if not self.comm.active:
            return self
        return Grid(self.box, self.cells, self.given_edges, comm=SERIAL)

    @property
    def given_edges(self) -> tuple[Array | None, ...]:
        """Edges of all cells along the axes whose cells are unequal, else None."""
        return tuple(None if u else e for u, e in zip(self.uniform, self._edges, strict=True))

    @property
    def dimension(self) -> int:
        """Number of axes."""
        return self.box.dimension

    @property
    def size(self) -> int:
        """Number of this rank's cells."""
        return math.prod(self.shape)

    @cached_property
    def volumes(self) -> Array:
        """Cell volumes, of the grid's shape."""
        volumes = np.ones(self.shape)
        for axis, width in enumerate(self.widths):
            volumes *= self.along(width, axis)
        return volumes

    @cached_property
    def coordinates(self) -> tuple[Array, ...]:
        """Cell centres, one array of the grid's shape an axis (read-only views)."""
        return tuple(
            np.broadcast_to(self.along(c, a), self.shape) for a, c in enumerate(self.centers)
        )

    @property
    def spacing(self) -> float:
        """Largest cell width of all axes."""
        return max(float(np.diff(e).max()) for e in self._edges)

    def along(self, values: Array, axis: int) -> Array:
        """Reshape values along one axis to broadcast along the others."""
        shape = [1] * self.dimension
        shape[axis] = len(values)
        return values.reshape(shape)

    @cached_property
    def log_reference(self) -> Array | None:
        """Logarithm of the reference density of the entropy, or None if it is 1.

        On a radial axis of dimension d it is the cell average of r^(d-1), formed without
        underflow for any d.
        """
        total: Array | None = None
        for axis, (data, edges) in enumerate(zip(self.box.axes, self.edges, strict=True)):
            if data.radial is None or data.radial == 1:
                continue
            values = self.along(log_radial_average(edges, data.radial), axis)
            total = values + (np.zeros(self.shape) if total is None else total)
        return total

    def average(self, function: Callable[..., Array], points: int | None = None) -> Array:
        """Cell averages of a function of the coordinates, by quadrature.

        Parameters
        ----------
        function : callable
            Called with one array per axis, broadcastable to the grid's shape.
        points : int, optional
            Quadrature points per axis; 4 in one dimension, 3 in two, 2 beyond by default.

        Returns
        -------
        array of the grid's shape
        """
        return average(self, function, points)

    def integrate(self, values: Array) -> float:
        """Integral over the box of cell values."""
        for width in reversed(self.widths):  # axis by axis: no array of the grid's size
            values = values @ width
        return self.comm.sum(float(values))

    def integrate_product(self, first: Array, second: Array) -> float:
        """Integral of a product of cell values, without forming it."""
        if self.dimension == 1:
            return self.integrate(first * second)
        rows = np.einsum("...i,...i,i->...", first, second, self.widths[-1])
        for width in reversed(self.widths[:-1]):
            rows = rows @ width
        return self.comm.sum(float(rows))

    @cached_property
    def faces(self) -> tuple[Faces, ...]:
        """The faces seen by this rank, one :class:`wgflow.grid.faces.Faces` per axis."""
        part = self.partition
        found = []
        for axis, (lower, upper) in enumerate(self.open_ends):
            wrapped = part.periodic[axis] and part.splits[axis] == 1
            found.append(Faces(part, axis, lower, upper, wrapped))
        return tuple(found)

    @cached_property
    def open_ends(self) -> tuple[tuple[bool, bool], ...]:
        """Whether the lower and the upper end faces of this block carry a flux, for each axis."""
        part = self.partition
        return tuple(
            (part.beside(axis, -1) is not None, part.beside(axis, 1) is not None)
            for axis in range(self.dimension)
        )

    def difference(self, values: Array, axis: int) -> Array:
        """Differences of cell values across the faces that carry a flux.

        Face ``i`` lies between cells ``i`` and ``i + 1``; a periodic axis has one more, from the
        last cell to the first, and a block among others has those at its ends.
        """
        return self.faces[axis].difference(values)

    def beside(self, values: Array, axis: int) -> tuple[Array, Array]:
        """Cell values below and above each face of :meth:`difference`."""
        return self.faces[axis].beside(values)

    def to_cells(self, values: Array, axis: int, side: int) -> Array:
        """Return, for each cell, its upper (side 0) or lower (1) face value over its width."""
        return self.faces[axis].to_cells(values, side) / self.along(self.widths[axis], axis)

    def volume(self, cell: int) -> float:
        """Volume of one of this rank's cells by its flat number, without an array of all."""
        where = np.unravel_index(cell, self.shape)
        return math.prod(float(w[i]) for w, i in zip(self.widths, where, strict=True))

    def face_distances(self, axis: int) -> Array:
        """Distances of the centres beside the faces of :meth:`difference`, shape (faces,)."""
        lines = self.lines[axis]
        return self.faces[axis].at(lines.distances[1 : lines.cells + 2])

    def face_widths(self, axis: int) -> tuple[Array, Array]:
        """Widths of the cells below and above the faces of :meth:`difference`."""
        widths = self.lines[axis].widths
        return self.faces[axis].at(widths[:-1]), self.faces[axis].at(widths[1:])

    def face_divergence(self, flux: Array, axis: int) -> Array:
        """Divergence of fluxes through the faces of :meth:`difference`, per cell."""
        return self.faces[axis].balance(flux) / self.along(self.widths[axis], axis)

    def gather(self, values: Array) -> Array:
        """Return, on every rank, the values of all cells, as an array of shape ``cells``.

        For small grids: figures, distances of lines.
        """
        if self.comm.size == 1:
            return values
        out = np.empty((*values.shape[: values.ndim - self.dimension], *self.cells))
        for rank, part in enumerate(self.comm.everyone(values)):
            where: Any = (..., *self.partition.block(rank))
            out[where] = part
        return out

    @cached_property
    def ghosted_shape(self) -> tuple[int, ...]:
        """Shape of an array with ghost cells."""
        return tuple(n + 2 * HALO for n in self.shape)

    def padded(self, values: Array) -> Array:
        """Copy cell values into an array with ghost cells, and fill these."""
        out = np.empty(self.ghosted_shape)
        out[self.inner] = values
        self.fill(out)
        return out

    def kept(self, values: Array) -> Array:
        """Copy values as the :attr:`inner` cells of an array with ghost cells, its ``base``."""
        out: Array = np.positive(values, out=np.empty(self.ghosted_shape)[self.inner])
        return out

    def fill(self, padded: Array) -> None:
        """Fill the ghost cells in place, from the neighbours and along periodic axes.

        Beyond walls the last cell is repeated. Corners are left as they are: no kernel reads them.
        """
        self.partition.exchange(padded, HALO)
        repeat_ends(padded, self.open_ends)

    @cached_property
    def lines(self) -> tuple[Lines, ...]:
        """The cells as bundles of lines, one :class:`wgflow.lines.Lines` per axis."""
        found = []
        for axis, (edges, data) in enumerate(zip(self._edges, self.box.axes, strict=True)):
            start = self.partition.starts[axis]
            widths = np.pad(np.diff(edges), HALO, mode="wrap" if data.periodic else "edge")
            extended = widths[start : start + self.shape[axis] + 2 * HALO]
            found.append(make_lines(self.shape, extended, self.open_ends[axis], axis, data.fixed))
        return tuple(found)
