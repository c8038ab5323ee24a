"""Values of options and operands, put right."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from wgflow import catalog
from wgflow.errors import InputError, nearest_first
from wgflow.parser.base import SUMMARY, UNITS
from wgflow.parser.likeness import nearest
from wgflow.parser.mend_numbers import mend_list, mend_number, mend_starts, mend_sweep
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
        except (InputError, AttributeError):  # the option is another command's
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
    flag = action.option_strings[0] if action.option_strings else str(action.metavar or action.dest)
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if action.dest in {"case", "name", "solver", "like"}:
        return _name(action, text, said)
    known = _known(action, settings)
    if known and not (text == "" and action.dest == "variant"):
        return _chosen(flag, text, known, said)
    if metavar == "KIND,KIND":
        return ",".join(_chosen(flag, part, UNITS, said) for part in text.split(","))
    if metavar == "DIR" and not action.option_strings:
        return _folder(text, said)
    if metavar == "FILE":
        return _file(flag, text, _endings(command, action), said)
    example = "" if action.type is None else example_of(command, settings, action)
    return _numbers(flag, action, text, example, settings.parameters, said)


def _numbers(
    flag: str,
    action: argparse.Action,
    text: str,
    example: str,
    parameters: Collection[str],
    said: list[str],
) -> str:
    """Put a number, or several, right."""
    form = str(action.metavar)
    if action.type in (int, float):
        return mend_number(flag, text, action.type is int, example, said)
    if form.startswith(("N[,N", "P[,P", "N,N", "D,D")):
        return mend_list(flag, text, int, "whole numbers like 400 or 128,64", said)
    if form.startswith(("T[,T", "A,A", "A,B")):
        return mend_list(flag, text, float, "numbers like 0.1,1,5", said, form == "A,B")
    if form == "K=FROM:TO:COUNT":
        return mend_sweep(flag, text, parameters, said)
    return mend_starts(flag, text, parameters, said) if form == "K=V,V…" else text


def _chosen(flag: str, text: str, known: Sequence[str], said: list[str]) -> str:
    """Put one of a few words right."""
    if text in known:
        return text
    listed = (
        f"give one of {', '.join(known)}" if any(known) and len(known) < 12 else "it is not known"
    )
    said.append(f"{flag} '{text}': {listed}")
    return nearest(text, known) or known[0]


def _known(action: argparse.Action, settings: Settings) -> list[str]:
    """List what a value may be; empty if it is none of a few."""
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    if action.dest == "variant":
        return list(settings.variants) or [""]  # none but the usual one
    if action.dest == "parameter":
        return list(settings.parameters)
    return []


def _endings(command: Command, action: argparse.Action) -> tuple[str, ...]:
    """List how the name of a file may end; empty if in any way."""
    if action.dest == "figure" or command.words == ("plot",):
        return (".png", ".pdf", ".svg")
    return (".gif", ".mp4") if command.words == ("animate",) else ()


def _file(flag: str, text: str, endings: tuple[str, ...], said: list[str]) -> str:
    """Put the ending of a file's name right."""
    path = Path(text)
    if not endings or path.suffix.lower() in endings:
        return text
    said.append(f"{flag} '{text}': end its name in one of {', '.join(endings)}")
    ending = nearest(path.suffix, endings) or endings[0]
    return str(path.with_suffix(ending)) if path.name else f"figure{ending}"


def _name(action: argparse.Action, text: str, said: list[str]) -> str:
    """Put the name or path of a case or a solver right."""
    kinds: tuple[catalog.Kind, ...] = ("cases", "solvers")
    if action.dest != "name":
        solver = action.dest == "solver" or action.metavar == "SOLVER"
        kinds = ("solvers",) if solver else ("cases",)
    known = [name for kind in kinds for name in catalog.names(kind)]
    what = " or ".join(kind.removesuffix("s") for kind in kinds)
    if text in known or (text.endswith(".py") and Path(text).is_file()):
        return text
    path = Path(text)
    folders = [folder for folder in (Path(), path.parent) if folder.is_dir()]
    files = {file.stem: file for folder in folders for file in folder.glob("*.py")}
    own = {stem: file for stem, file in files.items() if stem == path.stem or _defines(file)}
    found = path.stem if path.stem in own else nearest(path.stem, [*known, *own])
    unknown = f"no file '{text}'" if catalog.is_path(text) else f"unknown {what} '{text}'"
    if found is None:
        unknown += f": known, nearest first: {', '.join(nearest_first(path.stem, known))}"
    elif found == path.stem and not catalog.is_path(text):
        unknown = f"a {what} of your own is given by its path"
    said.append(unknown)
    if found not in own:
        return found or text
    return str(own[found]) if own[found].is_absolute() else f"./{own[found]}"


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
        found = [(file.stat().st_mtime, file.parent) for file in Path().glob(f"*/{SUMMARY}")]
    except OSError:
        return []
    return [str(folder) for _, folder in sorted(found, reverse=True)]


def _folder(text: str, said: list[str]) -> str:
    """Put the folder of a result right."""
    path = Path(text)
    if (path / SUMMARY).is_file():
        return text
    if path.is_file() and (path.parent / SUMMARY).is_file():
        said.append(f"'{text}' is a file: give its folder")
        return str(path.parent)
    if (path / "checkpoint").is_dir():
        said.append(f"'{text}' holds a run that has not finished (--restart continues it)")
    else:
        lacks = f"'{text}' holds no result (no {SUMMARY})"
        said.append(lacks if path.is_dir() else f"no folder '{text}'")
    above = path.parent
    beside = {p.parent.name: p.parent for p in above.glob(f"*/{SUMMARY}")}
    found = nearest(path.name, beside)
    return text if found is None else str(beside[found])
