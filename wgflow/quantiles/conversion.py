"""From cell averages to quantiles and back, without losing mass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wgflow._typing import Array
from wgflow.quantiles.line import Line

__all__ = ["Quantiles", "density_of", "quantiles_of"]

NEGLIGIBLE = 1e-14  # of the mass: a cell with less is no part of the support
LEAST_TAIL = 1e-12  # of the mass, beyond the outermost inner quantiles
POWER = 0.25  # of the density by which quantiles are placed: least error of a Gaussian's variance
EVENLY = 0.05  # share of the quantiles that is placed evenly over the support
STEEPEST = 3.0  # largest edge value over the average of a cell that keeps its parabola >= 0


@dataclass(frozen=True, eq=False)
class Quantiles:
    """A density as the positions at which its distribution function has given levels.

    Attributes
    ----------
    positions : (n,) array
        Not decreasing.
    masses : (n - 1,) array, (n,) on a circle
        Between one position and the next.
    """

    positions: Array
    masses: Array

    @property
    def weights(self) -> Array:
        """Masses of the quantiles as atoms: half of each interval beside them, shape (n,)."""
        return weights_of(self.masses, len(self.positions))


def weights_of(masses: Array, count: int) -> Array:
    """Give each of ``count`` quantiles half the mass of the intervals beside it."""
    weights = np.zeros(count)
    weights[: len(masses)] += masses / 2
    if len(masses) == count:
        weights += np.roll(masses, 1) / 2
    else:
        weights[1:] += masses / 2
    return weights


def quantiles_of(density: Array, line: Line, count: int, straddle: bool = False) -> Quantiles:
    """Place quantiles in a density and find the masses between them.

    They are placed between the ends of the support, as close to each other as the fourth root of
    the density asks: about what makes the error of the trapezoidal rule least, tails included. In
    each cell the density is taken for a parabola of the same mass,
    nonnegative and continuous where it is smooth.

    Parameters
    ----------
    density : (cells,) array
        Averages of the cells of all ranks.
    line : Line
    count : int
        Number of intervals; some more where the support has gaps.
    straddle : bool
        Whether an interval may reach across a gap of the support. Otherwise gaps lie between two
        quantiles of their own, without mass.

    Examples
    --------
    >>> line = Line(np.linspace(0.0, 4.0, 5))
    >>> found = quantiles_of(np.array([0.0, 0.5, 0.5, 0.0]), line, 4)
    >>> found.positions.tolist(), round(float(found.masses.sum()), 15)
    ([1.0, 1.5, 2.0, 2.5, 3.0], 1.0)
    """
    mass: Array = density * line.cell_widths
    full = mass > NEGLIGIBLE * float(mass.sum())
    positions = _placed(density, full, line, count, straddle)
    reach = positions.copy()
    reach[0], reach[-1] = line.lower, line.upper  # what lies beyond is negligible, and kept
    masses = _between(density, line, reach)
    if straddle:
        positions, masses = _without_thin_tails(positions, masses)
    masses *= float(mass.sum()) / masses.sum()
    if line.periodic:
        if straddle or bool(full[0] and full[-1]):
            positions = positions[:-1]  # the last interval ends at the first quantile
        else:
            masses = np.append(masses, 0.0)
    return Quantiles(positions, masses)


def _placed(
    density: Array, full: NDArray[np.bool_], line: Line, count: int, straddle: bool
) -> Array:
    """Positions from one end of the support to the other; ``full`` are the cells in it."""
    length = line.cell_widths * full
    dense = length * density**POWER
    monitor = (1 - EVENLY) * dense / dense.sum() + EVENLY * length / length.sum()
    level = np.concatenate([[0.0], np.cumsum(monitor)])
    level /= level[-1]
    first, last = int(np.argmax(full)), len(full) - int(np.argmax(full[::-1]))
    span = slice(first, last + 1)
    inner = np.interp(np.arange(1, count) / count, level[span], line.edges[span])
    change = np.flatnonzero(np.diff(full.astype(int))) + 1
    own = line.edges[[]] if straddle else line.edges[change]
    return np.unique(np.concatenate([line.edges[[first, last]], inner, own]))


def _without_thin_tails(positions: Array, masses: Array) -> tuple[Array, Array]:
    """Join the outermost intervals to one of some mass, at either end.

    An interval of less would be thinner than rounding if it came into the bulk.
    """
    tail = LEAST_TAIL * float(masses.sum())
    bulk = (np.cumsum(masses)[:-1] > tail) & (np.cumsum(masses[::-1])[-2::-1] > tail)
    kept = positions[np.concatenate([[True], bulk, [True]])]
    joined: Array = np.add.reduceat(masses, np.concatenate([[0], np.flatnonzero(bulk) + 1]))
    return kept, joined


def _between(density: Array, line: Line, positions: Array) -> Array:
    """Masses of the parabolas between positions."""
    low, high = _edge_values(density, line)
    cuts = np.unique(np.concatenate([positions, line.edges]))
    middle = (cuts[:-1] + cuts[1:]) / 2
    cell = np.clip(np.searchsorted(line.edges, middle) - 1, 0, len(density) - 1)
    width = line.cell_widths[cell]
    one, two = ((c - line.edges[cell]) / width for c in (cuts[:-1], cuts[1:]))
    a, b, mean = low[cell], high[cell], density[cell]

    def below(t: Array) -> Array:
        share: Array = t * (a + t * ((3 * mean - 2 * a - b) + t * (a + b - 2 * mean)))
        return share

    pieces = np.maximum(width * (below(two) - below(one)), 0.0)
    interval = np.clip(np.searchsorted(positions, middle) - 1, 0, len(positions) - 2)
    masses: Array = np.bincount(interval, pieces, minlength=len(positions) - 1).astype(float)
    return masses


def _edge_values(density: Array, line: Line) -> tuple[Array, Array]:
    """Values at the lower and the upper edge of each cell."""
    width = line.cell_widths
    if line.periodic:
        below, above = np.append(density[-1], density), np.append(density, density[0])
        left, right = np.append(width[-1], width), np.append(width, width[0])
        edge = (right * below + left * above) / (left + right)
    else:
        edge = np.empty(len(density) + 1)
        edge[1:-1] = (width[1:] * density[:-1] + width[:-1] * density[1:]) / (
            width[1:] + width[:-1]
        )
        edge[0] = (3 * density[0] - density[1]) / 2
        edge[-1] = (3 * density[-1] - density[-2]) / 2
    most = STEEPEST * density
    return np.clip(edge[:-1], 0.0, most), np.clip(edge[1:], 0.0, most)


def density_of(quantiles: Quantiles, line: Line) -> Array:
    """Exact averages over the cells of a density that is linear between quantiles.

    Its slopes are limited, as those of MUSCL are; the outermost intervals have none. Quantiles
    that coincide are a point mass, which goes to the cell that holds it.

    Examples
    --------
    >>> line = Line(np.linspace(0.0, 4.0, 5))
    >>> density_of(Quantiles(np.array([0.5, 1.5, 1.5]), np.array([0.5, 0.5])), line).tolist()
    [0.25, 0.75, 0.0, 0.0]
    """
    from wgflow.quantiles._kernels import deposit

    positions = quantiles.positions
    gaps = line.gaps(positions)
    start = positions[: len(gaps)]
    if line.periodic:
        start = line.lower + np.mod(start - line.lower, line.length)
    cell = np.clip(np.searchsorted(line.edges, start, side="right") - 1, 0, len(line.edges) - 2)
    tilts = _tilts(gaps, quantiles.masses, line.periodic)
    mass = deposit(start, gaps, quantiles.masses, tilts, cell, line.edges, line.periodic)
    density: Array = mass / line.cell_widths
    return density


def _tilts(gaps: Array, masses: Array, periodic: bool) -> Array:
    """Half the change of the density over each interval over its mean, limited to [-1, 1]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(gaps > 0, masses / gaps, np.inf)
        around = np.concatenate([[-1], np.arange(len(gaps)), [0]])
        change = np.diff(density[around])
        slope = 2 * change / (gaps[around[:-1]] + gaps[around[1:]])
        below, above = slope[:-1], slope[1:]
        mean = (below + above) / 2
        least = np.minimum(np.abs(below), np.abs(above))
        limited = np.sign(mean) * np.minimum(np.abs(mean), 2 * least)
        limited[~(below * above > 0)] = 0.0
        tilts = limited * gaps / (2 * density)
    if not periodic:
        tilts[[0, -1]] = 0.0
    found: Array = np.clip(np.where(np.isfinite(tilts), tilts, 0.0), -1.0, 1.0)
    return found
