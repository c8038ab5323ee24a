"""Transport between the cells of a grid, between walls and around circles."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import wgflow as wg
from wgflow.steppers.jko.waves import Waves
from wgflow.transport import CellTransport

rng = np.random.default_rng(7)


@pytest.mark.parametrize("around", [False, True])
@pytest.mark.parametrize("shift", [(0.3,), (-2.6,), (0.7, -0.2), (1.9, 3.4), (0.4, -1.2, 0.9)])
def test_a_translation_is_exact(shift: tuple[float, ...], around: bool) -> None:
    """Mean and cost of a translation by any part of a cell, in any dimension, over the seam too."""
    shape, widths, length = (24, 21, 23)[: len(shift)], (0.5, 0.3, 0.4)[: len(shift)], 0.7
    density = np.zeros(shape)
    density[tuple(slice(9, 14) for _ in shape)] = rng.random((5,) * len(shape))
    potential = np.zeros(shape)
    index = np.indices(shape)
    for k, (s, h) in enumerate(zip(shift, widths, strict=True)):
        potential -= s * h * h / length * index[k]
    axes, seam = tuple(range(len(shape))), (-11,) * len(shape) if around else (0,) * len(shape)
    transport = CellTransport(
        np.roll(density, seam, axes), widths, length, tilted=False, periodic=[around] * len(shape)
    )
    moved, cost = transport.push(np.roll(potential, seam, axes))
    moved = np.roll(moved, tuple(-k for k in seam), axes)
    mass = density.sum()
    assert moved.sum() == pytest.approx(mass, rel=1e-14)
    for k, s in enumerate(shift):
        change = (index[k] * (moved - density)).sum() / mass
        assert change == pytest.approx(s, abs=1e-12)
    way = sum((s * h) ** 2 for s, h in zip(shift, widths, strict=True))
    assert cost == pytest.approx(mass * way / (2 * length), rel=1e-12)


@pytest.mark.parametrize("around", [False, True])
@pytest.mark.parametrize("length", [0.1, 0.6, 4.0])
def test_the_envelope_is_that_of_all_pairs(length: float, around: bool) -> None:
    """Against sums over many points in each cell, on a line with rough potentials and tilts."""
    n, points, h = 12, 4000, 0.5
    density, potential = rng.random(n), rng.standard_normal(n)
    potential[4] = np.inf
    place = (np.arange(points) + 0.5) / points - 0.5
    x = np.arange(n)[:, None] + place
    below, above = density - np.roll(density, 1), np.roll(density, -1) - density
    same = below * above > 0
    if not around:
        same[[0, -1]] = False
    slopes = np.zeros(n)
    slopes[same] = 2 * below[same] * above[same] / (below + above)[same]
    weight = (density[:, None] + slopes[:, None] * place) / points
    assert weight.min() > 0
    way = x[..., None] - np.arange(n)
    if around:
        way = (way + n / 2) % n - n / 2
    square = h * h * way**2 / (2 * length)
    target = (potential + square).argmin(axis=-1)
    brute = np.bincount(target.ravel(), weight.ravel(), minlength=n)
    taken = np.take_along_axis(square, target[..., None], -1)[..., 0]
    moved, cost = CellTransport(density, (h,), length, periodic=[around]).push(potential)
    np.testing.assert_allclose(moved, brute, atol=12 / points)
    staying = h * h * density.sum() / (24 * length)
    assert cost == pytest.approx((weight * taken).sum() - staying, abs=12 / points)
    assert moved[4] == 0


@pytest.mark.parametrize(
    ("shape", "around"),
    [
        ((30,), (False,)),
        ((30,), (True,)),
        ((12, 9), (True, False)),
        ((12, 9), (False, True)),
        ((6, 7, 5), (False, False, False)),
        ((6, 7, 5), (True, True, False)),
    ],
)
def test_the_dual_is_concave_and_its_gradient_is_the_push_forward(
    shape: tuple[int, ...], around: tuple[bool, ...]
) -> None:
    widths = (0.4, 0.3, 0.5)[: len(shape)]
    transport = CellTransport(rng.random(shape), widths, 0.3, periodic=around)

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


@pytest.mark.parametrize("around", list(itertools.product((False, True), repeat=3)))
def test_waves_invert_the_laplacian(around: tuple[bool, ...]) -> None:
    shape, widths = (6, 7, 4), (0.4, 0.3, 0.5)
    right = rng.standard_normal(shape)
    found = Waves(shape, widths, around).solve(right.copy(), 0.3, 0.7)
    left = 0.3 * found
    for axis, h in enumerate(widths):
        edge = [(1, 1) if k == axis else (0, 0) for k in range(3)]
        beside = np.pad(found, edge, mode="wrap" if around[axis] else "edge")
        left -= 0.7 * np.diff(beside, 2, axis=axis) / h**2
    np.testing.assert_allclose(left, right, atol=1e-12)
