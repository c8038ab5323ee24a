"""The JKO scheme by its dual: gaps, the energy law, exact solutions."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.convergence.verification import plan
from wgflow.solution import Solution

SOLVER = "back_and_forth"
PLANE = wg.Box((-3, 3), (-3, 3))


def case(name: str, **parameters: Any) -> wg.Problem:
    return catalog.load("cases", name).problem(**parameters)  # type: ignore[no-any-return]


def run(problem: wg.Problem, cells: Any, until: float, **options: Any) -> Solution:
    return wg.solve(problem, SOLVER, cells=cells, until=until, options=options, snapshots=[])


def keeps_its_laws(solution: Solution, gap: float = 1e-4) -> None:
    assert solution.status == "finished"
    assert solution.facts["mass_max_error"] < 1e-14
    assert solution.facts["minimum"] >= 0
    assert 0 <= solution.facts["relative_gap"] <= gap
    energy = solution.history["energy"]
    assert solution.facts["energy_law"] <= 1e-12 * (1 + np.abs(energy).max())


def disc(x: wg.Array, y: wg.Array) -> wg.Array:
    return 1.0 * ((x - 0.5) ** 2 + y**2 < 1)


# --- exact solutions and orders ----------------------------------------------------------------


def test_barenblatt_against_the_finite_volume_scheme() -> None:
    problem = case("barenblatt", dimension=2)
    ours = run(problem, 64, 0.1, tau=0.01)
    keeps_its_laws(ours)
    options = {"dt": 0.01}
    other = wg.solve(problem, "bailo_carrillo_hu", cells=64, until=0.1, options=options)
    errors = [s.summary()["errors"]["L1"] for s in (ours, other)]
    assert errors[0] < 0.4 * errors[1] < 0.4 * 0.04
    assert errors[0] > 1e-3


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("barenblatt", "2-D by its dual"),
        ("barenblatt", "2-D by its dual, in time"),
        ("ornstein_uhlenbeck", "2-D by its dual"),
        ("heat_torus", "2-D by its dual"),
        ("cosine_neuron", "all schemes"),  # against a fine one by scharfetter_gummel
    ],
)
def test_orders(name: str, variant: str) -> None:
    solver = f"{SOLVER} gap=1e-6" if name == "cosine_neuron" else SOLVER
    chosen = plan(name, solver, variant)
    chosen.run().require(chosen.expected, within=0.2, finest_error=chosen.finest_error)


def test_a_box_with_walls_around_a_circle() -> None:
    """A mode that decays, and that turns with the start along the circle only."""
    box = wg.Box(wg.Axis(0, 1, periodic=True), wg.Axis(0, 1, wall=True))

    def density(t: float, x: wg.Array, y: wg.Array, shift: float = 0.0) -> wg.Array:
        mode = np.cos(2 * np.pi * (x - shift)) * np.cos(np.pi * y)
        return 1 + 0.5 * math.exp(-5 * np.pi**2 * t) * mode

    def flow(cells: int, tau: float, shift: float = 0.0) -> Solution:
        start = lambda x, y: density(0.0, x, y, shift)  # noqa: E731
        problem = wg.Problem(box, wg.Entropy(1.0), initial=start, exact=density)
        solution = run(problem, (cells, 3 * cells // 4), 0.01, tau=tau)
        keeps_its_laws(solution)
        return solution

    coarse, fine, turned = flow(16, 5e-3), flow(32, 1.25e-3), flow(16, 5e-3, shift=0.25)
    errors = [s.summary()["errors"]["L1"] for s in (coarse, fine)]
    assert 3.4 < errors[0] / errors[1] < 5.2
    np.testing.assert_allclose(np.roll(coarse.density, 4, axis=0), turned.density, atol=1e-11)


def test_a_neuron_with_noise_comes_to_rest_by_long_steps() -> None:
    """The von Mises density of mean resultant r = I1/I0(beta (A - r)), A = 0.8, beta = 20."""
    solution = run(case("cosine_neuron", beta=20.0), 128, 20.0, tau=1.0)
    keeps_its_laws(solution)
    theta = solution.grid.coordinates[0]
    resultant = solution.grid.integrate(np.cos(theta) * solution.density)
    assert resultant == pytest.approx(0.699479, abs=3e-4)
    assert solution.facts["rejections"] == 0


@pytest.mark.parametrize(
    ("exponent", "cells", "tau"), [(3.0, 120, 0.1), (3.0, 120, 0.5), (4.0, 480, 0.02)]
)
def test_long_steps_at_fronts(exponent: float, cells: int, tau: float) -> None:
    """None is done in halves, though the dual is not smooth there and the start is far off."""
    problem = wg.Problem(
        wg.Box((-3, 3)),
        wg.PowerLaw(0.3, exponent) + wg.Interaction(lambda x: x**2 / 2 - np.exp(-(x**2))),
        initial=lambda x: np.exp(-8 * (x - 0.5) ** 2),
    )
    solution = run(problem, cells, 3 * tau, tau=tau)
    keeps_its_laws(solution)
    assert solution.facts["rejections"] == 0


@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0])
def test_exponents_in_one_dimension(exponent: float) -> None:
    """The same steps as those of quantiles, which have no cells."""
    energy = wg.PowerLaw(0.3, exponent) + wg.Interaction(lambda x: x**2 / 2 - np.exp(-(x**2)))
    problem = wg.Problem(wg.Box((-3, 3)), energy, initial=lambda x: np.exp(-8 * (x - 0.5) ** 2))
    ours = run(problem, 120, 0.08, tau=0.04)
    keeps_its_laws(ours)
    assert ours.facts["outer"] > ours.facts["steps"]
    assert ours.facts["rejections"] == 0
    options = {"tau": 0.04, "quantiles": 500}
    other = wg.solve(problem, "quantile_jko", cells=120, until=0.08, options=options, snapshots=[])
    apart = ours.grid.integrate(np.abs(ours.density - other.density))
    assert apart < 0.02
    moved = [float(np.nansum(s.history["movement"])) for s in (ours, other)]
    assert moved[0] == pytest.approx(moved[1], rel=0.02)


def test_attraction_in_the_plane() -> None:
    errors = []
    for cells, tau in ((24, 0.1), (48, 0.05)):
        solution = run(case("quadratic_attraction", dimension=2), cells, 0.4, tau=tau)
        keeps_its_laws(solution)
        errors.append(solution.summary()["errors"]["L1"])
    assert 1.6 < errors[0] / errors[1] < 3.2
    assert errors[1] < 0.015


@pytest.mark.parametrize("entropic", [False, True])
def test_rest_in_a_potential(entropic: bool) -> None:
    """At rest the porous medium is (C - V)_+ with pi C² = 1, and with noise it is e^-2V."""
    term = wg.Entropy(0.5) if entropic else wg.PowerLaw(0.5, 2.0)
    problem = wg.Problem(PLANE, wg.Confinement(1.0) + term, initial=disc)
    solution = run(problem, 48, 12.0, tau=0.3)
    keeps_its_laws(solution)
    x, y = solution.grid.coordinates
    square = x**2 + y**2
    height = math.sqrt(1 / math.pi)
    exact = np.exp(-square) if entropic else np.maximum(height - square / 2, 0.0)
    exact /= solution.grid.integrate(exact)
    assert solution.grid.integrate(np.abs(solution.density - exact)) < 2e-3
    assert solution.history["movement"][-1] < 1e-8


def test_a_long_run_comes_to_rest() -> None:
    """The Boltzmann density, and no step is done in halves."""
    for cells in (25, 50):
        problem = wg.Problem(
            wg.Box((-8, 8)),
            wg.Confinement(1.0) + wg.Entropy(1.0),
            initial=lambda x: np.exp(-((x - 1) ** 2) / 2),
        )
        solution = run(problem, cells, 20.0, tau=0.5)
        keeps_its_laws(solution)
        assert solution.facts["rejections"] == 0
        exact = np.exp(-(solution.grid.coordinates[0] ** 2) / 2)
        exact /= solution.grid.integrate(exact)
        # that of the grid is exact at the centres
        assert solution.grid.integrate(np.abs(solution.density - exact)) < 1e-6


@pytest.mark.parametrize("tau", [0.1, 1000.0])
def test_a_start_at_rest_stays(tau: float) -> None:
    well = wg.Potential(lambda x: (x**2 - 1) ** 2 / 2 + 0.3 * x)
    start = lambda x: np.exp(-((x**2 - 1) ** 2) - 0.6 * x)  # noqa: E731
    problem = wg.Problem(wg.Box((-3, 3)), well + wg.Entropy(0.5), initial=start)
    solution = run(problem, 150, 20 * tau, tau=tau)
    keeps_its_laws(solution)
    exact = start(solution.grid.coordinates[0])
    exact /= solution.grid.integrate(exact)
    assert solution.grid.integrate(np.abs(solution.density - exact)) < 1e-4


def test_an_obstacle_is_empty_and_passed() -> None:
    def potential(x: wg.Array, y: wg.Array) -> wg.Array:
        return np.where(x**2 + (y - 1) ** 2 < 0.3, 1e6, 2 * y)

    energy = wg.Potential(potential) + wg.PowerLaw(0.5, 2.0)
    start = lambda x, y: 1.0 * ((x - 0.2) ** 2 + (y - 2.2) ** 2 < 0.4)  # noqa: E731
    problem = wg.Problem(PLANE, energy, initial=start)
    solution = run(problem, 48, 2.0, tau=0.1, obstacle=1e5)
    keeps_its_laws(solution)
    x, y = solution.grid.coordinates
    assert np.all(solution.density[potential(x, y) > 1e5] == 0)
    assert solution.grid.integrate(solution.density * (y < 0.4)) > 0.7


def test_all_exponents_of_the_law_at_long_steps() -> None:
    for term, tau in itertools.product(
        (wg.Entropy(0.5), wg.PowerLaw(0.5, 1.5), wg.PowerLaw(0.5, 4.0)), (0.3, 5.0)
    ):
        problem = wg.Problem(PLANE, wg.Confinement(1.0) + term, initial=disc)
        keeps_its_laws(run(problem, 24, 3 * tau, tau=tau))


def test_a_potential_that_moves_and_a_tolerance() -> None:
    moving = wg.Potential(lambda t, x: (x - np.sin(3 * t)) ** 2 / 2, time_dependent=True)
    problem = wg.Problem(
        wg.Box((-5, 5)), moving + wg.Entropy(0.5), initial=lambda x: np.exp(-(x**2))
    )
    solution = run(problem, 80, 0.3, tolerance=1e-3)
    keeps_its_laws(solution)
    mean = problem_mean(0.3)
    x = solution.grid.coordinates[0]
    assert solution.grid.integrate(x * solution.density) == pytest.approx(mean, abs=0.02)


def problem_mean(t: float) -> float:
    """Solve m' = sin(3t) - m from 0."""
    return (math.sin(3 * t) - 3 * math.cos(3 * t) + 3 * math.exp(-t)) / 10


# --- what is refused ---------------------------------------------------------------------------


def test_what_does_not_fit_is_refused() -> None:
    def bump(*x: wg.Array) -> wg.Array:
        return np.exp(-sum(c**2 for c in x))

    box, noise = wg.Box((-1, 1)), wg.Entropy(1.0)
    clustered = wg.Axis(-1, 1, stretch=wg.Clustered(-1, 1, around=0.0, scale=0.2))
    for domain, energy, options, match in [
        (wg.Box(wg.Axis(0, 1, radial=3)), noise, {}, "radial"),
        (wg.Box(clustered), noise, {}, "unequal"),
        (box, wg.Confinement(1.0), {}, "Entropy or a PowerLaw"),
        (box, noise + wg.PowerLaw(1.0, 2.0), {}, "one entropy, or power laws"),
        (box, wg.PowerLaw(1.0, 0.5), {}, "m = 0.5"),
        (box, noise, {"gap": 0.0}, "gap = 0"),
        (box, noise, {"iterations": 0}, "iterations = 0"),
        (box, noise, {"obstacle": -1.0}, "closes all cells"),
        (box, noise, {"tau": 0.1, "dt": 0.1}, "one of the two"),
    ]:
        with pytest.raises(wg.InputError, match=match):
            run(wg.Problem(domain, energy, initial=bump), 20, 0.1, **options)
    with pytest.raises(wg.SolverError, match="duality gap"):
        run(wg.Problem(box, noise, initial=bump), 20, 0.1, tau=0.1, gap=1e-9, iterations=1)


def test_mass_in_closed_cells_is_refused() -> None:
    energy = wg.Confinement(1.0) + wg.Entropy(1.0)
    problem = wg.Problem(wg.Box((-4, 4)), energy, initial=lambda x: 1.0 * (np.abs(x) < 2))
    with pytest.raises(wg.InputError, match=r"obstacle = 0.5: .* mass of 0.5 out of 1 at t = 0"):
        run(problem, 80, 0.1, tau=0.1, obstacle=0.5)
    assert run(problem, 80, 0.1, tau=0.1, obstacle=2.0).status == "finished"


def test_a_mesh_is_refused() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    mesh = wg.Mesh.from_simplices(points, np.array([[0, 1, 2], [1, 3, 2]]))
    problem = wg.Problem(mesh.box, wg.Entropy(1.0), initial=lambda x, y: 1.0 + x)
    with pytest.raises(wg.InputError, match="cells of a box: on a mesh use"):
        run(problem, mesh, 0.1)
