"""The plans that network cases state for their studies, at reduced size."""

from __future__ import annotations

from typing import Any

import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.compare import moments_of, schedule_of
from wgflow.particles import coupling_errors

SMALL: dict[str, tuple[dict[str, Any], Any]] = {
    "anisotropic_gaussians": ({}, (60, 50)),
    "relu_gaussians": ({"d": 60, "s0": 20, "coefficients": "fixed"}, (40, 40)),
    "nonmonotone_failure": ({}, 200),
}


@pytest.mark.parametrize("name", SMALL)
def test_coupling_has_the_slopes_of_the_theorems(name: str) -> None:
    case = catalog.load("cases", name)
    plan, (parameters, cells) = case.COUPLING, SMALL[name]
    times = plan["times"][:1]
    problem = case.problem(**parameters)
    solution = wg.solve(problem, "muscl", cells=cells, until=times[-1], snapshots=[])
    assert problem.network is not None
    table = coupling_errors(
        problem.network, moments_of(solution), times, (16, 96), plan["steps"][:2],
        range(4), schedule_of(problem), neurons=16, dt=plan.get("dt"),
    )  # fmt: skip
    for pair in ("ND-PD", "PD-GD", "GD-SGD"):
        slope = table.slope(pair)
        assert abs(slope.slope - slope.expected) < 0.15, pair
