"""The cases of anisotropic and non-monotone networks, and the study of critical parameters."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.cli import main
from wgflow.compare import ParticleSettings, compare, schedule_of
from wgflow.convergence.critical import critical
from wgflow.particles import stochastic_gradient_descent


def make(case: str, **parameters: Any) -> wg.Problem:
    return catalog.load("cases", case).problem(**parameters)  # type: ignore[no-any-return]


# ---- anisotropic Gaussians ----------------------------------------------------------------


def test_anisotropic_start_is_the_law_of_both_radii() -> None:
    problem = make("anisotropic_gaussians", d=24, s0=6, kappa=0.8)
    solution = wg.solve(problem, "muscl", cells=(150, 125), until=1e-6, snapshots=[])
    density, grid = solution.densities[0], solution.grid
    r1, r2 = solution.coordinates
    assert grid.integrate(density * r1**2) == pytest.approx(0.64 * 6 / 24, rel=1e-3)
    assert grid.integrate(density * r2**2) == pytest.approx(0.64 * 18 / 24, rel=1e-3)
    # E r^4 of chi with n degrees of freedom: (1 + 2/n) (E r^2)^2
    assert grid.integrate(density * r1**4) == pytest.approx((1 + 2 / 6) * 0.16**2, rel=2e-3)
    network = problem.network
    assert network is not None
    theta = network.draw(np.random.default_rng(0), 4000)
    mean = network.moments(theta)
    spread = network.features.functions(*network.chart.coordinates(theta)).std(axis=1)
    assert np.all(np.abs(mean - solution.moments[0]) < 4 * spread / math.sqrt(4000) + 2e-3)


def test_anisotropic_density_is_the_limit_of_wide_networks() -> None:
    """Gradient flow of few neurons beside the equation, and the rate of the gap in N."""
    problem = make("anisotropic_gaussians", d=30, s0=10)
    network, times = problem.network, [0.0, 0.02, 0.05, 0.1]
    assert network is not None
    solution = wg.solve(problem, "muscl", cells=(90, 75), until=0.1, snapshots=times[1:-1])
    assert solution.facts["mass_max_error"] < 1e-13
    assert np.all(np.diff(solution.history["energy"]) <= 1e-14)
    risk = np.array([solution.at(t, "risk") for t in times])
    assert risk[-1] < 0.4 * risk[0]
    sizes, gaps, excess, means = (30, 240), [], [], []
    for count in sizes:
        runs = []
        for seed in range(10):
            rng = np.random.default_rng([seed, count])
            start = network.draw(rng, count)
            runs.append(
                stochastic_gradient_descent(
                    network, start, times, 1e-4, schedule_of(problem), rng, keep=False
                )
            )
        gaps.append(np.mean([np.abs(run.risk - risk).max() for run in runs]))
        excess.append(np.mean([run.risk[-1] - risk[-1] for run in runs]))
        means.append(np.mean([run.means[-1] for run in runs], axis=0))
    # fluctuations fall like N^(-1/2), the mean excess like 1/N
    assert -1.15 < math.log(gaps[1] / gaps[0]) / math.log(sizes[1] / sizes[0]) < -0.35
    assert abs(excess[1]) < 0.03
    for axis, r in enumerate(solution.coordinates):
        mean = solution.grid.integrate(solution.density * r)
        assert means[1][axis] == pytest.approx(mean, abs=0.012)


def test_comparison_in_two_dimensions_is_drawn_and_written(tmp_path: Path) -> None:
    problem = make("anisotropic_gaussians", d=4, s0=2, first=4.0, second=4.0)
    solution = wg.solve(problem, "upwind", cells=(24, 20), until=0.02, snapshots=[0.01])
    compare(solution, ParticleSettings(particles=20, step=0.01, seeds=2)).save(tmp_path / "c")
    table = np.genfromtxt(tmp_path / "c" / "comparison.csv", delimiter=",", names=True)
    assert table.dtype.names[-2:] == ("mean_r1", "mean_r2")
    assert (tmp_path / "c" / "comparison.png").stat().st_size > 20_000


def test_infinite_dimension_has_a_density_and_no_networks() -> None:
    problem = make("anisotropic_gaussians", d=math.inf, gamma=0.25, activation="truncated_relu")
    assert problem.network is None
    solution = wg.solve(problem, "muscl", cells=(100, 84), until=0.2, snapshots=[])
    assert solution.moments.shape[1] == 2
    assert 0.625 < solution.history["risk"][-1] < 0.99 * solution.history["risk"][0]


@pytest.mark.parametrize("decay", [0.0, 1.0])
def test_schedule_of_steps_is_the_time_scale(decay: float) -> None:
    problem = make("anisotropic_gaussians", xi=0.5, xi_decay=decay)
    assert problem.scale(0.0) == 1.0
    assert problem.scale(3.0) == 0.25**decay


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"s0": 40}, "isotropic_gaussians"),
        ({"d": 10, "gamma": 0.33}, "not a whole number"),
        ({"gamma": 1.0}, "gamma = 1.0"),
        ({"d": math.inf, "s0": 4}, "give gamma"),
        ({"d": math.inf, "beta": 4.0}, "finite dimension"),
        ({"xi_decay": -1.0}, "xi_decay"),
        ({"kappa": 0.0}, "kappa"),
        ({"d": 1}, "d = 1"),
    ],
)
def test_bad_parameters_are_named(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(wg.InputError, match=words):
        make("anisotropic_gaussians", **parameters)


# ---- nonmonotone failure ------------------------------------------------------------------


def test_small_weights_collapse_and_large_ones_learn() -> None:
    for kappa, until in ((0.1, 0.06), (0.4, 1.0)):
        problem = make("nonmonotone_failure", kappa=kappa)
        cells = 400 if kappa == 0.1 else 200
        solution = wg.solve(problem, cells=cells, until=until, snapshots=[])
        risk = solution.history["risk"][-1]
        if kappa == 0.1:
            assert risk == pytest.approx(29 / 4, abs=1e-3)
            assert solution.grid.integrate(solution.density * solution.coordinates[0]) < 1e-3
        else:
            assert risk < 0.05


def test_critical_value_is_found_by_bisection(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["study", "critical", "nonmonotone_failure", "--within", "0.02", "--cells", "100"]
    assert main([*words, "--until", "0.3"]) == 0
    shown = capsys.readouterr().out
    value = float(shown.rsplit("kappa = ", 1)[1].split()[0])
    assert 0.17 < value < 0.23


def test_bisection_on_a_known_crossing() -> None:
    """Mean of an Ornstein–Uhlenbeck process: E x²/2 at t = 0.5 grows with the start."""
    case = catalog.load("cases", "quadratic_attraction")
    outcomes = []

    def build(attraction: float) -> wg.Problem:
        outcomes.append(attraction)
        return case.problem(attraction=attraction)  # type: ignore[no-any-return]

    keywords: dict[str, Any] = {"until": 0.1, "column": "energy", "cells": 50}
    ends = [wg.solve(build(a), cells=50, until=0.1).history["energy"][-1] for a in (0.5, 1.0, 2.0)]
    assert ends[0] < ends[1] < ends[2]
    table = critical(build, between=(0.5, 2.0), below=float(ends[1]), within=0.01, **keywords)
    assert table.bracket[0] <= 1.0 <= table.bracket[1] + 1e-12
    assert table.bracket[1] - table.bracket[0] <= 0.01
    assert len(table.tried) == 2 + 8
    with pytest.raises(wg.InputError, match="both below 100"):
        critical(build, between=(0.5, 2.0), below=100.0, **keywords)
    with pytest.raises(wg.InputError, match="no column 'risk'"):
        critical(build, between=(0.5, 2.0), below=1.0, until=0.1, cells=50)
    with pytest.raises(wg.InputError, match="the lower first"):
        critical(build, between=(2.0, 0.5), below=1.0, **keywords)
