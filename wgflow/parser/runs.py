"""The words of the commands that solve a case."""

from __future__ import annotations

import argparse

from wgflow import commands
from wgflow.parser.base import (
    Words,
    add_checkpoints,
    add_follow,
    add_networks,
    add_output,
    add_problem,
    add_step,
)

__all__ = ["add_compare", "add_run", "add_stationary"]


def add_run(words: Words) -> None:
    """Add the command that solves a case."""
    run = words.add_parser("run", help="solve a case and write the results")
    add_problem(run)
    add_step(run)
    add_follow(run)
    add_output(run)
    run.add_argument(
        "--snapshots",
        metavar="T[,T…]",
        help="times to keep besides start and end (by default the case's, or ten)",
    )
    run.add_argument(
        "--splits", metavar="P[,P…]", help="ranks along each axis (by default PETSc's choice)"
    )
    add_checkpoints(run)
    run.add_argument(
        "--compression", default="none", metavar="C", help="of solution.h5: none, gzip, gzip:1…9"
    )
    run.add_argument(
        "--single", action="store_true", help="keep snapshots in single precision, but the last"
    )
    run.set_defaults(command=commands.run)


def add_stationary(words: Words) -> None:
    """Add the command that finds states at rest."""
    stationary = words.add_parser(
        "stationary", help="find a state at rest, or follow it over a parameter"
    )
    stationary.add_argument("case", metavar="CASE", help="name or path of a case")
    stationary.add_argument("--cells", metavar="N[,N…]", help="cells along each axis")
    stationary.add_argument(
        "--set", action="append", default=[], metavar="K=V", help="a parameter of the case"
    )
    stationary.add_argument(
        "--sweep", metavar="K=FROM:TO:COUNT", help="follow the state over a parameter"
    )
    stationary.add_argument(
        "--saddles", action="store_true", help="stay on a saddle where the search finds one"
    )
    stationary.add_argument("--json", metavar="FILE", help="write the numbers there too")
    stationary.add_argument("--verbose", action="store_true", help="say more on stderr")
    stationary.set_defaults(command=commands.stationary)


def add_compare(words: Words) -> None:
    """Add the command that runs networks beside the density."""
    compare = words.add_parser("compare", help="solve a network case and run SGD beside it")
    add_problem(compare)
    add_step(compare)
    add_follow(compare)
    add_output(compare)
    compare.add_argument("--particles", type=int, metavar="N", help="neurons")
    compare.add_argument(
        "--extrapolate",
        action=argparse.BooleanOptionalAction,
        help="also run networks of half the width and extrapolate the risk to infinite width",
    )
    add_networks(compare)
    add_checkpoints(compare)
    compare.set_defaults(command=commands.compare)
