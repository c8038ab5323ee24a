"""Program for several ranks: interactions on blocks against the same on one rank.

Prints, as JSON, the largest relative error of each check over all ways to divide its grids, and
the messages that all ranks have raised.
"""

from __future__ import annotations

import itertools
import json
import math
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np

import wgflow as wg
from wgflow._typing import Array
from wgflow.energies import DiscreteEnergy
from wgflow.energies.base import Term
from wgflow.energies.interaction import convolution, divided
from wgflow.lines import HALO
from wgflow.networks import (
    CosineData,
    EmpiricalData,
    IsotropicGaussians,
    Ridge,
    cosine_features,
    empirical_features,
    isotropic_features,
    ramp,
    relu,
)
from wgflow.parallel import SERIAL, world
from wgflow.parallel.transposes import Transpose, sides

RANKS = world()


def square(*x: Array) -> Array:
    total: Array = np.zeros(()) + sum(c**2 for c in x)
    return total


def logarithm(*x: Array) -> Array:
    values: Array = np.log(square(*x)) / 2
    return values


def newton(*x: Array) -> Array:
    values: Array = square(*x) ** (1 - len(x) / 2)
    return values


def smooth(*x: Array) -> Array:
    """Even, but not in each of its arguments; of period 2π in each."""
    weighted = sum((i + 1) * np.sin(c) ** 2 for i, c in enumerate(x))
    values: Array = np.exp(-weighted) * np.cos(sum(x))
    return values


def box(dimension: int, periodic: tuple[int, ...] = ()) -> wg.Box:
    """Sides of different lengths, that is cells that are no cubes."""
    loops = {a % dimension for a in periodic}
    bounds = [(-math.pi, math.pi) if a in loops else (-1, 1 + a) for a in range(dimension)]
    return wg.Box(*(wg.Axis(*b, periodic=a in loops) for a, b in enumerate(bounds)))


def all_splits(cells: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for splits in itertools.product(range(1, RANKS.size + 1), repeat=len(cells)):
        thick = all(s == 1 or n // s >= HALO for n, s in zip(cells, splits, strict=True))
        if math.prod(splits) == RANKS.size and thick and set(splits[3:]) <= {1}:
            yield splits


def error(
    term: Term, on: wg.Box, cells: tuple[int, ...], edges: list[Array] | None = None
) -> float:
    """Largest relative difference between one rank and several, over all splits."""
    random = np.random.default_rng(1)
    density, direction = random.random(cells), random.random(cells) - 0.5
    alone = term.discretize(wg.Grid(on, cells, edges, comm=SERIAL))
    value = alone.value(density, 0.0)
    variations = [
        alone.first_variation(density, 0.0),
        alone.second_variation(density, direction),
    ]
    worst = 0.0
    ways = list(all_splits(cells))
    assert ways
    for splits in ways:
        grid = wg.Grid(on, cells, edges, splits=splits)
        mine = grid.partition.block(RANKS.rank)
        here, there = density[mine].copy(), direction[mine].copy()
        shared = term.discretize(grid)
        found = [shared.first_variation(here, 0.0), shared.second_variation(here, there)]
        assert all(f.flags.c_contiguous and f.shape == grid.shape for f in found)
        assert np.array_equal(here, density[mine]), "the density has been written to"
        errors = [abs(shared.value(here, 0.0) / value - 1)]
        errors += [
            float(np.abs(f - v[mine]).max() / np.abs(v).max())
            for f, v in zip(found, variations, strict=True)
        ]
        worst = max([worst, *errors])
    return RANKS.maximum(worst)


def convolutions() -> Iterator[tuple[str, float]]:
    plain = wg.Interaction(smooth)
    for cells in [(17,), (11, 16), (16, 9), (8, 9, 10), (8, 4, 8, 3)]:
        for periodic in [(), (0,), (-1,), (0, -1)] if len(cells) < 4 else [(), (-1,)]:
            yield f"smooth {cells} {periodic}", error(plain, box(len(cells), periodic), cells)
    # fewer lines than ranks, and fewer frequencies
    yield "few lines", error(plain, box(2), (3, 16))
    yield "few frequencies", error(plain, box(2, (-1,)), (16, 3))
    singular = wg.Interaction(logarithm, singular=True)
    for cells, periodic in [((20,), ()), ((12, 9), ()), ((9, 12), (1,))]:
        yield f"log {cells} {periodic}", error(singular, box(len(cells), periodic), cells)
    yield "newton", error(wg.Interaction(newton, singular=True), box(3), (8, 4, 6))


def pieces() -> Iterator[tuple[str, float]]:
    """Lines and frequencies in many small groups, as on large grids."""
    before = divided.ROWS, convolution.FEWEST_FREQUENCIES, convolution.MOST_FREQUENCIES
    divided.ROWS, convolution.FEWEST_FREQUENCIES, convolution.MOST_FREQUENCIES = 8, 1, 2
    for cells in [(11, 16), (8, 9, 10), (8, 4, 8, 3)]:
        term = wg.Interaction(smooth)
        yield f"pieces {cells}", error(term, box(len(cells), (0,)), cells)
    divided.ROWS, convolution.FEWEST_FREQUENCIES, convolution.MOST_FREQUENCIES = before


def low_rank() -> Iterator[tuple[str, float]]:
    stretched = [np.linspace(-1, 1, 12) ** 3, 1.5 * np.linspace(0, 1, 10) ** 2 * 2 - 1]
    for cells in [(16,), (11, 9), (8, 9, 5)]:
        plain = box(len(cells))
        polynomial = wg.PolynomialInteraction({4: 0.25, 2: -0.5})
        edges = stretched if len(cells) == 2 else None
        yield f"polynomial {cells}", error(polynomial, plain, cells, edges)
        features = wg.FeatureInteraction(
            lambda *x: (np.cos(sum(x)), np.sin(sum(x)), x[0] ** 2), [1.0, 1.0, -0.3]
        )
        yield f"features {cells}", error(features, plain, cells, edges)
    cosine = wg.Risk(cosine_features(CosineData(0.8)))
    yield "cosine risk", error(cosine, box(1, (0,)), (20,))
    radial = wg.Box(wg.Axis(0, 3, radial=40))
    isotropic = isotropic_features(ramp(), IsotropicGaussians(40, 0.8))
    yield "isotropic risk", error(wg.Risk(isotropic), radial, (21,))
    random = np.random.default_rng(2)
    data = EmpiricalData(random.normal(size=(7, 2)), random.normal(size=7))
    yield "empirical risk", error(wg.Risk(empirical_features(Ridge(relu()), data)), box(2), (9, 8))


def stiffness() -> Iterator[tuple[str, float]]:
    """What bounds explicit steps, found from the same noise on any blocks."""
    repulsion = wg.Interaction(lambda *x: -logarithm(*x), singular=True)
    features = wg.FeatureInteraction(lambda *x: (np.cos(sum(x)), x[0] ** 2), [1.0, 0.3])
    for cells, periodic in [((20,), ()), ((12, 9), (1,))]:
        on = box(len(cells), periodic)
        density = np.random.default_rng(1).random(cells)
        for name, term in (("log", repulsion), ("features", features)):
            alone = DiscreteEnergy(term, wg.Grid(on, cells, comm=SERIAL)).stiffness(density)
            worst = 0.0
            for splits in all_splits(cells):
                grid = wg.Grid(on, cells, splits=splits)
                own = density[grid.partition.block(RANKS.rank)]
                worst = max(worst, abs(DiscreteEnergy(term, grid).stiffness(own) / alone - 1))
            yield f"stiffness of {name} {cells}", RANKS.maximum(worst)


def transposes() -> Iterator[tuple[str, float]]:
    """Columns of a small array, some empty, to rows of unequal numbers and back."""
    p = RANKS.size
    shape = (2 * p, p - 1)
    first = [(slice(0, shape[0]), slice(min(r, p - 1), min(r + 1, p - 1))) for r in range(p)]
    cuts = [0, *(2 * r + 1 for r in range(1, p)), shape[0]]
    second = [(slice(cuts[r], cuts[r + 1]), slice(0, shape[1])) for r in range(p)]
    for kind in (float, complex):
        whole = np.random.default_rng(3).random(shape).astype(kind)
        whole *= 1 + 2j if kind is complex else 1
        move = Transpose(RANKS, first, second, complex_values=kind is complex)
        source, target = (
            whole[first[RANKS.rank]].copy(),
            np.full(sides(second[RANKS.rank]), kind(9)),
        )
        move.forward(source, target)
        wrong = float(np.any(target != whole[second[RANKS.rank]]))
        source[...] = 0
        move.backward(target, source)
        wrong += float(np.any(source != whole[first[RANKS.rank]]))
        yield f"transpose {kind.__name__}", RANKS.maximum(wrong)
        strided = np.repeat(source, 2, 0)[::2]
        for bad in (source.astype(np.float32), source[1:], strided):
            if bad is strided and bad.flags.c_contiguous:
                continue  # it is empty
            try:
                move.forward(bad, target)
            except ValueError:
                continue
            raise AssertionError(f"{bad.dtype} {bad.shape} has been moved")


def messages() -> Iterator[tuple[str, str]]:
    """What all ranks raise; each of the values that are wrong is seen by one rank only."""
    grid = wg.Grid(box(2), (12, 10))
    cases: dict[str, Callable[[], object]] = {
        "infinite": lambda: wg.Interaction(
            lambda x, y: np.where(abs(x) > 1.99, np.inf, square(x, y))
        ).discretize(grid),
        "hole": lambda: wg.Interaction(lambda x, y: 1 / np.hypot(x, y)).discretize(grid),
        "steep": lambda: wg.Interaction(
            lambda x, y: (x * x + y * y) ** -1.1, singular=True
        ).discretize(grid),
        "odd": lambda: wg.Interaction(lambda x, y: x + y).discretize(grid),
        "features": lambda: wg.FeatureInteraction(
            lambda x, y: (x, np.where((x < -0.9) & (y < -0.8), np.nan, y)), [1.0, 1.0]
        ).discretize(grid),
    }
    for name, make in cases.items():
        try:
            make()
            message = "nothing was raised"
        except wg.InputError as raised:
            message = str(raised)
        everyone = RANKS.everyone(message)
        yield name, message if set(everyone) == {message} else f"ranks differ: {everyone}"


def memory() -> float:
    """Memory at its peak, on the fullest rank, by that of one rank."""

    def peak(grid: wg.Grid) -> float:
        density = np.ones(grid.shape)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        wg.Interaction(smooth).discretize(grid).first_variation(density, 0.0)
        return tracemalloc.get_traced_memory()[1] - before

    divided.ROWS = 1024  # as many pieces as on a large grid
    tracemalloc.start()
    for cells in (16, 256):  # what is loaded and made once, first
        mine = RANKS.maximum(peak(wg.Grid(box(2), (cells, cells))))
        alone = peak(wg.Grid(box(2), (cells, cells), comm=SERIAL))
    tracemalloc.stop()
    return mine / alone


if __name__ == "__main__":
    report = {
        "errors": dict([*convolutions(), *pieces(), *low_rank(), *stiffness(), *transposes()])
        if RANKS.size > 1
        else dict([*convolutions(), *low_rank(), *stiffness()]),
        "messages": dict(messages()),
        "memory": memory(),
    }
    if RANKS.is_root:
        print(json.dumps(report))
