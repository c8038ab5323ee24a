"""From a problem to its solution: what is given is checked, run and collected."""

from __future__ import annotations

import logging
import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wgflow._typing import Array
from wgflow.choice import (
    DEFAULT_CELLS,
    SolverLike,
    default_solver,
    make_stepper,
    prepared,
    solving,
)
from wgflow.concentration import Concentration
from wgflow.density import check_density, numbers
from wgflow.errors import InputError, finite
from wgflow.fitting import shown
from wgflow.follow import Follow, Following, WindowSnapshots, on_one_grid
from wgflow.grid import Grid
from wgflow.io import Checkpoint
from wgflow.loop import Keeper, Outcome, Signals, run
from wgflow.mesh import Mesh
from wgflow.observers import BoundaryMass, History, Observer, Snapshots, State
from wgflow.parallel import on_root, world
from wgflow.problem import Problem
from wgflow.solution import Solution, Window
from wgflow.steppers import Stepper
from wgflow.steppers.control import joined

__all__ = ["DEFAULT_CELLS", "SolverLike", "default_solver", "make_stepper", "solve"]

logger = logging.getLogger(__name__)

SNAPSHOTS = 10  # evenly spaced, after the start


@solving
def solve(
    problem: Problem,
    solver: SolverLike | None = None,
    *,
    cells: int | Sequence[int] | Grid | Mesh | None = None,
    until: float | None = None,
    dt: float | None = None,
    tolerance: float | None = None,
    snapshots: int | Sequence[float] = SNAPSHOTS,
    observers: Sequence[Observer] = (),
    options: Mapping[str, Any] | None = None,
    density: Array | None = None,
    follow: bool | Follow = False,
    checkpoint: Checkpoint | None = None,
    restart: bool = False,
) -> Solution:
    """Solve a problem in time.

    Parameters
    ----------
    problem : Problem
    solver : str, path, callable or Stepper, optional
        Name or path of a file like those in ``solvers/``; a function
        ``stepper(problem, grid, **options)``; or a stepper. By default
        ``scharfetter_gummel`` if the energy has an entropy, else ``muscl``.
    cells : int, sequence of int, Grid or Mesh, optional
        Cells along each axis; by default 400, 128², 32³ or 16⁴. For a Region, its mesh.
    until : float, optional
        Final time; by default that of the problem.
    dt, tolerance : float, optional
        Fixed time step, or permitted local error per step; automatic if omitted.
    snapshots : int or sequence of float
        Times to store in addition to the first and last, or a number of evenly spaced ones.
    observers : sequence of Observer
        Additional observers.
    options : mapping, optional
        Additional arguments of the solver.
    density : array of the grid's shape, optional
        Cell averages, of any mass, to start from instead of the problem's initial density.
    follow : bool or Follow
        Whether, and how, the cells cover a window that follows the density instead of the whole
        box. The densities are then given on a grid over all windows; ``Solution.windows`` holds
        them on the cells they were computed on.
    checkpoint : Checkpoint, optional
        Where and when to write checkpoints; none by default.
    restart : bool
        Whether to continue from the checkpoint, if there is one. On the same number of ranks,
        the result is bit for bit that of an uninterrupted run.

    Returns
    -------
    Solution

    Raises
    ------
    InputError
        If an input is invalid (before anything is computed).
    StabilityError
        If dt is above the bound of an explicit scheme.
    DivergenceError
        If the density becomes non-finite; its ``solution`` holds the results up to then.
    SolverError
        If an implicit step cannot be solved.
    ConcentrationError
        If the problem may blow up and its mass has collapsed into a few cells.
    Interrupted
        If SIGTERM or SIGUSR1 arrived and ``checkpoint`` is given; one is written first.

    Examples
    --------
    >>> import wgflow as wg
    >>> problem = wg.Problem(wg.Box((-5, 5)), wg.Confinement(1.0) + wg.Entropy(1.0),
    ...                      initial=lambda x: np.exp(-((x - 1) ** 2)))
    >>> solution = wg.solve(problem, "scharfetter_gummel", cells=100, until=0.5, dt=0.05)
    >>> solution.status, solution.facts["steps"]
    ('finished', 10)
    """
    if not isinstance(problem, Problem):
        raise InputError(
            f"the problem is {shown(problem)}: give a Problem; that of a case is "
            "wgflow.catalog.load('cases', 'NAME').problem()"
        )
    until = problem.until if until is None else until
    if not (finite(until) and float(until) > 0):
        raise InputError(f"final time {until!r}: give a finite number > 0")
    until = float(until)
    if checkpoint is not None:
        place = checkpoint
        on_root(world(), lambda: place.check(restart))
    elif restart:
        raise InputError("restart=True: give the checkpoint=wg.Checkpoint(...) to go on from")
    given = joined({"dt": dt, "tolerance": tolerance}, options or {}, until)
    settings = Follow() if follow is True else follow or None
    stepper, name = prepared(problem, solver, cells, given, settings)
    if isinstance(stepper, Following):
        density = stepper.begin(density)
    space = stepper.space
    if density is None:
        density = space.initial_density()
    else:
        density = numbers(density)
        check_density(density, space.grid)
    if isinstance(snapshots, int | float | np.integer):
        if not (snapshots >= 0 and snapshots == int(snapshots)):
            raise InputError(f"{snapshots} snapshots: give a whole number >= 0, or a list of times")
        snapshots = [until * i / int(snapshots) for i in range(1, int(snapshots))]
    kept, bounds = Snapshots(snapshots, until), BoundaryMass(space)
    if isinstance(stepper, Following):
        kept = WindowSnapshots(snapshots, until, stepper)
        bounds = BoundaryMass(space, problem.box)
    history = History(space, until, stepper.variational, means=settings is not None)
    recorder = Recorder(history, kept, bounds)
    if problem.blows_up:
        observers = [Concentration(space.grid), *observers]
    about = {"solver": Path(name).stem, "options": given, "until": until, "domain": problem.domain}
    if settings is not None:
        about["follow"] = settings
    outcome, wall = _ran(stepper, density, recorder, observers, about, checkpoint, restart)
    solution = _collect(problem, stepper, recorder, outcome, wall, name, given)
    if outcome.status != "interrupted":
        for warning in solution.warnings:
            logger.warning("%s", warning)
    if outcome.failure is not None:
        outcome.failure.solution = solution
        raise outcome.failure
    return solution


class Recorder(NamedTuple):
    """The observers that make the solution."""

    history: History
    snapshots: Snapshots
    boundary: BoundaryMass


def _ran(
    stepper: Stepper,
    density: Array,
    recorder: Recorder,
    further: Sequence[Observer],
    about: Mapping[str, Any],
    checkpoint: Checkpoint | None,
    restart: bool,
) -> tuple[Outcome, float]:
    """Run the loop, with checkpoints if there is a place for them; give the wall seconds too."""
    initial, until = State(0.0, density), about["until"]
    observers = [*recorder, *further]
    if checkpoint is None:
        begun = clock.perf_counter()
        return run(stepper, initial, until, observers), clock.perf_counter() - begun
    grid = stepper.space.grid
    same = {
        **about,
        "cells": grid.cells,
        "snapshots": recorder.snapshots.times,
        "stops": [t for observer in further for t in observer.times],
        **({"samples": stepper.space.problem.samples} if stepper.space.problem.samples else {}),
    }
    with Signals() as signals:
        keeper = Keeper(
            checkpoint, stepper, recorder.history, recorder.snapshots, observers, same, signals
        )
        if restart:
            keeper.resume(initial)
        else:
            keeper.clear()
        return run(stepper, initial, until, observers, keeper), keeper.seconds


def _collect(
    problem: Problem,
    stepper: Stepper,
    recorder: Recorder,
    outcome: Outcome,
    wall: float,
    name: str,
    options: dict[str, Any],
) -> Solution:
    history, snapshots, boundary = recorder
    space, steps = stepper.space, outcome.state.steps
    columns = {key: np.array(values) for key, values in history.rows.items()}
    rank = len(history.moments[0]) if history.moments else 0
    facts: dict[str, Any] = {
        "steps": steps,
        "rejections": history.rejections,
        "wall_seconds": wall,
        "mass_max_error": history.mass_max_error,
        "minimum": history.minimum,
        "energy_max_increase": history.energy_max_increase if steps else 0.0,
        **stepper.facts,
    }
    if stepper.variational:
        facts["energy_law"] = history.energy_law if steps else 0.0
    grid = space.grid
    windows: tuple[Window, ...] = ()
    if isinstance(snapshots, WindowSnapshots):
        grid, densities, grids = on_one_grid(snapshots, problem.box)
        windows = tuple(map(Window, grids, snapshots.densities))
        facts["follow"] = asdict(snapshots.stepper.settings)
    else:
        densities = snapshots.together()
    return Solution(
        problem=problem,
        grid=grid,
        times=np.array(snapshots.kept_times),
        densities=densities,
        history=columns,
        moments=np.array(history.moments).reshape(len(history.moments), rank),
        status=outcome.status,
        facts=facts,
        warnings=((boundary.warning,) if boundary.warning else ()) + stepper.warnings,
        solver=name,
        options=options,
        record={"started": history.started, "error": outcome.failure and str(outcome.failure)},
        windows=windows,
    )
