"""Cells of a region: volumes, centres and the faces between them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.cells import Cells
from wgflow.errors import InputError
from wgflow.mesh.geometry import Geometry, of_fipy, of_simplices
from wgflow.mesh.quality import CENTRES, Quality, measure
from wgflow.mesh.region import Region
from wgflow.parallel import SERIAL

__all__ = ["Mesh", "as_mesh"]

logger = logging.getLogger(__name__)

CONSISTENT = 1.0  # degrees; a larger angle is warned of
LARGEST_ANGLE = 40.0  # degrees; a larger angle is refused unless allowed

Centres = Literal["auto", "circumcentre", "centroid"]


class Mesh(Cells):
    """Cells of any shape, for two-point fluxes; make it from FiPy or from vertices.

    A density is one array of shape ``(cells,)``. Its values are those at the cell centres,
    which for triangles, tetrahedra, rectangles, cuboids and right prisms are the
    circumcentres: the line between two of them is perpendicular to the face, which makes the
    two-point flux consistent. (A cell average belongs to the centroid, which lies up to a mesh
    width away.)

    It offers what energies, steppers and :func:`wgflow.solve` use of a
    :class:`wgflow.Grid`; its cells have one direction of faces instead of one an axis.

    Parameters
    ----------
    geometry : Geometry
        As :func:`wgflow.mesh.geometry.of_simplices` gives it.
    region : Region, optional
        The domain of the problem; unnamed by default.
    centres : {"auto", "circumcentre", "centroid"}
        Where the values lie. "auto" takes, of those a two-point flux can use, the ones with
        the smallest largest angle, then with the fewest repaired faces.
    largest_angle : float
        Angle in degrees between centre line and face normal up to which a mesh is accepted.

    Attributes
    ----------
    quality : Quality
        How far it is from what the two-point flux needs.
    source : fipy mesh or None

    Raises
    ------
    InputError
        If centres lie in the wrong order (see :class:`Quality` for what is repaired), the
        largest angle is above the limit, or the region's dimension is another one.

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
    ) -> None:
        dimension = geometry.centroids.shape[1]
        self.box = Region(dimension) if region is None else region
        if self.box.dimension != dimension:
            raise InputError(f"a mesh in {dimension} dimensions cannot fill {self.box!r}")
        self.quality, points, self.distances = _choose(geometry, centres, largest_angle)
        self.geometry, self.source = geometry, source
        self._coordinates: tuple[Array, ...] = tuple(np.ascontiguousarray(points.T))
        self.comm = SERIAL
        self.shape: tuple[int, ...] = (len(geometry.volumes),)
        self.cells = self.shape
        self.volumes: Array = geometry.volumes
        self.log_reference: Array | None = None

    @classmethod
    def from_fipy(
        cls,
        mesh: Any,
        region: Region | None = None,
        *,
        centres: Centres = "auto",
        largest_angle: float = LARGEST_ANGLE,
    ) -> Mesh:
        """Take over a FiPy mesh: Tri2D, Grid2D, Gmsh2D, Gmsh3D, … but no periodic one.

        Parameters
        ----------
        mesh : fipy mesh
        region, centres, largest_angle
            As for :class:`Mesh`.

        Examples
        --------
        ``Mesh.from_fipy(fipy.Gmsh2D("disk.geo"))``
        """
        return cls(of_fipy(mesh), region, centres, largest_angle, mesh)

    @classmethod
    def from_simplices(
        cls,
        points: Array,
        cells: IntArray,
        region: Region | None = None,
        *,
        centres: Centres = "auto",
        largest_angle: float = LARGEST_ANGLE,
    ) -> Mesh:
        """Make a mesh of triangles or tetrahedra; needs no FiPy.

        Parameters
        ----------
        points : (P, D) array
            Vertices.
        cells : (n, D + 1) int array
            Vertices of each cell.
        region, centres, largest_angle
            As for :class:`Mesh`.
        """
        return cls(of_simplices(points, cells), region, centres, largest_angle)

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return self.box.dimension

    @property
    def coordinates(self) -> tuple[Array, ...]:
        """Cell centres, one (cells,) array a coordinate."""
        return self._coordinates

    @property
    def whole(self) -> Mesh:
        """The mesh of all cells."""
        return self

    def gather(self, values: Array) -> Array:
        """Give every rank the values of all cells."""
        return values

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.volumes)

    @property
    def spacing(self) -> float:
        """Mesh width: the side of a square or cube of the mean cell volume."""
        return float(self.volumes.mean() ** (1 / self.dimension))

    def average(self, function: Callable[..., Array], points: int | None = None) -> Array:
        """Values of a function at the cell centres, which is what densities hold here.

        Parameters
        ----------
        function : callable
            Called with one (cells,) array a coordinate.
        points : int, optional
            Not used; as for a grid.
        """
        values = np.asarray(function(*self.coordinates), dtype=float)
        return np.array(np.broadcast_to(values, self.shape))

    def integrate(self, values: Array) -> float:
        """Integral over the region of cell values."""
        return float(np.dot(values, self.volumes))

    def integrate_product(self, first: Array, second: Array) -> float:
        """Integral of a product of cell values."""
        return self.integrate(first * second)

    def point(self, cell: int) -> str:
        """Centre of a cell, for messages."""
        return ", ".join(f"{c[cell]:.6g}" for c in self.coordinates)

    # --- faces: one direction, axis 0 --------------------------------------------------------

    def along(self, values: Array, axis: int) -> Array:
        """Give values of the faces or cells, which fit as they are."""
        return values

    def beside(self, values: Array, axis: int = 0) -> tuple[Array, Array]:
        """Cell values on the left and on the right of each inner face, shape (faces,)."""
        return values[self.geometry.left], values[self.geometry.right]

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
        total = np.bincount(cells, values * self.geometry.areas, self.size)
        return np.asarray(total / self.volumes, dtype=float)

    def volume(self, cell: int) -> float:
        """Volume of one cell."""
        return float(self.volumes[cell])

    def face_divergence(self, flux: Array, axis: int = 0) -> Array:
        """Divergence of fluxes (from left to right, a unit of area), per cell."""
        return self.to_cells(flux, 0, 0) - self.to_cells(flux, 0, 1)

    def __repr__(self) -> str:
        name = f" of {self.box.name}" if self.box.name else ""
        return f"Mesh({self.size} cells in {self.dimension} dimensions{name}, {self.quality})"


def as_mesh(cells: object) -> Mesh | None:
    """Give the cells if they are those of a mesh, None if they are a grid's.

    Where a Grid is declared a Mesh may stand; what differs between the two asks this.
    """
    return cells if isinstance(cells, Mesh) else None


def _choose(
    geometry: Geometry, centres: Centres, largest_angle: float
) -> tuple[Quality, Array, Array]:
    """Measure the allowed choices of centres and take the best."""
    if centres not in ("auto", *CENTRES):
        raise InputError(f"centres {centres!r}: use auto, circumcentre or centroid")
    asked = [measure(geometry, c) for c in CENTRES if centres in ("auto", c)]
    measured = [m for m in asked if m is not None]
    if not measured:
        raise InputError("some cell has no circumcentre: use centres='centroid'")
    best = min(
        measured, key=lambda m: (not m[0].usable, round(m[0].largest_angle, 3), m[0].repaired)
    )
    quality = best[0]
    listed = "; ".join(str(m[0]) for m in measured)
    if not quality.usable:
        raise InputError(
            f"no two-point flux on this mesh ({listed}): make it Delaunay (Gmsh: in 2-D "
            "Mesh.Algorithm = 6, in 3-D Mesh.Optimize = 0)"
        )
    if quality.largest_angle > largest_angle:
        raise InputError(
            f"the mesh is too far from orthogonal ({listed}); limit {largest_angle:g}°: make "
            "it Delaunay, or raise largest_angle and expect an error that does not converge"
        )
    if quality.slight:
        logger.warning("%d faces of the mesh are repaired: %s", quality.slight, quality)
    if quality.largest_angle > CONSISTENT:
        logger.warning(
            "the mesh is not orthogonal, the two-point flux keeps an error of order %.2g: %s",
            np.tan(np.radians(quality.mean_angle)),
            quality,
        )
    return best
