"""The command line."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wgflow import commands
from wgflow._version import __version__
from wgflow.catalog import explain
from wgflow.commands.words import add_checkpoints, add_output, add_problem, add_step
from wgflow.errors import InputError, Interrupted, WgflowError
from wgflow.parallel import (
    SERIAL,
    Communicator,
    abort,
    all_failed,
    insert_options,
    launched_rank,
    unused_options,
    world,
)

__all__ = ["main"]

if TYPE_CHECKING:
    Words = argparse._SubParsersAction[argparse.ArgumentParser]

EXIT_BAD_INPUT, EXIT_INTERRUPTED = 2, 130
EXIT_STOPPED = 75  # EX_TEMPFAIL of sysexits.h: run it again


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code.

    0: done. 1: a rate was missed. 2: bad input or a run that failed, one line on stderr.
    75: stopped by SIGTERM or SIGUSR1 after a checkpoint, to be continued with ``--restart``.
    What follows ``--`` are options of PETSc.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    cut = words.index("--") if "--" in words else len(words)
    words, options = words[:cut], words[cut + 1 :]
    try:
        # the doctor asks for the ranks itself, for it tells what is wrong with them
        comm = SERIAL if words[:1] == ["doctor"] else world()
    except WgflowError as error:
        if launched_rank() == 0:
            sys.stderr.write(f"wgflow: error: {error}\n")
        return EXIT_BAD_INPUT
    with contextlib.ExitStack() as stack:
        if not comm.is_root:  # the root speaks for all
            sink = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
            stack.enter_context(contextlib.redirect_stdout(sink))
        with contextlib.redirect_stderr(sys.stderr if comm.is_root else sink):
            given = build_parser().parse_args(words)
        if given.command is None:
            build_parser().print_help()
            return 0
        _configure_logging(given.verbose, comm.is_root)
        code, message = _run_command(given, comm, options)
        if message is None:
            return code
        if not all_failed(comm):
            abort(comm, message, code)
        if comm.is_root and message:
            sys.stderr.write(f"{message}\n")
    return code


def _configure_logging(verbose: bool, speaks: bool) -> None:
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(
        level=level if speaks else logging.ERROR,
        format="wgflow: %(levelname)s: %(message)s",
        force=True,
    )
    logging.addLevelName(logging.WARNING, "warning")
    logging.addLevelName(logging.INFO, "info")
    for noisy in ("matplotlib", "numba", "h5py"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _run_command(
    given: argparse.Namespace, comm: Communicator, options: Sequence[str]
) -> tuple[int, str | None]:
    """Run a command; return the exit code and, if it failed, one line that says why."""
    try:
        if options:
            if not comm.active:
                raise InputError(
                    f"options of PETSc ({' '.join(options)}) without PETSc: start with mpiexec, "
                    "or leave them out"
                )
            insert_options(options)
        code: int = given.command(given)
        for option in unused_options(comm, options):
            logging.warning("PETSc's option %s was not used", option)
        return code, None
    except Interrupted as stop:
        return EXIT_STOPPED, f"wgflow: {stop}"
    except WgflowError as error:
        return EXIT_BAD_INPUT, f"wgflow: error: {error}"
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED, "wgflow: interrupted"
    except BrokenPipeError:
        # the reader of our output went away, as in `wgflow cases | head -1`
        sys.stderr.close()
        return 0, None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        message = f"wgflow: error: {where}{error.strerror or error}: name another file"
        return EXIT_BAD_INPUT, message
    except MemoryError as error:
        message = f"wgflow: error: out of memory: {error}: give fewer cells or particles"
        return EXIT_BAD_INPUT, message
    except Exception as error:
        cause = explain(error)
        if cause is None:  # none of the user's files took part: a defect, to be reported whole
            raise
        logging.info("the whole traceback", exc_info=True)
        return EXIT_BAD_INPUT, f"wgflow: error: {cause}"


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="wgflow",
        description="Density equations that are gradient flows, by finite volumes.",
        epilog="Start with: wgflow cases; wgflow describe isotropic_gaussians; "
        "wgflow run isotropic_gaussians",
    )
    parser.add_argument("--version", action="version", version=f"wgflow {__version__}")
    parser.set_defaults(command=None, verbose=False)
    words = parser.add_subparsers(metavar="COMMAND")

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
    add_problem(run)
    add_step(run)
    add_output(run)
    run.add_argument(
        "--snapshots",
        metavar="T[,T…]",
        help="times to keep besides start and end (by default the case's, or ten)",
    )
    add_checkpoints(run)
    run.add_argument(
        "--compression", default="none", metavar="C", help="of solution.h5: none, gzip, gzip:1…9"
    )
    run.add_argument(
        "--single", action="store_true", help="keep snapshots in single precision, but the last"
    )
    run.set_defaults(command=commands.run)


def _converge(words: Words) -> None:
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
    add_problem(compare)
    add_step(compare)
    add_output(compare)
    compare.add_argument("--particles", type=int, metavar="N", help="neurons")
    compare.add_argument("--step", type=float, metavar="E", help="step size of SGD")
    compare.add_argument("--seeds", type=int, metavar="M", help="independent networks")
    compare.add_argument("--seed", type=int, metavar="S", help="seed of the first")
    compare.add_argument(
        "--extrapolate",
        action=argparse.BooleanOptionalAction,
        help="also run networks of half the width and extrapolate the risk to infinite width",
    )
    compare.add_argument("--batch", type=int, metavar="P", help="samples a step of SGD")
    compare.add_argument(
        "--dynamics", choices=("sgd", "gradient", "particle", "nonlinear"), help="sgd by default"
    )
    add_checkpoints(compare)
    compare.set_defaults(command=commands.compare)


def _studies(words: Words) -> None:
    study = words.add_parser("study", help="measure the rates of the theory")
    studies = study.add_subparsers(metavar="STUDY", required=True)
    coupling = studies.add_parser("coupling", help="distances of the four coupled dynamics")
    add_problem(coupling)
    coupling.add_argument("--seeds", type=int, default=40, metavar="M", help="repetitions")
    coupling.add_argument("--json", metavar="FILE", help="write the table there too")
    coupling.set_defaults(command=commands.study_coupling)
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
