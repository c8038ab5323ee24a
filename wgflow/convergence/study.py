"""Measured orders of convergence, in space, in time or in both."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal, get_args

from wgflow import catalog
from wgflow._typing import Array
from wgflow.choice import SolverLike, default_solver, solving
from wgflow.convergence.table import ConvergenceTable, Level
from wgflow.distances import available, distance
from wgflow.errors import InputError
from wgflow.grid import Grid
from wgflow.problem import Problem
from wgflow.solution import Solution
from wgflow.solve import solve

__all__ = ["ConvergenceTable", "Level", "Reference", "Refine", "convergence", "restrict"]

Refine = Literal["both", "space", "time"]
LEVELS = 4
FINER_CELLS, FINER_STEP = 2, 4  # of a self-reference against the finest level
LARGEST_ORDER = 12.0


@dataclass(frozen=True)
class Reference:
    """A fine solution used in place of the exact one.

    Parameters
    ----------
    cells : int, optional
        A multiple of the cells of every level; by default twice the finest if the cells are
        refined, otherwise those of the levels.
    dt : float, optional
        Its time step; by default it follows those of the levels.
    solver : str, optional
        Another solver; by default the one being measured, in which case the observed orders
        account for the reference's own error.
    options : mapping, optional
        Of the solver; by default those being measured, none for another solver.
    """

    cells: int | None = None
    dt: float | None = None
    solver: str | None = None
    options: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class _Target:
    """What the levels are compared with, and its own size of step or cell (0 if exact)."""

    density: Callable[[Solution], Array]
    size: float


@solving
def convergence(
    problem: Problem,
    solver: SolverLike | None = None,
    *,
    cells: int | Sequence[int],
    dt: float | Sequence[float] | None = None,
    until: float | None = None,
    norm: str = "L1",
    refine: Refine = "both",
    reference: Reference | None = None,
    case: str = "",
    options: Mapping[str, Any] | None = None,
    error: Callable[[Solution], float] | None = None,
    progress: Callable[[int], object] | None = None,
) -> ConvergenceTable:
    """Solve with refined cells or steps and measure the order of convergence.

    Parameters
    ----------
    problem : Problem
    solver : str, callable or Stepper recipe
    cells : int or sequence of int
        Cells per axis on each level, increasing; a single number to refine in time.
    dt : float or sequence of float, optional
        Time step on the first level. With ``refine="both"`` it decreases with h so that the
        errors in time and space decrease alike: dt ∝ h^(p/q) for orders p in space and q in
        time. With ``"space"`` it is fixed; with ``"time"`` it is halved from level to level,
        or given as a decreasing sequence. If omitted, the solver chooses; explicit ones take
        dt ∝ h or h².
    until : float, optional
    norm : str
        L1, L2, Linf, W1 or W2.
    refine : {"both", "space", "time"}
    reference : Reference, optional
        A fine solution to compare with instead of the exact one. It is the default if no
        exact solution is known, for refinement in time (on the levels' own cells, with a
        quarter of the finest step), and in space at a given dt (at the same dt, so that the
        error in time cancels).
    case : str
        Name in the table.
    options : mapping, optional
        Additional arguments of the solver.
    error : callable, optional
        ``error(solution)``, used instead of the norm of the difference.
    progress : callable, optional
        Called with the number of each level before it starts.

    Returns
    -------
    ConvergenceTable

    Raises
    ------
    InputError
        If the levels do not increase, or the reference's cells are not a multiple of theirs.

    Examples
    --------
    >>> import numpy as np
    >>> import wgflow as wg
    >>> problem = wg.Problem(wg.Box((-5, 5)), wg.Confinement(1.0) + wg.Entropy(1.0),
    ...                      initial=lambda x: np.exp(-((x - 1) ** 2)))
    >>> table = convergence(problem, "scharfetter_gummel", cells=[20, 40, 80], dt=0.1, until=0.2,
    ...                     refine="space")
    >>> table.require(rate=2.0, within=0.2, finest_error=0.01)
    """
    solver = solver or default_solver(problem)
    levels = _levels(cells, dt, refine, _step_power(solver))
    run = _Runner(problem, until, dict(options or {}))
    fixed = dt is not None
    target = None if error else _target(run, solver, levels, refine, reference, fixed)
    rows: list[Level] = []
    for number, (n, step) in enumerate(levels):
        if progress is not None:
            progress(number)
        solution = run(solver, n, step)
        rows.append(_level(solution, norm, error, target))
        if len(rows) > 1:
            rate = _order(rows[-2:], refine, 0.0 if target is None else target.size)
            rows[-1] = replace(rows[-1], rate=rate)
    return ConvergenceTable(case, solution.solver, norm, tuple(rows), refine=refine)


@dataclass(frozen=True)
class _Runner:
    problem: Problem
    until: float | None
    options: dict[str, Any]

    def __call__(
        self,
        solver: SolverLike,
        cells: int,
        dt: float | None,
        options: Mapping[str, Any] | None = None,
    ) -> Solution:
        return solve(
            self.problem,
            solver,
            cells=cells,
            until=self.until,
            dt=dt,
            snapshots=[],
            options=self.options if options is None else options,
        )


def _levels(
    cells: int | Sequence[int], dt: float | Sequence[float] | None, refine: Refine, power: float
) -> list[tuple[int, float | None]]:
    """Cells and step of each level."""
    if refine not in get_args(Refine):
        raise InputError(f"refine = {refine!r}: choose one of {', '.join(get_args(Refine))}")
    counts = [cells] if isinstance(cells, int) else list(cells)
    if refine == "time":
        if dt is None:
            raise InputError("refine = 'time' needs dt: give the step of the first level")
        steps = [dt / 2**i for i in range(LEVELS)] if isinstance(dt, int | float) else list(dt)
        if len(steps) < 2 or any(b >= a for a, b in pairwise(steps)):
            raise InputError(f"steps {steps}: give at least two decreasing ones")
        return [(counts[-1], step) for step in steps]
    if dt is not None and not isinstance(dt, int | float):
        raise InputError(f"dt = {dt}: give one step, of the first level, to refine the cells")
    if len(counts) < 2 or any(b <= a for a, b in pairwise(counts)):
        raise InputError(f"levels {counts}: give at least two increasing numbers of cells")
    power = power if refine == "both" else 0.0
    return [(n, None if dt is None else dt * (counts[0] / n) ** power) for n in counts]


def _target(
    run: _Runner,
    solver: SolverLike,
    levels: list[tuple[int, float | None]],
    refine: Refine,
    reference: Reference | None,
    fixed: bool,
) -> _Target:
    """Choose what the levels are compared with, and compute it."""
    cancels = refine == "time" or (refine == "space" and fixed)
    if reference is None and run.problem.exact is not None and not cancels:
        return _Target(lambda solution: solution.exact_density(solution.time), 0.0)
    reference = reference or Reference()
    finest, step = levels[-1]
    cells = reference.cells or (finest if refine == "time" else FINER_CELLS * finest)
    for n, _ in levels:
        if cells % n:
            raise InputError(f"{cells} cells of the reference: give a multiple of the levels' {n}")
    dt = reference.dt
    if dt is None and step is not None:
        power = _step_power(solver) if refine == "both" else 0.0
        dt = step / FINER_STEP if refine == "time" else step * (finest / cells) ** power
    other = reference.solver not in (None, solver)
    options = reference.options or ({} if other else None)
    fine = run(reference.solver or solver, cells, dt, options)
    size = 0.0
    if not other and (refine == "time" or reference.dt is None):
        size = max(fine.history["dt"]) if refine == "time" else 1 / cells
    return _Target(lambda solution: restrict(fine.density, fine.grid, solution.grid), float(size))


def restrict(density: Array, fine: Grid, coarse: Grid) -> Array:
    """Cell averages on a coarser grid whose cells are unions of those of a fine one.

    Examples
    --------
    >>> import numpy as np
    >>> from wgflow import Box
    >>> box = Box((0, 1))
    >>> [float(v) for v in restrict(np.arange(6.0), Grid(box, 6), Grid(box, 3))]
    [0.5, 2.5, 4.5]
    """
    for axis, (n, m) in enumerate(zip(fine.cells, coarse.cells, strict=True)):
        if n % m:
            raise InputError(f"{n} fine cells along axis {axis} are no multiple of {m} coarse ones")
    blocks = [k for n, m in zip(fine.cells, coarse.cells, strict=True) for k in (m, n // m)]
    masses = fine.gather(density * fine.volumes).reshape(blocks)
    coarse_masses: Array = masses.sum(axis=tuple(range(1, 2 * fine.dimension, 2)))
    return coarse.partition.own(coarse_masses) / coarse.volumes


def _level(
    solution: Solution,
    norm: str,
    error: Callable[[Solution], float] | None,
    target: _Target | None,
) -> Level:
    errors: dict[str, float] = {}
    if error is not None:
        size = error(solution)
    else:
        assert target is not None  # there is one unless `error` is given
        exact = target.density(solution)
        # transport distances need a mass to transport
        others = available(solution.grid) if solution.grid.integrate(exact) > 0 else []
        names = {norm, *others}
        errors = {n: distance(n, solution.density, exact, solution.grid) for n in sorted(names)}
        size = errors[norm]
    largest = float(max(solution.history["dt"]))
    facts = {
        "mass_error": solution.facts["mass_max_error"],
        "minimum": solution.facts["minimum"],
        "energy_max_increase": solution.facts["energy_max_increase"],
        "energy_law": solution.facts.get("energy_law", -math.inf),
        "energy_scale": float(abs(solution.history["energy"]).max()),
        "steps": solution.facts["steps"],
        "wall_seconds": solution.facts["wall_seconds"],
    }
    return Level(solution.grid.cells, largest, size, None, errors, facts)


def _order(pair: list[Level], refine: Refine, own: float) -> float:
    """Observed order p of C (s^p - own^p) over two levels of size s.

    The second term is the error of a reference computed by the same method.
    """
    coarse, fine = pair
    if not (coarse.error > 0 and fine.error > 0):
        return math.nan
    sizes = [v.dt if refine == "time" else 1 / v.cells[0] for v in pair]
    ratio = math.log(coarse.error / fine.error)
    if own == 0:
        return ratio / math.log(sizes[0] / sizes[1])
    low, high = -LARGEST_ORDER, LARGEST_ORDER
    for _ in range(60):  # the ratio of the errors grows with p
        p = (low + high) / 2 or 1e-9
        model = math.log((sizes[0] ** p - own**p) / (sizes[1] ** p - own**p))
        low, high = (p, high) if model < ratio else (low, p)
    return (low + high) / 2


def _step_power(solver: SolverLike) -> float:
    """Order in space over order in time of a solver file; 1 for other solvers."""
    if not isinstance(solver, str | os.PathLike):
        return 1.0
    order = catalog.load("solvers", solver).ORDER
    return float(order["space"]) / float(order["time"])
