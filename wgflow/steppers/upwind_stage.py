"""One implicit stage in which the whole first variation is that of the new density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array, Values
from wgflow.algebra import gmres, linear_system
from wgflow.errors import SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.fluxes import ScharfetterGummel
from wgflow.steppers.stage import KRYLOV_ITERATIONS, KRYLOV_TOLERANCE, StageResult

__all__ = ["UpwindStage"]

TOLERANCE = 1e-13  # L1 norm of the residual, relative to the mass, at which a stage is solved
STAGNATED = 1e-10  # the same, where rounding lets it fall no further
MAXIMUM_ITERATIONS = 60
SMALLEST_SHARE = 1 / 64  # of a Newton step in the line search
KEPT_SHARE = 0.1  # of its density a cell keeps in one iteration
FLOOR = 1e-280  # density below which log rho is continued: 1/FLOOR is still finite


@dataclass(frozen=True)
class _Faces:
    """Fluxes at a density, and how they change with it, one array an axis."""

    velocity: list[Array]  # upwards, times the distance of the centres
    upwind: list[Array]
    coefficients: list[tuple[Array, Array]]  # of changes of the densities below and above


class UpwindStage:
    """Solves rho = old + dt s ∇·(rho_up ∇xi), xi = H'(rho) + V + U*(old + rho)/2.

    Convex terms that are not quadratic, as the risk of another loss than the square, enter xi
    at the new density: both ways the free energy does not increase.

    Newton's method with a line search on the L1 norm of the residual. H is convex, so that
    the Jacobian without the interaction is, in masses, an M-matrix with unit column sums, as
    that of a linear flux: one linear system. The interaction is left to GMRES, with
    the local Jacobian as the preconditioner: K features change it by a matrix of rank K, so
    that K + 1 products solve the system. What is returned is the solution of the linear
    upwind system with the velocities found: nonnegative, of exact mass, and no further from
    the last iterate, in L1, than the residual is large.

    Parameters
    ----------
    space : FiniteVolume
        Of any flux: the stage has its own.
    """

    def __init__(self, space: FiniteVolume) -> None:
        self.space = space

    def state(self) -> Values:
        """Give nothing: each solve begins anew."""
        return {}

    def restore(self, state: Values) -> None:
        """Do nothing."""

    def solve(self, given: Array, old: Array, time: float, dt: float) -> StageResult:
        """Solve the stage; see :class:`wgflow.steppers.stage.Stage`.

        Raises
        ------
        SolverError
            If Newton's method does not converge; a shorter stage will.
        """
        space = self.space
        factor = dt * space.problem.scale(time)
        mass = space.grid.integrate(given)
        density = self.guess(given, old, time, factor)
        faces, residual, size = self._residual(density, given, old, time, factor)
        for iteration in range(1, MAXIMUM_ITERATIONS + 1):
            if size <= TOLERANCE * mass:
                return StageResult(self._image(faces, given, factor), iteration)
            if not np.isfinite(size):
                break
            step = self._newton_step(density, faces, old, residual, factor)
            share, before = 1.0, size
            start = density
            while True:
                density = np.maximum(start + share * step, KEPT_SHARE * start)
                faces, residual, size = self._residual(density, given, old, time, factor)
                if size < before or share <= SMALLEST_SHARE:
                    break
                share /= 2
            if size >= before and before <= STAGNATED * mass:
                faces, _, _ = self._residual(start, given, old, time, factor)
                return StageResult(self._image(faces, given, factor), iteration)
        raise SolverError(
            f"the implicit step of length {factor:.3g} did not converge in "
            f"{MAXIMUM_ITERATIONS} iterations (last residual {size:.3g} in L1): reduce dt"
        )

    def fluxes(self, density: Array, old: Array, time: float, dt: float) -> list[Array]:
        """Give what crosses each face upwards in the time ``dt``, a unit of face area."""
        grid = self.space.grid
        factor = dt * self.space.problem.scale(time)
        faces, _, _ = self._residual(density, old, old, time, factor)
        return [
            factor * v * rho / grid.along(grid.face_distances(axis), axis)
            for axis, (v, rho) in enumerate(zip(faces.velocity, faces.upwind, strict=True))
        ]

    def guess(self, given: Array, old: Array, time: float, factor: float) -> Array:
        """Solution with the diffusion made linear: positive wherever mass can come."""
        space, grid = self.space, self.space.grid
        potential = space.potential(old, time)
        guess = given
        for _ in range(2 if space.nonlinear else 1):
            coefficients = [
                ScharfetterGummel().coefficients(grid.difference(potential, axis), heat)
                for axis, heat in enumerate(space.face_temperatures(guess))
            ]
            guess = linear_system(grid, coefficients, factor).solve(given)
        return np.maximum(guess, 0.0)

    def _residual(
        self, density: Array, given: Array, old: Array, time: float, factor: float
    ) -> tuple[_Faces, Array, float]:
        space, grid, energy = self.space, self.space.grid, self.space.energy
        floored = np.maximum(density, FLOOR)
        variation = space.potential_between(old, density, time) + energy.enthalpy(density)
        curvature = energy.enthalpy_slope(density)
        if space.temperature > 0:
            variation += space.temperature * np.log(floored)
            curvature += space.temperature / floored
        faces = _Faces([], [], [])
        residual = density - given
        for axis in range(len(grid.shape)):  # a mesh has one
            velocity = -grid.difference(variation, axis)
            low, high = grid.beside(density, axis)
            upwind = np.where(velocity > 0, low, high)
            below, above = grid.beside(curvature, axis)
            forth = np.maximum(velocity, 0.0) + upwind * below
            back = np.maximum(-velocity, 0.0) + upwind * above
            faces.velocity.append(velocity)
            faces.upwind.append(upwind)
            faces.coefficients.append((forth, back))
            flux = velocity * upwind / grid.along(grid.face_distances(axis), axis)
            residual += factor * grid.face_divergence(flux, axis)
        return faces, residual, grid.integrate(np.abs(residual))

    def _image(self, faces: _Faces, given: Array, factor: float) -> Array:
        coefficients = [(np.maximum(v, 0.0), np.maximum(-v, 0.0)) for v in faces.velocity]
        return linear_system(self.space.grid, coefficients, factor).solve(given)

    def _newton_step(
        self, density: Array, faces: _Faces, old: Array, residual: Array, factor: float
    ) -> Array:
        space, grid = self.space, self.space.grid
        system = linear_system(grid, faces.coefficients, factor)
        local = system.solve(-residual)
        if not space.energy.interacting:
            return local

        def product(direction: Array) -> Array:
            change = space.energy.drift_between_change(old, density, direction)
            moved = np.zeros(grid.shape)
            for axis, upwind in enumerate(faces.upwind):
                distance = grid.along(grid.face_distances(axis), axis)
                flux = -upwind * grid.difference(change, axis) / distance
                moved += grid.face_divergence(flux, axis)
            return direction + system.solve(factor * moved)

        return gmres(grid, product, local, KRYLOV_TOLERANCE, KRYLOV_ITERATIONS)
