"""The words of the command line."""

from __future__ import annotations

from wgflow._version import __version__
from wgflow.parser.base import Parser
from wgflow.parser.pages import add_pages
from wgflow.parser.pictures import add_pictures
from wgflow.parser.rates import add_converge, add_verify
from wgflow.parser.report import add_report
from wgflow.parser.runs import add_compare, add_run, add_stationary
from wgflow.parser.studies import add_studies

__all__ = ["build_parser"]

COMMANDS = (
    add_pages,
    add_run,
    add_pictures,
    add_converge,
    add_verify,
    add_stationary,
    add_compare,
    add_studies,
    add_report,
)


def build_parser() -> Parser:
    """Build the parser of all commands."""
    parser = Parser(
        prog="wgflow",
        description="Density equations that are gradient flows, by finite volumes.",
        epilog="Start with: wgflow cases; wgflow describe isotropic_gaussians; "
        "wgflow run isotropic_gaussians",
    )
    parser.add_argument("--version", action="version", version=f"wgflow {__version__}")
    parser.set_defaults(command=None, verbose=False)
    words = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
    for add in COMMANDS:
        add(words)
    return parser
