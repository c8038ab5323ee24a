"""GMRES for a product that is given as a function, on one rank or several."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wgflow._typing import Array
from wgflow.cells import Cells

__all__ = ["gmres"]


def gmres(
    cells: Cells,
    product: Callable[[Array], Array],
    given: Array,
    tolerance: float,
    iterations: int,
) -> Array:
    """Solve product(x) = given up to a relative residual, in one cycle of GMRES.

    By SciPy in serial, by PETSc's KSP with the prefix ``wgflow_newton_`` under MPI.

    Parameters
    ----------
    cells : Grid or Mesh
    product : callable
        Linear, of arrays of the cells' shape; collective.
    given : array of the cells' shape
    tolerance : float
        Of the residual in L2, relative to ``given``.
    iterations : int
        At most so many products.

    Returns
    -------
    array of the cells' shape
        The best found, also where the tolerance is not reached.
    """
    shape = given.shape

    def flat_product(flat: Array) -> Array:
        return product(flat.reshape(shape)).ravel()

    if cells.comm.active:
        from wgflow.algebra.petsc import gmres as solve

        found = solve(cells.comm, flat_product, given.ravel(), tolerance, iterations)
        return found.reshape(shape)
    from scipy.sparse.linalg import LinearOperator
    from scipy.sparse.linalg import gmres as scipy_gmres

    operator = LinearOperator((given.size, given.size), matvec=flat_product, dtype=float)
    x, _ = scipy_gmres(operator, given.ravel(), rtol=tolerance, restart=iterations, maxiter=1)
    return np.asarray(x).reshape(shape)
