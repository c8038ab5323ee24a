"""Words that several commands take."""

from __future__ import annotations

import argparse

__all__ = ["add_checkpoints", "add_output", "add_problem", "add_step"]


def add_problem(parser: argparse.ArgumentParser) -> None:
    """Add what names a problem and its solver."""
    parser.add_argument("case", metavar="CASE", help="name or path of a case")
    parser.add_argument("--solver", metavar="S", help="name or path of a solver")
    parser.add_argument(
        "--set", action="append", default=[], metavar="K=V", help="a parameter of the case"
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="K=V", help="an option of the solver"
    )
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")


def add_step(parser: argparse.ArgumentParser) -> None:
    """Add cells, step and final time."""
    parser.add_argument("--cells", metavar="N[,N…]", help="cells along each axis")
    parser.add_argument("--dt", type=float, metavar="X", help="fixed time step")
    parser.add_argument("--tolerance", type=float, metavar="X", help="local error of a step")
    parser.add_argument("--until", type=float, metavar="T", help="final time")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add where results go."""
    parser.add_argument(
        "--out", metavar="DIR", help="where to write (by default a new folder named by the case)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result there")


def add_checkpoints(parser: argparse.ArgumentParser) -> None:
    """Add when to leave checkpoints, and whether to go on from one."""
    parser.add_argument(
        "--checkpoint-every", type=float, metavar="S", help="seconds between checkpoints in DIR"
    )
    parser.add_argument(
        "--checkpoint-steps", type=int, metavar="K", help="steps between checkpoints in DIR"
    )
    parser.add_argument(
        "--restart", action="store_true", help="go on from the last checkpoint in DIR, if any"
    )
