"""The words of the studies."""

from __future__ import annotations

from wgflow import commands
from wgflow.parser.base import (
    Words,
    add_checkpoints,
    add_networks,
    add_output,
    add_problem,
    add_step,
)
from wgflow.parser.regimes import add_regimes

__all__ = ["add_studies"]


def add_studies(words: Words) -> None:
    """Add the command whose first word names a study."""
    study = words.add_parser("study", help="measure the rates of the theory")
    studies = study.add_subparsers(metavar="STUDY", required=True)
    for add in (_coupling, _width, _dimension, _rest, _refinement, _spins, _critical):
        add(studies)
    add_regimes(studies)


def _coupling(studies: Words) -> None:
    coupling = studies.add_parser("coupling", help="distances of the four coupled dynamics")
    add_problem(coupling)
    coupling.add_argument("--seeds", type=int, metavar="M", help="repetitions (the case's, or 40)")
    coupling.add_argument("--json", metavar="FILE", help="write the table there too")
    coupling.add_argument("--csv", metavar="FILE", help="write the errors there too")
    coupling.add_argument("--figure", metavar="FILE", help="draw errors and slopes there")
    coupling.set_defaults(command=commands.study_coupling)


def _width(studies: Words) -> None:
    width = studies.add_parser(
        "width", help="networks of several widths beside the density; exit 1 if too slow to near it"
    )
    add_problem(width)
    add_step(width)
    add_output(width)
    width.add_argument("--sizes", metavar="N,N…", help="neurons (by default the case's)")
    add_networks(width)
    add_checkpoints(width)
    width.set_defaults(command=commands.study_width)


def _dimension(studies: Words) -> None:
    dimension = studies.add_parser(
        "dimension",
        help="networks beside the density as the data's dimension grows; exit 1 if the gap does",
    )
    add_problem(dimension)
    dimension.add_argument("--values", metavar="D,D…", help="dimensions (by default the case's)")
    dimension.add_argument("--particles", type=int, metavar="N", help="neurons, the same at all")
    dimension.add_argument("--cells", metavar="N[,N…]", help="cells along each axis")
    dimension.add_argument("--until", type=float, metavar="T", help="final time")
    dimension.add_argument(
        "--step", type=float, metavar="C", help="step size of SGD times the dimension"
    )
    dimension.add_argument("--seeds", type=int, metavar="M", help="independent networks")
    dimension.add_argument("--seed", type=int, metavar="S", help="seed of the first")
    dimension.add_argument("--csv", metavar="FILE", help="write the table there")
    dimension.add_argument("--figure", metavar="FILE", help="draw gaps and risks there")
    dimension.set_defaults(command=commands.study_dimension)


def _rest(studies: Words) -> None:
    rest = studies.add_parser(
        "rest", help="runs with noise to rest from several starts; exit 1 if not one fixed point"
    )
    add_problem(rest)
    rest.add_argument("--cells", metavar="N[,N…]", help="cells along each axis")
    rest.add_argument("--tolerance", type=float, metavar="X", help="local error of a step")
    rest.add_argument("--until", type=float, metavar="T", help="time to be at rest by (100)")
    rest.add_argument(
        "--starts", metavar="K=V,V…", help="what the start depends on (kappa=0.4,1.6)"
    )
    rest.add_argument("--json", metavar="FILE", help="write the table there too")
    rest.set_defaults(command=commands.study_rest)


def _refinement(studies: Words) -> None:
    refinement = studies.add_parser(
        "refinement", help="how a recorded quantity settles when the grid is refined"
    )
    add_problem(refinement)
    refinement.add_argument("--cells", type=int, metavar="N", help="cells an axis, coarsest grid")
    refinement.add_argument("--levels", type=int, default=4, metavar="L", help="number of grids")
    refinement.add_argument("--times", default="", metavar="T[,T…]", help="when to look")
    refinement.add_argument("--column", default="risk", metavar="NAME", help="risk, energy, …")
    refinement.add_argument("--json", metavar="FILE", help="write the table there too")
    refinement.set_defaults(command=commands.study_refinement)


def _spins(studies: Words) -> None:
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


def _critical(studies: Words) -> None:
    critical = studies.add_parser(
        "critical", help="where on a parameter the outcome changes, by bisection"
    )
    add_problem(critical)
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
