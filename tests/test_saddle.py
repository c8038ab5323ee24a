"""Saddle-point systems against a dense solve of both equations; what multigrid needs, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from wgflow._typing import Array
from wgflow.algebra.saddle import saddle_system
from wgflow.algebra.saddle.banded import BandedSaddle
from wgflow.algebra.saddle.coarse import coarser
from wgflow.algebra.saddle.direct import DirectSaddle, conductances
from wgflow.algebra.saddle.levels import Level, finest
from wgflow.algebra.saddle.multigrid import Cycle, MultigridSaddle
from wgflow.domain import Axis, Box, Clustered
from wgflow.errors import SolverError
from wgflow.grid import Grid
from wgflow.mesh import Mesh


@dataclass
class Newton:
    """The data of a Newton step from a density, a potential and a temperature."""

    grid: Grid | Mesh
    density: Array
    potential: Array
    temperature: float = 1.0
    factor: float = 0.1

    @property
    def given(self) -> tuple[Grid | Mesh, list[tuple[Array, Array]], list[Array], Array, float]:
        coefficients, mobility = [], []
        for axis in range(self.grid.dimension if isinstance(self.grid, Grid) else 1):
            rise = self.grid.difference(self.potential, axis)
            coefficients.append((np.maximum(-rise, 0), np.maximum(rise, 0)))
            mobility.append(np.where(rise < 0, *self.grid.beside(self.density, axis)))
        compliance = self.density / self.temperature
        return self.grid, coefficients, mobility, compliance, self.factor

    def right(self) -> tuple[Array, Array]:
        rng = np.random.default_rng(5)
        first, second = rng.standard_normal((2, *self.grid.shape))
        return self.density * first, second

    def residuals(self, density: Array, potential: Array) -> tuple[Array, Array]:
        """Left-hand sides in cell masses, from the formulas face by face."""
        grid, coefficients, mobility, _, factor = self.given
        flow = np.zeros(grid.size)
        law = grid.volumes * potential
        law = law.ravel().copy()
        numbers = np.arange(grid.size, dtype=float).reshape(grid.shape)
        for axis, (forth, back) in enumerate(coefficients):
            low, high = (n.ravel().astype(int) for n in grid.beside(numbers, axis))
            share = (factor * conductances(grid, axis) * np.ones_like(forth)).ravel()
            p, r = potential.ravel(), density.ravel()
            up, down = share * forth.ravel(), share * back.ravel()
            flux = up * r[low] - down * r[high]
            flux += share * mobility[axis].ravel() * (p[low] - p[high])
            np.add.at(flow, low, flux)
            np.add.at(flow, high, -flux)
            np.add.at(law, low, up * (p[low] - p[high]))
            np.add.at(law, high, down * (p[high] - p[low]))
        return flow + (grid.volumes * density).ravel(), law

    def dense(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Solve both equations at once, the second times the compliance."""
        n, shape = self.grid.size, self.grid.shape
        matrix = np.empty((2 * n, 2 * n))
        compliance = self.given[3].ravel()
        volumes = self.grid.volumes.ravel()
        for k, unit in enumerate(np.eye(2 * n)):
            r, p = unit[:n], unit[n:]
            flow, law = self.residuals(r.reshape(shape), p.reshape(shape))
            matrix[:, k] = np.concatenate([flow, compliance * law - volumes * r])
        right = np.concatenate([first.ravel() * volumes, compliance * second.ravel() * volumes])
        r, p = np.linalg.solve(matrix, right).reshape(2, *shape)
        return r, p


def smooth(grid: Grid, width: float = 1.0) -> tuple[Array, Array]:
    """A Gaussian and a potential that moves it off."""
    x = grid.coordinates
    squares = sum((c**2 for c in x), np.zeros(grid.shape))
    return np.exp(-squares / (2 * width**2)), 0.125 * squares + 0.7 * x[0] + 0.3 * np.sin(2 * x[-1])


def disc(grid: Grid) -> Array:
    return np.maximum(1 - sum((c**2 for c in grid.coordinates), np.zeros(grid.shape)) / 16, 0)


RING, WALLS = Axis(-2, 2, periodic=True), Axis(-2, 2)
STRETCHED = Axis(-2, 2, stretch=Clustered(-2, 2, around=0.5, scale=0.3))
GRIDS = {
    "line": ([WALLS], 17),
    "ring": ([RING], 17),
    "short ring": ([RING], 5),
    "stretched": ([STRETCHED], 12),
    "plane": ([WALLS, WALLS], (9, 8)),
    "torus": ([RING, RING], (7, 10)),
    "plane stretched": ([STRETCHED, RING], (12, 7)),
    "flat": ([Axis(-2, 2), Axis(0, 0.1)], (11, 6)),
    "space": ([WALLS, RING, STRETCHED], (5, 4, 6)),
    "four": ([RING, WALLS, WALLS, RING], (3, 4, 3, 4)),
}


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("temperature", [1.0, 1e-3])
def test_against_dense(name: str, temperature: float) -> None:
    """Random densities and potentials, so that the order downhill is a random one."""
    axes, cells = GRIDS[name]
    grid = Grid(Box(*axes), cells)
    rng = np.random.default_rng(3)
    density, potential = rng.random(grid.shape) + 0.01, 2 * rng.standard_normal(grid.shape)
    newton = Newton(grid, density, potential, temperature)
    first, second = newton.right()
    expected = newton.dense(first, second)
    systems = [saddle_system(*newton.given, tolerance=1e-13), DirectSaddle(*newton.given)]
    assert isinstance(systems[0], BandedSaddle if grid.dimension == 1 else MultigridSaddle)
    for system in systems:
        for found, value in zip(system.solve(first, second), expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=1e-8, atol=1e-8 * np.abs(value).max())
        assert (system.iterations > 0) == isinstance(system, MultigridSaddle)


def test_mesh_against_dense() -> None:
    n = np.arange(16)
    points = np.stack([n / 2, (n % 2) * np.sqrt(3) / 2], axis=1)
    mesh = Mesh.from_simplices(points, np.stack([n[:-2], n[1:-1], n[2:]], axis=1))
    rng = np.random.default_rng(3)
    newton = Newton(mesh, rng.random(mesh.shape) + 0.01, 2 * rng.standard_normal(mesh.shape))
    first, second = newton.right()
    expected = newton.dense(first, second)
    found = saddle_system(*newton.given).solve(first, second)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("periodic", [False, True])
def test_line_over_three_hundred_orders(periodic: bool) -> None:
    """Both equations hold in each cell, relative to their own terms."""
    grid = Grid(Box(Axis(-25, 25, periodic=periodic)), 500)
    density, potential = smooth(grid, 0.67)
    assert 0 < density.min() < 1e-299
    newton = Newton(grid, density, potential, factor=0.5)
    first, second = newton.right()
    change, found = saddle_system(*newton.given).solve(first, second)
    assert np.abs(found).max() < 10
    flow, law = newton.residuals(change, found)
    scale = newton.residuals(np.abs(change), np.zeros(500))[0]
    around = np.abs(flow - first * grid.volumes)
    outer = density > 1e-280  # what is beyond may underflow
    least = (density * grid.volumes)[outer]
    assert np.max(around[outer] / (least + np.abs(scale)[outer])) < 1e-10
    error = density * (law / grid.volumes - second) - change
    assert np.max(np.abs(error)[outer] / density[outer]) < 1e-10


def test_tails_of_a_plane_are_solved_too() -> None:
    """The tolerance is of the mass, yet potentials are right where there is none."""
    grid = Grid(Box((-25, 25), (-25, 25)), 64)
    density, potential = smooth(grid)
    assert density.min() < 1e-250
    newton = Newton(grid, density, potential, factor=1.0)
    first, second = newton.right()
    found = saddle_system(*newton.given).solve(first, second)[1]
    expected = DirectSaddle(*newton.given).solve(first, second)[1]
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("temperature", [1.0, 1e-3])
def test_empty_cells_are_left_alone(dimension: int, temperature: float) -> None:
    """Equal to the direct one; where nothing is or comes, the potential does not change."""
    grid = Grid(Box(*[(-8, 8)] * dimension), (200, 40, 16)[dimension - 1])
    density = disc(grid)
    newton = Newton(grid, density, 3 * smooth(grid)[1], temperature)
    first, second = newton.right()
    found = saddle_system(*newton.given, tolerance=1e-12).solve(first, second)
    expected = DirectSaddle(*newton.given).solve(first, second)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7 * np.abs(other).max())
    assert not found[0][density == 0].any()
    corner = (slice(0, grid.shape[0] // 16),) * dimension
    assert not found[1][corner].any()


# density, temperature, factor, times the potential: most iterations at 64², 128², 256² cells
MODELS = {
    "Gaussian": ("gauss", 1.0, 0.05, 1, (6, 8, 9)),
    "Gaussian, large step": ("gauss", 1.0, 1.0, 1, (10, 11, 12)),
    "disc, large step": ("disc", 1.0, 1.0, 1, (10, 11, 12)),
    "uniform, large step": ("uniform", 1.0, 1.0, 5, (13, 15, 16)),
    "weak diffusion": ("gauss", 1e-3, 1.0, 5, (5, 7, 10)),
    "disc, weak diffusion": ("disc", 1e-2, 1.0, 5, (7, 10, 13)),
}


@pytest.mark.parametrize("name", MODELS)
def test_iterations_grow_slowly(name: str) -> None:
    """Mass moves by up to 200 cells; the incomplete factors alone take 20 to 190 iterations."""
    kind, temperature, factor, times, most = MODELS[name]
    for cells, limit in zip((64, 128, 256), most, strict=True):
        grid = Grid(Box((-8, 8), (-8, 8)), cells)
        gauss, potential = smooth(grid)
        density = {"gauss": gauss, "disc": disc(grid), "uniform": np.ones(grid.shape)}[kind]
        newton = Newton(grid, density, times * potential, temperature, factor)
        system = saddle_system(*newton.given)
        change, found = system.solve(*newton.right())
        assert 1 <= system.iterations <= limit, cells
    flow, _ = newton.residuals(change, found)
    first, second = newton.right()
    given = (first * grid.volumes).ravel()
    moved = newton.residuals(newton.given[3] * second, np.zeros(grid.shape))[0]
    assert np.abs(flow - given).sum() <= 1.01e-10 * np.abs(given + moved).sum()


def test_factors_are_exact_without_the_laplacian() -> None:
    """In the order downhill A is triangular, and L is all that the factors leave out."""
    grid = Grid(Box(RING, WALLS, WALLS), (6, 5, 4))
    rng = np.random.default_rng(1)
    newton = Newton(grid, rng.random(grid.shape) + 0.1, 5 * rng.standard_normal(grid.shape))
    grid, coefficients, mobility, compliance, factor = newton.given
    level = finest(grid, coefficients, [0 * m for m in mobility], compliance, factor)
    x, right, found = rng.standard_normal(grid.size), np.empty(grid.size), np.empty(grid.size)
    level.multiply(x, right)
    level.smooth(right, found)
    np.testing.assert_allclose(found, x, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("temperature", "decades", "factor"), [(1.0, 0, 1.0), (0.1, 0, 0.1), (0.1, 2, 0.1)]
)
def test_smoothing_never_amplifies(temperature: float, decades: float, factor: float) -> None:
    """Nor in rough tails, which conjugate gradients do not see; bare factors would, up to 1.3."""
    grid = Grid(Box((-8, 8), (-8, 8)), 48)
    rng = np.random.default_rng(4)
    density, potential = smooth(grid)
    density = density * 10 ** rng.uniform(-decades, 0, grid.shape)
    potential = potential + 30 * rng.standard_normal(grid.shape)
    level = finest(*Newton(grid, density, potential, temperature, factor).given)
    x = rng.standard_normal(grid.size)
    image, correction = np.empty((2, grid.size))
    for _ in range(40):
        before = np.abs(x).max()
        level.multiply(x, image)
        level.smooth(image, correction)
        x -= correction
    assert np.abs(x).max() < before


def test_coarse_faces_keep_the_energies() -> None:
    """C move² + weight is half the sum over the parts, against the potentials too; so is mass."""
    grid = Grid(Box((-1, 1), (-1, 1)), (8, 12))
    rng = np.random.default_rng(2)
    newton = Newton(grid, rng.random(grid.shape) + 0.1, 5 * rng.standard_normal(grid.shape))
    fine = finest(*newton.given)
    coarse, parents = coarser(fine)
    assert coarse.shape == (4, 6)

    def energies(level: Level) -> Array:
        low = level.beside[0]
        source = np.where(level.moves > 0, level.compliance[low], level.compliance)
        return source * level.moves**2 + level.weights

    crossing = parents[fine.beside[0]] != parents
    for axis in range(2):
        parts = np.bincount(parents, energies(fine)[axis] * crossing[axis], coarse.size)
        np.testing.assert_allclose(energies(coarse)[axis], parts / 2, atol=1e-14)
    held = [level.compliance * level.volumes**2 for level in (fine, coarse)]
    np.testing.assert_allclose(held[1], np.bincount(parents, held[0]))


def test_cycle_is_symmetric_and_positive() -> None:
    """What conjugate gradients need; the largest eigenvalue tells that nothing overshoots much."""
    grid = Grid(Box((-8, 8), (-8, 8)), (17, 12))
    newton = Newton(grid, disc(grid), 5 * smooth(grid)[1], 1e-2, 0.5)
    cycle = Cycle(finest(*newton.given))
    level = cycle.levels[0]
    filled = np.flatnonzero(~level.empty)
    matrix, inverse = np.empty((2, grid.size, grid.size))
    for k, unit in enumerate(np.eye(grid.size)):
        level.multiply(unit, matrix[k])
        inverse[k] = cycle(unit)
    matrix, inverse = (m[np.ix_(filled, filled)] for m in (matrix, inverse))
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12 * np.abs(matrix).max())
    np.testing.assert_allclose(inverse, inverse.T, atol=1e-9 * np.abs(inverse).max())
    root = np.linalg.cholesky(matrix)
    eigenvalues = np.linalg.eigvalsh(root.T @ inverse @ root)
    assert eigenvalues[0] > 0.05
    assert eigenvalues[-1] < 3


def test_without_an_answer_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from wgflow.algebra.saddle import multigrid

    grid = Grid(Box((-8, 8), (-8, 8)), 32)
    newton = Newton(grid, *smooth(grid))
    first, second = newton.right()
    monkeypatch.setattr(multigrid, "MAXIMUM_ITERATIONS", 2)
    system = saddle_system(*newton.given)
    found = system.solve(first, second)[1]  # by factors
    assert system.iterations == 2
    expected = DirectSaddle(*newton.given).solve(first, second)[1]
    np.testing.assert_allclose(found, expected)
    monkeypatch.setattr(multigrid, "FACTORS_FIT", 100)
    with pytest.raises(SolverError, match=r"in 2 iterations .* reduce tau"):
        saddle_system(*newton.given).solve(first, second)


@pytest.mark.parametrize("dimension", [1, 2])
def test_what_is_not_finite_is_an_error(dimension: int) -> None:
    grid = Grid(Box(*[(-8, 8)] * dimension), 16)
    grid, coefficients, mobility, compliance, factor = Newton(grid, *smooth(grid)).given
    compliance[(3,) * dimension] = np.inf
    with pytest.raises(SolverError, match="reduce tau"):
        saddle_system(grid, coefficients, mobility, compliance, factor)


def test_nothing_to_do() -> None:
    grid = Grid(Box((-8, 8), (-8, 8)), 16)
    system = saddle_system(*Newton(grid, *smooth(grid)).given)
    zero = np.zeros(grid.shape)
    assert not np.any(system.solve(zero, zero))
    assert system.iterations == 0
