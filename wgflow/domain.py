"""The continuous domain: a box whose axes carry bounds, periodicity and a radial weight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wgflow.errors import InputError

__all__ = ["Axis", "Box"]


@dataclass(frozen=True)
class Axis:
    """One coordinate of the domain.

    Parameters
    ----------
    lower, upper : float
        Finite bounds, ``lower < upper``.
    periodic : bool
        Whether the two bounds are the same point. Otherwise no mass flows through them.
    radial : float, optional
        Dimension ``d`` of the space of which this coordinate is the radius. The density is
        taken with respect to ``dr``, and entropies relative to the measure ``r^(d-1) dr``,
        so that noise acts as the radial part of the Laplacian in ``d`` dimensions.
    wall : bool
        Whether the bounds are walls of the problem itself. The bounds of a truncated domain
        are not: mass that collects there is warned of. The centre ``r = 0`` of a radial axis
        is never taken for a truncation.
    name : str
        Name of the coordinate in files and figures; ``x, y, z, u`` by position if empty.

    Raises
    ------
    InputError
        If the bounds are not finite or reversed, or the radial dimension is below 1 or the
        radius negative, or the axis both radial and periodic.

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
        if self.radial is None:
            return
        if not (math.isfinite(self.radial) and self.radial >= 1):
            raise InputError(
                f"radial dimension {self.radial} is not a finite number >= 1: "
                "leave `radial` out for a plain axis"
            )
        if self.lower < 0:
            raise InputError(f"radial axis starts at {self.lower}: a radius is at least 0")
        if self.periodic:
            raise InputError("an axis is radial or periodic, not both: drop one of the two")

    @property
    def length(self) -> float:
        """Distance between the bounds."""
        return self.upper - self.lower

    @property
    def truncated(self) -> tuple[bool, bool]:
        """Whether the lower and the upper bound cut a larger domain."""
        if self.periodic or self.wall:
            return False, False
        return not (self.radial is not None and self.lower == 0), True


class Box:
    """Product of up to four axes.

    Parameters
    ----------
    *axes : Axis or (float, float)
        The axes in the order (x, y, z, u), which is also the order of array axes.

    Raises
    ------
    InputError
        If there is no axis or there are more than four, or one is not valid.

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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Box) and self.axes == other.axes

    def __hash__(self) -> int:
        return hash(self.axes)

    def __repr__(self) -> str:
        return f"Box({', '.join(map(repr, self.axes))})"


def _axis(axis: Axis | Sequence[float]) -> Axis:
    if isinstance(axis, Axis):
        return axis
    try:
        lower, upper = (float(bound) for bound in axis)
    except (TypeError, ValueError):
        raise InputError(f"axis {axis!r} is neither an Axis nor a pair (lower, upper)") from None
    return Axis(lower, upper)
