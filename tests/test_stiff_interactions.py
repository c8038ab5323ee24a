"""Interactions that repel bound explicit steps as diffusion does, also where nothing moves."""

from __future__ import annotations

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import advance
from wgflow.catalog import load
from wgflow.energies import DiscreteEnergy
from wgflow.energies.base import Energy, Term
from wgflow.networks import (
    EmpiricalData,
    Huber,
    Logistic,
    Loss,
    Ridge,
    SmoothHinge,
    Square,
    activation,
    empirical_features,
)

CIRCLE = wg.Box(wg.Axis(-np.pi, np.pi, periodic=True))
WAVES = wg.FeatureInteraction(
    lambda x: np.stack([f(k * x) for k in range(1, 9) for f in (np.cos, np.sin)]), np.ones(16)
)


def logarithm(*x: wg.Array) -> wg.Array:
    values: wg.Array = -np.log(sum(c**2 for c in x)) / 2
    return values


LOG = wg.Interaction(logarithm, singular=True)


def variation(density: wg.Array) -> float:
    return float(np.abs(np.diff(density, prepend=0.0, append=0.0)).sum())


@pytest.mark.parametrize(("solver", "limit"), [("upwind", 3e-3), ("muscl", 1.4e-3)])
def test_a_singular_gas_comes_to_rest_without_ripples(solver: str, limit: float) -> None:
    problem = load("cases", "log_gas").problem()
    for cells in (100, 200):
        solution = wg.solve(problem, solver, cells=cells, until=2.0, snapshots=[1.0, 1.5])
        assert solution.facts["energy_max_increase"] < 0
        for time, density in zip(solution.times, solution.densities, strict=True):
            exact = solution.grid.average(lambda x, t=time: problem.exact(t, x))
            assert variation(density) == pytest.approx(variation(exact), rel=0.01)
        assert solution.grid.integrate(np.abs(density - exact)) < limit * 100 / cells


def test_smooth_features_come_to_rest_without_ripples() -> None:
    """Every energy is at least that of the uniform density, which only these steps come to."""
    problem = wg.Problem(
        CIRCLE, WAVES, initial=lambda x: 1 + 0.5 * np.cos(x) + 0.4 * np.sin(3 * x), until=10.0
    )
    for solver in ("upwind", "muscl"):
        facts = wg.solve(problem, solver, cells=100, snapshots=[]).facts
        assert facts["energy_max_increase"] < 1e-12
        assert facts["steps"] < 1000


@pytest.mark.parametrize(
    ("term", "box", "cells"),
    [
        (LOG, wg.Box((-2, 2)), 40),
        (LOG, wg.Box((-1, 1), wg.Axis(-1, 1, periodic=True)), (9, 12)),
        (wg.Interaction(lambda x: np.exp(-abs(x)) - abs(x), singular=True), CIRCLE, 32),
        (wg.PolynomialInteraction({4: 0.25, 2: -2.0}), wg.Box((-1, 1), (-1, 1)), (8, 7)),
        (WAVES, CIRCLE, 50),
        (WAVES, wg.Box(wg.Axis(0, 3, stretch=wg.Clustered(0, 3, 1.0, 0.5))), 30),
    ],
)
def test_the_bound_is_that_of_the_matrix(
    term: Term, box: wg.Box, cells: int | tuple[int, ...]
) -> None:
    grid = wg.Grid(box, cells)
    energy = DiscreteEnergy(term, grid)
    flat = np.ones(grid.shape)
    exact = largest_rate(energy, grid, flat)
    assert 0.99 * exact < energy.stiffness(flat) < 1.06 * exact
    random = np.random.default_rng(7).random(grid.shape)
    for density in (random, random**20):
        assert largest_rate(energy, grid, density) < 1.01 * energy.stiffness(density)


def largest_rate(energy: DiscreteEnergy, grid: wg.Grid, density: wg.Array) -> float:
    """Largest eigenvalue of -∇·(m ∇ U) with the larger density beside each face as m."""

    def moved(potential: wg.Array) -> wg.Array:
        change = np.zeros(grid.shape)
        for axis in range(grid.dimension):
            distances = grid.along(grid.face_distances(axis), axis)
            mobility = np.maximum(*grid.beside(density, axis))
            flux = -mobility * grid.difference(potential, axis) / distances
            change += grid.face_divergence(flux, axis)
        return change

    units = np.eye(grid.size).reshape(-1, *grid.shape)
    images = [moved(energy.drift_change(density, unit)).ravel() for unit in units]
    return float(np.linalg.eigvals(np.array(images)).real.max())


@pytest.mark.parametrize(
    "term", [wg.Interaction(lambda x: np.log(abs(x)), singular=True), wg.Confinement(1.0)]
)
def test_what_does_not_repel_costs_no_step(term: Term) -> None:
    grid = wg.Grid(wg.Box((-2, 2)), 50)
    repulsion = DiscreteEnergy(LOG, grid).stiffness(np.ones(50))
    assert 0 <= DiscreteEnergy(term, grid).stiffness(np.ones(50)) < 0.01 * repulsion


def test_features_of_a_concentrated_density_cost_few_steps() -> None:
    """The largest density grows with the cells, the trace does not."""
    bounds = []
    for cells in (100, 1000):
        grid = wg.Grid(CIRCLE, cells)
        density = np.zeros(cells)
        density[cells // 2] = 1 / grid.volume(0)
        bounds.append(DiscreteEnergy(WAVES, grid).stiffness(density))
    # twice the mass times the sum of k² from 1 to 8, less what differences lose
    assert 390 < bounds[0] < bounds[1] < 408


@pytest.mark.parametrize("loss", [Square(), Logistic(), SmoothHinge(0.3), Huber(0.4)])
def test_a_loss_is_taken_where_it_is_most_curved(loss: Loss) -> None:
    """The bound holds wherever the mass is, and without it at some place it is sharp."""
    inputs = np.random.default_rng(7).normal(size=(20, 1))
    data = EmpiricalData(inputs, np.sign(inputs[:, 0]))
    grid = wg.Grid(wg.Box((-2, 2)), 40)
    energy = DiscreteEnergy(
        wg.Risk(empirical_features(Ridge(activation("tanh")), data, loss)), grid
    )
    shares = []
    for middle in (-1.5, -0.5, 0.0, 0.5, 1.5):
        density = np.exp(-8 * (grid.centers[0] - middle) ** 2)
        density /= grid.integrate(density)
        shares.append(largest_rate(energy, grid, density) / energy.stiffness(density))
    assert 0.2 < max(shares) < 1


@pytest.mark.parametrize("method", [wg.SSPRK2, wg.SSPRK3])
def test_a_given_step_above_the_bound_is_refused(method: type[wg.SSPRK2 | wg.SSPRK3]) -> None:
    """At rest no cell is emptied, and the bound is that of the interaction alone."""
    problem = wg.Problem(CIRCLE, WAVES, initial=np.ones(50), until=1.0)
    space = wg.FiniteVolume(problem, wg.Grid(CIRCLE, 50), wg.Upwind())
    density = space.initial_density()
    assert space.rate(density, 0.0).emptying < 1e-12
    bound = 1 / space.decay(density, 0.0)
    method(space, dt=0.99 * bound).step(density, 0.0, 1.0)
    with pytest.raises(wg.StabilityError, match="above the stability bound"):
        method(space, dt=1.01 * bound).step(density, 0.0, 1.0)


def test_stabilized_steps_take_more_stages() -> None:
    """Noise dies out in long steps if they have the stages that the kernel asks for."""
    box = wg.Box(wg.Axis(-1, 1, periodic=True))
    kernel = wg.Interaction(lambda x: -20 * np.log(abs(np.sin(np.pi * x / 2))), singular=True)
    energy: Energy = kernel + wg.Entropy(0.01)
    noise = 1 + 0.01 * np.random.default_rng(7).standard_normal(128)
    problem = wg.Problem(box, energy, initial=noise, until=1.0)
    space = wg.FiniteVolume(problem, wg.Grid(box, 128), wg.ScharfetterGummel())
    density = space.initial_density()
    stepper = wg.RKL2(space, dt=0.05)
    assert 0.02 * space.decay(density, 0.0) > 5  # of Euler steps in the shortest
    assert np.ptp(advance(stepper, 0.5)) < np.ptp(density) / 50
