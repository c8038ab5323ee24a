"""Which known word is meant by one that is not known."""

from __future__ import annotations

import functools
from collections.abc import Iterable

__all__ = ["COMMANDS", "HELP", "OPTIONS", "distance", "likeness", "nearest"]

ENOUGH = 0.6  # a letter too many, too few or exchanged in words of four letters and more

# How help is asked for elsewhere, and what other programs call a command or an option.
HELP = {"--h", "--usage", "-?", "-H", "-help", "/?", "?", "h", "help"}
COMMANDS = {
    "check": "verify",
    "completions": "completion",
    "convergence": "converge",
    "create": "new",
    "equilibrium": "stationary",
    "evolve": "run",
    "exec": "run",
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
    "start": "run",
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


def distance(word: str, known: str) -> int:
    """Count the letters to insert, to drop, to exchange, or to swap with the next."""
    before: list[int] = []
    last = list(range(len(known) + 1))
    for i, x in enumerate(word):
        row = [i + 1]
        for j, y in enumerate(known):
            row.append(min(last[j + 1] + 1, row[j] + 1, last[j] + (x != y)))
            if i and j and x == known[j - 1] and y == word[i - 1]:
                row[-1] = min(row[-1], before[j - 1] + 1)
        before, last = last, row
    return last[-1]


@functools.cache
def likeness(word: str, known: str) -> float:
    """Say from 0 to 1 how near two words are; the beginning of a word is near to it."""
    word, known = (text.lower().lstrip("-").replace("-", "_") for text in (word, known))
    if word == known:
        return 1.0
    most = max(len(word), len(known))
    likely = 1 - distance(word, known) / most
    if len(known) > 1 and likely * most >= most - 1:
        likely = max(likely, 0.7)  # a letter is soon wrong
    if len(word) > 1 and known.startswith(word):
        return max(likely, 0.95)
    if len(word) > 3 and word in known:
        return max(likely, 0.85)
    return likely


def nearest(word: str, known: Iterable[str], enough: float = ENOUGH) -> str | None:
    """Give the known word that is nearest; None if none is near enough.

    Examples
    --------
    >>> nearest("mucsl", ["upwind", "muscl"])
    'muscl'
    >>> nearest("sinkhorn", ["upwind", "muscl"]) is None
    True
    """

    def rank(name: str) -> tuple[float, int]:
        return likeness(word, name), -abs(len(name) - len(word))

    found = max(known, key=rank, default=None)
    return found if found is not None and likeness(word, found) >= enough else None
