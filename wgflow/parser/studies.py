"""The words of the studies."""

from __future__ import annotations

from wgflow.parser.base import (
    COLUMNS,
    Parser,
    Words,
    add_checkpoints,
    add_command,
    add_files,
    add_folder,
    add_networks,
    add_number,
    add_output,
    add_problem,
    add_restart,
    add_step,
    add_verbose,
)
from wgflow.parser.regimes import add_regimes

__all__ = ["add_studies"]


def add_studies(words: Words) -> None:
    """Add the command whose first word names a study."""
    study = add_command(
        words,
        "study",
        "measure the rates that theory predicts",
        ["wgflow study coupling cosine_neuron", "wgflow study width cosine_neuron"],
    )
    studies = study.add_subparsers(metavar="STUDY", required=True)
    for add in (_coupling, _width, _dimension, _rest, _refinement, _spins, _critical):
        add(studies)
    add_regimes(studies)


def _coupling(studies: Words) -> None:
    coupling = add_command(
        studies,
        "coupling",
        "distances between the four coupled dynamics; exit 1 if a slope is missed",
        [
            "wgflow study coupling cosine_neuron",
            "wgflow study coupling charges --seeds 10 --csv errors.csv --figure coupling.png",
        ],
    )
    add_problem(coupling)
    coupling.add_argument(
        "--seeds", type=int, metavar="M", help="number of seeds (default: the case's, or 40)"
    )
    output = add_folder(coupling)
    add_files(output, json="the table", csv="the errors", figure="errors and slopes")
    add_restart(output)
    coupling.set_defaults(command="studies:study_coupling")


def _width(studies: Words) -> None:
    width = add_command(
        studies,
        "width",
        "networks of several widths against the density; exit 1 if they converge too slowly",
        [
            "wgflow study width cosine_neuron",
            "wgflow study width cosine_neuron --sizes 10,40,160 --seeds 4 --out widths",
        ],
    )
    add_problem(width)
    add_step(width)
    add_output(width)
    width.add_argument("--sizes", metavar="N,N…", help="numbers of neurons (default: the case's)")
    add_networks(width)
    add_checkpoints(width)
    width.set_defaults(command="widths:study_width")


def _dimension(studies: Words) -> None:
    dimension = add_command(
        studies,
        "dimension",
        "networks against the density in growing data dimension; exit 1 if the gap grows",
        [
            "wgflow study dimension anisotropic_gaussians",
            "wgflow study dimension isotropic_gaussians --values 20,40,80 --particles 200 "
            "--step 4e-3 --figure dimension.png",
        ],
    )
    add_problem(dimension)
    study = dimension.add_argument_group("study", "Defaults are those of the case.")
    study.add_argument("--values", metavar="D,D…", help="dimensions (default: the case's)")
    study.add_argument("--particles", type=int, metavar="N", help="neurons per network")
    study.add_argument("--cells", metavar="N[,N…]", help="cells along each axis")
    study.add_argument("--until", type=float, metavar="T", help="final time")
    study.add_argument(
        "--step", type=float, metavar="C", help="step size of SGD times the dimension"
    )
    study.add_argument("--seeds", type=int, metavar="M", help="number of networks")
    study.add_argument(
        "--seed", type=int, metavar="S", help="seed of the first network (default: 0)"
    )
    add_files(add_folder(dimension), csv="the table", figure="gaps and risks")
    dimension.set_defaults(command="dimensions:study_dimension")


def _rest(studies: Words) -> None:
    rest = add_command(
        studies,
        "rest",
        "noisy runs to rest from several starts; exit 1 if their limits differ",
        [
            "wgflow study rest isotropic_gaussians --set beta=20 --set weight_decay=0.5 "
            "--cells 400",
            "wgflow study rest ornstein_uhlenbeck --starts mean=-1,1 --cells 100 --until 40",
        ],
    )
    add_problem(rest)
    study = rest.add_argument_group("study")
    study.add_argument(
        "--cells", metavar="N[,N…]", help="cells along each axis (default: the case's)"
    )
    study.add_argument(
        "--tolerance",
        type=float,
        metavar="X",
        help="tolerance for the local error of a step (default: 1e-4)",
    )
    study.add_argument(
        "--until",
        type=float,
        metavar="T",
        help="final time, at which the density must be at rest (default: 100)",
    )
    study.add_argument(
        "--starts",
        metavar="K=V,V…",
        help="parameter of the start, and its values (default: kappa=0.4,1.6)",
    )
    add_files(add_folder(rest), json="the table")
    rest.set_defaults(command="rest:study_rest")


def _refinement(studies: Words) -> None:
    refinement = add_command(
        studies,
        "refinement",
        "convergence of a recorded quantity as the grid is refined",
        [
            "wgflow study refinement cosine_neuron --cells 50 --levels 3 --times 0.5,1",
            "wgflow study refinement ornstein_uhlenbeck --column energy --json energy.json",
        ],
    )
    add_problem(refinement)
    refinement.add_argument(
        "--cells",
        type=int,
        metavar="N",
        help="cells along each axis of the coarsest grid (default: a quarter of the case's)",
    )
    add_number(
        refinement, "levels", int, 4, "L", "number of grids, each twice as fine as the one before"
    )
    refinement.add_argument(
        "--times", default="", metavar="T[,T…]", help="times to compare at (default: the end)"
    )
    refinement.add_argument(
        "--column",
        choices=COLUMNS,
        default="risk",
        metavar="NAME",
        help="column of history.csv: risk (default), energy, …",
    )
    add_files(add_folder(refinement), json="the table")
    refinement.set_defaults(command="studies:study_refinement")


def _spins(studies: Words) -> None:
    spins = add_command(
        studies,
        "spins",
        "errors of networks for the 3-spin function; exit 1 if a slope is missed",
        [
            "wgflow study spins",
            "wgflow study spins --dimension 10 --units gaussian --sizes 16,32,64 --csv spins.csv",
            "wgflow study spins --dimension 5,10,25 --units sigmoid,gaussian --figure spins.png",
        ],
    )
    _list(spins, "dimension", "5", "D,D…", "dimensions of the inputs")
    _list(spins, "units", "sigmoid", "KIND,KIND", "sigmoid or gaussian, or both")
    _list(spins, "sizes", "16,32,64,128,256", "N,N…", "widths")
    add_number(spins, "batch", int, 10, "P", "samples per SGD step of the narrowest network")
    add_number(spins, "seeds", int, 4, "M", "networks of each width")
    add_number(spins, "seed", int, 1, "S", "seed of the couplings")
    spins.add_argument(
        "--until", type=float, metavar="T", help="training time (default: by dimension)"
    )
    spins.add_argument(
        "--step", type=float, metavar="E", help="step size of SGD (default: by dimension)"
    )
    output = add_folder(spins)
    add_restart(output)
    add_files(output, csv="the table", figure="errors against widths")
    add_verbose(spins)
    spins.set_defaults(command="spins:study_spins")


def _list(spins: Parser, name: str, default: str, form: str, text: str) -> None:
    told = f"{text} (default: {default})"
    spins.add_argument(f"--{name}", default=default, metavar=form, help=told)


def _critical(studies: Words) -> None:
    critical = add_command(
        studies,
        "critical",
        "the value of a parameter at which the outcome changes, by bisection",
        [
            "wgflow study critical nonmonotone_failure",
            "wgflow study critical nonmonotone_failure --parameter kappa --between 0.1,0.4 "
            "--below 1 --within 0.01",
        ],
    )
    add_problem(critical)
    study = critical.add_argument_group("bisection", "Defaults are those of the case.")
    study.add_argument("--parameter", metavar="K", help="a numeric parameter of the case")
    study.add_argument("--between", metavar="A,B", help="values with different outcomes")
    study.add_argument("--below", type=float, metavar="X", help="threshold of the column")
    study.add_argument(
        "--column",
        choices=COLUMNS,
        metavar="NAME",
        help="column of history.csv: risk (default), energy, …",
    )
    study.add_argument(
        "--until", type=float, metavar="T", help="time of the outcome (default: the end)"
    )
    study.add_argument("--within", type=float, metavar="W", help="length of the final bracket")
    study.add_argument("--cells", metavar="N[,N…]", help="cells along each axis")
    study.add_argument(
        "--tolerance", type=float, metavar="X", help="tolerance for the local error of a step"
    )
    add_files(add_folder(critical), json="the table")
    critical.set_defaults(command="critical:study_critical")
