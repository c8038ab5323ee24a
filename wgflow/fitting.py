"""Whether a value is of the kind that an annotation names, as far as it can be told."""

from __future__ import annotations

import collections.abc
import inspect
import os
import types
from collections.abc import Callable
from functools import cache
from numbers import Real
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np

__all__ = ["misfit", "parameters", "shown"]

LONGEST = 40  # characters of a value that is shown
WORDS = {
    bool: "True or False",
    float: "a number",
    int: "a whole number",
    str: "text",
    type(None): "None",
    os.PathLike: "a path",
    np.ndarray: "an array of numbers",
    collections.abc.Callable: "a function",
    dict: "a mapping",
}
PLURALS = {
    float: "numbers",
    int: "whole numbers",
    str: "names",
    np.ndarray: "arrays",
    collections.abc.Callable: "functions",
}


@cache
def parameters(function: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    """Give what a function takes besides ``self``, annotated with types in place of their names."""
    if function is object.__init__:
        return ()
    found = list(inspect.signature(function).parameters.values())
    if found[:1] and found[0].name == "self":
        found = found[1:]
    return tuple(p.replace(annotation=_evaluated(function, p)) for p in found)


def _evaluated(function: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    if not isinstance(parameter.annotation, str):
        return parameter.annotation
    try:
        return eval(parameter.annotation, getattr(function, "__globals__", {}))
    except Exception:  # of a type that is there for the type checker only
        return Any


def misfit(parameter: inspect.Parameter, value: object) -> str | None:
    """Say on a line why a value is not what a parameter is annotated with; None if it may be.

    Examples
    --------
    >>> def run(until: float | None = None): ...
    >>> misfit(parameters(run)[0], "late")
    "until is 'late': give a number or None"
    """
    annotation = parameter.annotation
    if value is parameter.default or _fits(value, annotation):
        return None
    kinds = list(dict.fromkeys(_in_words(member) for member in _members(annotation)))
    wanted = " or ".join([", ".join(kinds[:-1]), kinds[-1]] if kinds[1:] else kinds)
    if isinstance(value, type):
        return f"{parameter.name} is a class: write {value.__name__}(...), or give {wanted}"
    if isinstance(value, np.ndarray) and WORDS[collections.abc.Callable] in kinds:
        wanted += ", such as lambda x: np.interp(x, points, values)"
    return f"{parameter.name} is {shown(value)}: give {wanted}"


def _members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(part for each in get_args(annotation) for part in _members(each))
    return (type(None) if annotation is None else annotation,)


def _fits(value: Any, annotation: Any) -> bool:
    return any(_is(value, member) for member in _members(annotation))


def _is(value: Any, member: Any) -> bool:
    """Say whether a value is of one kind; True of a kind that is not known."""
    kind = get_origin(member) or member
    if kind is Any:
        return True
    if kind is Literal:
        return value in get_args(member)
    if kind in (float, int):
        return _is_number(value, kind)
    if kind is np.ndarray:
        return _is_array(value)
    if kind is collections.abc.Callable:
        return callable(value) and not isinstance(value, type)
    if kind is collections.abc.Sequence:
        if isinstance(value, str) or not hasattr(value, "__len__"):
            return False
        return all(_fits(each, get_args(member)[0]) for each in value)
    if kind is collections.abc.Mapping and isinstance(value, kind):
        return all(map(_fits, [*value, *value.values()], _each(member, len(value))))
    if kind is tuple and get_args(member)[1:] == (...,):
        return isinstance(value, tuple | list) and all(_fits(v, get_args(member)[0]) for v in value)
    if kind is bool:
        return isinstance(value, bool | np.bool_)
    if getattr(kind, "__name__", "") == "Grid":  # for which a Mesh may stand
        return hasattr(value, "volumes")
    if kind is tuple or not isinstance(kind, type) or getattr(kind, "_is_protocol", False):
        return True
    return isinstance(value, kind)


def _each(mapping: Any, count: int) -> list[Any]:
    """Give the kinds of the keys of a mapping, then those of its values."""
    return [kind for kind in get_args(mapping) or (Any, Any) for _ in range(count)]


def _is_number(value: Any, kind: type) -> bool:
    if isinstance(value, Real):
        return kind is float or value == value // 1  # 1e6 is how people write a million
    return getattr(value, "shape", None) == () and not isinstance(
        value, complex | np.complexfloating
    )


def _is_array(value: Any) -> bool:
    try:
        return np.asarray(value).dtype.kind in "biuf"
    except (TypeError, ValueError):
        return False


def _in_words(member: Any) -> str:
    kind = get_origin(member) or member
    if kind is Literal:
        return " or ".join(map(repr, get_args(member)))
    if kind in (collections.abc.Sequence, tuple):
        return f"a sequence of {_plural(get_args(member)[0])}"
    if kind is collections.abc.Mapping:
        return f"a mapping of {' to '.join(map(_plural, get_args(member)))}"
    if kind in WORDS:
        return WORDS[kind]
    name = str(getattr(kind, "__name__", kind))
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def _plural(member: Any) -> str:
    kind = get_origin(member) or member
    if kind in (Union, types.UnionType):
        return " or ".join(_plural(m) for m in get_args(member) if m is not type(None))
    if kind in PLURALS or member is Any or not isinstance(kind, type):
        return PLURALS.get(kind, "values")
    return f"{kind.__name__}s"


def shown(value: object) -> str:
    """Show a value on a line; a long one by its kind."""
    if isinstance(value, np.ndarray):
        kind = "" if value.dtype.kind in "biuf" else f" and type {value.dtype}"
        return f"an array of shape {value.shape}{kind}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if inspect.isroutine(value):
        return f"the function {value.__name__}" if value.__name__ != "<lambda>" else "a function"
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else f"a {type(value).__name__}"
