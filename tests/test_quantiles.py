"""Quantiles of a density: conversions that keep mass, energies with their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import NEURON, refuses
from wgflow.distances import distance
from wgflow.quantiles import Line, QuantileEnergy, Quantiles, density_of, quantiles_of
from wgflow.quantiles._kernels import nearest_ordered
from wgflow.quantiles.conversion import weights_of

CIRCLE = wg.Axis(-np.pi, np.pi, periodic=True)
AXES = {
    "plain": wg.Axis(-3, 3),
    "stretched": wg.Axis(-3, 3, stretch=wg.Clustered(-3, 3, around=0.5, scale=1.0)),
    "circle": CIRCLE,
    "radial": wg.Axis(0, 6, radial=3),
}


def made(axis: wg.Axis, cells: int) -> tuple[wg.Grid, Line]:
    grid = wg.Grid(wg.Box(axis), cells)
    return grid, Line.of(grid)


# --- conversions -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", AXES)
@pytest.mark.parametrize("straddle", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_mass_is_kept_both_ways(name: str, straddle: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid, line = made(AXES[name], 37)
    density = 3.0 * rng.random(37) * (rng.random(37) < 0.6) * 10.0 ** rng.integers(-9, 1, 37)
    mass = grid.integrate(density)
    found = quantiles_of(density, line, 200, straddle)
    assert np.all(np.diff(found.positions) > 0)
    assert found.masses.min() >= 0
    assert len(found.masses) == len(found.positions) - (not line.periodic)
    assert found.masses.sum() == pytest.approx(mass, rel=1e-14)
    assert found.weights.sum() == pytest.approx(mass, rel=1e-14)
    back = density_of(found, line)
    assert back.min() >= 0
    assert grid.integrate(back) == pytest.approx(mass, rel=1e-14)
    if not straddle:  # nothing but a negligible share enters the gaps
        assert grid.integrate(back * (density == 0)) <= 1e-12 * mass


@pytest.mark.parametrize("name", AXES)
def test_round_trip_is_of_second_order(name: str) -> None:
    errors, least = [], []
    for cells in (50, 100, 200):
        grid, line = made(AXES[name], cells)
        density = grid.average(lambda x: np.exp(-((x - 1.0) ** 2) / 0.4) + 0.1)
        found = quantiles_of(density, line, 4 * cells)
        errors.append(grid.integrate(np.abs(density_of(found, line) - density)))
        least.append(found.masses.min())
    assert 1.7 < np.log2(errors[1] / errors[2]) < 2.4, errors
    assert errors[2] < 5e-4
    assert min(least) > 0


def test_conversion_moves_little() -> None:
    grid, line = made(AXES["plain"], 60)
    density = grid.average(lambda x: np.exp(-4 * x**2))
    back = density_of(quantiles_of(density, line, 1000), line)
    assert distance("W2", back, density, grid) < 1e-3


def test_gaps_of_the_support_lie_between_two_quantiles() -> None:
    _, line = made(wg.Axis(0, 6), 6)
    density = np.array([0.0, 0.5, 0.0, 0.0, 0.5, 0.0])
    found = quantiles_of(density, line, 8)
    (gap,) = np.flatnonzero(found.masses == 0)
    assert found.positions[[0, gap, gap + 1, -1]].tolist() == [1.0, 2.0, 4.0, 5.0]
    assert np.count_nonzero(quantiles_of(density, line, 8, straddle=True).masses == 0) == 0


def test_points_go_to_their_cells() -> None:
    _, line = made(wg.Axis(0, 4), 4)
    found = density_of(Quantiles(np.array([1.5, 1.5, 4.0, 4.0]), np.array([0.5, 0.25, 0.25])), line)
    np.testing.assert_allclose(found, [0, 0.5 + 0.05, 0.1, 0.1 + 0.25], atol=1e-15)


def test_intervals_go_around_the_circle() -> None:
    _, line = made(wg.Axis(0, 4, periodic=True), 4)
    # turned by one and a half periods: what lay in [0, 2] lies in [6, 8], which is [2, 4]
    found = density_of(Quantiles(np.array([7.0, 8.5]), np.array([0.6, 0.4])), line)
    np.testing.assert_allclose(found, [0.2 + 0.08, 0.16, 0.16, 0.4], atol=1e-15)


def test_nearest_ordered_sequence() -> None:
    found = nearest_ordered(
        np.array([1.0, 3.0, 2.0, 2.0, 5.0, 4.0]), np.array([1, 2, 1, 1, 1, 3.0])
    )
    np.testing.assert_allclose(found, [1, 2.5, 2.5, 2.5, 4.25, 4.25])
    rng = np.random.default_rng(0)
    for _ in range(20):
        values, weights = rng.normal(size=30), rng.random(30) + 0.1
        best = nearest_ordered(values, weights)
        assert np.all(np.diff(best) >= 0)
        for other in (np.sort(values), np.sort(best + 0.1 * rng.normal(size=30)), 1.01 * best):
            # the cone is convex: the way to any other ordered sequence ascends
            assert weights @ ((best - values) * (other - best)) >= -1e-12


# --- energies ----------------------------------------------------------------------------------

RADIUS = AXES["radial"]
LINE = AXES["plain"]
ENERGIES: dict[str, tuple[Any, wg.Axis]] = {
    "potential": (wg.Potential(lambda x: np.sin(2 * x)), LINE),
    "confinement": (wg.Confinement(1.7), LINE),
    "entropy": (wg.Entropy(0.7), LINE),
    "entropy-circle": (wg.Entropy(0.7), CIRCLE),
    "entropy-radial": (wg.Entropy(0.7), RADIUS),
    "entropy-radial-40": (wg.Entropy(0.7), wg.Axis(0, 6, radial=40)),
    "porous": (wg.PowerLaw(0.7, 2.0), LINE),
    "fast": (wg.PowerLaw(0.7, 0.5), LINE),
    "porous-radial": (wg.PowerLaw(0.7, 3.0), RADIUS),
    "risk": (NEURON, CIRCLE),
    "features": (wg.FeatureInteraction(lambda x: (np.cos(x), np.sin(3 * x)), [1.0, -0.5]), RADIUS),
    "polynomial": (wg.PolynomialInteraction({4: 0.25, 2: -0.5}), LINE),
    "pairs": (wg.Interaction(lambda x: np.cos(x) ** 2 + np.exp(-(x**2))), LINE),
    "pairs-circle": (wg.Interaction(lambda x: -np.cos(x)), CIRCLE),
    "log": (wg.Interaction(lambda x: -np.log(np.abs(x)), singular=True), LINE),
    "root": (wg.Interaction(lambda x: np.abs(x) ** -0.5, singular=True), LINE),
    "kink": (wg.Interaction(np.abs, singular=True), LINE),
    "mixed": (wg.Confinement(1.0) + wg.Entropy(0.3) + wg.PolynomialInteraction({2: 1.0}), LINE),
}


def bump(x: wg.Array) -> wg.Array:
    values: wg.Array = np.exp(-((np.abs(x) - 1.2) ** 2) * 2) + 0.02
    return values


def matrix(found: Any) -> wg.Array:
    """Second derivative of an expansion, in full."""
    n = len(found.gradient)
    full = np.diag(found.bands[0])
    for k in range(1, len(found.bands)):
        full += np.diag(found.bands[k, : n - k], k) + np.diag(found.bands[k, : n - k], -k)
    full += found.columns @ found.inner @ found.columns.T
    for product in found.products:
        full += np.stack([product(row) for row in np.eye(n)])
    return full


def slopes(function: Callable[[wg.Array], Any], at: wg.Array, step: float) -> wg.Array:
    rows = [
        (8 * (function(at + d) - function(at - d)) - (function(at + 2 * d) - function(at - 2 * d)))
        / (12 * step)
        for d in step * np.eye(len(at))
    ]
    return np.array(rows)


@pytest.mark.parametrize("name", ENERGIES)
def test_derivatives(name: str) -> None:
    energy, axis = ENERGIES[name]
    grid, line = made(axis, 50)
    quantiles = quantiles_of(grid.average(bump), line, 24)
    x, masses = quantiles.positions, quantiles.masses
    known = QuantileEnergy(energy, line)
    if axis is not CIRCLE:  # to stay inside when it is moved
        x = np.clip(x, line.lower + 0.01, line.upper - 0.01)
    found = known.expand(x, masses, 0.0)
    assert found.value == pytest.approx(known.value(x, masses, 0.0), rel=1e-13)
    step = 1e-3 * line.gaps(x).min()
    gradient = slopes(lambda at: known.value(at, masses, 0.0), x, step)
    scale = np.abs(found.gradient).max()
    np.testing.assert_allclose(found.gradient, gradient, atol=2e-7 * scale)
    full = matrix(found)
    second = slopes(lambda at: known.expand(at, masses, 0.0).gradient, x, step)
    np.testing.assert_allclose(full, second, atol=2e-5 * np.abs(full).max() + 1e-6 * scale)
    np.testing.assert_allclose(full, full.T, atol=1e-12 * np.abs(full).max())
    convex = matrix(known.expand(x, masses, 0.0, convex=True))
    assert np.linalg.eigvalsh(convex).min() > -1e-9 * np.abs(convex).max()


@pytest.mark.parametrize("name", sorted(set(ENERGIES) - {"entropy-radial-40", "root"}))
def test_energy_is_that_of_the_density(name: str) -> None:
    """Up to the second order of both."""
    energy, axis = ENERGIES[name]
    apart = []
    for cells in (50, 100):
        grid, line = made(axis, cells)
        power = 2 if axis is RADIUS else 0  # a density in R^3 is finite at the centre
        density = grid.average(lambda x, p=power: np.cos(x / 3) ** 2 * (1 + x**2) * x**p)
        density /= grid.integrate(density)
        quantiles = quantiles_of(density, line, 3 * cells)
        ours = QuantileEnergy(energy, line).value(quantiles.positions, quantiles.masses, 0.0)
        theirs = wg.energies.DiscreteEnergy(energy, grid).value(density, 0.0)
        # a constant of the self-energies, which moves nothing
        own = 0.5 * np.sum(quantiles.masses**2) * 0.34 if name == "log" else 0.0
        apart.append(abs(ours + own - theirs) / (1 + abs(theirs)))
    assert apart[1] < 2e-3
    assert apart[1] < 0.45 * apart[0] or apart[1] < 1e-6


def test_convexity_of_the_radial_entropy() -> None:
    """The volume of a shell is a log-concave function of its two radii."""
    for d in (1.5, 2.0, 40.0, 320.0):
        grid, line = made(wg.Axis(0, 6, radial=d), 50)
        quantiles = quantiles_of(grid.average(bump), line, 24)
        full = matrix(QuantileEnergy(wg.Entropy(1.0), line).expand(*_of(quantiles), 0.0))
        assert np.linalg.eigvalsh(full).min() > -1e-10 * np.abs(full).max()


def _of(quantiles: Quantiles) -> tuple[wg.Array, wg.Array]:
    return quantiles.positions, quantiles.masses


def test_semicircle_has_no_force_at_rest() -> None:
    """The self-energies of intervals make the logarithmic gas right to second order."""
    forces = []
    for count in (50, 100, 200):
        angle = np.linspace(0, np.pi, count + 1)
        x = -np.sqrt(2) * np.cos(angle)
        level = angle / np.pi - np.sin(2 * angle) / (2 * np.pi)
        _, line = made(wg.Axis(-2, 2), 50)
        gas = wg.Confinement(1.0) + wg.Interaction(lambda z: -np.log(np.abs(z)), singular=True)
        masses = np.diff(level)
        weights = weights_of(masses, len(x))
        gradient = QuantileEnergy(gas, line).expand(x, masses, 0.0).gradient
        # the virial of the forces, int x^2 rho - 1/2, and their mean size
        forces.append((abs(gradient @ x), float(np.abs(gradient).sum())))
        assert weights.sum() == pytest.approx(1.0)
    for coarse, fine in pairwise(forces):
        assert fine[0] < 0.3 * coarse[0]
        assert fine[1] < 0.7 * coarse[1]


# --- what is refused ---------------------------------------------------------------------------


def test_refusals() -> None:
    _, line = made(LINE, 20)
    _, circle = made(CIRCLE, 20)
    _, radius = made(RADIUS, 20)
    endless = wg.Interaction(lambda x: np.log(np.abs(x)), singular=True)
    infinite = wg.Interaction(lambda x: np.abs(x) ** -0.5)
    for energy, where, value, remedy in [
        (endless, line, "unbounded below at 0", "add an Entropy"),
        (infinite, line, "distance 0", "singular=True"),
        (wg.PolynomialInteraction({2: 1.0}), circle, "PolynomialInteraction", "Interaction"),
        (endless, radius, "radial", "FeatureInteraction"),
        (
            wg.Potential(lambda x: np.where(x > -3, x, np.inf)),
            line,
            "at -3",
            "change it or the domain",
        ),
        (wg.FeatureInteraction(lambda x: (x,), [1.0, 2.0]), line, "2 weights", "one per feature"),
    ]:
        refuses(lambda e=energy, w=where: QuantileEnergy(e, w), value, remedy)
    QuantileEnergy(endless + wg.Entropy(1.0), line)
    plane = wg.Grid(wg.Box((0, 1), (0, 1)), 4)
    refuses(lambda: Line.of(plane), "one axis", "another solver")
