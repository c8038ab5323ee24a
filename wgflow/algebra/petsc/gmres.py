"""PETSc's GMRES for a product that is given as a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.parallel import Communicator, configure, told_by_petsc

__all__ = ["gmres"]

PREFIX = "wgflow_newton_"


class _Product:
    def __init__(self, product: Callable[[Array], Array]) -> None:
        self._product = product

    def mult(self, matrix: Any, x: Any, y: Any) -> None:
        y.array[:] = self._product(x.array_r.copy())


def gmres(
    comm: Communicator,
    product: Callable[[Array], Array],
    given: Array,
    tolerance: float,
    iterations: int,
) -> Array:
    """Solve product(x) = given, flat arrays of this rank's cells; see :func:`krylov_solve`."""
    from petsc4py import PETSc

    sizes = ((given.size, None), (given.size, None))
    operator = PETSc.Mat().createPython(sizes, _Product(product), comm=comm.raw)
    operator.setUp()
    ksp = PETSc.KSP().create(comm.raw)
    ksp.setOptionsPrefix(PREFIX)
    ksp.setType(PETSc.KSP.Type.GMRES)
    ksp.setGMRESRestart(iterations)
    ksp.getPC().setType(PETSc.PC.Type.NONE)
    ksp.setTolerances(rtol=tolerance, atol=0.0, max_it=iterations)
    ksp.setOperators(operator)
    configure(ksp)
    b, x = operator.createVecs()
    b.array[:] = given
    with told_by_petsc("PETSc cannot solve with its options"):
        ksp.solve(b, x)
    solved: Array = np.array(x.array_r)
    for each in (ksp, operator, b, x):  # at once, on all ranks alike
        each.destroy()
    return solved
