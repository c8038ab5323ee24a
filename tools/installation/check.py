"""Solve a little with petsc4py: ``mpiexec -n 2 python check.py 2``; exit code 0 if it works."""

import sys

import numpy as np
import petsc4py
from mpi4py import MPI

petsc4py.init(["check"])
from petsc4py import PETSc  # noqa: E402 (after init)

ranks, comm = int(sys.argv[1]), MPI.COMM_WORLD
if comm.size != ranks:
    sys.exit(f"{ranks} ranks were started, MPI knows of {comm.size}: mpiexec is of another MPI")
if PETSc.ScalarType is not np.float64:
    sys.exit(f"PETSc computes with {np.dtype(PETSc.ScalarType)}, wgflow needs float64")

# the grid, the matrix and the solvers, over the ranks
grid = PETSc.DMDA().create([32], stencil_width=1, comm=comm)
matrix, right = grid.createMat(), grid.createGlobalVec()
for i in range(*matrix.getOwnershipRange()):
    for j, value in ((i - 1, -1.0), (i, 3.0), (i + 1, -1.0)):
        if 0 <= j < 32:
            matrix[i, j] = value
matrix.assemble()
right.set(1.0)
for method, helper in (("cg", "jacobi"), ("gmres", "bjacobi")):
    solver = PETSc.KSP().create(comm)
    solver.setOperators(matrix)
    solver.setType(method)
    solver.getPC().setType(helper)
    solver.setTolerances(rtol=1e-10)
    answer = right.duplicate()
    solver.solve(right, answer)
    if not (matrix * answer - right).norm() < 1e-7:
        sys.exit(f"PETSc's {method} does not solve")

# LAPACK, on each rank alone
entries = np.array([[2.0, 0.0], [1.0, 1.0]])
dense = PETSc.Mat().createDense([2, 2], array=entries.ravel(order="F"), comm=PETSc.COMM_SELF)
dense.assemble()
factor = PETSc.PC().create(PETSc.COMM_SELF)
factor.setOperators(dense)
factor.setType("lu")
answer, one = dense.createVecs()
one.set(1.0)
factor.apply(one, answer)
if not np.allclose(answer.array, [0.5, 0.5], rtol=0.0, atol=1e-14):
    sys.exit(f"LAPACK under PETSc gives {answer.array}, not [0.5, 0.5]")
