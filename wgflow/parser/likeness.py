"""Which known word is meant by one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["COMMANDS", "OPTIONS", "likeness", "nearest"]

ENOUGH = 0.6  # a letter too many, too few or exchanged in words of four letters and more

# What other programs call it.
COMMANDS = {
    "check": "verify",
    "completions": "completion",
    "convergence": "converge",
    "create": "new",
    "equilibrium": "stationary",
    "evolve": "run",
    "examples": "cases",
    "info": "describe",
    "init": "new",
    "list": "cases",
    "ls": "cases",
    "methods": "solvers",
    "order": "converge",
    "particles": "compare",
    "problems": "cases",
    "rate": "converge",
    "schemes": "solvers",
    "sgd": "compare",
    "show": "describe",
    "simulate": "run",
    "solve": "run",
    "steady": "stationary",
    "test": "verify",
    "version": "--version",
}
OPTIONS = {
    "--continue": "--restart",
    "--end": "--until",
    "--final-time": "--until",
    "--force": "--overwrite",
    "--grid": "--cells",
    "--lr": "--step",
    "--method": "--solver",
    "--n": "--cells",
    "--neurons": "--particles",
    "--nx": "--cells",
    "--output": "--out",
    "--param": "--set",
    "--parameter": "--set",
    "--plot": "--figure",
    "--resolution": "--cells",
    "--resume": "--restart",
    "--rtol": "--tolerance",
    "--scheme": "--solver",
    "--t": "--until",
    "--time": "--until",
    "--time-step": "--dt",
    "--timestep": "--dt",
    "-f": "--overwrite",
    "-n": "--cells",
    "-o": "--out",
    "-p": "--set",
    "-s": "--set",
    "-t": "--until",
    "-v": "--verbose",
}


def likeness(word: str, known: str) -> float:
    """Say from 0 to 1 how near two words are; the beginning of a word is near to it."""
    word, known = (text.lower().strip("-").replace("-", "_") for text in (word, known))
    if word == known:
        return 1.0
    ratio = difflib.SequenceMatcher(None, word, known).ratio()
    if len(word) > 1 and known.startswith(word):
        return max(ratio, 0.95)
    if len(word) > 3 and word in known:
        return max(ratio, 0.85)
    return ratio


def nearest(word: str, known: Iterable[str], enough: float = ENOUGH) -> str | None:
    """Give the known word that is nearest; None if none is near enough.

    Examples
    --------
    >>> nearest("mucsl", ["upwind", "muscl"])
    'muscl'
    >>> nearest("sinkhorn", ["upwind", "muscl"]) is None
    True
    """
    found = max(known, key=lambda name: (likeness(word, name), -len(name)), default=None)
    return found if found is not None and likeness(word, found) >= enough else None
