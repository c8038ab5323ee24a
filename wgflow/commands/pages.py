"""Commands that list and describe what there is."""

from __future__ import annotations

import argparse
import types

from wgflow import catalog
from wgflow.errors import InputError, nearest_first

__all__ = ["describe", "list_cases", "list_solvers"]


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


def _found(name: str) -> tuple[catalog.Kind, types.ModuleType]:
    """Load what a name or a path stands for, a case or a solver."""
    kinds: tuple[catalog.Kind, ...] = ("cases", "solvers")
    known = {each: kind for kind in reversed(kinds) for each in catalog.names(kind)}
    if name in known:
        return known[name], catalog.load(known[name], name)
    if not catalog.is_path(name):
        listed = ", ".join(nearest_first(name, known))
        raise InputError(f"unknown case or solver '{name}': known, nearest first: {listed}")
    try:
        return "cases", catalog.load("cases", name)
    except InputError as error:
        try:
            return "solvers", catalog.load("solvers", name)
        except InputError:
            raise error from None


def describe(given: argparse.Namespace) -> int:
    """Print the page of a case or a solver."""
    kind, module = _found(given.name)
    print((module.__doc__ or "").strip())
    entry = module.problem if kind == "cases" else module.stepper
    print("\nParameters (--set NAME=VALUE):" if kind == "cases" else "\nOptions (--option K=V):")
    for parameter in catalog.parameters(entry):
        print(f"  {parameter.name} = {parameter.default}  [{parameter.expected}]")
        if parameter.text:
            print(f"      {parameter.text}")
    if kind == "cases":
        rates = getattr(module, "EXPECTED", {})
        if rates:
            print("\nExpected orders: " + ", ".join(f"{s} {r:g}" for s, r in rates.items()))
        print(f"\nTry: wgflow run {given.name}")
    else:
        order = module.ORDER
        print(f"\nOrder: {order['space']} in space, {order['time']} in time")
        print(f"\nTry: wgflow run ornstein_uhlenbeck --solver {given.name}")
    return 0
