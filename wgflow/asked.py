"""Functions that a user gives, called so that the usual slips are told on a line.

A potential, a kernel or an initial density is a function of arrays, one an axis. What goes wrong
in the first hour is the number of its arguments, ``math.exp`` in place of ``np.exp``, an ``if`` on
an array, and a result of another shape. Python and NumPy raise what does not name the function;
here its name and its line are said, and what to write instead.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from wgflow._typing import Array
from wgflow.errors import InputError
from wgflow.fitting import shown

__all__ = ["AXES", "TIME_FIRST", "Asked", "Multiple"]

AXES = "one array for each axis of the domain"
TIME_FIRST = f"the time, then {AXES}"


class Asked:
    """A function of coordinates that a user has given.

    Parameters
    ----------
    function : callable
        Called with arrays that can be broadcast together.
    what : str
        What it is, for messages, such as ``"the potential"``.
    takes : str
        What it is called with.

    Examples
    --------
    >>> Asked(lambda x, y: x * y, "the potential")(np.ones(3))
    Traceback (most recent call last):
    wgflow.errors.InputError: the potential (...) is called with 1 argument and takes (x, y): \
one array for each axis of the domain
    """

    def __init__(
        self,
        function: Callable[..., Any],
        what: str,
        takes: str = AXES,
    ) -> None:
        self.function, self.what, self.takes = function, what, takes

    def __call__(self, *arguments: Any) -> Array:
        """Give its values, as an array that fits the arguments.

        Raises
        ------
        InputError
            If it takes another number of arguments, cannot take arrays, or returns another shape.
        """
        values = self.checked(self.raw(*arguments))
        shape = np.broadcast_shapes(*(np.shape(each) for each in arguments))
        try:
            np.broadcast_to(values, shape)
        except ValueError:
            raise InputError(
                f"{self.what}{_place(self.function)} has shape {values.shape} at coordinates of "
                f"shape {shape}: return one value for each entry of the coordinate arrays"
            ) from None
        return values

    def raw(self, *arguments: Any) -> Any:
        """Give what it returns."""
        try:
            return self.function(*arguments)
        except (TypeError, ValueError) as error:
            why = self._slip(arguments, error)
            if why is None:  # of another kind: Python's own words are the best
                raise
            raise InputError(f"{self.what}{_place(self.function)} {why}") from error

    def checked(self, given: Any) -> Array:
        """Give what was returned as an array, or raise InputError if it is not of real numbers."""
        values = np.asarray(given)
        if values.dtype.kind == "c":
            why = "has complex values: give real ones, such as np.real(...) or abs(...)"
        elif values.dtype.kind not in "biuf":
            why = f"gives {shown(given)}: return an array of numbers"
        else:
            return values.astype(float, copy=False)
        raise InputError(f"{self.what}{_place(self.function)} {why}")

    def _slip(self, arguments: tuple[Any, ...], error: Exception) -> str | None:
        """Say what is wrong with the function; None if it is nothing usual."""
        signature = _signature(self.function)
        if isinstance(error, TypeError) and signature is not None:
            try:
                signature.bind(*arguments)
            except TypeError:
                count = f"{len(arguments)} argument{'s' * (len(arguments) > 1)}"
                return f"is called with {count} and takes {_names(signature)}: {self.takes}"
        text = str(error)
        if "converted to Python scalars" in text:
            return "cannot take arrays: write np.exp, np.sin, … for those of math"
        if "truth value of an array" in text:
            return "cannot take arrays: write np.where(x > 0, this, that) for an if"
        return None


class Multiple:
    """A function that a user has given, times a number.

    Parameters
    ----------
    function : callable
    factor : float

    Examples
    --------
    >>> Multiple(Multiple(abs, 2.0), 3.0).factor
    6.0
    """

    def __init__(self, function: Callable[..., Any], factor: float) -> None:
        self.factor = Multiple.in_front(function) * factor
        inner = function.__wrapped__ if isinstance(function, Multiple) else function
        self.__wrapped__: Callable[..., Any] = inner  # where inspect looks for a signature

    def __call__(self, *arguments: Any) -> Array:
        """Give the values."""
        values: Array = self.factor * np.asarray(self.__wrapped__(*arguments))
        return values

    @staticmethod
    def in_front(function: Callable[..., Any]) -> float:
        """Give the factor of a function, 1 of one that is no multiple."""
        return function.factor if isinstance(function, Multiple) else 1.0


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # a function written in C may have none
        return None


def _names(signature: inspect.Signature) -> str:
    return f"({', '.join(signature.parameters)})"


def _place(function: Callable[..., Any]) -> str:
    """Say where a function is written; nothing if it is not in Python."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f" ({Path(code.co_filename).name}, line {code.co_firstlineno})" if code else ""
