"""Which cells, solver and stepper a run takes."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from wgflow import catalog
from wgflow.errors import InputError, nearest_first
from wgflow.follow import Follow, Following
from wgflow.grid import Grid
from wgflow.mesh import Mesh, Region
from wgflow.problem import Problem
from wgflow.steppers import Stepper

__all__ = ["DEFAULT_CELLS", "SolverLike", "default_solver", "make_stepper", "prepared"]

DEFAULT_CELLS = (400, 128, 32, 16)  # along each axis, by dimension

SolverLike = str | os.PathLike[str] | Callable[..., Stepper] | Stepper


def prepared(
    problem: Problem,
    solver: SolverLike | None,
    cells: int | Sequence[int] | Grid | Mesh | None,
    given: Mapping[str, Any],
    follow: Follow | None = None,
) -> tuple[Stepper, str]:
    """Give the stepper of a run and its name."""
    if isinstance(solver, Stepper):
        if cells is not None or given:
            raise InputError("a ready stepper has its own grid and step: leave cells and dt out")
        if follow is not None:
            raise InputError(
                "a ready stepper has its own cells, which follow nothing: give the solver by its "
                "name, or as a function stepper(problem, grid, ...)"
            )
        if solver.space.problem is not problem:
            raise InputError("the stepper was made for another problem: make it from this one")
        return solver, type(solver).__name__
    grid = _cells(problem, cells)
    solver = os.fspath(solver) if isinstance(solver, os.PathLike) else solver
    solver = solver or default_solver(problem)
    name = solver if isinstance(solver, str) else getattr(solver, "__name__", "custom")
    if follow is None:
        return make_stepper(problem, grid, solver, given), name
    if isinstance(grid, Mesh):
        raise InputError("a mesh has no axes to move a window along: leave follow out")
    make = partial(make_stepper, solver=solver, options=given)
    return Following(problem, grid, make, follow), name


def default_solver(problem: Problem) -> str:
    """Name of the solver for a problem: by whether its energy has an entropy."""
    from wgflow.energies import Energy, Entropy

    energy = problem.energy
    terms = energy.terms if isinstance(energy, Energy) else (energy,)
    noisy = any(isinstance(term, Entropy) and term.temperature > 0 for term in terms)
    if noisy:
        return "scharfetter_gummel"
    return "upwind" if isinstance(problem.domain, Region) else "muscl"


def _cells(problem: Problem, cells: int | Sequence[int] | Grid | Mesh | None) -> Grid | Mesh:
    """Give the mesh, or make the grid."""
    if isinstance(cells, Grid | Mesh):
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
