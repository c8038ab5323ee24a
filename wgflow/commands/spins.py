"""The command that trains networks of several widths on the 3-spin function."""

from __future__ import annotations

import argparse
import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from wgflow.commands.inputs import check_files, numbers, whole_numbers
from wgflow.commands.keeping import finished_before, keeping
from wgflow.commands.leaving import finding, leave, slope
from wgflow.errors import InputError

if TYPE_CHECKING:
    from wgflow.compare import KeptResults
    from wgflow.particles.spins import SpinStudy

__all__ = ["study_spins"]

EXIT_MISSED = 1  # a slope is not as stated
WITHIN = 0.2  # of the slopes of the theory
LEARNT = 0.5  # loss over E f² of the widest; a draw has a slope of -1 too, but a large loss


def study_spins(given: argparse.Namespace) -> int:
    """Measure the error of networks for the 3-spin function against their width."""
    from wgflow.plots.width import width_figure

    check_files(given)
    if given.batch < 1:
        raise InputError(f"--batch {given.batch}: give a whole number >= 1")
    if (code := finished_before(given, "study spins")) is not None:
        return code
    with keeping(given, "study spins") as kept:
        studies = []
        for dimension, units in _asked(given):
            study = _study(given, dimension, units, kept)
            studies.append(study)
            _show(study, given.batch)
        findings = [each for study in studies for each in _judged(study)]
        leave(
            given,
            "study spins",
            _columns(studies),
            figure=lambda: width_figure(studies),
            findings=findings,
            dpi=120,
        )
    missed = [each for each in findings if each["passed"] is False]
    for each in missed:
        print(f"MISSED: {each['name']} {each['value']:.3g}, expected {each['expected']}")
    return EXIT_MISSED if missed else 0


def _asked(given: argparse.Namespace) -> list[tuple[int, str]]:
    """Every dimension with every kind of unit."""
    from wgflow.networks import SpinData, spin_settings

    dimensions = whole_numbers(given.dimension, "--dimension") or ()
    asked = list(itertools.product(dimensions, given.units.split(",")))
    for dimension, units in asked:  # errors before any training
        SpinData(dimension, given.seed)
        spin_settings(units, dimension)
    if (given.step or given.until) and len(asked) > 1:
        raise InputError("--step, --until: give one dimension and one kind of unit with them")
    return asked


def _study(given: argparse.Namespace, dimension: int, units: str, kept: KeptResults) -> SpinStudy:
    from wgflow.networks import SpinData, spin_network, spin_settings
    from wgflow.particles import Schedule, width_errors
    from wgflow.particles.spins import SpinStudy, quench

    sizes = [int(n) for n in numbers(given.sizes, "--sizes")]
    settings = spin_settings(units, dimension)
    step = settings.step if given.step is None else given.step
    until = settings.steps * step if given.until is None else given.until
    if not (math.isfinite(until) and until > 0):
        raise InputError(f"--until {until}: give a finite number > 0")
    data = SpinData(dimension, given.seed)
    network = spin_network(data, units)  # type: ignore[arg-type]
    # a network with fewer parameters than f has coefficients cannot have the asymptotic error
    coefficients = math.comb(dimension + 2, 3)
    parameters = dimension + (2 if units == "sigmoid" else 1)
    fixed, square = (
        width_errors(
            network, sizes,
            functools.partial(_batch, first=sizes[0] if sizes else 1, batch=given.batch, power=p),
            given.seeds, until, step, Schedule(quench(until)),
            tail=math.ceil(coefficients / parameters), share=kept.share,
        )
        for p in (0, 2)
    )  # fmt: skip
    return SpinStudy(dimension, units, data.second_moment, fixed, square)


def _batch(neurons: int, first: int, batch: int, power: int) -> int:
    """Give the samples a step: the narrowest network's, times a power of the ratio of widths."""
    return max(1, round(batch * (neurons / first) ** power))


def _show(study: SpinStudy, batch: int) -> None:
    print(f"3-spin function, d = {study.dimension}, {study.units} units, E f² = {study.scale:.3f}")
    print(f"a batch of {batch} for every N:\n{study.fixed.to_text()}")
    print(f"batches that grow like N²:\n{study.square.to_text()}")
    for each in _judged(study):
        if each["passed"]:
            print(f"passed: {each['name']} {each['value']:.3g}, expected {each['expected']}")
    print(flush=True)


def _judged(study: SpinStudy) -> Iterator[dict[str, Any]]:
    """Say each slope; those of batches that grow like N² are the theory's."""
    from wgflow.particles.width import SLOPES

    name = f"d = {study.dimension}, {study.units}"
    slopes, stated = study.square.slopes, SLOPES["start"]
    near = abs(slopes["start"][0] - stated) <= WITHIN
    yield slope(
        f"the squared error at start, {name}", slopes["start"], f"{stated:g} ± {WITHIN}",
        passed=near,
    )  # fmt: skip
    # the statement is of N -> ∞: where there are two such widths, those that can resolve f
    last, stated = slopes.get("tail", slopes["end"]), SLOPES["end"]
    words = f"{stated:g} ± {WITHIN} or steeper"
    over = f", N >= {study.square.tail}" if "tail" in slopes else ""
    yield slope(
        f"the loss at end, {name}{over}", last, words, passed=last[0] <= stated + WITHIN
    )  # fmt: skip
    widest = study.square.rows[-1]
    left = widest.end[0] / study.scale
    yield finding(
        f"loss at end of N = {widest.neurons} over E f², {name}", left, expected=f"< {LEARNT}",
        passed=left < LEARNT,
    )  # fmt: skip
    fixed = study.fixed.slopes["end"]
    yield slope(f"the loss at end, {name}, one batch for every N", fixed, "no prediction")


def _columns(studies: Sequence[SpinStudy]) -> dict[str, list[float | str]]:
    """Rows of all tables, one below the other; ``power`` is that of N in the batch."""
    found: dict[str, list[float | str]] = {}
    for study in studies:
        for table, power in ((study.fixed, 0), (study.square, 2)):
            columns = table.columns()
            same: dict[str, float | str] = {
                "dimension": study.dimension, "units": study.units,
                "second_moment": study.scale, "power": power,
            }  # fmt: skip
            for name, value in same.items():
                found.setdefault(name, []).extend([value] * len(table.rows))
            for name, values in columns.items():
                found.setdefault(name, []).extend(values)
    return found
