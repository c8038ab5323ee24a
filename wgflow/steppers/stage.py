"""One implicit stage: backward Euler with the drift at a mean of old and new density."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.algebra import LinearSystem, gmres, linear_system
from wgflow.errors import InputError, SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.fluxes import ScharfetterGummel, face_temperature_slopes

__all__ = ["Stage", "StageResult"]

TOLERANCE = 1e-12  # L1 change of the fixed-point map, over the mass, at which a stage is solved
MAXIMUM_ITERATIONS = 40
STAGNATED = 1e-11  # the same, where rounding lets it fall no further
SMALLEST_SHARE = 1 / 16  # of a Newton step in the line search
KEPT_SHARE = 0.1  # of its density a cell keeps in one iteration of nonlinear diffusion
SMALLEST_HEAT = 1e-300
KRYLOV_TOLERANCE = 1e-4  # relative; Newton is inexact far from the solution
KRYLOV_ITERATIONS = 40
SAME_FACTOR = 1e-9  # relative difference of two steps that share a factorization


@dataclass(frozen=True)
class StageResult:
    """Solution of a stage and the Newton iterations it took."""

    density: Array
    iterations: int


@dataclass(frozen=True)
class _Slopes:
    """Derivatives of a flux by the potential difference and the two densities, one axis."""

    by_difference: Array
    by_low: Array | None
    by_high: Array | None


class Stage:
    """Solves rho = given + dt s ∇·F(rho, psi) with psi = V + U*((1-θ) old + θ rho).

    In place of U*(...) convex terms that are not quadratic, as the risk of another loss than
    the square, have their first variation at the new density, whatever θ.

    For a frozen psi the system is linear, keeps mass and sign, and is solved as such: the
    map P from a density to the solution under its own psi. The stage is the fixed point of
    P, found by Newton's method on rho - P(rho) with GMRES inside: the Jacobian is the
    identity plus a smoothing operator, so that a few products suffice: without a power law, an
    interaction by K features adds a matrix of rank K, for which K + 1 products are enough, each
    one local solve. What is returned is
    always a value of P: nonnegative, of exact mass.

    Parameters
    ----------
    space : FiniteVolume
        With a flux that is linear in the density.
    weight : float
        θ, the share of the new density in the drift of quadratic terms: 1/2 keeps the energy
        law for any even kernel, 1 for kernels that are positive semidefinite.

    Raises
    ------
    InputError
        If the flux is not linear.
    """

    def __init__(self, space: FiniteVolume, weight: float = 0.5) -> None:
        if not space.flux.linear:
            raise InputError(
                f"{type(space.flux).__name__} is not linear in the density: an implicit step "
                "needs Upwind or ScharfetterGummel"
            )
        if space.nonlinear and not isinstance(space.flux, ScharfetterGummel):
            raise InputError(
                f"a power law with the {type(space.flux).__name__} flux in an implicit step: use "
                "the BailoCarrilloHu or ScharfetterGummel flux"
            )
        self.space, self.weight = space, weight
        self._kept: tuple[float, LinearSystem] | None = None

    def state(self) -> Values:
        """Tell of which step the system is kept, and how it has come to solve it."""
        if self._kept is None or self.space.energy.time_dependent:
            return {}
        factor, system = self._kept
        return {"factor": factor, **system.state()}

    def restore(self, state: Values) -> None:
        """Make the kept system again, which no density takes part in."""
        if "factor" in state:
            factor, none = cast(float, state["factor"]), np.zeros(self.space.grid.shape)
            system = self._system(self.space.potential(none, 0.0), none, factor)
            system.restore(state)
            self._kept = (factor, system)

    def solve(self, given: Array, old: Array, time: float, dt: float) -> StageResult:
        """Solve the stage.

        Parameters
        ----------
        given : array of the grid's shape
            Right-hand side, nonnegative.
        old : array of the grid's shape
            The old density in the drift's mean.
        time : float
            Time of the new density.
        dt : float
            Length of the stage.

        Raises
        ------
        SolverError
            If Newton's method does not converge; a shorter stage will.
        """
        factor = dt * self.space.problem.scale(time)
        if not self._coupled:
            return StageResult(self._linear_system(old, time, factor).solve(given), 0)
        return self._newton(given, old, time, factor)

    def filtered(self, values: Array, density: Array, time: float, dt: float) -> Array:
        """Apply the resolvent of the drift at a density to a difference of densities."""
        factor = dt * self.space.problem.scale(time)
        if not self._coupled:
            return self._linear_system(density, time, factor).solve(values)
        return self._system(self.space.potential(density, time), density, factor).solve(values)

    @property
    def _coupled(self) -> bool:
        """Whether the coefficients depend on the density."""
        return self.space.energy.interacting or self.space.nonlinear

    def fluxes(self, density: Array, old: Array, time: float, dt: float) -> list[Array]:
        """Give what crosses each face upwards in the time ``dt``, a unit of face area."""
        space, grid = self.space, self.space.grid
        factor = dt * space.problem.scale(time)
        potential = space.potential_between(old, density, time, self.weight)
        fluxes = []
        for axis, (forth, back) in enumerate(space.coefficients(potential, density)):
            low, high = grid.beside(density, axis)
            distance = grid.along(grid.face_distances(axis), axis)
            fluxes.append(factor * (forth * low - back * high) / distance)
        return fluxes

    def _linear_system(self, old: Array, time: float, factor: float) -> LinearSystem:
        """System of a drift that does not depend on the density; kept while dt stays."""
        # steps that divide an interval evenly differ by the rounding of their times
        if (
            self._kept is None
            or abs(self._kept[0] - factor) > SAME_FACTOR * factor
            or self.space.energy.time_dependent
        ):
            self._kept = (factor, self._system(self.space.potential(old, time), old, factor))
        return self._kept[1]

    def _system(self, potential: Array, density: Array, factor: float) -> LinearSystem:
        space = self.space
        return linear_system(space.grid, space.coefficients(potential, density), factor)

    @np.errstate(over="ignore", invalid="ignore")  # what is not finite ends the iteration
    def _newton(self, given: Array, old: Array, time: float, factor: float) -> StageResult:
        space = self.space
        guess = start = old
        step = np.zeros_like(old)
        share, best = 1.0, np.inf
        mass = space.grid.integrate(given)
        for iteration in range(1, MAXIMUM_ITERATIONS + 1):
            potential = space.potential_between(old, guess, time, self.weight)
            system = self._system(potential, guess, factor)
            image = system.solve(given)
            residual = image - guess
            size = space.grid.integrate(np.abs(residual))
            if not np.isfinite(size):
                break
            if size <= TOLERANCE * mass or (size > best / 2 and size <= STAGNATED * mass):
                return StageResult(image, iteration)
            if size > best and share > SMALLEST_SHARE:
                share /= 2  # the Newton step overshot
            else:
                start, share, best = guess, 1.0, size
                step = self._newton_step(system, potential, image, guess, old, residual, factor)
            guess = start + share * step
            if space.nonlinear:
                guess = np.maximum(guess, KEPT_SHARE * np.maximum(start, 0.0))
        raise SolverError(
            f"the implicit step of length {factor:.3g} did not converge in "
            f"{MAXIMUM_ITERATIONS} iterations (last change {size:.3g} in L1): reduce dt"
        )

    def _newton_step(
        self,
        system: LinearSystem,
        potential: Array,
        image: Array,
        guess: Array,
        old: Array,
        residual: Array,
        factor: float,
    ) -> Array:
        """Solve (I - P'(guess)) step = residual."""
        space = self.space
        slopes = self._flux_slopes(potential, guess, image)

        def product(direction: Array) -> Array:
            change = space.energy.drift_between_change(old, guess, direction, self.weight)
            moved = factor * self._divergence(slopes, change, direction)
            return direction - system.solve(moved)

        return gmres(space.grid, product, residual, KRYLOV_TOLERANCE, KRYLOV_ITERATIONS)

    def _flux_slopes(self, potential: Array, guess: Array, image: Array) -> list[_Slopes]:
        """Differentiate each face's flux at a density by what its coefficients depend on."""
        space, grid = self.space, self.space.grid
        heats = space.face_temperatures(guess)
        sides = space.enthalpy_beside(guess) if space.nonlinear else []
        slopes = []
        for axis in range(len(grid.shape)):
            difference = grid.difference(potential, axis)
            low, high = grid.beside(image, axis)
            heat = heats[axis]
            distance = grid.along(grid.face_distances(axis), axis)
            if not space.nonlinear:
                slope = space.flux.slope(difference, space.temperature, low, high)
                slope *= space.mobility(potential, axis)
                slopes.append(_Slopes(slope / distance, None, None))
                continue
            # the flux is homogeneous of degree 1 in difference and temperature
            safe = np.maximum(heat, SMALLEST_HEAT)
            slope = space.flux.slope(difference / safe, 1.0, low, high)
            forth, back = space.flux.coefficients(difference, heat)
            by_heat = (forth * low - back * high - difference * slope) / safe
            under, over = face_temperature_slopes(*sides[axis])
            rho_low, rho_high = sides[axis][:2]
            by_low = np.divide(by_heat * under, rho_low, out=np.zeros_like(under), where=under != 0)
            by_high = np.divide(by_heat * over, rho_high, out=np.zeros_like(over), where=over != 0)
            slopes.append(_Slopes(slope / distance, by_low / distance, by_high / distance))
        return slopes

    def _divergence(self, slopes: list[_Slopes], change: Array, direction: Array) -> Array:
        """Rate of change of the densities when potential and coefficients change."""
        grid = self.space.grid
        out = np.zeros(grid.shape)
        for axis, slope in enumerate(slopes):
            flux = slope.by_difference * grid.difference(change, axis)
            if slope.by_low is not None and slope.by_high is not None:
                low, high = grid.beside(direction, axis)
                flux += slope.by_low * low + slope.by_high * high
            out -= grid.face_divergence(flux, axis)
        return out
