"""The velocity of the mass, -s ∇ δF/δrho, at a few places of a picture."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.finite_volume import FiniteVolume
from wgflow.fluxes import Upwind
from wgflow.grid import Grid
from wgflow.mesh import Mesh

if TYPE_CHECKING:
    from wgflow.solution import Solution

__all__ = ["Arrows", "arrows_of", "velocity"]

ACROSS = 15  # arrows along each axis of a picture
SHARE = 1e-3  # of the largest density, below which there is too little mass for an arrow

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arrows:
    """Velocities at some points.

    Attributes
    ----------
    points : (A, 2) array
    velocities : (A, 2) array
        nan where there is hardly any mass.
    """

    points: Array
    velocities: Array

    @property
    def fastest(self) -> float:
        """Largest speed, 0 if there is none."""
        speeds = np.hypot(*self.velocities.T)
        return float(np.max(speeds[np.isfinite(speeds)], initial=0.0))


def arrows_of(solution: Solution, wanted: bool = True) -> Callable[[int], Arrows] | None:
    """Give what computes the arrows of a snapshot in two dimensions; collective.

    None in other dimensions, where they are not wanted, and where the problem is not known: then
    nothing tells the velocity, and a warning says so.
    """
    grid, problem = solution.grid, solution.problem
    if not wanted or grid.dimension != 2:
        return None
    if problem is None:
        logger.warning(
            "no arrows: the problem of this result is not known (its case file is gone or has "
            "changed), and without it the velocity is not"
        )
        return None
    if solution.windows:  # these cover the part of the box where mass was
        problem = replace(problem, domain=grid.box)
    space = FiniteVolume(problem, grid, Upwind())
    mesh = space.mesh
    cells = _near(mesh) if mesh is not None else None
    lattice = _lattice(solution) if cells is None else []

    def found(index: int) -> Arrows:
        density, time = solution.densities[index], float(solution.times[index])
        enough = density > SHARE * grid.maximum(density)
        moving = [np.where(enough, part, np.nan) for part in velocity(space, density, time)]
        if mesh is not None and cells is not None:
            return _of_cells(mesh, moving, cells)
        return _of_grid(space.grid, moving, lattice)

    return found


def velocity(space: FiniteVolume, density: Array, time: float) -> list[Array]:
    """Components of -s ∇ δF/δrho in the cells; collective.

    Parameters
    ----------
    space : FiniteVolume
    density : array of the grid's shape
    time : float

    Returns
    -------
    list of arrays of the grid's shape
        On a grid the mean over the two faces of each cell, 0 through walls; on a mesh the least
        squares fit to the normal derivatives at a cell's faces.
    """
    grid, scale = space.grid, space.problem.scale(time)
    variation = space.energy.first_variation(density, time)
    if space.mesh is not None:
        return [-scale * part for part in _gradient(space.mesh, variation)]
    found = []
    for axis in range(grid.dimension):
        # along a fixed axis the distances are infinite, and nothing moves
        slope = grid.difference(variation, axis) / grid.along(grid.face_distances(axis), axis)
        faces = grid.faces[axis]
        mean = (faces.to_cells(slope, 0) + faces.to_cells(slope, 1)) / 2
        found.append(-scale * mean)
    return found


def _gradient(mesh: Mesh, values: Array) -> list[Array]:
    """Gradient whose normal parts fit the differences across the faces, weighted by area."""
    geometry, dimension = mesh.geometry, mesh.dimension
    slope = mesh.difference(values) / mesh.distances
    normals, areas = geometry.normals, geometry.areas
    matrix = np.zeros((mesh.size, dimension, dimension))
    right = np.zeros((mesh.size, dimension))
    for cells in (geometry.left, geometry.right):
        for i in range(dimension):
            right[:, i] += _added(mesh, cells, areas * normals[:, i] * slope)
            for j in range(dimension):
                matrix[:, i, j] += _added(mesh, cells, areas * normals[:, i] * normals[:, j])
    # a cell in a corner of the region may have fewer faces than there are directions
    solved = np.einsum("nij,nj->ni", np.linalg.pinv(matrix, hermitian=True, rcond=1e-8), right)
    return [solved[:, i] for i in range(dimension)]


def _added(mesh: Mesh, cells: IntArray, weights: Array) -> Array:
    """Add up face values in the cells of one side, but for those of other ranks."""
    total: Array = np.asarray(np.bincount(cells, weights, mesh.size)[: mesh.size], dtype=float)
    return total


def _lattice(solution: Solution) -> list[IntArray]:
    """Numbers of the middle cells of groups of cells along each axis, where there is mass."""
    chosen = []
    for axis in range(2):
        reached = np.flatnonzero(_reach(solution, axis) > SHARE)
        first, last = int(reached[0]), int(reached[-1]) + 1
        step = max(1, -(-(last - first) // ACROSS))
        chosen.append(np.arange(first + min(step, last - first) // 2, last, step))
    return chosen


def _of_grid(grid: Grid, moving: list[Array], lattice: list[IntArray]) -> Arrows:
    """Arrows in the cells of a lattice, from every rank's share."""
    starts = grid.partition.starts
    mine = [(c >= s) & (c < s + n) for c, s, n in zip(lattice, starts, grid.shape, strict=True)]
    where = np.ix_(*[c[m] - s for c, m, s in zip(lattice, mine, starts, strict=True)])
    out = np.zeros((2, len(lattice[0]), len(lattice[1])))
    for part, values in zip(out, moving, strict=True):
        part[np.ix_(*mine)] = values[where]
    out = grid.comm.sum(out)
    centres = [grid.whole.centers[axis][cells] for axis, cells in enumerate(lattice)]
    x, y = np.meshgrid(*centres, indexing="ij")
    return Arrows(np.column_stack([x.ravel(), y.ravel()]), out.reshape(2, -1).T)


def _reach(solution: Solution, axis: int) -> Array:
    """Largest relative density of all snapshots in each layer of an axis."""
    grid = solution.grid
    found = np.zeros(grid.cells[axis])
    start = grid.partition.starts[axis]
    for density in solution.densities:
        peak = grid.maximum(density)
        mine = density.max(axis=1 - axis) / peak if peak > 0 else 0.0
        part = found[start : start + grid.shape[axis]]
        np.maximum(part, mine, out=part)
    largest: Array = grid.comm.maximum(found)
    return largest


def _near(mesh: Mesh) -> IntArray:
    """Numbers of the cells nearest to the points of a lattice over the region."""
    from scipy.spatial import KDTree

    centres = np.column_stack(mesh.whole.coordinates)
    low, high = centres.min(axis=0), centres.max(axis=0)
    pitch = float((high - low).max()) / ACROSS
    ticks = [np.arange(a + pitch / 2, b, pitch) for a, b in zip(low, high, strict=True)]
    lattice = np.column_stack([c.ravel() for c in np.meshgrid(*ticks)])
    distance, cells = KDTree(centres).query(lattice)
    near: IntArray = np.unique(cells[distance < pitch / 2])
    return near


def _of_cells(mesh: Mesh, moving: list[Array], cells: IntArray) -> Arrows:
    numbers = np.arange(mesh.size) if mesh.numbers is None else mesh.numbers
    held = np.isin(cells, numbers)
    order = np.argsort(numbers)
    rows = order[np.searchsorted(numbers, cells[held], sorter=order)]
    out = np.zeros((2, len(cells)))
    out[:, held] = [part[rows] for part in moving]
    out = mesh.comm.sum(out)
    centres = np.column_stack(mesh.whole.coordinates)
    return Arrows(centres[cells], out.T)
