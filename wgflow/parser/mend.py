"""What a wrong command line was meant to be.

The words are read again by rules that forgive: an unknown word is replaced by the nearest known
one, a value by one of the right form. What comes out is a command line that the parser takes, or
nothing. It is offered to the user, never run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from wgflow import catalog
from wgflow.parser.base import Parser, WordsError
from wgflow.parser.likeness import COMMANDS, likeness, nearest
from wgflow.parser.mend_words import mend_words
from wgflow.parser.tree import Command, tree

__all__ = ["Mended", "mend", "mend_by"]

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
    said: list[str] = []
    now = list(words)
    for _ in range(ROUNDS):
        before = len(said)
        command, rest = _command(root, now, said)
        if command is None:
            return None
        now = mend_words(root, command, rest, said)
        if len(said) == before:
            break
    if not said or now == list(words) or not _understood(parser, now):
        return None
    return Mended("; ".join(dict.fromkeys(said)), tuple(now))


def mend_by(parser: Parser, words: Sequence[str], message: str) -> Mended | None:
    """Put the nearest name in the place of one that an error calls unknown.

    Parameters
    ----------
    parser, words
        As for :func:`mend`.
    message : str
        An error with the wrong name in quotes and the known ones "nearest first".
    """
    found = re.search(r"'([^']+)'.*(?:nearest first:|known are) ([\w.+-]+)", message)
    if found is None or likeness(*found.groups()) < 0.6:
        return None
    wrong, right = found.groups()
    if wrong == right:
        return None
    pattern = re.compile(rf"(^|[=,]){re.escape(wrong)}($|,)")
    mended = [pattern.sub(rf"\g<1>{right}\g<2>", word) for word in words]
    if mended == list(words) or not _understood(parser, mended):
        return None
    return Mended(message.partition(": known")[0], tuple(mended))


def _understood(parser: Parser, words: Sequence[str]) -> bool:
    """Whether the parser takes the words."""
    if {"--help", "-h", "--version"} & set(words):
        return True  # parsed, they would print and leave
    try:
        parser.parse_args(words)
    except WordsError:
        return False
    return True


def _command(root: Command, words: list[str], said: list[str]) -> tuple[Command | None, list[str]]:
    """Find the command that the first words mean; return it and the words behind."""
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


def _command_first(root: Command, words: list[str], said: list[str]) -> list[str]:
    """Move options that stand before the command behind it."""
    if not words or not words[0].startswith("-") or words[0] in root.options:
        return words
    place = next((i for i, word in enumerate(words) if word in root.choices), None)
    if place is None:
        return words
    said.append(f"{words[0]} stands before the command")
    return [words[place], *words[place + 1 :], *words[:place]]


def _meant(root: Command, words: list[str], said: list[str]) -> list[str]:
    """Replace a first word that is no command; return all words."""
    if not words:
        return []
    word, rest = words[0], words[1:]
    if word == "help":
        said.append("help is asked for behind the command, with --help")
        return [*rest, "--help"]
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
    # what is not very near to `case` is the name of one
    found = (
        nearest(words[0], node.choices, 0.6 if len(node.choices) > 2 else 0.8) if words else None
    )
    if found is not None:
        said.append(f"`{node.line}` knows no '{words[0]}'")
        return [found, *words[1:]]
    said.append(f"`{node.line}` needs one of {', '.join(node.choices)}")
    first = next(iter(node.choices))
    is_case = bool(words) and (words[0] in catalog.names("cases") or catalog.is_path(words[0]))
    keep = not words or is_case or words[0].startswith("-") or node.words == ("new",)
    return [first, *(words if keep else words[1:])]
