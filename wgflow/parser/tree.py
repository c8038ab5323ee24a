"""The commands as a tree, read off the parser: for completion, corrections and the reference."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from wgflow.parser.base import Parser

__all__ = ["Command", "takes_value", "tree"]


@dataclass(frozen=True)
class Command:
    """A command, or a word before several such as ``study``.

    Attributes
    ----------
    words : tuple of str
        What is typed after ``wgflow``: ``("study", "width")``.
    summary : str
        What it does, on a line.
    parser : Parser
    options : dict of str to argparse.Action
        By every way to write them, ``-h`` too.
    operands : tuple of argparse.Action
        In the order in which they are given.
    choices : dict of str to Command
        What may follow; empty for a whole command.
    """

    words: tuple[str, ...]
    summary: str
    parser: Parser
    options: dict[str, argparse.Action]
    operands: tuple[argparse.Action, ...]
    choices: dict[str, Command]

    @property
    def line(self) -> str:
        """The command as it is typed."""
        return " ".join(("wgflow", *self.words))

    def leaves(self) -> Iterator[Command]:
        """Yield the whole commands below, or this one."""
        if not self.choices:
            yield self
        for choice in self.choices.values():
            yield from choice.leaves()


def tree(parser: Parser, words: tuple[str, ...] = (), summary: str = "") -> Command:
    """Read the tree of the commands off a parser."""
    options: dict[str, argparse.Action] = {}
    operands = []
    choices: dict[str, Command] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            summaries = {each.dest: each.help or "" for each in action._choices_actions}
            choices = {
                name: tree(below, (*words, name), summaries.get(name, ""))
                for name, below in action.choices.items()
            }
        elif action.option_strings:
            options.update(dict.fromkeys(action.option_strings, action))
        else:
            operands.append(action)
    return Command(words, summary, parser, options, tuple(operands), choices)


def takes_value(action: argparse.Action) -> bool:
    """Whether an option is followed by a value."""
    return action.nargs != 0
