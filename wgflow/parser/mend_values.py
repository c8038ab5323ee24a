"""Values of options and operands, put right."""

from __future__ import annotations

import argparse
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from wgflow import catalog
from wgflow.errors import InputError
from wgflow.parser.likeness import nearest
from wgflow.parser.tree import Command

__all__ = ["Settings", "example_of", "mend_pair", "mend_value"]

NORMS = ("L1", "L2", "Linf", "W1", "W2")
EXAMPLES = {  # by metavar, for options that the command's own examples do not show
    "A,B": "0.1,0.4",
    "C": "gzip",
    "DIR": "results",
    "E": "0.01",
    "FILE": "table.json",
    "N": "400",
    "N[,N…]": "400",
    "P": "2",
    "T": "1",
    "W": "0.1",
    "X": "0.01",
}


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

    @classmethod
    def of(cls, command: Command, rest: Sequence[str]) -> Settings:
        """Find them among the words behind a command."""
        if not any(action.dest in {"case", "name"} for action in command.operands):
            return cls()
        plain = [word for word in rest if not word.startswith("-") and "=" not in word]
        known = catalog.names("cases")
        case = next((word for word in plain if word in known or _entry("cases", word)), "")
        if not case:
            case = next(filter(None, (nearest(word, known) for word in plain)), "")
        after = [b for a, b in itertools.pairwise(rest) if a == "--solver"]
        after += [word.partition("=")[2] for word in rest if word.startswith("--solver=")]
        solver = _solver(after[-1]) if after else ""
        options: dict[str, str] = {}
        for name in [solver] if solver else catalog.names("solvers"):
            options = {**_defaults("solvers", name), **options}
        return cls(case, solver, _defaults("cases", case), options)


def _solver(text: str) -> str:
    known = catalog.names("solvers")
    return text if _entry("solvers", text) else nearest(text, known) or ""


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


def example_of(command: Command, settings: Settings, action: argparse.Action) -> str:
    """Give a value for an option or an operand: that of an example, or a usual one."""
    if action.dest == "set" and settings.parameters:
        name, value = next(iter(settings.parameters.items()))
        return f"{name}={value}"
    if action.dest == "option" and settings.solver and settings.options:
        name, value = next(iter(settings.options.items()))
        return f"{name}={value}"
    if action.choices is not None:
        return str(next(iter(action.choices)))
    for example in command.parser.examples:
        words = example.partition(command.line)[2].split()
        try:
            shown = getattr(command.parser.parse_args(words), action.dest)
        except InputError:
            continue
        if isinstance(shown, list):
            shown = shown[0] if shown else None
        if shown not in (None, action.default):
            return f"{shown:g}" if isinstance(shown, float) else str(shown)
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    return EXAMPLES.get(metavar, "1")


def mend_value(
    command: Command, action: argparse.Action, text: str, settings: Settings, said: list[str]
) -> str:
    """Put a value right.

    Parameters
    ----------
    command : Command
    action : argparse.Action
        Its option or operand.
    text : str
        The value.
    settings : Settings
        Of the line.
    said : list of str
        Where to say what is wrong.

    Returns
    -------
    str
        The value, or the right one that is nearest.
    """
    flag = action.option_strings[0] if action.option_strings else action.metavar or action.dest
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if action.dest in {"case", "name", "solver", "like"}:
        return _name(action, text, said)
    known = _known(action, settings)
    if known:
        if text in known:
            return text
        found = nearest(text, known)
        listed = f"give one of {', '.join(known)}" if len(known) < 6 else "it is not known"
        said.append(f"{flag} '{text}': {listed}")
        return known[0] if found is None else found
    if action.type in (int, float):
        example = example_of(command, settings, action)
        return _number(f"{flag}", text, action.type is int, example, said)
    if metavar.startswith(("N[,N", "P[,P", "N,N")):
        return _list(f"{flag}", text, int, "whole numbers like 400 or 128,64", said)
    if metavar.startswith(("T[,T", "A,A", "A,B")):
        return _list(f"{flag}", text, float, "numbers like 0.1,1,5", said)
    return text


def _known(action: argparse.Action, settings: Settings) -> list[str]:
    """List what a value may be; empty if it is none of a few."""
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    if action.dest == "norm":
        return list(NORMS)
    if action.dest == "variant" and _entry("cases", settings.case):
        return list(getattr(catalog.load("cases", settings.case), "VARIANTS", {}))
    return []


def _name(action: argparse.Action, text: str, said: list[str]) -> str:
    """Put the name or path of a case or a solver right."""
    kinds: tuple[catalog.Kind, ...] = ("cases", "solvers")
    if action.dest != "name":
        solver = action.dest == "solver" or action.metavar == "SOLVER"
        kinds = ("solvers",) if solver else ("cases",)
    known = [name for kind in kinds for name in catalog.names(kind)]
    what = " or ".join(kind.removesuffix("s") for kind in kinds)
    if text in known or (catalog.is_path(text) and Path(text).is_file()):
        return text
    path = Path(text)
    beside = path.parent
    files = {file.stem: file for file in beside.glob("*.py")} if beside.is_dir() else {}
    if path.stem in files:
        right = files[path.stem]
        said.append(f"a {what} of one's own is given by its path")
        return f"./{right}" if not right.is_absolute() else str(right)
    found = nearest(path.stem, [*known, *(files if catalog.is_path(text) else [])])
    if found is None:
        return text
    said.append(f"no file '{text}'" if catalog.is_path(text) else f"unknown {what} '{text}'")
    if found in known:
        return found
    return f"./{files[found]}" if not files[found].is_absolute() else str(files[found])


def _number(flag: str, text: str, whole: bool, example: str, said: list[str]) -> str:
    """Put a number right."""
    kind = int if whole else float
    try:
        kind(text)
    except ValueError:
        pass
    else:
        return text
    said.append(f"{flag} '{text}': give a {'whole ' if whole else ''}number")
    ratio = re.fullmatch(r"([\d.]+)/([\d.]+)", text)
    if ratio and float(ratio[2]):
        value = float(ratio[1]) / float(ratio[2])
    else:
        found = re.match(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text.replace(",", "."))
        if found is None:
            return example
        value = float(found[0])
    return str(max(round(value), 1)) if whole else f"{value:g}"


def _list(flag: str, text: str, kind: type, form: str, said: list[str]) -> str:
    """Put numbers between commas right."""
    try:
        for part in text.split(","):
            kind(part)
    except ValueError:
        pass
    else:
        return text
    said.append(f"{flag} '{text}': give {form}")
    found = re.findall(r"\d+\.?\d*(?:[eE][+-]?\d+)?", text)
    if not found:
        return "400" if kind is int else "0.1,1"
    return ",".join(str(round(float(each))) if kind is int else each for each in found)


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
        own, other, other_flag, whose = other, own, "--set", settings.solver or "the solver"
    if "=" not in text and ":" in text:
        text = text.replace(":", "=", 1)
        said.append(f"{flag} {text}: write it as {flag} NAME=VALUE")
    name, equals, value = text.partition("=")
    if not own or name in own:
        return [flag, f"{name}={_setting(kind, settings, name, value, said)}" if equals else text]
    if name in other and other_flag in command.options:
        said.append(f"{name} is given with {other_flag}, not with {flag}")
        return [other_flag, text]
    if f"--{name}" in command.options:
        said.append(f"{name} is given as --{name}, not with {flag}")
        return [f"--{name}", value]
    found = nearest(name, own)
    if found is None:
        return [flag, text]
    said.append(f"{whose} has no {'parameter' if setting else 'option'} '{name}'")
    return [flag, f"{found}={_setting(kind, settings, found, value or own[found], said)}"]


def _setting(kind: catalog.Kind, settings: Settings, name: str, value: str, said: list[str]) -> str:
    """Put the value of a setting right."""
    entry = _entry(kind, settings.case if kind == "cases" else settings.solver)
    if entry is None:
        return value
    try:
        catalog.bind(entry, {name: value})
    except InputError as error:
        parameter = next(each for each in catalog.parameters(entry) if each.name == name)
        words = [str(word) for word in get_args(parameter.annotation) if isinstance(word, str)]
        found = nearest(value, words)
        right = str(parameter.default) if found is None else found
        if right != value:
            said.append(str(error))
        return right
    return value
