"""The neurons of finite networks over a picture of their density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array
from wgflow.domain import Axis
from wgflow.grid import Grid
from wgflow.plots.style import SGD_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Neurons", "draw_histogram", "wrapped"]

DOTS = 500  # more would hide the density
BINS = 40
SEEN = 0.99  # share of the neurons within the axes, below which the figure tells it


def wrapped(values: Array, axis: Axis) -> Array:
    """Bring the coordinates of a periodic axis into its bounds."""
    return axis.lower + (values - axis.lower) % axis.length if axis.periodic else values


def draw_histogram(
    axes: Axes, sample: Array, bounds: tuple[float, float], label: str
) -> tuple[Array, Array]:
    """Draw what share of a sample lies where, as a density; give its heights and edges."""
    counts, edges = np.histogram(sample, np.linspace(*bounds, BINS + 1))
    heights = counts / (len(sample) * np.diff(edges))
    axes.bar(
        edges[:-1], heights, np.diff(edges), align="edge", color=SGD_COLOUR, alpha=0.35,
        label=label, zorder=0,
    )  # fmt: skip
    return heights, edges


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
        return np.stack([wrapped(*pair) for pair in zip(points, grid.box.axes, strict=True)])

    def bars(self, axes: Axes, time: float, grid: Grid, axis: int = 0) -> None:
        """Draw the histogram of one coordinate."""
        points = self.at(time, grid)
        if points is None:
            return
        low, high = axes.get_xlim()
        seen = float(np.mean((points[axis] >= low) & (points[axis] <= high)))
        rest = "" if seen > SEEN else f"\n({seen:.0%} of them lie here)"
        draw_histogram(axes, points[axis], (low, high), f"neurons, t = {time:.3g}{rest}")

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
