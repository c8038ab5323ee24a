"""Cells of a region: volumes, centres and the faces between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.called import answered
from wgflow.errors import InputError
from wgflow.mesh.geometry import Geometry, of_fipy, of_simplices
from wgflow.mesh.part import Part
from wgflow.mesh.quality import Quality, choose_centres
from wgflow.mesh.region import Region
from wgflow.mesh.shown import RegionCells
from wgflow.parallel import SERIAL, Communicator, world

__all__ = ["Mesh", "as_mesh"]

LARGEST_ANGLE = 40.0  # degrees; a larger angle is refused unless allowed

Centres = Literal["auto", "circumcentre", "centroid"]


@answered
class Mesh(RegionCells):
    """Cells of any shape, for two-point fluxes; make it from FiPy or from vertices.

    A density is one array of shape ``(cells,)``. Its values are those at the cell centres,
    which for triangles, tetrahedra, rectangles, cuboids and right prisms are the
    circumcentres: the line between two of them is perpendicular to the face, which makes the
    two-point flux consistent. (A cell average belongs to the centroid, which lies up to a mesh
    width away.)

    On several ranks, each builds the whole mesh and keeps part of the cells: the computation
    is distributed, the construction is not. Arrays of cell values hold this rank's cells:
    ``shape``, ``size``, ``volumes``, ``coordinates`` and ``geometry`` are local. ``cells``,
    ``whole`` and ``spacing`` are global.

    It provides what energies, steppers and :func:`wgflow.solve` need of a
    :class:`wgflow.Grid`, with one set of faces instead of one per axis.

    Parameters
    ----------
    geometry : Geometry
        As :func:`wgflow.mesh.geometry.of_simplices` gives it.
    region : Region, optional
        The domain of the problem; unnamed by default.
    centres : {"auto", "circumcentre", "centroid"}
        Where the values are located. Of the centres a two-point flux can use, "auto" takes
        those with the smallest maximal angle, then those with the fewest repaired faces.
    largest_angle : float
        Largest accepted angle, in degrees, between a line of centres and its face normal.
    comm : Communicator, optional
        The ranks; by default, all that the program was started with.

    Attributes
    ----------
    quality : Quality
        How far it is from what the two-point flux needs.
    source : fipy mesh or None
    cells : tuple of int
        Number of cells, on all ranks together.
    numbers : (cells,) int array or None
        Numbers of this rank's cells among all; None without MPI.

    Raises
    ------
    InputError
        If centres are in the wrong order (see :class:`Quality` for what is repaired), the
        largest angle exceeds the limit, the region has another dimension, there are fewer
        cells than ranks, or the ranks have built different meshes.

    References
    ----------
    Eymard, Gallouët, Herbin, "Finite volume methods", Handbook of Numerical Analysis 7 (2000),
    definition 9.1 (admissible meshes) and example 9.1 (triangles with circumcentres).

    Examples
    --------
    >>> corners = np.array([[0, 0], [1, 0], [0.5, 0.8], [1.5, 0.8]])
    >>> mesh = Mesh.from_simplices(corners, np.array([[0, 1, 2], [1, 3, 2]]))
    >>> mesh.shape, round(float(mesh.volumes.sum()), 12)
    ((2,), 0.8)
    >>> mesh.quality.centres, mesh.quality.largest_angle < 1e-5
    ('circumcentre', True)
    """

    def __init__(
        self,
        geometry: Geometry,
        region: Region | None = None,
        centres: Centres = "auto",
        largest_angle: float = LARGEST_ANGLE,
        source: Any = None,
        comm: Communicator | None = None,
    ) -> None:
        dimension = geometry.centroids.shape[1]
        box = Region(dimension) if region is None else region
        if box.dimension != dimension:
            raise InputError(f"a mesh in {dimension} dimensions cannot fill {box!r}")
        chosen = choose_centres(geometry, centres, largest_angle)
        self._fill(geometry, chosen, box, source, world() if comm is None else comm)

    def _fill(
        self,
        geometry: Geometry,
        chosen: tuple[Quality, Array, Array],
        box: Region,
        source: Any,
        comm: Communicator,
    ) -> None:
        self.quality, points, self.distances = chosen
        self.box, self.source, self.comm = box, source, comm
        self._all = geometry, chosen
        self.cells: tuple[int, ...] = (len(geometry.volumes),)
        self.spacing = float(geometry.volumes.mean() ** (1 / box.dimension))
        self.part = Part.of(comm, geometry, points) if comm.active else None
        self.numbers: IntArray | None = None
        if self.part is not None:
            self.numbers = self.part.division.numbers
            geometry, points = self.part.geometry, points[self.numbers]
            self.distances = self.distances[self.part.faces]
        self.geometry = geometry
        self._coordinates: tuple[Array, ...] = tuple(np.ascontiguousarray(points.T))
        self.volumes: Array = geometry.volumes
        self.shape: tuple[int, ...] = (len(self.volumes),)
        self.log_reference: Array | None = None

    @classmethod
    def from_fipy(
        cls,
        mesh: Any,
        region: Region | None = None,
        *,
        centres: Centres = "auto",
        largest_angle: float = LARGEST_ANGLE,
        comm: Communicator | None = None,
    ) -> Mesh:
        """Convert a FiPy mesh: Tri2D, Grid2D, Gmsh2D, Gmsh3D, … but not a periodic one.

        Parameters
        ----------
        mesh : fipy mesh
        region, centres, largest_angle, comm
            As for :class:`Mesh`.

        Examples
        --------
        ``Mesh.from_fipy(fipy.Gmsh2D("disk.geo"))``
        """
        return cls(of_fipy(mesh), region, centres, largest_angle, mesh, comm)

    @classmethod
    def from_simplices(
        cls,
        points: Array,
        cells: IntArray,
        region: Region | None = None,
        *,
        centres: Centres = "auto",
        largest_angle: float = LARGEST_ANGLE,
        comm: Communicator | None = None,
    ) -> Mesh:
        """Make a mesh of triangles or tetrahedra; needs no FiPy.

        Parameters
        ----------
        points : (P, D) array
            Vertices.
        cells : (n, D + 1) int array
            Vertices of each cell.
        region, centres, largest_angle, comm
            As for :class:`Mesh`.
        """
        return cls(of_simplices(points, cells), region, centres, largest_angle, comm=comm)

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return self.box.dimension

    @property
    def coordinates(self) -> tuple[Array, ...]:
        """Cell centres, one (cells,) array per coordinate."""
        return self._coordinates

    @cached_property
    def whole(self) -> Mesh:
        """The mesh of all cells, as one rank sees it; itself in serial."""
        if self.part is None:
            return self
        mesh = Mesh.__new__(Mesh)
        mesh._fill(*self._all, self.box, self.source, SERIAL)
        return mesh

    def gather(self, values: Array) -> Array:
        """Return, on every rank, the values of all cells by number; for small meshes."""
        if self.part is None or self.comm.size == 1:
            return values
        out = np.empty((*values.shape[:-1], *self.cells))
        for rank, part in enumerate(self.comm.everyone(values)):
            (numbers,) = self.part.division.block(rank)
            out[..., numbers] = part
        return out

    def gather_faces(self, values: Array) -> Array:
        """Return, on every rank, the values of all faces, of which each rank holds its own."""
        if self.part is None or self.comm.size == 1:
            return values
        out = np.empty(len(self.whole.distances))
        for faces, part in self.comm.everyone((self.part.faces, values)):
            out[faces] = part
        return out

    def own(self, values: Array) -> Array:
        """Return this rank's cells from an array of all cells."""
        return values if self.numbers is None else values[..., self.numbers]

    @property
    def size(self) -> int:
        """Number of this rank's cells."""
        return len(self.volumes)

    def average(self, function: Callable[..., Array], points: int | None = None) -> Array:
        """Values of a function at the cell centres, which is what densities hold here.

        Parameters
        ----------
        function : callable
            Called with one (cells,) array per coordinate.
        points : int, optional
            Not used; as for a grid.
        """
        values = np.asarray(function(*self.coordinates), dtype=float)
        return np.array(np.broadcast_to(values, self.shape))

    def integrate(self, values: Array) -> float:
        """Integral over the region of cell values."""
        return self.comm.sum(float(np.dot(values, self.volumes)))

    def integrate_product(self, first: Array, second: Array) -> float:
        """Integral of a product of cell values."""
        return self.integrate(first * second)

    # --- faces: one direction, axis 0 --------------------------------------------------------

    def along(self, values: Array, axis: int) -> Array:
        """Return values of the faces or cells unchanged."""
        return values

    def beside(self, values: Array, axis: int = 0) -> tuple[Array, Array]:
        """Cell values on the left and on the right of each inner face, shape (faces,)."""
        cells = values if self.part is None else self.part.extended(values)
        return cells[self.geometry.left], cells[self.geometry.right]

    @cached_property
    def volumes_beside(self) -> tuple[Array, Array]:
        """Volumes of the cells on the left and on the right of each inner face."""
        return self.beside(self.volumes)

    def difference(self, values: Array, axis: int = 0) -> Array:
        """Differences of cell values across the inner faces, right minus left."""
        left, right = self.beside(values)
        return right - left

    def face_distances(self, axis: int = 0) -> Array:
        """Distances of the centres beside the inner faces, along the normal."""
        return self.distances

    def to_cells(self, values: Array, axis: int, side: int) -> Array:
        """Add up face values times area over volume, in the left (side 0) or right (1) cell."""
        cells = self.geometry.right if side else self.geometry.left
        total = np.bincount(cells, values * self.geometry.areas, self.size)[: self.size]
        return np.asarray(total / self.volumes, dtype=float)

    def volume(self, cell: int) -> float:
        """Volume of one of this rank's cells."""
        return float(self.volumes[cell])

    def face_divergence(self, flux: Array, axis: int = 0) -> Array:
        """Divergence of fluxes (from left to right, a unit of area), per cell."""
        return self.to_cells(flux, 0, 0) - self.to_cells(flux, 0, 1)


def as_mesh(cells: object) -> Mesh | None:
    """Give the cells if they are those of a mesh, None if they are a grid's.

    Where a Grid is declared a Mesh may stand; what differs between the two asks this.
    """
    return cells if isinstance(cells, Mesh) else None
