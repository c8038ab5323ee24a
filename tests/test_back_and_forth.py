"""The JKO scheme by its dual: transport between cells, gaps, the energy law, exact solutions."""

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
from wgflow.transport import CellTransport

SOLVER = "back_and_forth"
PLANE = wg.Box((-3, 3), (-3, 3))
rng = np.random.default_rng(7)


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


# --- transport ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [(0.3,), (-2.6,), (0.7, -0.2), (1.9, 3.4), (0.4, -1.2, 0.9)])
def test_a_translation_is_exact(shift: tuple[float, ...]) -> None:
    """Mean and cost of a translation by any part of a cell, in any dimension."""
    shape, widths, length = (24, 21, 23)[: len(shift)], (0.5, 0.3, 0.4)[: len(shift)], 0.7
    density = np.zeros(shape)
    density[tuple(slice(8, 13) for _ in shape)] = rng.random((5,) * len(shape))
    potential = np.zeros(shape)
    index = np.indices(shape)
    for k, (s, h) in enumerate(zip(shift, widths, strict=True)):
        potential -= s * h * h / length * index[k]
    moved, cost = CellTransport(density, widths, length, tilted=False).push(potential)
    mass = density.sum()
    assert moved.sum() == pytest.approx(mass, rel=1e-14)
    for k, s in enumerate(shift):
        change = (index[k] * (moved - density)).sum() / mass
        assert change == pytest.approx(s, abs=1e-12)
    way = sum((s * h) ** 2 for s, h in zip(shift, widths, strict=True))
    assert cost == pytest.approx(mass * way / (2 * length), rel=1e-12)


def test_the_envelope_is_that_of_all_pairs() -> None:
    """Against sums over many points in each cell, on a line with rough potentials and tilts."""
    n, points, length, h = 12, 4000, 0.6, 0.5
    density, potential = rng.random(n), rng.standard_normal(n)
    potential[4] = np.inf
    place = (np.arange(points) + 0.5) / points - 0.5
    x = np.arange(n)[:, None] + place
    slopes = np.zeros(n)
    below, above = np.diff(density)[:-1], np.diff(density)[1:]
    same = below * above > 0
    slopes[1:-1][same] = 2 * below[same] * above[same] / (below + above)[same]
    weight = (density[:, None] + slopes[:, None] * place) / points
    assert weight.min() > 0
    square = h * h * (x[..., None] - np.arange(n)) ** 2 / (2 * length)
    target = (potential + square).argmin(axis=-1)
    brute = np.bincount(target.ravel(), weight.ravel(), minlength=n)
    way = np.take_along_axis(square, target[..., None], -1)[..., 0]
    moved, cost = CellTransport(density, (h,), length).push(potential)
    np.testing.assert_allclose(moved, brute, atol=3 / points)
    staying = h * h * density.sum() / (24 * length)
    assert cost == pytest.approx((weight * way).sum() - staying, abs=3 / points)
    assert moved[4] == 0


@pytest.mark.parametrize("shape", [(30,), (12, 9), (6, 7, 5)])
def test_the_dual_is_concave_and_its_gradient_is_the_push_forward(shape: tuple[int, ...]) -> None:
    transport = CellTransport(rng.random(shape), (0.4, 0.3, 0.5)[: len(shape)], 0.3)

    def value(potential: wg.Array) -> tuple[float, wg.Array]:
        moved, cost = transport.push(potential)
        return cost + float((moved * potential).sum()), moved

    start, direction = 0.5 * rng.standard_normal(shape), rng.standard_normal(shape)
    eps = 1e-6
    low, high = value(start - eps * direction)[0], value(start + eps * direction)[0]
    here, moved = value(start)
    slope = float((moved * direction).sum())
    assert (high - low) / (2 * eps) == pytest.approx(slope, rel=1e-6)
    ahead = value(start + direction)[0]
    assert ahead < here + slope - 1e-3
    assert moved.min() >= 0
    assert transport.push(np.full(shape, 2.0))[1] == 0  # staying costs nothing, exactly


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
    ],
)
def test_orders(name: str, variant: str) -> None:
    chosen = plan(name, SOLVER, variant)
    chosen.run().require(chosen.expected, within=0.2, finest_error=chosen.finest_error)


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
        (wg.Box(wg.Axis(0, 1, periodic=True)), noise, {}, "periodic"),
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
