"""The words of the command that makes a page of a result."""

from __future__ import annotations

from wgflow.parser.base import Words, add_command, add_verbose

__all__ = ["add_report"]


def add_report(words: Words) -> None:
    """Add the command that makes a page of what another has left."""
    report = add_command(
        words,
        "report",
        "write the results of a command as one HTML file",
        [
            "wgflow report isotropic_gaussians",
            "wgflow report order --out order.html",
        ],
    )
    report.add_argument(
        "directory",
        metavar="DIR",
        help="folder of a result: of run or compare, or of another command with --out",
    )
    report.add_argument("--out", metavar="FILE", help="output file (default: DIR/report.html)")
    report.add_argument("--overwrite", action="store_true", help="replace the file if it exists")
    add_verbose(report)
    report.set_defaults(command="report:report")
