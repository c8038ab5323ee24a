"""The implicit upwind scheme: sign, mass and energy at every time step, and its equation."""

from __future__ import annotations

import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog
from wgflow._typing import Array
from wgflow.steppers.upwind_stage import UpwindStage

SOLVER = "bailo_carrillo_hu"
WELL = wg.Potential(lambda x: x**4 / 4 - x**2 / 2)
RING = wg.Interaction(lambda x: 3 * (x**4 / 4 - x**2 / 2))  # neither semidefinite


def block(*x: Array) -> Array:
    return np.prod(np.broadcast_arrays(*[np.abs(c - 0.7) < 0.6 for c in x]), axis=0) * 1.0


def barenblatt(dimension: int) -> wg.Problem:
    """Solution of ∂t rho = Δ rho² from a point, started at time 1."""
    height = {1: 0.360562, 2: 0.199471}[dimension]
    decay = dimension / (dimension + 2)

    def exact(t: float, *x: Array) -> Array:
        s = (1 + t) ** (-decay)
        square = sum(c**2 for c in x)
        return s * np.maximum(height - decay / (4 * dimension) * square * s ** (2 / dimension), 0)

    return wg.Problem(
        wg.Box(*[(-3.0, 3.0)] * dimension),
        wg.PowerLaw(1.0, 2.0),
        lambda *x: exact(0.0, *x),
        exact=exact,
    )


PLANE = wg.Interaction(lambda x, y: 3 * np.exp(-(x**2) - y**2))
PROBLEMS = {
    "barenblatt": (barenblatt(1), 100),
    "barenblatt 2-D": (barenblatt(2), 24),
    "entropy, double well": (wg.Problem(wg.Box((-3, 3)), WELL + wg.Entropy(0.2), block), 100),
    "power, double well": (wg.Problem(wg.Box((-3, 3)), WELL + wg.PowerLaw(0.3, 2.0), block), 100),
    "entropy, interaction": (wg.Problem(wg.Box((-3, 3)), RING + wg.Entropy(0.05), block), 80),
    "power, interaction": (wg.Problem(wg.Box((-3, 3)), RING + wg.PowerLaw(0.3, 2.0), block), 80),
    "both, periodic": (
        wg.Problem(
            wg.Box(wg.Axis(-3, 3, periodic=True)),
            wg.Potential(lambda x: np.cos(np.pi * x / 3))
            + wg.Entropy(0.1)
            + wg.PowerLaw(0.3, 3.0),
            block,
        ),
        80,
    ),
    "m = 3/2": (
        wg.Problem(wg.Box((-3, 3)), wg.Confinement(1.0) + wg.PowerLaw(0.5, 1.5), block), 80
    ),
    "fast": (wg.Problem(wg.Box((-3, 3)), wg.Confinement(1.0) + wg.PowerLaw(0.5, 0.5), block), 60),
    "radial": (
        wg.Problem(
            wg.Box(wg.Axis(0, 3, radial=3)),
            wg.Confinement(1.0) + wg.Entropy(0.1) + wg.PowerLaw(0.2, 2.0),
            lambda r: r**2 * np.exp(-5 * (r - 1) ** 2),
        ),
        60,
    ),
    "plane": (
        wg.Problem(
            wg.Box((-3, 3), (-3, 3)), wg.Confinement(1.0) + PLANE + wg.PowerLaw(0.2, 3.0), block
        ),
        16,
    ),
    "3-D": (wg.Problem(wg.Box(*[(-3, 3)] * 3), wg.Confinement(1.0) + wg.PowerLaw(1, 2), block), 8),
    "4-D": (wg.Problem(wg.Box(*[(-3, 3)] * 4), wg.Confinement(1.0) + wg.PowerLaw(1, 2), block), 5),
    "network": (catalog.load("cases", "cosine_neuron").problem(beta=20.0), 80),
    "transport": (wg.Problem(wg.Box((-3, 3)), WELL, block), 80),
}  # fmt: skip


def explicit_bound(problem: wg.Problem, cells: int) -> float:
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, cells), wg.Upwind())
    return 1 / space.rate(space.initial_density(), 0.0).emptying


@pytest.mark.parametrize("factor", [1, 10, 100, 1000])
@pytest.mark.parametrize("name", PROBLEMS)
def test_promises_beyond_the_explicit_bound(name: str, factor: int) -> None:
    problem, cells = PROBLEMS[name]
    # at ten thousand units of time the interaction needs hundreds of halvings
    factor = min(factor, 300) if name == "entropy, interaction" else factor
    dt = factor * explicit_bound(problem, cells)
    run = wg.solve(problem, SOLVER, cells=cells, dt=dt, until=5 * dt, snapshots=[])
    assert run.facts["minimum"] >= 0
    assert run.facts["mass_max_error"] < 1e-14
    assert run.facts["energy_max_increase"] < 1e-12
    assert run.history["iterations"].max() >= 1
    assert run.facts["steps"] < 30


@pytest.mark.parametrize("name", ["barenblatt", "power, interaction", "radial", "plane"])
def test_step_solves_its_equation(name: str) -> None:
    """(new - old)/dt is the divergence at the new density, with the drift at the midpoint."""
    problem, cells = PROBLEMS[name]
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, cells), wg.BailoCarrilloHu())
    old = space.initial_density()
    dt = 20 * explicit_bound(problem, cells)
    new = wg.ImplicitEuler(space, dt=dt).step(old, 0.0, 1e9).density
    local = space.energy.first_variation(new, dt) - space.energy.drift(new, dt)
    variation = local + space.energy.drift((old + new) / 2, dt)
    grid, rate = space.grid, np.zeros(space.grid.shape)
    for axis in range(grid.dimension):
        velocity = -grid.difference(variation, axis)
        velocity /= grid.along(grid.face_distances(axis), axis)
        faces = range(velocity.shape[axis])
        low, high = new.take(faces, axis), np.roll(new, -1, axis).take(faces, axis)
        rate -= grid.face_divergence(np.where(velocity > 0, low, high) * velocity, axis)
    assert grid.integrate(np.abs(new - old)) > 1e-3
    # the last iterate differs from its image by 1e-13, which dt and 1/h² make larger
    assert grid.integrate(np.abs(new - old - dt * rate)) < 3e-8


@pytest.mark.parametrize("name", ["power, double well", "entropy, double well"])
def test_order_one_in_time(name: str) -> None:
    problem, cells = PROBLEMS[name]
    runs = [
        wg.solve(problem, SOLVER, cells=cells, dt=0.04 / 2**i, until=0.2, snapshots=[])
        for i in range(5)
    ]
    fine = 2 * runs[-1].density - runs[-2].density
    errors = [run.grid.integrate(np.abs(run.density - fine)) for run in runs[:3]]
    assert 0.75 < np.log2(errors[1] / errors[2]) < 1.25
    assert errors[2] < 2e-2


@pytest.mark.parametrize("dimension", [1, 2])
def test_barenblatt(dimension: int) -> None:
    problem = barenblatt(dimension)
    cells = {1: (50, 100, 200), 2: (16, 32, 64)}[dimension]
    table = wg.convergence(problem, SOLVER, cells=cells, dt=0.1)
    assert 0.75 < table.rate < 1.25
    assert table.levels[-1].error < {1: 1.1e-2, 2: 4e-2}[dimension]


def test_mass_over_ten_thousand_steps() -> None:
    run = wg.solve(barenblatt(1), SOLVER, cells=20, dt=5e-4, until=5.0, snapshots=[])
    assert run.facts["steps"] >= 10_000
    assert run.facts["mass_max_error"] < 1e-12
    assert run.facts["minimum"] == 0.0
    assert run.facts["energy_max_increase"] < 1e-12


@pytest.mark.parametrize("dt", [1e-2, 1e3])
def test_state_of_constant_variation_does_not_move(dt: float) -> None:
    """V + 2 rho = constant on two separate intervals, with different constants, 0 between."""
    grid = wg.Grid(wg.Box((-3, 3)), 120)
    (x,) = grid.centers
    rest = np.maximum(np.where(x > 0, 0.4, 0.3) - (np.abs(x) - 1.5) ** 2, 0.0)
    # the variation is (|x| - 1.5)² + rho, constant where rho > 0
    problem = wg.Problem(
        grid.box, wg.Potential(lambda x: (np.abs(x) - 1.5) ** 2) + wg.PowerLaw(0.5, 2.0), rest
    )
    mass = grid.integrate(rest)
    run = wg.solve(problem, SOLVER, cells=120, dt=dt, until=10 * dt, density=rest, snapshots=[])
    assert grid.integrate(np.abs(run.density - rest)) < 1e-12 * mass


def test_step_that_cannot_be_solved_is_halved_then_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem, cells = PROBLEMS["barenblatt"]
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, cells), wg.BailoCarrilloHu())
    old = space.initial_density()
    solve = UpwindStage.solve
    limit = 0.3

    def fragile(self: UpwindStage, given: Array, old: Array, time: float, dt: float) -> object:
        if dt > limit:
            raise wg.SolverError("too long")
        return solve(self, given, old, time, dt)

    monkeypatch.setattr(UpwindStage, "solve", fragile)
    step = wg.ImplicitEuler(space, dt=1.0).step(old, 0.0, 1.0)
    assert (step.dt, step.rejections) == (0.25, 2)
    limit = 0.0
    with pytest.raises(wg.SolverError, match=r"no step could be solved at t = 0 .* too long"):
        wg.ImplicitEuler(space, dt=1.0).step(old, 0.0, 1.0)


def test_other_solvers_refuse_what_they_cannot_do() -> None:
    problem, cells = PROBLEMS["radial"]
    with pytest.raises(wg.InputError, match="bailo_carrillo_hu"):
        wg.FiniteVolume(problem, wg.Grid(problem.domain, cells), wg.ScharfetterGummel())
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, cells), wg.BailoCarrilloHu())
    with pytest.raises(wg.InputError, match="not linear"):
        wg.SDIRK2(space)
    problem, cells = PROBLEMS["barenblatt"]
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, cells), wg.Upwind())
    with pytest.raises(wg.InputError, match="power law"):
        wg.ImplicitEuler(space)
