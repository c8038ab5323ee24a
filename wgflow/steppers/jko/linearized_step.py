"""One step of the linearized JKO scheme: Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wgflow._typing import Array
from wgflow.algebra import gmres, linear_system
from wgflow.algebra.saddle import conductances, saddle_system
from wgflow.energies.power_law import DiscretePowerLaw
from wgflow.errors import SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.grid import Grid

__all__ = ["LinearizedStep", "Point", "falls"]

TOLERANCE = 1e-12  # L1 norm of the density's misfit, over the mass, at which a step is solved
STAGNATED = 1e-8  # the same, where rounding or far tails let it fall no further
MAXIMUM_ITERATIONS = 40
PATIENCE = 15  # iterations without progress once that is reached: tails may turn for a while
TURNING = 2.0  # times the density upwind of a face is beyond it, where a turn counts
TURNED = 1e-6  # of the misfit: less mass that turns at a face does not matter
SAFE = 8  # iterations in which the mobility of turns is rather too large
TURNS = 3  # linear systems at most for one Newton step, for what turns
SMALLEST_SHARE = 1 / 64  # of a Newton step in the line search
MOST_EXACT, LEAST_EXACT = 1e-10, 1e-2  # relative, of a linear solve
KRYLOV_TOLERANCE = 1e-3  # relative; of the interaction, Newton is inexact
KRYLOV_ITERATIONS = 40
FLOOR = 1e-250  # density below which a cell counts as holding this much
# Where little resists compression, the least resistance that is taken for it, as a share of the
# potential's range over the largest density: in the matrix, and in what is held to be missing.
SOFT, FIRM = 1e-8, 1e-2
NEAR = 1e-5  # misfit over the mass from which on images are tried: they converge sooner
GROWTH = 2.0  # of the misfit in one iteration that is let pass: it turns back by itself
KEPT_SHARE = 1e-3  # of its density a cell keeps in one iteration, without entropy
LIFTED = 1e-2  # share of its image by one sweep below which a density is lifted to it
LONGEST_FALL = 50.0  # of the logarithm in one iteration, with entropy


@dataclass(frozen=True)
class Point:
    """A density and a potential, and what they miss."""

    density: Array
    potential: Array
    coefficients: list[tuple[Array, Array]]
    steepness: Array  # q, the sum of area/(distance volume) fall² over faces that fall
    surplus: Array  # of the density, by the first equation
    misfit: Array  # of the potential, by the second
    compliance: Array
    size: float  # of both as changes of the density, in L1


class LinearizedStep:
    """Solves for the minimum of W²/(2 τ') + F, W the linearized distance from ``old``.

    The conditions of the minimum, with q_K = Σ_L (a/h) ((phi_K - phi_L)^+)² / |K|,

        A(phi) rho = |K| old ,      phi + τ'/2 q(phi) = xi(rho) ,

    are solved by Newton's method for both unknowns. Where the density is to fall its logarithm
    is what changes, so that it stays positive. A is an M-matrix: any potential gives a density
    that is nonnegative and of exact mass, its ``image``, and what is returned is one.

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
        # made here by all ranks alike, since they ask their neighbours
        self._conductances = [conductances(space.grid, a) for a in range(len(space.grid.shape))]
        self.iterations = self.linear = 0
        # an energy that resists emptying without bound, as a barrier does
        self._barrier = space.temperature > 0 or any(
            isinstance(term, DiscretePowerLaw) and term.term.exponent < 1
            for term in space.energy.terms
        )

    def newton(self, guess: Array) -> Point:
        """Solve from a guess of the potential.

        Raises
        ------
        SolverError
            If the iteration does not converge.
        """
        here = best = self._image(guess)
        patience = PATIENCE
        for iteration in range(MAXIMUM_ITERATIONS):
            if best.size <= TOLERANCE * self.mass or patience == 0:
                return best
            if not np.isfinite(here.size):
                break
            here = self._searched(here, *self._newton_step(here, slow=iteration >= SAFE))
            self.iterations += 1
            if here.size > NEAR * self.mass:
                continue
            image = self._image(here.potential)
            if best.size <= STAGNATED * self.mass and image.size > best.size / 2:
                patience -= 1  # rounding, or tails that turn about a point where signs change
            if image.size < best.size:
                best = image
            if image.size < here.size and patience == PATIENCE:
                here = image
        if best.size <= STAGNATED * self.mass:
            return best
        raise SolverError(
            f"the JKO step of length {self.length:.3g} (time step times time scale) did not "
            f"converge (last misfit {here.size:.3g} in L1): reduce tau"
        )

    def _image(self, potential: Array) -> Point:
        """Move the old density by a potential."""
        coefficients, steepness = falls(self.space.grid, potential)
        density = linear_system(self.space.grid, coefficients, self.length, once=True).solve(
            self.old
        )
        surplus = np.zeros(self.space.grid.shape)
        return self._point(density, potential, coefficients, steepness, surplus)

    def _at(self, density: Array, potential: Array) -> Point:
        """Judge a density and a potential."""
        grid = self.space.grid
        coefficients, steepness = falls(self.space.grid, potential)
        leaving, arriving = self._exchanged(density, coefficients)
        least = (self.old + arriving) / (1 + leaving)
        low = density < LIFTED * least
        if grid.comm.any(bool(low.any())):
            # far below what it must become a density lets the next potential go astray
            density = np.where(low, least, density)
            leaving, arriving = self._exchanged(density, coefficients)
        surplus = density * (1 + leaving) - self.old - arriving
        return self._point(density, potential, coefficients, steepness, surplus)

    def _exchanged(
        self, density: Array, coefficients: list[tuple[Array, Array]]
    ) -> tuple[Array, Array]:
        """Share of its mass that leaves each cell, and density that arrives."""
        grid = self.space.grid
        leaving, arriving = np.zeros((2, *grid.shape))
        for axis, (forth, back) in enumerate(coefficients):
            low, high = grid.beside(density, axis)
            conductance = self.length / grid.along(grid.face_distances(axis), axis)
            up, down = conductance * forth, conductance * back
            leaving += grid.to_cells(up, axis, 0) + grid.to_cells(down, axis, 1)
            arriving += grid.to_cells(up * low, axis, 1) + grid.to_cells(down * high, axis, 0)
        return leaving, arriving

    def _point(
        self,
        density: Array,
        potential: Array,
        coefficients: list[tuple[Array, Array]],
        steepness: Array,
        surplus: Array,
    ) -> Point:
        grid, energy = self.space.grid, self.space.energy
        variation = energy.first_variation(density, self.time)
        misfit = potential + self.length / 2 * steepness - variation
        held = np.maximum(density, FLOOR)
        curvature = energy.enthalpy_slope(held)
        if self.space.temperature > 0:
            curvature += self.space.temperature / held
        extent = grid.maximum(variation) - grid.minimum(variation)
        least = max(extent, FLOOR) / grid.maximum(density)
        missed = np.abs(misfit) / np.maximum(curvature, FIRM * least)
        compliance = 1 / np.maximum(curvature, SOFT * least)
        size = grid.integrate(missed + np.abs(surplus))
        return Point(density, potential, coefficients, steepness, surplus, misfit, compliance, size)

    def _searched(self, here: Point, change: Array, step: Array) -> Point:
        """Shorten a Newton step until what is missed has not grown by much."""
        share = 1.0
        while True:
            density = self._moved(here.density, share * change)
            there = self._at(density, here.potential + share * step)
            if there.size < GROWTH * here.size or share <= SMALLEST_SHARE:
                return there
            share /= 2

    def _moved(self, density: Array, change: Array) -> Array:
        """Change a density and keep it positive."""
        if self._barrier:
            with np.errstate(over="ignore"):  # an infinite fall is cut as well
                fall = np.minimum(change, 0.0) / np.maximum(density, FLOOR)
            kept = density * np.exp(np.maximum(fall, -LONGEST_FALL))
        else:
            kept = KEPT_SHARE * density
        return np.where(change >= 0, density + change, np.maximum(density + change, kept))

    def _newton_step(self, here: Point, slow: bool) -> tuple[Array, Array]:
        """Give the changes of density and potential.

        Where a step would turn the fall of the potential through a face, what moves back is of
        the density beyond. Its mobility is taken then, which is safe, or, if that is slow, so
        much that the linear flux is the one through the turn.
        """
        grid, faces = self.space.grid, []
        for axis, (forth, back) in enumerate(here.coefficients):
            low, high = grid.beside(here.density, axis)
            down = forth > 0
            upwind, beyond = np.where(down, low, high), np.where(down, high, low)
            faces.append((np.where(down, 1.0, -1.0), forth + back, upwind, beyond))
        mobility = [upwind for _, _, upwind, _ in faces]
        for _ in range(TURNS):
            change, step = self._linear_step(here, mobility)
            turned = 0.0  # mass that the linear flux misses at one face, at most
            for axis, (sign, fall, upwind, beyond) in enumerate(faces):
                loss = np.maximum(sign * grid.difference(step, axis), 0.0)
                lost = mobility[axis] * loss
                over = lost - upwind * fall
                turns = (over > 0 if slow else loss >= fall) & (beyond > TURNING * upwind)
                if turns.any():
                    back = beyond * (loss - fall) * self._conductances[axis]
                    turned = max(turned, float(back.max(initial=0.0, where=turns)))
                if slow:
                    chord = np.divide(over, beyond, out=np.ones_like(over), where=turns)
                    chord = np.divide(lost, fall + chord, out=upwind.copy(), where=turns)
                    mobility[axis] = chord
                else:
                    mobility[axis] = np.where(turns, beyond, mobility[axis])
            if grid.comm.maximum(turned) * self.length <= TURNED * here.size:
                break
        return change, step

    def _linear_step(self, here: Point, mobility: list[Array]) -> tuple[Array, Array]:
        """Solve the linear system of a Newton step."""
        space, grid = self.space, self.space.grid
        # no more digits than bring the misfit well below what is asked of it
        needed = 0.01 * TOLERANCE * self.mass / max(here.size, np.finfo(float).tiny)
        tolerance = min(max(needed, MOST_EXACT), LEAST_EXACT)
        system = saddle_system(
            grid, here.coefficients, mobility, here.compliance, self.length, tolerance
        )

        def solve(first: Array, second: Array) -> tuple[Array, Array]:
            found = system.solve(first, second)
            self.linear += system.iterations
            return found

        change, step = solve(-here.surplus, -here.misfit)
        if not space.energy.interacting:
            return change, step
        none = np.zeros(grid.shape)

        def product(direction: Array) -> Array:
            return direction - solve(none, space.energy.drift_change(here.density, direction))[0]

        change = gmres(grid, product, change, KRYLOV_TOLERANCE, KRYLOV_ITERATIONS)
        coupled = space.energy.drift_change(here.density, change)
        return solve(-here.surplus, coupled - here.misfit)


def falls(grid: Grid, potential: Array) -> tuple[list[tuple[Array, Array]], Array]:
    """Give the falls of a potential through the faces, and its steepness in the cells.

    Returns
    -------
    coefficients : list of (forth, back)
        For each axis (phi_K - phi_L)^+ from below to above, and from above to below.
    steepness : array of the grid's shape
        q_K = Σ_L (a/h) ((phi_K - phi_L)^+)² / |K|.
    """
    coefficients = []
    steepness = np.zeros(grid.shape)
    for axis in range(len(grid.shape)):  # a mesh has one
        rise = grid.difference(potential, axis)
        forth, back = np.maximum(-rise, 0.0), np.maximum(rise, 0.0)
        distance = grid.along(grid.face_distances(axis), axis)
        steepness += grid.to_cells(forth * forth / distance, axis, 0)
        steepness += grid.to_cells(back * back / distance, axis, 1)
        coefficients.append((forth, back))
    return coefficients, steepness
