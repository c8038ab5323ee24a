"""The parser of a command, and the words that several commands share."""

from __future__ import annotations

import argparse
import functools
import re
import textwrap
from collections.abc import Sequence
from typing import Any, NoReturn, TypeAlias

from wgflow.errors import InputError

__all__ = [
    "ACTIVATIONS",
    "COLUMNS",
    "COMPRESSIONS",
    "KINDS",
    "NORMS",
    "SUMMARY",
    "UNITS",
    "WIDTH",
    "Parser",
    "Words",
    "WordsError",
    "add_checkpoints",
    "add_command",
    "add_files",
    "add_folder",
    "add_follow",
    "add_networks",
    "add_number",
    "add_output",
    "add_problem",
    "add_restart",
    "add_step",
    "add_verbose",
]


WIDTH = 79  # of a help, on any terminal

# Known here too, for the rooms that have them take long to load; tests hold them together.
ACTIVATIONS = ("tanh", "erf", "logistic")
COLUMNS = (  # of history.csv, those that one looks at first
    *("risk", "energy", "mass", "minimum", "dissipation", "movement", "energy_law"),
    *("iterations", "dt", "time"),
)
COMPRESSIONS = ("none", "gzip", *(f"gzip:{level}" for level in range(1, 10)))
KINDS = ("stack", "spacetime", "map", "marginals", "slices", "history", "summary")
NORMS = ("L1", "L2", "Linf", "W1", "W2")
UNITS = ("sigmoid", "gaussian")
SUMMARY = "summary.json"  # of each result


class WordsError(InputError):
    """A command line that the parser does not understand.

    Attributes
    ----------
    command : str
        As far as it was understood, such as ``"wgflow run"``.
    """

    def __init__(self, message: str, command: str) -> None:
        super().__init__(message)
        self.command = command


class Parser(argparse.ArgumentParser):
    """A parser whose errors are exceptions, and that takes no abbreviations.

    An abbreviation that is unique today means something else once an option is added: it is
    refused with the option written out.

    Attributes
    ----------
    examples : tuple of str
        Command lines that its help shows and tests run.
    """

    examples: tuple[str, ...] = ()

    def __init__(self, **settings: Any) -> None:
        formatter = functools.partial(argparse.RawDescriptionHelpFormatter, max_help_position=26)
        settings.setdefault("formatter_class", formatter)
        super().__init__(**{**settings, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        """Leave it to the command line to say what is wrong and what is right."""
        raise WordsError(message, self.prog)

    def show(self, examples: Sequence[str]) -> None:
        """Put examples at the end of the help."""
        self.examples = tuple(examples)
        self.epilog = "\n  ".join(["examples:", *map(_folded, examples)])


def _folded(example: str) -> str:
    """Break a line that is too long for a terminal, as a shell wants it."""
    if len(example) <= WIDTH - 2:
        return example
    parts = [part.replace(" ", "\0") for part in re.split(r" (?=--)", example)]
    lines = textwrap.wrap(
        " ".join(parts), WIDTH - 8, break_long_words=False, break_on_hyphens=False
    )
    return " \\\n      ".join(lines).replace("\0", " ")


Words: TypeAlias = "argparse._SubParsersAction[Parser]"


def add_command(words: Words, name: str, summary: str, examples: Sequence[str]) -> Parser:
    """Add a command.

    Parameters
    ----------
    words : Words
        Where it is added: the commands, or the studies.
    name : str
    summary : str
        What it does, on a line.
    examples : sequence of str
        Whole command lines, the most usual first.
    """
    about = textwrap.fill(f"{summary[0].upper()}{summary[1:]}.", WIDTH)
    parser = words.add_parser(name, help=summary, description=about)
    parser.show(examples)
    return parser


def add_problem(parser: argparse.ArgumentParser) -> None:
    """Add the case, the solver and their settings."""
    parser.add_argument("case", metavar="CASE", help="name or path of a case (see `wgflow cases`)")
    group = parser.add_argument_group("problem and solver")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="K=V",
        help="set a parameter of the case; repeat for each (`wgflow describe CASE` lists them)",
    )
    group.add_argument(
        "--solver",
        metavar="S",
        help="name or path of a solver (default: the case's; else scharfetter_gummel with entropy, "
        "muscl without)",
    )
    group.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="K=V",
        help="set an option of the solver; repeat for each (`wgflow describe SOLVER` lists them)",
    )
    add_verbose(parser)


def add_networks(parser: argparse.ArgumentParser) -> None:
    """Add the settings of finite networks."""
    group = parser.add_argument_group("networks", "Defaults are those of the case.")
    group.add_argument(
        "--dynamics",
        choices=("sgd", "gradient", "particle", "nonlinear"),
        help="how the networks are trained (default: the case's, or sgd)",
    )
    group.add_argument("--step", type=float, metavar="E", help="step size of SGD, in units of time")
    group.add_argument("--seeds", type=int, metavar="M", help="number of networks")
    group.add_argument(
        "--seed", type=int, metavar="S", help="seed of the first network (default: 0)"
    )
    group.add_argument("--batch", type=int, metavar="P", help="samples per SGD step")


def add_step(parser: argparse.ArgumentParser) -> None:
    """Add cells, steps and the final time."""
    group = parser.add_argument_group("cells and steps")
    group.add_argument(
        "--cells", metavar="N[,N…]", help="cells along each axis (default: the case's)"
    )
    group.add_argument(
        "--dt", type=float, metavar="X", help="fixed time step (default: the solver's)"
    )
    group.add_argument(
        "--tolerance",
        type=float,
        metavar="X",
        help="tolerance for the local error of a step, instead of --dt (default: the solver's)",
    )
    group.add_argument(
        "--until",
        type=float,
        metavar="T",
        help="final time, in units of the case (default: the case's)",
    )


def add_follow(parser: argparse.ArgumentParser) -> None:
    """Add whether the cells follow the density."""
    parser.add_argument(
        "--follow",
        action=argparse.BooleanOptionalAction,
        help="use a window of cells that follows the density (default: the case's)",
    )


def add_output(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add where the results go; return the group, for more of its kind."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--out", metavar="DIR", help="output folder (default: a new one, named after the case)"
    )
    group.add_argument("--overwrite", action="store_true", help="replace an earlier result there")
    return group


def add_folder(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add where table, figure and summary of a measurement go; return the group, for more."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--out",
        metavar="DIR",
        help="write table, figure and summary to this folder, for `wgflow report`",
    )
    group.add_argument("--overwrite", action="store_true", help="replace an earlier result there")
    return group


def add_checkpoints(parser: argparse.ArgumentParser) -> None:
    """Add checkpoints and restarts."""
    group = parser.add_argument_group("checkpoints", "Written to the folder given by --out.")
    group.add_argument(
        "--checkpoint-every",
        type=float,
        metavar="S",
        help="seconds between checkpoints (default: none)",
    )
    group.add_argument(
        "--checkpoint-steps",
        type=int,
        metavar="K",
        help="steps between checkpoints (default: none)",
    )
    group.add_argument(
        "--restart", action="store_true", help="resume from the last checkpoint, if any"
    )


def add_number(
    parser: argparse.ArgumentParser,
    name: str,
    kind: type,
    default: float,
    letter: str,
    text: str,
) -> None:
    """Add an option that is a number, and tell its default."""
    told = f"{text} (default: {default:g})"
    parser.add_argument(f"--{name}", type=kind, default=default, metavar=letter, help=told)


def add_verbose(parser: argparse.ArgumentParser) -> None:
    """Add whether to say more."""
    parser.add_argument("--verbose", action="store_true", help="print more to stderr")


def add_files(
    output: argparse._ActionsContainer, *, json: str = "", csv: str = "", figure: str = ""
) -> None:
    """Add files beside the folder; each word says what is written or drawn there."""
    if json:
        output.add_argument("--json", metavar="FILE", help=f"also write {json} to FILE")
    if csv:
        output.add_argument("--csv", metavar="FILE", help=f"also write {csv} to FILE")
    if figure:
        told = f"also draw {figure} to FILE (.png, .pdf, .svg)"
        output.add_argument("--figure", metavar="FILE", help=told)


def add_restart(output: argparse._ArgumentGroup) -> None:
    """Add how a study goes on whose networks are kept one by one."""
    output.add_argument(
        "--restart",
        action="store_true",
        help="resume a study that was stopped; finished networks are kept in --out",
    )
