"""The linearized JKO scheme: its laws, its orders, long steps, meshes, interactions."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import advance, refuses
from wgflow import catalog
from wgflow.steppers import Step
from wgflow.steppers.jko import LinearizedJKO

LINE = wg.Box((-5, 5))
PAIRS = wg.Interaction(lambda x: 0.5 * np.cos(x) ** 2)
MOVING = wg.Potential(lambda t, x: (x - np.sin(3 * t)) ** 2 / 2, time_dependent=True)


def case(name: str, **parameters: Any) -> wg.Problem:
    return catalog.load("cases", name).problem(**parameters)  # type: ignore[no-any-return]


def made(problem: wg.Problem, cells: Any, solver: str = "ljko", **options: Any) -> LinearizedJKO:
    grid = cells if isinstance(cells, wg.Grid | wg.Mesh) else wg.Grid(problem.domain, cells)
    return catalog.load("solvers", solver).stepper(problem, grid, **options)  # type: ignore


def bump(*x: wg.Array) -> wg.Array:
    return np.asarray(np.exp(-sum((c - 0.7) ** 2 for c in x) / 0.5))


def line(energy: Any, domain: wg.Box = LINE, initial: Any = bump, **more: Any) -> wg.Problem:
    return wg.Problem(domain, energy, initial=initial, **more)


def one(stepper: LinearizedJKO, dt: float, time: float = 0.0) -> tuple[wg.Array, Step]:
    old = stepper.space.initial_density()
    return old, stepper.step(old, time, dt)


def conductance(grid: wg.Grid) -> list[wg.Array]:
    """Area over distance of the inner faces of a plain uniform grid, one number an axis."""
    widths = np.array([w[0] for w in grid.widths])
    return [np.asarray(np.prod(widths) / w**2) for w in widths]


# --- the equations of one step -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("energy", "cells"),
    [
        (wg.Confinement(1.0) + wg.Entropy(0.5), (50,)),
        (wg.Confinement(1.0) + wg.PowerLaw(0.7, 2.0), (50,)),
        (wg.Confinement(1.0) + wg.Entropy(0.5) + PAIRS, (50,)),
        (wg.Confinement(1.0) + wg.Entropy(0.5), (24, 20)),
    ],
    ids=["entropy", "porous", "pairs", "plane"],
)
def test_a_step_solves_the_published_equations(energy: Any, cells: tuple[int, ...]) -> None:
    """(1) and (2), summed up face by face from the result, and the saddle from both sides."""
    tau = 0.07
    stepper = made(line(energy, wg.Box(*[(-3, 3)] * len(cells))), cells, tau=tau)
    old, step = one(stepper, tau)
    rho, phi = step.density, stepper.state()["potential"]
    assert isinstance(phi, np.ndarray)
    grid = stepper.space.grid
    moved, steep, action = np.zeros(cells), np.zeros(cells), 0.0
    for axis, weight in enumerate(conductance(grid)):
        for shift in (1, -1):
            there = np.roll(phi, -shift, axis)
            inside = [slice(None)] * len(cells)
            inside[axis] = slice(None, -1) if shift == 1 else slice(1, None)
            mask = np.zeros(cells)
            mask[tuple(inside)] = 1
            fall = mask * np.maximum(phi - there, 0)
            flux = weight * fall * rho
            moved += flux - np.roll(flux, shift, axis)
            steep += weight * fall**2
            action += float(np.sum(flux * fall))
    volume = grid.volumes
    first = volume * (rho - old) + tau * moved
    second = phi + tau / 2 * steep / volume - stepper.space.energy.first_variation(rho, tau)
    assert np.abs(first).sum() < 1e-13
    assert float((volume * rho * np.abs(second)).sum()) < 1e-11
    assert step.movement == pytest.approx(tau / 2 * action, rel=1e-12)
    energy_ = stepper.space.energy
    excess = step.movement + energy_.value(rho, tau) - energy_.value(old, 0.0)
    assert step.excess == pytest.approx(excess, abs=1e-15)


@pytest.mark.parametrize("exponent", [None, 2.0, 3.0])
def test_no_other_density_is_lower(exponent: float | None) -> None:
    """W²/(2 tau) + F grows to second order from the minimum, along any flux."""
    local = wg.Entropy(0.5) if exponent is None else wg.PowerLaw(0.5, exponent)
    flat = line(wg.Confinement(1.0) + local, initial=lambda x: 1 + 0.5 * np.sin(x))
    tau, cells = 0.1, 30
    stepper = made(flat, cells, tau=tau)
    old, step = one(stepper, tau)
    phi = np.asarray(stepper.state()["potential"])
    width = 10 / cells
    rho = step.density
    falls = -np.diff(phi) / width
    flux = tau * np.where(falls > 0, rho[:-1], rho[1:]) * falls

    def value(flux: wg.Array) -> float:
        new = old - np.diff(np.pad(flux, 1)) / width
        upwind = np.where(flux > 0, new[:-1], new[1:])
        return float(np.sum(width * flux**2 / upwind)) / (2 * tau) + stepper.space.energy.value(
            new, tau
        )

    least = value(flux)
    rng = np.random.default_rng(3)
    for _ in range(5):
        change = 1e-4 * rng.standard_normal(cells - 1)
        up, down = value(flux + change) - least, value(flux - change) - least
        assert up > 0
        assert down > 0
        assert abs(up - down) < 0.02 * (up + down)


# --- laws --------------------------------------------------------------------------------------


def keeps_its_laws(
    stepper: LinearizedJKO, tau: float, steps: int = 2, positive: bool = True
) -> int:
    """Mass, sign and energy of some steps; the Newton iterations of the last."""
    space = stepper.space
    density = space.initial_density()
    for k in range(steps):
        step = stepper.step(density, k * tau, tau)
        assert step.dt == tau
        assert abs(space.grid.integrate(step.density) - 1) < 1e-13
        assert step.density.min() > 0 if positive else step.density.min() >= 0
        assert step.excess <= 1e-13 * (1 + abs(space.energy.value(step.density, k * tau)))
        density = step.density
    return step.iterations


@pytest.mark.parametrize(
    ("name", "parameters", "cells"),
    [
        ("ornstein_uhlenbeck", {}, 100),
        ("ornstein_uhlenbeck", {"dimension": 2, "half_width": 5.0}, 20),
        ("barenblatt", {}, 100),
        ("barenblatt", {"dimension": 2}, 24),
        ("barenblatt", {"exponent": 4.0}, 60),
        ("barenblatt", {"exponent": 1.5}, 60),
        ("quadratic_attraction", {}, 100),
        ("desai_zwanzig", {}, 60),
        ("cosine_neuron", {}, 60),
        ("keller_segel", {}, 24),
        ("isotropic_gaussians", {"beta": 20.0}, 60),
        ("transport", {}, 60),
    ],
)
def test_steps_of_a_hundred_times_the_explicit_bound(
    name: str, parameters: dict[str, Any], cells: int
) -> None:
    """The energy law, mass and sign, without a step being halved."""
    problem = case(name, **parameters)
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, cells), wg.Upwind())
    bound = 1 / space.rate(space.initial_density(), 0.0).emptying
    stepper = made(problem, cells, tau=100 * bound)
    keeps_its_laws(stepper, 100 * bound, positive=space.temperature > 0)


def test_a_step_from_an_empty_half_is_reached_by_shorter_ones() -> None:
    stepper = made(case("barenblatt"), 200, tau=1.0)
    keeps_its_laws(stepper, 1.0, steps=1, positive=False)
    assert stepper.facts["continuations"] > 0


@pytest.mark.parametrize("ends", [(-1.0, 1.0), (-2.0, 2.0), (1.0, 2.0)])
def test_few_iterations_from_a_cut_off_start_in_a_steep_potential(
    ends: tuple[float, float],
) -> None:
    # where the fall of the potential turns, a cell that was empty takes mass all at once
    problem = line(
        wg.Potential(lambda x: (x * x - 1) ** 2) + wg.Entropy(0.2),
        wg.Box((-4, 4)),
        lambda x: (x > ends[0]) * (x < ends[1]) * 1.0,
    )
    stepper = made(problem, 80, tau=0.1)
    keeps_its_laws(stepper, 0.1, 10, positive=False)
    assert stepper.facts["newton_iterations"] < 100
    assert stepper.facts["continuations"] == 0


def test_few_iterations_a_step() -> None:
    assert keeps_its_laws(made(case("ornstein_uhlenbeck"), 100, tau=0.02), 0.02, 5) <= 3
    assert keeps_its_laws(made(case("barenblatt"), 100, tau=0.01), 0.01, 5, False) <= 4


# --- orders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cells", "until"),
    [("ornstein_uhlenbeck", 60, 0.5), ("quadratic_attraction", 50, 0.5), ("barenblatt", 60, 0.1)],
)
def test_order_one_in_time(name: str, cells: int, until: float) -> None:
    problem = case(name)
    finest = advance(made(problem, cells, tau=until / 320), until)
    errors = []
    for steps in (10, 20):
        stepper = made(problem, cells, tau=until / steps)
        errors.append(stepper.space.grid.integrate(np.abs(advance(stepper, until) - finest)))
    exponent = math.log2(errors[0] / errors[1])
    assert 0.9 < exponent < 1.15


def test_the_published_test() -> None:
    """L1 errors at t = 0.25 of order 1 in cells and time together."""
    problem = case("tilted_box")
    assert problem.exact is not None
    errors = []
    for cells in (16, 32, 64):
        stepper = made(problem, cells, tau=0.4 / cells)
        grid = stepper.space.grid
        exact = grid.average(lambda x: problem.exact(0.25, x))
        errors.append(grid.integrate(np.abs(advance(stepper, 0.25) - exact)))
    orders = [math.log2(a / b) for a, b in itertools.pairwise(errors)]
    assert 0.95 < min(orders) <= max(orders) < 1.25
    assert errors[2] < 4e-3


def test_the_tilted_box_is_exact() -> None:
    """Its exact density satisfies the equation, has mass 1, and touches 0 at the start."""
    problem = case("tilted_box", tilt=2.0)
    exact = problem.exact
    assert exact is not None
    x, e = np.linspace(0.05, 0.95, 19), 1e-4
    rate = (exact(0.1 + e, x) - exact(0.1 - e, x)) / (2 * e)
    slope = (exact(0.1, x + e) - exact(0.1, x - e)) / (2 * e)
    bend = (exact(0.1, x + e) - 2 * exact(0.1, x) + exact(0.1, x - e)) / e**2
    np.testing.assert_allclose(rate, bend - 2.0 * slope, atol=1e-5)
    grid = wg.Grid(problem.domain, 200)
    for time in (0.0, 0.2):
        assert grid.integrate(grid.average(lambda x, t=time: exact(t, x))) == pytest.approx(1)
    assert abs(exact(0.0, np.array([1.0]))[0]) < 1e-15
    refuses(lambda: case("tilted_box", tilt=0.0), "tilt = 0.0", "other than 0")
    refuses(lambda: case("tilted_box", dimension=3), "dimension = 3", "give 1 or 2")


# --- domains and energies ----------------------------------------------------------------------


def test_a_mesh_of_squares_is_a_grid() -> None:
    fipy = pytest.importorskip("fipy")
    energy = wg.Confinement(1.0) + wg.Entropy(0.5)
    mesh = wg.Mesh.from_fipy(fipy.Grid2D(nx=10, ny=8, dx=0.4, dy=0.4))
    box = wg.Box((0, 4.0), (0, 3.2))
    results = []
    for problem, cells in (
        (wg.Problem(mesh.box, energy, initial=mesh_bump), mesh),
        (wg.Problem(box, energy, initial=mesh_bump), wg.Grid(box, (10, 8))),
    ):
        stepper = made(problem, cells, tau=0.1)
        x, y = cells.coordinates
        start = mesh_bump(x, y)
        start = start / cells.integrate(start)
        results.append(stepper.step(start, 0.0, 0.1).density)
    # FiPy numbers its cells along x first
    np.testing.assert_allclose(results[0].reshape(8, 10).T, results[1], rtol=1e-9)


def mesh_bump(x: wg.Array, y: wg.Array) -> wg.Array:
    return np.asarray(0.1 + np.exp(-((x - 1) ** 2) - (y - 2) ** 2))


def test_radial_is_the_plane() -> None:
    """A Gaussian under noise in the plane, on its radius: the mean square grows by 4 T t."""
    gaussian = line(
        wg.Entropy(0.5),
        wg.Box(wg.Axis(0, 6, radial=2)),
        lambda r: r * np.exp(-(r**2) / 2),
    )
    stepper = made(gaussian, 200, tau=0.01)
    (r,) = stepper.space.grid.coordinates
    density = advance(stepper, 0.2)
    assert stepper.space.grid.integrate(r**2 * density) == pytest.approx(2 + 4 * 0.1, rel=1e-2)


def test_a_circle_knows_no_end() -> None:
    """A turned density takes the turned step."""
    circle = wg.Box(wg.Axis(-np.pi, np.pi, periodic=True))
    problem = line(wg.Entropy(0.3) + PAIRS, circle, lambda x: 1 + 0.8 * np.cos(x))
    stepper, turned = made(problem, 40, tau=0.2), made(problem, 40, tau=0.2)
    old, step = one(stepper, 0.2)
    other = turned.step(np.roll(old, 17), 0.0, 0.2)
    np.testing.assert_allclose(np.roll(step.density, 17), other.density, rtol=1e-10)


@pytest.mark.parametrize(
    ("energy", "domain", "more"),
    [
        (MOVING + wg.Entropy(0.5), LINE, {}),
        (wg.Confinement(1.0) + wg.PowerLaw(0.1, 0.7), LINE, {}),
        (wg.Confinement(1.0) + wg.Entropy(0.1), LINE, {"time_scale": lambda t: 1 / (1 + t)}),
        (
            wg.Confinement(1.0) + wg.Entropy(0.3),
            wg.Box(wg.Axis(-5, 5, stretch=wg.Clustered(-5, 5, around=0.0, scale=0.5))),
            {},
        ),
    ],
    ids=["moving", "fast", "scaled", "stretched"],
)
def test_laws_in_other_settings(energy: Any, domain: wg.Box, more: dict[str, Any]) -> None:
    """With a potential that moves, for the potential at the end of the step."""
    keeps_its_laws(made(line(energy, domain, **more), 60, tau=0.2), 0.2, steps=4)


def test_movement_is_that_of_wasserstein() -> None:
    """W²/(2 tau s) of a narrow density that is carried, against the quantiles' distance."""
    problem = line(wg.Potential(lambda x: -x), initial=bump, time_scale=2.0)
    stepper = made(problem, 400, tau=0.1)
    _, step = one(stepper, 0.1)
    assert step.movement == pytest.approx(0.2**2 / (2 * 0.2), rel=1e-6)  # but for the wall


# --- settings ----------------------------------------------------------------------------------


def test_a_tolerance_is_kept() -> None:
    problem = case("ornstein_uhlenbeck")
    finest = advance(made(problem, 50, tau=0.5 / 1000), 0.5)
    errors = []
    for tolerance in (1e-3, 1e-4):
        stepper = made(problem, 50, tolerance=tolerance)
        errors.append(stepper.space.grid.integrate(np.abs(advance(stepper, 0.5) - finest)))
    assert 2 < errors[0] / errors[1] < 5  # order 1 with a local error of order 2
    assert errors[1] < 5e-3


def test_bad_settings() -> None:
    problem = line(wg.Entropy(1.0))
    refuses(lambda: made(problem, 20, tau=0.1, dt=0.1), "tau = 0.1", "give one")
    refuses(lambda: made(problem, 20, tau=-1.0), "tau = -1", "> 0")
    refuses(
        lambda: made(problem, 20, tau=0.1, tolerance=1e-3),
        "tau = 0.1 and tolerance = 0.001",
        "give one",
    )


@pytest.mark.parametrize("solver", ["ljko", "ljko_bdf2"])
def test_long_run_keeps_the_law_on_its_way_to_the_boltzmann_state(solver: str) -> None:
    # a double well whose tails fall to 1e-28: what iterations miss there once raised the energy
    box, temperature = wg.Box((-3, 3)), 0.5
    energy = wg.Potential(lambda x: (x * x - 1) ** 2 / 2 + 0.3 * x) + wg.Entropy(temperature)
    problem = wg.Problem(box, energy, np.ones_like)
    solution = wg.solve(problem, solver, cells=60, until=60.0, dt=1.0, snapshots=[])
    x = solution.coordinates[0]
    rest = np.exp(-((x * x - 1) ** 2 / 2 + 0.3 * x) / temperature)
    rest /= 0.1 * rest.sum()
    scale = 1 + abs(solution.history["energy"][0])
    assert solution.facts["energy_law"] <= 1e-12 * scale
    assert np.diff(solution.history["energy"]).max() <= 1e-12 * scale
    assert 0.1 * np.abs(solution.density - rest).sum() < 1e-8
