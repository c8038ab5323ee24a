"""What stays the same from one time to the next: bounds of the axes, colours, lengths of arrows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow._typing import Array
from wgflow.grid import Grid
from wgflow.mesh import as_mesh
from wgflow.plots.picture import Frame
from wgflow.plots.style import MAP, capped, visible

if TYPE_CHECKING:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

__all__ = ["DECADES", "DENSITY", "Limits"]

DENSITY = "density"
OUTSIDE = 0.005  # share of points beyond each end of an axis
DECADES = 6  # below the largest value, on a logarithmic scale


class Limits:
    """Bounds that hold all frames that were added.

    Parameters
    ----------
    shown : Grid or Mesh
        What is drawn.
    whole : Grid or Mesh
        All cells, on which the marginals of one axis are.
    frames : iterable of Frame
    log : bool
        Whether densities are on a logarithmic scale.
    """

    def __init__(
        self, shown: Grid, whole: Grid, frames: Iterable[Frame] = (), log: bool = False
    ) -> None:
        self.shown, self.whole, self.log, self.fastest = shown, whole, log, 0.0
        self._peaks: dict[Hashable, list[float]] = {}
        self._lows: dict[Hashable, float] = {}
        self._reach: dict[int, Array] = {}
        self._edges: dict[int, Array] = {}
        self._held: list[Array] = []
        for frame in frames:
            self.add(frame)

    def add(self, frame: Frame) -> None:
        """Widen the bounds to hold one more frame."""
        if frame.density is not None:
            self._peak(DENSITY, frame.density)
            if as_mesh(self.shown) is None:
                for axis in range(frame.density.ndim):
                    others = tuple(k for k in range(frame.density.ndim) if k != axis)
                    self._stretch(axis, frame.density.max(axis=others), self.shown)
        for axis, line in enumerate(frame.lines):
            self._peak(axis, line)
            self._stretch(axis, line, self.whole)
        for pair, plane in frame.planes.items():
            self._peak(pair, plane)
        if frame.arrows is not None:
            self.fastest = max(self.fastest, frame.arrows.fastest)

    def hold(self, points: Array | None) -> None:
        """Widen the bounds to hold nearly all of some points, shape (D, M), that lie near."""
        if points is not None:
            self._held.append(np.quantile(points, (OUTSIDE, 1 - OUTSIDE), axis=1))

    def _peak(self, key: Hashable, values: Array) -> None:
        self._peaks.setdefault(key, []).append(float(values.max()))
        self._lows[key] = min(self._lows.get(key, np.inf), float(values.min()))

    def _stretch(self, axis: int, values: Array, grid: Grid) -> None:
        relative = values / max(float(values.max()), np.finfo(float).tiny)
        known = self._reach.get(axis)
        self._reach[axis] = relative if known is None else np.maximum(known, relative)
        self._edges[axis] = grid.edges[axis]

    def bounds(self, axis: int) -> tuple[float, float]:
        """Give the part of an axis with mass at any time; all of a mesh."""
        mesh = as_mesh(self.shown)
        if mesh is not None:
            corners = mesh.geometry.corners[..., axis]
            return float(corners.min()), float(corners.max())
        share = 10.0**-DECADES if self.log else 1e-3
        low, high = visible(self._reach[axis], self._edges[axis], share)
        ends = [held[:, axis] for held in self._held]
        first, last = self._edges[axis][[0, -1]]
        # not so far that the density becomes narrow
        left = max(first, low - (high - low), min([low, *(end[0] for end in ends)]))
        right = min(last, high + (high - low), max([high, *(end[1] for end in ends)]))
        return float(left), float(right)

    def top(self, key: Hashable = DENSITY) -> float:
        """Largest value that is shown; what a concentration has above it is cut off."""
        return max(self._peaks[key]) if self.log else capped(self._peaks[key])

    def peak(self, key: Hashable = DENSITY) -> float:
        """Largest value that there is."""
        return max(self._peaks[key])

    def cut(self, key: Hashable = DENSITY) -> bool:
        """Whether some values are above the largest that is shown."""
        return self.peak(key) > self.top(key)

    def bottom(self, key: Hashable = DENSITY) -> float:
        """Least value that is shown."""
        if not self.log:
            return 0.0
        return max(self.top(key) * 10.0**-DECADES, 0.8 * self._lows[key])

    def norm(self, key: Hashable = DENSITY) -> Normalize:
        """Give the scale of colours."""
        from matplotlib.colors import LogNorm, Normalize

        kind = LogNorm if self.log else Normalize
        return kind(self.bottom(key), self.top(key))

    def raised(self, values: Array, key: Hashable = DENSITY) -> Array:
        """Lift what is below the scale onto it: a logarithmic scale has no colour for 0."""
        return np.maximum(values, self.bottom(key))

    def colours(self, key: Hashable = DENSITY) -> ScalarMappable:
        """Give what a colour bar is drawn of."""
        from matplotlib.cm import ScalarMappable

        return ScalarMappable(self.norm(key), MAP)

    def bar(self, figure: Any, panels: Any, key: Hashable = DENSITY, **words: Any) -> None:
        """Draw the colour bar beside some panels."""
        words = {"label": "density", "extend": "max" if self.cut(key) else "neither", **words}
        words.setdefault("aspect", 30)
        figure.colorbar(self.colours(key), ax=panels, **words)
