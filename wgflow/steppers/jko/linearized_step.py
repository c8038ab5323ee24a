"""One step of the linearized JKO scheme: Newton's method for its potential."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.algebra import gmres, linear_system
from wgflow.algebra.exchange import settle_mass
from wgflow.algebra.saddle import saddle_system
from wgflow.errors import SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.parallel import all_failed
from wgflow.steppers.upwind_stage import UpwindStage

__all__ = ["LinearizedStep", "StepResult", "solve_step"]

TOLERANCE = 1e-12  # L1 norm of the density's misfit, over the mass, at which a step is solved
STAGNATED = 1e-9  # the same, where rounding lets it fall no further: the energy sees its square
MAXIMUM_ITERATIONS = 50
SMALLEST_SHARE = 1 / 64  # of a Newton step in the line search
CONTINUATIONS = 6  # shorter steps that may lead to a step
SHORTER = 0.25  # each of the next longer
KRYLOV_TOLERANCE = 1e-3  # relative; of the interaction, Newton is inexact
KRYLOV_ITERATIONS = 40
FLOOR = 1e-250  # density below which a cell counts as holding this much
# Where nothing resists compression, a change of the potential that is this share of its range
# changes the density by all of its largest value: in the matrix only.
SOFTEST = 1e-8


@dataclass(frozen=True)
class StepResult:
    """What a step leads to.

    Attributes
    ----------
    density, potential : array of the grid's shape
    iterations : int
        Newton iterations.
    linear : int
        Iterations of the linear solves.
    continuations : int
        Shorter steps that were solved on the way.
    movement : float
        W²/(2 length).
    """

    density: Array
    potential: Array
    iterations: int
    linear: int
    continuations: int
    movement: float


@dataclass(frozen=True)
class _Point:
    """A potential, the density it moves the old one to, and what is missing."""

    potential: Array
    coefficients: list[tuple[Array, Array]]
    steepness: Array  # sum over the faces down which mass leaves of fall² area/(distance volume)
    density: Array
    misfit: Array  # of the potential
    compliance: Array
    size: float  # of the misfit as a change of the density, in L1


class LinearizedStep:
    """Solves for the minimum of W²/(2 τ') + F, W the linearized distance from ``old``.

    The conditions of the minimum, with q_K = Σ_L (a/h) ((phi_K - phi_L)^+)² / |K|,

        A(phi) rho = |K| old ,      phi + τ'/2 q(phi) = xi(rho) ,

    are reduced to one for the potential: A is an M-matrix, so that any potential gives a density
    that is positive and of exact mass. Newton's method for the second equation, with a line
    search on what is missing, solves a saddle-point system in each iteration; an interaction is
    left to GMRES around it.

    Parameters
    ----------
    space : FiniteVolume
    old : array of the grid's shape
        Nonnegative.
    time : float
        Of the new density.
    length : float
        τ', time step times time scale.
    """

    def __init__(self, space: FiniteVolume, old: Array, time: float, length: float) -> None:
        self.space, self.old, self.time, self.length = space, old, time, length
        self.mass = space.grid.integrate(old)
        self.iterations = self.linear = 0

    def at(self, potential: Array) -> _Point:
        """Move the old density by a potential."""
        grid, energy = self.space.grid, self.space.energy
        coefficients = []
        steepness = np.zeros(grid.shape)
        for axis in range(len(grid.shape)):  # a mesh has one
            rise = grid.difference(potential, axis)
            forth, back = np.maximum(-rise, 0.0), np.maximum(rise, 0.0)
            distance = grid.along(grid.face_distances(axis), axis)
            steepness += grid.to_cells(forth * forth / distance, axis, 0)
            steepness += grid.to_cells(back * back / distance, axis, 1)
            coefficients.append((forth, back))
        density = linear_system(grid, coefficients, self.length).solve(self.old)
        variation = energy.first_variation(density, self.time)
        misfit = potential + self.length / 2 * steepness - variation
        compliance = self._compliance(density, variation)
        size = grid.integrate_product(compliance, np.abs(misfit))
        return _Point(potential, coefficients, steepness, density, misfit, compliance, size)

    def _compliance(self, density: Array, variation: Array) -> Array:
        """1/H'', bounded."""
        space, grid = self.space, self.space.grid
        held = np.maximum(density, FLOOR)
        curvature = space.energy.enthalpy_slope(held)
        if space.temperature > 0:
            curvature += space.temperature / held
        extent = grid.maximum(variation) - grid.minimum(variation)
        least = SOFTEST * max(extent, FLOOR) / grid.maximum(density)
        return 1.0 / np.maximum(curvature, least)

    def newton(self, guess: Array) -> _Point:
        """Solve from a guess of the potential.

        Raises
        ------
        SolverError
            If the iteration does not converge.
        """
        here = self.at(guess)
        for _ in range(MAXIMUM_ITERATIONS):
            if here.size <= TOLERANCE * self.mass:
                return here
            if not np.isfinite(here.size):
                break
            step = self._newton_step(here)
            self.iterations += 1
            share = 1.0
            while True:
                there = self.at(here.potential + share * step)
                if there.size < here.size or share <= SMALLEST_SHARE:
                    break
                share /= 2
            if not there.size < here.size:
                if here.size <= STAGNATED * self.mass:
                    return here
                break
            here = there
        raise SolverError(
            f"the JKO step of length {self.length:.3g} (time step times time scale) did not "
            f"converge (last misfit {here.size:.3g} in L1): reduce tau"
        )

    def _newton_step(self, here: _Point) -> Array:
        space, grid = self.space, self.space.grid
        mobility = []
        for axis, (forth, _) in enumerate(here.coefficients):
            low, high = grid.beside(here.density, axis)
            mobility.append(np.where(forth > 0, low, high))
        system = saddle_system(grid, here.coefficients, mobility, here.compliance, self.length)
        none = np.zeros(grid.shape)

        def solve(right: Array) -> tuple[Array, Array]:
            found = system.solve(none, right)
            self.linear += system.iterations
            return found

        change, step = solve(-here.misfit)
        if not space.energy.interacting:
            return step

        def product(direction: Array) -> Array:
            return direction - solve(space.energy.drift_change(here.density, direction))[0]

        change = gmres(grid, product, change, KRYLOV_TOLERANCE, KRYLOV_ITERATIONS)
        return solve(space.energy.drift_change(here.density, change) - here.misfit)[1]


def solve_step(
    space: FiniteVolume, old: Array, time: float, length: float, guess: Array | None
) -> StepResult:
    """Solve a step, by way of shorter ones from the same density if need be.

    Parameters
    ----------
    space : FiniteVolume
    old : array of the grid's shape
    time : float
        Of the new density.
    length : float
        Time step times time scale.
    guess : array of the grid's shape or None
        Of the potential, such as that of the last step.

    Raises
    ------
    SolverError
        If Newton's method does not converge.
    """
    return _Search(space, old, time).result(length, guess)


class _Search:
    """Finds a step from guesses, or from shorter steps."""

    def __init__(self, space: FiniteVolume, old: Array, time: float) -> None:
        self.space, self.old, self.time = space, old, time
        self.iterations = self.linear = self.continuations = 0

    def result(self, length: float, guess: Array | None) -> StepResult:
        found = self._reach(length, guess, CONTINUATIONS)
        grid = self.space.grid
        moved = length / 2 * grid.integrate_product(found.density, found.steepness)
        settle_mass(grid, found.density, grid.integrate(self.old))
        counted = self.iterations, self.linear, self.continuations
        return StepResult(found.density, found.potential, *counted, moved)

    def _reach(self, length: float, guess: Array | None, levels: int) -> _Point:
        if guess is not None:
            try:
                return self._newton(length, guess)
            except SolverError:
                if not all_failed(self.space.grid.comm):
                    raise
        try:
            return self._newton(length, first_potential(self.space, self.old, self.time, length))
        except SolverError:
            if levels == 0 or not all_failed(self.space.grid.comm):
                raise
        nearer = self._reach(SHORTER * length, None, levels - 1)
        self.continuations += 1
        return self._newton(length, nearer.potential)

    def _newton(self, length: float, guess: Array) -> _Point:
        step = LinearizedStep(self.space, self.old, self.time, length)
        try:
            return step.newton(guess)
        finally:
            self.iterations += step.iterations
            self.linear += step.linear


def first_potential(space: FiniteVolume, old: Array, time: float, length: float) -> Array:
    """First variation after a step with the diffusion made linear: a guess of the potential."""
    density = old
    if space.nonlinear or space.temperature > 0:
        density = UpwindStage(space).guess(old, old, time, length)
    return space.energy.first_variation(density, time)
