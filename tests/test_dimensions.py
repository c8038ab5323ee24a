"""The gap between density and networks as the dimension of the data grows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refuses
from wgflow import catalog
from wgflow.cli import main
from wgflow.compare import DimensionStudy, ParticleSettings, dimension_study

SETTINGS = ParticleSettings(particles=50, step=4e-3, seeds=6)


def solved(d: int, cells: int = 32) -> wg.Solution:
    problem = catalog.load("cases", "anisotropic_gaussians").problem(d=d)
    return wg.solve(problem, "muscl", cells=(cells, cells), until=0.05, snapshots=[])


@pytest.fixture(scope="module")
def study() -> DimensionStudy:
    return dimension_study(lambda d: (solved(d), solved(d, 16)), (8, 24, 72), SETTINGS)


def test_the_gap_does_not_grow_where_the_step_is_constant_over_d(study: DimensionStudy) -> None:
    slope, low, high = study.slope
    assert low < slope < high
    assert slope < 0.15  # at this width the mean excess, which does not depend on d, is most of it
    assert study.gaps.shape == (6, 3)
    assert np.all(study.grid_errors < 0.5 * study.gaps.mean(axis=0))
    steps = [one.settings.step for one in study.comparisons]
    assert steps == [4e-3 / d for d in (8, 24, 72)]
    one = study.comparisons[1]
    risk = [one.solution.at(t, "risk") for t in one.times]
    np.testing.assert_allclose(study.gaps[:, 1], np.abs(one.risks - risk).max(axis=1), rtol=1e-6)
    assert len({one.settings.seed for one in study.comparisons}) == 3


def test_growth_is_seen(study: DimensionStudy) -> None:
    rng = np.random.default_rng(0)
    growing = replace(study, gaps=np.array([1.0, 2.0, 4.0]) * rng.uniform(0.8, 1.2, (6, 3)))
    assert growing.grows
    assert growing.slope[0] == pytest.approx(0.5, abs=0.15)
    flat = replace(study, gaps=rng.uniform(0.5, 1.5, (6, 3)))
    assert not flat.grows
    assert replace(study, gaps=np.zeros((6, 3))).grows  # no gap at all is no measurement


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, figure = tmp_path / "d.csv", tmp_path / "d.png"
    words = ["study", "dimension", "anisotropic_gaussians", "--values", "6,24", "--cells", "24,24"]
    words += ["--particles", "30", "--seeds", "3", "--until", "0.02"]
    code = main([*words, "--csv", str(table), "--figure", str(figure)])
    said = capsys.readouterr().out
    assert "3 networks of 30 neurons for each of d = 6, 24, steps of 0.004/d" in said
    assert ("MISSED" in said) == (code == 1)
    found = np.genfromtxt(table, delimiter=",", names=True)
    assert found["dimension"].tolist() == [6, 24]
    assert np.all(found["grid_error"] > 0)
    assert figure.stat().st_size > 20_000


def test_networks_that_leave_the_density_with_d_are_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "apart.py"
    case.write_text(
        '"""Networks of another target than the density, the more so the larger d is."""\n'
        "from dataclasses import replace\n\n"
        "from wgflow import catalog\n"
        "from wgflow.networks import cosine_network\n\n"
        'make = catalog.load("cases", "cosine_neuron").problem\n'
        'DIMENSIONS = {"values": (1, 4, 16), "dynamics": "particle", "step": 0.1}\n\n\n'
        "def problem(d: float = 1.0):\n"
        "    return replace(make(), network=cosine_network(0.8 + 0.1 * d**0.5, 0.3))\n"
    )
    words = ["study", "dimension", str(case), "--particles", "400", "--seeds", "4", "--cells", "60"]
    assert main([*words, "--until", "0.5"]) == 1
    assert "MISSED: the gap grows with the dimension" in capsys.readouterr().out


def test_refusals(capsys: pytest.CaptureFixture[str]) -> None:
    def never(d: int) -> tuple[wg.Solution, None]:
        raise AssertionError(d)

    refuses(lambda: dimension_study(never, (8,), SETTINGS), "(8,)", "two or more")
    refuses(lambda: dimension_study(never, (8, 4), SETTINGS), "8, 4", "increase")
    refuses(lambda: dimension_study(never, (4, 8), replace(SETTINGS, seeds=1)), "seeds = 1", "2")
    for more, said in [
        (["cosine_neuron"], "no parameter d"),
        (["isotropic_gaussians", "--set", "d=4"], "--values"),
        (["isotropic_gaussians", "--values", "4,x"], "whole numbers"),
    ]:
        assert main(["study", "dimension", *more]) == 2
        assert said in capsys.readouterr().err
