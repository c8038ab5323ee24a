"""Slips of the hand on right command lines, and what a good answer to them is.

``python -m tests.slips [EVERY]`` answers every EVERYth slip and counts by kind what was missed.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.right_lines import PARSER, furnish, lines, right
from wgflow import catalog
from wgflow.parser.likeness import distance
from wgflow.parser.mend import mend

VERBS = ("solve", "start", "list", "ls", "show", "simulate", "exec", "go", "plott", "info")
KEYS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True)
class Slip:
    """A wrong line.

    Attributes
    ----------
    kind : str
    words : tuple of str
        What was typed after ``wgflow``.
    meant : tuple of str
    near : bool
        Whether one letter is wrong, so that what was meant must come back.
    """

    kind: str
    words: tuple[str, ...]
    meant: tuple[str, ...]
    near: bool


def slips(meant: tuple[str, ...]) -> Iterator[Slip]:
    """Yield the slips on a line."""
    for index, word in enumerate(meant):
        before, after = meant[:index], meant[index + 1 :]
        for kind, typed in _letters(word):
            yield Slip(kind, (*before, typed, *after), meant, True)
        for place in range(1, len(word)):
            parts = (word[:place], word[place:])
            yield Slip("space in a word", (*before, *parts, *after), meant, True)
        for kind, parts in _whole_words(word, after):
            yield Slip(kind, (*before, *parts), meant, False)
    for kind, words in itertools.chain(_orders(meant), _commands(meant), _names(meant)):
        yield Slip(kind, words, meant, False)


def _letters(word: str) -> Iterator[tuple[str, str]]:
    """Yield words with one letter wrong."""
    for i, letter in enumerate(word):
        rest = word[i + 1 :]
        if letter not in "=":
            yield "letter dropped", word[:i] + rest
            yield "letter doubled", word[: i + 1] + word[i:]
        if rest and rest[0] != letter:
            yield "letters swapped", word[:i] + rest[0] + letter + rest[1:]
        for row in KEYS:
            at = row.find(letter.lower())
            for key in (row[at - 1 : at] + row[at + 1 : at + 2]) if at >= 0 else "":
                yield "neighbour key", word[:i] + key + rest
        if letter.isalpha():
            yield "wrong case", word[:i] + letter.swapcase() + rest
        swaps = {"_": "-", "-": "_" if i > 1 else "-", ".": ",", ",": "."}
        if swaps.get(letter, letter) != letter:
            yield f"{swaps[letter]} for {letter}", word[:i] + swaps[letter] + rest
        if letter == "=":
            yield "= missing", word[:i] + rest
            yield "= doubled", word[:i] + "=" + word[i:]
            yield ": for =", word[:i] + ":" + rest


def _whole_words(word: str, after: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what may stand for a word and those behind it."""
    if word.startswith("--"):
        yield "one dash", (word[1:], *after)
        yield "three dashes", (f"-{word}", *after)
        yield "no dashes", (word[2:], *after)
        yield "option cut short", (word[:6], *after)
        if after and not after[0].startswith("-"):
            yield "value missing", (word, *after[1:])
            yield "joined to its value", (word + after[0], *after[1:])
            yield "value after a colon", (f"{word}:{after[0]}", *after[1:])
    if "=" in word and not word.startswith("-"):
        name, _, value = word.partition("=")
        yield "set a b", (name, value, *after)
        yield "set a = b", (name, "=", value, *after)
        yield "set a= b", (f"{name}=", value, *after)
        yield "set alone", (name, *after)
    if re.fullmatch(r"[\d.,e-]+", word):
        for unit in ("s", "x", "cells", "%", " "):
            yield "unit behind a number", (word + unit, *after)
        yield "number in words", ("many", *after)
    if "," in word:
        for letter in "x;: ":
            yield "comma written otherwise", (word.replace(",", letter), *after)
        yield "comma written otherwise", (*word.split(","), *after)
        yield "comma written otherwise", (f"({word})", *after)
    yield "word twice", (word, word, *after)


def _orders(meant: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the words in another order."""
    for i in range(len(meant) - 1):
        yield "words swapped", (*meant[:i], meant[i + 1], meant[i], *meant[i + 2 :])
    for i in range(1, len(meant)):
        if meant[i].startswith("--"):
            yield "options first", (*meant[i:], *meant[:i])
            yield "option first", (*meant[i : i + 2], *meant[:i], *meant[i + 2 :])
    for i in range(len(meant)):
        yield "word left out", (*meant[:i], *meant[i + 1 :])


def _commands(meant: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield lines with another word for the command, or that ask for help in some way."""
    first, *rest = meant
    for verb in VERBS:
        yield "another program's verb", (verb, *rest)
    yield "plural or singular", (first[:-1] if first[-1] == "s" else f"{first}s", *rest)
    if rest:
        other = rest[0][:-1] if rest[0][-1] == "s" else f"{rest[0]}s"
        yield "plural or singular", (first, other, *rest[1:])
    for cut in range(2, len(first)):
        yield "command cut short", (first[:cut], *rest)
    yield "program's name twice", ("wgflow", *meant)
    yield "command left out", tuple(rest)
    asks = ("-h", "--help", "-help", "--h", "help", "-?", "--hlep", "/?", "-H", "--usage", "h")
    for ask in asks:
        yield "help asked for", (*meant, ask)
        yield "help asked for", (ask, *meant)
        yield "help asked for", (first, ask, *rest)
        yield "help asked for", (first, ask)
    for ask in ("--version", "-v", "-V", "version", "-version", "--verbose"):
        yield "version asked for", (*meant, ask)
        yield "version asked for", (ask, *meant)
        yield "version asked for", (ask,)


def _names(meant: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield lines with another kind of thing for a case, a solver or a folder."""
    others = ("muscl", "cosine_neuron", "crowd", "crowd/", "cosine_neuron.py", "cases", ".", "..")
    others += ("cases/cosine_neuron.py", "./cosine_neuron", "my_case", "/my_case.py", "'charges'")
    others += ("Cosine Neuron", "cosine", "no/such/folder", "crowd/summary.json", "my_cse.py", "")
    for index, word in enumerate(meant):
        named = word in {*catalog.names("cases"), *catalog.names("solvers")}
        if named or word.endswith(".py") or (index == 1 and meant[0] in {"plot", "report"}):
            for other in others:
                yield "another kind of name", (*meant[:index], other, *meant[index + 1 :])


def as_near(slip: Slip, answer: Sequence[str]) -> bool:
    """Whether an answer is what was meant, or no further from what was typed."""
    typed, meant, told = (" ".join(words) for words in (slip.words, slip.meant, answer))
    return told == meant or distance(typed, told) <= distance(typed, meant)


def missed(slip: Slip) -> str:
    """Say what is missing in the answer to a wrong line; nothing where it is good."""
    mended = mend(PARSER, slip.words)
    if mended is None:
        return "no answer"
    if "\n" in mended.line + mended.said:
        return "more than a line"
    if not right(mended.words):
        return f"wrong answer: {mended.line}"
    if slip.near and not as_near(slip, mended.words):
        return f"far: {mended.line}"
    return ""


def wrong(every: int, seed: int = 0) -> Iterator[Slip]:
    """Yield every so many-th slip that is not a right line, of all right lines."""
    made = [slip for meant in lines() if right(meant) for slip in slips(meant)]
    random.Random(seed).shuffle(made)
    for slip in made[::every]:
        if slip.words and not right(slip.words):
            yield slip


def _count(every: int) -> None:
    """Print by kind how many slips are answered well, and those that are not."""
    seen: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    for slip in wrong(every):
        seen[slip.kind] += 1
        try:
            miss = missed(slip)
        except Exception as error:
            miss = f"traceback: {error!r}"
        if miss:
            bad[slip.kind] += 1
            sys.stdout.write(
                f"{slip.kind}: {shlex.join(slip.words)}  [{shlex.join(slip.meant)}]  -> {miss}\n"
            )
    for kind, count in sorted(seen.items()):
        sys.stdout.write(f"{kind:26} {count - bad[kind]:6} of {count}\n")
    sys.stdout.write(f"{'all':26} {seen.total() - bad.total():6} of {seen.total()}\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        furnish()
        _count(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
