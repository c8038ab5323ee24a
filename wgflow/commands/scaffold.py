"""The command that begins a case or a solver of the user's own."""

from __future__ import annotations

import argparse
import keyword
import os
import re
from pathlib import Path

from wgflow import catalog
from wgflow.errors import InputError
from wgflow.parallel import on_root, world

__all__ = ["new"]

TEMPLATE = "_template"  # beside the shipped files, and the name that stands in it for its own


def new(given: argparse.Namespace) -> int:
    """Write a file to begin with, and say what to do next."""
    kind: catalog.Kind = given.kind
    name = _checked(kind, given.new_name)
    text = _text(kind, name, given.like)
    folder = Path(given.folder).expanduser()
    path = folder / f"{name}.py"

    def write() -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise InputError(
                f"{path} already exists and is not overwritten: give another name, or --in DIR"
            ) from None

    on_root(world(), write)
    typed = str(path) if path.is_absolute() else f".{os.sep}{path}"
    print(f"written to {typed}: it works as it is. Next:\n")
    steps = _next(kind, typed)
    width = max(len(line) for line, _ in steps)
    for line, why in steps:
        print(f"  {line:<{width}}   {why}")
    return 0


def _next(kind: catalog.Kind, path: str) -> list[tuple[str, str]]:
    """Give command lines to go on with, and what they are for."""
    if kind == "cases":
        return [
            (f"wgflow describe {path}", "the equation and its parameters"),
            (f"wgflow run {path}", "solve it; results and a figure in a new folder"),
            (f"wgflow converge {path}", "measure the order that it states"),
            (f"$EDITOR {path}", "make it yours; the comments say how"),
        ]
    return [
        (f"wgflow describe {path}", "its options and its order"),
        (f"wgflow run ornstein_uhlenbeck --solver {path}", "use it"),
        (f"wgflow converge ornstein_uhlenbeck --solver {path} --expected 2", "measure its order"),
        (f"$EDITOR {path}", "make it yours; the comments say how"),
    ]


def _checked(kind: catalog.Kind, given: str) -> str:
    """Give the name without .py, if a file may be called so."""
    name = given.removesuffix(".py")
    what = kind.removesuffix("s")
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        fitting = re.sub(r"\W+", "_", Path(name).name).strip("_")
        example = fitting if fitting.isidentifier() else f"my_{what}"
        where = ", and the folder with --in" if os.sep in name else ""
        raise InputError(f"name '{given}': give letters, digits and _, such as {example}{where}")
    if name in catalog.names(kind):
        raise InputError(
            f"name '{name}': a shipped {what} has it, choose another such as my_{name} "
            f"(a copy of it: wgflow new {what} my_{name} --like {name})"
        )
    return name


def _text(kind: catalog.Kind, name: str, like: str | None) -> str:
    """Give what the file holds: the template, or a copy of a shipped file."""
    if like is not None:
        original = catalog.find(kind, like)
        copied = original.read_text(encoding="utf-8")
        return (
            f"# Began as a copy of {original.stem}, a {kind.removesuffix('s')} of wgflow.\n{copied}"
        )
    shipped = catalog.find(kind, catalog.names(kind)[0]).parent
    template = (shipped / f"{TEMPLATE}.py").read_text(encoding="utf-8")
    return template.replace(TEMPLATE, name)
