"""Which cells, solver and stepper a run takes."""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from wgflow import catalog
from wgflow.asked import Asked
from wgflow.called import answered_with
from wgflow.errors import InputError, nearest_first
from wgflow.fitting import shown
from wgflow.fluxes import Flux
from wgflow.follow import Follow, Following
from wgflow.grid import Grid
from wgflow.mesh import Mesh, Region
from wgflow.problem import Problem
from wgflow.steppers import Stepper

__all__ = [
    "DEFAULT_CELLS",
    "SolverLike",
    "default_solver",
    "make_stepper",
    "prepared",
    "solving",
]

DEFAULT_CELLS = (400, 128, 32, 16)  # along each axis, by dimension
LONGEST_VALUE = 30  # characters of a value that is shown in a right call

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
            raise InputError("a ready stepper has its own grid and step: omit cells and dt")
        if follow is not None:
            raise InputError(
                "a ready stepper has its own cells, which do not move: give the solver by its "
                "name, or as a function stepper(problem, grid, ...)"
            )
        if solver.space.problem is not problem:
            raise InputError("the stepper was made for another problem: make it from this one")
        return solver, type(solver).__name__
    if isinstance(solver, type | Flux):
        made = solver.__name__ if isinstance(solver, type) else type(solver).__name__
        raise InputError(
            f"solver {made}: give a name, such as {default_solver(problem)!r}, or a function "
            "stepper(problem, grid) that makes one: lambda problem, grid: "
            "wg.SSPRK3(wg.FiniteVolume(problem, grid, wg.MUSCL()))"
        )
    grid = _cells(problem, cells)
    solver = os.fspath(solver) if isinstance(solver, os.PathLike) else solver
    solver = solver or default_solver(problem)
    name = solver if isinstance(solver, str) else getattr(solver, "__name__", "custom")
    if follow is None:
        return make_stepper(problem, grid, solver, given), name
    if isinstance(grid, Mesh):
        raise InputError("a mesh has no axes to move a window along: omit follow")
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
    asked = Asked(partial(recipe, **options), "the solver's function", "the problem and the grid")
    stepper = asked.raw(problem, grid)
    if not isinstance(stepper, Stepper):
        raise InputError(f"the solver's function gives {shown(stepper)}: return a Stepper")
    return stepper


def _elsewhere(word: str, arguments: Mapping[str, Any]) -> str | None:
    """Say of a word that is not taken which solvers have it as an option."""
    having = [name for name in catalog.names("solvers") if word in _options(name)]
    if not having:
        return None
    given = str(arguments.get("solver", ""))
    solver = nearest_first(given, having)[0] if given else min(having, key=len)
    named = "" if given == solver else f'solver="{solver}", '
    value = repr(arguments[word])
    shown = value if len(value) <= LONGEST_VALUE else "..."
    return f'it is an option of {", ".join(having)}: write {named}options={{"{word}": {shown}}}'


def _options(solver: str) -> list[str]:
    """Read the names of a shipped solver's options, unexecuted: it may need what is not there."""
    parsed = ast.parse(catalog.find("solvers", solver).read_text(encoding="utf-8"))
    steppers = [d for d in parsed.body if isinstance(d, ast.FunctionDef) and d.name == "stepper"]
    return [argument.arg for stepper in steppers for argument in stepper.args.kwonlyargs]


# of functions that take a solver and a mapping of its options
solving = answered_with(_elsewhere)
