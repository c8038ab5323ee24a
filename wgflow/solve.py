"""The one time loop."""

from __future__ import annotations

import inspect
import logging
import os
import time as clock
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from wgflow import catalog
from wgflow._typing import Array
from wgflow.concentration import Concentration
from wgflow.density import check_density
from wgflow.errors import (
    DivergenceError,
    InputError,
    SolverError,
    WgflowError,
    nearest_first,
)
from wgflow.grid import Grid
from wgflow.mesh import Mesh, Region
from wgflow.observers import BoundaryMass, History, Observer, Snapshots, State
from wgflow.problem import Problem
from wgflow.solution import Solution
from wgflow.steppers import Stepper
from wgflow.steppers.control import joined

__all__ = ["DEFAULT_CELLS", "make_stepper", "solve"]

logger = logging.getLogger(__name__)

DEFAULT_CELLS = (400, 128, 32, 16)  # along each axis, by dimension
SNAPSHOTS = 10  # evenly spaced, after the start

SolverLike = str | os.PathLike[str] | Callable[..., Stepper] | Stepper


def solve(
    problem: Problem,
    solver: SolverLike | None = None,
    *,
    cells: int | Sequence[int] | Mesh | None = None,
    until: float | None = None,
    dt: float | None = None,
    tolerance: float | None = None,
    snapshots: int | Sequence[float] = SNAPSHOTS,
    observers: Sequence[Observer] = (),
    options: Mapping[str, Any] | None = None,
    density: Array | None = None,
) -> Solution:
    """Solve a problem in time.

    Parameters
    ----------
    problem : Problem
    solver : str, path, callable or Stepper, optional
        Name or path of a file like those in ``solvers/``; a function
        ``stepper(problem, grid, **options)``; or a stepper. By default
        ``scharfetter_gummel`` with an entropy in the energy, else ``muscl``.
    cells : int, sequence of int or Mesh, optional
        Cells along each axis; 400, 128², 32³, 16⁴ by default. On a Region, its mesh.
    until : float, optional
        Final time; the problem's by default.
    dt, tolerance : float, optional
        Fixed time step, or local error a step; automatic if left out.
    snapshots : int or sequence of float
        Times to keep besides start and end, or how many evenly spaced ones.
    observers : sequence of Observer
        Further observers.
    options : mapping, optional
        Further arguments of the solver.
    density : array of the grid's shape, optional
        Cell averages to start from in place of the problem's initial density, of any mass.

    Returns
    -------
    Solution

    Raises
    ------
    InputError
        If an input is not valid (before anything is computed).
    StabilityError
        If dt is above the bound of an explicit scheme.
    DivergenceError
        If the density stops being finite; its ``solution`` holds what came before.
    SolverError
        If an implicit step cannot be solved.
    ConcentrationError
        If the problem may blow up, and its mass has collapsed into a few cells.

    Examples
    --------
    >>> import wgflow as wg
    >>> problem = wg.Problem(wg.Box((-5, 5)), wg.Confinement(1.0) + wg.Entropy(1.0),
    ...                      initial=lambda x: np.exp(-((x - 1) ** 2)))
    >>> solution = wg.solve(problem, "scharfetter_gummel", cells=100, until=0.5, dt=0.05)
    >>> solution.status, solution.facts["steps"]
    ('finished', 10)
    """
    until = problem.until if until is None else until
    if not (np.isfinite(until) and until > 0):
        raise InputError(f"final time {until}: give a finite number > 0")
    given = joined({"dt": dt, "tolerance": tolerance}, options or {}, until)
    stepper, name = _prepared(problem, solver, cells, given)
    space = stepper.space
    if density is None:
        density = space.initial_density()
    else:
        density = np.array(density, dtype=float)
        check_density(density, space.grid)
    if isinstance(snapshots, int | np.integer):
        if snapshots < 0:
            raise InputError(f"{snapshots} snapshots: give a number >= 0, or a list of times")
        snapshots = [until * i / int(snapshots) for i in range(1, int(snapshots))]
    recorder = History(space, until), Snapshots(snapshots, until), BoundaryMass(space)
    if problem.blows_up:
        observers = [Concentration(space.grid), *observers]
    begun = clock.perf_counter()
    status, failure, steps = _loop(stepper, density, until, [*recorder, *observers])
    wall = clock.perf_counter() - begun
    solution = _collect(stepper, recorder, status, steps, wall, name, given)
    for warning in solution.warnings:
        logger.warning("%s", warning)
    if failure is not None:
        failure.solution = solution
        raise failure
    return solution


def _prepared(
    problem: Problem,
    solver: SolverLike | None,
    cells: int | Sequence[int] | Mesh | None,
    given: Mapping[str, Any],
) -> tuple[Stepper, str]:
    """Give the stepper of a run and its name."""
    if isinstance(solver, Stepper):
        if cells is not None or given:
            raise InputError("a ready stepper has its own grid and step: leave cells and dt out")
        if solver.space.problem is not problem:
            raise InputError("the stepper was made for another problem: make it from this one")
        return solver, type(solver).__name__
    grid = _cells(problem, cells)
    solver = os.fspath(solver) if isinstance(solver, os.PathLike) else solver
    solver = solver or default_solver(problem)
    name = solver if isinstance(solver, str) else getattr(solver, "__name__", "custom")
    return make_stepper(problem, grid, solver, given), name


def default_solver(problem: Problem) -> str:
    """Name of the solver for a problem: by whether its energy has an entropy."""
    from wgflow.energies import Energy, Entropy

    energy = problem.energy
    terms = energy.terms if isinstance(energy, Energy) else (energy,)
    noisy = any(isinstance(term, Entropy) and term.temperature > 0 for term in terms)
    if noisy:
        return "scharfetter_gummel"
    return "upwind" if isinstance(problem.domain, Region) else "muscl"


def _cells(problem: Problem, cells: int | Sequence[int] | Mesh | None) -> Grid | Mesh:
    """Give the mesh, or make the grid."""
    if isinstance(cells, Mesh):
        return cells
    if isinstance(problem.domain, Region):
        raise InputError(
            f"a problem on {problem.domain!r} needs a mesh, not {cells} cells: pass "
            "cells=wg.Mesh.from_fipy(...)"
        )
    default = DEFAULT_CELLS[problem.domain.dimension - 1]
    return Grid(problem.domain, default if cells is None else cells)


def make_stepper(
    problem: Problem,
    grid: Grid | Mesh,
    solver: str | Callable[..., Stepper],
    options: Mapping[str, Any],
) -> Stepper:
    """Compose a stepper by a recipe from ``solvers/`` or by a function.

    Raises
    ------
    InputError
        If the solver is not known or does not take one of the options.
    """
    recipe = catalog.load("solvers", solver).stepper if isinstance(solver, str) else solver
    known = [
        p.name
        for p in inspect.signature(recipe).parameters.values()
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    for option in options:
        if option not in known:
            listed = ", ".join(nearest_first(option, known)) or "none"
            raise InputError(f"solver {solver!r} takes no {option!r}; its options are: {listed}")
    stepper: Stepper = recipe(problem, grid, **options)
    return stepper


def _loop(
    stepper: Stepper, density: Array, until: float, observers: Sequence[Observer]
) -> tuple[str, WgflowError | None, int]:
    """Advance to the end; return the status, what went wrong if anything, and the steps."""
    stops = sorted({t for o in observers for t in o.times if 0 < t <= until} | {until})
    state = State(0.0, density)
    failure: WgflowError | None = None
    started: list[Observer] = []
    try:
        for observer in observers:
            observer.start(state)
            started.append(observer)
        for stop in stops:
            while state.time < stop:
                state = _advance(stepper, state, stop)
                for observer in observers:
                    observer.update(state)
    except WgflowError as error:
        failure = error
    finally:
        for observer in started:
            try:
                observer.finish(state)
            except WgflowError as error:  # what failed the run may fail again at its last state
                failure = failure or error
    if failure is None:
        return "finished", None, state.steps
    return "diverged" if isinstance(failure, DivergenceError) else "failed", failure, state.steps


def _advance(stepper: Stepper, state: State, stop: float) -> State:
    step = stepper.step(state.density, state.time, stop - state.time)
    # the last step to a stop lands on it exactly, whatever the rounding of the sum
    time = stop if stop - state.time - step.dt <= 1e-12 * stop else state.time + step.dt
    if not time > state.time:
        raise SolverError(
            f"the time step {step.dt:.3g} at t = {time:.6g} is below the resolution of the time: "
            "the velocity is too large; check the energy, or use an implicit solver"
        )
    grid = stepper.space.grid
    if not np.isfinite(grid.total(step.density)):
        count, point, _ = grid.found(~np.isfinite(step.density)) or (0, "their sum overflows", 0.0)
        raise DivergenceError(
            f"the density is not finite at t = {time:.6g} in {count} cells, first at "
            f"({point}), after {state.steps} steps: check the energy there, or reduce dt; what "
            "was computed before is kept"
        )
    return State(time, step.density, state.steps + 1, step.dt, step.iterations, step.rejections)


def _collect(
    stepper: Stepper,
    recorder: tuple[History, Snapshots, BoundaryMass],
    status: str,
    steps: int,
    wall: float,
    name: str,
    options: dict[str, Any],
) -> Solution:
    history, snapshots, boundary = recorder
    space = stepper.space
    columns = {key: np.array(values) for key, values in history.rows.items()}
    rank = len(history.moments[0]) if history.moments else 0
    facts = {
        "steps": steps,
        "rejections": history.rejections,
        "wall_seconds": wall,
        "mass_max_error": history.mass_max_error,
        "minimum": history.minimum,
        "energy_max_increase": history.energy_max_increase if steps else 0.0,
        **stepper.facts,
    }
    return Solution(
        problem=space.problem,
        grid=space.grid,
        times=np.array(snapshots.kept_times),
        densities=np.array(snapshots.densities),
        history=columns,
        moments=np.array(history.moments).reshape(len(history.moments), rank),
        status=status,
        facts=facts,
        warnings=(boundary.warning,) if boundary.warning else (),
        solver=name,
        options=options,
    )
