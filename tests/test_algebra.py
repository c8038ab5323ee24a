"""Linear solves against dense ones; signs and mass for every time step."""

from __future__ import annotations

import numpy as np
import pytest

import wgflow as wg
from wgflow._typing import Array
from wgflow.algebra import LinearSystem, linear_system, local
from wgflow.algebra._kernels import solve_chain
from wgflow.algebra.krylov import ExchangeKrylov
from wgflow.errors import SolverError

STEPS = [1e-6, 1e-2, 1.0, 1e3, 1e8, 1e12]


def rates(n: int, periodic: bool, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    ascent, descent = np.exp(2 * rng.standard_normal((2, n)))
    if not periodic:
        ascent[-1] = descent[0] = 0.0
    return ascent, descent


def dense(ascent: Array, descent: Array) -> Array:
    """Generator of the chain: column j holds what leaves and reaches cells from cell j."""
    n = len(ascent)
    matrix = np.zeros((n, n))
    for j in range(n):
        matrix[j, j] += ascent[j] + descent[j]
        matrix[(j + 1) % n, j] -= ascent[j]
        matrix[(j - 1) % n, j] -= descent[j]
    return matrix


@pytest.mark.parametrize("n", [3, 4, 5, 40])
@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("dt", STEPS[:4])
def test_chain_against_dense(n: int, periodic: bool, dt: float) -> None:
    ascent, descent = rates(n, periodic, n)
    masses = np.random.default_rng(0).standard_normal(n)  # signs may differ
    expected = np.linalg.solve(np.eye(n) + dt * dense(ascent, descent), masses)
    solved = solve_chain(dt * ascent, dt * descent, masses)
    np.testing.assert_allclose(solved, expected, atol=1e-12 * max(dt, 1))


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("dt", STEPS)
def test_chain_keeps_sign_and_mass(periodic: bool, dt: float) -> None:
    for seed in range(5):
        n = 200
        ascent, descent = rates(n, periodic, seed)
        masses = np.zeros(n)
        masses[seed::40] = 1.0 / len(masses[seed::40])
        solved = solve_chain(dt * ascent, dt * descent, masses)
        assert solved.min() >= 0
        assert solved.sum() == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("periodic", [False, True])
def test_chain_of_a_huge_step_is_the_stationary_law(periodic: bool) -> None:
    """Eigenvector of eigenvalue 0, in long double by Gauss elimination on the generator."""
    n = 12
    ascent, descent = rates(n, periodic, 1)
    matrix = dense(ascent, descent)
    matrix[-1] = 1.0  # the rows sum to zero: the last one is replaced by the mass
    stationary = np.linalg.solve(matrix, np.eye(n)[-1])
    solved = solve_chain(1e15 * ascent, 1e15 * descent, np.full(n, 1 / n))
    np.testing.assert_allclose(solved, stationary, rtol=1e-11)


def test_chain_is_accurate_where_the_result_is_tiny() -> None:
    """Relative accuracy entry by entry: a drift of 40 e-folds a cell against detailed balance."""
    n = 6
    ascent, descent = np.full(n, np.exp(-40.0)), np.ones(n)
    ascent[-1] = descent[0] = 0.0
    solved = solve_chain(1e150 * ascent, 1e150 * descent, np.full(n, 1 / n))
    np.testing.assert_allclose(solved[1:] / solved[:-1], np.exp(-40.0), rtol=1e-10)


def system(dimension: int, dt: float, temperature: float = 0.3) -> tuple[wg.Grid, LinearSystem]:
    periodic = [False, True, False, True]
    axes = [wg.Axis(0, 1 + a, periodic=periodic[a], name=f"a{a}") for a in range(dimension)]
    shape = [30, 7, 4, 3][:dimension] if dimension < 3 else [4, 5, 3, 4][:dimension]
    edges = np.cumsum([0, *np.random.default_rng(3).uniform(0.5, 1, shape[0])])
    box = wg.Box(*axes)
    grid = wg.Grid(box, shape, [edges / edges[-1], *[None] * (dimension - 1)])
    psi = np.random.default_rng(dimension).standard_normal(grid.shape)
    flux = wg.ScharfetterGummel()
    pairs = [flux.coefficients(grid.difference(psi, a), temperature) for a in range(dimension)]
    return grid, linear_system(grid, pairs, dt)


def divergence(grid: wg.Grid, density: Array, temperature: float = 0.3) -> Array:
    """Right-hand side by the explicit kernel, for the same potential as in `system`."""
    psi = np.random.default_rng(grid.dimension).standard_normal(grid.shape)
    energy = wg.Potential(lambda *x: psi) + wg.Entropy(temperature)
    problem = wg.Problem(grid.box, energy, initial=density)
    return wg.FiniteVolume(problem, grid, wg.ScharfetterGummel()).rate(density, 0.0).values


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
@pytest.mark.parametrize("dt", STEPS[:4])
def test_local_system_inverts_the_explicit_kernel(dimension: int, dt: float) -> None:
    grid, local_system = system(dimension, dt)
    given = np.random.default_rng(9).random(grid.shape)
    solved = local_system.solve(given)
    residual = solved - dt * divergence(grid, solved) - given
    assert np.abs(residual).max() < 1e-12 * max(1.0, 1e3 * dt)
    assert np.abs(solved - given).max() > 1e-8  # it does something


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("dt", STEPS)
def test_local_system_keeps_sign_and_mass(dimension: int, dt: float) -> None:
    grid, local_system = system(dimension, dt)
    given = np.zeros(grid.shape)
    given.flat[grid.size // 2] = 1.0
    given /= grid.integrate(given)
    solved = local_system.solve(given)
    assert solved.min() >= 0
    assert grid.integrate(solved) == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_huge_step_reaches_the_boltzmann_density(dimension: int) -> None:
    grid, local_system = system(dimension, 1e12, temperature=3.0)
    psi = np.random.default_rng(dimension).standard_normal(grid.shape)
    expected = np.exp(-psi / 3.0)
    expected /= grid.integrate(expected)
    solved = local_system.solve(np.ones(grid.shape) / grid.volumes.sum())
    np.testing.assert_allclose(solved, expected, rtol=1e-11)


def test_local_system_without_entropy() -> None:
    """Upwind coefficients: columns without outflow, cells that nothing reaches."""
    grid = wg.Grid(wg.Box((0, 1), (0, 1)), (6, 5))
    psi = np.abs(grid.coordinates[0] - 0.4) + 0 * grid.coordinates[1]
    flux = wg.Upwind()
    pairs = [flux.coefficients(grid.difference(psi, a), 0.0) for a in range(2)]
    given = np.ones(grid.shape)
    solved = linear_system(grid, pairs, 1e9).solve(given)
    assert solved.min() >= 0
    assert grid.integrate(solved) == pytest.approx(1.0, abs=1e-14)
    assert solved[2].sum() * grid.volumes[0, 0] == pytest.approx(1.0, abs=1e-6)


def test_lost_mass_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    grid, local_system = system(2, 1.0)
    monkeypatch.setattr(local, "MASS_TOLERANCE", -1.0)
    with pytest.raises(SolverError, match=r"changed the mass by .* reduce dt"):
        local_system.solve(np.ones(grid.shape))


def test_factors_are_kept() -> None:
    grid, local_system = system(2, 1.0)
    first = local_system.solve(np.ones(grid.shape))
    kept = local_system._factors
    np.testing.assert_array_equal(local_system.solve(np.ones(grid.shape)), first)
    assert local_system._factors is kept


def test_iterations_that_lose_mass_give_way_to_factors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside empty cells rates differ so much that the iteration's own residual is wrong."""
    grid = wg.Grid(wg.Box((0, 1), (0, 1), (0, 1)), 4)
    given = np.arange(64.0).reshape(grid.shape)
    faces = [np.ones_like(grid.difference(given, axis)) for axis in range(3)]
    rates = [(forth, 2 * forth) for forth in faces]
    expected = linear_system(grid, rates, 0.1).solve(given)
    monkeypatch.setattr(ExchangeKrylov, "solve", lambda self, masses: 2 * masses)
    assert np.allclose(linear_system(grid, rates, 0.1).solve(given), expected, rtol=1e-12)


def test_an_iteration_that_breaks_down_says_so() -> None:
    """Pivots above 1e308, as beside empty cells, have inverses 0: no direction is left."""
    grid = wg.Grid(wg.Box((0, 1), (0, 1), (0, 1)), 3)
    rates = [np.ones_like(face) for face in grid_faces(grid)]
    krylov = ExchangeKrylov(grid, (rates, rates))
    krylov._inverse[:] = 0.0
    assert krylov.solve(np.arange(27.0)) is None


def grid_faces(grid: wg.Grid) -> list[Array]:
    return [grid.difference(np.zeros(grid.shape), axis) for axis in range(grid.dimension)]


def test_entries_that_are_not_finite_are_an_unsolvable_step() -> None:
    """SuperLU's own error would end a run that a shorter step may save."""
    grid = wg.Grid(wg.Box((0, 1), (0, 1)), 4)
    faces = [np.full_like(face, np.nan) for face in grid_faces(grid)]
    with pytest.raises(SolverError, match="reduce dt"):
        linear_system(grid, [(f, f) for f in faces], 0.1).solve(np.ones(grid.shape))
