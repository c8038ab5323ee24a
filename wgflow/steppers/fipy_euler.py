"""Backward Euler steps that FiPy assembles and solves: an independent check."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError, SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.grid import Grid
from wgflow.mesh import Mesh
from wgflow.steppers.base import Step, Stepper, checked_step, divided

__all__ = ["Convection", "FipyEuler", "fipy_mesh"]

Convection = Literal["exponential", "power_law", "upwind"]

TERMS = {
    "exponential": "ExponentialConvectionTerm",
    "power_law": "PowerLawConvectionTerm",
    "upwind": "UpwindConvectionTerm",
}
# FiPy's names of the periodic directions x, y, z
SIDES = ("LeftRight", "TopBottom", "FrontBack")
LINEAR_TOLERANCE = 1e-12  # of FiPy's linear solver, relative to its right-hand side
SAME_CENTRES = 1e-6  # of the mesh width
SWEPT = 1e-11  # L1 change of a sweep at which the nonlocal drift counts as settled
MAXIMUM_SWEEPS = 100
DEFAULT_STEPS = 100  # of a run, when no dt is given


class FipyEuler(Stepper):
    """Backward Euler by FiPy's TransientTerm, DiffusionTerm and convection term.

    wgflow gives the potential in the cells and the time loop; FiPy gives everything else: its
    mesh and face geometry, the gradient on the faces, the flux, the matrix and the linear
    solve. The drift of an interaction is taken at the mean of old and new density, as in
    :class:`wgflow.ImplicitEuler`, by sweeping; power laws enter as a density-dependent
    diffusivity, swept as well.

    Mass and sign are kept to the tolerance of FiPy's linear solver, not to rounding.

    On several ranks each has FiPy solve for all cells, by itself: the same result, no faster.

    Parameters
    ----------
    space : FiniteVolume
        On a grid of one to three dimensions, or a mesh made from a FiPy mesh with values at
        the centroids.
    dt : float, optional
        Time step; a hundredth of the problem's time if left out.
    sweeps : int, optional
        Sweeps a step; 1 lags the drift by a step. If left out, one for a fixed drift and
        otherwise as many as make the step settle.
    convection : {"exponential", "power_law", "upwind"}
        FiPy's convection term. The exponential one is the Scharfetter-Gummel flux.

    Raises
    ------
    InputError
        If FiPy is not installed, the grid has four axes, or a setting is not valid.

    References
    ----------
    Guyer, Wheeler, Warren, "FiPy: partial differential equations with Python", Comput. Sci.
    Eng. 11 (2009) 6-15; Patankar, Numerical Heat Transfer and Fluid Flow (1980), section 5.2.
    """

    order: ClassVar[int] = 1

    def __init__(
        self,
        space: FiniteVolume,
        dt: float | None = None,
        sweeps: int | None = None,
        convection: Convection = "exponential",
    ) -> None:
        if sweeps is not None and sweeps < 1:
            raise InputError(f"sweeps = {sweeps}: give a whole number >= 1, or none for automatic")
        if convection not in TERMS:
            raise InputError(f"convection {convection!r} is not known: use {', '.join(TERMS)}")
        self.space = space
        self.dt = checked_step(dt) or space.problem.until / DEFAULT_STEPS
        self.sweeps = sweeps
        self._system = _System(space, convection)

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by the given time step, shortened to divide ``limit`` evenly.

        Raises
        ------
        SolverError
            If automatic sweeps do not settle.
        """
        dt = divided(self.dt, limit)
        if not (self.space.energy.interacting or self._system.nonlinear):
            return Step(self._sweep(density, density, time + dt, dt), dt)
        guess, sweeps, change = density, 0, np.inf
        while sweeps < (self.sweeps or MAXIMUM_SWEEPS) and change > SWEPT:
            new = self._sweep(density, guess, time + dt, dt)
            change = self.space.grid.integrate(np.abs(new - guess))
            guess, sweeps = new, sweeps + 1
        if self.sweeps is None and not change <= SWEPT:
            raise SolverError(
                f"FiPy's sweeps changed the density by {change:.3g} in L1 after {sweeps} of "
                f"them at t = {time:.6g}: reduce dt, or fix the number of sweeps"
            )
        return Step(guess, dt, iterations=sweeps)

    def _sweep(self, old: Array, guess: Array, time: float, dt: float) -> Array:
        """Solve the step with the drift at the mean of the old density and a guess."""
        potential = self.space.potential_between(old, guess, time)
        return self._system.solve(old, guess, potential, dt * self.space.problem.scale(time))


class _System:
    """FiPy's variables and equation for one space."""

    def __init__(self, space: FiniteVolume, convection: Convection) -> None:
        fipy = _fipy()
        self.space = space
        self.nonlinear = space.nonlinear
        cells = space.mesh or space.grid
        mesh = fipy_mesh(cells.whole)
        self._density = fipy.CellVariable(mesh=mesh, hasOld=True)
        self._potential = fipy.CellVariable(mesh=mesh)
        self._diffusivity = fipy.CellVariable(mesh=mesh, value=space.temperature)
        self._convection = TERMS[convection]
        self._equation: Any = None
        # not FiPy's default: it takes PETSc where it finds it, whose tolerances mean other norms
        from fipy.solvers.scipy import DefaultAsymmetricSolver

        self._solver = DefaultAsymmetricSolver(tolerance=LINEAR_TOLERANCE, criterion="RHS")

    def solve(self, old: Array, guess: Array, potential: Array, factor: float) -> Array:
        """Solve one linear system, of a frozen potential and diffusivity."""
        self._density.setValue(self._given(old))
        self._density.updateOld()
        self._density.setValue(self._given(guess))
        self._potential.setValue(self._given(potential))
        if self.nonlinear:
            slope = self.space.energy.enthalpy_slope(guess)
            self._diffusivity.setValue(self._given(self.space.temperature + guess * slope))
        # a convection term keeps the weights of its first diffusivity
        if self._equation is None or self.nonlinear:
            self._equation = self._composed()
        with np.errstate(divide="ignore", invalid="ignore"):  # FiPy mends its own 0/0
            self._equation.solve(var=self._density, dt=factor, solver=self._solver)
        return self._own(np.array(self._density.value, dtype=float))

    def _given(self, values: Array) -> Array:
        """Values of all cells in FiPy's order, of this rank's in ours."""
        return self.space.grid.gather(values).ravel(order="F")

    def _own(self, values: Array) -> Array:
        """Values of this rank's cells in our order, of all in FiPy's."""
        space, grid = self.space, self.space.grid
        if space.mesh is not None:
            return space.mesh.own(values)
        whole = values.reshape(grid.cells, order="F")
        return grid.partition.own(whole)

    def _composed(self) -> Any:
        """Give ∂t rho = ∇·(rho ∇psi) + ∇·(D ∇rho); without constraints no flux leaves the mesh."""
        fipy = _fipy()
        drift = getattr(fipy, self._convection)(coeff=self._potential.faceGrad)
        spread: Any = 0
        if self.nonlinear:
            spread = fipy.DiffusionTerm(coeff=self._diffusivity.arithmeticFaceValue)
        elif self.space.temperature > 0:
            spread = fipy.DiffusionTerm(coeff=self.space.temperature)
        return fipy.TransientTerm() == spread + drift


def fipy_mesh(grid: Grid | Mesh) -> Any:
    """Give FiPy's grid of the same cells, its first axis running fastest, or a mesh' source.

    Parameters
    ----------
    grid : Grid or Mesh
        Of one rank, with all cells. A grid of one to three axes, stretched, periodic or
        radial (a radial axis is a plain one to FiPy: the reference measure is part of the
        potential); or a mesh made from a FiPy mesh with values at the centroids, where FiPy
        has them.

    Raises
    ------
    InputError
        If FiPy is not installed, the grid has four axes, or the mesh is not FiPy's.
    """
    fipy = _fipy()
    if isinstance(grid, Mesh):
        return _source(grid)
    if grid.dimension > 3:
        raise InputError(
            f"FiPy's grids have 1 to 3 axes, not {grid.dimension}: use scharfetter_gummel"
        )
    fixed = [name for name, axis in zip(grid.box.names, grid.box.axes, strict=True) if axis.fixed]
    if fixed:
        raise InputError(f"axis {fixed[0]} is fixed, which FiPy's meshes do not support: use muscl")
    periodic = [axis.periodic for axis in grid.box.axes]
    name = f"Grid{grid.dimension}D"
    if any(periodic):
        name = "Periodic" + name
    if any(periodic) and not all(periodic):
        name += "".join(side for side, wrap in zip(SIDES, periodic, strict=False) if wrap)
    # else FiPy would divide it among the ranks, in its own way
    arguments: dict[str, Any] = {"communicator": fipy.serialComm}
    for letter, n, widths in zip("xyz", grid.shape, grid.widths, strict=False):
        arguments["n" + letter] = n
        arguments["d" + letter] = float(widths[0]) if all(grid.uniform) else widths
    return getattr(fipy, name)(**arguments)


def _source(mesh: Mesh) -> Any:
    if mesh.source is None:
        raise InputError("the mesh was not made from a FiPy mesh: use Mesh.from_fipy")
    gap = np.abs(np.array(mesh.coordinates) - np.asarray(mesh.source.cellCenters)).max()
    if gap > SAME_CENTRES * mesh.spacing:
        raise InputError(
            f"FiPy's values lie at the centroids, this mesh' up to {gap:.3g} away at "
            f"{mesh.quality.centres}s: make it with centres='centroid'"
        )
    return mesh.source


def _fipy() -> Any:
    try:
        import fipy
    except ImportError as error:
        if error.name == "fipy":
            raise InputError(
                "FiPy is not installed: pip install 'wgflow[fipy]', or use another solver"
            ) from None
        # on several ranks FiPy starts with PETSc only, be it to let SciPy solve on each
        raise InputError(
            f"FiPy does not start ({error}): unset FIPY_SOLVERS, or use another solver"
        ) from None
    return fipy
