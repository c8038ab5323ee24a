"""Values of options and operands, put right."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from wgflow import catalog
from wgflow.errors import InputError
from wgflow.parser.base import NORMS
from wgflow.parser.likeness import nearest
from wgflow.parser.mend_settings import Settings
from wgflow.parser.tree import Command

__all__ = ["example_of", "mend_value"]

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
    results = _results() if action.metavar == "DIR" and not action.option_strings else []
    if results:
        return results[0]
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
    if metavar == "DIR" and not action.option_strings and not Path(text).is_dir():
        return _folder(text, said)
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
    if action.dest == "kind":
        from wgflow.plots import KINDS

        return list(KINDS)
    if action.dest == "variant":
        return list(settings.variants)
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
    own = files if catalog.is_path(text) else [name for name in files if _defines(files[name])]
    found = nearest(path.stem, [*known, *own])
    if found is None:
        return text
    said.append(f"no file '{text}'" if catalog.is_path(text) else f"unknown {what} '{text}'")
    if found in known:
        return found
    return f"./{files[found]}" if not files[found].is_absolute() else str(files[found])


def _defines(file: Path) -> bool:
    """Whether a file beside is a case or a solver, and not any other script."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return re.search(r"^def (problem|stepper)\(", text, re.MULTILINE) is not None


def _results() -> list[str]:
    """List the folders here that hold a result, the newest first."""
    try:
        found = [(file.stat().st_mtime, file.parent) for file in Path().glob("*/summary.json")]
    except OSError:
        return []
    return [str(folder) for _, folder in sorted(found, reverse=True)]


def _folder(text: str, said: list[str]) -> str:
    """Put the folder of a result right."""
    above = Path(text).parent
    beside = {p.name: p for p in above.iterdir() if p.is_dir()} if above.is_dir() else {}
    found = nearest(Path(text).name, beside)
    if found is None:
        return text
    said.append(f"no folder '{text}'")
    return str(beside[found])


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
