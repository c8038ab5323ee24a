"""The faces across one axis that a block of cells sees.

Face j lies below cell j. A block sees those between its own cells and, where another cell lies
beyond, those at its two ends, which the neighbouring rank sees too, with the same values on both
sides: no divergence needs to be sent. On a periodic axis that is not divided both ends are one
face, and it comes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.lines import HALO
from wgflow.parallel import Partition

__all__ = ["Faces", "repeat_ends"]


@dataclass(frozen=True)
class Faces:
    """Faces across an axis.

    Attributes
    ----------
    partition : Partition
    axis : int
    lower, upper : bool
        Whether the faces at the two ends of the block carry a flux.
    wrapped : bool
        Whether both are one face.
    """

    partition: Partition
    axis: int
    lower: bool
    upper: bool
    wrapped: bool

    def extended(self, values: Array) -> Array:
        """Cell values with those beyond the open ends."""
        if self.wrapped:
            return np.concatenate([values, values.take([0], self.axis)], self.axis)
        if not (self.lower or self.upper):
            return values
        below, above = self.partition.layers(values, self.axis)
        parts = [part for part in (below, values, above) if part is not None]
        return np.concatenate(parts, self.axis)

    def difference(self, values: Array) -> Array:
        """Differences of cell values across the faces."""
        change: Array = np.diff(values, axis=self.axis)
        if self.wrapped:
            wrap = values.take([0], self.axis) - values.take([-1], self.axis)
            return np.concatenate([change, wrap], self.axis)
        if not (self.lower or self.upper):
            return change
        below, above = self.partition.layers(values, self.axis)
        parts = [change]
        if below is not None:
            parts.insert(0, values.take([0], self.axis) - below)
        if above is not None:
            parts.append(above - values.take([-1], self.axis))
        return np.concatenate(parts, self.axis)

    def beside(self, values: Array) -> tuple[Array, Array]:
        """Cell values below and above the faces."""
        lead = (slice(None),) * self.axis
        cells = self.extended(values)
        return cells[(*lead, slice(None, -1))], cells[(*lead, slice(1, None))]

    def to_cells(self, values: Array, side: int) -> Array:
        """Value of the upper (side 0) or lower (1) face of each cell."""
        if self.wrapped:
            return np.roll(values, side, self.axis)
        lead = (slice(None),) * self.axis
        faces = self._closed(values)
        return faces[(*lead, slice(None, -1) if side else slice(1, None))]

    def balance(self, flux: Array) -> Array:
        """Subtract what comes through the lower face of each cell from what leaves by the upper."""
        if self.wrapped:
            return flux - np.roll(flux, 1, self.axis)
        change: Array = np.diff(self._closed(flux), axis=self.axis)
        return change

    def second_change(self, step: Array) -> Array:
        """Change of face values over the two faces next to each, 0 next to a closed end."""
        if self.wrapped:
            around: Array = np.roll(step, -1, self.axis) - np.roll(step, 1, self.axis)
            return around
        lead = (slice(None),) * self.axis
        wide = self._beyond(step)
        change = np.zeros_like(step)
        first = int(not self.lower)
        last = step.shape[self.axis] - int(not self.upper)
        above, below = wide[(*lead, slice(2, None))], wide[(*lead, slice(None, -2))]
        inner = (*lead, slice(first, last))
        change[inner] = (above - below)[inner]
        return change

    def at(self, positions: Array) -> Array:
        """Of values at the lower ends of cells 0 … n, those of the faces, in their order."""
        if self.wrapped:
            return positions[1:]
        return positions[int(not self.lower) : len(positions) - int(not self.upper)]

    def ended(self, values: Array) -> Array:
        """Face values from one end of the block to the other, with 0 at the closed ends."""
        if self.wrapped:
            return np.concatenate([values.take([-1], self.axis), values], self.axis)
        return self._closed(values)

    def _closed(self, values: Array) -> Array:
        """Face values with 0 at the closed ends."""
        if self.lower and self.upper:
            return values
        pad = [(0, 0)] * values.ndim
        pad[self.axis] = (int(not self.lower), int(not self.upper))
        return np.pad(values, pad)

    def _beyond(self, step: Array) -> Array:
        """Face values with those one face further at the open ends, 0 at the closed ones."""
        lead = (slice(None),) * self.axis
        zero = np.zeros_like(step.take([0], self.axis))
        below, above = zero, zero
        if self.lower or self.upper:
            # both ranks hold the face between them: what is needed lies one further in
            inner = step[(*lead, slice(int(self.lower), step.shape[self.axis] - int(self.upper)))]
            got = self.partition.layers(inner, self.axis)
            below = zero if got[0] is None else got[0]
            above = zero if got[1] is None else got[1]
        return np.concatenate([below, step, above], self.axis)


def repeat_ends(padded: Array, open_ends: Sequence[tuple[bool, bool]]) -> None:
    """Fill ghost cells beyond closed ends with the last cell, in place."""
    for axis, (lower, upper) in enumerate(open_ends):
        lead = (slice(None),) * axis
        if not lower:
            padded[(*lead, slice(0, HALO))] = padded[(*lead, slice(HALO, HALO + 1))]
        if not upper:
            last = padded[(*lead, slice(-HALO - 1, -HALO))]
            padded[(*lead, slice(-HALO, None))] = last
