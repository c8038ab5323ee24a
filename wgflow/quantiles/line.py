"""The one axis on which quantiles lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wgflow._typing import Array
from wgflow.domain import Box
from wgflow.errors import InputError
from wgflow.grid import Grid

__all__ = ["Line"]


@dataclass(frozen=True, eq=False)
class Line:
    """One axis with its cells.

    On a periodic axis quantiles lie on the covering line: they may leave the bounds, and the
    last interval runs from the last quantile to the first one a period further.

    Attributes
    ----------
    edges : (cells + 1,) array
        Of the cells of all ranks.
    periodic : bool
    radial : float
        Dimension d of the reference measure r^(d-1) dr; 1 on a plain axis.
    """

    edges: Array
    periodic: bool = False
    radial: float = 1.0

    @classmethod
    def of(cls, grid: Grid) -> Line:
        """Take the axis of a grid.

        Raises
        ------
        InputError
            If the domain is no box of one dimension.
        """
        if not isinstance(grid.box, Box) or grid.box.dimension != 1:
            kind = f"a box of {grid.box.dimension} axes" if isinstance(grid.box, Box) else "no box"
            raise InputError(
                f"quantiles need one axis, the domain is {kind}: use another solver, "
                "quantile_jko is for one dimension"
            )
        (axis,) = grid.box.axes
        return cls(grid.whole.edges[0], axis.periodic, axis.radial or 1.0)

    @property
    def lower(self) -> float:
        """Lower bound."""
        return float(self.edges[0])

    @property
    def upper(self) -> float:
        """Upper bound."""
        return float(self.edges[-1])

    @property
    def length(self) -> float:
        """Distance of the bounds."""
        return self.upper - self.lower

    @cached_property
    def cell_widths(self) -> Array:
        """Widths of the cells."""
        return np.diff(self.edges)

    def gaps(self, positions: Array) -> Array:
        """Widths of the intervals between quantiles, the one around the end on a circle too."""
        change = np.diff(positions)
        if not self.periodic:
            return change
        return np.append(change, positions[0] + self.length - positions[-1])

    def bounded(self, positions: Array) -> Array:
        """Positions within the walls, if there are walls."""
        if self.periodic:
            return positions
        return np.clip(positions, self.lower, self.upper)
