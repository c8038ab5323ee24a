"""Stationary states against exact ones, and branches against known bifurcations."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from scipy.special import ive

import wgflow as wg
from wgflow import catalog
from wgflow.stationary import branch, stationary


def case(name: str) -> ModuleType:
    return catalog.load("cases", name)


def test_gibbs_density_without_interaction() -> None:
    problem = wg.Problem(
        wg.Box((-3, 3), (-2, 2)),
        wg.Potential(lambda x, y: x**4 / 4 + np.cos(y)) + wg.Entropy(0.4),
        initial=lambda x, y: np.ones(np.broadcast(x, y).shape),
    )
    state = stationary(problem, cells=40)
    x, y = state.grid.coordinates
    gibbs = np.exp(-(x**4 / 4 + np.cos(y)) / 0.4)
    gibbs /= state.grid.integrate(gibbs)
    np.testing.assert_allclose(state.density, gibbs, rtol=1e-12)
    assert state.stability == 1.0
    assert state.spread < 1e-12


def test_reference_measure_of_a_radial_axis() -> None:
    problem = wg.Problem(
        wg.Box(wg.Axis(0.0, 6.0, radial=5)),
        wg.Confinement(1.0) + wg.Entropy(0.5),
        initial=lambda r: np.exp(-(r**2)),
    )
    state = stationary(problem, cells=600)
    second = state.grid.integrate(state.density * state.grid.coordinates[0] ** 2)
    assert second == pytest.approx(5 * 0.5, rel=1e-4)


def test_quadratic_attraction_at_rest() -> None:
    problem = case("quadratic_attraction").problem(stiffness=0.5, attraction=1.0, beta=2.0)
    state = stationary(problem, cells=200)
    assert state.mean[0] == pytest.approx(0.0, abs=1e-12)
    assert state.variance[0] == pytest.approx(1 / (1.5 * 2.0), rel=1e-9)
    # the interaction -a x y of the second variation has the eigenvalue -a beta Var
    assert state.stability == pytest.approx(1 - 1.0 * 2.0 / 3.0, rel=1e-8)


def test_cosine_neuron_with_noise() -> None:
    problem = case("cosine_neuron").problem(amplitude=0.8, beta=20.0)
    state = stationary(problem, cells=200)
    assert state.moments is not None
    r = float(state.moments[0])
    assert r == pytest.approx(0.699479, abs=1e-6)
    argument = 20.0 * (0.8 - r)
    assert r == pytest.approx(float(ive(1, argument) / ive(0, argument)), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "settings"),
    [("cosine_neuron", {"beta": 20.0}), ("desai_zwanzig", {"beta": 3.0}), ("keller_segel", {})],
)
@pytest.mark.parametrize("dt", [0.01, 10.0])
def test_scharfetter_gummel_does_not_move_it(name: str, settings: dict, dt: float) -> None:
    problem = case(name).problem(**settings)
    state = stationary(problem, cells=24 if name == "keller_segel" else 100)
    solution = wg.solve(
        problem,
        "scharfetter_gummel",
        cells=state.grid.shape,
        until=5 * dt,
        dt=dt,
        density=state.density,
    )
    assert np.max(np.abs(solution.density - state.density)) < 1e-12 * max(1, state.density.max())
    assert not np.allclose(state.density, state.density.mean(), rtol=0.1)


@pytest.mark.parametrize("beta", [2.2, 3.0, 5.0])
def test_desai_zwanzig_order_parameter(beta: float) -> None:
    module = case("desai_zwanzig")
    state = stationary(module.problem(beta=beta), cells=100)
    assert state.mean[0] == pytest.approx(module.order_parameter(beta), abs=1e-7)
    assert state.stability > 0
    if beta == 3.0:
        assert state.mean[0] == pytest.approx(0.637324, abs=1e-6)


def test_symmetric_start_is_a_saddle_that_is_left() -> None:
    problem = case("desai_zwanzig").problem(beta=3.0, mean=0.0)
    saddle = stationary(problem, cells=100, stable=False)
    minimum = stationary(problem, cells=100)
    assert saddle.mean[0] == pytest.approx(0.0, abs=1e-9)
    # the second variation along x: 1 - beta Var_0
    assert saddle.stability == pytest.approx(1 - 3.0 * saddle.variance[0], abs=1e-8)
    assert saddle.stability < 0 < minimum.stability
    assert minimum.mean[0] == pytest.approx(0.637324, abs=1e-6)
    assert minimum.energy < saddle.energy


@pytest.mark.parametrize("ends", [(1.0, 4.0), (4.0, 1.0)])
def test_branch_of_desai_zwanzig(ends: tuple[float, float]) -> None:
    module = case("desai_zwanzig")
    found = branch(
        lambda beta: module.problem(beta=beta), np.linspace(*ends, 31), parameter="beta", cells=80
    )
    (critical,) = found.critical_values()
    assert critical == pytest.approx(2.188440, rel=5e-4)
    exact = [module.order_parameter(beta) for beta in found.values]
    np.testing.assert_allclose(found.order, exact, atol=1e-6)
    assert all(state.residual < 1e-10 for state in found.states)
    assert "the mean vanishes at beta = 2.18" in found.to_text()
    assert found.to_json()["critical_values"] == [critical]


def test_symmetric_branch_loses_its_stability_where_the_other_appears() -> None:
    module = case("desai_zwanzig")
    betas = [2.15, 2.18, 2.2, 2.23]
    found = branch(lambda b: module.problem(beta=b, mean=0.0), betas, cells=80, stable=False)
    stability = [state.stability for state in found.states]
    crossing = np.interp(0.0, stability[::-1], betas[::-1])
    assert crossing == pytest.approx(2.188440, rel=1e-4)
    assert found.critical_values() == []


def test_power_law_alone() -> None:
    # V = x²/2 and rho²: a parabola c - x²/4 of mass 1
    problem = wg.Problem(
        wg.Box((-3, 3)), wg.Confinement(1.0) + wg.PowerLaw(1.0, 2.0), lambda x: np.exp(-(x**2))
    )
    state = stationary(problem, cells=600)
    x = state.grid.coordinates[0]
    top = (3 / 8) ** (2 / 3)
    np.testing.assert_allclose(state.density, np.maximum(top - x**2 / 4, 0.0), atol=1e-5)
    assert state.density.min() == 0
    assert state.spread < 1e-10


def test_entropy_and_power_law_and_attraction() -> None:
    energy = wg.PolynomialInteraction({2: 0.5}) + wg.Entropy(0.3) + wg.PowerLaw(0.5, 3.0)
    problem = wg.Problem(wg.Box((-4, 4)), energy, lambda x: np.exp(-((x - 0.5) ** 2)))
    state = stationary(problem, cells=200)
    x = state.grid.coordinates[0]
    variation = (x - state.mean[0]) ** 2 / 2 + 0.3 * np.log(state.density)
    variation += 0.75 * state.density**2
    assert np.ptp(variation) < 1e-9
    assert state.grid.integrate(state.density) == pytest.approx(1.0, abs=1e-13)


def test_fast_diffusion() -> None:
    problem = wg.Problem(
        wg.Box((-3, 3)), wg.Confinement(1.0) + wg.PowerLaw(1.0, 0.5), lambda x: np.exp(-(x**2))
    )
    state = stationary(problem, cells=200)
    x = state.grid.coordinates[0]
    assert np.ptp(x**2 / 2 - state.density**-0.5) < 1e-9  # H' = m/(m-1) rho^(m-1)


def test_what_has_no_stationary_density() -> None:
    with pytest.raises(wg.InputError, match="no entropy and no power law"):
        stationary(case("transport").problem())
    moving = wg.Problem(
        wg.Box((-1, 1)),
        wg.Potential(lambda t, x: t * x, time_dependent=True) + wg.Entropy(1.0),
        initial=lambda x: np.ones_like(x),
    )
    with pytest.raises(wg.InputError, match="depends on time"):
        stationary(moving)
    problem = case("desai_zwanzig").problem()
    with pytest.raises(wg.InputError, match="shape"):
        stationary(problem, cells=50, start=np.ones(49))
    with pytest.raises(wg.InputError, match="negative"):
        stationary(problem, cells=50, start=np.full(50, -1.0))
    with pytest.raises(wg.InputError, match="no values"):
        branch(lambda beta: problem, [])
