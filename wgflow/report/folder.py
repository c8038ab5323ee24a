"""The folder that a command left: what kind it is of, and what its files say."""

from __future__ import annotations

import csv
import json
import types
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from wgflow import catalog
from wgflow.errors import InputError, nearest_first

__all__ = ["KINDS", "Folder", "open_folder"]

SUMMARY = "summary.json"
KINDS = (
    "run", "compare", "converge", "verify", "study width", "study coupling", "study refinement",
    "study spins", "study critical", "study teacher_student", "study lazy_training",
    "study three_layer", "study dimension", "study rest",
)  # fmt: skip
# a solution has no kind of its own: a file beside it tells what else was done
BESIDE = {"comparison.json": "compare", "widths.json": "study width"}


@dataclass(frozen=True)
class Folder:
    """What a command left.

    Attributes
    ----------
    path : Path
    kind : str
        One of :data:`KINDS`.
    summary : dict
        The content of summary.json.
    """

    path: Path
    kind: str
    summary: dict[str, Any]

    @cached_property
    def case(self) -> types.ModuleType | None:
        """The case's file, if it is still there."""
        return self._module("cases", "case")

    @cached_property
    def solver(self) -> types.ModuleType | None:
        """The solver's file, if it is still there."""
        return self._module("solvers", "solver")

    def _module(self, kind: catalog.Kind, word: str) -> types.ModuleType | None:
        named: str | Path | None = self.summary.get(f"{word}_file")
        name = self.summary.get(word)
        # a name is only ever that of a shipped file: data does not choose what is executed by it
        if not named and name in catalog.names(kind):
            named = name
        try:
            return catalog.load(kind, named) if named else None
        except InputError:
            return None

    def json(self, name: str) -> Any:
        """Read a JSON file of the folder."""
        return _read_json(self.path / name)

    def columns(self, name: str) -> dict[str, list[str]]:
        """Read a CSV file of the folder."""
        path = self.path / name
        try:
            with path.open(newline="", encoding="utf-8") as file:
                head, *rows = csv.reader(file)
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read ({error}): run the command again") from None
        return {key: [row[i] for row in rows] for i, key in enumerate(head)}


def open_folder(path: Path) -> Folder:
    """Look at a folder and tell what it holds.

    Raises
    ------
    InputError
        If it holds no finished result, or one of a kind that is not known.
    """
    if not path.is_dir():
        why = "it is a file" if path.exists() else f"looked from {Path.cwd()}"
        raise InputError(f"{path} is not a folder ({why}): give the DIR that a command has written")
    if not (path / SUMMARY).exists():
        if (path / "checkpoint").is_dir():
            raise InputError(
                f"{path} holds a run that has not finished (no {SUMMARY} beside its checkpoint): "
                f"go on with the same command, --out {path} --restart"
            )
        raise InputError(
            f"{path} holds no result (no {SUMMARY}): give the DIR of wgflow run, compare, "
            "converge or study (--out DIR)"
        )
    summary = _read_json(path / SUMMARY)
    if not isinstance(summary, dict):
        raise InputError(f"{path / SUMMARY} holds no summary: run the command again")
    beside = [kind for name, kind in BESIDE.items() if (path / name).exists()]
    kind = summary.get("kind") or (beside[0] if beside else "run")
    if kind not in KINDS:
        raise InputError(
            f"{path} holds a result of kind {kind!r}: known, nearest first: "
            f"{', '.join(nearest_first(str(kind), KINDS))}"
        )
    return Folder(path, kind, summary)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}): run the command again") from None
