"""Cells, ghost cells and lines, in one to four dimensions and every position of an axis."""

from __future__ import annotations

import math

import numpy as np
import pytest

import wgflow as wg
from wgflow._typing import Array
from wgflow.fluxes import Flux
from wgflow.lines import HALO

SHAPE = (4, 5, 3, 6)
RADIAL = wg.Axis(0.0, 2.0, radial=3, name="r")


def uneven(cells: int, lower: float, upper: float) -> Array:
    steps = 1 + 0.5 * np.sin(np.arange(cells, dtype=float))
    edges = lower + (upper - lower) * np.concatenate([[0], np.cumsum(steps)]) / steps.sum()
    edges[-1] = upper
    return edges


def test_cells_tile_the_box() -> None:
    grid = wg.Grid(wg.Box((-1, 1), (0, 3)), (4, 6))
    assert grid.shape == (4, 6)
    assert grid.size == 24
    assert grid.volumes.sum() == pytest.approx(6.0, rel=1e-15)
    np.testing.assert_allclose(grid.centers[0], [-0.75, -0.25, 0.25, 0.75])
    assert grid.spacing == 0.5
    assert wg.Grid(wg.Box((0, 1), (0, 1)), 3).shape == (3, 3)


def test_uneven_cells() -> None:
    edges = uneven(7, -1.0, 2.0)
    grid = wg.Grid(wg.Box((-1, 2), (0, 1)), (7, 3), [edges, None])
    assert grid.uniform == (False, True)
    np.testing.assert_array_equal(grid.widths[0], np.diff(edges))
    assert grid.integrate(np.ones(grid.shape)) == pytest.approx(3.0, rel=1e-14)


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_average_is_exact_for_cubics(dimension: int) -> None:
    grid = wg.Grid(wg.Box(*[(-1, 2)] * dimension), 3)
    average = grid.average(lambda *x: sum((a + 1) * c**3 for a, c in enumerate(x)))
    edge = grid.edges[0]
    mean = np.diff(edge**4) / 4 / np.diff(edge)
    expected = sum((a + 1) * grid.along(mean, a) for a in range(dimension))
    np.testing.assert_allclose(average, np.broadcast_to(expected, grid.shape), atol=1e-13)


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
@pytest.mark.parametrize("periodic", [False, True])
def test_ghost_cells(dimension: int, periodic: bool) -> None:
    shape = SHAPE[:dimension]
    grid = wg.Grid(
        wg.Box(*[wg.Axis(0, 1, periodic=periodic)] * 1, *[(0, 1)] * (dimension - 1))
        if dimension > 1
        else wg.Box(wg.Axis(0, 1, periodic=periodic)),
        shape,
    )
    values = np.random.default_rng(1).random(shape)
    ghosted = grid.padded(values)
    modes = ["wrap" if periodic else "edge"] + ["edge"] * (dimension - 1)
    for axis, mode in enumerate(modes):
        pad = [(0, 0)] * dimension
        pad[axis] = (HALO, HALO)
        expected = np.pad(values, pad, mode=mode)  # type: ignore[call-overload]
        inside = [slice(HALO, -HALO)] * dimension
        inside[axis] = slice(None)
        np.testing.assert_array_equal(ghosted[tuple(inside)], expected)


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
@pytest.mark.parametrize("periodic", [False, True])
def test_lines_reach_every_cell_once(dimension: int, periodic: bool) -> None:
    shape = SHAPE[:dimension]
    grid = wg.Grid(
        wg.Box(*[wg.Axis(0, 1, periodic=periodic, name=f"a{i}") for i in range(dimension)]), shape
    )
    flat = np.arange(grid.size, dtype=float)
    ghosted = grid.padded(flat.reshape(shape)).ravel()
    for axis, lines in enumerate(grid.lines):
        seen = []
        for start, ghosted_start in zip(lines.starts, lines.ghosted_starts, strict=True):
            for j in range(lines.cells):
                for k in range(lines.width):
                    here = start + j * lines.stride + k
                    there = ghosted_start + j * lines.ghosted_stride + k
                    assert ghosted[there] == flat[here]
                    index = np.unravel_index(here, shape)
                    assert index[axis] == j
                    seen.append(here)
        assert sorted(seen) == list(range(grid.size))
        assert (lines.open_lower, lines.open_upper) == (periodic, periodic)


def test_distances_of_uneven_cells() -> None:
    edges = uneven(6, 0.0, 1.0)
    for periodic in (False, True):
        grid = wg.Grid(wg.Box(wg.Axis(0, 1, periodic=periodic)), 6, [edges])
        centers = grid.centers[0]
        inner = np.diff(centers)
        wrap = [centers[0] + 1 - centers[-1]] if periodic else []
        np.testing.assert_allclose(grid.face_distances(0), [*inner, *wrap], rtol=1e-13)


def test_divergence_is_minus_the_adjoint_of_the_difference() -> None:
    rng = np.random.default_rng(2)
    box = wg.Box(wg.Axis(0, 1, periodic=True), (0, 1))
    grid = wg.Grid(box, (5, 4), [uneven(5, 0.0, 1.0), uneven(4, 0.0, 1.0)])
    values = rng.random(grid.shape)
    for axis in range(2):
        difference = grid.difference(values, axis)
        assert difference.shape[axis] == (5, 3)[axis]
        flux = rng.random(difference.shape)
        left = grid.integrate(grid.face_divergence(flux, axis) * values)
        other = grid.along(grid.widths[1 - axis], 1 - axis)
        assert left == pytest.approx(-float((flux * difference * other).sum()), rel=1e-12)


def test_radial_reference_measure() -> None:
    grid = wg.Grid(wg.Box(wg.Axis(0, 2, radial=3)), 8)
    e = grid.edges[0]
    assert grid.log_reference is not None
    np.testing.assert_allclose(np.exp(grid.log_reference), np.diff(e**3) / 3 / np.diff(e))
    assert wg.Grid(wg.Box(wg.Axis(0, 2, radial=1)), 8).log_reference is None
    assert wg.Grid(wg.Box((0, 2)), 8).log_reference is None


def test_radial_reference_measure_does_not_underflow() -> None:
    grid = wg.Grid(wg.Box((0, 1), wg.Axis(0, 2, radial=320)), (3, 1600))
    reference = grid.log_reference
    assert reference is not None
    assert reference.shape == grid.shape
    assert np.all(np.isfinite(reference))
    # the first cell: average of r^319 over (0, h) is h^319 / 320, whose log is about -2141
    h = 2 / 1600
    assert reference[0, 0] == pytest.approx(319 * math.log(h) - math.log(320), rel=1e-14)
    # far out a power is nearly its midpoint value; averages over 1 % intervals of r
    middle = 319 * np.log(grid.centers[1])
    second_order = 319 * 318 * (h / grid.centers[1]) ** 2 / 24
    np.testing.assert_allclose((reference[1] - middle)[800:], second_order[800:], rtol=0.01)


def test_same_problem_along_every_axis() -> None:
    """A one-dimensional solution, constant along the other axes, whatever its position."""
    axis = wg.Axis(-3, 3, name="s")

    def rate(position: int, dimension: int, flux: Flux) -> Array:
        others = [(0.0, 1.0)] * dimension
        axes: list[wg.Axis | tuple[float, float]] = list(others)
        axes[position] = axis
        problem = wg.Problem(
            wg.Box(*axes),
            wg.Potential(lambda *x: np.sin(x[position]) + x[position] ** 2) + wg.Entropy(0.1),
            initial=lambda *x: 1 + 0 * sum(x),
        )
        shape = [3 + a for a in range(dimension)]
        shape[position] = 24
        space = wg.FiniteVolume(problem, wg.Grid(problem.domain, shape), flux)
        density = np.exp(-((space.grid.coordinates[position] - 0.5) ** 2))
        values = space.rate(density, 0.0).values
        lines = np.moveaxis(values, position, -1).reshape(-1, 24)
        np.testing.assert_allclose(lines, lines[:1].repeat(len(lines), 0), atol=1e-13)
        return lines[0]

    for flux in (wg.Upwind(), wg.MUSCL("van_leer"), wg.ScharfetterGummel()):
        expected = rate(0, 1, flux)
        assert np.abs(expected).max() > 0.1
        for dimension in (2, 3, 4):
            for position in range(dimension):
                np.testing.assert_allclose(rate(position, dimension, flux), expected, atol=1e-12)


@pytest.mark.parametrize("dimension", [2, 3, 4])
def test_product_densities_stay_products(dimension: int) -> None:
    """Separable energy and Scharfetter-Gummel: the rate is the sum of those of the factors."""
    widths = [1.0, 2.0, 1.5, 2.5][:dimension]
    periodic = [False, True, False, True]
    axes = [
        wg.Axis(-w, w, periodic=p, name=f"a{i}")
        for i, (w, p) in enumerate(zip(widths, periodic, strict=False))
    ]

    def factor(a: int, x: Array) -> Array:
        return 1.5 + np.cos(np.pi * (a + 1) * x / widths[a])

    def potential(a: int, x: Array) -> Array:
        return np.sin(np.pi * x / widths[a]) * (a + 1)

    def parts(which: list[int]) -> tuple[Array, Array]:
        problem = wg.Problem(
            wg.Box(*[axes[a] for a in which]),
            wg.Potential(lambda *x: sum(potential(a, c) for a, c in zip(which, x, strict=True)))
            + wg.Entropy(0.3),
            initial=lambda *x: 1 + 0 * sum(x),
        )
        grid = wg.Grid(problem.domain, [5 + a for a in which])
        space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel())
        columns = zip(which, grid.coordinates, strict=True)
        density = np.prod([factor(a, c) for a, c in columns], axis=0)
        return density, space.rate(density, 0.0).values

    _, whole = parts(list(range(dimension)))
    singles = [parts([a]) for a in range(dimension)]
    expected = np.zeros_like(whole)
    for a in range(dimension):
        term: Array = np.ones(())
        for b in range(dimension):
            term = np.multiply.outer(term, singles[b][1] if a == b else singles[b][0])
        expected += term
    np.testing.assert_allclose(whole, expected, atol=1e-12 * np.abs(expected).max())


BAD_GRIDS = [
    (2, None, "2 cells", ">= 3"),
    (4.5, None, "4.5 cells", "whole number"),
    (math.nan, None, "nan cells", "whole number"),
    ("many", None, "'many' cells", "whole number"),
    (-4, None, "-4 cells", ">= 3"),
    ((4, 4), None, "2 numbers", "one per axis"),
    (4, [[0, 1, 2]], "5 strictly increasing", "4 cells"),
    (4, [[0, 0.5, 0.25, 0.75, 1]], "strictly increasing", "4 cells"),
    (4, [[0, 0.25, 0.5, 0.75, 2]], "2.0", "upper bound 1"),
    (4, [None, None], "2 axes", "box of 1"),
]


@pytest.mark.parametrize(("cells", "edges", "value", "remedy"), BAD_GRIDS)
def test_bad_grids(cells: object, edges: object, value: str, remedy: str) -> None:
    box = wg.Box((0.0, 1.0))
    with pytest.raises(wg.InputError) as caught:
        wg.Grid(box, cells, edges)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    assert value in message
    assert remedy in message
