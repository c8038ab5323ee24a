"""Slips of the hand on right command lines, and what a good answer to them is.

``python -m tests.slips [EVERY]`` answers every EVERYth slip and counts by kind what was missed.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wgflow import catalog
from wgflow.commands import inputs
from wgflow.errors import InputError
from wgflow.parser import build_parser
from wgflow.parser.likeness import distance
from wgflow.parser.mend import mend
from wgflow.parser.tree import tree

HERE = Path(__file__).resolve().parents[1]
PAGES = (HERE / "README.md", *sorted((HERE / "docs" / "tutorials").glob("*.md")))
PARSER = build_parser()
ROOT = tree(PARSER)
VERBS = ("solve", "start", "list", "ls", "show", "simulate", "exec", "go", "plott", "info")
KEYS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
WHOLE = ("cells", "splits", "sizes", "values")
REAL = ("snapshots", "times", "time", "between", "scales")


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


def lines() -> list[tuple[str, ...]]:
    """List the right lines: the examples of the help, and what the pages show."""
    texts = [e for leaf in ROOT.leaves() for e in leaf.parser.examples]
    for page in PAGES:
        blocks = re.findall(r"```(?:shell|console)\n(.*?)```", page.read_text("utf-8"), re.S)
        blocks += re.findall(r"^    \S.*$", page.read_text("utf-8"), re.M)
        for block in blocks:
            text = block.replace("\\\n", " ")
            texts += re.findall(r"^[ $]*((?:mpiexec|srun|wgflow) .*)$", text, re.M)
    found = []
    for text in texts:
        line = re.search(r"wgflow (.*?)(?:\)?\"?$| {2,}.*| [>|&#].*)", text)
        if line is not None and not re.search(r"[$…*]| -- ", line[1]):
            found.append(tuple(shlex.split(line[1])))
    return sorted(set(found))


def furnish() -> None:
    """Make the files and folders here that the lines name."""
    own = "def problem(depth: float = 1.0): ...\ndef stepper(problem, grid): ...\n"
    for words in lines():
        for word in words:
            if word.endswith(".py"):
                Path(word).write_text(own)
        if words[0] in {"plot", "animate", "report"}:
            Path(words[1]).mkdir(exist_ok=True)
            summary = {"case": "cosine_neuron"}
            (Path(words[1]) / "summary.json").write_text(json.dumps(summary))
    Path("points.csv").write_text("0,1\n")


@cache
def _solver_of(case: str) -> str:
    module = catalog.load("cases", case)
    stated = getattr(module, "DEFAULT_SOLVER", None)
    return stated or str(inputs.default_solver(module.problem()))


def right(words: Sequence[str]) -> bool:
    """Whether a line is understood and names what there is; it is not run."""
    if {"-h", "--help", "--version"} & set(words):
        return _helps(words)
    try:
        given = vars(PARSER.parse_args(list(words)))
        _check(given)
    except InputError:
        return False
    return given["command"] is not None


def _helps(words: Sequence[str]) -> bool:
    """Whether a line prints a help or the version and leaves."""
    try:
        with open(os.devnull, "w", encoding="utf-8") as sink:
            out, sys.stdout = sys.stdout, sink
            try:
                PARSER.parse_args(list(words))
            finally:
                sys.stdout = out
    except InputError:
        return False
    except SystemExit:
        pass
    return True


def _check(given: dict[str, object]) -> None:
    """Check what the parser does not: names, settings, numbers, folders."""
    cases = given.get("case") or []
    for case in [cases] if isinstance(cases, str) else cases:
        module = catalog.load("cases", case)
        inputs.settings_of(module.problem, given.get("set") or [])
        if given.get("option"):
            inputs.options_of(given["solver"] or _solver_of(case), given["option"])
        if given.get("variant") and given["variant"] not in module.VARIANTS:
            raise InputError("no such variant")
        if given.get("sweep"):
            _sweep(module, str(given["sweep"]))
        if given.get("parameter"):
            inputs.settings_of(module.problem, [f"{given['parameter']}=1"])
    solver = given.get("solver") or []
    for name in [solver] if isinstance(solver, str) else solver:
        catalog.load("solvers", name)
    if given.get("name"):
        found = [k for k in ("cases", "solvers") if _there(k, str(given["name"]))]
        if not found or (given["set"] and "cases" not in found):
            raise InputError("no such name")
        if given["set"]:
            inputs.settings_of(catalog.load("cases", given["name"]).problem, given["set"])
    if given.get("like"):
        catalog.load(given["kind"], given["like"])
    _check_values(given)


def _sweep(module: object, text: str) -> None:
    """Check ``K=FROM:TO:COUNT``."""
    found = re.fullmatch(r"(\w+)=([^:]+):([^:]+):(\d+)", text)
    if found is None:
        raise InputError("no sweep")
    inputs.numbers(f"{found[2]},{found[3]}", "")
    inputs.settings_of(module.problem, [f"{found[1]}={found[2]}"])


def _there(kind: str, name: str) -> bool:
    try:
        catalog.load(kind, name)
    except InputError:
        return False
    return True


def _check_values(given: dict[str, object]) -> None:
    for name in WHOLE:
        if isinstance(given.get(name), str):
            inputs.whole_numbers(given[name], name)
    for name in REAL:
        if isinstance(given.get(name), str):
            inputs.numbers(given[name], name)
    directory = given.get("directory")
    if directory is not None and not (Path(str(directory)) / "summary.json").is_file():
        raise InputError("no result")
    if given.get("units") and not set(str(given["units"]).split(",")) <= {"sigmoid", "gaussian"}:
        raise InputError("no such units")
    for text in given.get("set") or []:
        name, _, value = text.partition("=")
        if name == "file" and value and not Path(value).is_file():
            raise InputError("no such file")
    for name in ("figure",):
        if given.get(name) and Path(str(given[name])).suffix.lower() not in {
            ".png",
            ".pdf",
            ".svg",
        }:
            raise InputError("no such format")


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
