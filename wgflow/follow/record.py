"""Densities on windows over time, and a grid on which all of them can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.domain import Box
from wgflow.finite_volume import FiniteVolume
from wgflow.follow.stepper import Following
from wgflow.follow.window import window_box
from wgflow.grid import Grid
from wgflow.grid.remap import remapped
from wgflow.observers import Snapshots, State

__all__ = ["WindowSnapshots", "common_grid", "on_one_grid"]

FINER = (16, 4, 1, 1)  # times the cells of a run, by dimension: the most that a common grid has


class WindowSnapshots(Snapshots):
    """Keeps the density at given times, each on the window of its time.

    Parameters
    ----------
    times, until
        As of :class:`wgflow.observers.Snapshots`.
    stepper : Following
    """

    def __init__(self, times: Sequence[float], until: float, stepper: Following) -> None:
        super().__init__(times, until)
        self.stepper = stepper
        self.windows: list[Array] = []
        self._window = stepper.window

    def moved(self, space: FiniteVolume) -> None:
        """Take the window of now for the densities to come."""
        self._window = self.stepper.window

    def _keep(self, state: State) -> None:
        super()._keep(state)
        self.windows.append(self._window)

    def state(self) -> Values:
        """Give the times and the windows."""
        return {**super().state(), "windows": np.array(self.windows)}

    def restore(self, state: State, values: Values) -> None:
        """Go on with what was kept."""
        super().restore(state, values)
        self.windows = list(cast(Array, values["windows"]))

    def grids(self) -> list[Grid]:
        """Grid of each density."""
        made: list[Grid] = []
        for i, window in enumerate(self.windows):
            same = i > 0 and np.array_equal(window, self.windows[i - 1])
            made.append(made[-1] if same else self.stepper.grid_of(window))
        return made


def common_grid(box: Box, windows: Sequence[Array], grid: Grid) -> Grid:
    """Grid over all of some windows.

    Its cells are as narrow as those of the smallest window, up to 16 times as many as in a
    window in one dimension, 4 times along each axis in two, and as many in three and four:
    there a narrow density is seen coarsely, and sharply on its own window only.

    Parameters
    ----------
    box : Box
        The problem's.
    windows : sequence of (D, 2) arrays
    grid : Grid
        Of one window.
    """
    ends = np.array(windows)
    union = np.stack([ends[..., 0].min(axis=0), ends[..., 1].max(axis=0)], axis=1)
    ratio = np.diff(union)[:, 0] / np.diff(ends)[..., 0].min(axis=0)
    finer = np.minimum(np.ceil(ratio - 1e-9), FINER[grid.dimension - 1]).astype(int)
    cells = [n * int(f) for n, f in zip(grid.cells, finer, strict=True)]
    splits = grid.partition.splits if grid.comm.size > 1 else None
    return Grid(window_box(box, union), cells, splits=splits)


def on_one_grid(snapshots: WindowSnapshots, box: Box) -> tuple[Grid, Array, list[Grid]]:
    """Give the common grid, the densities on it, and the grids they were computed on."""
    grids = snapshots.grids()
    common = common_grid(box, snapshots.windows, grids[0])
    pairs = zip(snapshots.densities, grids, strict=True)
    return common, np.array([remapped(d, g, common) for d, g in pairs]), grids
