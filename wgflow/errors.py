"""Exceptions raised by wgflow.

Every message is one line that states the value, the limit and the remedy. The command line
prints it and exits with code 2; a script can catch :class:`WgflowError`.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import Any

__all__ = [
    "CallError",
    "ConcentrationError",
    "DivergenceError",
    "InputError",
    "Interrupted",
    "InterruptedByKeyboard",
    "SolverError",
    "StabilityError",
    "WgflowError",
    "finite",
    "nearest_first",
]


class WgflowError(Exception):
    """Base class of all errors that wgflow raises deliberately.

    Attributes
    ----------
    solution : wgflow.Solution, wgflow.particles.Trajectory or None
        The results computed before the error, if the run had begun.
    """

    solution: Any = None


class InputError(WgflowError, ValueError):
    """An input is outside what the method or the problem allows."""


class CallError(InputError, TypeError):
    """A function is called with a word it does not take, or without one it needs."""


class StabilityError(InputError):
    """A given time step exceeds the bound that keeps an explicit scheme positive."""


class SolverError(WgflowError):
    """A linear or nonlinear solve did not converge."""


class DivergenceError(WgflowError, ArithmeticError):
    """A run produced a value that is not finite.

    Parameters
    ----------
    message : str
    solution : optional
        The results up to then.
    """

    def __init__(self, message: str, solution: Any = None) -> None:
        super().__init__(message)
        self.solution = solution


class ConcentrationError(WgflowError):
    """The mass of a run collapsed into a few cells, as in a blow-up.

    Attributes
    ----------
    solution : wgflow.Solution or None
        The results up to then, with status ``"failed"``.
    """

    def __init__(self, message: str, solution: Any = None) -> None:
        super().__init__(message)
        self.solution = solution


class Interrupted(WgflowError):
    """A run was asked to stop, by SIGTERM or SIGUSR1, and has left a checkpoint.

    Attributes
    ----------
    solution : wgflow.Solution or None
        The results up to then, with status ``"interrupted"``.
    """


class InterruptedByKeyboard(Interrupted):
    """A command was asked to stop by Ctrl-C, and has left a checkpoint."""


def finite(value: object) -> bool:
    """Whether a value is a finite real number, of Python, NumPy or an array without axes.

    Examples
    --------
    >>> finite(2), finite("2"), finite(float("nan")), finite(2j), finite(None)
    (True, False, False, False, False)
    """
    if isinstance(value, str | bytes) or getattr(value, "shape", ()) != ():
        return False
    try:
        return math.isfinite(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False


def nearest_first(word: str, known: Iterable[str]) -> list[str]:
    """Sort the known names by their likeness to ``word``, nearest first.

    Examples
    --------
    >>> nearest_first("mucsl", ["upwind", "muscl"])
    ['muscl', 'upwind']
    """

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(None, word.lower(), name.lower()).ratio()

    return sorted(known, key=lambda name: (-likeness(name), name))
