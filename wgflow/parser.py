"""The words of the command line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

from wgflow import commands
from wgflow._version import __version__
from wgflow.commands.regimes import add_regimes

__all__ = ["build_parser"]

if TYPE_CHECKING:
    Words = argparse._SubParsersAction["_Parser"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say on one line what is wrong, as all errors do."""
        self.exit(2, f"wgflow: error: {message}: see `{self.prog} --help`\n")


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = _Parser(
        prog="wgflow",
        description="Density equations that are gradient flows, by finite volumes.",
        epilog="Start with: wgflow cases; wgflow describe isotropic_gaussians; "
        "wgflow run isotropic_gaussians",
    )
    parser.add_argument("--version", action="version", version=f"wgflow {__version__}")
    parser.set_defaults(command=None, verbose=False)
    words = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)

    for add in (_pages, _run, _converge, _verify, _stationary, _compare, _studies):
        add(words)
    return parser


def _pages(words: Words) -> None:
    listing = words.add_parser("cases", help="list the cases")
    listing.set_defaults(command=commands.list_cases)
    listing = words.add_parser("solvers", help="list the solvers")
    listing.set_defaults(command=commands.list_solvers)
    describe = words.add_parser("describe", help="describe a case or a solver")
    describe.add_argument("name", metavar="NAME", help="name or path of a case or a solver")
    describe.set_defaults(command=commands.describe)
    doctor = words.add_parser(
        "doctor",
        help="look for mistakes in the installation and the launch; exit 1 if one is found",
    )
    doctor.set_defaults(command=commands.doctor)


def _run(words: Words) -> None:
    run = words.add_parser("run", help="solve a case and write the results")
    _add_problem(run)
    _add_step(run)
    _add_output(run)
    run.add_argument(
        "--snapshots",
        metavar="T[,T…]",
        help="times to keep besides start and end (by default the case's, or ten)",
    )
    run.add_argument(
        "--splits", metavar="P[,P…]", help="ranks along each axis (by default PETSc's choice)"
    )
    _add_checkpoints(run)
    run.add_argument(
        "--compression", default="none", metavar="C", help="of solution.h5: none, gzip, gzip:1…9"
    )
    run.add_argument(
        "--single", action="store_true", help="keep snapshots in single precision, but the last"
    )
    run.set_defaults(command=commands.run)


def _converge(words: Words) -> None:
    converge = words.add_parser("converge", help="measure the order; exit 1 if it is missed")
    _add_problem(converge)
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
    converge.set_defaults(command=commands.converge)


def _verify(words: Words) -> None:
    verify = words.add_parser(
        "verify", help="measure every order that the cases state; exit 1 if one is missed"
    )
    verify.add_argument("case", nargs="*", metavar="CASE", help="all cases if none is named")
    verify.add_argument("--solver", action="append", metavar="S", help="only this solver")
    verify.add_argument("--json", metavar="FILE", help="write the results there too")
    verify.add_argument("--verbose", action="store_true", help="say more on stderr")
    verify.set_defaults(command=commands.verify)


def _stationary(words: Words) -> None:
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


def _compare(words: Words) -> None:
    compare = words.add_parser("compare", help="solve a network case and run SGD beside it")
    _add_problem(compare)
    _add_step(compare)
    _add_output(compare)
    compare.add_argument("--particles", type=int, metavar="N", help="neurons")
    compare.add_argument(
        "--extrapolate",
        action=argparse.BooleanOptionalAction,
        help="also run networks of half the width and extrapolate the risk to infinite width",
    )
    _add_networks(compare)
    _add_checkpoints(compare)
    compare.set_defaults(command=commands.compare)


def _studies(words: Words) -> None:
    study = words.add_parser("study", help="measure the rates of the theory")
    studies = study.add_subparsers(metavar="STUDY", required=True)
    coupling = studies.add_parser("coupling", help="distances of the four coupled dynamics")
    _add_problem(coupling)
    coupling.add_argument("--seeds", type=int, metavar="M", help="repetitions (the case's, or 40)")
    coupling.add_argument("--json", metavar="FILE", help="write the table there too")
    coupling.add_argument("--csv", metavar="FILE", help="write the errors there too")
    coupling.add_argument("--figure", metavar="FILE", help="draw errors and slopes there")
    coupling.set_defaults(command=commands.study_coupling)
    width = studies.add_parser(
        "width", help="networks of several widths beside the density; exit 1 if too slow to near it"
    )
    _add_problem(width)
    _add_step(width)
    _add_output(width)
    width.add_argument("--sizes", metavar="N,N…", help="neurons (by default the case's)")
    _add_networks(width)
    _add_checkpoints(width)
    width.set_defaults(command=commands.study_width)
    refinement = studies.add_parser(
        "refinement", help="how a recorded quantity settles when the grid is refined"
    )
    _add_problem(refinement)
    refinement.add_argument("--cells", type=int, metavar="N", help="cells an axis, coarsest grid")
    refinement.add_argument("--levels", type=int, default=4, metavar="L", help="number of grids")
    refinement.add_argument("--times", default="", metavar="T[,T…]", help="when to look")
    refinement.add_argument("--column", default="risk", metavar="NAME", help="risk, energy, …")
    refinement.add_argument("--json", metavar="FILE", help="write the table there too")
    refinement.set_defaults(command=commands.study_refinement)
    spins = studies.add_parser(
        "spins", help="error of networks for the 3-spin function against their width"
    )
    spins.add_argument(
        "--dimension", type=int, default=5, metavar="D", help="of the sphere's space"
    )
    spins.add_argument(
        "--units", choices=("sigmoid", "gaussian"), default="sigmoid", help="sigmoid by default"
    )
    spins.add_argument("--sizes", default="16,32,64,128,256", metavar="N,N…", help="widths")
    spins.add_argument(
        "--batch", type=int, default=4, metavar="P", help="samples a step of the narrowest (4)"
    )
    spins.add_argument("--seeds", type=int, default=4, metavar="M", help="networks a width (4)")
    spins.add_argument("--seed", type=int, default=1, metavar="S", help="of the couplings (1)")
    spins.add_argument("--until", type=float, metavar="T", help="training time (2000 or 4000)")
    spins.add_argument("--step", type=float, metavar="E", help="step size of SGD (1 or 0.25)")
    spins.add_argument("--csv", metavar="FILE", help="write the table there")
    spins.add_argument("--figure", metavar="FILE", help="draw errors against widths there")
    spins.add_argument("--verbose", action="store_true", help="say more on stderr")
    spins.set_defaults(command=commands.study_spins)
    add_regimes(studies)
    critical = studies.add_parser(
        "critical", help="where on a parameter the outcome changes, by bisection"
    )
    _add_problem(critical)
    critical.add_argument("--parameter", metavar="K", help="a numeric parameter of the case")
    critical.add_argument("--between", metavar="A,B", help="values with different outcomes")
    critical.add_argument("--below", type=float, metavar="X", help="the column's threshold")
    critical.add_argument("--column", metavar="NAME", help="risk (default), energy, …")
    critical.add_argument("--until", type=float, metavar="T", help="when to look")
    critical.add_argument("--within", type=float, metavar="W", help="length of the last bracket")
    critical.add_argument("--cells", metavar="N[,N…]", help="cells along each axis")
    critical.add_argument("--tolerance", type=float, metavar="X", help="local error of a step")
    critical.add_argument("--json", metavar="FILE", help="write the table there too")
    critical.set_defaults(command=commands.study_critical)


def _add_problem(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", metavar="CASE", help="name or path of a case")
    parser.add_argument("--solver", metavar="S", help="name or path of a solver")
    parser.add_argument(
        "--set", action="append", default=[], metavar="K=V", help="a parameter of the case"
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="K=V", help="an option of the solver"
    )
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")


def _add_networks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--step", type=float, metavar="E", help="step size of SGD")
    parser.add_argument("--seeds", type=int, metavar="M", help="independent networks")
    parser.add_argument("--seed", type=int, metavar="S", help="seed of the first")
    parser.add_argument("--batch", type=int, metavar="P", help="samples a step of SGD")
    parser.add_argument(
        "--dynamics",
        choices=("sgd", "gradient", "particle", "nonlinear"),
        help="the case's, or sgd by default",
    )


def _add_step(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cells", metavar="N[,N…]", help="cells along each axis")
    parser.add_argument("--dt", type=float, metavar="X", help="fixed time step")
    parser.add_argument("--tolerance", type=float, metavar="X", help="local error of a step")
    parser.add_argument("--until", type=float, metavar="T", help="final time")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", metavar="DIR", help="where to write (by default a new folder named by the case)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result there")


def _add_checkpoints(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint-every", type=float, metavar="S", help="seconds between checkpoints in DIR"
    )
    parser.add_argument(
        "--checkpoint-steps", type=int, metavar="K", help="steps between checkpoints in DIR"
    )
    parser.add_argument(
        "--restart", action="store_true", help="go on from the last checkpoint in DIR, if any"
    )
