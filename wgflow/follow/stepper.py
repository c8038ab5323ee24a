"""A stepper whose cells follow the density."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np

from wgflow._typing import Array, Values
from wgflow.density import check_density
from wgflow.errors import InputError, SolverError
from wgflow.follow.settings import Follow
from wgflow.follow.window import chosen, layers, marginals, occupied, widened, window_box
from wgflow.grid import Grid
from wgflow.grid.remap import remapped
from wgflow.problem import Problem
from wgflow.steppers import Stepper
from wgflow.steppers.base import Step, prefixed, under

__all__ = ["Following"]

FEWEST = 8  # cells along an axis that is followed: margins take four
SPILL = 10.0  # tolerances in an outermost layer: the step is taken again
ATTEMPTS = 40  # windows a step may ask for
SHRINKS = 0.8  # of a window by which the first one is worth choosing again


class Following(Stepper):
    """Steps of a stepper on a window that follows the density.

    The problem on a window is that on the box with no flux through the window's faces; almost no
    mass is there. Before a step that needs it the density goes to the cells of a new window, as
    many as before, and the stepper is made anew for them: ``space`` is another one from then on.

    Parameters
    ----------
    problem : Problem
        On a Box.
    grid : Grid
        Of the whole box: its numbers of cells are those of every window.
    make : callable
        ``make(problem, grid)`` gives the stepper on a window.
    follow : Follow

    Attributes
    ----------
    window : (D, 2) array
        Fractions of the axes between which the cells lie.

    Raises
    ------
    InputError
        If there is nothing to follow, an axis has too few cells or edges of its own, or the
        stepper's steps are movements between densities on the same cells.
    """

    order = 0  # of no use here: that of the stepper inside

    def __init__(
        self, problem: Problem, grid: Grid, make: Callable[[Problem, Grid], Stepper], follow: Follow
    ) -> None:
        self.problem, self.whole, self.make, self.settings = problem, grid, make, follow
        self.axes = [a for a, axis in enumerate(problem.box.axes) if not axis.periodic]
        if not self.axes:
            raise InputError("every axis is periodic: there is no window to move; omit follow")
        _check(problem, grid, self.axes)
        self.window = np.array([[0.0, 1.0]] * grid.dimension)
        self.remaps, self.remap_energy, self.outermost = 0, 0.0, 0.0
        self._seen: tuple[Array, list[Array]] | None = None  # a density and its marginals

    def begin(self, density: Array | None = None) -> Array:
        """Choose the first window, and give the density on its cells.

        Parameters
        ----------
        density : array of the whole grid's shape, optional
            In place of the problem's initial density.
        """
        given = self.problem.initial if density is None else density
        grid = self.whole
        first = grid.average(given) if callable(given) else np.array(given, dtype=float)
        check_density(first, grid)
        for _ in range(ATTEMPTS if callable(given) else 1):
            masses = marginals(first, grid)
            window = self.window.copy()
            for axis in self.axes:
                window[axis] = chosen(window[axis], masses[axis], self.settings)
            shrunk = np.min(np.diff(window) / np.diff(self.window))
            new = self.grid_of(window)
            first = new.average(given) if callable(given) else remapped(first, grid, new)
            self.window, grid = window, new
            if shrunk > SHRINKS:
                break
        if density is None:
            first = first / grid.integrate(first)
        self._take(grid)
        return first

    def grid_of(self, window: Array) -> Grid:
        """Cells of a window."""
        whole = self.whole
        splits = whole.partition.splits if whole.comm.size > 1 else None
        return Grid(window_box(self.problem.box, window), whole.cells, splits=splits)

    def _take(self, grid: Grid, state: Values | None = None) -> None:
        """Make the stepper on a window; it goes on with the numbers of the one before."""
        stepper = self.make(replace(self.problem, domain=grid.box), grid)
        if stepper.variational:
            raise InputError(
                f"{type(stepper).__name__} makes movements between densities on the same cells: "
                "with follow use muscl, scharfetter_gummel or another finite-volume solver"
            )
        if state is not None:
            stepper.restore(state)
        self.inner, self.space = stepper, stepper.space
        self.shared = frozenset({"window", *(f"inner.{name}" for name in stepper.shared)})  # type: ignore[misc]

    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``, in a new window if it is due."""
        begun, remaps = density, self.remaps
        before = self.space.energy
        old_value = None
        window = self._due(density)
        rejections = 0
        while rejections < ATTEMPTS:
            if window is not None:
                if old_value is None:
                    old_value = before.value(begun, time)
                density = self._remap(density, window)
            step = self.inner.step(density, time, limit)
            window = self._spilled(step.density)
            if window is None:
                break
            rejections += 1
        else:
            raise SolverError(
                f"at t = {time:.6g} the density leaves every window within one step: take smaller "
                "steps (dt), or omit follow"
            )
        change = 0.0
        if self.remaps > remaps and old_value is not None:
            change = self.space.energy.value(density, time) - old_value
            self.remap_energy += abs(change)
        return replace(step.after(rejections), remapped=change)

    def _marginals(self, density: Array) -> list[Array]:
        """Masses along each axis; what a step brings is looked at again before the next."""
        if self._seen is None or self._seen[0] is not density:
            self._seen = density, marginals(density, self.space.grid)
        return self._seen[1]

    def _due(self, density: Array) -> Array | None:
        """Give the window that the density asks for, None if it is the one of now."""
        follow, window = self.settings, self.window.copy()
        masses = self._marginals(density)
        for axis in self.axes:
            ends = self.window[axis]
            low, high = occupied(masses[axis], follow.tolerance)
            full = max(layers(masses[axis], ends)) > follow.tolerance
            small = high - low < follow.fill and ends[1] - ends[0] > 1.01 * follow.least
            if full or small:
                new = chosen(ends, masses[axis], follow)
                shrinks = new[1] - new[0] < ends[1] - ends[0]
                if full or shrinks:
                    window[axis] = new
        return None if np.array_equal(window, self.window) else window

    def _spilled(self, density: Array) -> Array | None:
        """Give a wider window if a step has brought mass to the ends of this one."""
        window, limit = self.window.copy(), SPILL * self.settings.tolerance
        masses = self._marginals(density)
        largest = 0.0
        for axis in self.axes:
            ends = layers(masses[axis], self.window[axis])
            largest = max(largest, *ends)
            if not max(ends) <= limit and np.all(np.isfinite(ends)):
                window[axis] = widened(self.window[axis], [end > limit for end in ends])
        if np.array_equal(window, self.window):
            self.outermost = max(self.outermost, largest)
            return None
        return window

    def _remap(self, density: Array, window: Array) -> Array:
        """Take the density to another window."""
        old, new = self.space.grid, self.grid_of(window)
        state: Values = {
            name: value
            for name, value in self.inner.state().items()
            if not isinstance(value, np.ndarray) and "stage." not in name
        }
        density = remapped(density, old, new)
        self._take(new, state)
        self.window, self.remaps = window, self.remaps + 1
        return density

    @property
    def facts(self) -> dict[str, float]:
        """Those of the stepper inside, and of the windows."""
        return {
            **self.inner.facts,
            "remaps": self.remaps,
            "remap_energy": self.remap_energy,
            "window_mass": self.outermost,
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of the stepper inside."""
        return self.inner.warnings

    def state(self) -> Values:
        """Give the window, what is counted, and the state of the stepper inside."""
        return {
            **prefixed("inner", self.inner.state()),
            "window": self.window,
            "remaps": self.remaps,
            "remap_energy": self.remap_energy,
            "window_mass": self.outermost,
        }

    def restore(self, state: Values) -> None:
        """Go on in the window of such a state."""
        self.window = np.array(state["window"], dtype=float)
        self._take(self.grid_of(self.window), under("inner", state))
        self.remaps = cast(int, state["remaps"])
        self.remap_energy = cast(float, state["remap_energy"])
        self.outermost = cast(float, state["window_mass"])


def _check(problem: Problem, grid: Grid, axes: list[int]) -> None:
    if grid.box != problem.domain:
        raise InputError(
            f"the grid's domain {grid.box!r} is not the problem's {problem.domain!r}: make the "
            "grid from problem.domain"
        )
    if problem.blows_up:
        raise InputError(
            "a problem that may blow up collapses into a point, and a window would shrink with "
            "it: omit follow"
        )
    for axis in axes:
        name, count = grid.box.names[axis], grid.cells[axis]
        if count < FEWEST:
            raise InputError(f"{count} cells along {name}: a window needs at least {FEWEST}")
        if grid.given_edges[axis] is not None and problem.box.axes[axis].stretch is None:
            raise InputError(
                f"the cells along {name} have edges of their own, which cannot move with a "
                "window: describe them by Axis(stretch=...)"
            )
