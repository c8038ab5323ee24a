"""What a time stepper is."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

from wgflow._typing import Array, Values
from wgflow.errors import InputError, finite
from wgflow.finite_volume import FiniteVolume

__all__ = ["Step", "Stepper", "checked_step", "divided", "prefixed", "under"]


@dataclass(frozen=True)
class Step:
    """One accepted time step.

    Attributes
    ----------
    density : array of the grid's shape
        A new array: it is written to by nobody afterwards.
    dt : float
        Its length.
    iterations : int
        Nonlinear iterations, 0 for explicit and linear steps.
    rejections : int
        Attempts given up before this one.
    error : float
        Estimate of the local error in L1, nan where none is made.
    mixed : float
        Share of a first-order method in it, 0 where none was needed.
    movement : float
        Of a minimizing movement: W²/(2 dt s), with the squared distance of the scheme itself.
    excess : float
        By how much the step misses the energy law of its scheme, for a JKO step W²/(2 dt s) +
        F(new) - F(old): rounding at most, where the law holds; nan for other schemes.
    remapped : float
        What going to other cells before the step has changed in the energy; 0 without.
    """

    density: Array
    dt: float
    iterations: int = 0
    rejections: int = 0
    error: float = math.nan
    mixed: float = 0.0
    movement: float = math.nan
    excess: float = math.nan
    remapped: float = 0.0

    def after(self, rejections: int) -> Step:
        """Count so many more attempts before this step."""
        return replace(self, rejections=self.rejections + rejections)


class Stepper(ABC):
    """Advances a density in time; one stepper serves one run.

    Attributes
    ----------
    space : FiniteVolume
    order : int
        Order in time.
    shared : frozenset of str
        Names of the arrays of its ``state()`` that are the same on all ranks.
    variational : bool
        Whether its steps are minimizing movements, which tell their ``movement`` and ``excess``.
    """

    order: ClassVar[int]
    shared: ClassVar[frozenset[str]] = frozenset()
    variational: ClassVar[bool] = False
    space: FiniteVolume

    @property
    def facts(self) -> dict[str, float]:
        """What the run tells of the method itself, for ``Solution.facts``."""
        return {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to tell the user of the run, for ``Solution.warnings``."""
        return ()

    def state(self) -> Values:
        """Give what its next steps depend on besides density and time, and what it counts.

        A checkpoint keeps it: numbers, None, and arrays of the grid's shape or, if they are
        ``shared``, of any. Empty for a method that begins each step anew.
        """
        return {}

    def restore(self, state: Values) -> None:  # noqa: B027
        """Go on as the stepper whose ``state()`` it was."""

    @abstractmethod
    def step(self, density: Array, time: float, limit: float) -> Step:
        """Advance by one step of at most ``limit``.

        Raises
        ------
        StabilityError
            If the given time step is above the bound of an explicit scheme.
        SolverError
            If an implicit step cannot be solved even with a much smaller time step.
        """


def prefixed(name: str, state: Values) -> Values:
    """Give the entries of a part names within the whole."""
    return {f"{name}.{key}": value for key, value in state.items()}


def under(name: str, state: Values) -> Values:
    """Give the entries of one part."""
    start = f"{name}."
    return {k.removeprefix(start): value for k, value in state.items() if k.startswith(start)}


def checked_step(dt: float | None, word: str = "dt") -> float | None:
    """Return a given time step, or raise InputError unless it is finite and positive."""
    if dt is not None and not (finite(dt) and dt > 0):
        raise InputError(
            f"time step {word} = {dt!r}: give a finite number > 0, or none for automatic"
        )
    return dt


def divided(dt: float, limit: float) -> float:
    """Largest step up to ``dt`` that divides ``limit`` evenly.

    Examples
    --------
    >>> divided(0.3, 1.0), divided(0.1, 0.3) == 0.3 / 3
    (0.25, True)
    """
    if not dt < limit:
        return limit
    return limit / math.ceil(limit / dt * (1 - 1e-12))
