"""The continuous domain: a box whose axes have bounds, periodicity, radial weight, stretching."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from wgflow._typing import Array
from wgflow.asked import Asked
from wgflow.called import answered
from wgflow.errors import InputError
from wgflow.fitting import shown
from wgflow.shown import page, ranged
from wgflow.stretchings import Clustered, Tabulated

__all__ = ["Axis", "Box", "Clustered", "Tabulated"]

BOUND_TOLERANCE = 1e-9  # relative to the length; how far a stretching may miss a bound


@answered
@dataclass(frozen=True)
class Axis:
    """One coordinate of the domain.

    Parameters
    ----------
    lower, upper : float
        Finite bounds, ``lower < upper``.
    periodic : bool
        Whether the two bounds are identified. Otherwise no mass flows through them.
    radial : float, optional
        Dimension ``d`` of the space in which this coordinate is the radius. The density is
        with respect to ``dr`` and entropies are relative to the measure ``r^(d-1) dr``, so
        noise acts as the radial part of the Laplacian in ``d`` dimensions.
    wall : bool
        Whether the bounds are walls of the problem itself, as opposed to a truncated domain,
        where mass that collects at a bound causes a warning. The centre ``r = 0`` of a radial
        axis never counts as a truncation.
    name : str
        Name of the coordinate in files and figures; if empty, ``x, y, z, u`` by position.
    stretch : callable, optional
        Strictly increasing smooth map from fractions in [0, 1] to coordinates, from ``lower``
        to ``upper``: edge j of n cells lies at ``stretch(j / n)``, as with :class:`Clustered`
        and :class:`Tabulated`. Equal cells if omitted. Second-order schemes remain second
        order only if the map is smooth on the scale of the cells.
    fixed : bool
        Whether mass does not move along this axis: the coordinate is then a parameter of a
        family of densities, such as a weight that is not trained.

    Raises
    ------
    InputError
        If the bounds are not finite or are reversed, the radial dimension is below 1, the
        radius is negative, the axis is both radial and periodic, or the stretching does not
        run from one bound to the other.

    Examples
    --------
    >>> Axis(0.0, 2.0, radial=40).length
    2.0
    """

    lower: float
    upper: float
    periodic: bool = False
    radial: float | None = None
    wall: bool = False
    name: str = ""
    stretch: Callable[[Array], Array] | None = None
    fixed: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lower) and math.isfinite(self.upper)):
            raise InputError(
                f"axis bounds ({self.lower}, {self.upper}) are not finite: "
                "cut the domain where the density has become negligible"
            )
        if not self.lower < self.upper:
            raise InputError(
                f"axis bounds ({self.lower}, {self.upper}) are reversed or equal: "
                "give them as (lower, upper) with lower < upper"
            )
        if self.stretch is not None:
            self.edges(2)
        if self.radial is None:
            return
        if not (math.isfinite(self.radial) and self.radial >= 1):
            raise InputError(
                f"radial dimension {self.radial} is not a finite number >= 1: "
                "omit `radial` for a plain axis"
            )
        if self.lower < 0:
            raise InputError(f"radial axis starts at {self.lower}: a radius is at least 0")
        if self.periodic:
            raise InputError("an axis is radial or periodic, not both: drop one of the two")

    def edges(self, cells: int) -> Array:
        """Edges of the cells, shape (cells + 1,), from ``lower`` to ``upper`` exactly.

        Raises
        ------
        InputError
            If the stretching is not strictly increasing or misses a bound.
        """
        if self.stretch is None:
            return np.linspace(self.lower, self.upper, cells + 1)
        asked = Asked(self.stretch, "the stretching", "an array of fractions in [0, 1]")
        edges = np.array(asked.checked(asked.raw(np.linspace(0.0, 1.0, cells + 1))))
        if edges.shape != (cells + 1,) or not np.all(np.diff(edges) > 0):
            raise InputError(
                f"the stretching of axis ({self.lower}, {self.upper}) does not give {cells + 1} "
                "strictly increasing edges: map arrays of fractions in [0, 1] to coordinates"
            )
        miss = max(abs(edges[0] - self.lower), abs(edges[-1] - self.upper))
        if miss > BOUND_TOLERANCE * self.length:
            raise InputError(
                f"the stretching runs from {edges[0]:.9g} to {edges[-1]:.9g}: it must run from "
                f"the lower bound {self.lower} to the upper bound {self.upper} of its axis"
            )
        edges[0], edges[-1] = self.lower, self.upper
        return edges

    @property
    def length(self) -> float:
        """Distance between the bounds."""
        return self.upper - self.lower

    @property
    def truncated(self) -> tuple[bool, bool]:
        """Whether the lower and the upper bound truncate a larger domain."""
        if self.periodic or self.wall or self.fixed:
            return False, False
        return not (self.radial is not None and self.lower == 0), True

    @property
    def traits(self) -> list[str]:
        """What is special about it, in words."""
        names = [n for n in ("periodic", "wall", "fixed") if getattr(self, n)]
        return names if self.radial is None else [*names, f"radial, d = {self.radial:g}"]

    def __repr__(self) -> str:
        told = [
            f"{f.name}={v!r}" for f in fields(self)[2:] if (v := getattr(self, f.name)) != f.default
        ]
        return f"Axis({', '.join([repr(self.lower), repr(self.upper), *told])})"


@answered
class Box:
    """Product of up to four axes.

    Parameters
    ----------
    *axes : Axis or (float, float)
        The axes in the order (x, y, z, u), which is also the order of array axes.

    Raises
    ------
    InputError
        If there are no axes or more than four, or one is invalid.

    Examples
    --------
    >>> box = Box((-6, 6), Axis(0, 1, periodic=True))
    >>> box.dimension, box.names
    (2, ('x', 'y'))
    """

    def __init__(self, *axes: Axis | Sequence[float]) -> None:
        if not 1 <= len(axes) <= 4:
            raise InputError(f"{len(axes)} axes: give a box 1 to 4 of them")
        self.axes: tuple[Axis, ...] = tuple(_axis(axis) for axis in axes)
        names = tuple(a.name or "xyzu"[i] for i, a in enumerate(self.axes))
        if len(set(names)) != len(names):
            raise InputError(f"axis names {names} repeat: give each axis its own")
        self.names: tuple[str, ...] = names

    @property
    def dimension(self) -> int:
        """Number of axes."""
        return len(self.axes)

    @property
    def periodic(self) -> bool:
        """Whether any axis is periodic."""
        return any(axis.periodic for axis in self.axes)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Name, and bounds with what is special, of each axis."""
        return [
            (name, ", ".join([ranged(axis.lower, axis.upper), *axis.traits]))
            for name, axis in zip(self.names, self.axes, strict=True)
        ]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Box) and self.axes == other.axes

    def __hash__(self) -> int:
        return hash(self.axes)

    def __repr__(self) -> str:
        return f"Box({', '.join(map(repr, self.axes))})"

    def _repr_html_(self) -> str:
        return page(f"Box of {self.dimension} axes", self.lines)


def _axis(axis: Axis | Sequence[float]) -> Axis:
    if isinstance(axis, Axis):
        return axis
    try:
        lower, upper = (float(bound) for bound in axis)
    except (TypeError, ValueError):
        raise InputError(
            f"axis {shown(axis)} is neither an Axis nor a pair (lower, upper): write "
            "Box((-1, 1)) for one axis, Box((-1, 1), (-1, 1)) for two"
        ) from None
    return Axis(lower, upper)
