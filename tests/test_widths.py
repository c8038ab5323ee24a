"""Networks of several widths beside one density, and the distance of a sample from a density."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refuses
from tests.mpi import needs_mpi, succeeds
from wgflow import catalog
from wgflow.cli import main
from wgflow.compare import ParticleSettings, compare, width_study
from wgflow.distances import sample_wasserstein1, wasserstein1
from wgflow.io import Checkpoint

WORDS = ["study", "width", "cosine_neuron", "--cells", "60", "--until", "0.5", "--step", "0.01"]
WORDS += ["--sizes", "8,32,128", "--seeds", "24"]


def brute(density: Any, sample: Any, lower: float, upper: float, periodic: bool) -> float:
    """∫ |F - G - c| on a fine grid, with c the median."""
    x = lower + (upper - lower) * (np.arange(400_000) + 0.5) / 400_000
    edges = np.linspace(lower, upper, len(density) + 1)
    whole = np.concatenate([[0], np.cumsum(density)]) / density.sum()
    gap = np.interp(x, edges, whole) - np.searchsorted(np.sort(sample), x) / len(sample)
    if periodic:
        gap -= np.median(gap)
    return float(np.abs(gap).mean() * (upper - lower))


@pytest.mark.parametrize("periodic", [False, True])
def test_distance_of_a_sample_is_the_area_between_the_distribution_functions(
    periodic: bool,
) -> None:
    rng = np.random.default_rng(0)
    grid = wg.Grid(wg.Box(wg.Axis(-1, 2, periodic=periodic)), 7)
    for count in (1, 5, 40):
        density, sample = rng.random(7), rng.uniform(-1, 2, count)
        found = sample_wasserstein1(density, sample, grid)
        assert found == pytest.approx(brute(density, sample, -1, 2, periodic), abs=2e-5)
        if periodic:  # turned by whole circles and by some cells
            assert sample_wasserstein1(density, sample + 6, grid) == pytest.approx(found)
            turned = sample_wasserstein1(np.roll(density, 2), sample + 6 / 7, grid)
            assert turned == pytest.approx(found)


def test_points_spread_over_cells_are_the_density_of_the_cells() -> None:
    grid = wg.Grid(wg.Box((0, 1)), 20)
    rng = np.random.default_rng(1)
    counts = rng.integers(1, 9, 20)
    fine = np.concatenate([(k + (np.arange(99 * n) + 0.5) / (99 * n)) / 20 for k, n in
                           enumerate(counts)])  # fmt: skip
    other = rng.random(20)
    exact = wasserstein1(other / other.mean(), counts / counts.mean(), grid)
    assert sample_wasserstein1(other, fine, grid) == pytest.approx(exact, abs=1e-3)
    # beyond the box a point counts with its way
    far = sample_wasserstein1(np.ones(20), np.array([3.0]), grid)
    assert far == pytest.approx(2.5)


def test_only_the_first_marginal_counts() -> None:
    grid = wg.Grid(wg.Box((0, 1), (0, 2)), (6, 5))
    density = np.random.default_rng(2).random((6, 5))
    line = wg.Grid(wg.Box((0, 1)), 6)
    sample = np.array([0.2, 0.7, 0.9])
    assert sample_wasserstein1(density, sample, grid) == pytest.approx(
        sample_wasserstein1(density.sum(axis=1), sample, line)
    )


@pytest.fixture(scope="module")
def solution() -> wg.Solution:
    problem = catalog.load("cases", "cosine_neuron").problem()
    return wg.solve(problem, "muscl", cells=100, until=0.5, snapshots=[0.25])


@pytest.fixture(scope="module")
def coarse() -> wg.Solution:
    problem = catalog.load("cases", "cosine_neuron").problem()
    return wg.solve(problem, "muscl", cells=50, until=0.5, snapshots=[0.25])


def test_errors_fall_like_the_root_of_the_width(solution: wg.Solution, coarse: wg.Solution) -> None:
    settings = ParticleSettings(step=0.05, seeds=24, dynamics="particle")
    study = width_study(solution, (16, 64, 256, 1024), settings, coarse=coarse)
    for name in ("risk", "scatter", "distance"):
        slope, low, high = study.slope(name)
        assert slope == pytest.approx(-0.5, abs=0.12)
        assert low < slope < high < low + 0.4
    assert study.missed() == []
    # at the start E (f_N - f)² = (1 - z²)/N: what the risk's error is about, 2 |A - z| f_N - f|
    assert study.risk[:, -1].mean() < 2.5 * 0.5 / np.sqrt(1024)
    # both are of the second order: what half the cells change is 3 times the error
    exact = max(abs((solution.problem.reference["risk"](t)) - solution.at(t, "risk"))
                for t in (0.25, 0.5))  # fmt: skip
    assert study.grid_error is not None
    assert exact < study.grid_error < 40 * exact
    assert study.grid_error < 1e-3 < study.risk.min()
    fine, rough = (one.densities[-1] for one in (solution, coarse))
    halved = fine.reshape(50, 2).mean(axis=1)  # what is left is within half a cell's width
    floor = wasserstein1(halved, rough, coarse.grid)
    assert study.grid_distance == pytest.approx(floor, abs=1e-3)
    assert 1e-5 < study.grid_distance < study.distance.min()


def test_a_width_is_a_comparison(solution: wg.Solution) -> None:
    settings = ParticleSettings(step=0.05, seeds=2, seed=4)
    study = width_study(solution, (8, 32), settings)
    assert study.sizes == [8, 32]
    one = study.comparisons[1]
    again = compare(solution, one.settings)
    assert np.array_equal(again.risks, one.risks)
    found = [
        [sample_wasserstein1(density, one_network, solution.grid) for one_network in networks]
        for density, networks in zip(solution.densities, one.coordinates[:, :, 0], strict=True)
    ]
    assert np.array_equal(study.distance[:, 1], np.max(found, axis=0))
    # widths are independent: the narrow networks are no part of the wide ones
    assert not np.isin(study.comparisons[0].coordinates[0], one.coordinates[0]).any()


def test_what_does_not_fall_is_missed(solution: wg.Solution) -> None:
    # one sample a step of size 1/4 makes more noise than a narrow network
    study = width_study(solution, (64, 256, 1024), ParticleSettings(step=0.25, seeds=6))
    assert study.missed() == ["risk", "scatter", "distance"]
    # an error that has come down to that of the grid need not fall on
    assert replace(study, grid_error=1e3, grid_distance=0.0).missed() == ["scatter", "distance"]
    assert replace(study, grid_distance=1e3).missed() == ["risk", "scatter"]


def test_refusals(solution: wg.Solution) -> None:
    two = ParticleSettings(seeds=2)
    refuses(lambda: width_study(solution, (8,), two), "(8,)", "two or more")
    refuses(lambda: width_study(solution, (8, 8), two), "8, 8", "increase")
    refuses(lambda: width_study(solution, (0, 8), two), "(0, 8)", ">= 1")
    refuses(lambda: width_study(solution, (4, 8), ParticleSettings(seeds=1)), "seeds = 1", "2")


def test_an_interrupted_study_goes_on(solution: wg.Solution, tmp_path: Path) -> None:
    """Widths that are done are read, the others run; the numbers are the same."""
    settings = ParticleSettings(step=0.05, seeds=2)
    place = Checkpoint(tmp_path / "c")
    whole = width_study(solution, (8, 16, 32), settings)
    width_study(solution, (8, 16), settings, checkpoint=place)
    files = sorted(p for p in (tmp_path / "c" / "width-16").rglob("*") if p.is_file())
    written = [p.stat().st_mtime_ns for p in files]
    again = width_study(solution, (8, 16, 32), settings, checkpoint=place, restart=True)
    assert files
    assert [p.stat().st_mtime_ns for p in files] == written
    assert np.array_equal(again.risk, whole.risk)
    assert np.array_equal(again.distance, whole.distance)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "w"
    words = [*WORDS, "--dynamics", "gradient", "--out", str(out)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "24 networks of each of 8, 32, 128 neurons, 50 steps of 0.01" in said
    assert "slope of sup W1: -0." in said
    table = np.genfromtxt(out / "widths.csv", delimiter=",", names=True)
    assert table["neurons"].tolist() == [8, 32, 128]
    curves = np.genfromtxt(out / "risks.csv", delimiter=",", names=True)
    stored = json.loads((out / "widths.json").read_text())
    assert stored["settings"]["particles"] == [8, 32, 128]
    assert stored["errors"]["risk"] == table["risk"].tolist()
    away = np.abs(curves["mean_128"] - curves["risk"]).max()
    assert 0 < away <= table["risk"][2]
    assert (out / "widths.png").stat().st_size > 20_000
    assert not (out / "checkpoint").exists()
    assert main([*words, "--restart"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert main([*words, "--restart", "--seed", "1"]) == 2
    assert main(["study", "width", "heat_torus", "--out", str(tmp_path / "h")]) == 2
    assert "no finite network" in capsys.readouterr().err


def test_coupling_writes_table_and_figure(tmp_path: Path) -> None:
    case = tmp_path / "short.py"
    case.write_text(
        '"""A short study."""\nfrom wgflow import catalog\n\n'
        'problem = catalog.load("cases", "cosine_neuron").problem\n'
        'COUPLING = {"times": (0.25, 0.5), "sizes": (20, 320), "steps": (0.05, 0.0125),\n'
        '            "seeds": 3, "neurons": 30}\n'
    )
    csv, figure, found = tmp_path / "t.csv", tmp_path / "f.png", tmp_path / "t.json"
    files = ["--csv", str(csv), "--figure", str(figure), "--json", str(found)]
    out = tmp_path / "kept"
    code = main(["study", "coupling", str(case), *files, "--out", str(out)])
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["kind"], summary["passed"]) == ("study coupling", code == 0)
    assert summary["case_file"] == str(case)
    assert json.loads((out / "table.json").read_text()) == json.loads(found.read_text())
    stored = json.loads(found.read_text())
    assert (stored["seeds"], stored["neurons"]) == (3, 30)
    table = np.genfromtxt(csv, delimiter=",", names=True, dtype=None, encoding="utf-8")
    assert table["mean"].tolist() == [row["mean"] for row in stored["rows"]]
    slopes = {(s["pair"], s["norm"]): s["slope"] for s in stored["slopes"]}
    assert all(slopes[row["pair"], row["norm"]] == row["slope"] for row in table)
    assert figure.stat().st_size > 20_000


@needs_mpi
def test_the_numbers_do_not_depend_on_ranks(tmp_path: Path) -> None:
    code = main([*WORDS, "--out", str(tmp_path / "0")])
    assert code == 0
    succeeds(2, ["-m", "wgflow", *WORDS, "--out", str(tmp_path / "2")])
    for name in ("widths.csv", "risks.csv"):
        serial, shared = (
            np.genfromtxt(tmp_path / ranks / name, delimiter=",", names=True) for ranks in "02"
        )
        assert serial.dtype.names == shared.dtype.names
        for column in serial.dtype.names:
            if column.startswith(("neurons", "mean", "deviation")):  # of networks alone
                assert np.array_equal(serial[column], shared[column])
            np.testing.assert_allclose(serial[column], shared[column], rtol=1e-10)
