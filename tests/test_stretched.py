"""Stretched axes: their edges, and that every flux keeps its order on smooth ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.linalg import expm

import wgflow as wg
from tests.helpers import refuses
from wgflow._typing import Array
from wgflow.fluxes import Flux

FINE_AT_ZERO = wg.Clustered(-8, 8, around=0.5, scale=2.0)


def quadratic(fraction: Array) -> Array:
    """Cells from the left end, each wider than the one before."""
    return 16 * fraction * (1 + fraction / 2) / 1.5 - 8


def ornstein_uhlenbeck(axis: wg.Axis) -> wg.Problem:
    """V = x²/2, T = 1, from a Gaussian of mean 1 and variance 1/4."""

    def exact(t: float, x: Array) -> Array:
        mean, variance = math.exp(-t), 1 - 0.75 * math.exp(-2 * t)
        values: Array = np.exp(-((x - mean) ** 2) / (2 * variance))
        return values / math.sqrt(2 * math.pi * variance)

    return wg.Problem(
        wg.Box(axis),
        wg.Confinement(1.0) + wg.Entropy(1.0),
        initial=lambda x: exact(0.0, x),
        exact=exact,
        until=0.5,
    )


# --- the axis -----------------------------------------------------------------------------------


def test_edges_follow_the_stretching() -> None:
    axis = wg.Axis(1, 4, stretch=lambda s: (1 + s) ** 2)
    grid = wg.Grid(wg.Box(axis, (0, 1)), (3, 4))
    np.testing.assert_allclose(grid.edges[0], (1 + np.arange(4) / 3) ** 2)
    assert grid.edges[0][0] == 1
    assert grid.edges[0][-1] == 4
    assert grid.uniform == (False, True)
    assert grid.integrate(np.ones(grid.shape)) == pytest.approx(3.0, rel=1e-14)
    np.testing.assert_allclose(grid.face_distances(0), np.diff(grid.centers[0]), rtol=1e-14)


def test_bounds_are_met_exactly() -> None:
    edges = wg.Axis(0, 1, stretch=lambda s: s * (1 + 1e-11)).edges(4)
    assert edges[-1] == 1.0


def test_given_edges_go_before_the_stretching() -> None:
    axis = wg.Axis(1, 4, stretch=lambda s: (1 + s) ** 2)
    edges = np.array([1, 2, 3, 4.0])
    np.testing.assert_array_equal(wg.Grid(wg.Box(axis), 3, [edges]).edges[0], edges)


def test_clustered_cells_are_small_where_asked() -> None:
    edges = wg.Axis(-8, 8, stretch=wg.Clustered(-8, 8, around=2.0, scale=0.5)).edges(200)
    widths, centers = np.diff(edges), (edges[1:] + edges[:-1]) / 2
    assert abs(centers[widths.argmin()] - 2) < 0.1
    # width ∝ sqrt(1 + ((x - around)/scale)²), to the curvature within a cell
    law = np.sqrt(1 + ((centers - 2) / 0.5) ** 2)
    np.testing.assert_allclose(widths / law, (widths / law).mean(), rtol=2e-3)


def test_tabulated_edges() -> None:
    given = (0.0, 1.0, 1.5, 3.0)
    axis = wg.Axis(0, 3, stretch=wg.Tabulated(given))
    np.testing.assert_allclose(axis.edges(3), given, rtol=1e-15)
    np.testing.assert_allclose(axis.edges(12)[::4], given, rtol=1e-15)
    assert np.all(np.diff(axis.edges(50)) > 0)
    assert axis == wg.Axis(0, 3, stretch=wg.Tabulated(given))
    assert hash(axis) == hash(wg.Axis(0, 3, stretch=wg.Tabulated(list(given))))


@pytest.mark.parametrize(
    ("make", "value", "remedy"),
    [
        (lambda: wg.Axis(0, 1, stretch=lambda s: 1 - s), "(0, 1)", "increasing"),
        (lambda: wg.Axis(0, 1, stretch=lambda s: s * np.nan), "(0, 1)", "increasing"),
        (lambda: wg.Axis(0, 1, stretch=lambda s: 0.5), "(0, 1)", "fractions"),
        (lambda: wg.Axis(0, 1, stretch=lambda s: 2 * s), "to 2", "upper bound 1"),
        (lambda: wg.Axis(0, 2, stretch=wg.Clustered(0, 1, 0, 1)), "to 1", "upper bound 2"),
        (lambda: wg.Clustered(0, 1, 0, 0), "scale 0", "> 0"),
        (lambda: wg.Tabulated((0, 1, 1)), "3 edges", "increase"),
        (lambda: wg.Tabulated((0,)), "1 edges", "at least 2"),
    ],
)
def test_bad_stretchings(make: Callable[[], object], value: str, remedy: str) -> None:
    refuses(make, value, remedy)


# --- order --------------------------------------------------------------------------------------


def matrix(space: wg.FiniteVolume) -> Array:
    """Matrix of a linear semi-discrete equation, column by column."""
    columns = [space.rate(unit, 0.0).values for unit in np.eye(space.grid.size)]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize(
    ("flux", "order", "cap"),
    [(wg.ScharfetterGummel(), 2.0, 6e-4), (wg.Upwind(), 1.0, 3e-2)],
    ids=["scharfetter_gummel", "upwind"],
)
@pytest.mark.parametrize("stretch", [FINE_AT_ZERO, quadratic], ids=["clustered", "quadratic"])
def test_linear_fluxes_keep_their_order(
    flux: Flux, order: float, cap: float, stretch: Callable[[Array], Array]
) -> None:
    """Exact in time, so that only the error in space is seen."""
    problem = ornstein_uhlenbeck(wg.Axis(-8, 8, stretch=stretch))
    errors = []
    for cells in (60, 120, 240):
        grid = wg.Grid(problem.domain, cells)
        space = wg.FiniteVolume(problem, grid, flux)
        density = expm(0.5 * matrix(space)) @ space.initial_density()
        assert grid.integrate(density) == pytest.approx(1.0, abs=1e-12)
        exact = problem.exact
        assert exact is not None
        error = density - grid.average(lambda x, exact=exact: exact(0.5, x))
        errors.append(grid.integrate(np.abs(error)))
    assert math.log2(errors[1] / errors[2]) == pytest.approx(order, abs=0.2)
    assert errors[-1] < cap


@pytest.mark.parametrize("limiter", ["van_leer", "minmod"])
def test_muscl_keeps_its_order(limiter: str) -> None:
    """Transport towards 0 without noise, exact by scaling, explicit end to end."""

    def exact(t: float, x: Array) -> Array:
        values: Array = np.exp(t - (x * math.exp(t) - 0.5) ** 2) / math.sqrt(math.pi)
        return values

    axis = wg.Axis(-8, 8, stretch=wg.Clustered(-8, 8, around=0.0, scale=2.0))
    problem = wg.Problem(
        wg.Box(axis), wg.Confinement(1.0), lambda x: exact(0.0, x), exact=exact, until=0.5
    )
    table = wg.convergence(problem, "muscl", cells=[80, 160, 320], options={"limiter": limiter})
    table.require(rate=2.0, within=0.4, finest_error=2e-3)


def test_solver_end_to_end() -> None:
    """By name, on a stretched axis given with the problem: fewer cells do as well as equal ones."""
    errors = []
    for stretch in (FINE_AT_ZERO, None):
        problem = ornstein_uhlenbeck(wg.Axis(-8, 8, stretch=stretch))
        solution = wg.solve(problem, "scharfetter_gummel", cells=80, dt=1e-3, until=0.5)
        assert solution.facts["mass_max_error"] < 1e-12
        assert solution.facts["minimum"] >= 0
        exact = solution.exact_density(solution.time)
        errors.append(solution.grid.integrate(np.abs(solution.density - exact)))
    assert errors[0] < 3e-3
    assert errors[0] < 0.7 * errors[1]


# --- structure ----------------------------------------------------------------------------------


def test_equilibria_stay() -> None:
    """exp(-V/T) does not move, on stretched, radial and periodic axes together."""
    axes = [
        wg.Axis(-3, 2, stretch=wg.Clustered(-3, 2, around=0.0, scale=0.3)),
        wg.Axis(0, 3, radial=5, name="r", stretch=wg.Tabulated((0, 0.2, 1.0, 3.0))),
        wg.Axis(0, 1, periodic=True, stretch=lambda s: s + 0.1 * np.sin(2 * np.pi * s)),
    ]

    def potential(x: Array, r: Array, s: Array) -> Array:
        return (x**2 + r**2) / 2 + 0.3 * np.cos(2 * np.pi * s)

    energy = wg.Potential(potential) + wg.Entropy(0.7)
    grid = wg.Grid(wg.Box(*axes), (12, 10, 8))
    problem = wg.Problem(grid.box, energy, np.ones(grid.shape))
    space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel())
    reference = grid.log_reference
    assert reference is not None
    rest = np.exp(reference - potential(*grid.coordinates) / 0.7)
    rate = space.rate(rest, 0.0)
    assert np.abs(rate.values).max() < 1e-12 * rate.emptying * rest.max()
    moved = space.rate(rest * (1 + 0.1 * grid.coordinates[2]), 0.0)
    assert np.abs(moved.values).max() > 1e-6 * moved.emptying * rest.max()
    assert abs(grid.integrate(moved.values)) < 1e-12 * moved.emptying


def test_stretched_periodic_heat() -> None:
    """Heat on a circle whose cells vary: the width wraps around the seam."""
    errors = []
    axis = wg.Axis(0, 1, periodic=True, stretch=lambda s: s + 0.1 * np.sin(2 * np.pi * s))
    for cells in (20, 40, 80):
        grid = wg.Grid(wg.Box(axis), cells)
        start = grid.average(lambda x: 1 + 0.5 * np.cos(2 * np.pi * x))
        problem = wg.Problem(grid.box, wg.Entropy(1.0), start)
        space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel())
        density = expm(0.02 * matrix(space)) @ start
        decay = 0.5 * math.exp(-4 * math.pi**2 * 0.02)
        exact = grid.average(lambda x, a=decay: 1 + a * np.cos(2 * np.pi * x))
        errors.append(grid.integrate(np.abs(density - exact)))
    assert math.log2(errors[1] / errors[2]) == pytest.approx(2.0, abs=0.15)
    assert errors[-1] < 3e-4
