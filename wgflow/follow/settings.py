"""How the cells follow a density."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wgflow.called import answered
from wgflow.errors import InputError

__all__ = ["Follow"]


@answered
@dataclass(frozen=True)
class Follow:
    """When to choose a new window on the domain, and how large it is.

    Along each non-periodic axis the cells cover the part of the domain that the density occupies,
    plus a margin on both sides. A new window is chosen when mass reaches its ends or when it has
    become too large.

    Parameters
    ----------
    tolerance : float
        Fraction of the mass that may lie beyond each end of the occupied part, in (0, 1e-2].
        The same fraction in an outermost layer of cells triggers a new window; a step that
        brings ten times as much there is repeated in a wider one.
    margin : float
        Free space on each side, relative to the occupied part, > 0; at least two cells.
    fill : float
        Occupied fraction of the window, in (0, 1), below which the window shrinks. A new window
        with margin m has the fraction 1/(1 + 2 m): choose less.
    least : float
        Smallest window, in (0, 1], relative to the axis (in numbers of cells if they are
        unequal): below it, a density that collapses to a point is not followed.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    tolerance: float = 1e-7
    margin: float = 0.15
    fill: float = 0.6
    least: float = 1e-4

    def __post_init__(self) -> None:
        for name, most in (("tolerance", 1e-2), ("margin", math.inf), ("fill", 1), ("least", 1)):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 < value <= most):
                bound = "" if most == math.inf else f", at most {most:g}"
                raise InputError(f"follow {name} = {value}: give a finite number > 0{bound}")
        if not self.fill * (1 + 2 * self.margin) < 1:
            raise InputError(
                f"follow fill = {self.fill} with margin = {self.margin}: a new window is filled "
                f"to {1 / (1 + 2 * self.margin):.3g}; give a fill below that"
            )
