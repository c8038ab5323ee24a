"""Cells of a box: centres, widths, face distances, and arrays with ghost cells.

A grid is the same object in one to four dimensions: everything that depends on the
direction is data, held per axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.domain import Axis, Box
from wgflow.errors import InputError
from wgflow.lines import HALO, Lines, make_lines

__all__ = ["Grid"]

MINIMUM_CELLS = 3


class Grid:
    """Tensor-product cells of a box.

    Parameters
    ----------
    box : Box
        The domain.
    cells : int or sequence of int
        Cells along each axis, at least 3; one number serves all axes.
    edges : sequence of (array or None), optional
        Strictly increasing cell edges of an axis, in place of equal or stretched cells; they
        must start and end at the axis' bounds.

    Raises
    ------
    InputError
        If the number of cells does not fit the box, or edges are not increasing.

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
    ) -> None:
        self.box = box
        self.shape = _cells(cells, box.dimension)
        given = [None] * box.dimension if edges is None else list(edges)
        if len(given) != box.dimension:
            raise InputError(f"edges for {len(given)} axes on a box of {box.dimension}")
        self.edges: tuple[Array, ...] = tuple(
            _edges(axis, n, e) for axis, n, e in zip(box.axes, self.shape, given, strict=True)
        )
        self.uniform: tuple[bool, ...] = tuple(
            e is None and axis.stretch is None for axis, e in zip(box.axes, given, strict=True)
        )
        self.centers: tuple[Array, ...] = tuple((e[1:] + e[:-1]) / 2 for e in self.edges)
        self.widths: tuple[Array, ...] = tuple(np.diff(e) for e in self.edges)

    @property
    def dimension(self) -> int:
        """Number of axes."""
        return self.box.dimension

    @property
    def size(self) -> int:
        """Number of cells."""
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
        return max(float(w.max()) for w in self.widths)

    def along(self, values: Array, axis: int) -> Array:
        """Give values of one axis the shape that broadcasts along the others."""
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
            values = self.along(_log_radial_average(edges, data.radial), axis)
            total = values + (np.zeros(self.shape) if total is None else total)
        return total

    def average(self, function: Callable[..., Array], points: int | None = None) -> Array:
        """Cell averages of a function of the coordinates, by Gauss-Legendre quadrature.

        Parameters
        ----------
        function : callable
            Called with one array an axis, broadcastable to the grid's shape.
        points : int, optional
            Quadrature points an axis; 4 in one dimension, 3 in two, 2 beyond by default.

        Returns
        -------
        array of the grid's shape
        """
        points = points or (4, 3, 2, 2)[self.dimension - 1]
        nodes, weights = np.polynomial.legendre.leggauss(points)
        total = np.zeros(self.shape)
        for index in np.ndindex(*(points,) * self.dimension):
            weight = math.prod(weights[i] / 2 for i in index)
            where = [
                self.along(c + nodes[i] * w / 2, a)
                for a, (i, c, w) in enumerate(zip(index, self.centers, self.widths, strict=True))
            ]
            total += weight * np.asarray(function(*where), dtype=float)
        return total

    def integrate(self, values: Array) -> float:
        """Integral over the box of cell values."""
        for width in reversed(self.widths):  # axis by axis: no array of the grid's size
            values = values @ width
        return float(values)

    def integrate_product(self, first: Array, second: Array) -> float:
        """Integral of a product of cell values, without forming it."""
        if self.dimension == 1:
            return self.integrate(first * second)
        rows = np.einsum("...i,...i,i->...", first, second, self.widths[-1])
        for width in reversed(self.widths[:-1]):
            rows = rows @ width
        return float(rows)

    def difference(self, values: Array, axis: int) -> Array:
        """Differences of cell values across the faces that carry a flux.

        Face ``i`` lies between cells ``i`` and ``i + 1``; a periodic axis has one more face,
        from the last cell to the first.
        """
        change: Array = np.diff(values, axis=axis)
        if self.box.axes[axis].periodic:
            wrap = values.take([0], axis=axis) - values.take([-1], axis=axis)
            change = np.concatenate([change, wrap], axis=axis)
        return change

    def beside(self, values: Array, axis: int) -> tuple[Array, Array]:
        """Cell values below and above each face of :meth:`difference`."""
        faces = range(values.shape[axis] - (not self.box.axes[axis].periodic))
        return values.take(faces, axis), np.roll(values, -1, axis).take(faces, axis)

    def to_cells(self, values: Array, axis: int, side: int) -> Array:
        """Give each cell the value of its upper (side 0) or lower (1) face, over its width."""
        if self.box.axes[axis].periodic:
            cells = np.roll(values, side, axis)
        else:
            pad = [(0, 0)] * self.dimension
            pad[axis] = (side, 1 - side)
            cells = np.pad(values, pad)
        of_cells: Array = cells / self.along(self.widths[axis], axis)
        return of_cells

    def volume(self, cell: int) -> float:
        """Volume of one cell by its flat number, without an array of all."""
        where = np.unravel_index(cell, self.shape)
        return math.prod(float(w[i]) for w, i in zip(self.widths, where, strict=True))

    def face_distances(self, axis: int) -> Array:
        """Distances of the centres beside the faces of :meth:`difference`, shape (faces,)."""
        lines = self.lines[axis]
        inner = lines.distances[2 : lines.cells + 1]
        return np.append(inner, lines.distances[1]) if lines.open_ends else inner

    def face_divergence(self, flux: Array, axis: int) -> Array:
        """Divergence of fluxes through the faces of :meth:`difference`, per cell."""
        if self.box.axes[axis].periodic:
            balance = flux - np.roll(flux, 1, axis)
        else:
            pad = [(0, 0)] * self.dimension
            pad[axis] = (1, 1)
            balance = np.diff(np.pad(flux, pad), axis=axis)
        divergence: Array = balance / self.along(self.widths[axis], axis)
        return divergence

    # --- flat views for the kernels -----------------------------------------------------

    @cached_property
    def ghosted_shape(self) -> tuple[int, ...]:
        """Shape of an array with ghost cells."""
        return tuple(n + 2 * HALO for n in self.shape)

    def ghosted(self, values: Array) -> Array:
        """Copy cell values into a flat array with ghost cells.

        Periodic axes wrap; at a closed end the last cell is repeated. Corner ghosts are
        not filled in any particular way: no kernel reads them.
        """
        out = np.empty(self.ghosted_shape)
        inside = (slice(HALO, -HALO),) * self.dimension
        out[inside] = values
        for axis, (data, n) in enumerate(zip(self.box.axes, self.shape, strict=True)):
            lead = (slice(None),) * axis
            if data.periodic:
                out[(*lead, slice(0, HALO))] = out[(*lead, slice(n, n + HALO))]
                out[(*lead, slice(n + HALO, None))] = out[(*lead, slice(HALO, 2 * HALO))]
            else:
                out[(*lead, slice(0, HALO))] = out[(*lead, slice(HALO, HALO + 1))]
                out[(*lead, slice(n + HALO, None))] = out[(*lead, slice(n + HALO - 1, n + HALO))]
        return out.ravel()

    @cached_property
    def lines(self) -> tuple[Lines, ...]:
        """The cells as bundles of lines, one :class:`wgflow.lines.Lines` an axis."""
        periodic = [axis.periodic for axis in self.box.axes]
        return tuple(make_lines(self.widths, periodic, axis) for axis in range(self.dimension))

    def __repr__(self) -> str:
        cells = " x ".join(map(str, self.shape))
        return f"Grid({cells} cells on {self.box!r})"


def _cells(cells: int | Sequence[int], dimension: int) -> tuple[int, ...]:
    counts: tuple[Any, ...] = (cells,)
    if isinstance(cells, Sequence | np.ndarray) and not isinstance(cells, str):
        counts = tuple(cells)
    if len(counts) == 1:
        counts = counts * dimension
    if len(counts) != dimension:
        raise InputError(
            f"{len(counts)} numbers of cells {counts} for a domain of {dimension} dimensions: "
            "give one number, or one an axis"
        )
    for n in counts:
        whole = isinstance(n, int | float | np.number) and math.isfinite(n) and n == int(n)
        if not (whole and n >= MINIMUM_CELLS):
            raise InputError(f"{n!r} cells along an axis: give a whole number >= {MINIMUM_CELLS}")
    return tuple(int(n) for n in counts)


def _edges(axis: Axis, cells: int, given: Array | None) -> Array:
    if given is None:
        return axis.edges(cells)
    edges = np.asarray(given, dtype=float)
    if edges.shape != (cells + 1,) or not np.all(np.diff(edges) > 0):
        raise InputError(f"edges must be {cells + 1} strictly increasing numbers for {cells} cells")
    if edges[0] != axis.lower or edges[-1] != axis.upper:
        raise InputError(
            f"edges run from {edges[0]} to {edges[-1]}: they must run from the axis' lower "
            f"bound {axis.lower} to its upper bound {axis.upper}"
        )
    return edges


def _log_radial_average(edges: Array, dimension: float) -> Array:
    """Logarithm of the cell averages of r^(d-1): log[(b^d - a^d) / (d (b - a))]."""
    lower, upper = edges[:-1], edges[1:]
    with np.errstate(divide="ignore"):
        shrink = dimension * np.log(lower / upper)  # log((a/b)^d), -inf in the first cell
    log_difference = np.log(-np.expm1(shrink))
    average: Array = dimension * np.log(upper) + log_difference - np.log(dimension * np.diff(edges))
    return average
