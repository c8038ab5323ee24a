"""How cells follow a density."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wgflow.called import answered
from wgflow.errors import InputError

__all__ = ["Follow"]


@answered
@dataclass(frozen=True)
class Follow:
    """When a window on the domain is chosen anew, and how large it is.

    Along each axis that is not periodic the cells cover the part of the domain that the density
    occupies and a margin on both sides. The window is chosen anew where mass comes to its ends,
    or where it has become too large.

    Parameters
    ----------
    tolerance : float
        Share of the mass that may lie beyond each end of what counts as occupied, in (0, 1e-2].
        As much in an outermost layer of cells asks for a new window; a step that brings ten
        times as much there is taken again in a wider one.
    margin : float
        Free room on each side, relative to what is occupied, > 0; two cells at least.
    fill : float
        Share of the window that is occupied, in (0, 1), below which the window shrinks. With
        the margin m it is 1/(1 + 2 m) in a new one: give less.
    least : float
        Smallest window, relative to the axis (where cells are unequal, in numbers of cells), in
        (0, 1]: a density that collapses to a point is followed no further.

    Raises
    ------
    InputError
        If a number is not in its range.
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
