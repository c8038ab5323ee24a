"""Distances, observed orders and the verification matrix."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.cli import main
from wgflow.convergence import ConvergenceTable, Level, restrict
from wgflow.convergence.figure import convergence_figure
from wgflow.convergence.verification import Verification, check, matrix, plan, verify
from wgflow.distances import DIRECTIONS, available, directions, distance

OU = catalog.load("cases", "ornstein_uhlenbeck")


def gaussian(mean: tuple[float, ...], variance: float, grid: wg.Grid) -> np.ndarray:
    density = grid.average(
        lambda *x: np.exp(-sum((c - m) ** 2 for c, m in zip(x, mean, strict=True)) / (2 * variance))
    )
    return density / grid.integrate(density)


# --- distances ------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [2, 3])
def test_sliced_distance_of_a_translation(dimension: int) -> None:
    grid = wg.Grid(wg.Box(*[(-5, 5)] * dimension), 64 if dimension == 2 else 32)
    shift = 10 / grid.shape[0] * 3
    zero = (0.0,) * dimension
    first = gaussian(zero, 0.5, grid)
    second = gaussian((shift, *zero[1:]), 0.5, grid)
    component = np.abs(directions(dimension)[:, 0])
    assert distance("W1", first, second, grid) == pytest.approx(shift * component.mean(), rel=1e-6)
    rms = shift * math.sqrt(np.mean(component**2))
    assert distance("W2", first, second, grid) == pytest.approx(rms, rel=1e-6)
    # of the mean over all directions the fixed ones are a fair sample
    exact = {2: 2 / math.pi, 3: 1 / 2}[dimension]
    assert component.mean() == pytest.approx(exact, rel=0.05)
    assert rms == pytest.approx(shift / math.sqrt(dimension), rel=0.05)


def test_directions_are_unit_vectors_that_cover_the_sphere() -> None:
    for dimension in (2, 3, 4):
        unit = directions(dimension)
        assert unit.shape == (DIRECTIONS, dimension)
        np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1.0)
        second = unit.T @ unit / DIRECTIONS
        np.testing.assert_allclose(second, np.eye(dimension) / dimension, atol=0.12)


def test_circle_distances() -> None:
    grid = wg.Grid(wg.Box(wg.Axis(0.0, 1.0, periodic=True)), 60)
    first, second = np.zeros(60), np.zeros(60)
    first[2], second[57] = 60.0, 60.0  # five cells apart the short way
    assert distance("W2", first, second, grid) == pytest.approx(5 / 60, rel=1e-9)
    assert distance("W1", first, second, grid) == pytest.approx(5 / 60, rel=1e-9)
    # on an interval the same masses are far apart
    interval = wg.Grid(wg.Box((0.0, 1.0)), 60)
    assert distance("W2", first, second, interval) == pytest.approx(55 / 60, rel=1e-9)


def test_circle_distance_is_least_over_all_cuts() -> None:
    rng = np.random.default_rng(1)
    n = 24
    first, second = rng.random(n), rng.random(n) * (np.arange(n) < 9)
    first, second = n * first / first.sum(), n * second / second.sum()
    circle = wg.Grid(wg.Box(wg.Axis(0.0, 1.0, periodic=True)), n)
    interval = wg.Grid(wg.Box((0.0, 1.0)), n)
    found = distance("W2", first, second, circle)
    cuts = [distance("W2", np.roll(first, k), np.roll(second, k), interval) for k in range(n)]
    assert found <= min(cuts) + 1e-12
    for k in (3, 17):
        turned = distance("W2", np.roll(first, k), np.roll(second, k), circle)
        assert turned == pytest.approx(found, rel=1e-6)


def test_norms_that_a_grid_has() -> None:
    periodic = wg.Axis(0, 1, periodic=True)
    assert "W2" in available(wg.Grid(wg.Box(periodic), 4))
    assert "W2" in available(wg.Grid(wg.Box((0, 1), (0, 1)), 4))
    mixed = wg.Grid(wg.Box((0, 1), periodic), 4)
    assert available(mixed) == ["L1", "L2", "Linf"]
    with pytest.raises(wg.InputError, match="not periodic"):
        distance("W1", np.ones((4, 4)), np.ones((4, 4)), mixed)


# --- observed orders ------------------------------------------------------------------------


def test_order_in_space_at_a_fixed_step() -> None:
    # the error in time, of 0.1, is far larger: it cancels against the reference
    table = wg.convergence(
        OU.problem(), "scharfetter_gummel", cells=[25, 50, 100], dt=0.1, until=0.3, refine="space"
    )
    table.require(rate=2.0, within=0.15, finest_error=3e-3)
    np.testing.assert_allclose([level.dt for level in table.levels], 0.1)


@pytest.mark.parametrize(("scheme", "order"), [("euler", 1.0), ("sdirk2", 2.0)])
@pytest.mark.parametrize(
    ("name", "settings"),
    [("ornstein_uhlenbeck", {}), ("cosine_neuron", {"beta": 20.0}), ("quadratic_attraction", {})],
)
def test_order_in_time(name: str, settings: dict, scheme: str, order: float) -> None:
    table = wg.convergence(
        catalog.load("cases", name).problem(**settings),
        "scharfetter_gummel",
        cells=60,
        dt=[0.05, 0.025, 0.0125],
        until=0.3,
        refine="time",
        options={"time": scheme},
    )
    table.require(rate=order, within=0.12, finest_error={1.0: 1e-2, 2.0: 4e-4}[order])


def test_order_with_noise_against_a_fine_reference() -> None:
    problem = catalog.load("cases", "cosine_neuron").problem(beta=20.0)
    assert problem.exact is None
    table = wg.convergence(problem, "scharfetter_gummel", cells=[20, 40, 80], dt=0.05, until=0.5)
    table.require(rate=2.0, within=0.15, finest_error=4e-3)
    rough = wg.convergence(
        problem,
        "upwind",
        cells=[20, 40, 80],
        until=0.5,
        reference=wg.Reference(cells=320, solver="scharfetter_gummel", dt=0.01),
    )
    rough.require(rate=1.0, within=0.2, finest_error=0.1)


def test_self_reference_does_not_bias_the_order() -> None:
    # the reference is only twice finer than the last level, and of first order
    problem = OU.problem()
    own = wg.convergence(
        problem, "upwind", cells=[100, 200, 400], until=0.3, reference=wg.Reference(cells=800)
    )
    exact = wg.convergence(problem, "upwind", cells=[100, 200, 400], until=0.3)
    assert own.error < 0.7 * exact.error
    assert own.rate == pytest.approx(exact.rate, abs=0.05)


def test_every_norm_is_in_the_table() -> None:
    table = wg.convergence(OU.problem(), "upwind", cells=[25, 50], until=0.1, norm="W2")
    assert list(table.levels[0].errors) == ["L1", "L2", "Linf", "W1", "W2"]
    assert table.error == table.levels[-1].errors["W2"]
    assert "Linf" in table.to_text(every_norm=True).splitlines()[0]
    assert "Linf" not in table.to_text().splitlines()[0]
    written = json.loads(json.dumps(table.to_json()))
    assert written["levels"][1]["errors"]["W1"] == table.levels[1].errors["W1"]
    assert written["refine"] == "both"


def test_studies_refuse_what_makes_no_sense() -> None:
    problem = OU.problem()
    for words, match in [
        ({"cells": [50]}, "at least two"),
        ({"cells": [50, 50]}, "increasing"),
        ({"cells": 50, "refine": "time"}, "needs dt"),
        ({"cells": 50, "refine": "time", "dt": [0.1, 0.2]}, "decreasing"),
        ({"cells": [10, 20], "refine": "depth"}, "choose one of"),
        ({"cells": [10, 20], "dt": [0.1, 0.05]}, "one step"),
        ({"cells": [10, 20], "reference": wg.Reference(cells=50)}, "multiple"),
    ]:
        with pytest.raises(wg.InputError, match=match):
            wg.convergence(problem, "scharfetter_gummel", until=0.1, **words)


def test_restriction_keeps_mass() -> None:
    box = wg.Box((0, 1), (0, 2))
    fine, coarse = wg.Grid(box, (12, 8)), wg.Grid(box, (4, 4))
    density = np.random.default_rng(0).random(fine.shape)
    result = restrict(density, fine, coarse)
    assert coarse.integrate(result) == pytest.approx(fine.integrate(density), rel=1e-14)
    assert result[1, 2] == pytest.approx(density[3:6, 4:6].mean(), rel=1e-14)
    with pytest.raises(wg.InputError, match="no multiple"):
        restrict(density, fine, wg.Grid(box, (5, 4)))


def test_figure_shows_levels_and_expected_orders(tmp_path: Path) -> None:
    levels = tuple(Level((n,), 1 / n, 3.0 / n**2, None) for n in (10, 20, 40))
    table = ConvergenceTable("a", "b", "L1", levels, expected=2.0)
    figure = convergence_figure([table, replace(table, solver="c", expected=None)])
    lines = figure.axes[0].get_lines()
    assert len(lines) == 3
    np.testing.assert_allclose(lines[1].get_ydata(), lines[0].get_ydata())
    figure.savefig(tmp_path / "figure.png")
    with pytest.raises(wg.InputError, match="all in time"):
        convergence_figure([table, replace(table, refine="time")])


# --- the matrix -----------------------------------------------------------------------------


def test_every_case_that_states_an_order_is_in_the_matrix() -> None:
    plans = matrix()
    orders = [getattr(catalog.load("cases", n), "EXPECTED", {}) for n in catalog.names("cases")]
    assert {s.split()[0] for o in orders for s in o} <= set(catalog.names("solvers"))
    stated = {n for n in catalog.names("cases") if hasattr(catalog.load("cases", n), "EXPECTED")}
    assert {p.case for p in plans} == stated
    assert len(stated) >= 10
    for each in plans:
        assert each.expected is not None, (each.title, each.method)
        assert each.finest_error is not None, (each.title, each.method)
        each.problem()


def test_verify_passes_and_fails(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = verify(["heat_torus", "transport"], ["upwind"])
    assert result.passed
    assert len(result.checks) == 6
    chosen = plan("transport", "upwind")
    assert not check(replace(chosen, expected=2.0)).passed
    assert not check(replace(chosen, expected=0.4)).passed  # too high an order fails as well
    small = check(replace(chosen, finest_error=1e-9))
    assert small.failures[0].startswith("error")
    broken = check(replace(chosen, study={**chosen.study, "cells": (10, 5)}))
    assert broken.failures[0].startswith("failed: levels")
    text = Verification((small, broken)).to_text()
    assert text.count("FAILED") == 4
    assert text.endswith("0 of 2 passed")

    file = tmp_path / "verify.json"
    assert main(["verify", "heat_torus", "--solver", "upwind", "--json", str(file)]) == 0
    assert "3 of 3 passed" in capsys.readouterr().out
    written = json.loads(file.read_text())
    assert written["passed"] is True
    assert written["checks"][0]["table"]["levels"][0]["mass_error"] < 1e-12


def test_verify_sees_a_broken_scheme(tmp_path: Path) -> None:
    # a case whose exact solution is wrong by a per cent of its decay
    text = Path(catalog.find("cases", "heat_torus")).read_text()
    wrong = tmp_path / "heat_wrong.py"
    wrong.write_text(text.replace("decay = 4 *", "decay = 3.9 *"))
    result = verify([str(wrong)], ["upwind"])
    assert not result.passed
    assert main(["verify", str(wrong), "--solver", "upwind"]) == 1
    assert main(["verify", "heat_torus", "--solver", "no_such"]) == 2


def test_plan_names_what_is_known() -> None:
    with pytest.raises(wg.InputError, match="variants are: 2-D"):
        plan("ornstein_uhlenbeck", "upwind", "2D")
    chosen = plan("ornstein_uhlenbeck", "scharfetter_gummel time=euler", "in time")
    assert chosen.options == {"time": "euler"}
    assert chosen.method == "scharfetter_gummel time=euler"
    assert chosen.expected is not None


def test_commands(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file, figure = tmp_path / "table.json", tmp_path / "figure.png"
    words = ["converge", "ornstein_uhlenbeck", "--cells", "20", "--levels", "3", "--refine", "time"]
    assert main([*words, "--dt", "0.1", "--json", str(file), "--figure", str(figure)]) == 0
    assert "order 2.0" in capsys.readouterr().out
    assert len(json.loads(file.read_text())["levels"]) == 3
    assert figure.stat().st_size > 1000
    assert main([*words, "--dt", "0.1", "--expected", "1"]) == 1
    assert main(["stationary", "desai_zwanzig", "--cells", "60", "--json", str(file)]) == 0
    assert json.loads(file.read_text())["mean"][0] == pytest.approx(0.637324, abs=1e-5)
    assert main(["stationary", "desai_zwanzig", "--cells", "60", "--sweep", "beta=2:3:6"]) == 0
    assert "the mean vanishes at beta = 2.1" in capsys.readouterr().out
    for bad in (["--sweep", "beta=1:2"], ["--sweep", "bta=1:2:3"], ["--sweep", "beta=1:1:3"]):
        assert main(["stationary", "desai_zwanzig", *bad]) == 2
