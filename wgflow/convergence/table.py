"""The result of a refinement study: errors and observed orders."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wgflow.errors import WgflowError

__all__ = ["ConvergenceTable", "Level"]


@dataclass(frozen=True)
class Level:
    """One refinement level.

    Attributes
    ----------
    cells : tuple of int
    dt : float
        Largest step taken.
    error : float
        In the table's norm.
    rate : float or None
        Observed order relative to the previous level.
    errors : dict
        Errors in every norm available on the grid.
    facts : dict
        mass_error, minimum, energy_max_increase, energy_law, energy_scale, steps, wall_seconds.
    """

    cells: tuple[int, ...]
    dt: float
    error: float
    rate: float | None
    errors: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ConvergenceTable:
    """Errors and observed orders on a sequence of levels."""

    case: str
    solver: str
    norm: str
    levels: tuple[Level, ...]
    expected: float | None = None
    within: float = 0.3
    finest_error: float | None = None
    refine: str = "both"

    @property
    def rate(self) -> float:
        """Observed order between the two finest levels."""
        rate = self.levels[-1].rate
        return math.nan if rate is None else rate

    @property
    def error(self) -> float:
        """Error on the finest level."""
        return self.levels[-1].error

    @property
    def passed(self) -> bool:
        """Whether the order is within the band around the expected one, and the error small.

        Both sides count: an order far above the expected one means that the error measured
        is not the one expected.
        """
        if self.expected is None:
            return True
        small = self.finest_error is None or self.error <= self.finest_error
        return abs(self.rate - self.expected) <= self.within and small

    def expecting(
        self, rate: float | None, within: float = 0.3, finest_error: float | None = None
    ) -> ConvergenceTable:
        """Return the same table with the expected rate."""
        return replace(self, expected=rate, within=within, finest_error=finest_error)

    def require(self, rate: float, within: float = 0.2, finest_error: float | None = None) -> None:
        """Raise unless the observed order and the finest error are as required.

        Raises
        ------
        WgflowError
            With the table, if they are not.
        """
        table = self.expecting(rate, within, finest_error)
        if not table.passed:
            cap = "" if finest_error is None else f" and at most {finest_error}"
            raise WgflowError(
                f"order {self.rate:.3f} with finest error {self.error:.3g}, required "
                f"{rate} ± {within}{cap}\n{table.to_text()}"
            )

    def to_text(self, *, every_norm: bool = False) -> str:
        """Return the table as text, optionally with the errors in the other norms."""
        others = [n for n in self.levels[0].errors if n != self.norm] if every_norm else []
        head = f"{'cells':>14} {'dt':>12} {self.norm + ' error':>14} {'order':>8}"
        head += "".join(f" {n:>12}" for n in others)
        lines = [head, "-" * len(head)]
        for level in self.levels:
            cells = "x".join(map(str, level.cells))
            rate = "" if level.rate is None else f"{level.rate:.3f}"
            line = f"{cells:>14} {level.dt:>12.4g} {level.error:>14.4e} {rate:>8}"
            lines.append(line + "".join(f" {level.errors[n]:>12.4e}" for n in others))
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return the table as written by ``wgflow converge --json``."""
        return {
            "case": self.case,
            "solver": self.solver,
            "norm": self.norm,
            "refine": self.refine,
            "levels": [
                {
                    "cells": list(v.cells),
                    "dt": v.dt,
                    "error": v.error,
                    "rate": v.rate,
                    **({"errors": dict(v.errors)} if v.errors else {}),
                    **v.facts,
                }
                for v in self.levels
            ],
            "expected": self.expected,
            "within": self.within,
            "finest_error": self.finest_error,
            "passed": self.passed,
        }
