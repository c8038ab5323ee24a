"""Stabilized explicit steps: coefficients, order, sign, mass, and the stencil they run on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import wgflow as wg
from wgflow.algebra.exchange import repaired
from wgflow.algebra.stencil import Stencil
from wgflow.steppers.rkl import coefficients, stable_ratio, stages_for

SOLVER = "scharfetter_gummel_explicit"


def ornstein_uhlenbeck(dimension: int, temperature: float = 0.5) -> wg.Problem:
    """Exact Gaussian, mean 1 and variance 1/4 in each direction."""

    def exact(t: float, *x: np.ndarray) -> np.ndarray:
        variance = temperature + (0.25 - temperature) * np.exp(-2 * t)
        square = sum((c - np.exp(-t)) ** 2 for c in x)
        return np.exp(-square / (2 * variance)) / (2 * np.pi * variance) ** (dimension / 2)

    return wg.Problem(
        wg.Box(*[(-4.0, 5.0)] * dimension),
        wg.Confinement(1.0) + wg.Entropy(temperature),
        initial=lambda *x: exact(0.0, *x),
        exact=exact,
        until=0.5,
    )


def stability(stages: int, z: np.ndarray) -> np.ndarray:
    before, y = np.ones_like(z), 1 + coefficients(stages)[0].rate * z
    for c in coefficients(stages)[1:]:
        before, y = (
            y,
            (c.mu * y + c.nu * before + 1 - c.mu - c.nu + z * (c.rate * y + c.first_rate)),
        )
    return y


@pytest.mark.parametrize("stages", [3, 5, 11, 51])
def test_stability_polynomial(stages: int) -> None:
    z = np.array([1e-2, 5e-3])
    error = np.abs(stability(stages, z) - np.exp(z))
    assert np.log2(error[0] / error[1]) == pytest.approx(3, abs=0.02)
    # on the real interval it is bounded by 1, just beyond it is not
    end = 2 * stable_ratio(stages)
    assert np.abs(stability(stages, np.linspace(-end, 0, 2000))).max() <= 1 + 1e-12
    assert np.abs(stability(stages, np.array([-1.5 * end]))).max() > 1
    assert coefficients(stages)[-1].time == pytest.approx(1)


def test_number_of_stages() -> None:
    for ratio in (0.1, 1.0, 10.0, 1000.0):
        stages = stages_for(ratio)
        assert stages % 2 == 1
        assert stable_ratio(stages) >= ratio
        assert stages == 3 or stable_ratio(stages - 2) < ratio


@pytest.mark.parametrize("curvature", [False, True])
@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_stencil_is_the_balance_of_the_faces(
    dimension: int, periodic: bool, curvature: bool
) -> None:
    rng = np.random.default_rng(dimension)
    axes = [wg.Axis(0, 1, periodic=periodic and a % 2 == 0) for a in range(dimension)]
    box = wg.Box(*axes)
    shape = (5, 4, 3, 6)[:dimension]
    edges = [np.r_[0, np.sort(rng.random(n - 1)), 1] for n in shape]
    grid = wg.Grid(box, shape, edges=None if curvature else edges)
    values = rng.normal(size=shape)
    problem = wg.Problem(box, wg.Potential(lambda *_: values) + wg.Entropy(0.3), np.ones(shape))
    space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel(curvature))
    density, start = rng.random(shape), rng.random(shape)
    expected, emptied = np.zeros(shape), np.zeros(shape)
    for axis in range(dimension):
        forth, back = space.coefficients(values, density)[axis]
        plain, _ = space.flux.coefficients(grid.difference(values, axis), space.temperature)
        assert np.any(forth != plain) == (curvature and (shape[axis] > 3 or axes[axis].periodic))
        gap = grid.along(grid.face_distances(axis), axis)
        low, high = grid.beside(2 * density, axis)
        expected -= grid.face_divergence((forth * low - back * high) / gap, axis)
        emptied += grid.to_cells(forth / gap, axis, 0) + grid.to_cells(back / gap, axis, 1)
    stencil = space.stencil(density, 0.0)
    assert isinstance(stencil, Stencil)
    y, out = grid.padded(density), grid.padded(start)
    stencil.combine(y, out, density + start, (0.5, 0.25, 0.125), 2.0, out)
    parts = 0.625 * density + 0.375 * start + expected
    np.testing.assert_allclose(out[grid.inner], parts, atol=1e-10)
    np.testing.assert_allclose(stencil.rate(density, 2.0), expected, atol=1e-10)
    if curvature:  # with the largest mobility for all
        assert emptied.max() <= stencil.bounds(density)[0] <= 4 * emptied.max()
    else:
        assert stencil.bounds(density)[0] == pytest.approx(emptied.max())
    assert abs(grid.integrate(space.rate(density, 0.0).values)) < 1e-10


@pytest.mark.parametrize(
    ("dimension", "cells", "cap"),
    [(1, (50, 100, 200), 5e-4), (2, (16, 32, 64), 1.2e-2), (3, (8, 16, 32), 9e-2)],
)
def test_order_two(dimension: int, cells: tuple[int, ...], cap: float) -> None:
    table = wg.convergence(ornstein_uhlenbeck(dimension), SOLVER, cells=cells, dt=0.05)
    table.require(rate=2.0, within=0.3, finest_error=cap)


def test_order_two_in_time_with_interaction() -> None:
    problem = wg.Problem(
        wg.Box((-5, 6)),
        wg.Confinement(1.0) + wg.Interaction(lambda x: x**2 / 2) + wg.Entropy(0.5),
        initial=lambda x: np.exp(-((x - 1) ** 2)),
        until=0.5,
    )
    runs = [wg.solve(problem, SOLVER, cells=100, dt=5e-3 / 2**i, snapshots=[]) for i in range(5)]
    errors = [runs[0].grid.integrate(np.abs(r.density - runs[-1].density)) for r in runs[:3]]
    assert all(3.3 < a / b < 5 for a, b in pairwise(errors))
    assert errors[-1] < 1e-5


def test_agrees_with_the_implicit_solver_on_a_moving_potential() -> None:
    problem = wg.Problem(
        wg.Box((-4, 4)),
        wg.Potential(lambda t, x: (x - np.sin(3 * t)) ** 2 / 2, time_dependent=True)
        + wg.Entropy(0.3),
        initial=lambda x: np.exp(-(x**2)),
        time_scale=lambda t: 1 + t,
    )
    explicit = wg.solve(problem, SOLVER, cells=100, dt=2e-3)
    implicit = wg.solve(problem, "scharfetter_gummel", cells=100, dt=2e-3)
    apart = np.abs(explicit.density - implicit.density)
    assert 1e-9 < explicit.grid.integrate(apart) < 1e-4


@pytest.mark.parametrize(
    ("energy", "cells", "dimension"),
    [
        (wg.Confinement(1.0) + wg.Entropy(0.5), 200, 1),
        (wg.Confinement(1.0) + wg.Entropy(0.005), 200, 1),  # transport dominates
        (wg.Interaction(lambda x: 3 * (x**4 / 4 - x**2 / 2)) + wg.Entropy(0.05), 100, 1),
        (wg.Confinement(1.0) + wg.Entropy(0.2), 32, 2),
        (wg.Confinement(1.0) + wg.Entropy(0.2), 12, 3),
        (wg.Confinement(1.0) + wg.Entropy(0.2), 8, 4),
    ],
    ids=["diffusion", "transport", "interaction", "2-D", "3-D", "4-D"],
)
@pytest.mark.parametrize("given", [{"dt": 0.05}, {"tolerance": 1e-3}, {}], ids=str)
def test_sign_and_mass_from_a_rough_start(
    energy: wg.energies.Energy, cells: int, dimension: int, given: dict[str, float]
) -> None:
    problem = wg.Problem(
        wg.Box(*[wg.Axis(-3, 3, wall=True)] * dimension),
        energy,
        initial=lambda *x: np.prod(np.broadcast_arrays(*[abs(c - 0.7) < 0.6 for c in x]), 0) * 1.0,
        until=0.5,
    )
    run = wg.solve(problem, SOLVER, cells=cells, snapshots=[], **given)
    assert run.facts["minimum"] >= 0
    assert run.facts["mass_max_error"] < 1e-14
    assert run.facts["energy_max_increase"] < 1e-12
    assert run.facts["stages"] >= 3 * run.facts["steps"]


def test_mass_over_ten_thousand_steps() -> None:
    run = wg.solve(ornstein_uhlenbeck(1), SOLVER, cells=50, dt=1e-3, until=10.0, snapshots=[])
    assert run.facts["steps"] >= 10_000
    assert run.facts["mass_max_error"] < 1e-12


def test_stationary_state_does_not_move() -> None:
    for dimension in (1, 2):
        grid = wg.Grid(wg.Box(*[(-3.0, 3.0)] * dimension), 30)
        rest = np.exp(-sum(c**2 for c in grid.coordinates))
        energy = wg.Confinement(1.0) + wg.Entropy(0.5)
        run = wg.solve(
            wg.Problem(grid.box, energy, rest / grid.integrate(rest)), SOLVER, cells=30, dt=0.05
        )
        assert grid.integrate(np.abs(run.density - run.densities[0])) < 1e-12


def test_cells_below_zero_are_filled_from_beside() -> None:
    problem = ornstein_uhlenbeck(2)
    grid = wg.Grid(problem.domain, 12)
    space = wg.FiniteVolume(problem, grid, wg.ScharfetterGummel())
    density = space.initial_density()
    density[3, 4] = density[0, 0] = -1e-6
    filled = repaired(grid, density)
    assert filled.min() >= 0
    assert abs(grid.integrate(filled) - grid.integrate(density)) < 1e-15
    assert (filled[3, 4], filled[9, 9]) == (0.0, density[9, 9])


def test_steps_that_are_too_negative_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = ornstein_uhlenbeck(1)
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 60), wg.ScharfetterGummel())
    stepper = wg.RKL2(space, dt=0.1)
    advance = stepper._advance
    asked = []

    def spoiled(density: np.ndarray, time: float, dt: float, stages: int) -> np.ndarray:
        asked.append(dt)
        new = advance(density, time, dt, stages)
        if dt > 0.02:
            new[:2] = -1e-3, new[1] + 1e-3 + new[0]
        return new

    monkeypatch.setattr(stepper, "_advance", spoiled)
    step = stepper.step(space.initial_density(), 0.0, 1.0)
    assert step.rejections == len(asked) - 1 > 0
    assert step.dt <= 0.02
    assert step.density.min() >= 0


def test_tolerance_controls_the_error() -> None:
    problem = ornstein_uhlenbeck(1)
    fine = wg.solve(problem, SOLVER, cells=200, dt=5e-4, snapshots=[]).density
    errors = []
    for tolerance in (1e-5, 1e-6, 1e-7):
        run = wg.solve(problem, SOLVER, cells=200, tolerance=tolerance, snapshots=[])
        errors.append(run.grid.integrate(np.abs(run.density - fine)))
    assert all(3 < a / b < 8 for a, b in pairwise(errors))
    assert errors[0] < 5e-5


def test_other_fluxes_are_refused() -> None:
    problem = ornstein_uhlenbeck(1)
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 20), wg.Upwind())
    with pytest.raises(wg.InputError, match="ScharfetterGummel"):
        wg.RKL2(space)


@pytest.mark.parametrize("solver", [SOLVER, "scharfetter_gummel"])
def test_curvature_makes_the_error_smaller_and_keeps_the_promises(solver: str) -> None:
    problem = ornstein_uhlenbeck(1)
    errors = {}
    for curvature in (False, True):
        errors[curvature] = [
            wg.solve(
                problem, solver, cells=n, dt=2e-3, snapshots=[], options={"curvature": curvature}
            ).errors["L1"]
            for n in (50, 100)
        ]
        assert np.log2(errors[curvature][0] / errors[curvature][1]) == pytest.approx(2, abs=0.15)
    assert errors[True][1] < errors[False][1] / 1.8
    rough = wg.Problem(
        wg.Box((-3, 3)),
        wg.Potential(lambda x: 5 * np.cos(4 * x)) + wg.Entropy(0.3),
        lambda x: (np.abs(x - 0.7) < 0.6) * 1.0,
    )
    run = wg.solve(rough, solver, cells=60, dt=0.05, options={"curvature": True})
    assert run.facts["minimum"] >= 0
    assert run.facts["mass_max_error"] < 1e-13
    assert run.facts["energy_max_increase"] < 1e-12
    grid = run.grid
    rest = np.exp(-5 * np.cos(4 * grid.centers[0]) / 0.3)
    rest /= grid.integrate(rest)
    kept = wg.solve(rough, solver, cells=60, dt=0.05, density=rest, options={"curvature": True})
    assert grid.integrate(np.abs(kept.density - rest)) < 1e-12
