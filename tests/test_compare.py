"""The comparison of the density equation with finite networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.compare import ParticleSettings, compare, moments_of, schedule_of


@pytest.fixture(scope="module")
def solution() -> wg.Solution:
    problem = catalog.load("cases", "cosine_neuron").problem()
    return wg.solve(problem, "muscl", cells=200, until=1.0, snapshots=[0.25, 0.5])


def test_schedule_is_the_problem_s() -> None:
    case = catalog.load("cases", "isotropic_gaussians")
    schedule = schedule_of(case.problem(xi=0.5, weight_decay=0.1, beta=20.0))
    assert schedule.at(0.0) == 1.0
    assert schedule.regularization == 0.1
    assert schedule.temperature == 0.05
    assert schedule_of(case.problem(preset="mmm2019")).at(0.0) == 1.0


def test_moments_interpolate_the_exact_ones(solution: wg.Solution) -> None:
    from wgflow.particles import cosine_moments

    exact, found = cosine_moments(0.8, 0.3), moments_of(solution)
    for time in np.linspace(0, 1, 23):
        assert found(time) == pytest.approx(exact(time), abs=5e-5)


@pytest.mark.parametrize("dynamics", ["sgd", "gradient", "particle", "nonlinear"])
def test_networks_follow_the_density(solution: wg.Solution, dynamics: str) -> None:
    settings = ParticleSettings(particles=400, step=0.01, seeds=8, dynamics=dynamics)  # type: ignore[arg-type]
    result = compare(solution, settings)
    # at the end the risk of N independent draws exceeds the density's by about (1 - z^2)/N
    end = result.rows()[-1]
    assert end["time"] == 1.0
    error = 3 * end["deviation"] / np.sqrt(8) + (1 - 0.57**2) / 400 + 2e-3
    assert abs(end["difference"]) < error
    assert end["deviation"] > 0


def test_extrapolation_removes_the_excess_of_finite_width(solution: wg.Solution) -> None:
    settings = ParticleSettings(particles=40, step=0.01, seeds=200, extrapolate=True)
    result = compare(solution, settings)
    excess = result.risk_mean[0] - 0.25
    assert excess == pytest.approx((1 - 0.3**2) / 40, rel=0.5)
    mean, error = result.limit
    assert abs(mean[0] - 0.25) < 3.5 * error[0]
    assert "R N→∞" in result.to_text()


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        # Student's factors 12.706, 4.303 and 2.365 over the root of the seeds
        (2, "2 networks: their mean is known to ± 9 std dev, at 95 %"),
        (3, "3 networks: their mean is known to ± 2.5 std dev, at 95 %"),
        (8, "8 networks: their mean is known to ± 0.84 std dev, at 95 %"),
        (1, "one network: their spread is not known"),
    ],
)
def test_few_networks_say_how_little_they_tell(
    solution: wg.Solution, seeds: int, said: str
) -> None:
    text = compare(solution, ParticleSettings(particles=4, step=0.1, seeds=seeds)).to_text()
    assert text.splitlines()[-1] == said
    if seeds == 3:
        settings = ParticleSettings(particles=4, step=0.1, seeds=3, extrapolate=True)
        last = compare(solution, settings).to_text().splitlines()[-1]
        assert last == said.replace(",", ", its limit to ± 4.3 std err at most,")


def test_same_seed_same_numbers(solution: wg.Solution) -> None:
    settings = ParticleSettings(particles=20, step=0.01, seeds=2, seed=7)
    first, second = (compare(solution, settings).risks for _ in range(2))
    assert np.array_equal(first, second)
    other = compare(solution, ParticleSettings(particles=20, step=0.01, seeds=2, seed=8)).risks
    assert not np.array_equal(first, other)


def test_saved_table_holds_every_network(solution: wg.Solution, tmp_path: Path) -> None:
    result = compare(solution, ParticleSettings(particles=20, step=0.01, seeds=2))
    result.save(tmp_path / "c")
    table = np.genfromtxt(tmp_path / "c" / "comparison.csv", delimiter=",", names=True)
    assert table.dtype.names == ("time", "risk_mean", "risk_0", "risk_1")
    assert np.array_equal(table["risk_1"], result.risks[1])
    with pytest.raises(wg.InputError, match=r"earlier run.*; this one is in .*c-2$"):
        result.save(tmp_path / "c")
    assert np.array_equal(
        np.genfromtxt(tmp_path / "c-2" / "comparison.csv", delimiter=",", names=True), table
    )


def test_a_case_without_network_is_refused() -> None:
    problem = catalog.load("cases", "ornstein_uhlenbeck").problem()
    done = wg.solve(problem, cells=50, until=0.1, dt=0.05)
    with pytest.raises(wg.InputError, match="no finite network"):
        compare(done, ParticleSettings())
