"""The command that trains networks of several widths on the 3-spin function."""

from __future__ import annotations

import argparse
import functools
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgflow.commands.inputs import check_files, numbers
from wgflow.commands.leaving import leave, slope
from wgflow.errors import InputError
from wgflow.parallel import on_root, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from wgflow.particles import WidthTable

__all__ = ["study_spins"]

EXIT_MISSED = 1  # a slope is not as stated
WITHIN = 0.2  # of the slopes of the theory
TRAINING = {"sigmoid": (2000.0, 1.0), "gaussian": (4000.0, 0.25)}  # time and step, for d = 5


def study_spins(given: argparse.Namespace) -> int:
    """Measure the error of networks for the 3-spin function against their width."""
    from wgflow.compare import Team
    from wgflow.io import write_table
    from wgflow.networks import SpinData, spin_network
    from wgflow.particles import Schedule, width_errors

    check_files(given)
    sizes = [int(n) for n in numbers(given.sizes, "--sizes")]
    if given.batch < 1:
        raise InputError(f"--batch {given.batch}: give a whole number >= 1")
    until, step = TRAINING[given.units]
    until, step = given.until or until, given.step or step
    if not (math.isfinite(until) and until > 0):
        raise InputError(f"--until {until}: give a finite number > 0")
    network = spin_network(SpinData(given.dimension, given.seed), given.units)
    tables = {
        name: width_errors(
            network,
            sizes,
            functools.partial(_batch, first=sizes[0] if sizes else 1, batch=given.batch, power=p),
            given.seeds,
            until,
            step,
            Schedule(1.0),
            share=Team(world()).share,
        )
        for name, p in (("fixed", 0), ("square", 2))
    }
    print(f"3-spin function, d = {given.dimension}, {given.units} units")
    print(f"a batch of {given.batch} for every N:\n{tables['fixed'].to_text()}")
    print(f"batches that grow like N²:\n{tables['square'].to_text()}")
    if given.csv:
        on_root(world(), lambda: write_table(Path(given.csv), _columns(tables)))
    if given.figure:
        on_root(world(), lambda: _figure(tables, given).savefig(given.figure, dpi=150))
    findings = list(_judged(tables))
    leave(
        given, "study spins", _columns(tables), figure=lambda: _figure(tables, given),
        findings=findings,
    )  # fmt: skip
    missed = [each for each in findings if each["passed"] is False]
    for each in missed:
        print(f"MISSED: {each['name']} {each['value']:.2f}, expected {each['expected']}")
    return EXIT_MISSED if missed else 0


def _judged(tables: Mapping[str, WidthTable]) -> Iterator[dict[str, Any]]:
    """Say each slope; those of batches that grow like N² are the theory's."""
    from wgflow.particles.width import SLOPES

    for name, stated in SLOPES.items():
        found = tables["square"].slopes[name]
        near = abs(found[0] - stated) <= WITHIN
        yield slope(f"the error at {name}", found, f"{stated:g} ± {WITHIN}", passed=near)
    for name in SLOPES:
        found = tables["fixed"].slopes[name]
        yield slope(f"the error at {name}, one batch for every N", found, "nothing is stated")


def _batch(neurons: int, first: int, batch: int, power: int) -> int:
    """Give the samples a step: the narrowest network's, times a power of the ratio of widths."""
    return max(1, round(batch * (neurons / first) ** power))


def _columns(tables: Mapping[str, WidthTable]) -> dict[str, list[float]]:
    """Rows of both tables, one below the other; ``power`` is that of N in the batch."""
    both = [(table.columns(), power) for table, power in zip(tables.values(), (0, 2), strict=True)]
    found: dict[str, list[float]] = {"power": [p for c, p in both for _ in c["neurons"]]}
    for name in both[0][0]:
        found[name] = [value for columns, _ in both for value in columns[name]]
    return found


def _figure(tables: Mapping[str, WidthTable], given: argparse.Namespace) -> Figure:
    from wgflow.plots.width import width_figure

    named = {"one batch for every N": tables["fixed"], "batches like N²": tables["square"]}
    title = f"3-spin function, d = {given.dimension}, {given.units} units"
    return width_figure(named, title)
