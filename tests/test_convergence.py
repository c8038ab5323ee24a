"""Measured orders: of every case and solver that promises one, and of what must fail."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.convergence import ConvergenceTable, Level
from wgflow.convergence.verification import Plan, check, matrix
from wgflow.errors import WgflowError
from wgflow.solution import Solution

PROMISES = matrix()


def gaussian(**changes: Any) -> wg.Problem:
    return catalog.load("cases", "ornstein_uhlenbeck").problem(**changes)  # type: ignore[no-any-return]


def test_there_are_promises() -> None:
    assert {p.case for p in PROMISES} >= {"cosine_neuron", "ornstein_uhlenbeck"}
    assert {p.solver for p in PROMISES} >= set(catalog.names("solvers"))


def kept(promise: Plan) -> None:
    result = check(promise)
    assert result.failures == ()
    assert result.table is not None
    assert promise.finest_error is not None
    # the cap is meant: it is not far above what is measured
    assert result.table.error > promise.finest_error / 4


def titles(promises: list[Plan]) -> list[str]:
    return [f"{p.title}-{p.method}" for p in promises]


LINES = [p for p in PROMISES if p.problem().domain.dimension == 1]
SPACES = [p for p in PROMISES if p not in LINES]


@pytest.mark.parametrize("promise", LINES, ids=titles(LINES))
def test_promised_order(promise: Plan) -> None:
    kept(promise)


@pytest.mark.slow
@pytest.mark.parametrize("promise", SPACES, ids=titles(SPACES))
def test_promised_order_in_several_dimensions(promise: Plan) -> None:
    kept(promise)


def test_order_in_time_of_the_path() -> None:
    """dt falls like h^(p/q): 2/2 for Scharfetter-Gummel, 1/2 for upwind with two stages."""
    problem = gaussian()
    table = wg.convergence(problem, "scharfetter_gummel", cells=[20, 40], dt=0.1, until=0.2)
    assert [level.dt for level in table.levels] == pytest.approx([0.1, 0.05])
    default = wg.convergence(problem, cells=[20, 40], dt=0.1, until=0.2)
    assert [level.dt for level in default.levels] == pytest.approx([0.1, 0.05])
    free = wg.Problem(
        wg.Box((-4, 4)), wg.Confinement(1.0), problem.initial, exact=lambda t, x: 0 * x
    )
    upwind = wg.convergence(free, "upwind", cells=[20, 80], dt=0.02, until=0.2)
    assert [level.dt for level in upwind.levels] == pytest.approx([0.02, 0.01])


def test_other_norms_and_errors() -> None:
    problem = gaussian()
    settings: dict[str, Any] = {"cells": [40, 80], "dt": 0.05, "until": 0.2}
    for norm in ("L2", "Linf", "W1", "W2"):
        table = wg.convergence(problem, "scharfetter_gummel", norm=norm, **settings)
        table.require(2.0, within=0.3)
        assert table.norm == norm

    def mean_error(solution: Solution) -> float:
        mean = solution.grid.integrate(solution.density * solution.coordinates[0])
        return abs(mean - math.exp(-0.2))

    table = wg.convergence(problem, "scharfetter_gummel", error=mean_error, **settings)
    assert table.levels[1].error < table.levels[0].error < 0.05


def table(errors: list[float], **settings: Any) -> ConvergenceTable:
    levels: list[Level] = []
    for n, error in enumerate(errors):
        rate = math.log2(errors[n - 1] / error) if n else None
        levels.append(Level((10 * 2**n,), 0.1, error, rate))
    return ConvergenceTable("case", "solver", "L1", tuple(levels), **settings)


@pytest.mark.parametrize(
    ("errors", "settings", "passed"),
    [
        ([4e-2, 1e-2], {"expected": 2.0}, True),
        ([4e-2, 1e-2], {"expected": 2.0, "finest_error": 1.1e-2}, True),
        ([4e-2, 1e-2], {"expected": 2.0, "finest_error": 0.9e-2}, False),
        ([4e-2, 1e-2], {"expected": 1.0}, False),  # too fast is wrong, too
        ([4e-2, 2e-2], {"expected": 2.0}, False),
        ([4e-2, 4e-2], {"expected": 0.0}, True),
        ([1e-1, 4e-2, 1e-2], {"expected": 2.0}, True),
        ([4e-2, 1e-2, 6e-3], {"expected": 2.0}, False),  # the finest pair counts
        ([4e-2, math.nan], {"expected": 2.0}, False),
        ([4e-2, 1e-2], {}, True),
    ],
)
def test_what_passes(errors: list[float], settings: dict[str, Any], passed: bool) -> None:
    assert table(errors, **settings).passed == passed


def test_require_raises_with_the_table() -> None:
    good = table([4e-2, 1e-2])
    good.require(2.0, finest_error=2e-2)
    with pytest.raises(WgflowError, match=r"order 2\.000.*required 1\.5 ± 0\.2") as caught:
        good.require(1.5)
    assert "1.0000e-02" in str(caught.value)
    with pytest.raises(WgflowError, match=r"at most 0\.001"):
        good.require(2.0, finest_error=1e-3)


def test_a_missed_rate_is_seen() -> None:
    """Upwind does not reach order 2, and a wrong exact solution gives no order at all."""
    problem = gaussian()
    upwind = wg.convergence(problem, "upwind", cells=[40, 80, 160], until=0.2)
    with pytest.raises(WgflowError, match="required 2"):
        upwind.require(2.0)
    exact = problem.exact
    assert exact is not None
    wrong = wg.Problem(
        problem.domain, problem.energy, problem.initial, exact=lambda t, x: exact(t, x - 0.01)
    )
    table = wg.convergence(wrong, "muscl", cells=[80, 160, 320], until=0.2)
    with pytest.raises(WgflowError, match="required 2"):
        table.require(2.0)


def test_texts() -> None:
    made = table([4e-2, 1e-2], expected=2.0, finest_error=0.5)
    lines = made.to_text().splitlines()
    assert lines[0].split() == ["cells", "dt", "L1", "error", "order"]
    assert lines[2].split() == ["10", "0.1", "4.0000e-02"]
    assert lines[3].split() == ["20", "0.1", "1.0000e-02", "2.000"]
    data = json.loads(json.dumps(made.to_json()))
    assert data["passed"] is True
    assert data["expected"] == 2.0
    assert data["levels"][1] == {"cells": [20], "dt": 0.1, "error": 0.01, "rate": 2.0}


def test_bad_input() -> None:
    with pytest.raises(wg.InputError, match=r"levels \[40, 20\]: give at least two increasing"):
        wg.convergence(gaussian(), cells=[40, 20])
    with pytest.raises(wg.InputError, match=r"levels \[40\]"):
        wg.convergence(gaussian(), cells=[40])


def test_levels_report_their_progress() -> None:
    seen: list[int] = []
    wg.convergence(gaussian(), "upwind", cells=[20, 40], until=0.05, progress=seen.append)
    assert seen == [0, 1]
