"""What a figure shows of a solution, brought together on the root in bounded memory."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.errors import InputError
from wgflow.grid import Grid
from wgflow.grid.marginals import contracted
from wgflow.grid.remap import swept
from wgflow.mesh import as_mesh
from wgflow.parallel import SERIAL

if TYPE_CHECKING:
    from wgflow.plots.arrows import Arrows
    from wgflow.solution import Solution

__all__ = ["LARGEST_PICTURE", "Frame", "Frames", "picked", "spread"]

LARGEST_PICTURE = 2**22  # cells that are drawn in a figure; more are averaged in groups
FINER = 4  # cells of a marginal in one of the common grid, where windows are narrower
ROW_BYTES = 2**25  # of a slab that is averaged at once
SAME_TIME = 1e-9  # relative to the run: what a typed time may miss a snapshot by

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Frame:
    """What is drawn of one snapshot, on one rank.

    Attributes
    ----------
    time : float
    density : array or None
        Of the drawn grid's shape; None where only marginals are drawn.
    exact : array or None
        The exact density, in one dimension.
    lines : tuple of arrays
        Marginal densities of each axis, on all cells.
    planes : mapping of (int, int) to array
        Marginal densities of pairs of axes.
    arrows : Arrows or None
        Velocities.
    """

    time: float
    density: Array | None = None
    exact: Array | None = None
    lines: tuple[Array, ...] = ()
    planes: Mapping[tuple[int, int], Array] = field(default_factory=dict)
    arrows: Arrows | None = None


class Frames:
    """The snapshots of a solution, one at a time; every method is collective.

    Parameters
    ----------
    solution : Solution
    marginals : bool
        Whether marginals are drawn in place of the density.
    together : int
        How many frames are held at once: each has so much fewer cells.
    arrows : callable, optional
        Gives the velocities of a snapshot, by its number.

    Attributes
    ----------
    shown : Grid or Mesh
        What is drawn: all cells, or coarser ones.
    """

    def __init__(
        self,
        solution: Solution,
        *,
        marginals: bool = False,
        together: int = 1,
        arrows: Callable[[int], Arrows] | None = None,
    ) -> None:
        self.solution, self.marginals, self.arrows = solution, marginals, arrows
        self.mesh = as_mesh(solution.grid)
        self._groups: list[IntArray] | None = None
        if self.mesh is None and solution.grid.dimension <= 2:
            self._groups = _groups(solution.grid, max(1, LARGEST_PICTURE // together))

    @cached_property
    def shown(self) -> Grid:
        """Cells that are drawn."""
        return self.lined if self._sharp else _coarser(self.solution.grid, self._groups)

    @cached_property
    def lined(self) -> Grid:
        """Cells of the marginals: all, or where they followed the density, finer ones."""
        whole = self.solution.grid.whole
        if not self._sharp:
            return whole
        return Grid(whole.box, [FINER * n for n in whole.cells], comm=SERIAL)

    @property
    def _sharp(self) -> bool:
        """Whether the common grid of the windows is too coarse for marginals."""
        solution = self.solution
        return self.marginals and bool(solution.windows) and solution.grid.dimension > 2

    def frame(self, index: int) -> Frame | None:
        """Bring a snapshot together; None on the other ranks."""
        solution, grid = self.solution, self.solution.grid
        density, time = solution.densities[index], float(solution.times[index])
        arrows = None if self.arrows is None else self.arrows(index)
        lines: tuple[Array, ...] = ()
        planes: dict[tuple[int, int], Array] = {}
        whole = exact = None
        if self.marginals:
            lines = tuple(self._marginal(index, (axis,)) for axis in range(grid.dimension))
            for pair in combinations(range(grid.dimension), 2):
                plane = self._whole(density) if grid.dimension == 2 else None
                if grid.dimension > 2:
                    plane = self._marginal(index, pair)
                if plane is not None:
                    planes[pair] = plane
        else:
            whole = self._whole(density)
            exact = self._exact(time)
        if not grid.comm.is_root:
            return None
        return Frame(time, whole, exact, lines, planes, arrows)

    def _marginal(self, index: int, axes: tuple[int, ...]) -> Array:
        solution = self.solution
        if not self._sharp:
            return _marginal(solution.densities[index], solution.grid, axes)
        window = solution.sharp(index)
        found = _marginal(window.density, window.grid, axes)
        for place, axis in enumerate(axes):
            edges = window.grid.whole.edges[axis], self.lined.edges[axis]
            found = swept(found, *edges, place)
        return found

    def _whole(self, values: Array) -> Array | None:
        if self.mesh is not None:
            return self.mesh.gather(values)
        return _averaged(values, self.solution.grid, self._groups)

    def _exact(self, time: float) -> Array | None:
        solution, problem = self.solution, self.solution.problem
        if self.mesh is not None or solution.grid.dimension > 1 or solution.status != "finished":
            return None
        if problem is None or problem.exact is None:
            return None
        return self._whole(solution.exact_density(time))


def spread(count: int, most: int) -> list[int]:
    """Numbers of at most so many of ``count`` snapshots, the first and the last among them.

    They are equally far apart wherever that leaves more than half as many as there may be.

    Examples
    --------
    >>> spread(11, 8), spread(12, 8)
    ([0, 2, 4, 6, 8, 10], [0, 2, 3, 5, 6, 8, 9, 11])
    """
    even = [n for n in range(most, (most + 1) // 2, -1) if (count - 1) % (n - 1) == 0]
    shown = min(count, even[0] if even and count > most else most)
    return sorted(set(np.linspace(0, count - 1, shown).round().astype(int).tolist()))


def picked(times: Array, asked: Sequence[float] | None, most: int) -> list[int]:
    """Numbers of the snapshots nearest to the times that are asked for, or of a few.

    Raises
    ------
    InputError
        If a time is outside the run.
    """
    if asked is None:
        return spread(len(times), most)
    if not len(asked):
        raise InputError("no time to draw: give one, or omit the times")
    first, last = float(times[0]), float(times[-1])
    slack = SAME_TIME * max(last - first, abs(last))
    found = set()
    for time in asked:
        if not first - slack <= time <= last + slack:
            raise InputError(
                f"time {time:g}: the run goes from {first:g} to {last:g}: give a time in it"
            )
        index = int(np.argmin(np.abs(times - time)))
        if abs(times[index] - time) > slack:
            logger.warning(
                "no density is stored at t = %g: the nearest is drawn, t = %g", time, times[index]
            )
        found.add(index)
    return sorted(found)


def _marginal(density: Array, grid: Grid, axes: tuple[int, ...]) -> Array:
    """Marginal density over all cells of some axes, from every rank's share."""
    part = contracted(density, grid, axes)
    whole = np.zeros([grid.cells[axis] for axis in axes])
    starts = [grid.partition.starts[axis] for axis in axes]
    whole[tuple(slice(s, s + n) for s, n in zip(starts, part.shape, strict=True))] = part
    found: Array = grid.comm.sum(whole)
    return found


def _groups(grid: Grid, largest: int) -> list[IntArray] | None:
    """First cell of each group that is drawn as one, for each axis; None if all are drawn."""
    if math.prod(grid.cells) <= largest:
        return None
    most = max(1, int(largest ** (1 / grid.dimension)))
    return [np.arange(0, n, -(-n // most)) for n in grid.cells]


def _coarser(grid: Grid, groups: Sequence[IntArray] | None) -> Grid:
    whole = grid.whole
    if groups is None:
        return whole
    edges = [np.append(e[g], e[-1]) for e, g in zip(whole.edges, groups, strict=True)]
    return Grid(grid.box, [len(g) for g in groups], edges, comm=SERIAL)


def _averaged(values: Array, grid: Grid, groups: Sequence[IntArray] | None) -> Array | None:
    """Averages of all ranks' cells over groups, on the root; collective."""
    shape = grid.cells if groups is None else tuple(map(len, groups))
    out = np.zeros(shape) if grid.comm.is_root else np.zeros(0)
    along = [grid.along(w, a) for a, w in enumerate(grid.whole.widths)]

    def add(rows: slice, slab: Array) -> None:
        if groups is None:
            out[rows] = slab
            return
        step = max(1, ROW_BYTES // max(1, slab[:1].nbytes))
        for first in range(0, len(slab), step):
            part = slab[first : first + step]
            start = rows.start + first
            masses = part * along[0][start : start + len(part)]
            for axis in range(1, grid.dimension):
                masses = np.add.reduceat(masses * along[axis], groups[axis], axis=axis)
            number = np.searchsorted(groups[0], np.arange(start, start + len(part)), "right") - 1
            begins = np.flatnonzero(np.diff(number, prepend=-1))
            out[number[begins]] += np.add.reduceat(masses, begins, axis=0)

    grid.slabs.write(values, add)
    if not grid.comm.is_root:
        return None
    if groups is not None:
        for axis, starts in enumerate(groups):
            out /= grid.along(np.add.reduceat(along[axis].ravel(), starts), axis)
    return out
