"""Moving an array from one division among the ranks to another.

Each pair of ranks exchanges the part that one has and the other gets, straight out of one
array and into the other: MPI is told where the parts lie, and nothing is packed by hand.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.parallel.communicator import Communicator

__all__ = ["Box", "Transpose", "divide", "inside", "pencils", "share", "sides"]

Box = tuple[slice, ...]
"""Entries of an array, a range along each axis."""


class Transpose:
    """Moves an array between two divisions; made once, used many times.

    Parameters
    ----------
    comm : Communicator
        Of several ranks.
    sources, targets : sequence of Box
        What each rank has in the two divisions, as ranges of the whole array. Boxes of one
        division do not overlap; they may be empty.
    complex_values : bool
        Whether entries are complex; else they are doubles.

    Raises
    ------
    ValueError
        On arrays that are not C-contiguous, or not of the type or the shape of the rank's box.
    """

    def __init__(
        self,
        comm: Communicator,
        sources: Sequence[Box],
        targets: Sequence[Box],
        *,
        complex_values: bool,
    ) -> None:
        from mpi4py import MPI

        unit = MPI.C_DOUBLE_COMPLEX if complex_values else MPI.DOUBLE
        self._kind = np.dtype(complex if complex_values else float)
        self._comm = comm.raw
        source, target = sources[comm.rank], targets[comm.rank]
        self._shapes = sides(source), sides(target)
        # MPI packs even what a rank sends to itself: a copy is faster
        kept = _overlap(source, target)
        self._kept = None if kept is None else (inside(kept, source), inside(kept, target))
        self._sent = [
            _part(unit, source, None if rank == comm.rank else _overlap(source, box))
            for rank, box in enumerate(targets)
        ]
        self._got = [
            _part(unit, target, None if rank == comm.rank else _overlap(box, target))
            for rank, box in enumerate(sources)
        ]
        types = [kind for count, kind in self._sent + self._got if count]
        weakref.finalize(self, _free, types).atexit = False

    def forward(self, source: Array, target: Array) -> None:
        """Fill this rank's target from all ranks' sources; collective."""
        self._check(source, target)
        self._move(source, self._sent, target, self._got)
        if self._kept is not None:
            target[self._kept[1]] = source[self._kept[0]]

    def backward(self, target: Array, source: Array) -> None:
        """Fill this rank's source from all ranks' targets; collective."""
        self._check(source, target)
        self._move(target, self._got, source, self._sent)
        if self._kept is not None:
            source[self._kept[0]] = target[self._kept[1]]

    def _move(self, given: Array, sent: list[Any], into: Array, got: list[Any]) -> None:
        self._comm.Alltoallw(_message(given, sent), _message(into, got))

    def _check(self, source: Array, target: Array) -> None:
        for values, shape in zip((source, target), self._shapes, strict=True):
            fits = values.shape == shape and values.dtype == self._kind
            if not (fits and values.flags.c_contiguous):
                raise ValueError(
                    f"{values.dtype} array of shape {values.shape}: give a C-contiguous "
                    f"{self._kind} array of shape {shape}"
                )


def divide(box: Box, parts: int) -> list[Box]:
    """Cut a box into parts across the longest of its axes but the last, as evenly as can be.

    Examples
    --------
    >>> divide((slice(0, 3), slice(0, 5)), 2)
    [(slice(0, 1, None), slice(0, 5, None)), (slice(1, 3, None), slice(0, 5, None))]
    """
    lengths = sides(box)[:-1]
    axis = lengths.index(max(lengths))
    return [(*box[:axis], share(box[axis], parts, i), *box[axis + 1 :]) for i in range(parts)]


def pencils(cells: Sequence[int], axis: int, parts: int) -> list[Box]:
    """Cut an array into parts that have one axis whole; in one dimension the first has all.

    Examples
    --------
    >>> pencils((4, 6), 1, 2)
    [(slice(0, 2, None), slice(0, 6, None)), (slice(2, 4, None), slice(0, 6, None))]
    """
    whole = [slice(0, n) for n in cells]
    others = [k for k in range(len(cells)) if k != axis]
    if not others:
        return [(whole[0] if i == 0 else slice(0, 0),) for i in range(parts)]
    cut = max(others, key=lambda k: cells[k])
    return [(*whole[:cut], share(whole[cut], parts, i), *whole[cut + 1 :]) for i in range(parts)]


def share(whole: slice, parts: int, index: int) -> slice:
    """One of several parts of a range, which differ by one in length at most."""
    length = whole.stop - whole.start
    return slice(whole.start + length * index // parts, whole.start + length * (index + 1) // parts)


def sides(box: Box) -> tuple[int, ...]:
    """Lengths of a box."""
    return tuple(s.stop - s.start for s in box)


def inside(box: Box, whole: Box) -> Box:
    """Ranges of a box counted from the start of another that holds it."""
    return tuple(
        slice(s.start - w.start, s.stop - w.start) for s, w in zip(box, whole, strict=True)
    )


def _overlap(first: Box, second: Box) -> Box | None:
    both = tuple(
        slice(max(a.start, b.start), min(a.stop, b.stop))
        for a, b in zip(first, second, strict=True)
    )
    return both if min(sides(both)) > 0 else None


def _part(unit: Any, whole: Box, part: Box | None) -> tuple[int, Any]:
    """Count and datatype of a part of an array."""
    if part is None:
        return 0, unit
    starts = [s.start for s in inside(part, whole)]
    return 1, unit.Create_subarray(sides(whole), sides(part), starts).Commit()


def _message(values: Array, parts: list[Any]) -> list[Any]:
    counts, types = zip(*parts, strict=True)
    return [values, counts, (0,) * len(parts), types]


def _free(types: list[Any]) -> None:
    from mpi4py import MPI

    if not MPI.Is_finalized():
        for kind in types:
            kind.Free()
