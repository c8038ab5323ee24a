"""What every run must hold to: mass, sign, free energy, and the limits to which they are held."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wgflow import catalog
from wgflow.energies import Energy
from wgflow.errors import InputError
from wgflow.problem import Problem

__all__ = ["ENERGY_LIMIT", "MASS_LIMIT", "Invariant", "invariants", "promises_energy"]

MASS_LIMIT = 1e-12
ENERGY_LIMIT = 1e-12  # increase in a step, relative to 1 + |F|


@dataclass(frozen=True)
class Invariant:
    """What was found of an invariant.

    Attributes
    ----------
    name : str
    value : float
        The worst.
    limit : str
        What it is held to, in words and numbers.
    passed : bool or None
        None where nothing is promised.
    failure : str
        What to say if it failed.
    """

    name: str
    value: float
    limit: str
    passed: bool | None
    failure: str


def invariants(runs: Sequence[Mapping[str, float]], promised: bool | None) -> list[Invariant]:
    """Judge the invariants of some runs of one solver.

    Parameters
    ----------
    runs : sequence of mappings
        Of each mass_error, minimum, energy_max_increase, energy_scale (the largest |F|), and
        energy_law, which is -inf for what is no minimizing movement.
    promised : bool or None
        Whether the free energy must not rise; None if that is not known.
    """
    mass, minimum = max(r["mass_error"] for r in runs), min(r["minimum"] for r in runs)
    increase = max(r["energy_max_increase"] for r in runs)
    law = max(r["energy_law"] for r in runs)
    held = {
        name: max(r[name] / (1 + r["energy_scale"]) for r in runs) <= ENERGY_LIMIT
        for name in ("energy_max_increase", "energy_law")
    }
    energy = f"≤ {ENERGY_LIMIT:.0e} (1 + |F|)"
    found = [
        Invariant(
            "largest change of the mass", mass, f"≤ {MASS_LIMIT:.0e}",
            mass <= MASS_LIMIT, f"mass changes by {mass:.1e}",
        ),
        Invariant(
            "smallest density", minimum, "≥ 0",
            minimum >= 0, f"negative density {minimum:.1e}",
        ),
        Invariant(
            "largest rise of the free energy in a step", increase,
            energy if promised else "not promised" if promised is False else "not known",
            held["energy_max_increase"] if promised else None,
            f"energy increases by {increase:.1e}",
        ),
    ]  # fmt: skip
    if law != -math.inf:
        failure = f"energy law missed by {law:.1e}"
        name = "largest excess of W²/(2τs) + F(new) - F(old)"
        found.append(Invariant(name, law, energy, held["energy_law"], failure))
    return found


def promises_energy(solver: str, problem: Problem | None = None) -> bool | None:
    """Whether the free energy of a solver's density must not rise in a step.

    Parameters
    ----------
    solver : str
        Name or path; of what has no file None is returned.
    problem : Problem, optional
        With a potential that depends on time the energy may rise.
    """
    try:
        stated: bool = getattr(catalog.load("solvers", solver), "ENERGY_LAW", True)
    except InputError:
        return None
    if problem is None:
        return stated
    terms = problem.energy.terms if isinstance(problem.energy, Energy) else (problem.energy,)
    return stated and not any(getattr(term, "time_dependent", False) for term in terms)
