"""The reference of the command line as a page in Markdown, made from the parser."""

from __future__ import annotations

import argparse

from wgflow.parser.base import Parser
from wgflow.parser.tree import Command, takes_value, tree

__all__ = ["markdown"]

HEAD = ["", "meaning"]


def markdown(parser: Parser) -> str:
    """Write the reference of all commands.

    Parameters
    ----------
    parser : Parser
        Of all commands, as ``build_parser()`` makes it.

    Returns
    -------
    str
        A page in Markdown (MyST): a section a command, with its options in tables by groups.

    Examples
    --------
    >>> from wgflow.parser import build_parser
    >>> print(markdown(build_parser()).splitlines()[0])
    # Command line
    """
    root = tree(parser)
    parts = [
        "# Command line",
        "A command line with a mistake ends with exit code 2 and a message that names the "
        "mistake\nand gives the corrected line. Options must be written in full.\n"
        "Options after `--` go to PETSc. "
        "Under `mpiexec` the commands are the same, and only the root rank prints.",
        "| exit code | |\n|---|---|\n| 0 | done |\n| 1 | an order or a slope was missed |\n"
        "| 2 | bad input, or a run that failed |\n"
        "| 75 | stopped by a signal after a checkpoint: run it again with `--restart` |\n"
        "| 130 | interrupted by Ctrl-C |",
        _table(
            ["command", "what it does"],
            [[f"[`{leaf.line}`](#{_anchor(leaf)})", leaf.summary] for leaf in root.leaves()],
        ),
    ]
    for leaf in root.leaves():
        parts += _section(leaf)
    return "\n\n".join(parts) + "\n"


def _anchor(command: Command) -> str:
    return "-".join(("command", *command.words))


def _section(command: Command) -> list[str]:
    parser = command.parser
    parts = [
        f"({_anchor(command)})=\n## `{command.line}`",
        f"{command.summary[0].upper()}{command.summary[1:]}.",
        "\n".join(["```shell", *parser.examples, "```"]),
    ]
    plain: list[list[str]] = []
    for group in parser._action_groups:
        rows = [_row(action) for action in group._group_actions if action.dest != "help"]
        if group.title in {"positional arguments", "options"}:
            plain += rows
        elif rows:
            about = f" {group.description}" if group.description else ""
            parts += [f"**{(group.title or '').capitalize()}.**{about}", _table(HEAD, rows)]
    if plain:
        parts.insert(3, _table(HEAD, plain))
    return parts


def _row(action: argparse.Action) -> list[str]:
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if action.choices is not None:
        metavar = " or ".join(str(choice) for choice in action.choices)
    names = list(action.option_strings)
    if not names:
        typed = f"`{metavar}`"
    elif takes_value(action):
        typed = ", ".join(f"`{name} {metavar}`" for name in names)
    else:
        typed = ", ".join(f"`{name}`" for name in names)
    return [typed, (action.help or "").replace("%%", "%")]


def _table(head: list[str], rows: list[list[str]]) -> str:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
