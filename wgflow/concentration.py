"""Stops a run whose mass collapses into a few cells, which the grid no longer resolves."""

from __future__ import annotations

import math

import numpy as np

from wgflow._typing import Array
from wgflow.called import answered
from wgflow.errors import ConcentrationError, InputError
from wgflow.grid import Grid
from wgflow.observers import Observer, State

__all__ = ["Concentration", "occupied_cells"]

CELLS_PER_AXIS = 4.0  # a Gaussian so small has a standard deviation of about one cell


def occupied_cells(density: Array, grid: Grid) -> float:
    """Effective number of cells that hold the mass, 1/sum p_K².

    It is the inverse of the probability that two particles share a cell: 1 for a point mass,
    k for k equal ones.

    Examples
    --------
    >>> from wgflow import Box
    >>> occupied_cells(np.array([0.0, 2.0, 2.0, 0.0]), Grid(Box((0, 1)), 4))
    2.0
    """
    mass = density * grid.volumes
    total, square = grid.sum(np.array([mass.sum(), np.vdot(mass, mass)]))
    return float(total**2 / square)


@answered
class Concentration(Observer):
    """Raises an error once most of the mass occupies a few cells.

    A solution that blows up has no meaning past that time, and one that collapses onto a
    point is no longer resolved; yet a positive, conservative scheme runs on undisturbed and
    returns an artefact of the grid. Pass this observer to :func:`wgflow.solve`, or set
    ``blows_up`` in the problem.

    Parameters
    ----------
    grid : Grid
    cells : float, optional
        Limit on :func:`occupied_cells`; 4^D by default.

    Raises
    ------
    InputError
        If the limit is below 1.
    ConcentrationError
        During the run.
    """

    def __init__(self, grid: Grid, cells: float | None = None) -> None:
        self.grid = grid
        self.limit = CELLS_PER_AXIS**grid.dimension if cells is None else cells
        if not (math.isfinite(self.limit) and self.limit >= 1):
            raise InputError(f"cells = {cells}: give a number of cells >= 1")

    def update(self, state: State) -> None:
        """Look at the density after a step."""
        occupied = occupied_cells(state.density, self.grid)
        # a density that is not finite is for the loop to report
        if not occupied <= self.limit:
            return
        found = self.grid.found(state.density == self.grid.maximum(state.density))
        point = "nowhere" if found is None else found[1]
        raise ConcentrationError(
            f"the mass concentrates: at t = {state.time:.6g} it fills only "
            f"{occupied:.3g} cells (limit {self.limit:g}), the fullest at ({point}); the solution "
            "blows up or needs finer cells there; the results up to then are kept"
        )
