"""Verification: the orders and invariants of every solver on every case that states them.

A case states in ``EXPECTED`` the order of each solver, in ``CONVERGENCE`` how grids and steps
are refined, in ``FINEST_ERROR`` what the error on the finest grid may be, and in ``VARIANTS`` the
same for other parameters, say more dimensions. A key of ``EXPECTED`` is a solver's name, followed
by options if it is not the default: ``"scharfetter_gummel time=euler"``.

Mass, sign and energy are checked on every level; the energy unless the solver's file says
``ENERGY_LAW = False``. Of minimizing movements the energy law W²/(2 tau s) + F(new) <= F(old) of
each step is checked too, in the form that the scheme states.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wgflow.convergence.invariants import invariants, promises_energy
from wgflow.convergence.plans import Plan, matrix, plan
from wgflow.convergence.table import ConvergenceTable
from wgflow.errors import InputError, WgflowError

__all__ = ["Check", "Plan", "Verification", "check", "matrix", "plan", "verify"]


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
    promised = promises_energy(study.solver)
    found = invariants([level.facts for level in table.levels], promised)
    failures += [each.failure for each in found if each.passed is False]
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

    def columns(self) -> dict[str, list[float | str]]:
        """Give the table, a row a study."""
        found: dict[str, list[float | str]] = {}
        for each in self.checks:
            plan_, table = each.plan, each.table
            row: dict[str, float | str] = {
                "case": plan_.title,
                "solver": plan_.method,
                "order": math.nan if table is None else table.rate,
                "expected": "" if plan_.expected is None else f"{plan_.expected:g}",
                "within": plan_.within,
                "finest_error": math.nan if table is None else table.error,
                "limit": math.nan if plan_.finest_error is None else plan_.finest_error,
                "mass_error": each.worst("mass_error"),
                "minimum": each.worst("minimum"),
                "energy_max_increase": each.worst("energy_max_increase"),
                "result": "; ".join(each.failures) or "passed",
            }
            for name, value in row.items():
                found.setdefault(name, []).append(value)
        return found

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
