"""The case library: exact solutions solve their equations, and runs do what the pages say."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import wgflow as wg
from wgflow import catalog

Array = NDArray[np.float64]
Field = Callable[..., Array]

# Central differences of order 8: weights of f(x + k h) - f(x - k h), k = 1...4, over h.
WEIGHTS = (4 / 5, -1 / 5, 4 / 105, -1 / 280)


def case(name: str) -> ModuleType:
    return catalog.load("cases", name)


def slope(function: Callable[[float], Any], at: float, step: float) -> Any:
    """Derivative of a function of one number, of order 8."""
    return sum(
        w * (function(at + k * step) - function(at - k * step)) / step
        for k, w in enumerate(WEIGHTS, start=1)
    )


def partial(function: Field, axis: int, step: float) -> Field:
    """Partial derivative of a function of several arrays."""

    def derivative(*x: Array) -> Array:
        moved = [list(x) for _ in range(2)]
        total = np.zeros(np.broadcast(*x).shape)
        for k, w in enumerate(WEIGHTS, start=1):
            moved[0][axis], moved[1][axis] = x[axis] + k * step, x[axis] - k * step
            total = total + w * (function(*moved[0]) - function(*moved[1])) / step
        return total

    return derivative


def residual(
    problem: wg.Problem, first_variation: Field, t: float, points: tuple[Array, ...], step: float
) -> float:
    """Largest |d rho/dt - s div(rho grad xi)| at points, relative to the largest |d rho/dt|.

    ``first_variation(rho, *x)`` is formed by the test, not taken from the code under test.
    """
    exact = problem.exact
    assert exact is not None
    rate = slope(lambda time: exact(time, *points), t, 1e-2 * min(t, 1.0))

    def density(*x: Array) -> Array:
        return exact(t, *x)

    def variation(*x: Array) -> Array:
        return first_variation(density, *x)

    divergence = np.zeros(points[0].shape)
    for axis in range(len(points)):
        gradient = partial(variation, axis, step)
        flux = partial(lambda *x, g=gradient: density(*x) * g(*x), axis, step)
        divergence += flux(*points)
    gap = rate - problem.scale(t) * divergence
    return float(np.max(np.abs(gap)) / np.max(np.abs(rate)))


def box_points(lower: float, upper: float, dimension: int, count: int = 5) -> tuple[Array, ...]:
    """Points inside a box that lie on no symmetry axis."""
    line = lower + (upper - lower) * (np.arange(count) + 0.37) / count
    return tuple(a.ravel() for a in np.meshgrid(*[line] * dimension, indexing="ij"))


# --- exact solutions ------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_heat(dimension: int) -> None:
    problem = case("heat_torus").problem(dimension=dimension, beta=2.0, amplitude=0.7)
    points = box_points(0.0, 1.0, dimension)
    assert residual(problem, lambda d, *x: np.log(d(*x)) / 2, 0.02, points, 0.01) < 1e-6


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_ornstein_uhlenbeck_with_full_covariance(dimension: int) -> None:
    settings = {"stiffness": 1.3, "beta": 2.0, "anisotropy": 0.4}
    if dimension > 1:
        settings |= {"coupling": 0.3, "correlation": -0.2}
    problem = case("ornstein_uhlenbeck").problem(dimension=dimension, **settings)
    diagonal = np.sqrt(1.3 * (1 + 0.4 * np.arange(dimension)))
    matrix = np.outer(diagonal, diagonal) * (0.3 + 0.7 * np.eye(dimension))

    def variation(d: Field, *x: Array) -> Array:
        potential = sum(
            matrix[i, j] * x[i] * x[j] for i in range(dimension) for j in range(dimension)
        )
        return potential / 2 + np.log(d(*x)) / 2

    points = box_points(-0.8, 1.2, dimension, 3)
    assert residual(problem, variation, 0.3, points, 0.02) < 1e-6


def test_ornstein_uhlenbeck_starts_as_stated() -> None:
    problem = case("ornstein_uhlenbeck").problem(
        dimension=2, mean=0.8, variance=0.3, correlation=0.4, half_width=5.0
    )
    grid = wg.Grid(problem.domain, 120)
    density = grid.average(problem.initial)
    x, y = grid.coordinates
    assert grid.integrate(density * x) == pytest.approx(0.8, abs=1e-9)
    assert grid.integrate(density * y) == pytest.approx(0.4, abs=1e-9)
    covariance = grid.integrate(density * (x - 0.8) * (y - 0.4))
    assert covariance == pytest.approx(0.4 * 0.3, abs=1e-6)


@pytest.mark.parametrize(("m", "dimension"), [(2.0, 1), (3.0, 1), (1.5, 1), (2.0, 2), (3.0, 2)])
def test_barenblatt(m: float, dimension: int) -> None:
    problem = case("barenblatt").problem(exponent=m, dimension=dimension)
    front = problem.reference["front"](0.1)
    reach = 0.6 * front / math.sqrt(dimension)
    points = box_points(-reach, reach, dimension)
    variation: Field = lambda d, *x: m / (m - 1) * d(*x) ** (m - 1)  # noqa: E731
    assert residual(problem, variation, 0.1, points, 0.01) < 1e-6
    assert problem.exact is not None
    beyond = [np.array([front * (1 + 1e-9)]), *[np.zeros(1)] * (dimension - 1)]
    within = [np.array([front * (1 - 1e-6)]), *[np.zeros(1)] * (dimension - 1)]
    assert problem.exact(0.1, *beyond)[0] == 0 < problem.exact(0.1, *within)[0]


@pytest.mark.parametrize(
    ("m", "dimension", "constant"),
    [(2, 1, 0.360562), (3, 1, 0.183776), (4, 1, 0.113202), (2, 2, 0.199471), (3, 2, 0.0889432)],
)
def test_barenblatt_constants(m: float, dimension: int, constant: float) -> None:
    problem = case("barenblatt").problem(exponent=float(m), dimension=dimension, start=1.0)
    assert problem.exact is not None
    peak = float(problem.exact(0.0, *[np.zeros(1)] * dimension)[0])
    assert peak ** (m - 1) == pytest.approx(constant, rel=3e-6)


@pytest.mark.parametrize("k", [1.0, -0.7])
@pytest.mark.parametrize("dimension", [1, 2])
def test_transport(k: float, dimension: int) -> None:
    problem = case("transport").problem(k=k, dimension=dimension)
    points = box_points(-0.1, 0.4, dimension)
    variation: Field = lambda d, *x: k / 2 * sum(c**2 for c in x)  # noqa: E731
    assert residual(problem, variation, 0.3, points, 0.005) < 1e-6


@pytest.mark.parametrize("dimension", [1, 2])
def test_quadratic_attraction(dimension: int) -> None:
    problem = case("quadratic_attraction").problem(
        dimension=dimension, stiffness=0.5, attraction=1.4, beta=2.0
    )
    grid = wg.Grid(problem.domain, 100)

    def variation(d: Field, *x: Array) -> Array:
        density = d(*grid.coordinates)
        total = np.log(d(*x)) / 2
        for axis, c in enumerate(x):
            mean = grid.integrate(density * grid.coordinates[axis])
            total = total + 0.5 * c**2 / 2 + 1.4 * (c**2 / 2 - mean * c)
        return total

    points = box_points(-0.5, 1.5, dimension, 3)
    assert residual(problem, variation, 0.3, points, 0.02) < 1e-6


def test_cosine_neuron() -> None:
    problem = case("cosine_neuron").problem(amplitude=0.8, start=0.3)
    theta = np.linspace(-np.pi, np.pi, 400, endpoint=False)

    def variation(d: Field, x: Array) -> Array:
        density = d(theta)
        z = float(np.mean(density * np.cos(theta)) * 2 * np.pi)
        return (z - 0.8) * np.cos(x)

    points = (np.linspace(-3, 3, 7),)
    assert residual(problem, variation, 0.5, points, 0.01) < 1e-6


def test_log_gas() -> None:
    from scipy.integrate import quad

    problem = case("log_gas").problem(radius=0.8)
    radius = problem.reference["radius"](0.4)
    assert radius == pytest.approx(math.sqrt(2 + (0.64 - 2) * math.exp(-0.8)))

    def log_potential(d: Field, x: float) -> float:
        middle = math.asin(x / radius)

        def integrand(phi: float) -> float:
            y = radius * math.sin(phi)
            weight = float(d(np.array([y]))[0]) * radius * math.cos(phi)
            return math.log(abs(x - y)) * weight if x != y else 0.0

        pieces = [(-math.pi / 2, middle), (middle, math.pi / 2)]
        return sum(quad(integrand, a, b, epsabs=1e-12, epsrel=1e-12)[0] for a, b in pieces)

    # the force -x + 2 x/R² that makes the semicircle breathe, against the integral itself
    density: Field = lambda y: problem.exact(0.4, y)  # type: ignore[misc] # noqa: E731
    for x in (-0.6, 0.2, 0.7):
        force = slope(lambda at: log_potential(density, at), x, 0.02)
        assert force == pytest.approx(2 * x / radius**2, abs=1e-6)
    variation: Field = lambda d, x: x**2 / 2 - x**2 / radius**2  # noqa: E731
    assert residual(problem, variation, 0.4, (np.linspace(-0.7, 0.6, 5),), 0.01) < 1e-6


def test_aggregation_ring() -> None:
    problem = case("aggregation_ring").problem(variance=0.05, half_width=2.0)
    line = np.linspace(-2.0, 2.0, 161)
    y1, y2 = np.meshgrid(line, line, indexing="ij")
    cell = (line[1] - line[0]) ** 2

    def variation(d: Field, x1: Array, x2: Array) -> Array:
        mass = d(y1, y2) * cell
        shape = np.broadcast(x1, x2).shape
        values = np.zeros(shape)
        for index in np.ndindex(shape):
            square = (x1[index] - y1) ** 2 + (x2[index] - y2) ** 2
            values[index] = np.sum((square**2 / 4 - square / 2) * mass)
        return values

    points = (np.array([0.3, -0.2]), np.array([0.1, 0.45]))
    assert residual(problem, variation, 0.3, points, 0.02) < 1e-6


@pytest.mark.parametrize(
    ("name", "settings", "cells", "tolerance"),
    [
        ("heat_torus", {"dimension": 3}, 16, 1e-12),
        ("ornstein_uhlenbeck", {}, 100, 1e-12),
        ("ornstein_uhlenbeck", {"dimension": 4, "coupling": 0.2, "half_width": 5.0}, 24, 1e-4),
        ("barenblatt", {}, 2000, 1e-7),
        ("barenblatt", {"exponent": 3.0, "dimension": 2}, 400, 1e-4),
        ("transport", {"k": -1.0}, 200, 1e-9),
        ("quadratic_attraction", {"dimension": 2}, 100, 1e-9),
        ("log_gas", {}, 4000, 1e-6),
        ("aggregation_ring", {}, 128, 1e-8),
    ],
)
def test_exact_solutions_have_mass_one(
    name: str, settings: dict[str, Any], cells: int, tolerance: float
) -> None:
    problem = case(name).problem(**settings)
    grid = wg.Grid(problem.domain, cells)
    assert problem.exact is not None
    for t in (0.0, 0.1, 0.5):
        density = grid.average(lambda *x, t=t: problem.exact(t, *x))
        assert density.min() >= 0
        assert grid.integrate(density) == pytest.approx(1.0, abs=tolerance)


# --- what the pages say ---------------------------------------------------------------------


def test_log_gas_breathes_as_stated() -> None:
    problem = case("log_gas").problem()
    cells = 200
    solution = wg.solve(problem, "muscl", cells=cells, until=1.0, snapshots=[0.25, 0.5])
    width = problem.domain.axes[0].length / cells
    x = solution.coordinates[0]
    for t, density in zip(solution.times, solution.densities, strict=True):
        radius = problem.reference["radius"](t)
        assert abs(x[density > 1e-3].max() + width / 2 - radius) < 2 * width
        of_variance = 2 * math.sqrt(solution.grid.integrate(density * x**2))
        assert abs(of_variance - radius) < 0.1 * width


@pytest.mark.parametrize(("m", "solver"), [(2.0, "upwind"), (2.0, "muscl"), (3.0, "muscl")])
def test_barenblatt_front(m: float, solver: str) -> None:
    problem = case("barenblatt").problem(exponent=m)
    solution = wg.solve(problem, solver, cells=100, until=0.2, snapshots=[0.05, 0.1])
    width = problem.domain.axes[0].length / 100
    x = solution.coordinates[0]
    for t, density in zip(solution.times, solution.densities, strict=True):
        # a first-order scheme smears a little mass over the next cells
        least = {"upwind": 3e-2, "muscl": 1e-2}[solver] * density.max()
        right = x[density > least].max() + width / 2
        assert abs(right - problem.reference["front"](t)) < width
    assert solution.facts["minimum"] >= 0
    assert solution.facts["mass_max_error"] < 1e-12
    assert solution.facts["energy_max_increase"] <= 1e-12


def test_double_well_rests_with_two_components() -> None:
    module = case("double_well_porous")
    solution = wg.solve(module.problem(), "muscl", cells=60, until=20.0, snapshots=[])
    x, density = solution.coordinates[0], solution.density
    variation = module.well(x) + 0.05 * 2 * density
    constants = []
    for side in (x < 0, x > 0):
        there = side & (density > 1e-3)
        assert np.ptp(variation[there]) < 1e-8
        constants.append(float(variation[there].mean()))
        mass = float(np.sum(density[side]) * solution.grid.widths[0][0])
        rest = module.rest(x[side], mass)
        np.testing.assert_allclose(density[side], rest, atol=1e-7)
    assert density[np.abs(x) < 0.2].max() < 1e-7
    # each component has its own constant: the wells hold unequal masses
    assert abs(constants[0] - constants[1]) > 0.01


def test_ring_reaches_its_minimum() -> None:
    module = case("aggregation_ring")
    problem = module.problem()
    solution = wg.solve(problem, "muscl", cells=48, until=8.0, snapshots=[1.0])
    x, y = solution.coordinates
    radius = np.hypot(x, y)
    mean = solution.grid.integrate(solution.density * radius)
    assert pytest.approx(1 / math.sqrt(3)) == module.RADIUS
    assert abs(mean - module.RADIUS) < problem.domain.axes[0].length / 48 / 10
    energies = solution.history["energy"]
    assert module.MINIMUM < energies[-1] < module.MINIMUM + 5e-4
    assert solution.facts["energy_max_increase"] <= 1e-12
    for t in (1.0, 8.0):
        assert abs(solution.at(t, "energy") - problem.reference["energy"](t)) < 4e-4


def test_keller_segel_spreads_below_the_critical_mass() -> None:
    problem = case("keller_segel").problem(mass=12.0)
    solution = wg.solve(problem, "scharfetter_gummel", cells=48, until=0.2, dt=0.02, snapshots=[])
    x, y = solution.coordinates
    moments = [solution.grid.integrate(d * (x**2 + y**2)) for d in solution.densities]
    rate = (moments[-1] - moments[0]) / solution.time
    assert rate == pytest.approx(4 * (1 - 12.0 / (8 * math.pi)), rel=0.01)
    # that of the masses at the centres is larger by the variance of a cell
    excess = 2 * solution.grid.widths[0][0] ** 2 / 12
    expected = problem.reference["second_moment"](0.2)
    assert moments[-1] - excess == pytest.approx(expected, rel=2e-3)


def test_keller_segel_says_that_mass_concentrates_above_it() -> None:
    problem = case("keller_segel").problem(mass=12 * math.pi)
    with pytest.raises(wg.ConcentrationError, match=r"mass concentrates: at t = 0\.1") as caught:
        wg.solve(problem, "scharfetter_gummel", cells=48, until=0.5, dt=0.02)
    kept = caught.value.solution
    assert kept.status == "failed"
    # the second moment would vanish at t = 0.25: no solution lives longer
    assert 0.05 < kept.time < 0.25
    assert kept.grid.integrate(kept.density) == pytest.approx(1.0, abs=1e-12)
    assert kept.density.min() >= 0


def test_concentration_can_be_watched_for_in_any_run() -> None:
    problem = case("transport").problem(k=4.0)
    grid = wg.Grid(problem.domain, 100)
    with pytest.raises(wg.ConcentrationError, match="limit 3"):
        wg.solve(
            problem, "upwind", cells=100, until=3.0, observers=[wg.Concentration(grid, cells=3)]
        )
    with pytest.raises(wg.InputError, match="cells >= 1"):
        wg.Concentration(grid, cells=0.5)


def test_desai_zwanzig_numbers() -> None:
    module = case("desai_zwanzig")
    assert module.critical_beta() == pytest.approx(2.188440, abs=1e-6)
    assert module.order_parameter(3.0) == pytest.approx(0.637324, abs=1e-6)
    assert module.order_parameter(2.0) == 0
    assert module.critical_beta(0.0) == math.inf


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("heat_torus", {"dimension": 4}),
        ("heat_torus", {"amplitude": 1.5}),
        ("ornstein_uhlenbeck", {"dimension": 5}),
        ("ornstein_uhlenbeck", {"dimension": 3, "coupling": -0.6}),
        ("ornstein_uhlenbeck", {"dimension": 2, "correlation": 1.0}),
        ("barenblatt", {"exponent": 1.0}),
        ("transport", {"width": 0.0}),
        ("quadratic_attraction", {"stiffness": -2.0}),
        ("desai_zwanzig", {"attraction": -1.0}),
        ("log_gas", {"radius": 3.0}),
        ("keller_segel", {"mass": 0.0}),
        ("double_well_porous", {"exponent": 0.5}),
        ("aggregation_ring", {"variance": 0.0}),
    ],
)
def test_cases_refuse_what_they_cannot_do(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(wg.InputError, match=r"give|grows"):
        case(name).problem(**settings)
