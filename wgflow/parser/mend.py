"""What a wrong command line was meant to be.

The words are read again by rules that forgive: an unknown word is replaced by the nearest known
one, a value by one of the right form. What comes out is a command line that the parser takes, or
nothing. It is offered to the user, never run.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wgflow import catalog
from wgflow.parser.base import Parser, WordsError
from wgflow.parser.edits import edits
from wgflow.parser.likeness import COMMANDS, ENOUGH, HELP, distance, nearest
from wgflow.parser.mend_words import mend_words
from wgflow.parser.tree import Command, tree

__all__ = ["Mended", "mend", "understood"]

ROUNDS = 5  # an option of another command changes the command, and all is read again


@dataclass(frozen=True)
class Mended:
    """A command line that is right.

    Attributes
    ----------
    said : str
        What was wrong, without a full stop.
    words : tuple of str
        The right words, after ``wgflow``.
    """

    said: str
    words: tuple[str, ...]

    @property
    def line(self) -> str:
        """The line to type."""
        return shlex.join(("wgflow", *self.words))


def mend(parser: Parser, words: Sequence[str]) -> Mended | None:
    """Find the right command line that is nearest.

    Parameters
    ----------
    parser : Parser
        Of all commands.
    words : sequence of str
        What was typed after ``wgflow``.

    Returns
    -------
    Mended or None
        None where nothing is found to be wrong, or no right line.

    Examples
    --------
    >>> from wgflow.parser import build_parser
    >>> mended = mend(build_parser(), ["rnu", "cosine_neuron", "--cells", "8x8"])
    >>> mended.said
    "unknown command 'rnu'; --cells '8x8': give whole numbers like 400 or 128,64"
    >>> mended.line
    'wgflow run cosine_neuron --cells 8,8'
    """
    root = tree(parser)
    typed = " ".join(words)
    first = _read(parser, root, words)
    if not first.said:
        return None
    if first.right and distance(typed, " ".join(first.words)) < 2:
        return _mended(first)
    slip = _one_slip(parser, root, words)
    if slip is not None and slip.words != first.words:
        return slip
    if first.right:
        return _mended(first)
    return _without(parser, root, words, first) or _page(root, words, first)


@dataclass(frozen=True)
class _Reading:
    """A line as it was read: what was wrong with it, and the words put right as far as possible."""

    said: tuple[str, ...]
    words: tuple[str, ...]
    right: bool


def _read(parser: Parser, root: Command, words: Sequence[str]) -> _Reading:
    """Read a line by rules that forgive, until nothing more is wrong with it."""
    said: list[str] = []
    now = list(words)
    for _ in range(ROUNDS):
        before = len(said)
        command, rest = _command(root, now, said)
        if command is None:
            break
        now = mend_words(root, command, rest, said)
        if len(said) == before:
            return _Reading(tuple(said), tuple(now), understood(parser, now))
    return _Reading(tuple(said), tuple(now), False)


def _mended(reading: _Reading) -> Mended:
    return Mended("; ".join(dict.fromkeys(reading.said)), reading.words)


def _one_slip(parser: Parser, root: Command, words: Sequence[str]) -> Mended | None:
    """Find a line that is right once a single slip is undone."""
    known = {word for leaf in root.leaves() for word in (*leaf.words, *leaf.options)}
    known |= {*catalog.names("cases"), *catalog.names("solvers")}
    known |= set(words[2:3] if words[:1] == ["new"] else ())  # a new name is no slip of another
    for line, wrong in edits(words, known):
        if not _asks(line) and understood(parser, line) and not _read(parser, root, line).said:
            return Mended(f"'{wrong}' is not understood", line)
    return None


def _without(parser: Parser, root: Command, words: Sequence[str], first: _Reading) -> Mended | None:
    """Find the nearest right line that lacks an option or a word of this one, or joins two."""
    for i in (i for i, word in enumerate(words) if word[:2] == "--" and word != "--"):
        line = (*words[:i], *words[i + 2 :])
        if understood(parser, line) and not _read(parser, root, line).said:
            return Mended(_mended(first).said, line)
    lines = [(*words[:i], *words[i + 1 :]) for i in range(len(words))]
    lines += [(*words[:i], words[i] + words[i + 1], *words[i + 2 :]) for i in range(len(words) - 1)]
    read = [_read(parser, root, line) for line in lines]
    found = [reading for reading in read if reading.right and not _asks(reading.words)]
    if not found:
        return None
    typed = " ".join(words)
    return Mended(
        _mended(first).said,
        min(found, key=lambda each: distance(typed, " ".join(each.words))).words,
    )


def _page(root: Command, words: Sequence[str], first: _Reading) -> Mended:
    """Give the page that tells what there is, for a line that is far from all."""
    node, rest = root, list(first.words)
    while node.choices and rest and rest[0] in node.choices:
        node = node.choices[rest.pop(0)]
    case = next((word for word in rest if word in catalog.names("cases")), None)
    if case and any(action.dest == "directory" for action in node.operands):
        return Mended(_mended(first).said, ("run", case))  # there is no result yet
    return Mended(_mended(first).said, (*node.words, "--help"))


def understood(parser: Parser, words: Sequence[str]) -> bool:
    """Whether the parser takes the words."""
    if _asks(words):
        return True  # parsed, they would print and leave
    try:
        parser.parse_args(words)
    except WordsError:
        return False
    return True


def _asks(words: Sequence[str]) -> bool:
    return bool({"--help", "-h", "--version"} & set(words))


def _command(root: Command, words: list[str], said: list[str]) -> tuple[Command | None, list[str]]:
    """Find the command that the first words mean; return it and the words behind."""
    if words[:1] == ["wgflow"]:
        said.append("`wgflow` is typed only once")
        words = words[1:] or ["--help"]
    asked = [word for i, word in enumerate(words) if _is_help(words, i)]
    if asked:
        said.append(f"'{asked[0]}': help is asked for after the command, with --help")
        words = [*(word for word in words if word not in asked), "--help"]
    words = _command_first(root, words, said)
    node: Command = root
    while node.choices:
        if words and words[0] in node.choices:
            node, words = node.choices[words[0]], words[1:]
        elif words and words[0] in {"--help", "-h", "--version"}:
            break
        elif node is root:
            words = _meant(root, words, said)
            if not words:
                return None, words
        else:
            words = _below(node, words, said)
    return node, words


def _is_help(words: Sequence[str], place: int) -> bool:
    """Whether a word asks for help as elsewhere, and is no value, name or folder."""
    word = words[place]
    if word not in HELP or word[0] == "-":
        return word in HELP
    free = place > 0 and (words[place - 1][0:1] == "-" or words[:place] == ["new", words[1]])
    return not (free or Path(word).exists())


def _command_first(root: Command, words: list[str], said: list[str]) -> list[str]:
    """Move options that stand before the command behind it."""
    if not words or not words[0].startswith("-") or words[0] in root.options:
        return words
    place = next((i for i, word in enumerate(words) if word in root.choices), None)
    if place is None:
        return words
    said.append(f"{words[0]} comes before the command")
    return [words[place], *words[place + 1 :], *words[:place]]


def _meant(root: Command, words: list[str], said: list[str]) -> list[str]:
    """Replace a first word that is no command; return all words."""
    if not words:
        return []
    word, rest = words[0], words[1:]
    if word in COMMANDS:
        said.append(f"unknown command '{word}'")
        return [COMMANDS[word], *rest]
    if catalog.is_path(word):
        said.append(f"'{word}' is a file, not a command")
        return ["run", word, *rest]
    if word.startswith("-"):
        said.append(f"unknown option {word}")
        return [nearest(word, root.options) or "--help"]
    # each known word, how it is begun, and what it is called
    known = {name: (["describe"], "solver") for name in catalog.names("solvers")}
    known |= {name: (["run"], "case") for name in catalog.names("cases")}
    for name, node in root.choices.items():
        known |= {below: ([name], name) for below in node.choices if below not in known}
    known |= {name: ([], "command") for name in root.choices}
    found = nearest(word, known)
    if found is None:
        said.append(f"unknown command '{word}'")
        return ["--help"]
    before, kind = known[found]
    exact = found == word
    said.append(f"'{word}' is a {kind}, not a command" if exact else f"unknown command '{word}'")
    return [*before, found, *rest]


def _below(node: Command, words: list[str], said: list[str]) -> list[str]:
    """Replace or insert the second word of a command such as ``study``; return it and the rest."""
    # a word alone that is not very near to `case` is the name of one
    names = node.words == ("new",) and (len(words) < 2 or words[1].startswith("-"))
    found = nearest(words[0], node.choices, 0.8 if names else ENOUGH) if words else None
    if found is not None:
        said.append(f"`{node.line}` has no '{words[0]}'")
        return [found, *words[1:]]
    said.append(f"`{node.line}` needs one of {', '.join(node.choices)}")
    first = next(iter(node.choices))
    is_case = bool(words) and (words[0] in catalog.names("cases") or catalog.is_path(words[0]))
    keep = not words or is_case or words[0].startswith("-") or node.words == ("new",)
    return [first, *(words if keep else words[1:])]
