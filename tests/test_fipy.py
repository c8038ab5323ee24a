"""FiPy's own terms against the package's Scharfetter-Gummel flux and backward Euler."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog
from wgflow._typing import Array

pytest.importorskip("fipy")

BETA, STIFFNESS = 2.0, 1.0


def ornstein_uhlenbeck(dimension: int, box: wg.Box | None = None) -> wg.Problem:
    mean = np.array([1.0, 0.5, 0.25])[:dimension]
    rest = 1 / (BETA * STIFFNESS)

    def density(t: float, *x: Array) -> Array:
        variance = rest + (0.25 - rest) * np.exp(-2 * STIFFNESS * t)
        total = 0.0
        for xi, m in zip(x, mean, strict=True):
            total = total + (xi - m * np.exp(-STIFFNESS * t)) ** 2
        return np.exp(-total / (2 * variance)) / (2 * np.pi * variance) ** (dimension / 2)

    return wg.Problem(
        domain=box or wg.Box(*[(-5.0, 5.0)] * dimension),
        energy=wg.Confinement(STIFFNESS) + wg.Entropy(1 / BETA),
        initial=lambda *x: density(0.0, *x),
        exact=density,
        until=0.5,
    )


def backward_euler(problem: wg.Problem, grid: wg.Grid, *, dt: float) -> wg.ImplicitEuler:
    return wg.ImplicitEuler(wg.FiniteVolume(problem, grid, wg.ScharfetterGummel()), dt=dt)


def difference(a: wg.Solution, b: wg.Solution) -> float:
    return a.grid.integrate(np.abs(a.density - b.density))


@pytest.mark.parametrize(("dimension", "cells"), [(1, 200), (2, 48), (3, 12)])
def test_agrees_with_scharfetter_gummel(dimension: int, cells: int) -> None:
    problem = ornstein_uhlenbeck(dimension)
    ours = wg.solve(problem, backward_euler, cells=cells, dt=0.05, snapshots=[])
    fipy = wg.solve(problem, "fipy", cells=cells, dt=0.05, snapshots=[])
    assert ours.facts["steps"] == fipy.facts["steps"] == 10
    assert difference(ours, fipy) < 1e-12  # measured 4e-15
    assert fipy.facts["mass_max_error"] < 1e-12
    # and the check can fail: another flux differs by far more
    upwind = wg.solve(
        problem, "fipy", cells=cells, dt=0.05, snapshots=[], options={"convection": "upwind"}
    )
    assert difference(ours, upwind) > 1e-3
    power = wg.solve(
        problem, "fipy", cells=cells, dt=0.05, snapshots=[], options={"convection": "power_law"}
    )
    assert 1e-8 < difference(ours, power) < 1e-2


def test_agrees_with_a_second_order_time_scheme_to_the_time_error() -> None:
    problem = ornstein_uhlenbeck(2)
    fine = wg.solve(problem, "scharfetter_gummel", cells=32, dt=0.5 / 400, snapshots=[])
    gaps = [
        difference(fine, wg.solve(problem, "fipy", cells=32, dt=dt, snapshots=[]))
        for dt in (0.05, 0.025)
    ]
    assert gaps[1] < 0.012
    assert 0.8 < np.log2(gaps[0] / gaps[1]) < 1.2  # backward Euler: order 1 in time


def test_order_two_in_space() -> None:
    table = wg.convergence(ornstein_uhlenbeck(1), "fipy", cells=[32, 64, 128], dt=0.05)
    table.require(rate=2.0, within=0.2, finest_error=4e-3)


def test_nonlocal_drift_is_swept_to_the_midpoint() -> None:
    problem = wg.Problem(
        domain=wg.Box((-5, 5)),
        energy=wg.Confinement(0.5)
        + wg.Interaction(lambda x: x**2 / 2)
        + wg.Entropy(temperature=0.4),
        initial=lambda x: np.exp(-((x - 1) ** 2) * 2),
        until=0.4,
    )
    ours = wg.solve(problem, backward_euler, cells=80, dt=0.1, snapshots=[])
    swept = wg.solve(problem, "fipy", cells=80, dt=0.1, snapshots=[])
    lagged = wg.solve(problem, "fipy", cells=80, dt=0.1, snapshots=[], options={"sweeps": 1})
    assert difference(ours, swept) < 1e-10  # measured 3e-12
    assert difference(ours, lagged) > 1e-4
    assert max(swept.history["iterations"]) > 2
    assert max(lagged.history["iterations"]) == 1


@pytest.mark.parametrize("periodic", [(True,), (True, True), (True, False), (False, True)])
def test_periodic_axes(periodic: tuple[bool, ...]) -> None:
    box = wg.Box(*(wg.Axis(-np.pi, np.pi, periodic=wrap) for wrap in periodic))
    problem = wg.Problem(
        domain=box,
        energy=wg.Potential(lambda *x: sum(np.cos(c - 0.3 * i) for i, c in enumerate(x)))
        + wg.Entropy(0.3),
        initial=lambda *x: 1.5 + np.sin(x[0] + 1) * np.cos(x[-1]),
        time_scale=2.0,
        until=0.5,
    )
    cells = [20, 16][: len(periodic)]
    ours = wg.solve(problem, backward_euler, cells=cells, dt=0.1, snapshots=[])
    fipy = wg.solve(problem, "fipy", cells=cells, dt=0.1, snapshots=[])
    assert difference(ours, fipy) < 1e-12  # measured 1e-15
    assert fipy.facts["mass_max_error"] < 1e-12


def test_stretched_and_radial_axes() -> None:
    box = wg.Box((-4.0, 4.0), wg.Axis(0.0, 3.0, radial=3))
    problem = ornstein_uhlenbeck(2, box)
    edges = [4 * np.sinh(np.linspace(-1, 1, 31)) / np.sinh(1.0), None]
    edges[0][[0, -1]] = -4.0, 4.0
    grid = wg.Grid(box, (30, 20), edges=edges)
    recipe = catalog.load("solvers", "fipy").stepper
    ours = wg.solve(problem, backward_euler(problem, grid, dt=0.05), snapshots=[])
    fipy = wg.solve(problem, recipe(problem, grid, dt=0.05), snapshots=[])
    assert difference(ours, fipy) < 1e-12  # measured 1e-15


def test_fipy_rounds_small_peclet_numbers() -> None:
    # |P| < 0.001 everywhere: FiPy's weights are off by up to 1.7e-4 there, times a weak drift
    problem = wg.Problem(
        wg.Box((-1, 1)),
        wg.Potential(lambda x: 0.01 * x) + wg.Entropy(1.0),
        initial=lambda x: 1 + x / 2,
        until=0.2,
    )
    ours = wg.solve(problem, backward_euler, cells=40, dt=0.05, snapshots=[])
    fipy = wg.solve(problem, "fipy", cells=40, dt=0.05, snapshots=[])
    assert 1e-12 < difference(ours, fipy) < 1e-7


def test_bad_settings_say_what_to_do() -> None:
    problem = ornstein_uhlenbeck(1)
    for options, words in [
        ({"sweeps": 0}, "sweeps = 0"),
        ({"convection": "quick"}, "exponential"),
        ({"dt": -1.0}, "dt = -1"),
    ]:
        with pytest.raises(wg.InputError, match=words):
            wg.solve(problem, "fipy", cells=10, options=options)
    four = wg.Problem(wg.Box(*[(-1, 1)] * 4), wg.Entropy(1.0), initial=lambda *x: 1.0 + 0 * sum(x))
    with pytest.raises(wg.InputError, match="1 to 3 axes"):
        wg.solve(four, "fipy", cells=3)


def test_without_fipy_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fipy", None)
    with pytest.raises(wg.InputError) as caught:
        wg.solve(ornstein_uhlenbeck(1), "fipy", cells=10)
    assert "pip install 'wgflow[fipy]'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_fipy_is_imported_only_when_used() -> None:
    code = (
        "import sys; from wgflow import catalog; catalog.load('solvers', 'fipy');"
        "assert 'fipy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
