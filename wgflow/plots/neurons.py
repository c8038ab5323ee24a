"""The neurons of finite networks over a picture of their density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array
from wgflow.grid import Grid
from wgflow.plots.style import SGD_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Neurons"]

DOTS = 500  # more would hide the density
BINS = 40
SEEN = 0.99  # share of the neurons within the axes, below which the figure tells it


@dataclass(frozen=True)
class Neurons:
    """Coordinates of neurons at the times of the snapshots.

    Attributes
    ----------
    times : (S,) array
    coordinates : (S, M, D, N) array
        Of M networks of N neurons, D coordinates of the density each.
    """

    times: Array
    coordinates: Array

    def at(self, time: float, grid: Grid) -> Array | None:
        """Coordinates of the neurons of all networks, shape (D, M N); None of another time."""
        near = np.isclose(self.times, time, rtol=1e-9, atol=0)
        if not near.any():
            return None
        states = self.coordinates[int(np.argmax(near))].astype(float)
        points = np.concatenate(list(states), axis=1)
        for row, axis in zip(points, grid.box.axes, strict=True):
            if axis.periodic:
                row[:] = axis.lower + (row - axis.lower) % axis.length
        return points

    def bars(self, axes: Axes, time: float, grid: Grid, axis: int = 0) -> None:
        """Draw the histogram of one coordinate."""
        points = self.at(time, grid)
        if points is None:
            return
        low, high = axes.get_xlim()
        counts, edges = np.histogram(points[axis], np.linspace(low, high, BINS + 1))
        seen = counts.sum() / points.shape[1]
        rest = "" if seen > SEEN else f"\n({seen:.0%} of them lie here)"
        heights = counts / (points.shape[1] * np.diff(edges))
        axes.bar(
            edges[:-1], heights, np.diff(edges), align="edge", color=SGD_COLOUR, alpha=0.35,
            label=f"neurons, t = {time:.3g}{rest}", zorder=0,
        )  # fmt: skip

    def dots(self, axes: Axes, time: float, grid: Grid, pair: Sequence[int] = (0, 1)) -> None:
        """Draw a dot for each neuron, of so many as leave the density to be seen."""
        points = self.at(time, grid)
        if points is None:
            return
        bounds = axes.get_xlim(), axes.get_ylim()
        x, y = points[list(pair), :: -(-points.shape[1] // DOTS)]
        axes.plot(
            x, y, "o", ms=2.0, color=SGD_COLOUR, mec="white", mew=0.25, label="neurons", ls="none"
        )
        axes.set(xlim=bounds[0], ylim=bounds[1])
