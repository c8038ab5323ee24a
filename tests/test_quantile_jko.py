"""The JKO scheme on quantiles: exact steps, its energy law, its orders, concentration."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refuses
from wgflow import catalog
from wgflow.observers import State
from wgflow.solution import Solution
from wgflow.steppers.jko import QuantileJKO

LINE = wg.Box((-5, 5))
SOLVER = "quantile_jko"


def case(name: str, **parameters: Any) -> wg.Problem:
    return catalog.load("cases", name).problem(**parameters)  # type: ignore[no-any-return]


def made(problem: wg.Problem, cells: int, **options: Any) -> QuantileJKO:
    return catalog.load("solvers", SOLVER).stepper(  # type: ignore[no-any-return]
        problem, wg.Grid(problem.domain, cells), **options
    )


def run(
    problem: wg.Problem, cells: int, until: float, **options: Any
) -> tuple[QuantileJKO, Solution]:
    """Run with a stepper whose quantiles can be looked at afterwards."""
    stepper = made(problem, cells, **options)
    return stepper, wg.solve(problem, stepper, until=until, snapshots=[])


def bump(x: wg.Array) -> wg.Array:
    values: wg.Array = np.exp(-((x - 0.7) ** 2) / 0.5)
    return values


def problem(energy: Any, box: wg.Box = LINE, initial: Any = bump, **more: Any) -> wg.Problem:
    return wg.Problem(box, energy, initial=initial, **more)


def keeps_its_laws(solution: Solution) -> None:
    assert solution.status == "finished"
    assert solution.facts["mass_max_error"] < 1e-14
    assert solution.facts["minimum"] >= 0
    assert solution.facts["energy_law"] <= 1e-13 * (1 + abs(solution.facts["quantile_energy"]))


# --- one step ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("stiffness", "heat", "tau"), [(1.3, 0.7, 0.2), (0.0, 1.0, 0.5)])
def test_a_gaussian_step_is_exact(stiffness: float, heat: float, tau: float) -> None:
    """(1 + λτ)σ² - σ_n σ - τ/β = 0, to 1e-6 with 2000 quantiles, of order 2 in their number."""
    start = 0.6
    gaussian = problem(
        wg.Confinement(stiffness) + wg.Entropy(heat),
        wg.Box((-8, 8)),
        lambda x: np.exp(-(x**2) / (2 * start**2)),
    )
    one = 1 + stiffness * tau
    exact = (start + math.sqrt(start**2 + 4 * one * tau * heat)) / (2 * one)
    errors = []
    for count in (500, 1000, 2000):
        stepper = made(gaussian, 800, tau=tau, quantiles=count)
        step = stepper.step(stepper.space.initial_density(), 0.0, tau)
        assert step.dt == tau
        assert 1 < step.iterations < 8
        found = stepper.quantiles
        assert found is not None
        errors.append(abs(math.sqrt(found.weights @ found.positions**2) - exact))
    assert errors[2] < 1e-6
    assert 1.9 < math.log2(errors[0] / errors[1]) < 2.1
    assert 1.9 < math.log2(errors[1] / errors[2]) < 2.1


@pytest.mark.parametrize(
    "energy",
    [
        wg.Interaction(lambda x: 1 - np.cos(x)),
        wg.PolynomialInteraction({4: 0.25, 2: -0.5}),
        wg.Interaction(lambda x: -np.log(np.abs(x)), singular=True),
        wg.Entropy(0.1) + wg.Interaction(np.abs, singular=True),
    ],
    ids=["smooth", "polynomial", "logarithm", "kink"],
)
def test_even_kernels_keep_the_mean(energy: Any) -> None:
    stepper = made(problem(energy), 50, tau=0.05, quantiles=80)
    density, mean = stepper.space.initial_density(), []
    for _ in range(3):
        density = stepper.step(density, 0.0, 1.0).density
        found = stepper.quantiles
        assert found is not None
        mean.append(found.weights @ found.positions)
    assert np.ptp(mean) < 1e-7


# --- the energy law at steps far beyond explicit ones ------------------------------------------

WELL = wg.Potential(lambda x: (x**2 - 1) ** 2)
CIRCLE = wg.Box(wg.Axis(-np.pi, np.pi, periodic=True))
SHELLS = wg.Box(wg.Axis(0, 6, radial=40))
HARD: dict[str, wg.Problem] = {
    "gaussian": problem(wg.Confinement(1.0) + wg.Entropy(0.5)),
    "porous": problem(wg.PowerLaw(0.5, 2.0)),
    "fast": problem(wg.PowerLaw(0.5, 0.6), wg.Box(wg.Axis(-5, 5, wall=True))),
    "point": problem(wg.Confinement(1.0) + wg.Entropy(0.5), initial=np.eye(50)[25]),
    "well": problem(WELL),
    "noisy well": problem(WELL + wg.Entropy(0.1)),
    "two bumps": problem(wg.PowerLaw(1.0, 2.0), initial=lambda x: 1.0 * (abs(abs(x) - 2) < 0.5)),
    "attraction": problem(wg.Interaction(lambda x: x**4 / 4 - x**2 / 2)),
    "moments": problem(wg.PolynomialInteraction({4: 0.25, 2: -0.5})),
    "root": problem(
        wg.Confinement(1.0) + wg.Interaction(lambda x: np.abs(x) ** -0.5, singular=True)
    ),
    "repulsion": problem(wg.Interaction(lambda x: x**2 / 2 - np.abs(x), singular=True)),
    "circle": problem(wg.Entropy(0.2) + wg.Interaction(lambda x: -np.cos(x)), CIRCLE),
    "network": case("isotropic_gaussians"),
    "noisy network": case("isotropic_gaussians", beta=20.0),
    "neuron": case("cosine_neuron"),
    "many dimensions": problem(
        wg.Confinement(1.0) + wg.Entropy(0.05), SHELLS, lambda r: r**39 * np.exp(-20 * r**2)
    ),
}


@pytest.mark.parametrize("name", HARD)
def test_energy_law_at_a_hundred_explicit_steps(name: str) -> None:
    chosen = HARD[name]
    space = made(chosen, 50, tau=1.0).space
    bound = 1 / space.rate(space.initial_density(), 0.0).emptying
    tau = min(max(100 * bound, 0.05), 20.0)
    stepper, solution = run(chosen, 50, 5 * tau, tau=tau, quantiles=120)
    keeps_its_laws(solution)
    assert solution.facts["rejections"] == 0
    assert solution.facts["steps"] == 5
    found = stepper.quantiles
    assert found is not None
    assert solution.facts["energy_law"] < 0 or tau > 1
    gaps = np.diff(found.positions)
    assert gaps.min() >= 0


def test_law_with_a_moving_potential() -> None:
    """For the potential at the end of the step; the energy itself may increase."""
    moving = wg.Potential(lambda t, x: (x - np.sin(3 * t)) ** 2 / 2, time_dependent=True)
    stepper, solution = run(problem(moving), 60, 0.5, tau=0.01, quantiles=200)
    keeps_its_laws(solution)
    found = stepper.quantiles
    assert found is not None
    mean = bump(np.linspace(-5, 5, 2001)) @ np.linspace(-5, 5, 2001)
    mean /= bump(np.linspace(-5, 5, 2001)).sum()
    for k in range(1, 51):  # backward Euler
        mean = (mean + 0.01 * math.sin(3 * k * 0.01)) / 1.01
    assert found.weights @ found.positions == pytest.approx(mean, abs=1e-6)


# --- order in time -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "until"),
    [
        ("ornstein_uhlenbeck", 0.5),
        ("barenblatt", 0.1),
        ("quadratic_attraction", 0.5),
        ("desai_zwanzig", 0.5),
        ("cosine_neuron", 0.5),
    ],
)
def test_order_in_time(name: str, until: float) -> None:
    table = wg.convergence(
        case(name), SOLVER, cells=100, dt=[until / n for n in (5, 10, 20)], until=until,
        refine="time", norm="W2",
    )  # fmt: skip
    table.require(rate=1.0, within=0.1, finest_error=8e-3)


def test_order_in_time_of_the_logarithmic_gas() -> None:
    """Against the exact radius; the variance of the scheme has no other error than in time."""
    errors = []
    for steps in (4, 8, 16):
        stepper, solution = run(case("log_gas"), 50, 0.4, tau=0.4 / steps, quantiles=80)
        keeps_its_laws(solution)
        found = stepper.quantiles
        assert found is not None
        exact = (2 - math.exp(-0.8)) / 4
        errors.append(abs(found.weights @ found.positions**2 - exact))
    assert errors[2] < 6e-3
    assert 0.85 < math.log2(errors[0] / errors[1]) < 1.15
    assert 0.85 < math.log2(errors[1] / errors[2]) < 1.15


def test_steps_by_tolerance() -> None:
    errors = []
    for tolerance in (1e-3, 1e-4, 1e-5):
        _, solution = run(case("ornstein_uhlenbeck"), 100, 0.5, tolerance=tolerance)
        keeps_its_laws(solution)
        errors.append(solution.errors["W2"])
    # the local error is of order 2, that of the run of order 1
    assert errors[0] / errors[1] == pytest.approx(math.sqrt(10), rel=0.4)
    assert errors[1] / errors[2] == pytest.approx(math.sqrt(10), rel=0.4)
    assert errors[2] < 2e-3


# --- without noise: networks, characteristics, points ------------------------------------------


def test_risk_of_the_network() -> None:
    stepper, solution = run(case("isotropic_gaussians"), 800, 1.0, tau=0.005, quantiles=400)
    keeps_its_laws(solution)
    assert solution.at(1.0, "risk") == pytest.approx(1.0706, abs=1e-3)
    assert 2 * stepper.facts["quantile_energy"] == pytest.approx(1.0706, abs=1e-3)


def test_quantiles_follow_the_characteristics() -> None:
    """Of the cosine neuron tan(theta/2) falls by (1 - z)/(1 + z) against the start."""
    errors = []
    for tau in (0.02, 0.01):
        stepper = made(case("cosine_neuron"), 100, tau=tau, quantiles=200)
        density, time = stepper.space.initial_density(), 0.0
        step = stepper.step(density, time, tau)  # quantiles begin here
        assert stepper.quantiles is not None
        begun = stepper.quantiles.positions
        while time < 0.5:
            step = stepper.step(step.density, time, tau)
            time += step.dt
        first, last = 0.3 + 0.0, stepper.space.problem.reference["risk"](0.5 + tau)
        first = 0.8 - math.sqrt(stepper.space.problem.reference["risk"](tau))
        z = 0.8 - math.sqrt(last)
        shrink = (1 - z) * (1 + first) / ((1 + z) * (1 - first))
        inside = np.abs(begun) < 3.0
        expected = 2 * np.arctan(shrink * np.tan(begun[inside] / 2))
        errors.append(np.abs(stepper.quantiles.positions[inside] - expected).max())
    assert errors[1] < 6e-3
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.15)


def test_edges_of_the_support_move_with_the_flow() -> None:
    """Each quantile is divided by 1 + τ a step; nothing is smeared, however many steps."""
    box = problem(wg.Confinement(1.0), wg.Box((-2, 2)), lambda x: 1.0 * (np.abs(x) < 1))
    stepper, solution = run(box, 40, 20.0, tau=0.1, quantiles=100)
    keeps_its_laws(solution)
    found = stepper.quantiles
    assert found is not None
    exact = np.linspace(-1, 1, 101) * 1.1**-200
    np.testing.assert_allclose(found.positions, exact, rtol=1e-6, atol=1e-12)
    assert found.positions[-1] < 1e-8  # where a cell is 0.1 wide
    assert np.flatnonzero(solution.density).tolist() == [19, 20]


def test_points_stay_together_once_they_have_met() -> None:
    """W = |x| on a uniform density: all of it meets in its middle at time 1/2, not before."""
    sticky = problem(
        wg.Interaction(np.abs, singular=True), wg.Box((-2, 2)), lambda x: 1.0 * (abs(x) < 0.5)
    )
    stepper, solution = run(sticky, 40, 0.45, tau=0.05, quantiles=64)
    keeps_its_laws(solution)
    assert stepper.quantiles is not None
    positions = stepper.quantiles.positions
    # the ends keep to the last atoms' velocity, 1 minus half their mass
    assert positions[-1] == pytest.approx(0.5 - 0.45, abs=0.02)
    stepper, solution = run(sticky, 40, 1.0, tau=0.05, quantiles=64)
    keeps_its_laws(solution)
    assert stepper.quantiles is not None
    assert np.ptp(stepper.quantiles.positions) < 1e-12
    assert solution.facts["quantile_energy"] == pytest.approx(0.0, abs=1e-11)


def test_mass_stops_at_walls() -> None:
    wall = wg.Box(wg.Axis(-1, 2, wall=True))
    for energy in (wg.Potential(lambda x: 3 * x), wg.Potential(lambda x: 3 * x) + wg.Entropy(0.5)):
        stepper, solution = run(problem(energy, wall), 60, 5.0, tau=0.1, quantiles=200)
        keeps_its_laws(solution)
        found = stepper.quantiles
        assert found is not None
        assert found.positions[0] == -1.0
        assert found.positions[-1] <= 2.0
    mean = 1 / 6 - 3 / math.expm1(18)  # of exp(-6 x) on an interval of length 3
    assert found.weights @ (found.positions + 1) == pytest.approx(mean, abs=1e-4)


def test_support_may_cross_the_end_of_a_circle() -> None:
    energy = wg.Potential(lambda x: np.cos(x))  # a well at ±π
    lump = problem(energy, CIRCLE, lambda x: 1.0 * (np.abs(x - 2.0) < 0.5))
    stepper, solution = run(lump, 60, 10.0, tau=0.1, quantiles=100)
    keeps_its_laws(solution)
    assert stepper.quantiles is not None
    np.testing.assert_allclose(stepper.quantiles.positions, np.pi, atol=1e-3)
    turned = problem(
        energy, CIRCLE, lambda x: 1.0 * (np.abs(x - 2.8) < 0.5) + 1.0 * (np.abs(x + 3.48318) < 0.5)
    )
    _, solution = run(turned, 60, 10.0, tau=0.1, quantiles=100)
    assert solution.density[[0, -1]].sum() * (2 * np.pi / 60) == pytest.approx(1.0)


# --- as part of the package --------------------------------------------------------------------


def test_a_density_of_its_own_is_not_read_again() -> None:
    gaussian = problem(wg.Confinement(1.0) + wg.Entropy(0.5))
    stepper = made(gaussian, 20, tau=0.1, quantiles=50)
    first = stepper.step(stepper.space.initial_density(), 0.0, 1.0)
    assert stepper.quantiles is not None
    masses = stepper.quantiles.masses
    second = stepper.step(first.density, 0.1, 0.9)
    assert stepper.quantiles.masses is masses
    stepper.step(second.density[::-1].copy(), 0.2, 0.8)
    assert stepper.quantiles.masses is not masses


def test_words_for_the_step() -> None:
    gaussian = problem(wg.Confinement(1.0) + wg.Entropy(0.5))
    one = wg.solve(gaussian, SOLVER, cells=40, until=0.2, dt=0.05, snapshots=[])
    other = wg.solve(gaussian, SOLVER, cells=40, until=0.2, snapshots=[], options={"tau": 0.05})
    assert np.array_equal(one.density, other.density)
    assert one.facts["steps"] == 4
    given: list[tuple[dict[str, Any], str, str]] = [
        ({"dt": 0.1, "options": {"tau": 0.1}}, "tau = 0.1 and dt = 0.1", "one of the two"),
        ({"tolerance": 1e-3, "options": {"tau": 0.1}}, "tolerance = 0.001", "one of the two"),
        ({"options": {"tau": -1.0}}, "-1.0", "finite number > 0"),
        ({"options": {"tau": 1e-30}}, "tau = 1e-30", "a larger one"),
        ({"options": {"quantiles": 1}}, "quantiles = 1", "whole number >= 2"),
    ]
    for settings, value, remedy in given:
        refuses(lambda s=settings: wg.solve(gaussian, SOLVER, cells=40, **s), value, remedy)
    plane = wg.Problem(wg.Box((0, 1), (0, 1)), wg.Entropy(1.0), initial=lambda x, y: 1 + x + y)
    refuses(lambda: wg.solve(plane, SOLVER, cells=8), "one axis", "another solver")


def test_a_collapse_is_an_error_that_says_so() -> None:
    attraction = wg.Interaction(lambda x: 2 * np.log(np.abs(x)), singular=True)
    chosen = problem(wg.Entropy(0.1) + attraction)
    with pytest.raises(wg.SolverError, match=r"collapses to a point near .*reduce tau") as caught:
        wg.solve(chosen, SOLVER, cells=40, until=1.0, options={"tau": 0.1, "quantiles": 24})
    assert caught.value.solution.status == "failed"


def test_history_and_observers_see_the_run() -> None:
    seen: list[State] = []
    gaussian = problem(wg.Confinement(1.0) + wg.Entropy(0.5))
    solution = wg.solve(
        gaussian, SOLVER, cells=100, until=1.0, dt=0.1, observers=[wg.Callback(seen.append)]
    )
    assert solution.facts["iterations"] == sum(state.iterations for state in seen)
    assert solution.history["iterations"][1:].min() >= 1
    energy = solution.history["energy"]
    assert np.all(np.diff(energy) < 0)
    assert energy[-1] == pytest.approx(solution.facts["quantile_energy"], abs=1e-4)
    assert solution.facts["quantiles"] <= 1001


def test_the_history_tells_of_the_energy_law() -> None:
    """Every row sums up what was moved since the one before, and the summary has the worst."""
    chosen = case("quadratic_attraction")
    stepper = made(chosen, 40, tau=0.05)
    energies: list[float] = []

    class Watch(wg.Observer):
        def update(self, state: State) -> None:
            energies.append(stepper.facts["quantile_energy"])

    solution = wg.solve(chosen, stepper, until=0.5, observers=[Watch()])
    moved, excess = solution.history["movement"], solution.history["energy_law"]
    assert len(moved) == 11
    assert moved[0] == excess[0] == 0
    assert np.all(moved[1:] > 0)
    np.testing.assert_allclose(np.diff(energies), (excess - moved)[2:], atol=1e-14)
    assert solution.facts["energy_law"] == excess[1:].max() == solution.summary()["energy_law"] < 0


def test_two_axes_are_refused_in_few_words() -> None:
    box = wg.Box((-1, 1), (-1, 1))
    problem = wg.Problem(box, wg.Entropy(1.0), lambda x, y: 1 + 0 * x)
    refuses(lambda: wg.solve(problem, "quantile_jko", cells=4, until=0.1), "2 axes", "another")
