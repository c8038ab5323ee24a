"""Stretchings of an axis: where the edges of unequal cells lie."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from wgflow._typing import Array
from wgflow.called import answered
from wgflow.errors import InputError

__all__ = ["Clustered", "Tabulated"]


@answered
@dataclass(frozen=True)
class Clustered:
    """A stretching that clusters small cells around one point.

    x(s) = around + scale sinh(a + (b - a) s), with a and b such that x(0) = lower and
    x(1) = upper: cells are about equal within ``scale`` of the point; beyond, they grow in
    proportion to the distance from it.

    Parameters
    ----------
    lower, upper : float
        The bounds of the axis.
    around : float
        Where cells are smallest; it may lie outside the bounds.
    scale : float
        Distance within which they are about equal, > 0.

    Raises
    ------
    InputError
        If the scale is not positive or a number is not finite.

    Examples
    --------
    >>> from wgflow.domain import Axis
    >>> axis = Axis(-8, 8, stretch=Clustered(-8, 8, around=0.0, scale=1.0))
    >>> axis.edges(4).round(3).tolist()
    [-8.0, -1.879, 0.0, 1.879, 8.0]
    """

    lower: float
    upper: float
    around: float
    scale: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and self.scale > 0 and math.isfinite(self.around)):
            raise InputError(
                f"cells clustered around {self.around} with scale {self.scale}: give a finite "
                "point and a finite scale > 0"
            )

    def __call__(self, fraction: Array) -> Array:
        """Coordinates at fractions of the cells."""
        first = math.asinh((self.lower - self.around) / self.scale)
        last = math.asinh((self.upper - self.around) / self.scale)
        values: Array = self.around + self.scale * np.sinh(first + (last - first) * fraction)
        return values


@answered
@dataclass(frozen=True)
class Tabulated:
    """A stretching through given cell edges.

    With one cell fewer than there are edges, the cells are exactly those given; other numbers of
    cells follow the monotone cubic through the edges, so refinement is smooth.

    Parameters
    ----------
    points : sequence of float
        Strictly increasing edges, at least two.

    Raises
    ------
    InputError
        If they do not increase or are not finite.

    References
    ----------
    Fritsch, Butland, SIAM J. Sci. Stat. Comput. 5 (1984), for the interpolant (PCHIP).

    Examples
    --------
    >>> from wgflow.domain import Axis
    >>> axis = Axis(0, 4, stretch=Tabulated((0, 1, 4)))
    >>> axis.edges(2).tolist(), axis.edges(4).round(3).tolist()
    ([0.0, 1.0, 4.0], [0.0, 0.312, 1.0, 2.188, 4.0])
    """

    points: Sequence[float] = field(repr=False)

    def __post_init__(self) -> None:
        points = tuple(float(p) for p in self.points)
        object.__setattr__(self, "points", points)
        increasing = all(a < b for a, b in itertools.pairwise(points))
        if len(points) < 2 or not increasing or not all(map(math.isfinite, points)):
            raise InputError(
                f"{len(points)} edges {points[:3]}...: give at least 2 finite numbers that "
                "strictly increase"
            )

    def __call__(self, fraction: Array) -> Array:
        """Coordinates at fractions of the cells."""
        from scipy.interpolate import PchipInterpolator

        at = np.linspace(0.0, 1.0, len(self.points))
        values: Array = PchipInterpolator(at, self.points)(fraction)
        return values
