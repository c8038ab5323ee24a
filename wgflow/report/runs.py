"""The page of a run: what was solved, what came out, whether it holds to what was promised."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wgflow.convergence.invariants import Invariant, invariants, promises_energy
from wgflow.io import as_numbers
from wgflow.observers import BoundaryMass
from wgflow.report import parts
from wgflow.report.drawings import image
from wgflow.report.elements import Html, Verdict, figure, number, section, table
from wgflow.report.folder import Folder

if TYPE_CHECKING:
    from wgflow.report.figures import Drawings
    from wgflow.solution import Solution

__all__ = ["checks_of", "run_sections", "run_top", "top_of"]

BOUNDARY = "outermost cells"  # words of the warning of BoundaryMass


def run_top(folder: Folder, solution: Solution | None) -> Html:
    """Give the top of the page of a run."""
    summary = folder.summary
    title = f"{summary['case'] or 'A run'}, {summary['solver'] or 'own stepper'}"
    return top_of(folder, title, checks_of(folder, solution))


def top_of(folder: Folder, title: str, checks: list[Invariant], missed: Sequence[str] = ()) -> Html:
    """Give the top of a page about a solution; ``missed`` are slopes beside the invariants."""
    summary = folder.summary
    strip = {
        "cells": " × ".join(map(str, summary["cells"])),
        "final time": number(summary["time"]),
        "steps": str(summary["steps"]),
        "duration": f"{number(summary['wall_seconds'], 3)} s",
        "ranks": str(summary["ranks"]),
    }
    return parts.head(folder, title, _judged(summary, checks, missed), strip)


def run_sections(
    folder: Folder, solution: Solution | None, drawings: Drawings
) -> Iterator[tuple[str, Html]]:
    """Give the sections of the page of a run, one after the other."""
    summary = folder.summary
    yield section("Equation", parts.equation(folder))
    shown = list(drawings) or list(_stored(folder))
    yield section("Figures", *shown, *_predictor(folder))
    yield section("Checks", _table(checks_of(folder, solution)), _values(summary), _errors(summary))
    function = None if folder.case is None else folder.case.problem
    yield section(
        "Parameters", parts.settings(summary["parameters"], function, "Parameters of the case")
    )
    yield section("The case", parts.about_case(folder))
    yield section("Method", parts.method(folder))
    yield section("Provenance", parts.provenance(folder), parts.files(folder))


def checks_of(folder: Folder, solution: Solution | None) -> list[Invariant]:
    """Judge the invariants of a run by the limits of ``wgflow verify``."""
    summary = folder.summary
    energies = [abs(float(v)) for v in folder.columns("history.csv")["energy"]]
    found = {
        "mass_error": summary["mass_max_error"],
        "minimum": summary["minimum"],
        "energy_max_increase": summary["energy_max_increase"],
        "energy_law": summary.get("energy_law", -math.inf),
    }
    facts = {name: float(value) for name, value in as_numbers(found).items()}
    facts["energy_scale"] = max(energies)
    solver = summary.get("solver_file") or summary["solver"]
    problem = None if solution is None else solution.problem
    judged = invariants([facts], promises_energy(solver, problem))
    warned = any(BOUNDARY in text for text in summary["warnings"])
    limit = f"≤ {BoundaryMass.LIMIT:.0e} of the mass"
    name = "mass in the outermost cells where the domain was cut"
    outside = Invariant(name, math.nan, limit, not warned, "the domain is too small")
    return [*judged, outside]


def _judged(
    summary: Mapping[str, Any], checks: list[Invariant], missed: Sequence[str]
) -> tuple[Verdict, str]:
    """Say how the run went, in one line."""
    count = sum(each.passed is not None for each in checks)
    failed = [each for each in checks if each.passed is False]
    warnings = summary["warnings"]
    if summary["status"] != "finished":
        plural = "" if summary["steps"] == 1 else "s"
        where = f"at t = {number(summary['time'])} after {summary['steps']} step{plural}"
        why = summary.get("error")
        told = f"{where}: {why}" if why else where
        return "bad", f"{summary['status']} {told} (below: the results up to then)"
    if missed:
        return "bad", f"MISSED: {' and '.join(missed)} falls more slowly than N^(-1/2)"
    if any(each.name.startswith("mass in the outermost") for each in failed) and len(failed) == 1:
        return "note", f"finished, {count - 1} of {count} checks passed: {failed[0].failure}"
    if failed:
        told = "; ".join(each.failure for each in failed)
        return "bad", f"finished, {len(failed)} of {count} checks FAILED: {told}"
    if warnings:
        plural = "s" if len(warnings) > 1 else ""
        return "note", f"finished, all {count} checks passed, with {len(warnings)} warning{plural}"
    return "good", f"finished, all {count} checks passed"


def _table(checks: list[Invariant]) -> Html:
    rows = [
        (
            each.name,
            "no warning" if each.passed and math.isnan(each.value) else number(each.value, 3),
            each.limit,
            "–" if each.passed is None else each.passed,
        )
        for each in checks
    ]
    caption = "Invariants, with the limits of wgflow verify"
    return table(caption, ("invariant", "worst value", "limit", "result"), rows)


def _values(summary: Mapping[str, Any]) -> Html:
    rows = [
        (name, number(summary[f"{key}_initial"], 9), number(summary[f"{key}_final"], 9))
        for key, name in (
            ("mass", "mass"), ("energy", "free energy F"), ("risk", "population risk"),
        )
        if f"{key}_initial" in summary
    ]  # fmt: skip
    return table("Initial and final values", ("quantity", "start", "end"), rows, (1, 2))


def _errors(summary: Mapping[str, Any]) -> Html:
    if summary["status"] != "finished":
        return Html("")  # they are measured at the end
    if not summary["errors"]:
        return Html("<p>No exact solution is known to measure errors against.</p>")
    rows = [(name, number(value, 4)) for name, value in summary["errors"].items()]
    caption = f"Distance to the exact solution at t = {number(summary['time'])}"
    return table(caption, ("norm", "error"), rows, (1,))


def _stored(folder: Folder) -> Iterator[Html]:
    """Show the figure that the run has drawn, where its densities cannot be read."""
    path = folder.path / "figure.png"
    if path.exists():
        drawn = image(path, "Density and history of the run.", coloured=True)
        yield figure(drawn, "As drawn by the run.")


def _predictor(folder: Folder) -> Iterator[Html]:
    path = folder.path / "predictor.png"
    if path.exists():
        plane = "x2" in folder.columns("predictor.csv")  # then values are told by colour
        alt = "Predictions of the network, with the samples."
        yield figure(image(path, alt, coloured=plane), "Predictions of the trained network.")
