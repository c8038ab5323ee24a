"""The words of the commands that measure orders."""

from __future__ import annotations

from wgflow import commands
from wgflow.parser.base import Words, add_folder, add_problem

__all__ = ["add_converge", "add_verify"]


def add_converge(words: Words) -> None:
    """Add the command that measures one order."""
    converge = words.add_parser("converge", help="measure the order; exit 1 if it is missed")
    add_problem(converge)
    converge.add_argument(
        "--levels", type=int, metavar="L", help="number of grids, each twice finer"
    )
    converge.add_argument("--cells", type=int, metavar="N", help="cells an axis on the first grid")
    converge.add_argument("--dt", type=float, metavar="X", help="time step on the first grid")
    converge.add_argument("--until", type=float, metavar="T", help="final time")
    converge.add_argument("--norm", metavar="NORM", help="L1, L2, Linf, W1 or W2")
    converge.add_argument("--expected", type=float, metavar="P", help="order to require")
    converge.add_argument("--within", type=float, metavar="W", help="allowed distance")
    converge.add_argument(
        "--refine", choices=("both", "space", "time"), help="what is refined (default both)"
    )
    converge.add_argument("--variant", default="", metavar="V", help="a variant of the case")
    converge.add_argument("--json", metavar="FILE", help="write the table there too")
    converge.add_argument("--figure", metavar="FILE", help="draw errors and orders there")
    add_folder(converge)
    converge.set_defaults(command=commands.converge)


def add_verify(words: Words) -> None:
    """Add the command that measures all orders."""
    verify = words.add_parser(
        "verify", help="measure every order that the cases state; exit 1 if one is missed"
    )
    verify.add_argument("case", nargs="*", metavar="CASE", help="all cases if none is named")
    verify.add_argument("--solver", action="append", metavar="S", help="only this solver")
    verify.add_argument("--json", metavar="FILE", help="write the results there too")
    verify.add_argument("--verbose", action="store_true", help="say more on stderr")
    add_folder(verify)
    verify.set_defaults(command=commands.verify)
