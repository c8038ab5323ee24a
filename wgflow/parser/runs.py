"""The words of the commands that solve a case."""

from __future__ import annotations

import argparse

from wgflow.parser.base import (
    COMPRESSIONS,
    Words,
    add_checkpoints,
    add_command,
    add_files,
    add_follow,
    add_networks,
    add_output,
    add_problem,
    add_step,
    add_verbose,
)

__all__ = ["add_compare", "add_run", "add_stationary"]


def add_run(words: Words) -> None:
    """Add the command that solves a case."""
    run = add_command(
        words,
        "run",
        "solve a case and write the results",
        [
            "wgflow run isotropic_gaussians",
            "wgflow run isotropic_gaussians --set delta=0.5 --cells 800 --until 4",
            "wgflow run quadratic_attraction --solver ljko --option tau=0.05 --out jko",
            "wgflow run ./my_case.py --snapshots 0.1,0.5 --out mine --overwrite",
            "mpiexec -n 4 wgflow run keller_segel --cells 512 --out ks --checkpoint-every 600 "
            "--restart",
        ],
    )
    add_problem(run)
    add_step(run)
    add_follow(run)
    _add_kept(run)
    add_checkpoints(run)
    ranks = run.add_argument_group("ranks (under mpiexec)")
    ranks.add_argument(
        "--splits", metavar="P[,P…]", help="ranks along each axis (default: PETSc's choice)"
    )
    run.set_defaults(command="runs:run")


def _add_kept(run: argparse.ArgumentParser) -> None:
    """Add where the results go, and which densities are kept."""
    output = add_output(run)
    output.add_argument(
        "--snapshots",
        metavar="T[,T…]",
        help="times of snapshots besides start and end (default: the case's, or ten)",
    )
    output.add_argument(
        "--frames",
        type=int,
        metavar="N",
        help="number of snapshots, evenly spaced from start to end, instead of --snapshots",
    )
    output.add_argument(
        "--compression",
        choices=COMPRESSIONS,
        default="none",
        metavar="C",
        help="compression of solution.h5: none (default), gzip, gzip:1…9",
    )
    output.add_argument(
        "--single", action="store_true", help="store all snapshots but the last in single precision"
    )


def add_stationary(words: Words) -> None:
    """Add the command that finds states at rest."""
    stationary = add_command(
        words,
        "stationary",
        "find a stationary state, or follow it along a parameter",
        [
            "wgflow stationary cosine_neuron --set beta=20",
            "wgflow stationary desai_zwanzig --cells 200 --saddles",
            "wgflow stationary desai_zwanzig --sweep beta=1.8:3:13 --json branch.json",
        ],
    )
    stationary.add_argument(
        "case", metavar="CASE", help="name or path of a case (see `wgflow cases`)"
    )
    stationary.add_argument(
        "--cells", metavar="N[,N…]", help="cells along each axis (default: the case's)"
    )
    stationary.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="K=V",
        help="set a parameter of the case; repeat for each (`wgflow describe CASE` lists them)",
    )
    stationary.add_argument(
        "--sweep",
        metavar="K=FROM:TO:COUNT",
        help="follow the state along a parameter, at COUNT values",
    )
    stationary.add_argument(
        "--saddles", action="store_true", help="accept a saddle if the search finds one"
    )
    add_files(stationary, json="the numbers")
    add_verbose(stationary)
    stationary.set_defaults(command="stationary:stationary")


def add_compare(words: Words) -> None:
    """Add the command that runs networks beside the density."""
    compare = add_command(
        words,
        "compare",
        "solve a network case and train finite networks for comparison",
        [
            "wgflow compare isotropic_gaussians --seeds 8",
            "wgflow compare cosine_neuron --cells 100 --until 0.5 --particles 50 --seeds 2",
            "wgflow compare charges --set fixed=true --dynamics particle --out fixed",
        ],
    )
    add_problem(compare)
    add_step(compare)
    add_follow(compare)
    add_output(compare)
    add_networks(compare)
    compare.add_argument(
        "--particles", type=int, metavar="N", help="neurons per network (default: the case's)"
    )
    compare.add_argument(
        "--extrapolate",
        action=argparse.BooleanOptionalAction,
        help="also train networks of half the width and extrapolate the risk to infinite width "
        "(default: the case's)",
    )
    add_checkpoints(compare)
    compare.set_defaults(command="compare:compare")
