"""Shares of mass that cells exchange through their faces in a time step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.grid import Grid

__all__ = ["FaceShares", "Shares", "face_shares"]

# For each axis what leaves the cell below and the cell above each face, as a share of its mass.
FaceShares = tuple[list[Array], list[Array]]


def face_shares(grid: Grid, coefficients: list[tuple[Array, Array]], factor: float) -> FaceShares:
    """Shares of mass that cross the faces of :meth:`Grid.difference`, up and down.

    Parameters
    ----------
    grid : Grid
    coefficients : list of (forth, back)
        For each axis the coefficients of :meth:`wgflow.fluxes.Flux.coefficients`.
    factor : float
        Time step times time scale.
    """
    ascent, descent = [], []
    for axis, (forth, back) in enumerate(coefficients):
        distances = grid.along(grid.face_distances(axis), axis)
        lower, upper = (grid.along(w, axis) for w in grid.face_widths(axis))
        ascent.append(factor * forth / (distances * lower))
        descent.append(factor * back / (distances * upper))
    return ascent, descent


@dataclass(frozen=True)
class Shares:
    """The matrix of a step in cell masses: (diagonal) x - what comes from the cells beside.

    Attributes
    ----------
    diagonal : (cells,) array
        1 plus what leaves each cell.
    from_below, from_above : (D, cells) arrays
        Share of the mass of the cell below, or above, along each axis that comes to each cell.
    up, down : list of arrays of the grid's shape
        Share of each cell's mass that leaves upwards and downwards along each axis.
    """

    diagonal: Array
    from_below: Array
    from_above: Array
    up: list[Array]
    down: list[Array]

    @classmethod
    def of(cls, grid: Grid, shares: FaceShares) -> Shares:
        """Give the cells the shares of their faces."""
        from_below, from_above = np.empty((2, grid.dimension, grid.size))
        diagonal = np.ones(grid.shape)
        ups, downs = [], []
        for axis, (ascent, descent) in enumerate(zip(*shares, strict=True)):
            faces = grid.faces[axis]
            ascent, descent = np.broadcast_arrays(ascent, descent)
            ups.append(faces.to_cells(ascent, 0))
            downs.append(faces.to_cells(descent, 1))
            diagonal += ups[-1] + downs[-1]
            from_below[axis] = faces.to_cells(ascent, 1).ravel()
            from_above[axis] = faces.to_cells(descent, 0).ravel()
        return cls(diagonal.ravel(), from_below, from_above, ups, downs)
