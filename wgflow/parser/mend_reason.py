"""What a line was meant to be that is understood, and refused when it is to be done."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wgflow import catalog
from wgflow.parser.base import Parser
from wgflow.parser.likeness import likeness
from wgflow.parser.mend import Mended, understood

__all__ = ["mend_by"]


def mend_by(parser: Parser, words: Sequence[str], message: str) -> Mended | None:
    """Put the nearest name in the place of one that an error calls unknown.

    Parameters
    ----------
    parser, words
        As for :func:`wgflow.parser.mend.mend`.
    message : str
        An error that tells the wrong name in quotes and the known ones "nearest first", or a
        number and its limit.
    """
    for mended, said in (
        (_named(words, message), message.partition(": known")[0]),
        (_with_solver(words, message), message.partition(": known")[0]),
        (_within(words, message), message),
    ):
        if mended is not None and mended != list(words) and understood(parser, mended):
            return Mended(said, tuple(mended))
    return None


def _named(words: Sequence[str], message: str) -> list[str] | None:
    """Put the nearest name in the place of one that is not known."""
    found = re.search(r"'([^']+)'.*(?:nearest first:|known are) ([\w.+-]+)", message)
    if found is None or likeness(*found.groups()) < 0.6:
        return None
    wrong, right = found.groups()
    pattern = re.compile(rf"(^|[=,]){re.escape(wrong)}($|,)")
    return [pattern.sub(rf"\g<1>{right}\g<2>", word) for word in words]


def _with_solver(words: Sequence[str], message: str) -> list[str] | None:
    """Name a solver that has an option which that of the case lacks."""
    found = re.match(r"unknown parameter '(\w+)' of (\w+)", message)
    if found is None or found[2] not in catalog.names("solvers"):
        return None
    for name in catalog.names("solvers"):
        stepper = catalog.load("solvers", name).stepper
        if found[1] in {each.name for each in catalog.parameters(stepper)}:
            return [*words, "--solver", name]
    return None


def _within(words: Sequence[str], message: str) -> list[str] | None:
    """Take a number that is out of its limit without its sign, or the limit, or leave it out."""
    found = re.search(r"(-?\d[\d.e+-]*)[^\d:]*: give an? [a-z ]*number (>=?) ([\d.]+)", message)
    if found is None:
        return None
    for index, word in enumerate(words):
        name, equals, value = word.rpartition("=")
        try:
            wrong = float(value) == float(found[1])
        except ValueError:
            continue
        if not wrong:
            continue
        limit, plain = float(found[3]), value.lstrip("-")
        if float(plain) > limit:
            return [*words[:index], f"{name}{equals}{plain}", *words[index + 1 :]]
        if found[2] == ">=":
            return [*words[:index], f"{name}{equals}{found[3]}", *words[index + 1 :]]
        return [*words[: index - (not equals)], *words[index + 1 :]]
    return None
