"""Verification: the orders and invariants of every solver on every case that states them.

A case states in ``EXPECTED`` the order of each solver, in ``CONVERGENCE`` how grids and steps
are refined, in ``FINEST_ERROR`` what the error on the finest grid may be, and in ``VARIANTS`` the
same for other parameters, say more dimensions. A key of ``EXPECTED`` is a solver's name, followed
by options if it is not the default: ``"scharfetter_gummel time=euler"``.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from wgflow import catalog
from wgflow.convergence import ConvergenceTable, Reference, Refine, convergence
from wgflow.errors import InputError, WgflowError, nearest_first
from wgflow.problem import Problem

__all__ = ["Check", "Plan", "Verification", "check", "matrix", "plan", "verify"]

WITHIN = 0.3  # of the expected order
MASS_LIMIT = 1e-12
ENERGY_LIMIT = 1e-12  # increase in a step, relative to 1 + |F|
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

    def run(self) -> ConvergenceTable:
        """Run the study."""
        table = convergence(
            self.problem(), self.solver, case=self.title, options=self.options, **self.study
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
    options = catalog.bind(
        catalog.load("solvers", name).stepper, dict(cast(Any, w.split("=", 1)) for w in words)
    )
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
    study.setdefault("refine", cast(Refine, "both"))
    return study


def matrix(
    cases: Sequence[str] | None = None, solvers: Sequence[str] | None = None
) -> list[Plan]:
    """List the studies of all, or some, cases and solvers.

    Parameters
    ----------
    cases : sequence of str, optional
        Names or paths; all shipped ones by default.
    solvers : sequence of str, optional
        Names; all that a case states by default.
    """
    plans = []
    for case in catalog.names("cases") if cases is None else cases:
        module = catalog.load("cases", case)
        variants: Mapping[str, Any] = getattr(module, "VARIANTS", {})
        for variant in ["", *variants]:
            stated = {**getattr(module, "EXPECTED", {})}
            if variant:
                stated |= variants[variant].get("expected", {})
            names = variants[variant].get("solvers", tuple(stated)) if variant else tuple(stated)
            plans += [
                plan(case, name, variant)
                for name in names
                if solvers is None or name.split()[0] in solvers
            ]
    return plans


@dataclass(frozen=True)
class Check:
    """A study that was run, and why it failed, if it did."""

    plan: Plan
    table: ConvergenceTable | None
    failures: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def worst(self, fact: str) -> float:
        """Worst value of a fact over the levels: the least minimum, else the largest."""
        if self.table is None:
            return math.nan
        choose = min if fact == "minimum" else max
        return float(choose(level.facts[fact] for level in self.table.levels))

    def to_json(self) -> dict[str, Any]:
        """Give the numbers."""
        return {
            "case": self.plan.case,
            "variant": self.plan.variant,
            "solver": self.plan.method,
            "expected": self.plan.expected,
            "within": self.plan.within,
            "finest_error_limit": self.plan.finest_error,
            "table": None if self.table is None else self.table.to_json(),
            "failures": list(self.failures),
            "passed": self.passed,
        }


def check(study: Plan) -> Check:
    """Run a study and look at order, error, mass, sign and energy."""
    try:
        table = study.run()
    except WgflowError as error:
        return Check(study, None, (f"failed: {error}",))
    failures = []
    if study.expected is not None and not abs(table.rate - study.expected) <= study.within:
        failures.append(f"order {table.rate:.2f}, not {study.expected:g} ± {study.within:g}")
    if study.finest_error is not None and not table.error <= study.finest_error:
        failures.append(f"error {table.error:.2e} above {study.finest_error:g}")
    result = Check(study, table)
    if not result.worst("mass_error") <= MASS_LIMIT:
        failures.append(f"mass changes by {result.worst('mass_error'):.1e}")
    if not result.worst("minimum") >= 0:
        failures.append(f"negative density {result.worst('minimum'):.1e}")
    increases = [
        level.facts["energy_max_increase"] / (1 + level.facts["energy_scale"])
        for level in table.levels
    ]
    if not max(increases) <= ENERGY_LIMIT:
        failures.append(f"energy increases by {result.worst('energy_max_increase'):.1e}")
    return Check(study, table, tuple(failures))


@dataclass(frozen=True)
class Verification:
    """All studies of a matrix."""

    checks: tuple[Check, ...] = field(default_factory=tuple)

    @property
    def passed(self) -> bool:
        """Whether all passed."""
        return all(each.passed for each in self.checks)

    def to_text(self) -> str:
        """Give one table, a line a study, with the failures below it."""
        wide = max([len(c.plan.title) for c in self.checks] + [4])
        width = max([len(c.plan.method) for c in self.checks] + [6])
        head = (
            f"{'case':<{wide}} {'solver':<{width}} {'order':>7} {'expected':>12} "
            f"{'finest error':>12} {'limit':>8} {'mass error':>10} {'minimum':>9} "
            f"{'energy':>9}"
        )
        lines = [head, "-" * len(head)]
        for each in self.checks:
            plan_ = each.plan
            rate = math.nan if each.table is None else each.table.rate
            error = math.nan if each.table is None else each.table.error
            band = "" if plan_.expected is None else f"{plan_.expected:g} ± {plan_.within:g}"
            cap = "" if plan_.finest_error is None else f"{plan_.finest_error:g}"
            lines.append(
                f"{plan_.title:<{wide}} {plan_.method:<{width}} {rate:>7.3f} {band:>12} "
                f"{error:>12.3e} {cap:>8} {each.worst('mass_error'):>10.1e} "
                f"{each.worst('minimum'):>9.1e} {each.worst('energy_max_increase'):>9.1e}"
                + ("" if each.passed else "  FAILED")
            )
        for each in self.checks:
            reasons = "; ".join(each.failures)
            if reasons:
                lines.append(f"FAILED {each.plan.title}, {each.plan.method}: {reasons}")
        passed = sum(each.passed for each in self.checks)
        return "\n".join([*lines, f"{passed} of {len(self.checks)} passed"])

    def to_json(self) -> dict[str, Any]:
        """Give what ``wgflow verify --json`` writes."""
        return {"passed": self.passed, "checks": [each.to_json() for each in self.checks]}


def verify(
    cases: Sequence[str] | None = None,
    solvers: Sequence[str] | None = None,
    *,
    progress: Callable[[int, int, Plan], object] | None = None,
) -> Verification:
    """Run the matrix of cases and solvers.

    Parameters
    ----------
    cases, solvers : sequence of str, optional
        As in :func:`matrix`.
    progress : callable, optional
        Called before each study with its number, how many there are, and the study.

    Raises
    ------
    InputError
        If a name is not known, or nothing is left to run.
    """
    plans = matrix(cases, solvers)
    if not plans:
        raise InputError("no case states an order for these solvers: name others, or none")
    checks = []
    for number, each in enumerate(plans):
        if progress is not None:
            progress(number, len(plans), each)
        checks.append(check(each))
    return Verification(tuple(checks))
