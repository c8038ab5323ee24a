"""The command that prints the page of a case or a solver."""

from __future__ import annotations

import argparse
import shutil
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wgflow import catalog
from wgflow.commands.inputs import settings_of
from wgflow.errors import InputError, nearest_first
from wgflow.formulas import formula, terminal
from wgflow.problem import Problem
from wgflow.solve import DEFAULT_CELLS, default_solver

__all__ = ["describe"]

LONGEST_LINE = 100  # a wider window makes text no easier to read
NARROWEST = 40


def describe(given: argparse.Namespace) -> int:
    """Print the page of a case or a solver, filled to the width of the terminal."""
    kind, module = _found(given.name)
    width = min(max(shutil.get_terminal_size((LONGEST_LINE, 24)).columns, NARROWEST), LONGEST_LINE)
    title = catalog.describe(module)
    if kind == "cases":
        parts = list(_case(given, module, width))  # settings are refused before a line is said
    elif given.set:
        raise InputError(f"--set {given.set[0]}: {given.name} is a solver and has no parameters")
    else:
        parts = list(_solver(given.name, module, width))
    print(terminal(f"{Path(given.name).stem}: {title}.", width))
    for part in parts:
        if part:
            print(f"\n{part}")
    return 0


def _found(name: str) -> tuple[catalog.Kind, types.ModuleType]:
    """Load what a name or a path stands for, a case or a solver."""
    kinds: tuple[catalog.Kind, ...] = ("cases", "solvers")
    known = {each: kind for kind in reversed(kinds) for each in catalog.names(kind)}
    if name in known:
        return known[name], catalog.load(known[name], name)
    if not catalog.is_path(name):
        listed = ", ".join(nearest_first(name, known))
        raise InputError(f"unknown case or solver '{name}': known, nearest first: {listed}")
    try:
        return "cases", catalog.load("cases", name)
    except InputError as error:
        try:
            return "solvers", catalog.load("solvers", name)
        except InputError:
            raise error from None


def _prose(module: types.ModuleType, width: int) -> str:
    """Give the docstring without its first line."""
    text = (module.__doc__ or "").strip()
    return terminal(text.partition("\n")[2].strip("\n"), width)


def _settings(head: str, entry: Any, width: int) -> str:
    """List parameters or options: what they are, and what they may be."""
    found = catalog.parameters(entry)
    if not found:
        return ""
    lines = [head]
    for each in found:
        default = "required" if each.required else each.default
        lines.append(f"  {each.name} = {default}  [{each.expected}]")
        if each.text:
            text = terminal(each.text, width - 6)
            lines += [f"      {line}" for line in text.split("\n")]
    return "\n".join(lines)


def _listed(head: str, lines: Sequence[str]) -> str:
    return "\n  ".join([head, *lines]) if lines else ""


# --- cases -------------------------------------------------------------------------------------


def _case(given: argparse.Namespace, case: types.ModuleType, width: int) -> Iterator[str]:
    """Give the parts of the page of a case."""
    try:
        problem: Problem | None = case.problem(**settings_of(case.problem, given.set))
    except InputError:
        if given.set:
            raise
        problem = None  # one that needs a setting
    if problem is not None:
        yield f"    {formula(problem.equation)}\n    {formula(problem.free_energy)}"
    yield _prose(case, width)
    yield _settings(
        "Parameters (--set NAME=VALUE), dimensionless unless a unit is named:", case.problem, width
    )
    if problem is not None:
        yield _run(case, problem)
    yield _orders(case)
    yield _variants(case, width)
    yield _listed("Examples:", _case_examples(given, case, problem))


def _run(case: types.ModuleType, problem: Problem) -> str:
    """Say what a run takes where nothing is said."""
    solver = getattr(case, "DEFAULT_SOLVER", None) or default_solver(problem)
    lines = [f"solver     {solver}"]
    lines.append(f"cells      {' x '.join(map(str, _cells(case, problem)))}")
    lines.append(f"until      t = {problem.until:g}")
    if problem.network is not None:
        own = getattr(case, "PARTICLES", {})
        words = ", ".join(f"{key} = {value}" for key, value in own.items())
        lines.append(f"networks   {words or 'yes'} (wgflow compare)")
    lines += _samples(problem)
    known = ["the exact density"] if problem.exact is not None else []
    known += [f"exact values of: {', '.join(problem.reference)}"] if problem.reference else []
    if known:
        lines.append(f"known      {'; '.join(known)}")
    return _listed("Defaults of a run:", lines)


def _samples(problem: Problem) -> list[str]:
    """Say how many samples there are, and what neurons see of their inputs."""
    marks = problem.samples
    if not marks:
        return []
    parts = list(zip(marks.get("centre", ()), marks.get("scale", ()), strict=True))
    names = ["x"] if len(parts) == 1 else [f"x{k + 1}" for k in range(len(parts))]
    seen = [
        f"{name} -> ({name} - {centre:.6g})/{scale:.6g}"
        for name, (centre, scale) in zip(names, parts, strict=True)
    ]
    return [f"samples    {marks['count']}" + (f", seen as {', '.join(seen)}" if seen else "")]


def _cells(case: types.ModuleType, problem: Problem) -> list[int]:
    dimension = problem.domain.dimension
    cells = getattr(case, "CELLS", None) or DEFAULT_CELLS[dimension - 1]
    return [cells] * dimension if isinstance(cells, int) else list(cells)


def _orders(case: types.ModuleType) -> str:
    """List the orders that are stated, with the refinement that shows them."""
    from wgflow.convergence.plans import plan

    rates: Mapping[str, float] = getattr(case, "EXPECTED", {})
    lines = []
    for name, rate in rates.items():
        try:
            study = plan(str(case.__file__), name)
        except InputError:  # a solver that is not at hand, such as one of the user's own
            lines.append(f"{name:<28} {rate:g}")
        else:
            lines.append(f"{name:<28} {rate:g} ± {study.within:g}  {_path(study.study)}")
    return _listed("Expected orders (wgflow converge), error and refinement:", lines)


def _path(study: Mapping[str, Any]) -> str:
    """Say in words how cells and steps are refined."""
    cells = study["cells"]
    grids = f"{cells} cells" if isinstance(cells, int) else f"{', '.join(map(str, cells))} cells"
    words = [f"{study['norm']}: {grids}"]
    if study["refine"] != "both":
        words.append(f"in {study['refine']} alone")
    if study["dt"] is not None:
        words.append(f"dt from {study['dt']:g}")
    if "until" in study:
        words.append(f"to t = {study['until']:g}")
    return ", ".join(words)


def _variants(case: types.ModuleType, width: int) -> str:
    variants: Mapping[str, Any] = getattr(case, "VARIANTS", {})
    lines = []
    for name, variant in variants.items():
        changes = ", ".join(f"{key}={value}" for key, value in variant.get("set", {}).items())
        line = f'"{name}"' + (f": {changes}" if changes else "")
        lines.append(line if len(line) <= width - 2 else f"{line[: width - 5]}...")
    return _listed("Variants (wgflow converge --variant NAME):", lines)


def _case_examples(
    given: argparse.Namespace, case: types.ModuleType, problem: Problem | None
) -> list[str]:
    """Give command lines that suit the case."""
    name = given.name
    lines = [f"wgflow run {name}"]
    setting = next((p for p in catalog.parameters(case.problem) if type(p.default) is float), None)
    if setting is not None and problem is not None and setting.default < float("inf"):
        half = ",".join(str(count // 2) for count in _cells(case, problem))
        lines.append(f"wgflow run {name} --set {setting.name}={setting.default:g} --cells {half}")
    rates = getattr(case, "EXPECTED", {})
    variants = getattr(case, "VARIANTS", {})
    if rates:
        lines.append(f"wgflow converge {name} --solver {next(iter(rates)).split()[0]}")
    elif variants:
        first = next(iter(variants))
        solver = next(iter(variants[first].get("expected", {"muscl": 2})))
        lines.append(f'wgflow converge {name} --variant "{first}" --solver {solver.split()[0]}')
    if problem is not None and problem.network is not None:
        lines.append(f"wgflow compare {name}")
        if hasattr(case, "COUPLING"):
            lines.append(f"wgflow study coupling {name}")
    if hasattr(case, "CRITICAL"):
        lines.append(f"wgflow study critical {name}")
    if problem is not None and default_solver(problem) == "scharfetter_gummel":
        lines.append(f"wgflow stationary {name}")
    return lines


# --- solvers -----------------------------------------------------------------------------------


def _solver(name: str, solver: types.ModuleType, width: int) -> Iterator[str]:
    """Give the parts of the page of a solver."""
    order = solver.ORDER
    yield f"Order: {order['space']} in space, {order['time']} in time."
    yield _prose(solver, width)
    yield _settings("Options (--option NAME=VALUE):", solver.stepper, width)
    stated = _stating(Path(name).stem)
    yield _listed("Cases that state its order:", [", ".join(stated)] if stated else [])
    case = stated[0] if stated else "ornstein_uhlenbeck"
    required = "" if stated else f" --expected {order['space']}"
    lines = [
        f"wgflow run {case} --solver {name}",
        f"wgflow converge {case} --solver {name}{required}",
    ]
    yield _listed("Examples:", lines)


def _stating(solver: str) -> list[str]:
    """Name the cases that state an order of a solver, the simplest first."""
    known = catalog.names("cases")
    found = [
        name
        for name in known
        if any(key.split()[0] == solver for key in getattr(_load(name), "EXPECTED", {}))
    ]
    first = ["ornstein_uhlenbeck", "cosine_neuron", "quadratic_attraction"]
    return sorted(found, key=lambda name: (first.index(name) if name in first else 9, name))


def _load(name: str) -> types.ModuleType:
    return catalog.load("cases", name)
