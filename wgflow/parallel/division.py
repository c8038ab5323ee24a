"""Which cells of a mesh each rank owns: cuts that leave few faces between ranks."""

from __future__ import annotations

from typing import Any

import numpy as np

from wgflow._typing import Array, IntArray
from wgflow.errors import InputError
from wgflow.parallel.communicator import Communicator
from wgflow.parallel.release import release

__all__ = ["CellDivision", "bisected", "divide_cells", "graph_partitioner"]

PARTITIONERS = ("parmetis", "ptscotch")  # what PETSc may have been built with, best first


class CellDivision:
    """Cells with numbers, of which each rank owns some.

    Parameters
    ----------
    comm : Communicator
    owners : (n,) int array
        Rank of every cell.

    Attributes
    ----------
    numbers : (m,) int array
        Numbers of this rank's cells, increasing.
    """

    def __init__(self, comm: Communicator, owners: IntArray) -> None:
        self.comm = comm
        self._owners = np.asarray(owners, dtype=np.int64)
        self.cells = (len(owners),)
        counts = np.bincount(self._owners, minlength=comm.size)
        # numbers sorted by owner; those of a rank increase
        self._sorted = np.argsort(self._owners, kind="stable")
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        (self.numbers,) = self.block(comm.rank)

    def block(self, rank: int) -> tuple[IntArray]:
        """Numbers of a rank's cells, as an index of an array of all cells."""
        return (self._sorted[self._starts[rank] : self._starts[rank + 1]],)

    def located(self, numbers: IntArray) -> tuple[IntArray, IntArray]:
        """Give the owner of each of some cells, and its place among the owner's cells."""
        places = np.empty_like(self._sorted)
        places[self._sorted] = np.arange(len(self._sorted))
        owners = self._owners[numbers]
        return owners, places[numbers] - self._starts[owners]

    def exchange(self, ghosts: IntArray) -> Any:
        """Exchange that fills an array of own cells followed by those with other numbers.

        Collective.
        """
        from wgflow.parallel.exchange import Exchange

        count = len(self.numbers)
        where = np.arange(count, count + len(ghosts), dtype=np.int64)
        return Exchange(self.comm, count + len(ghosts), where, *self.located(ghosts))


def divide_cells(
    comm: Communicator, points: Array, left: IntArray, right: IntArray
) -> CellDivision:
    """Divide cells among ranks: by a graph partitioner of PETSc's, or by bisection.

    Parameters
    ----------
    comm : Communicator
    points : (n, D) array
        Centres of all cells, the same on all ranks.
    left, right : (F,) int arrays
        The cells beside each face.

    Raises
    ------
    InputError
        If there are fewer cells than ranks.
    """
    if len(points) < comm.size:
        raise InputError(f"{len(points)} cells for {comm.size} ranks: use fewer ranks")
    release(comm)
    kind = graph_partitioner(comm)
    if kind is not None:
        owners = graph_owners(comm, len(points), left, right, kind)
        if np.bincount(owners, minlength=comm.size).min() > 0:
            return CellDivision(comm, owners)
    return CellDivision(comm, bisected(points, comm.size))


def graph_partitioner(comm: Communicator) -> str | None:
    """Name a graph partitioner that PETSc has been built with, None if it has none."""
    if comm.size == 1:
        return None
    from petsc4py import PETSc

    return next((p for p in PARTITIONERS if PETSc.Sys.hasExternalPackage(p)), None)


def graph_owners(
    comm: Communicator, count: int, left: IntArray, right: IntArray, kind: str
) -> IntArray:
    """Rank of every cell by PETSc's MatPartitioning of the graph of cells with common faces."""
    from petsc4py import PETSc

    ends = [count * r // comm.size for r in range(comm.size + 1)]
    first, last = ends[comm.rank], ends[comm.rank + 1]
    rows, columns = np.concatenate([left, right]), np.concatenate([right, left])
    mine = (rows >= first) & (rows < last)
    graph = PETSc.Mat().createAIJ(((last - first, None), (last - first, None)), comm=comm.raw)
    graph.setPreallocationCOO(rows[mine].astype(PETSc.IntType), columns[mine].astype(PETSc.IntType))
    graph.setValuesCOO(np.ones(int(mine.sum())))
    graph.assemble()
    partitioning = PETSc.MatPartitioning().create(comm.raw)
    partitioning.setAdjacency(graph)
    partitioning.setType(kind)
    partitioning.setFromOptions()
    found = PETSc.IS()
    partitioning.apply(found)
    owners = np.concatenate(comm.everyone(np.array(found.getIndices(), dtype=np.int64)))
    for each in (partitioning, found, graph):
        each.destroy()
    return owners


def bisected(points: Array, parts: int) -> IntArray:
    """Divide points by cuts across the longest side of what is left, again and again.

    Parameters
    ----------
    points : (n, D) array
    parts : int
        From 1 to n.

    Returns
    -------
    (n,) int array
        Part of each point, from 0; parts differ in size by one point at most.

    References
    ----------
    Berger, Bokhari, IEEE Trans. Comput. C-36 (1987): recursive coordinate bisection.

    Examples
    --------
    >>> bisected(np.array([[0.0, 0], [3, 0], [1, 1], [2, 1]]), 2).tolist()
    [0, 1, 0, 1]
    """
    owners = np.zeros(len(points), dtype=np.int64)
    todo = [(np.arange(len(points)), 0, parts)]
    while todo:
        chosen, first, count = todo.pop()
        owners[chosen] = first
        if count == 1:
            continue
        place = points[chosen]
        axis = int(np.argmax(np.ptp(place, axis=0)))
        # equal coordinates keep their order: the cut is the same on every rank
        order = chosen[np.argsort(place[:, axis], kind="stable")]
        low = count // 2
        cut = len(chosen) * low // count
        todo.append((np.sort(order[:cut]), first, low))
        todo.append((np.sort(order[cut:]), first + low, count - low))
    return owners
