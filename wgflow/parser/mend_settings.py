"""Settings of cases and solvers on a command line, put right."""

from __future__ import annotations

import argparse
import functools
import itertools
import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from wgflow import catalog
from wgflow.errors import InputError, nearest_first
from wgflow.parser.likeness import nearest
from wgflow.parser.mend_numbers import mend_number
from wgflow.parser.tree import Command

__all__ = ["Settings", "mend_new", "mend_pair"]


@dataclass(frozen=True)
class Settings:
    """The case and the solver of a command line, with their settings.

    Attributes
    ----------
    case, solver : str
        Name or path; empty if none is given.
    parameters, options : dict of str to str
        Settings with their defaults, as text; of all solvers if none is given.
    """

    case: str = ""
    solver: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the case's variants."""
        if _entry("cases", self.case) is None:
            return ()
        return tuple(getattr(catalog.load("cases", self.case), "VARIANTS", {}))

    @classmethod
    def of(cls, command: Command, rest: Sequence[str]) -> Settings:
        """Find them among the words behind a command."""
        if not any(action.dest in {"case", "name"} for action in command.operands):
            return cls()
        plain = [word for word in rest if not word.startswith("-") and "=" not in word]
        known = catalog.names("cases")
        case = next((word for word in plain if word in known or _is_file("cases", word)), "")
        if not case:
            case = next(filter(None, (nearest(word, known) for word in plain)), "")
        after = [b for a, b in itertools.pairwise(rest) if a == "--solver"]
        after += [word.partition("=")[2] for word in rest if word.startswith("--solver=")]
        solver = _solver(after[-1]) if after else ""
        options = _defaults("solvers", solver) if solver else _of_all_solvers()
        return cls(case, solver, _defaults("cases", case), options)


def _solver(text: str) -> str:
    known = catalog.names("solvers")
    return text if text in known or _is_file("solvers", text) else nearest(text, known) or ""


def _is_file(kind: catalog.Kind, text: str) -> bool:
    return catalog.is_path(text) and _entry(kind, text) is not None


@functools.cache
def _of_all_solvers() -> dict[str, str]:
    options: dict[str, str] = {}
    for name in catalog.names("solvers"):
        options = {**_defaults("solvers", name), **options}
    return options


def _entry(kind: catalog.Kind, name: str) -> Callable[..., Any] | None:
    """Give the function of a case or a solver; None if it cannot be loaded."""
    if not name:
        return None
    try:
        module = catalog.load(kind, name)
    except InputError:
        return None
    entry: Callable[..., Any] = module.problem if kind == "cases" else module.stepper
    return entry


def _defaults(kind: catalog.Kind, name: str) -> dict[str, str]:
    entry = _entry(kind, name)
    try:
        return {} if entry is None else {p.name: str(p.default) for p in catalog.parameters(entry)}
    except InputError:  # an annotation that cannot be read; the command itself says so
        return {}


def mend_new(text: str, kind: str, said: list[str]) -> tuple[str, list[list[str]]]:
    """Put the name of a new case or solver right; return it, and options that say the rest."""
    path = Path(text)
    name = re.sub(r"\W", "_", path.name.removesuffix(".py"))
    folder = [] if str(path.parent) == "." else [["--in", str(path.parent)]]
    if name in catalog.names("cases" if kind == "case" else "solvers"):
        said.append(f"name '{name}' is that of a shipped {kind}: copy that one with --like")
        return f"my_{name}", [["--like", name], *folder]
    if not name.isidentifier() or keyword.iskeyword(name) or name[0] == "_":
        name = f"my_{name.strip('_')}"
    if folder:
        said.append(f"name '{text}': give the folder with --in")
    elif name != text:
        said.append(f"name '{text}': give letters, digits and _, such as my_{kind}")
    return name, folder


def mend_pair(
    command: Command, settings: Settings, action: argparse.Action, text: str, said: list[str]
) -> list[str]:
    """Put a ``NAME=VALUE`` right, and what it is given with.

    Returns
    -------
    list of str
        Such as ``["--set", "kappa=0.4"]``.
    """
    flag = action.option_strings[0]
    setting = action.dest == "set"
    kind: catalog.Kind = "cases" if setting else "solvers"
    own, other = settings.parameters, settings.options
    other_flag, whose = "--option", settings.case
    if not setting:
        own, other, other_flag, whose = other, own, "--set", settings.solver
    if "=" not in text and ":" in text:
        text = text.replace(":", "=", 1)
        said.append(f"{flag} {text}: write it as {flag} NAME=VALUE")
    name, equals, value = text.partition("=")
    if name in own or not (own or whose):
        if own and not equals:
            said.append(f"{flag} '{text}': write it as {flag} NAME=VALUE")
            return [flag, f"{name}={own[name]}"]
        return [flag, f"{name}={_setting(kind, settings, name, value, said)}" if equals else text]
    if name in other and other_flag in command.options:
        said.append(f"{name} is given with {other_flag}, not with {flag}")
        return [other_flag, text]
    if f"--{name}" in command.options:
        said.append(f"{name} is given as --{name}, not with {flag}")
        return [f"--{name}", value]
    found = nearest(name, own)
    lacks = f"{whose or 'the solver'} has no {'parameter' if setting else 'option'} '{name}'"
    if found is None:
        listed = nearest_first(name, own)
        said.append(f"{lacks}: known, nearest first: {', '.join(listed) or 'none'}")
        if not listed:
            return [flag, text]
        found = listed[0]
    else:
        said.append(lacks)
    return [flag, f"{found}={_setting(kind, settings, found, value or own[found], said)}"]


def _setting(kind: catalog.Kind, settings: Settings, name: str, value: str, said: list[str]) -> str:
    """Put the value of a setting right."""
    entry = _entry(kind, settings.case if kind == "cases" else settings.solver)
    if entry is None:
        return value
    try:
        catalog.bind(entry, {name: value})
    except InputError as error:
        known = {each.name: each for each in catalog.parameters(entry)}
        if name not in known:  # of another solver
            said.append(str(error).partition(":")[0])
            return value
        parameter = known[name]
        right = _of_kind(parameter, value)
        if right != value:
            said.append(str(error))
        return right
    shipped = settings.case in catalog.names("cases")  # another's file may be elsewhere
    if name == "file" and shipped and value and not Path(value).is_file():
        said.append(f"no file '{value}'")
        beside = Path(value).parent
        files = {file.name: file for file in beside.glob("*.*")} if beside.is_dir() else {}
        found = nearest(Path(value).name, files)
        return value if found is None else str(files[found])
    return value


def _of_kind(parameter: catalog.Parameter, value: str) -> str:
    """Give the value of a parameter's kind that is nearest, or its default."""
    words = [str(word) for word in get_args(parameter.annotation) if isinstance(word, str)]
    if isinstance(parameter.default, bool):
        words = ["true", "false"]
    found = nearest(value, words)
    if found is not None or words or isinstance(parameter.default, str):
        return str(parameter.default) if found is None else found
    whole = isinstance(parameter.default, int)
    return mend_number("", value, whole, str(parameter.default), [])
