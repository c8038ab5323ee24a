"""The command that makes a page of what another has left in a folder."""

from __future__ import annotations

import argparse

from wgflow.errors import InputError

__all__ = ["report"]


def report(given: argparse.Namespace) -> int:
    """Write one HTML file of what a command has left."""
    from wgflow.report import write_report

    if given.out == "":
        raise InputError("--out '': give a file, or omit --out for report.html in the folder")
    print(f"written to {write_report(given.directory, given.out, overwrite=given.overwrite)}")
    return 0
