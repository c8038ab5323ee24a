"""What the commands of the command line do."""

from __future__ import annotations

import argparse
import math
import types
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from wgflow import catalog
from wgflow.errors import InputError, WgflowError
from wgflow.observers import Progress
from wgflow.problem import Problem
from wgflow.solution import Solution
from wgflow.solve import SNAPSHOTS, default_solver, solve

__all__ = [
    "compare",
    "converge",
    "describe",
    "list_cases",
    "list_solvers",
    "run",
    "stationary",
    "study_coupling",
    "verify",
]

LEVELS = 4


def list_cases(given: argparse.Namespace) -> int:
    """List the cases, a line each."""
    return _list("cases")


def list_solvers(given: argparse.Namespace) -> int:
    """List the solvers, a line each."""
    return _list("solvers")


def _list(kind: catalog.Kind) -> int:
    names = catalog.names(kind)
    width = max(map(len, names), default=0)
    for name in names:
        print(f"{name:<{width}}  {catalog.describe(catalog.load(kind, name))}")
    return 0


def describe(given: argparse.Namespace) -> int:
    """Print the page of a case or a solver."""
    kind: catalog.Kind = "cases"
    if given.name in catalog.names("solvers"):
        kind = "solvers"
    module = catalog.load(kind, given.name)
    print((module.__doc__ or "").strip())
    entry = module.problem if kind == "cases" else module.stepper
    print("\nParameters (--set NAME=VALUE):" if kind == "cases" else "\nOptions (--option K=V):")
    for parameter in catalog.parameters(entry):
        print(f"  {parameter.name} = {parameter.default}  [{parameter.expected}]")
        if parameter.text:
            print(f"      {parameter.text}")
    if kind == "cases":
        rates = getattr(module, "EXPECTED", {})
        if rates:
            print("\nExpected orders: " + ", ".join(f"{s} {r:g}" for s, r in rates.items()))
        print(f"\nTry: wgflow run {given.name}")
    else:
        order = module.ORDER
        print(f"\nOrder: {order['space']} in space, {order['time']} in time")
        print(f"\nTry: wgflow run ornstein_uhlenbeck --solver {given.name}")
    return 0


def run(given: argparse.Namespace) -> int:
    """Solve a case and write the results."""
    from wgflow.io import save_solution

    case = catalog.load("cases", given.case)
    out = _directory(given)
    try:
        solution = _solve(given, case)
    except WgflowError as error:
        partial = getattr(error, "solution", None)
        if isinstance(partial, Solution) and partial.facts["steps"] > 0:
            named = _named(partial, given)
            save_solution(named, out, overwrite=given.overwrite)
            raise type(error)(f"{error} (what was computed is in {out})") from error
        raise
    save_solution(solution, out, overwrite=given.overwrite)
    print(_report(solution))
    print(f"written to {out}/")
    return 0


def converge(given: argparse.Namespace) -> int:
    """Measure the order of convergence of a solver on a case."""
    from wgflow.io import write_json
    from wgflow.verification import plan

    case = catalog.load("cases", given.case)
    problem = case.problem(**_settings(case.problem, given.set))
    solver = given.solver or getattr(case, "DEFAULT_SOLVER", None) or default_solver(problem)
    stated = plan(given.case, solver, given.variant)
    asked = {"refine": given.refine, "dt": given.dt, "until": given.until, "norm": given.norm}
    study = {**stated.study, **{k: v for k, v in asked.items() if v is not None}}
    if study["refine"] == "time":
        study["cells"] = given.cells or study["cells"][-1]
        if given.levels is not None and study["dt"] is not None:
            study["dt"] = [study["dt"] / 2**i for i in range(given.levels)]
    else:
        study["cells"] = _levels(study["cells"], given.cells, given.levels)
    changed = given.set or given.cells or given.levels or any(v is not None for v in asked.values())
    parameters = {**stated.parameters, **_settings(case.problem, given.set)}
    options = {**stated.options, **_options(solver, given.option)}
    expected = stated.expected if given.expected is None else given.expected
    plan_ = replace(
        stated,
        study=study,
        parameters=parameters,
        options=options,
        expected=expected,
        within=stated.within if given.within is None else given.within,
        finest_error=None if changed else stated.finest_error,
    )
    table = plan_.run()
    print(f"{table.case}, {plan_.method}")
    print(table.to_text(every_norm=True))
    if given.json:
        write_json(Path(given.json), table.to_json())
    if given.figure:
        from wgflow.convergence_plot import convergence_figure

        convergence_figure(table).savefig(given.figure)
    if expected is None:
        print("no order is stated for this pair: pass --expected to require one")
        return 0
    band = f"{expected:g} ± {table.within:g}"
    cap = f", finest error at most {table.finest_error:g}" if table.finest_error else ""
    print(f"{'passed' if table.passed else 'MISSED'}: order {table.rate:.3f}, expected {band}{cap}")
    return 0 if table.passed else 1


def verify(given: argparse.Namespace) -> int:
    """Run the matrix of cases and solvers; exit code 1 if anything fails."""
    import sys

    from wgflow import verification
    from wgflow.io import write_json

    def progress(number: int, count: int, plan: verification.Plan) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{number + 1}/{count} {plan.title}, {plan.method}")
            sys.stderr.flush()

    result = verification.verify(given.case or None, given.solver, progress=progress)
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    print(result.to_text())
    if given.json:
        write_json(Path(given.json), result.to_json())
    return 0 if result.passed else 1


def stationary(given: argparse.Namespace) -> int:
    """Find a stationary state of a case, or follow it over a parameter."""
    from wgflow.branch import branch
    from wgflow.io import write_json
    from wgflow.stationary import stationary as find

    case = catalog.load("cases", given.case)
    settings = _settings(case.problem, given.set)
    cells = _cells(given.cells)
    name = Path(given.case).stem
    if given.sweep is None:
        state = find(case.problem(**settings), cells=cells, stable=not given.saddles)
        print(f"{name}, {' x '.join(map(str, state.grid.shape))} cells: at rest\n{state.to_text()}")
        numbers = state.to_json()
    else:
        parameter, values = _sweep(given.sweep, case)
        found = branch(
            lambda value: case.problem(**{**settings, parameter: value}),
            values,
            parameter=parameter,
            cells=cells,
            stable=not given.saddles,
        )
        print(f"{name}: states at rest\n{found.to_text()}")
        numbers = found.to_json()
    if given.json:
        write_json(Path(given.json), {"case": name, **numbers})
    return 0


def _sweep(text: str, case: types.ModuleType) -> tuple[str, list[float]]:
    """Read a sweep such as beta=1:4:31."""
    name, _, rest = text.partition("=")
    try:
        first, last, count = rest.split(":")
        start, stop, points = float(first), float(last), int(count)
    except ValueError:
        raise InputError(f"--sweep {text!r}: write it as NAME=FROM:TO:COUNT") from None
    if not (points >= 2 and math.isfinite(start) and math.isfinite(stop) and start != stop):
        raise InputError(f"--sweep {text!r}: give two different ends and a COUNT of at least 2")
    catalog.bind(case.problem, {name: first})  # an unknown parameter is an error here
    return name, [start + (stop - start) * i / (points - 1) for i in range(points)]


def compare(given: argparse.Namespace) -> int:
    """Solve a network case and run finite networks beside it."""
    from wgflow import compare as comparing

    case = catalog.load("cases", given.case)
    defaults = getattr(case, "PARTICLES", {})
    chosen = {
        name: getattr(given, name)
        for name in ("particles", "step", "seeds", "seed", "batch", "dynamics")
        if getattr(given, name) is not None
    }
    settings = comparing.ParticleSettings(**{**defaults, **chosen})
    out = _directory(given)
    if case.problem(**_settings(case.problem, given.set)).network is None:
        raise InputError(
            f"{given.case} has no finite network to compare with: choose a network case "
            "with a finite dimension"
        )
    solution = _solve(given, case)
    print(_report(solution))
    steps = math.ceil(solution.time / settings.step)
    print(
        f"{settings.seeds} networks of {settings.particles} neurons, "
        f"{steps} steps of {settings.step:g} each ({settings.dynamics})"
    )
    comparison = comparing.compare(solution, settings, _Bar(settings.seeds))
    comparison.save(out, overwrite=given.overwrite)
    print(comparison.to_text())
    print(f"written to {out}/ (see comparison.png)")
    return 0


def study_coupling(given: argparse.Namespace) -> int:
    """Measure the distances between the density and the four coupled dynamics."""
    from wgflow.compare import moments_of, schedule_of
    from wgflow.particles import coupling_errors

    case = catalog.load("cases", given.case)
    problem: Problem = case.problem(**_settings(case.problem, given.set))
    if problem.network is None:
        raise InputError(f"{given.case} has no finite network: choose a network case")
    if given.seeds < 2:
        raise InputError(f"seeds = {given.seeds}: give at least 2, for the slopes' intervals")
    plan = getattr(case, "COUPLING", None)
    if plan is None:
        raise InputError(f"{given.case} states no sizes and steps for this study (COUPLING)")
    solver = given.solver or default_solver(problem)
    options = _options(solver, given.option)
    solution = solve(problem, solver, until=max(plan["times"]), options=options)
    table = coupling_errors(
        problem.network,
        moments_of(solution),
        plan["times"],
        plan["sizes"],
        plan["steps"],
        range(given.seeds),
        schedule_of(problem),
    )
    print(table.to_text())
    if given.json:
        Path(given.json).write_text(table.to_json(), encoding="utf-8")
    missed = table.missed()
    for slope in missed:
        print(f"MISSED: {slope}")
    return 1 if missed else 0


# --- pieces -----------------------------------------------------------------------------


def _solve(given: argparse.Namespace, case: types.ModuleType) -> Solution:
    problem: Problem = case.problem(**_settings(case.problem, given.set))
    solver = given.solver or getattr(case, "DEFAULT_SOLVER", None) or default_solver(problem)
    until = problem.until if given.until is None else given.until
    cells = _cells(given.cells) or getattr(case, "CELLS", None)
    solution = solve(
        problem,
        solver,
        cells=cells,
        until=until,
        dt=given.dt,
        tolerance=given.tolerance,
        snapshots=_snapshots(getattr(given, "snapshots", None), case, until),
        observers=[Progress(until, Path(given.case).stem)],
        options=_options(solver, given.option),
    )
    return _named(solution, given)


def _named(solution: Solution, given: argparse.Namespace) -> Solution:
    case = catalog.load("cases", given.case)
    parameters = {p.name: p.default for p in catalog.parameters(case.problem)}
    parameters.update(_settings(case.problem, given.set))
    return replace(
        solution,
        case=Path(given.case).stem,
        solver=Path(solution.solver).stem,
        parameters=parameters,
    )


def _report(solution: Solution) -> str:
    summary = solution.summary()
    cells = " x ".join(map(str, summary["cells"]))
    lines = [
        f"{summary['case']}, {summary['solver']}, {cells} cells: t = {summary['time']:g} in "
        f"{summary['steps']} steps, {summary['wall_seconds']:.2f} s",
        f"  mass    {summary['mass_final']:.15g} (largest change {summary['mass_max_error']:.1e}), "
        f"minimum {summary['minimum']:.3g}",
        f"  energy  {summary['energy_initial']:.8g} -> {summary['energy_final']:.8g}, "
        f"largest increase in a step {max(summary['energy_max_increase'], 0.0):.1e}",
    ]
    if "risk_initial" in summary:
        lines.append(f"  risk    {summary['risk_initial']:.6g} -> {summary['risk_final']:.6g}")
    if summary["errors"]:
        errors = ", ".join(f"{k} {v:.3e}" for k, v in summary["errors"].items())
        lines.append(f"  errors  {errors}")
    return "\n".join(lines)


def _directory(given: argparse.Namespace) -> Path:
    """Where to write; checked before anything is computed, made when there is a result."""
    from wgflow.io import check_directory, free_directory

    if given.out is None:
        return free_directory(Path(given.case).stem)
    return check_directory(Path(given.out), overwrite=given.overwrite)


def _pairs(texts: Sequence[str], flag: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InputError(f"{flag} {text!r}: write it as {flag} NAME=VALUE")
        pairs[key.strip()] = value.strip()
    return pairs


def _settings(function: Any, texts: Sequence[str]) -> dict[str, Any]:
    return catalog.bind(function, _pairs(texts, "--set"))


def _options(solver: str, texts: Sequence[str]) -> dict[str, Any]:
    return catalog.bind(catalog.load("solvers", solver).stepper, _pairs(texts, "--option"))


def _cells(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--cells {text!r}: give whole numbers like 400 or 128,64") from None


def _snapshots(text: str | None, case: types.ModuleType, until: float) -> int | list[float]:
    if text is not None:
        try:
            return [float(part) for part in text.split(",")]
        except ValueError:
            raise InputError(f"--snapshots {text!r}: give times like 0.1,1,5") from None
    stated = getattr(case, "SNAPSHOTS", None)
    return SNAPSHOTS if stated is None else [t for t in stated if t < until]


def _levels(planned: Sequence[int], first: int | None, count: int | None) -> list[int]:
    if first is None and count is None:
        return list(planned)
    if count is not None and count < 2:
        raise InputError(f"--levels {count}: give at least 2, an order needs two grids")
    return [(first or planned[0]) * 2**i for i in range(count or LEVELS)]


class _Bar:
    """A progress bar over the steps of several networks, on terminals only."""

    def __init__(self, runs: int) -> None:
        self._runs, self._run = runs, 0
        self._bar: Any = None

    def start(self, total: int) -> None:
        import sys

        from tqdm import tqdm

        self._run += 1
        self._bar = tqdm(
            total=total,
            desc=f"network {self._run}/{self._runs}",
            unit="step",
            unit_scale=True,
            disable=not sys.stderr.isatty(),
            leave=False,
        )

    def step(self, done: int) -> None:
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()

