"""Windows on a box: fractions of its axes, and how they are chosen from a density."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wgflow._typing import Array
from wgflow.domain import Axis, Box
from wgflow.follow.settings import Follow
from wgflow.grid import Grid
from wgflow.grid.marginals import contracted

__all__ = ["Part", "chosen", "layers", "marginals", "occupied", "widened", "window_box"]

LEAST_CELLS = 2  # of the margin on each side
KEPT = 0.02  # of the window's length: a smaller change is none


@dataclass(frozen=True)
class Part:
    """Part of a stretching, from one fraction of the cells to another."""

    whole: Callable[[Array], Array]
    lower: float
    upper: float

    def __call__(self, fraction: Array) -> Array:
        """Coordinates at fractions of the part's cells."""
        return self.whole(self.lower + (self.upper - self.lower) * fraction)


def window_box(box: Box, window: Array) -> Box:
    """Part of a box.

    Parameters
    ----------
    box : Box
    window : (D, 2) array
        From which fraction to which of each axis; on a stretched one, of its cells.

    Examples
    --------
    >>> part = window_box(Box((0, 10), (0, 1)), np.array([[0.1, 0.5], [0, 1]]))
    >>> [(axis.lower, axis.upper) for axis in part.axes]
    [(1.0, 5.0), (0.0, 1.0)]
    """
    return Box(
        *(_cut(axis, *map(float, ends)) for axis, ends in zip(box.axes, window, strict=True))
    )


def _cut(axis: Axis, lower: float, upper: float) -> Axis:
    if (lower, upper) == (0.0, 1.0):
        return axis
    if axis.stretch is None:
        part: Callable[[Array], Array] | None = None
        low, high = (axis.lower + f * axis.length for f in (lower, upper))
    else:
        part = Part(axis.stretch, lower, upper)
        low, high = (float(v) for v in axis.stretch(np.array([lower, upper])))
    low, high = axis.lower if lower == 0 else low, axis.upper if upper == 1 else high
    return replace(axis, lower=low, upper=high, stretch=part)


def marginals(density: Array, grid: Grid) -> list[Array]:
    """Masses of the slices of cells along each axis, of all ranks; collective."""
    found = np.zeros(sum(grid.cells))
    first = 0
    for axis, count in enumerate(grid.cells):
        start = first + grid.partition.starts[axis]
        masses = contracted(density, grid, (axis,)) * grid.widths[axis]
        found[start : start + grid.shape[axis]] = masses
        first += count
    return np.split(grid.sum(found), np.cumsum(grid.cells)[:-1])


def layers(masses: Array, ends: Sequence[float]) -> tuple[float, float]:
    """Shares of the mass in the outermost cells at the ends of a window that can be moved."""
    total = masses.sum()
    return (
        float(masses[0] / total) if ends[0] > 0 else 0.0,
        float(masses[-1] / total) if ends[1] < 1 else 0.0,
    )


def occupied(masses: Array, tolerance: float) -> tuple[float, float]:
    """Between which fractions of the cells all mass lies but a share on each side.

    Examples
    --------
    >>> occupied(np.array([0.0, 0.5, 0.5, 0.0]), 0.05)
    (0.275, 0.725)
    """
    return _beyond(masses, tolerance), 1 - _beyond(masses[::-1], tolerance)


def _beyond(masses: Array, tolerance: float) -> float:
    least = tolerance * masses.sum()
    reached = np.cumsum(masses)
    cell = int(np.argmax(reached > least))
    inside = (least - (reached[cell] - masses[cell])) / masses[cell]
    return float((cell + inside) / len(masses))


def chosen(ends: Sequence[float], masses: Array, follow: Follow) -> tuple[float, float]:
    """Choose the window along an axis anew: what is occupied, and the margins.

    Parameters
    ----------
    ends : (2,) sequence of float
        The window of now.
    masses : (n,) array
        Of its cells.
    follow : Follow
    """
    length = ends[1] - ends[0]
    low, high = (ends[0] + length * place for place in occupied(masses, follow.tolerance))
    share = LEAST_CELLS / (len(masses) - 2 * LEAST_CELLS)
    room = max(follow.margin, share) * (high - low)
    room = max(room, (follow.least - (high - low)) / 2)
    return _settled(low - room, high + room)


def _settled(low: float, high: float) -> tuple[float, float]:
    """Keep ends within the axis, and at its own ends where they are near them."""
    near = KEPT * (high - low)
    return (0.0 if low < near else low), (1.0 if high > 1 - near else high)


def widened(ends: Sequence[float], spilled: Sequence[bool]) -> tuple[float, float]:
    """Move the ends at which mass has come out by half the window's length."""
    half = (ends[1] - ends[0]) / 2
    return _settled(ends[0] - half * spilled[0], ends[1] + half * spilled[1])
