"""Cells that follow the density."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refuses
from tests.mpi import ROOT, needs_mpi, succeeds
from tests.test_restart import assert_same, in_parts
from wgflow import catalog
from wgflow.cli import main
from wgflow.follow.window import chosen, occupied, window_box
from wgflow.grid.remap import remapped
from wgflow.parallel.transposes import pencils, sides


def gauss(x: wg.Array, mean: float, variance: float) -> wg.Array:
    return np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def travelling(heat: float = 0.01) -> wg.Problem:
    """Ornstein-Uhlenbeck from far away: 38 standard deviations of the start travelled."""

    def exact(t: float, x: wg.Array) -> wg.Array:
        return gauss(x, 8 * np.exp(-t), heat + (0.04 - heat) * np.exp(-2 * t))

    energy = wg.Confinement(1.0) + wg.Entropy(heat) if heat else wg.Confinement(1.0)
    return wg.Problem(
        wg.Box((-2, 10)), energy, initial=lambda x: exact(0, x), exact=exact, until=3.0
    )


# ---- from cells to cells --------------------------------------------------------------------


def test_a_remap_keeps_mass_and_sign() -> None:
    rng = np.random.default_rng(1)
    source = wg.Grid(wg.Box((0, 1), (0, 2), (-1, 1)), (13, 10, 9))
    target = wg.Grid(wg.Box((0.1, 0.9), (-0.5, 2.5), (-1, 1)), (17, 8, 9))
    values = rng.random(source.shape) ** 8
    found = remapped(values, source, target)
    assert found.shape == target.shape
    assert source.integrate(values) == pytest.approx(target.integrate(found), rel=1e-14)
    assert found.min() >= 0
    # beyond the source there is nothing, and what the target does not reach is at its ends
    assert not found[:, target.edges[1][1:] <= 0].any()
    line = np.array([1.0, 0, 0, 0, 0, 0, 0, 3.0])
    ends = remapped(line, wg.Grid(wg.Box((0, 8)), 8), wg.Grid(wg.Box((2, 6)), 4))
    np.testing.assert_allclose(ends, [1, 0, 0, 3])
    assert remapped(values, source, source) is values


@pytest.mark.parametrize("stretch", [False, True])
def test_remaps_are_of_second_order(stretch: bool) -> None:
    errors = []
    cells = wg.Clustered(-6, 6, around=1.0, scale=3.0) if stretch else None
    for n in (80, 160):
        source = wg.Grid(wg.Box(wg.Axis(-6, 6, stretch=cells)), n)
        target = wg.Grid(wg.Box((-5.5, 5.8)), n)
        found = remapped(source.average(lambda x: gauss(x, 0.2, 1.0)), source, target)
        exact = target.average(lambda x: gauss(x, 0.2, 1.0))
        errors.append(target.integrate(np.abs(found - exact)))
    assert errors[0] > 3.5 * errors[1]
    assert errors[1] < 1e-3


def test_a_window_holds_all_but_the_tolerance() -> None:
    grid = wg.Grid(wg.Box((0, 1)), 1000)
    masses = grid.average(lambda x: gauss(x, 0.4, 0.02**2)) * grid.widths[0]
    for tolerance, sigmas in ((1e-2, 2.326), (1e-6, 4.753)):
        low, high = occupied(masses, tolerance)
        assert low == pytest.approx(0.4 - 0.02 * sigmas, abs=2e-4)
        assert high == pytest.approx(0.4 + 0.02 * sigmas, abs=2e-4)
        ends = chosen((0, 1), masses, wg.Follow(tolerance=tolerance, margin=0.25))
        np.testing.assert_allclose(ends, [low - (high - low) / 4, high + (high - low) / 4])
    assert chosen((0, 1), masses, wg.Follow(least=0.7)) == pytest.approx((0.05, 0.75), abs=1e-3)
    cells = wg.Clustered(0, 20, around=0.0, scale=0.1)
    whole = wg.Box(wg.Axis(0, 20, stretch=cells, radial=3), (0, 1))
    part = window_box(whole, np.array([[0.25, 0.5], [0, 1]]))
    np.testing.assert_allclose(part.axes[0].edges(10), whole.axes[0].edges(40)[10:21], rtol=1e-14)
    assert part.axes[1] == whole.axes[1]
    assert part.axes[0].radial == 3


def test_pencils_cover_an_array_once() -> None:
    for cells in ((7,), (5, 4), (3, 6, 2)):
        for axis in range(len(cells)):
            seen = np.zeros(cells, dtype=int)
            for box in pencils(cells, axis, 4):
                assert 0 in sides(box) or sides(box)[axis] == cells[axis]
                seen[box] += 1
            assert (seen == 1).all()


# ---- runs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("heat", "cells", "gain"), [(0.0, 50, 50.0), (0.01, 100, 4.0)])
def test_a_travelling_gaussian(heat: float, cells: int, gain: float) -> None:
    problem = travelling(heat)
    fixed = wg.solve(problem, cells=cells)
    moved = wg.solve(problem, cells=cells, follow=True)
    assert fixed.errors["W1"] > gain * moved.errors["W1"]
    facts = moved.facts
    assert facts["mass_max_error"] < 1e-13
    assert facts["minimum"] >= 0
    assert facts["energy_max_increase"] < 1e-12
    assert 5 < facts["remaps"] < 90
    assert 0 < facts["remap_energy"] < 2e-3
    assert facts["window_mass"] < 1e-6
    assert not moved.warnings
    # means without a gap, and all snapshots on cells that hold them
    mean = moved.history["mean_x"]
    np.testing.assert_allclose(mean, 8 * np.exp(-moved.history["time"]), atol=0.02)
    for i, time in enumerate(moved.times):
        grid, density = moved.sharp(i)
        assert grid.integrate(density) == pytest.approx(1, abs=1e-13)
        assert grid.integrate(density * grid.coordinates[0]) == pytest.approx(
            np.interp(time, moved.history["time"], mean), abs=1e-3
        )
        assert moved.grid.integrate(moved.densities[i]) == pytest.approx(1, abs=1e-13)
    last = moved.windows[-1].grid.box.axes[0]
    assert last.length < 3
    assert moved.grid.box.axes[0].lower <= last.lower
    assert moved.grid.cells[0] > cells


def test_a_growing_gaussian() -> None:
    def exact(t: float, x: wg.Array, y: wg.Array) -> wg.Array:
        return gauss(x, 1.0, 0.01 + 2 * t) * gauss(y, -1.0, 0.04 + 2 * t)

    problem = wg.Problem(
        wg.Box((-16, 16), (-16, 16)),
        wg.Entropy(1.0),
        initial=lambda x, y: exact(0, x, y),
        exact=exact,
        until=0.2,
    )
    fixed, moved = (wg.solve(problem, cells=40, follow=each) for each in (False, True))
    assert fixed.errors["L1"] > 5 * moved.errors["L1"]
    assert moved.facts["mass_max_error"] < 1e-13
    assert moved.facts["minimum"] >= 0
    first, last = (moved.windows[i].grid.box.axes[0].length for i in (0, -1))
    assert 0.5 < first < 3 < last < 12


def test_a_step_that_leaves_the_window_is_taken_again() -> None:
    problem = travelling()
    solution = wg.solve(problem, cells=200, until=1.0, dt=0.25, follow=True)
    assert solution.facts["rejections"] > 0
    assert solution.facts["window_mass"] < 1e-6
    assert solution.history["mean_x"][-1] == pytest.approx(8 * np.exp(-1), abs=0.2)


def test_a_periodic_axis_stays_whole() -> None:
    box = wg.Box(wg.Axis(0, 1, periodic=True), (-4, 4))
    problem = wg.Problem(
        box, wg.Confinement(1.0, axes=(1,)), initial=lambda x, y: gauss(y, 2, 0.02) + 0 * x
    )
    solution = wg.solve(problem, cells=(8, 30), until=0.5, follow=True)
    for grid, _ in solution.windows:
        assert grid.box.axes[0] == box.axes[0]
        assert grid.box.axes[1].length < 3


def test_a_given_density_is_taken_to_the_first_window() -> None:
    grid = wg.Grid(wg.Box((-2, 10)), 200)
    density = 3 * grid.average(lambda x: gauss(x, 8, 0.1))
    solution = wg.solve(travelling(), cells=grid, until=0.1, density=density, follow=True)
    np.testing.assert_allclose(solution.history["mass"], grid.integrate(density), rtol=1e-13)
    assert solution.windows[0].grid.box.axes[0].length < 8
    assert solution.history["mean_x"][0] == pytest.approx(24, abs=1e-2)


def test_a_collapse_is_followed_to_the_least_window_only() -> None:
    problem = wg.Problem(
        wg.Box((-1, 1)), wg.Confinement(4.0), initial=lambda x: gauss(x, 0.3, 0.01), until=3.0
    )
    solution = wg.solve(problem, cells=40, follow=wg.Follow(least=0.01))
    assert solution.windows[-1].grid.box.axes[0].length == pytest.approx(0.02, rel=0.5)


def test_a_run_in_parts_is_the_same(tmp_path: Path) -> None:
    problem = travelling()

    def make(**more: Any) -> wg.Solution:
        return wg.solve(problem, "muscl", cells=50, until=0.5, snapshots=4, follow=True, **more)

    whole = make()
    parts = in_parts(make, tmp_path / "c", 30, 90)
    assert whole.facts["remaps"] > 5
    assert_same(whole, parts)
    for one, other in zip(whole.windows, parts.windows, strict=True):
        assert one.grid.box == other.grid.box
        assert one.density.tobytes() == other.density.tobytes()


def test_another_window_is_another_run(tmp_path: Path) -> None:
    place = wg.Checkpoint(tmp_path / "c", steps=5, last=True)
    wg.solve(travelling(), cells=50, until=0.1, follow=True, checkpoint=place)
    for other in (False, wg.Follow(margin=0.2)):
        with pytest.raises(wg.InputError, match="follow"):
            wg.solve(
                travelling(), cells=50, until=0.1, follow=other, checkpoint=place, restart=True
            )


def test_what_cannot_be_followed_is_refused() -> None:
    problem, follow = travelling(), wg.Follow()
    circle = wg.Problem(wg.Box(wg.Axis(0, 1, periodic=True)), wg.Entropy(1.0), initial=np.ones_like)
    bursting = wg.Problem(problem.box, problem.energy, problem.initial, blows_up=True)
    edges = wg.Grid(problem.box, 20, [np.linspace(0, 1, 21) ** 2 * 12 - 2])
    refuses(lambda: wg.solve(circle, cells=20, follow=follow), "periodic", "omit follow")
    refuses(lambda: wg.solve(bursting, cells=20, follow=follow), "blow up", "omit follow")
    refuses(lambda: wg.solve(problem, cells=7, follow=follow), "7 cells along x", "at least 8")
    refuses(lambda: wg.solve(problem, cells=edges, follow=follow), "x", "Axis(stretch=")
    refuses(lambda: wg.solve(problem, "ljko", cells=20, follow=follow), "LinearizedJKO", "muscl")
    refuses(lambda: wg.Follow(tolerance=0.1), "tolerance = 0.1", "at most 0.01")
    refuses(lambda: wg.Follow(margin=0.5), "fill = 0.6", "below")


# ---- networks -------------------------------------------------------------------------------


def spread(solution: wg.Solution) -> list[tuple[float, float]]:
    """Mean and standard deviation of each coordinate at the end."""
    grid, density = solution.sharp()
    means = [grid.integrate(x * density) for x in grid.coordinates]
    squares = [grid.integrate(x * x * density) for x in grid.coordinates]
    return [(m, math.sqrt(s - m * m)) for m, s in zip(means, squares, strict=True)]


def test_the_relu_network_beside_its_characteristics() -> None:
    """At t = 0.3, by 200000 particles that the same features move: R, means, widths to 3e-4."""
    case = catalog.load("cases", "relu_gaussians")
    risk = 1.21354
    wanted = [(0.63665, 0.1133), (0.70185, 0.105), (0.34959, 0.032), (0.65597, 0.032)]
    gaps = []
    for follow in (False, wg.Follow(**case.FOLLOW)):
        solution = wg.solve(
            case.problem(), cells=(14, 14, 9, 9), until=0.3, snapshots=1, follow=follow
        )
        found = np.array(spread(solution))
        gaps.append([abs(solution.history["risk"][-1] - risk), *np.abs(found - wanted).ravel()])
    fixed, moved = np.array(gaps)
    assert moved[0] < 1e-3 < fixed[0]
    assert moved[1::2].max() < 0.007 < 0.3 * fixed[1::2].max()
    assert moved[2::2].max() < 0.04 < 0.4 * fixed[2::2].max()


def test_the_network_that_learns_or_fails() -> None:
    """Widths of 1000 particles; on the box they are 0.104 and the risk is 7.253."""
    make = catalog.load("cases", "nonmonotone_failure").problem
    learns = wg.solve(make(kappa=0.4), cells=100, until=0.1, snapshots=1, follow=True)
    ((mean, width),) = spread(learns)
    assert learns.history["risk"][-1] == pytest.approx(1.53642, abs=5e-4)
    assert mean == pytest.approx(1.07614, abs=2e-4)
    assert width == pytest.approx(0.01366, rel=0.05)
    fails = wg.solve(make(kappa=0.1), cells=60, until=0.06, snapshots=1, follow=True)
    assert fails.history["risk"][-1] == pytest.approx(7.25, abs=1e-4)


# ---- the command line -----------------------------------------------------------------------


def test_commands_follow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    words = ["run", "ornstein_uhlenbeck", "--cells", "60", "--until", "0.2", "--out", str(out)]
    assert main([*words, "--follow"]) == 0
    assert "window  remapped" in capsys.readouterr().out
    summary = json.loads((out / "summary.json").read_text())
    assert summary["follow"]["margin"] == 0.15
    assert {"remaps", "remap_energy", "window_mass"} <= summary.keys()
    assert summary["cells"] == [60]
    with h5py.File(out / "solution.h5") as file:
        edges, densities = file["windows/x_edges"][:], file["windows/density"][:]
        seen, mass = file["density"][:], np.diff(file["x_edges"][:])
    assert edges.shape == (len(densities), 61)
    np.testing.assert_allclose((densities * np.diff(edges)).sum(axis=1), 1, rtol=1e-13)
    np.testing.assert_allclose(seen @ mass, 1, rtol=1e-13)
    assert "mean_x" in (out / "history.csv").read_text().splitlines()[0]
    assert main([*words, "--follow", "--restart"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert main([*words, "--restart"]) == 2
    assert "follow" in capsys.readouterr().err


# ---- ranks ----------------------------------------------------------------------------------


WORDS = ["-m", "tests.ranks_follow"]


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("follow") / "serial.npz"
    subprocess.run([sys.executable, *WORDS, str(path)], cwd=ROOT, check=True, timeout=100)
    return path


@needs_mpi
@pytest.mark.parametrize("ranks", [2, 4])
def test_ranks_follow_alike(ranks: int, serial: Path, tmp_path: Path) -> None:
    succeeds(ranks, [*WORDS, str(tmp_path / "ranks.npz")], cwd=ROOT)
    with np.load(serial) as one, np.load(tmp_path / "ranks.npz") as other:
        assert {*one} == {*other}
        for name in one:
            scale = np.abs(one[name]).max()
            limit = 1e-10 if name.startswith("line") else 1e-12  # implicit steps in the first
            np.testing.assert_allclose(other[name], one[name], atol=limit * scale, err_msg=name)
        for name in ("line", "plane", "relu"):
            remaps, mass, minimum = other[f"{name}/facts"]
            assert remaps > 1
            assert mass < 1e-13
            assert minimum >= 0
