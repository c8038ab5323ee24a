"""What a step costs on many ranks: work, calls, seams, sums and transposes.

The seconds of a unit (a stage, a product with the matrix and its preconditioner, a pass, a
convolution) on P ranks are

    T = cell * (cells of the largest block) + call
      + exchanges * (seam_call + 2 axes * latency + ghost bytes / bandwidth)
      + sums * (sum_call + log2(P) * latency)
      + moved bytes / bandwidth + messages * latency        (transposes)

The constants ``cell`` and ``call`` are fitted to runs on one rank, ``seam_call`` and ``sum_call``
to two ranks on one machine; numbers of exchanges and sums are counted in a run. Latency and
bandwidth are a network's.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["CLUSTER", "Network", "Scheme", "fitted_schemes", "local_network", "seconds"]

DIVIDED_AXES = 3
FFT_PIECES, FFT_PIECE = 8, 2**16
# of the blocks of the preconditioner, as the steps that are measured ask for it
OVERLAP = {"implicit, 2-D": 64, "implicit, 3-D": 8}
OVERLAP_SHARE = 4  # of a block, at most
FITTED_LOGARITHM = 20.0  # of the cells, base 2, where transforms are measured


@dataclass(frozen=True)
class Network:
    """Seconds a message, bytes a second and rank, and seconds of the calls themselves."""

    latency: float
    bandwidth: float
    seam_call: float = 0.0
    sum_call: float = 0.0


CLUSTER = Network(latency=1.5e-6, bandwidth=12e9)  # assumed, a rank's share of a fast network


@dataclass(frozen=True)
class Scheme:
    """Constants of one scheme in one dimension, a unit.

    Attributes
    ----------
    cell, call : float
        Seconds a cell and seconds a unit whatever the cells.
    exchanges, sums : float
        Collectives.
    halo : float
        Ghost cells on each side.
    overlap : int
        Cells by which the preconditioner's blocks overlap, which does half of the work.
    transforms : bool
        Whether the unit is a convolution.
    times : float
        Units in what is tabled (products a step).
    """

    name: str
    cell: float
    call: float
    exchanges: float = 0.0
    sums: float = 0.0
    halo: float = 2.0
    overlap: int = 0
    transforms: bool = False
    times: float = 1.0


def local_network(section: dict[str, Any]) -> Network:
    """Constants between two ranks of the machine that was measured."""
    seams, sums = section["exchange"], section["reduction"]
    call = min(t for _, t in seams)
    (_, small), (bytes_, large) = seams[0], seams[-1]
    bandwidth = bytes_ / max(large - small, bytes_ / 20e9)
    return Network(0.0, bandwidth, call, min(t for _, t in sums))


def fitted_schemes(section: dict[str, Any]) -> dict[str, Scheme]:
    """Schemes with constants from the smallest and the largest grids that were measured."""
    fits, counted = section["fitted"], section["counted"]
    found: dict[str, Scheme] = {}
    for label, points in fits.items():
        kind = label.split(",")[0]
        products = points[-1][2]
        first, last = (t / p if p else t for _, t, p in (points[0], points[-1]))
        large = points[-1][0]
        # hardly any work is in the smallest grid
        cell, call = (last - first) / large, first
        if kind == "features":
            found[label] = Scheme(label, cell, call, sums=1.0)
            continue
        if kind == "FFT":
            found[label] = Scheme(label, cell, call, transforms=True)
            continue
        counts = counted["implicit, 3-D" if label == "implicit, 3-D" else kind]["four"]
        if kind == "explicit":
            units = counts["units"]
            each = counts["exchanges"] / units, counts["reductions"] / units
            found[label] = Scheme(label, cell, call, *each)
            continue
        each = (
            counts["exchanges"] / counts["products"],
            (counts["reductions"] + counts["inner_products"]) / counts["products"],
        )
        # as many more products as were counted on four ranks for one on one, on a small grid
        more = counts["products"] / counted[_counted(label)]["one"]["products"]
        wide, times = OVERLAP[label], products * more
        found[label] = Scheme(label, cell, call, *each, overlap=wide, times=times)
    return found


def _counted(label: str) -> str:
    return "implicit, 3-D" if label == "implicit, 3-D" else "implicit"


def seconds(scheme: Scheme, cells: Sequence[int], ranks: int, network: Network) -> dict[str, float]:
    """Seconds of what is tabled, by where they go, on grids of so many cells an axis."""
    splits = best_splits(cells, ranks)
    block = [math.ceil(n / s) for n, s in zip(cells, splits, strict=True)]
    largest = math.prod(block)
    spent = {"cells": scheme.cell * largest, "calls": scheme.call}
    cut = [a for a, s in enumerate(splits) if s > 1]
    halo = scheme.halo
    if scheme.overlap and cut:
        deep = [min(scheme.overlap, n // OVERLAP_SHARE) * (a in cut) for a, n in enumerate(block)]
        wide = [n + 2 * more for n, more in zip(block, deep, strict=True)]
        halo = (halo + max(deep)) / 2  # half of the exchanges are the preconditioner's
        spent["overlap"] = scheme.cell * (math.prod(wide) - largest) / 2
    if ranks > 1:
        ghosts = sum(2 * halo * largest / block[a] for a in cut) * 8
        seam = network.seam_call + 2 * len(cut) * network.latency + ghosts / network.bandwidth
        spent["seams"] = scheme.exchanges * seam
        spent["sums"] = scheme.sums * (network.sum_call + math.log2(ranks) * network.latency)
    if scheme.transforms:
        spent.update(_transposes(scheme, cells, ranks, splits, network))
    return {where: scheme.times * value for where, value in spent.items()}


def _transposes(
    scheme: Scheme, cells: Sequence[int], ranks: int, splits: Sequence[int], network: Network
) -> dict[str, float]:
    """Costs of a convolution: frequencies of the last axis are divided, and are not endless."""
    total, frequencies = math.prod(cells), cells[-1] + 1
    busy = min(ranks, frequencies)
    share = math.ceil(frequencies / busy) / frequencies
    # Of the lengths transformed, with zeros: n lines of 2 n reals are n complex ones along the
    # last axis, 2 n along the next, 4 n along the one after, for their lines are padded too.
    last = 1 / (2 ** len(cells) - 1)
    logarithm = math.log2(total) / FITTED_LOGARITHM
    work = scheme.cell * total * logarithm * (last / ranks + (1 - last) * share)
    if ranks == 1:
        return {"cells": work}
    pieces = min(max(1, total // ranks // FFT_PIECE), FFT_PIECES)
    collects = 2 if splits[-1] > 1 and len(cells) <= DIVIDED_AXES else 0
    moved = 2 * 16 * total * share + collects * 8 * total / ranks
    messages = pieces * (2 + collects) * (busy - 1)
    return {
        "cells": work,
        "transposes": moved / network.bandwidth + messages * network.latency,
    }


def best_splits(cells: Sequence[int], ranks: int) -> tuple[int, ...]:
    """Blocks along the first three axes with the least surface, about as PETSc chooses them."""
    axes = min(len(cells), DIVIDED_AXES)
    best, least = (ranks, *[1] * (axes - 1)), math.inf
    for splits in _products(ranks, axes):
        if any(n // s < 2 for n, s in zip(cells, splits, strict=False)):
            continue
        block = [math.ceil(n / s) for n, s in zip(cells, splits, strict=False)]
        surface = sum(1 / b for b, s in zip(block, splits, strict=True) if s > 1)
        cost = math.prod(block) * (1 + surface)
        if cost < least:
            best, least = splits, cost
    return (*best, *[1] * (len(cells) - axes))


def _products(number: int, factors: int) -> Iterator[tuple[int, ...]]:
    divisors = [d for d in range(1, number + 1) if number % d == 0]
    for choice in itertools.product(divisors, repeat=factors - 1):
        rest, over = divmod(number, math.prod(choice))
        if not over:
            yield (*choice, rest)


def median_unit(timed: dict[str, Any], key: str) -> float:
    """Median seconds a unit of a timed configuration."""
    return statistics.median(timed["seconds"][key])
