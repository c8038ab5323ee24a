"""Commands that list what there is."""

from __future__ import annotations

import argparse

from wgflow import catalog

__all__ = ["list_cases", "list_solvers"]


def list_cases(given: argparse.Namespace) -> int:
    """List the cases, a line each."""
    return _list("cases")


def list_solvers(given: argparse.Namespace) -> int:
    """List the solvers, a line each."""
    return _list("solvers")


def _list(kind: catalog.Kind) -> int:
    names = catalog.names(kind)
    width = max(map(len, names), default=0)
    for name in names:
        print(f"{name:<{width}}  {catalog.describe(catalog.load(kind, name))}")
    return 0
