"""Functions and classes that a user calls, marked so that a wrong call is told on a line.

A call with a misspelt word, one too few or one too many is Python's TypeError. It does not know
that ``T`` is the temperature and ``tau`` an option of a solver; here both are said. A value of
another kind, text where a number is wanted, fails somewhere inside; here its name is said.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any, TypeVar

from wgflow.errors import CallError, WgflowError, nearest_first
from wgflow.fitting import misfit, parameters

__all__ = ["answer_all", "answered", "answered_with"]

Callee = TypeVar("Callee", bound=Callable[..., Any])
Elsewhere = Callable[[str, Mapping[str, Any]], str | None]

# What other programs, and papers, call it.
SYNONYMS = {
    "cells": "n nx ncells resolution grid mesh",
    "directory": "dir folder name out path",
    "dt": "h step timestep time_step",
    "energy": "functional free_energy",
    "function": "f v potential",
    "initial": "density0 rho0 start u0",
    "kernel": "f w",
    "lower": "a left low min",
    "options": "kwargs parameters params settings",
    "overwrite": "exist_ok force replace",
    "solver": "method scheme",
    "step": "dt learning_rate lr",
    "temperature": "t beta noise",
    "tolerance": "atol rtol tol",
    "until": "end final_time t t_end t_final t_max time tmax",
    "upper": "b high max right",
}
NEAR = 0.6  # a letter too many, too few or exchanged in words of four letters and more


def answered(callee: Callee) -> Callee:
    """Mark a function, or a class, that answers a wrong call by one line in place of Python's.

    A right call pays nothing: words, and the kinds of values by their annotations, are compared
    only after an error, and one that comes from inside passes. A class compares the kinds
    always, since it uses the values later.

    Parameters
    ----------
    callee : function or class
        Of a class, its ``__init__`` is marked.

    Examples
    --------
    >>> @answered
    ... def solve(problem, *, cells=None, until=1.0): ...
    >>> solve(None, cels=3)
    Traceback (most recent call last):
    wgflow.errors.CallError: solve() takes no 'cels': did you mean cells? it takes \
problem, cells, until
    """
    return _marked(callee, None)


def answered_with(elsewhere: Elsewhere) -> Callable[[Callee], Callee]:
    """Mark as :func:`answered` does, with what is known of words that belong elsewhere.

    Parameters
    ----------
    elsewhere : callable
        ``elsewhere(word, arguments)`` says on a line where a word belongs that is not taken; None
        if it is not known.
    """
    return lambda callee: _marked(callee, elsewhere)


def answer_all(room: dict[str, Any], besides: Collection[str] = ()) -> None:
    """Mark what a package offers by ``__all__``; to be called at its end with ``globals()``.

    What a run makes with every step stays ``besides``.
    """
    for name in {*room["__all__"]} - {*besides}:
        if inspect.isroutine(room[name]) or isinstance(room[name], type):
            room[name] = answered(room[name])


def _marked(callee: Callee, elsewhere: Elsewhere | None) -> Callee:
    made: Any = callee
    if not isinstance(callee, type):
        return _answering(made, elsewhere)  # type: ignore[no-any-return]
    plain = issubclass(callee, BaseException | tuple) or inspect.isabstract(callee)
    if not (plain or getattr(callee, "_is_protocol", False)):
        made.__init__ = _answering(made.__init__, elsewhere, eager=True)
    return callee


def _answering(function: Any, elsewhere: Elsewhere | None, eager: bool = False) -> Any:
    if getattr(function, "answers", False):
        return function

    @wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        why: str | None
        try:
            result = function(*given, **named)
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            if isinstance(error, WgflowError):
                raise
            call = _Call(function, given, named)
            why = call.misfit() if call.right else call.answer(elsewhere)
            if why is None:  # it comes from inside
                raise
        else:
            # what an object is made of is used later
            why = _Call(function, given, named).misfit() if eager else None
            if why is None:
                return result
        raise CallError(why)

    called.answers = True  # type: ignore[attr-defined]
    return called


class _Call:
    """A call that failed, beside what the function takes."""

    def __init__(self, function: Any, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        self.name: str = function.__name__
        if self.name == "__init__":
            self.name, given = type(given[0]).__name__, given[1:]
        elif inspect.signature(function).parameters.keys() >= {"self"}:
            given = given[1:]
        self.parameters, self.given, self.named = parameters(function), given, named
        self.words = [p.name for p in self.parameters if p.kind is not p.VAR_POSITIONAL]
        self.placed = [p.name for p in self.parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        taken = {*named, *self.placed[: len(given)]}
        self.free = [p for p in self.parameters if p.name in self.words and p.name not in taken]
        self.needed = [p.name for p in self.free if p.default is p.empty]

    def misfit(self) -> str | None:
        """Say which value is of another kind than it should be; None if none is."""
        values = {**dict(zip(self.placed, self.given, strict=False)), **self.named}
        for parameter in self.parameters:
            if parameter.name in values:
                why = misfit(parameter, values[parameter.name])
                if why is not None:
                    return f"{self.name}(): {why}"
        return None

    @property
    def right(self) -> bool:
        """Whether the function takes it."""
        try:
            inspect.Signature(self.parameters).bind(*self.given, **self.named)
        except TypeError:
            return False
        return True

    def answer(self, elsewhere: Elsewhere | None) -> str:
        """Say which word is wrong, and which is right."""
        name, count = self.name, len(self.given)
        for word in self.named:
            if word not in self.words:
                arguments = {**dict(zip(self.placed, self.given, strict=False)), **self.named}
                told = elsewhere(word, arguments) if elsewhere is not None else None
                usual = [p.name for p in self.free if _is_called(word, p.name)]
                if told and usual:
                    told = f"did you mean {usual[0]}? or {told}"
                return f"{name}() takes no {word!r}: {told or self._meant(word)}"
        for word in self.placed[:count]:
            if word in self.named:
                return f"{name}() is given {word} twice, once without its name: omit one"
        if self.needed:
            others = "..., " if self.given or self.named else ""
            words = ", ".join(f"{word}=..." for word in self.needed)
            return f"{name}() needs {', '.join(self.needed)}: write {name}({others}{words})"
        rest = [word for word in self.words if word not in self.placed]
        remedy = f"give others by name: {', '.join(rest)}" if rest else "omit the others"
        takes = f"{len(self.placed)} value{'s' * (len(self.placed) != 1)}"
        return (
            f"{name}() takes {takes} without a name ({', '.join(self.placed)}), not {count}: "
            f"{remedy}"
        )

    def _meant(self, word: str) -> str:
        """Give the nearest word, or the only one that is needed if none is near, and all."""
        free = [p.name for p in self.free]
        known = [w for w in free if _is_called(word, w)]
        found = known or [w for w in nearest_first(word, free) if _near(word, w)]
        if not found and len(self.needed) == 1:
            found = self.needed
        takes = ", ".join("*" * (p.kind is p.VAR_POSITIONAL) + p.name for p in self.parameters)
        return (f"did you mean {found[0]}? " if found else "") + f"it takes {takes or 'nothing'}"


def _is_called(word: str, known: str) -> bool:
    return word.lower() in SYNONYMS.get(known, "").split()


def _near(word: str, known: str) -> bool:
    if len(word) > 1 and (known.startswith(word) or word.startswith(f"{known}_")):
        return True
    return difflib.SequenceMatcher(None, word.lower(), known).ratio() >= NEAR
