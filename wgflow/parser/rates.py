"""The words of the commands that measure orders."""

from __future__ import annotations

from wgflow.parser.base import (
    NORMS,
    Words,
    add_command,
    add_files,
    add_folder,
    add_problem,
    add_verbose,
)

__all__ = ["add_converge", "add_verify"]


def add_converge(words: Words) -> None:
    """Add the command that measures one order."""
    converge = add_command(
        words,
        "converge",
        "measure the order of a solver on a case; exit 1 if it is missed",
        [
            "wgflow converge ornstein_uhlenbeck",
            "wgflow converge cosine_neuron --solver muscl --figure order.png",
            "wgflow converge ornstein_uhlenbeck --cells 40 --levels 3 --norm W2 --json order.json",
            "wgflow converge ornstein_uhlenbeck --variant 2-D",
            "wgflow converge ./my_case.py --solver ./my_solver.py --expected 2 --within 0.2",
        ],
    )
    add_problem(converge)
    study = converge.add_argument_group("refinement", "Defaults are those of the case.")
    study.add_argument(
        "--levels",
        type=int,
        metavar="L",
        help="number of grids, each twice as fine as the one before",
    )
    study.add_argument(
        "--cells", type=int, metavar="N", help="cells along each axis of the first grid"
    )
    study.add_argument("--dt", type=float, metavar="X", help="time step on the first grid")
    study.add_argument("--until", type=float, metavar="T", help="final time, in units of the case")
    study.add_argument(
        "--norm", choices=NORMS, metavar="NORM", help="L1 (default), L2, Linf, W1 or W2"
    )
    study.add_argument(
        "--refine", choices=("both", "space", "time"), help="what is refined (default: both)"
    )
    study.add_argument(
        "--variant", default="", metavar="V", help="a variant of the case, such as 2-D"
    )
    order = converge.add_argument_group("what is required")
    order.add_argument(
        "--expected", type=float, metavar="P", help="expected order (default: the case's)"
    )
    order.add_argument(
        "--within", type=float, metavar="W", help="allowed deviation from it (default: the case's)"
    )
    add_files(add_folder(converge), json="the table", figure="errors and orders")
    converge.set_defaults(command="rates:converge")


def add_verify(words: Words) -> None:
    """Add the command that measures all orders."""
    verify = add_command(
        words,
        "verify",
        "measure every order that the cases state; exit 1 if one is missed",
        [
            "wgflow verify",
            "wgflow verify transport --solver upwind",
            "wgflow verify transport tilted_box --json verify.json",
        ],
    )
    verify.add_argument(
        "case", nargs="*", metavar="CASE", help="names or paths of cases (default: all)"
    )
    verify.add_argument(
        "--solver",
        action="append",
        metavar="S",
        help="only this solver; repeat for each (default: all)",
    )
    add_files(add_folder(verify), json="the results")
    add_verbose(verify)
    verify.set_defaults(command="rates:verify")
