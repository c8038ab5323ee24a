"""What summary.json holds."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

import numpy as np

from wgflow._version import __version__
from wgflow.parallel import SERIAL, Communicator, library_versions

if TYPE_CHECKING:
    from wgflow.solution import Solution

__all__ = ["FACTS", "summary_of", "versions"]

# what summary.json tells of the run itself, not of what it gave
OF_THE_RUN = (
    *("error", "started", "command", "case_file", "ranks", "versions", "equation", "samples"),
)
# of Solution.facts, those in summary.json itself; what the method tells besides is in its "facts"
ALWAYS = ("steps", "rejections", "wall_seconds", "mass_max_error", "minimum", "energy_max_increase")
# of minimizing movements, and of cells that follow the density
SOMETIMES = ("energy_law", "follow", "remaps", "remap_energy", "window_mass")
FACTS = (*ALWAYS, *SOMETIMES)


def summary_of(solution: Solution) -> dict[str, Any]:
    """Give the content of ``summary.json``; collective."""
    history = solution.history
    summary = {
        "case": solution.case,
        "solver": solution.solver,
        "parameters": dict(solution.parameters),
        "options": dict(solution.options),
        "cells": list(solution.cells),
        "ranks": solution.grid.comm.size,
        "steps": solution.facts["steps"],
        "rejections": solution.facts["rejections"],
        "time": solution.time,
        "wall_seconds": solution.facts["wall_seconds"],
        "status": solution.status,
        "converged": solution.status == "finished",
        "error": None,
        "mass_initial": float(history["mass"][0]),
        "mass_final": float(history["mass"][-1]),
        "mass_max_error": solution.facts["mass_max_error"],
        "minimum": solution.facts["minimum"],
        "energy_initial": float(history["energy"][0]),
        "energy_final": float(history["energy"][-1]),
        "energy_max_increase": solution.facts["energy_max_increase"],
        "errors": solution.errors,
        "warnings": list(solution.warnings),
        "versions": versions(solution.grid.comm),
        "equation": None if solution.problem is None else solution.problem.equation,
        "started": None,
        "command": None,
        "case_file": None,
    }
    if solution.problem is not None and solution.problem.samples:
        summary["samples"] = solution.problem.samples
    summary |= {name: solution.facts[name] for name in SOMETIMES if name in solution.facts}
    if "risk" in history:
        summary["risk_initial"] = float(history["risk"][0])
        summary["risk_final"] = float(history["risk"][-1])
    summary["facts"] = {key: v for key, v in solution.facts.items() if key not in FACTS}
    return summary | {key: solution.record[key] for key in OF_THE_RUN if key in solution.record}


def versions(comm: Communicator = SERIAL) -> dict[str, str | None]:
    """Versions of what a result depends on; None for what took no part."""
    import scipy

    return {
        "wgflow": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        **library_versions(comm),
    }
