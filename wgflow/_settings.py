"""Settings written as text, checked against the signature of the function that takes them."""

from __future__ import annotations

import inspect
import itertools
import math
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from wgflow.errors import InputError, nearest_first

__all__ = ["Parameter", "bind", "parameters"]

_WORDS = {float: "a number", int: "a whole number", bool: "true or false", str: "text"}
_TRUTH = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(
    ("false", "no", "off", "0"), False
)
# In a union the stricter types have the first word: every text is a str.
_STRICTNESS = (type(None), bool, int, float, str)


@dataclass(frozen=True)
class Parameter:
    """One setting of a case or of a solver, read from a signature.

    Attributes
    ----------
    name : str
        The keyword.
    annotation : Any
        The type that a value must have: the annotation, or the type of the default without one.
    default : Any
        The default, or ``inspect.Parameter.empty`` where a value must be given.
    text : str
        The description in the docstring, on one line; empty where there is none.
    """

    name: str
    annotation: Any
    default: Any
    text: str

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        return self.default is inspect.Parameter.empty

    @property
    def expected(self) -> str:
        """What a value may be, in words."""
        return " or ".join(dict.fromkeys(_in_words(each) for each in _members(self.annotation)))


def parameters(function: Callable[..., Any]) -> list[Parameter]:
    """Read the settings of a case's ``problem`` or a solver's ``stepper`` from its signature.

    Positional arguments without a default (a stepper's ``problem`` and ``grid``) are the
    caller's business, not settings, and are left out.

    Parameters
    ----------
    function : callable
        Any function with a signature.

    Returns
    -------
    list of Parameter
        In the order of the signature.

    Raises
    ------
    InputError
        If an annotation names something that the file does not define.

    Examples
    --------
    >>> def problem(rate: float = 1.0, start: Literal["near", "far"] = "near"): ...
    >>> [(p.name, p.expected, p.default) for p in parameters(problem)]
    [('rate', 'a number', 1.0), ('start', "'near' or 'far'", 'near')]
    """
    texts = _descriptions(inspect.getdoc(function) or "")
    return [
        Parameter(item.name, _annotation(function, item), item.default, texts.get(item.name, ""))
        for item in inspect.signature(function).parameters.values()
        if item.kind is item.KEYWORD_ONLY
        or (item.kind is item.POSITIONAL_OR_KEYWORD and item.default is not item.empty)
    ]


def bind(function: Callable[..., Any], settings: Mapping[str, str]) -> dict[str, Any]:
    """Convert settings written as text into keyword arguments of a function.

    Parameters
    ----------
    function : callable
        A case's ``problem`` or a solver's ``stepper``.
    settings : mapping of str to str
        Names and values as a user typed them.

    Returns
    -------
    dict
        The same names with values of the annotated types (``float``, ``int``, ``bool``, ``str``,
        ``Literal``, ``None`` and unions of these). Parameters not named keep their defaults.

    Raises
    ------
    InputError
        If a name is unknown (the known are listed, nearest first), a value cannot be read as the
        annotated type, or a parameter without a default is missing.

    Examples
    --------
    >>> def problem(dimension: int | Literal["inf"] = 40, noisy: bool = False): ...
    >>> bind(problem, {"dimension": "320", "noisy": "yes"})
    {'dimension': 320, 'noisy': True}
    >>> bind(problem, {"nosy": "yes"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wgflow.errors.InputError: unknown parameter 'nosy' of problem: known, ...: noisy, dimension
    """
    known = {parameter.name: parameter for parameter in parameters(function)}
    owner = _owner(function)
    for name in settings:
        if name not in known:
            listed = ", ".join(nearest_first(name, known)) or "none"
            raise InputError(
                f"unknown parameter '{name}' of {owner}: known, nearest first: {listed}"
            )
    missing = [each.name for each in known.values() if each.required and each.name not in settings]
    if missing:
        raise InputError(f"{owner} has no default for {', '.join(missing)}: give a value")
    return {name: _converted(known[name], text, owner) for name, text in settings.items()}


def _owner(function: Callable[..., Any]) -> str:
    """Name the case or solver that a function comes from; outside of one, the function."""
    package, _, name = getattr(function, "__module__", "").rpartition(".")
    if package in {"wgflow_cases", "wgflow_solvers"}:
        return name
    return str(getattr(function, "__name__", function))


def _annotation(function: Callable[..., Any], item: inspect.Parameter) -> Any:
    """Evaluate the annotation of one parameter.

    One at a time, for the types of the others may exist for the type checker only.
    """
    if item.annotation is item.empty:
        known_type = type(item.default) in _WORDS
        return type(item.default) if known_type else str
    if not isinstance(item.annotation, str):
        return item.annotation
    try:
        return eval(item.annotation, getattr(inspect.unwrap(function), "__globals__", {}))
    except Exception as error:
        raise InputError(
            f"parameter '{item.name}' of {_owner(function)} has the annotation "
            f"'{item.annotation}', which fails with {type(error).__name__}: {error}"
        ) from error


def _members(annotation: Any) -> tuple[Any, ...]:
    """Split a union or a Literal into its members: types, or one-valued Literals."""
    origin = get_origin(annotation)
    if origin is Literal:
        return tuple(Literal[value] for value in get_args(annotation))
    if origin in (Union, types.UnionType):
        return tuple(part for each in get_args(annotation) for part in _members(each))
    return (type(None) if annotation is None else annotation,)


def _in_words(member: Any) -> str:
    if get_origin(member) is Literal:
        return repr(get_args(member)[0])
    if member is type(None):
        return "none"
    return _WORDS.get(member) or str(getattr(member, "__name__", member))


def _converted(parameter: Parameter, text: str, owner: str) -> Any:
    """Read one value as the first member of its annotation that fits."""
    members = _members(parameter.annotation)
    unread = [m for m in members if get_origin(m) is not Literal and m not in _STRICTNESS]
    if unread:
        raise InputError(
            f"parameter '{parameter.name}' of {owner} cannot be given as text "
            f"({parameter.expected}): set it from Python"
        )
    for member in members:
        if get_origin(member) is Literal and text == str(get_args(member)[0]):
            return get_args(member)[0]
    for kind in _STRICTNESS:
        if kind in members:
            try:
                return _read(kind, text.strip())
            except (ValueError, KeyError, OverflowError):
                continue
    default = "" if parameter.required else f" (default {parameter.default!r})"
    raise InputError(
        f"parameter '{parameter.name}' of {owner} is {parameter.expected}{default}, not '{text}'"
    )


def _read(kind: type, text: str) -> Any:
    """Read text as one of the plain types, or raise ValueError or KeyError."""
    if kind is type(None):
        return {"none": None}[text.lower()]
    if kind is bool:
        return _TRUTH[text.lower()]
    if kind is int:
        value = float(text)  # 1e6 is how people write a million steps
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else _whole(value)
    if kind is float:
        value = float(text)
        if math.isnan(value):
            raise ValueError(text)
        return value
    return text


def _whole(value: float) -> int:
    if not value.is_integer():
        raise ValueError(value)
    return int(value)


def _descriptions(doc: str) -> dict[str, str]:
    """Collect the entries ``name : type`` of the Parameters sections of a NumPy docstring."""
    texts: dict[str, str] = {}
    inside = False
    entry: list[str] = []
    lines = doc.splitlines()
    for line, below in itertools.pairwise([*lines, ""]):
        if below.startswith("---"):
            inside, entry = line.endswith("Parameters"), []
        elif inside and line and not line[0].isspace() and not line.startswith("---"):
            entry = [name.strip() for name in line.partition(":")[0].split(",")]
        else:
            for name in entry:
                texts[name] = f"{texts.get(name, '')} {line.strip()}".strip()
    return texts
