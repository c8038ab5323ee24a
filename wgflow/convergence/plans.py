"""What a case states about the orders of solvers, as studies that can be run."""

from __future__ import annotations

import importlib.util
import logging
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wgflow import catalog
from wgflow.convergence.study import Reference, convergence
from wgflow.convergence.table import ConvergenceTable
from wgflow.errors import InputError, nearest_first
from wgflow.problem import Problem

__all__ = ["Plan", "matrix", "missing", "plan"]

logger = logging.getLogger(__name__)

WITHIN = 0.3  # of the expected order
KEYS = ("cells", "dt", "norm", "reference", "refine", "until")  # of CONVERGENCE
CELLS = {1: (50, 100, 200, 400), 2: (16, 32, 64), 3: (8, 12, 16), 4: (6, 8, 10)}


@dataclass(frozen=True)
class Plan:
    """One refinement study: what is run and what is expected of it.

    Attributes
    ----------
    case, variant : str
        Name or path of the case, and one of its ``VARIANTS``; empty for its defaults.
    solver : str
        Name or path.
    parameters, options : dict
        Of the case and of the solver.
    study : dict
        Further arguments of :func:`wgflow.convergence`.
    expected : float or None
        Order.
    within : float
    finest_error : float or None
    """

    case: str
    variant: str
    solver: str
    parameters: Mapping[str, Any]
    options: Mapping[str, Any]
    study: Mapping[str, Any]
    expected: float | None
    within: float = WITHIN
    finest_error: float | None = None

    @property
    def title(self) -> str:
        """Case and variant, in words."""
        name = Path(self.case).stem
        return f"{name} {self.variant}" if self.variant else name

    @property
    def method(self) -> str:
        """Solver and options, in words."""
        return " ".join([Path(self.solver).stem, *(f"{k}={v}" for k, v in self.options.items())])

    def problem(self) -> Problem:
        """Make the problem."""
        made: Problem = catalog.load("cases", self.case).problem(**self.parameters)
        return made

    def run(self, progress: Callable[[int], object] | None = None) -> ConvergenceTable:
        """Run the study; ``progress`` is called with the level's number before each level."""
        table = convergence(
            self.problem(),
            self.solver,
            case=self.title,
            options=self.options,
            progress=progress,
            **self.study,
        )
        return table.expecting(self.expected, self.within, self.finest_error)


def plan(case: str, solver: str, variant: str = "") -> Plan:
    """Read from a case how a solver is verified on it.

    Parameters
    ----------
    case : str
        Name or path.
    solver : str
        Name or path, with options after spaces.
    variant : str
        One of the case's ``VARIANTS``, or empty.

    Raises
    ------
    InputError
        If case, solver or variant are not known.

    Examples
    --------
    >>> chosen = plan("ornstein_uhlenbeck", "upwind")
    >>> chosen.expected, chosen.study["cells"]
    (1.0, (50, 100, 200, 400))
    """
    module = catalog.load("cases", case)
    variants: Mapping[str, Any] = getattr(module, "VARIANTS", {})
    if variant and variant not in variants:
        listed = ", ".join(nearest_first(variant, variants)) or "none"
        raise InputError(f"{case} has no variant {variant!r}; its variants are: {listed}")
    chosen = variants[variant] if variant else {}
    name, *words = solver.split()
    given = {key: value for key, _, value in (word.partition("=") for word in words)}
    options = catalog.bind(catalog.load("solvers", name).stepper, given)
    parameters = dict(chosen.get("set", {}))
    caps = chosen.get("finest_error", {}) if variant else getattr(module, "FINEST_ERROR", {})
    orders = {**getattr(module, "EXPECTED", {}), **chosen.get("expected", {})}
    key = " ".join([Path(name).stem, *words])
    return Plan(
        case=case,
        variant=variant,
        solver=name,
        parameters=parameters,
        options=options,
        study=_study(module, chosen, parameters, key),
        expected=orders.get(key),
        within=chosen.get("within", getattr(module, "WITHIN", WITHIN)),
        finest_error=caps.get(key),
    )


def _study(
    module: types.ModuleType, chosen: Mapping[str, Any], parameters: Mapping[str, Any], key: str
) -> dict[str, Any]:
    """Arguments of the convergence study of one solver."""
    stated: dict[str, Any] = chosen.get("convergence", getattr(module, "CONVERGENCE", {}))
    unknown = [k for k in stated if k not in KEYS]
    if unknown:
        raise InputError(
            f"{module.__name__}: CONVERGENCE has {unknown[0]!r}; it may have {', '.join(KEYS)}"
        )
    study = {k: v for k, v in stated.items() if k not in ("dt", "reference")}
    if "norm" not in study:
        study["norm"] = getattr(module, "NORM", "L1")
    if "cells" not in study:
        study["cells"] = CELLS[module.problem(**parameters).domain.dimension]
    steps = stated.get("dt", {})
    study["dt"] = steps.get(key, steps.get(key.split()[0]))
    if "reference" in stated:
        study["reference"] = Reference(**stated["reference"])
    study.setdefault("refine", "both")
    return study


def missing(solver: str) -> str:
    """Name the packages of a solver's ``REQUIRES`` that are not installed."""
    required = getattr(catalog.load("solvers", solver), "REQUIRES", ())
    return ", ".join(name for name in required if importlib.util.find_spec(name) is None)


def matrix(cases: Sequence[str] | None = None, solvers: Sequence[str] | None = None) -> list[Plan]:
    """List the studies of all, or some, cases and solvers.

    Parameters
    ----------
    cases : sequence of str, optional
        Names or paths; all shipped ones by default.
    solvers : sequence of str, optional
        Names; all that a case states by default.
    """
    plans = []
    known = catalog.names("solvers")
    for solver in solvers or ():
        catalog.find("solvers", solver)  # an unknown one is an error here
    for case in catalog.names("cases") if cases is None else cases:
        module = catalog.load("cases", case)
        variants: Mapping[str, Any] = getattr(module, "VARIANTS", {})
        for variant in ["", *variants]:
            stated = {**getattr(module, "EXPECTED", {})}
            if variant:
                stated |= variants[variant].get("expected", {})
            names = variants[variant].get("solvers", tuple(stated)) if variant else tuple(stated)
            for name in names:
                solver = name.split()[0]
                if solver not in known:
                    logger.warning("%s states an order for %s, which is not a solver", case, solver)
                elif missing(solver):
                    logger.warning("%s is skipped: it needs %s", solver, missing(solver))
                elif solvers is None or solver in solvers:
                    plans.append(plan(case, name, variant))
    return plans
