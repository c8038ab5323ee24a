"""The words of the command line."""

from __future__ import annotations

from wgflow._version import __version__
from wgflow.parser.base import Parser, WordsError
from wgflow.parser.pages import add_doctor, add_pages
from wgflow.parser.pictures import add_pictures
from wgflow.parser.rates import add_converge, add_verify
from wgflow.parser.report import add_report
from wgflow.parser.runs import add_compare, add_run, add_stationary
from wgflow.parser.scaffold import add_completion, add_new
from wgflow.parser.studies import add_studies

__all__ = ["START", "WordsError", "build_parser"]

START = """\
wgflow solves Wasserstein gradient flows, among them the mean-field limits of wide networks.

  wgflow cases                         what can be solved
  wgflow run isotropic_gaussians       solve one: results and a figure in a new folder
  wgflow new case my_case              start one of your own

All commands: wgflow --help
"""

COMMANDS = (
    add_pages,
    add_run,
    add_compare,
    add_pictures,
    add_converge,
    add_verify,
    add_stationary,
    add_studies,
    add_report,
    add_new,
    add_completion,
    add_doctor,
)


def build_parser() -> Parser:
    """Build the parser of all commands."""
    parser = Parser(
        prog="wgflow",
        description="Wasserstein gradient flows of densities, by finite volumes and JKO schemes.\n"
        "`wgflow COMMAND --help` lists the options of a command, with examples.\n"
        "Options after `--` go to PETSc.",
    )
    parser.show(
        [
            "wgflow cases",
            "wgflow describe isotropic_gaussians",
            "wgflow run isotropic_gaussians",
            "wgflow converge cosine_neuron --solver muscl",
        ]
    )
    parser.add_argument("--version", action="version", version=f"wgflow {__version__}")
    # what is typed is known to the command line alone, which is not the only one to parse words
    parser.set_defaults(command=None, typed=None, verbose=False)
    words = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
    for add in COMMANDS:
        add(words)
    return parser
