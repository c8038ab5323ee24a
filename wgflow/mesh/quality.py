"""How far a mesh is from what a two-point flux needs."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.mesh.geometry import Geometry, circumcentres, inside

__all__ = ["CENTRES", "Quality", "choose_centres", "measure"]

logger = logging.getLogger(__name__)

CENTRES = ("circumcentre", "centroid")
# Distances of centres along the normal, over that of boxes of the same volumes:
COINCIDENT = 1e-6  # two centres are one point: four vertices of two triangles on a circle
SLIGHT = 0.1  # in the wrong order by no more than this, as smoothed Delaunay meshes have a few
REPAIRED = 1e-4  # what both are set to: the two cells then hold nearly equal values
CONSISTENT = 1.0  # degrees; a larger angle is warned of
FEW = 0.01  # of the faces may be slightly in the wrong order


@dataclass(frozen=True)
class Quality:
    """Orthogonality of a mesh for one choice of cell centres.

    Attributes
    ----------
    centres : str
        ``"circumcentre"`` or ``"centroid"``.
    largest_angle, mean_angle : float
        Between the line of two centres and the normal of their face, in degrees, over the
        faces that are not repaired or reversed. A two-point flux is consistent at 0 only; its
        error in the flux is about the tangent of the angle and does not vanish with the mesh
        width.
    coincident : int
        Faces whose centres are one point, as for two right triangles with a common longest
        side. Their distance is set to 1e-4 of the cells' size, so that the two values are
        nearly equal, as they should be; explicit steps become short.
    slight : int
        Faces whose centres lie in the wrong order by less than 0.1 of the cells' size (the
        triangles are not quite Delaunay), repaired likewise. More than 1 % are refused.
    reversed : int
        Faces whose centres lie in the wrong order by more. None is allowed.
    outside : int
        Cells whose centre lies outside of them (obtuse triangles). Harmless: the density is
        then meant at that point.
    shortest : float
        Smallest distance along the normal, over that of boxes of the same volumes.
    usable : bool
        Whether a two-point flux can be used.
    """

    centres: str
    largest_angle: float
    mean_angle: float
    coincident: int
    slight: int
    reversed: int
    outside: int
    shortest: float
    usable: bool

    @property
    def repaired(self) -> int:
        """Number of faces whose distance is set by hand."""
        return self.coincident + self.slight

    def __str__(self) -> str:
        return (
            f"{self.centres}s: angle to the face normals at most {self.largest_angle:.3g}°, mean "
            f"{self.mean_angle:.3g}°; faces with one point for both centres {self.coincident}, "
            f"in slightly wrong order {self.slight}, in wrong order {self.reversed}; "
            f"{self.outside} centres outside their cell"
        )


def measure(geometry: Geometry, centres: str) -> tuple[Quality, Array, Array] | None:
    """Measure one choice of centres; None if some cell has no such centre.

    Returns
    -------
    quality : Quality
    points : (n, D) array
        The centres.
    distances : (F,) array
        Of the centres beside each face, along its normal, repaired where that is allowed.
    """
    left, right = geometry.left, geometry.right
    circles = centres == CENTRES[0]
    points = circumcentres(geometry.corners) if circles else geometry.centroids
    if points is None:
        return None
    gap = points[right] - points[left]
    distances = np.einsum("fd,fd->f", gap, geometry.normals)
    boxes = (geometry.volumes[left] + geometry.volumes[right]) / (2 * geometry.areas)
    relative = distances / boxes
    wrong = relative <= COINCIDENT
    coincident = wrong & (relative >= -COINCIDENT)
    slight = wrong & ~coincident & (relative > -SLIGHT)
    cosine = np.ones_like(distances)
    cosine[~wrong] = distances[~wrong] / np.linalg.norm(gap[~wrong], axis=1)
    angles = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    reversed_ = int(np.count_nonzero(wrong & ~coincident & ~slight))
    outside = 0
    if geometry.simplicial:
        outside = int(np.count_nonzero(~inside(geometry.corners, points)))
    quality = Quality(
        centres=centres,
        largest_angle=float(angles.max(initial=0.0)),
        mean_angle=float(angles.mean()) if len(angles) else 0.0,
        coincident=int(np.count_nonzero(coincident)),
        slight=int(np.count_nonzero(slight)),
        reversed=reversed_,
        outside=outside,
        shortest=float(relative.min(initial=np.inf)),
        usable=bool(reversed_ == 0 and np.count_nonzero(slight) <= FEW * len(slight)),
    )
    return quality, points, np.where(wrong, REPAIRED * boxes, distances)


def choose_centres(
    geometry: Geometry, centres: str, largest_angle: float
) -> tuple[Quality, Array, Array]:
    """Measure the allowed choices of centres and take the best; see :class:`wgflow.Mesh`.

    Returns
    -------
    quality, points, distances
        As :func:`measure` gives them.

    Raises
    ------
    InputError
        If the mesh cannot be used.
    """
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
