"""The mass at the bounds of a truncated domain."""

from __future__ import annotations

import numpy as np

from wgflow._typing import Array
from wgflow.domain import Box
from wgflow.finite_volume import FiniteVolume
from wgflow.observers.base import Observer, State

__all__ = ["BoundaryMass"]


class BoundaryMass(Observer):
    """Watches the mass in the outermost cells of a truncated domain.

    Parameters
    ----------
    space : FiniteVolume
    box : Box, optional
        Of the problem, if the cells may cover a part of it only: then only its bounds count.
    """

    LIMIT = 1e-6  # of the mass, in one layer of cells

    def __init__(self, space: FiniteVolume, box: Box | None = None) -> None:
        self.box = box
        self.largest = 0.0
        self.where = ""
        self.moved(space)

    def moved(self, space: FiniteVolume) -> None:
        """Watch the bounds of other cells."""
        self.grid = space.grid
        self._ends = [
            (axis, end)
            for axis, data in enumerate([] if space.mesh else self.grid.box.axes)
            for end, cut in enumerate(data.truncated)
            if cut and self._is_bound(axis, end)
        ]

    def _is_bound(self, axis: int, end: int) -> bool:
        """Whether the cells end at a bound of the problem, and not at one of a window."""
        if self.box is None:
            return True
        here, there = self.grid.box.axes[axis], self.box.axes[axis]
        return (here.lower == there.lower, here.upper == there.upper)[end]

    def finish(self, state: State) -> None:
        """Measure the mass in the outermost cells."""
        masses = self.grid.sum(np.array([self._layer(state.density, *end) for end in self._ends]))
        for (axis, end), mass in zip(self._ends, masses, strict=True):
            if mass > self.largest:
                self.largest = float(mass)
                bound = (self.grid.box.axes[axis].lower, self.grid.box.axes[axis].upper)[end]
                self.where = f"{self.grid.box.names[axis]} = {bound:.6g}"

    def _layer(self, density: Array, axis: int, end: int) -> float:
        """Mass of this rank's cells in the outermost layer at one end of an axis."""
        if self.grid.open_ends[axis][end]:  # the layer is another rank's
            return 0.0
        layer = self.grid.widths[axis][-end] * density.take(-end, axis)
        others = [w for a, w in enumerate(self.grid.widths) if a != axis]
        for width in reversed(others):
            layer = layer @ width
        return float(layer)

    @property
    def warning(self) -> str | None:
        """What to tell the user, if anything."""
        if not self.largest > self.LIMIT:
            return None
        return (
            f"mass {self.largest:.3g} lies in the outermost cells at {self.where}, "
            f"limit {self.LIMIT:.0e}: the domain is too small; move that bound outwards, or "
            "declare the axis with wall=True if it is a wall"
        )
