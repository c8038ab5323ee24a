"""Both variations of every term, by finite differences, in one to three dimensions and radially."""

from __future__ import annotations

import numpy as np
import pytest

import wgflow as wg
from wgflow._typing import Array
from wgflow.energies.base import Term
from wgflow.networks.features import Features
from wgflow.networks.losses import Logistic

TIME, STEP = 0.3, 1e-4
WEIGHTS = np.array([1.0, -0.4, 2.0])

EQUAL = {
    "line": wg.Grid(wg.Box((-1, 2)), 9),
    "plane": wg.Grid(wg.Box((-1, 2), wg.Axis(0, 1, periodic=True)), (5, 4)),
    "space": wg.Grid(wg.Box((-1, 2), (0, 1), (0, 2)), (3, 4, 5)),
}
CLUSTERED = wg.Axis(-1, 2, stretch=wg.Clustered(-1, 2, around=0.0, scale=0.5))
PLAIN = {
    "line": EQUAL["line"],
    "stretched line": wg.Grid(wg.Box(CLUSTERED), 9),
    "stretched plane": wg.Grid(wg.Box(CLUSTERED, (0, 1)), (6, 4)),
    "space": EQUAL["space"],
}
ALL = {
    **PLAIN,
    "plane": EQUAL["plane"],
    "radial": wg.Grid(wg.Box(wg.Axis(0, 2, radial=3)), 10),
    "stretched radial": wg.Grid(
        wg.Box(wg.Axis(0, 2, radial=4, stretch=wg.Tabulated((0, 0.2, 0.7, 2)))), 10
    ),
}


def features(*x: Array) -> Array:
    total = sum((i + 1) * c for i, c in enumerate(x))
    return np.stack([np.cos(total), np.sin(total), np.cos(2 * total)])


def norm(*x: Array) -> Array:
    values: Array = np.sqrt(np.asarray(sum(c**2 for c in x)))
    return values


def smooth(*x: Array) -> Array:
    """Even, and of period 1 in each of its arguments."""
    values: Array = np.exp(np.asarray(sum(np.cos(2 * np.pi * c) for c in x)))
    return values


SIGNED = np.abs(WEIGHTS)
LOGISTIC = Features(features, features, SIGNED, SIGNED * [1, -1, 1], 1.0, Logistic())
RISK = Features(features, features, np.abs(WEIGHTS), np.array([0.3, 0.2, 0.1]), 1.0)
TERMS: list[tuple[str, Term, dict[str, wg.Grid]]] = [
    ("potential", wg.Potential(lambda *x: np.sin(np.asarray(sum(x)))), ALL),
    ("moving", wg.Potential(lambda t, *x: np.sin(t + np.asarray(sum(x))), True), ALL),
    ("confinement", wg.Confinement(0.7), ALL),
    ("entropy", wg.Entropy(0.3), ALL),
    ("porous medium", wg.PowerLaw(0.5, 2.5), ALL),
    ("fast diffusion", wg.PowerLaw(0.5, 0.6), ALL),
    ("interaction", wg.Interaction(smooth), EQUAL),
    ("singular", wg.Interaction(lambda *x: -np.log(norm(*x)), singular=True), EQUAL),
    ("polynomial", wg.PolynomialInteraction({4: 0.25, 2: -0.5}), PLAIN),
    ("features", wg.FeatureInteraction(features, WEIGHTS), ALL),
    ("risk", wg.Risk(RISK), ALL),
    ("logistic risk", wg.Risk(LOGISTIC), ALL),
]
SETTINGS = [
    pytest.param(term, grid, id=f"{name}, {where}")
    for name, term, grids in TERMS
    for where, grid in grids.items()
]


@pytest.mark.parametrize(("term", "grid"), SETTINGS)
def test_variations(term: Term, grid: wg.Grid) -> None:
    rng = np.random.default_rng(6)
    density = 0.3 + rng.random(grid.shape)
    if grid.log_reference is not None:
        density *= np.exp(grid.log_reference)
    direction = density * rng.uniform(-1, 1, grid.shape)
    ahead, back = density + STEP * direction, density - STEP * direction
    discrete = term.discretize(grid)

    first = discrete.first_variation(density, TIME)
    slope = (discrete.value(ahead, TIME) - discrete.value(back, TIME)) / (2 * STEP)
    expected = grid.integrate(first * direction)
    assert abs(expected) > 1e-6
    assert slope == pytest.approx(expected, rel=1e-6)

    second = discrete.second_variation(density, direction)
    change = discrete.first_variation(ahead, TIME) - discrete.first_variation(back, TIME)
    scale = max(float(np.abs(first).max()), 1.0)
    np.testing.assert_allclose(change / (2 * STEP), second, rtol=1e-6, atol=1e-7 * scale)
    assert discrete.interacting == bool(np.any(second))
    # symmetric: the second derivative of a function of the density
    other = density * rng.uniform(-1, 1, grid.shape)
    across = grid.integrate(other * second)
    back_across = grid.integrate(direction * discrete.second_variation(density, other))
    assert across == pytest.approx(back_across, rel=1e-9, abs=1e-12 * scale)
