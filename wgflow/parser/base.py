"""The parser of a command, and the words that several commands share."""

from __future__ import annotations

import argparse
from typing import NoReturn, TypeAlias

__all__ = [
    "Parser",
    "Words",
    "add_checkpoints",
    "add_follow",
    "add_networks",
    "add_output",
    "add_problem",
    "add_step",
]


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say on one line what is wrong, as all errors do."""
        self.exit(2, f"wgflow: error: {message}: see `{self.prog} --help`\n")


Words: TypeAlias = "argparse._SubParsersAction[Parser]"


def add_problem(parser: argparse.ArgumentParser) -> None:
    """Add the case, the solver and their settings."""
    parser.add_argument("case", metavar="CASE", help="name or path of a case")
    parser.add_argument("--solver", metavar="S", help="name or path of a solver")
    parser.add_argument(
        "--set", action="append", default=[], metavar="K=V", help="a parameter of the case"
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="K=V", help="an option of the solver"
    )
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")


def add_networks(parser: argparse.ArgumentParser) -> None:
    """Add the settings of finite networks."""
    parser.add_argument("--step", type=float, metavar="E", help="step size of SGD")
    parser.add_argument("--seeds", type=int, metavar="M", help="independent networks")
    parser.add_argument("--seed", type=int, metavar="S", help="seed of the first")
    parser.add_argument("--batch", type=int, metavar="P", help="samples a step of SGD")
    parser.add_argument(
        "--dynamics",
        choices=("sgd", "gradient", "particle", "nonlinear"),
        help="the case's, or sgd by default",
    )


def add_step(parser: argparse.ArgumentParser) -> None:
    """Add cells, steps and the final time."""
    parser.add_argument("--cells", metavar="N[,N…]", help="cells along each axis")
    parser.add_argument("--dt", type=float, metavar="X", help="fixed time step")
    parser.add_argument("--tolerance", type=float, metavar="X", help="local error of a step")
    parser.add_argument("--until", type=float, metavar="T", help="final time")


def add_follow(parser: argparse.ArgumentParser) -> None:
    """Add whether the cells follow the density."""
    parser.add_argument(
        "--follow",
        action=argparse.BooleanOptionalAction,
        help="cover a window that follows the density, not the whole box (default: the case's)",
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add where the results go."""
    parser.add_argument(
        "--out", metavar="DIR", help="where to write (by default a new folder named by the case)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result there")


def add_checkpoints(parser: argparse.ArgumentParser) -> None:
    """Add checkpoints and restarts."""
    parser.add_argument(
        "--checkpoint-every", type=float, metavar="S", help="seconds between checkpoints in DIR"
    )
    parser.add_argument(
        "--checkpoint-steps", type=int, metavar="K", help="steps between checkpoints in DIR"
    )
    parser.add_argument(
        "--restart", action="store_true", help="go on from the last checkpoint in DIR, if any"
    )
