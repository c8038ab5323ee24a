"""What belongs to one axis of a grid: the number of cells, their edges, radial averages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.domain import Axis
from wgflow.errors import InputError

__all__ = ["cell_counts", "cell_edges", "log_radial_average"]

MINIMUM_CELLS = 3


def cell_counts(cells: int | Sequence[int], dimension: int) -> tuple[int, ...]:
    """Read numbers of cells: one for all axes, or one per axis.

    Raises
    ------
    InputError
        If they are not as many as the axes, or not whole numbers >= 3.
    """
    counts: tuple[Any, ...] = (cells,)
    if isinstance(cells, Sequence | np.ndarray) and not isinstance(cells, str):
        counts = tuple(cells)
    if len(counts) == 1:
        counts = counts * dimension
    if len(counts) != dimension:
        raise InputError(
            f"{len(counts)} numbers of cells {counts} for a domain of {dimension} dimensions: "
            "give one number, or one per axis"
        )
    for n in counts:
        whole = isinstance(n, int | float | np.number) and math.isfinite(n) and n == int(n)
        if not (whole and n >= MINIMUM_CELLS):
            raise InputError(f"{n!r} cells along an axis: give a whole number >= {MINIMUM_CELLS}")
    return tuple(int(n) for n in counts)


def cell_edges(axis: Axis, cells: int, given: Array | None) -> Array:
    """Cell edges of an axis, those given or its own, shape (cells + 1,).

    Raises
    ------
    InputError
        If those given do not increase from bound to bound.
    """
    if given is None:
        return axis.edges(cells)
    edges = np.asarray(given, dtype=float)
    if edges.shape != (cells + 1,) or not np.all(np.diff(edges) > 0):
        raise InputError(f"edges must be {cells + 1} strictly increasing numbers for {cells} cells")
    if edges[0] != axis.lower or edges[-1] != axis.upper:
        raise InputError(
            f"edges run from {edges[0]} to {edges[-1]}: they must run from the axis' lower "
            f"bound {axis.lower} to its upper bound {axis.upper}"
        )
    return edges


def log_radial_average(edges: Array, dimension: float) -> Array:
    """Logarithm of the cell averages of r^(d-1): log[(b^d - a^d) / (d (b - a))]."""
    lower, upper = edges[:-1], edges[1:]
    with np.errstate(divide="ignore"):
        shrink = dimension * np.log(lower / upper)  # log((a/b)^d), -inf in the first cell
    log_difference = np.log(-np.expm1(shrink))
    average: Array = dimension * np.log(upper) + log_difference - np.log(dimension * np.diff(edges))
    return average
