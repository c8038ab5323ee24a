"""The words of the commands that list and describe."""

from __future__ import annotations

from wgflow import commands
from wgflow.parser.base import Words

__all__ = ["add_pages"]


def add_pages(words: Words) -> None:
    """Add the commands that list and describe."""
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
