"""The linear system of one implicit step on a grid that is divided among ranks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from wgflow._typing import Array, Values
from wgflow.algebra.local import LocalSystem, checked, keeps_mass
from wgflow.algebra.petsc.block_krylov import BlockKrylov, krylov_of
from wgflow.algebra.petsc.krylov import ExchangeKSP, System
from wgflow.algebra.shares import FaceShares, Shares
from wgflow.errors import SolverError
from wgflow.grid import Grid
from wgflow.mesh import Mesh

__all__ = ["BlockSystem", "solved_or_gathered"]

# Where the iteration fails the cells of one rank may do what all cannot: up to so many of them.
GATHERED_CELLS = (10**7, 2**18, 30_000, 30_000)  # by dimension


def solved_or_gathered(
    cells: Grid | Mesh,
    system: System,
    krylov: ExchangeKSP[System],
    density: Array,
    gathered: Callable[[Array], Array],
) -> Array:
    """Solve by iteration or, where that fails and the cells are few, as ``gathered`` does.

    Raises
    ------
    SolverError
        If the solve loses mass or sign, or the iteration does not converge.
    """
    masses = (density * cells.volumes).ravel()
    solved = krylov.solve(system, masses)
    if solved is not None and keeps_mass(cells, solved, masses):
        return checked(cells, solved, masses)
    if math.prod(cells.cells) > GATHERED_CELLS[cells.dimension - 1]:
        raise SolverError(
            f"the linear solve did not converge ({krylov.reason}): reduce dt, or "
            f"try another preconditioner, such as -- {krylov.remedy}"
        )
    return gathered(density)


class BlockSystem:
    """The system of :class:`wgflow.algebra.LocalSystem` on blocks of cells.

    In one dimension the chain of all cells is gathered, and solved by every rank without
    subtraction, to the same digits. Otherwise PETSc's KSP with the prefix ``wgflow_`` solves it:
    BiCGStab with an incomplete factorization of each block by default. A nonnegative solution
    is scaled to its mass. What the iteration cannot solve is gathered, if it is small.

    Parameters
    ----------
    grid : Grid
    shares : FaceShares
    """

    def __init__(self, grid: Grid, shares: FaceShares) -> None:
        self.grid = grid
        self.shares = Shares.of(grid, shares)
        self._gathered: LocalSystem | None = None
        self._krylov: BlockKrylov | None = None
        if grid.dimension > 1:
            self._krylov = krylov_of(grid)

    def solve(self, density: Array) -> Array:
        """Densities after the step, nonnegative and of the same mass as those given.

        The given density may have negative cells (a residual does).

        Raises
        ------
        SolverError
            If the solve loses mass or sign, or the iteration does not converge.
        """
        if self._krylov is None:
            return self._solve_gathered(density)
        return solved_or_gathered(self.grid, self, self._krylov, density, self._solve_gathered)

    def state(self) -> Values:
        """Tell how it has come to solve by now, for a checkpoint."""
        if self._gathered is None:
            return {}
        return {f"gathered_{name}": value for name, value in self._gathered.state().items()}

    def restore(self, state: Values) -> None:
        """Go on solving in the same way; the state may be that of one rank's system."""
        start = "gathered_"
        kept = {n.removeprefix(start): v for n, v in state.items() if n.startswith(start)}
        if kept:
            self._gather().restore(kept)

    def _solve_gathered(self, density: Array) -> Array:
        everywhere = self._gather().solve(self.grid.gather(density))
        return np.ascontiguousarray(self.grid.partition.own(everywhere))

    def _gather(self) -> LocalSystem:
        """Give the system of the cells of all ranks, the same on each."""
        grid = self.grid
        if self._gathered is None:
            ascent, descent = [], []
            for axis, (up, down) in enumerate(zip(self.shares.up, self.shares.down, strict=True)):
                faces = grid.whole.faces[axis]
                ascent.append(faces.beside(grid.gather(up))[0])
                descent.append(faces.beside(grid.gather(down))[1])
            self._gathered = LocalSystem(grid.whole, (ascent, descent))
        return self._gathered
