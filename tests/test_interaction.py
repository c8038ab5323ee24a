"""Interactions: Fourier, singular, polynomial and low-rank forms, against exact potentials."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.special import erf, exp1

import wgflow as wg
from tests.helpers import refuses
from wgflow._typing import Array
from wgflow.energies.averages import displacement_averages
from wgflow.energies.base import Term
from wgflow.energies.interaction import convolution as module

Kernel = Callable[..., Array]


def square(*x: Array) -> Array:
    total: Array = np.zeros(()) + sum(c**2 for c in x)
    return total


def log(*x: Array) -> Array:
    values: Array = np.log(square(*x)) / 2
    return values


def power(exponent: float) -> Kernel:
    return lambda *x: square(*x) ** (exponent / 2)


def dense(kernel: Kernel, grid: wg.Grid, density: Array) -> Array:
    """W * rho by the double sum over cell centres."""
    differences = []
    for c, axis in zip(grid.coordinates, grid.box.axes, strict=True):
        d = c.ravel()[:, None] - c.ravel()[None, :]
        differences.append(d - axis.length * np.rint(d / axis.length) if axis.periodic else d)
    masses = (density * grid.volumes).ravel()
    return np.reshape(np.broadcast_to(kernel(*differences), (grid.size,) * 2) @ masses, grid.shape)


def variation(term: Term, grid: wg.Grid, density: Array) -> Array:
    return term.discretize(grid).first_variation(density, 0.0)


def order(errors: Sequence[float]) -> float:
    """Observed order between the last two of successive halvings."""
    return math.log2(errors[-2] / errors[-1])


# --- Fourier form -------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [(13,), (6, 9), (9, 6), (5, 4, 7), (3, 4, 3, 5)])
@pytest.mark.parametrize("periodic", [(), (0,), (-1,), (0, -1)])
@pytest.mark.parametrize("blocks", ["one", "many"])
def test_convolution_is_the_double_sum(
    cells: tuple[int, ...],
    periodic: tuple[int, ...],
    blocks: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if blocks == "many":
        monkeypatch.setattr(module, "FEWEST_FREQUENCIES", 1)
        monkeypatch.setattr(module, "MOST_FREQUENCIES", 2)
        monkeypatch.setattr(module, "ROWS", 2)
    loops = {a % len(cells) for a in periodic}
    axes = [wg.Axis(-1, 1 + a, periodic=a in loops) for a in range(len(cells))]
    grid = wg.Grid(wg.Box(*axes), cells)

    def kernel(*x: Array) -> Array:
        total = np.cos(sum(c for c in x))  # even, but not in each of its arguments
        for c, axis in zip(x, axes, strict=True):
            total = total * (np.cos(np.pi * c) if axis.periodic else 1 + c**2)
        return np.cos(2 * np.pi * x[0] / axes[0].length) if 0 in loops else total

    density = np.random.default_rng(1).random(grid.shape)
    term = wg.Interaction(kernel).discretize(grid)
    expected = dense(kernel, grid, density)
    before = density.copy()
    found = term.first_variation(density, 0.0)
    np.testing.assert_array_equal(density, before)
    np.testing.assert_allclose(found, expected, atol=1e-13 * np.abs(expected).max())
    assert term.value(density, 0.0) == pytest.approx(
        grid.integrate(density * expected) / 2, rel=1e-12
    )


# --- cell averages ------------------------------------------------------------------------------


def log_box(x: float, y: float) -> float:
    """∫ log r over [0, x] x [0, y]."""
    if x == 0 or y == 0:
        return 0.0
    angle = x * x * math.atan(y / x) + y * y * math.atan(x / y)
    return x * y * (math.log(x * x + y * y) - 3) / 2 + angle / 2


def log_average(x: float, y: float, wide: float, high: float) -> float:
    """Average of log r over the box of given centre and sides."""
    total = 0.0
    for i, a in ((1, x + wide / 2), (-1, x - wide / 2)):
        for j, b in ((1, y + high / 2), (-1, y - high / 2)):
            sign = i * j * np.sign(a) * np.sign(b)
            total += float(sign) * log_box(abs(a), abs(b))
    return total / (wide * high)


@pytest.mark.parametrize("ratio", [1.0, 1.8, 10.0, 0.03])
def test_averages_of_the_logarithm(ratio: float) -> None:
    """Near, middle and far cells, of any proportions, against the closed form."""
    steps = np.arange(-20.0, 21.0)
    widths = np.array([1.0, ratio])
    found = displacement_averages(log, [steps, steps * ratio], widths)
    expected = [[log_average(x, y * ratio, 1.0, ratio) for y in steps] for x in steps]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)


def test_averages_of_powers() -> None:
    zero = np.zeros(1)
    for exponent in (-0.9, -0.5, 0.5, 1.0):
        found = displacement_averages(power(exponent), [zero], np.ones(1)).item()
        assert found == pytest.approx(0.5**exponent / (1 + exponent), rel=1e-9)
    plane = displacement_averages(power(-1), [zero, zero], np.ones(2)).item()
    assert plane == pytest.approx(4 * math.log(1 + math.sqrt(2)), rel=1e-12)
    # 1/r over the unit cube: 3 log((√3+1)/(√3-1)) - π/2
    cube = displacement_averages(power(-1), [zero] * 3, np.ones(3)).item()
    root = math.sqrt(3)
    assert cube == pytest.approx(3 * math.log((root + 1) / (root - 1)) - math.pi / 2, rel=1e-10)


# --- singular kernels against exact potentials --------------------------------------------------


def uniform_potential(x: Array) -> Array:
    """-log|x| with the uniform density on [-1, 1]."""
    values: Array = 1 - ((1 + x) * np.log(1 + x) + (1 - x) * np.log(1 - x)) / 2
    return values


def test_uniform_line_is_exact() -> None:
    """A density that is constant on cells has its exact potential at the centres."""
    for kernel, exact in [
        (lambda x: -log(x), uniform_potential),
        (np.abs, lambda x: (1 + x**2) / 2),
        (power(-0.5), lambda x: np.sqrt(1 + x) + np.sqrt(1 - x)),
    ]:
        grid = wg.Grid(wg.Box((-1, 1)), 40)
        found = variation(wg.Interaction(kernel, singular=True), grid, np.full(40, 0.5))
        np.testing.assert_allclose(found, exact(grid.centers[0]), rtol=1e-10)


def test_order_of_the_semicircle() -> None:
    """-log|x| with the semicircle of radius 1: order 2 inside, less at the ends."""
    inside, everywhere = [], []
    for cells in (100, 200, 400):
        grid = wg.Grid(wg.Box((-1, 1)), cells)
        edges = np.clip(grid.edges[0], -1, 1)
        mass = (edges * np.sqrt(1 - edges**2) + np.arcsin(edges)) / np.pi
        density = np.diff(mass) / grid.widths[0]
        x = grid.centers[0]
        found = variation(wg.Interaction(lambda x: -log(x), singular=True), grid, density)
        error = np.abs(found - (0.5 - x**2 + math.log(2)))
        inside.append(float(error[np.abs(x) < 0.8].max()))
        everywhere.append(float(error.max()))
    assert 1.8 < order(inside) < 2.3
    assert inside[-1] < 1e-5
    assert 1.3 < order(everywhere) < 1.8
    assert everywhere[-1] < 1e-3


GAUSSIAN_POTENTIALS: list[tuple[str, int, Kernel, Kernel, float]] = [
    ("log, plane", 2, log, lambda r: np.log(r) + exp1(r**2 / 2) / 2, 3e-3),
    ("1/r, space", 3, power(-1), lambda r: erf(r / math.sqrt(2)) / r, 1.5e-2),
]


@pytest.mark.parametrize(
    ("dimension", "kernel", "exact", "cap"), [g[1:] for g in GAUSSIAN_POTENTIALS]
)
def test_order_for_a_gaussian(dimension: int, kernel: Kernel, exact: Kernel, cap: float) -> None:
    """Newtonian potentials of the standard Gaussian."""
    errors = []
    for cells in (12, 24, 48) if dimension == 3 else (32, 64, 128):
        grid = wg.Grid(wg.Box(*[(-6, 6)] * dimension), cells)
        norm = (2 * math.pi) ** (dimension / 2)
        density = grid.average(lambda *x, norm=norm: np.exp(-square(*x) / 2) / norm)
        found = variation(wg.Interaction(kernel, singular=True), grid, density)
        radius = np.sqrt(square(*grid.coordinates))
        errors.append(float(np.abs(found - exact(radius)).max()))
    assert 1.8 < order(errors) < 2.2
    assert errors[-1] < cap


def test_self_interaction_matters() -> None:
    """Without the cell at 0 the same convolution is of order 1: the average is what helps."""
    errors = []
    for cells in (50, 100, 200):
        grid = wg.Grid(wg.Box((-1, 1)), cells)
        hollow = wg.Interaction(lambda x: np.where(x == 0, 0.0, -np.log(np.abs(x) + (x == 0))))
        found = variation(hollow, grid, np.full(cells, 0.5))
        errors.append(float(np.abs(found - uniform_potential(grid.centers[0])).max()))
    assert 0.5 < order(errors) < 1.2
    assert errors[-1] > 1e-2


@pytest.mark.parametrize("cells", [(64, 64), (64, 100)])
def test_disc(cells: tuple[int, int]) -> None:
    """A uniform disc that cuts through cells: log and 1/r kernels."""
    grid = wg.Grid(wg.Box((-1.5, 1.5), (-1.5, 1.5)), cells)
    density = grid.average(lambda x, y: (square(x, y) < 1) / np.pi, points=20)
    radius = np.sqrt(square(*grid.coordinates))
    found = variation(wg.Interaction(log, singular=True), grid, density)
    exact = np.where(radius < 1, (radius**2 - 1) / 2, np.log(np.maximum(radius, 1)))
    assert np.abs(found - exact).max() < 5e-4
    middle = tuple(slice(n // 2 - 1, n // 2 + 1) for n in cells)
    found = variation(wg.Interaction(power(-1), singular=True), grid, density)
    # 2 at the centre, 2 (1 - r²/4 + ...) near it
    assert found[middle].mean() == pytest.approx(2 - radius[middle].mean() ** 2 / 2, abs=3e-3)


def test_periodic_singular_kernel() -> None:
    """-log|2 sin(x/2)| = Σ cos(kx)/k turns a cos x into a cos(x)/2 times 2π/2π."""
    errors = []
    for cells in (32, 64, 128):
        grid = wg.Grid(wg.Box(wg.Axis(-np.pi, np.pi, periodic=True)), cells)
        density = grid.average(lambda x: (1 + 0.5 * np.cos(x)) / (2 * np.pi))
        kernel = wg.Interaction(lambda x: -np.log(np.abs(2 * np.sin(x / 2))), singular=True)
        found = variation(kernel, grid, density)
        errors.append(float(np.abs(found - 0.25 * np.cos(grid.centers[0])).max()))
    assert 1.8 < order(errors) < 2.2
    assert errors[-1] < 1e-4


def test_periodic_kernel_with_kinks() -> None:
    """The distance on a circle: its other kink lies inside the cell at half a period."""
    grid = wg.Grid(wg.Box(wg.Axis(0, 1, periodic=True)), 8)
    found = variation(wg.Interaction(np.abs, singular=True), grid, np.ones(8))
    np.testing.assert_allclose(found, 0.25, atol=2e-4)  # a Gauss rule over the kink


# --- polynomial and low-rank forms ---------------------------------------------------------------


RING = {4: 0.25, 2: -0.5, 0: 0.1}


def ring(*x: Array) -> Array:
    s = square(*x)
    return s**2 / 4 - s / 2 + 0.1


def stretched(dimension: int) -> wg.Grid:
    axes = [
        wg.Axis(-1, 2, stretch=wg.Clustered(-1, 2, around=0.3, scale=0.5)),
        wg.Axis(0, 1),
        wg.Axis(3, 5, stretch=wg.Tabulated((3, 3.5, 4.5, 5))),
    ]
    return wg.Grid(wg.Box(*axes[:dimension]), (7, 5, 6)[:dimension])


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_polynomial_is_the_double_sum(dimension: int) -> None:
    grid = stretched(dimension)
    rng = np.random.default_rng(2)
    density, direction = rng.random(grid.shape), rng.standard_normal(grid.shape)
    term = wg.PolynomialInteraction(RING).discretize(grid)
    expected = dense(ring, grid, density)
    np.testing.assert_allclose(
        term.first_variation(density, 0.0), expected, atol=1e-13 * np.abs(expected).max()
    )
    assert term.value(density, 0.0) == pytest.approx(
        grid.integrate(density * expected) / 2, rel=1e-11
    )
    np.testing.assert_allclose(
        term.second_variation(density, direction), dense(ring, grid, direction), atol=1e-11
    )


def test_polynomial_agrees_with_fourier() -> None:
    grid = wg.Grid(wg.Box((-1, 1), (0, 1), (0, 2), (-1, 0)), (5, 4, 6, 3))
    density = np.random.default_rng(3).random(grid.shape)
    coefficients = {8: 0.5, 6: -1.0, 2: 1.0}

    def kernel(*x: Array) -> Array:
        s = square(*x)
        return s**4 / 2 - s**3 + s

    expected = variation(wg.Interaction(kernel), grid, density)
    found = variation(wg.PolynomialInteraction(coefficients), grid, density)
    np.testing.assert_allclose(found, expected, rtol=1e-11)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_features_are_the_double_sum(dimension: int) -> None:
    grid = stretched(dimension)
    rng = np.random.default_rng(4)
    density, direction = rng.random(grid.shape), rng.standard_normal(grid.shape)

    def functions(*x: Array) -> tuple[Array, ...]:
        total = np.asarray(sum(x))
        return np.cos(total), np.sin(total), np.ones(grid.shape)

    term = wg.FeatureInteraction(functions, [1.0, 1.0, -0.5]).discretize(grid)

    def kernel(*x: Array) -> Array:
        values: Array = np.cos(np.asarray(sum(x))) - 0.5
        return values

    expected = dense(kernel, grid, density)
    np.testing.assert_allclose(term.first_variation(density, 0.0), expected, atol=1e-13)
    assert term.value(density, 0.0) == pytest.approx(
        grid.integrate(density * expected) / 2, rel=1e-12
    )
    change = term.second_variation(density, direction)
    np.testing.assert_allclose(change, dense(kernel, grid, direction), atol=1e-12)


def test_features_on_many_blocks_of_cells() -> None:
    grid = wg.Grid(wg.Box((0, 1)), 20001)  # more than two blocks, and a rest
    density = np.random.default_rng(5).random(grid.shape)
    term = wg.FeatureInteraction(lambda x: (x, x**2), [2.0, -1.0]).discretize(grid)
    x, masses = grid.centers[0], density * grid.volumes
    first, second = masses @ x, masses @ x**2
    assert term.value(density, 0.0) == pytest.approx((2 * first**2 - second**2) / 2, rel=1e-12)
    found = term.first_variation(density, 0.0)
    np.testing.assert_allclose(found, 2 * first * x - second * x**2, atol=1e-13)


# --- what is refused ----------------------------------------------------------------------------

LINE = wg.Grid(wg.Box((-1, 1)), 5)
UNEVEN = stretched(1)
CIRCLE = wg.Grid(wg.Box(wg.Axis(0, 1, periodic=True, name="s")), 8)
RADIUS = wg.Grid(wg.Box(wg.Axis(0, 1, radial=3, name="r")), 8)
BAD: list[tuple[Callable[[], object], str, str]] = [
    (lambda: wg.Interaction(log).discretize(LINE), "not finite", "singular=True"),
    (
        lambda: wg.Interaction(power(-1.0), singular=True).discretize(LINE),
        "not integrable",
        "a > -D",
    ),
    (
        lambda: wg.Interaction(
            lambda x: np.where(np.abs(x) > 0.7, np.nan, x), singular=True
        ).discretize(LINE),
        "not even",
        "W(x) = W(-x)",
    ),
    (
        lambda: wg.Interaction(
            lambda x: np.where(np.abs(x) > 0.7, np.nan, x**2), singular=True
        ).discretize(LINE),
        "not finite",
        "everywhere but at 0",
    ),
    (lambda: wg.Interaction(log, singular=True).discretize(UNEVEN), "axis x", "Polynomial"),
    (lambda: wg.Interaction(log, singular=True).discretize(RADIUS), "axis r", "Feature"),
    (lambda: wg.PolynomialInteraction(RING).discretize(CIRCLE), "axis s", "use Interaction"),
    (lambda: wg.PolynomialInteraction(RING).discretize(RADIUS), "axis r", "Feature"),
    (lambda: wg.PolynomialInteraction({3: 1.0}), "power 3", "even"),
    (lambda: wg.PolynomialInteraction({18: 1.0}), "power 18", "16"),
    (lambda: wg.PolynomialInteraction({2: math.nan}), "nan", "finite"),
    (lambda: wg.PolynomialInteraction({}), "no coefficients", "{2: 0.5}"),
    (lambda: wg.FeatureInteraction(np.cos, [math.inf]), "inf", "finite"),
    (
        lambda: wg.FeatureInteraction(lambda x: (x, x), [1.0]).discretize(LINE),
        "1 weights for 2",
        "one per feature",
    ),
    (
        lambda: wg.FeatureInteraction(lambda x: (x, np.log(x)), [1.0, 1.0]).discretize(LINE),
        "(2, 5)",
        "finite",
    ),
]


@pytest.mark.filterwarnings("ignore:.*encountered in log:RuntimeWarning")
@pytest.mark.parametrize(("make", "value", "remedy"), BAD)
def test_refused(make: Callable[[], object], value: str, remedy: str) -> None:
    refuses(make, value, remedy)


@pytest.mark.parametrize(
    "widths",
    [(0.57, 0.42, 0.89), (1.0, 3.0 ** (1 / 3), 3.0 ** (2 / 3)), (1.0, 4.0, 9.0), (1.0, 1.8)],
)
def test_averages_over_cells_of_unequal_sides(widths: tuple[float, ...]) -> None:
    # cutting the longest side in three must come to an end, whatever the sides
    sides = np.array(widths)
    (whole,) = displacement_averages(power(-1), [np.zeros(1)] * len(sides), sides).ravel()
    steps = [np.arange(-1, 2) * w / 3 for w in sides]
    assert whole == pytest.approx(displacement_averages(power(-1), steps, sides / 3).mean(), 1e-9)
