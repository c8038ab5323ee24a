"""How a step of the linearized JKO scheme is found: from guesses, or by way of shorter steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from wgflow._typing import Array, Values
from wgflow.algebra.exchange import settle_mass
from wgflow.errors import SolverError
from wgflow.finite_volume import FiniteVolume
from wgflow.parallel import all_failed
from wgflow.steppers.jko.linearized_step import LinearizedStep, Point
from wgflow.steppers.upwind_stage import UpwindStage

__all__ = ["LAWLESS", "StepResult", "Tally", "solve_step"]

CONTINUATIONS = 6  # shorter steps that may lead to a step
SHORTER = 0.25  # each of the next longer
# Relative rise of W²/(2 length) + F that is rounding, and from which on a step is no minimum.
ROUNDING, LAWLESS = 1e-13, 1e-9


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
    excess : float
        W²/(2 length) + F - F(old).
    stayed : bool
        Whether staying was better, by less than what iterations can resolve.
    """

    density: Array
    potential: Array
    iterations: int
    linear: int
    continuations: int
    movement: float
    excess: float
    stayed: bool


class Tally:
    """Counts what steps took."""

    def __init__(self) -> None:
        self.newton = self.linear = self.continuations = self.stayed = 0

    def add(self, found: StepResult) -> None:
        """Count a step."""
        self.newton += found.iterations
        self.linear += found.linear
        self.continuations += found.continuations
        self.stayed += found.stayed

    @property
    def facts(self) -> dict[str, float]:
        """Iterations of Newton's method and of linear solves, shorter steps on the way.

        ``stayed`` counts the steps for which no better density was found than that before.
        """
        return {
            "newton_iterations": self.newton,
            "linear_iterations": self.linear,
            "continuations": self.continuations,
            "stayed": self.stayed,
        }

    def state(self) -> Values:
        """Give the same for a checkpoint."""
        return dict(self.facts)

    def restore(self, state: Values) -> None:
        """Go on from such a state."""
        self.newton = cast(int, state["newton_iterations"])
        self.linear = cast(int, state["linear_iterations"])
        self.continuations = cast(int, state["continuations"])
        self.stayed = cast(int, state["stayed"])


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
        energy = self.space.energy
        before = energy.value(self.old, self.time)
        scale = 1 + abs(before)
        for start in (guess, None):
            found = self._reach(length, start, CONTINUATIONS)
            density, moved = self._plan(found, length)
            excess = moved + energy.value(density, self.time) - before
            stayed = ROUNDING * scale < excess <= LAWLESS * scale
            if start is None or not stayed:
                break
        # what is missed in far tails may outweigh the gain of a step near equilibrium: to stay,
        # which costs nothing, is closer to the minimum then
        if stayed:
            density, moved, excess = self.old.copy(), 0.0, 0.0
        counted = self.iterations, self.linear, self.continuations
        return StepResult(density, found.potential, *counted, moved, excess, stayed)

    def _plan(self, found: Point, length: float) -> tuple[Array, float]:
        """Density of exact mass, and what it costs to move there."""
        grid = self.space.grid
        moved = length / 2 * grid.integrate_product(found.density, found.steepness)
        settle_mass(grid, found.density, grid.integrate(self.old))
        return found.density, moved

    def _reach(self, length: float, guess: Array | None, levels: int) -> Point:
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

    def _newton(self, length: float, guess: Array) -> Point:
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
