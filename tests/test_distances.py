"""Distances between densities, against closed forms and brute force."""

from __future__ import annotations

import numpy as np
import pytest

import wgflow as wg
from wgflow._typing import Array
from wgflow.distances import NORMS, available, distance, wasserstein1, wasserstein2

LINE = wg.Grid(wg.Box((-8, 8)), 800)
RING = wg.Grid(wg.Box(wg.Axis(0, 1, periodic=True)), 50)


def normal(grid: wg.Grid, mean: float, deviation: float) -> Array:
    density = grid.average(lambda x: np.exp(-(((x - mean) / deviation) ** 2) / 2))
    return density / grid.integrate(density)


def test_pointwise_norms() -> None:
    grid = wg.Grid(wg.Box((0, 2), (0, 1)), (4, 5))
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 4, 5))
    gap = np.abs(first - second)
    assert distance("L1", first, second, grid) == pytest.approx(gap.sum() / 10)
    assert distance("L2", first, second, grid) == pytest.approx(np.sqrt((gap**2).sum() / 10))
    assert distance("Linf", first, second, grid) == gap.max()


@pytest.mark.parametrize("name", NORMS)
def test_a_distance_is_zero_symmetric_and_positive(name: str) -> None:
    first, second = normal(LINE, 0.3, 0.5), normal(LINE, -0.2, 1.0)
    assert distance(name, first, first, LINE) == 0
    there, back = distance(name, first, second, LINE), distance(name, second, first, LINE)
    assert there == pytest.approx(back, rel=1e-12)
    assert there > 0.1


@pytest.mark.parametrize("shift", [0.02, 0.5, 3.0])
def test_translation(shift: float) -> None:
    """Both distances of a translate by whole cells are the shift, exactly."""
    first, second = normal(LINE, -1.0, 0.6), normal(LINE, -1.0 + shift, 0.6)
    assert wasserstein1(first, second, LINE) == pytest.approx(shift, rel=1e-10)
    assert wasserstein2(first, second, LINE) == pytest.approx(shift, rel=1e-7)


def test_gaussians() -> None:
    """W2² = (m1 - m2)² + (s1 - s2)², by the formula of Bures in one dimension."""
    first, second = normal(LINE, 0.5, 0.4), normal(LINE, -1.0, 1.1)
    expected = np.hypot(1.5, 0.7)
    assert wasserstein2(first, second, LINE) == pytest.approx(expected, rel=2e-4)
    coarse = wg.Grid(wg.Box((-8, 8)), 400)
    error = abs(wasserstein2(normal(coarse, 0.5, 0.4), normal(coarse, -1, 1.1), coarse) - expected)
    fine = abs(wasserstein2(first, second, LINE) - expected)
    assert 1.7 < np.log2(error / fine) < 2.3


def test_densities_with_gaps_on_uneven_cells() -> None:
    """Two blocks against one, by hand: half the mass moves 2, half stays."""
    grid = wg.Grid(wg.Box((0, 4)), 4, [np.array([0, 1, 2, 3.5, 4])])
    split = np.array([0.5, 0.0, 0.0, 1.0])  # masses ½, 0, 0, ½
    one = np.array([1.0, 0.0, 0.0, 0.0])
    # quantiles: u < ½ at 2u against u; u > ½ at 3.5 + (u - ½) against u
    assert wasserstein1(split, one, grid) == pytest.approx(1 / 8 + 1.5, rel=1e-14)
    assert wasserstein2(split, one, grid) == pytest.approx(np.sqrt(1 / 24 + 4.5), rel=1e-14)


def test_distance_that_crosses_within_a_cell() -> None:
    """F - G = x - ½ on (0, 1) after a step: the modulus is integrated exactly, ¼ + …"""
    grid = wg.Grid(wg.Box((0, 3)), 3)
    first, second = np.array([0.5, 0.0, 0.5]), np.array([0.0, 1.0, 0.0])
    # the difference rises to ½ on (0,1), falls to -½ on (1,2), rises to 0 on (2,3)
    assert wasserstein1(first, second, grid) == pytest.approx(0.25 + 0.25 + 0.25, rel=1e-14)


def test_around_a_periodic_axis() -> None:
    """Mass moves the short way, through the ends."""
    first, second = np.zeros(50), np.zeros(50)
    first[2], second[47] = 50.0, 50.0
    assert wasserstein1(first, second, RING) == pytest.approx(0.1, rel=1e-12)
    second = np.roll(first, 25)
    # opposite blocks of width 0.02: each half goes its own way round, half a width less
    assert wasserstein1(first, second, RING) == pytest.approx(0.49, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_periodic_distance_is_the_least_over_shifts(seed: int) -> None:
    """Against the minimum over a fine search of the constant, on uneven cells."""
    rng = np.random.default_rng(seed)
    edges = np.concatenate([[0], np.cumsum(rng.uniform(0.1, 1, 8))])
    edges /= edges[-1]
    grid = wg.Grid(wg.Box(wg.Axis(0, 1, periodic=True)), 8, [edges])
    first, second = rng.random((2, 8))
    first, second = first / grid.integrate(first), second / grid.integrate(second)
    gap = np.concatenate([[0], np.cumsum((first - second) * grid.widths[0])])
    points = np.linspace(0, 1, 4001)
    curve = np.interp(points, edges, gap)
    shifts = np.linspace(gap.min(), gap.max(), 2001)
    brute = min(float(np.trapezoid(np.abs(curve - c), points)) for c in shifts)
    assert wasserstein1(first, second, grid) == pytest.approx(brute, rel=1e-5)


def test_rotation_invariance_on_the_circle() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.random((2, 50))
    first, second = first / RING.integrate(first), second / RING.integrate(second)
    value = wasserstein1(first, second, RING)
    for turn in (1, 17, 25):
        turned = wasserstein1(np.roll(first, turn), np.roll(second, turn), RING)
        assert turned == pytest.approx(value, rel=1e-10)


def test_availability() -> None:
    plane = wg.Grid(wg.Box((0, 1), (0, 1)), 4)
    assert available(LINE) == ["L1", "L2", "Linf", "W1", "W2"]
    assert available(RING) == ["L1", "L2", "Linf", "W1", "W2"]
    assert available(plane) == ["L1", "L2", "Linf", "W1", "W2"]
    torus = wg.Grid(wg.Box(*[wg.Axis(0, 1, periodic=True)] * 2), 4)
    assert available(torus) == ["L1", "L2", "Linf"]
    flat = np.ones((4, 4))
    for name in ("W1", "W2"):
        with pytest.raises(wg.InputError, match="axes that are not periodic"):
            distance(name, flat, flat, torus)
    with pytest.raises(wg.InputError, match=r"norm 'l1' is not known: use L1, "):
        distance("l1", flat, flat, plane)
