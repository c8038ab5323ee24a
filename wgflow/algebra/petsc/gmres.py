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
        self.failure: Exception | None = None

    def mult(self, matrix: Any, x: Any, y: Any) -> None:
        try:
            y.array[:] = self._product(x.array_r.copy())
        except Exception as error:
            self.failure = error
            del matrix, x, y  # the traceback would keep them, and they this object
            raise


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
    context = _Product(product)
    operator = PETSc.Mat().createPython(sizes, context, comm=comm.raw)
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
    try:
        ksp.solve(b, x)
        solved: Array = np.array(x.array_r)
        if ksp.getConvergedReason() == PETSc.KSP.ConvergedReason.DIVERGED_NANORINF:
            solved[:] = np.nan  # what the iteration holds then is not an approximation
    except PETSc.Error:
        failure, context.failure = context.failure, None
        if failure is None:
            with told_by_petsc("PETSc cannot solve with its options"):
                raise
        # PETSc tells of its own calls only, and a step that cannot be solved is to be halved
        raise failure from None
    finally:
        for each in (ksp, operator, b, x):  # at once, on all ranks alike
            each.destroy()
    return solved
