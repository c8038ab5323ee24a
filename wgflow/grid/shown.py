"""How a grid is shown: on one line, and as a table in a notebook."""

from __future__ import annotations

import math

import numpy as np

from wgflow._typing import Array
from wgflow.cells import Cells
from wgflow.domain import Box
from wgflow.shown import number, page, ranged

__all__ = ["AxisCells"]


class AxisCells(Cells):
    """Cells along axes, as they are shown; nothing here is collective.

    Attributes
    ----------
    box : Box
    uniform : tuple of bool
        Whether the cells of an axis are equal.
    """

    box: Box
    uniform: tuple[bool, ...]
    _edges: tuple[Array, ...]

    def _lines(self) -> list[tuple[str, str]]:
        lines = []
        for axis, name, cells, equal in zip(
            self.box.axes, self.box.names, self.cells, self.uniform, strict=True
        ):
            traits = [*axis.traits, *([] if equal else ["unequal"])]
            told = f" ({', '.join(traits)})" if traits else ""
            lines.append((name, f"{cells} cells on {ranged(axis.lower, axis.upper)}{told}"))
        return lines

    def __repr__(self) -> str:
        ranks = f" in {self.comm.size} blocks" if self.comm.size > 1 else ""
        return f"Grid({', '.join(f'{name}: {text}' for name, text in self._lines())}{ranks})"

    def _repr_html_(self) -> str:
        widths = []
        for edges in self._edges:
            least, most = (float(bound(np.diff(edges))) for bound in (np.min, np.max))
            same = math.isclose(least, most, rel_tol=1e-6)
            widths.append(number(most) if same else f"{number(least)} to {number(most)}")
        rows = [
            (name, f"{text}, width {width}")
            for (name, text), width in zip(self._lines(), widths, strict=True)
        ]
        blocks = f"{self.comm.size} blocks, of ranks" if self.comm.size > 1 else ""
        return page(f"Grid of {math.prod(self.cells):,} cells", [*rows, ("divided in", blocks)])
