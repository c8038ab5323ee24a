"""Networks with noise at rest: the Boltzmann fixed point, reached from two starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refuses
from wgflow import catalog
from wgflow.cli import main
from wgflow.convergence.rest import RestTable, rest
from wgflow.stationary import imbalance, stationary

NOISE: dict[str, Any] = {"beta": 20.0, "weight_decay": 0.5}
CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "isotropic_gaussians": ({}, 80),
    "anisotropic_gaussians": ({"second": 3.0}, (20, 20)),
}


def make(name: str, kappa: float, **changes: Any) -> wg.Problem:
    problem: wg.Problem = catalog.load("cases", name).problem(
        kappa=kappa, **CASES[name][0], **NOISE, **changes
    )
    return problem


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, RestTable]:
    name: str = request.param
    cells = CASES[name][1]
    return name, rest(
        lambda kappa: make(name, kappa), (0.4, 1.6), parameter="kappa", until=60.0, cells=cells
    )


def test_runs_end_at_the_stationary_state_from_both_starts(case: tuple[str, RestTable]) -> None:
    _, table = case
    assert table.missed() == []
    for row in table.rows:
        assert row.energy_end < row.energy_start - 0.03
        assert row.distance < 1e-8
        assert row.residual < 1e-8
    one, other = table.rows
    assert table.apart < 1e-8
    assert one.energy_start > other.energy_start + 1  # the starts are far apart
    assert one.energy_end == pytest.approx(other.energy_end, abs=1e-10)
    assert one.risk == pytest.approx(other.risk, abs=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_the_fixed_point_is_the_boltzmann_density_of_its_own_potential(name: str) -> None:
    """From the features and the radial weights at the centres of cells, nothing of the energy's."""
    problem = make(name, 0.8, d=10)
    cells = 300 if name == "isotropic_gaussians" else (90, 90)
    state = stationary(problem, cells=cells)
    network, radii = problem.network, np.meshgrid(*state.grid.centers, indexing="ij")
    assert network is not None
    assert state.moments is not None
    features = network.features
    force = features.weights * state.moments - features.targets
    potential = np.tensordot(force, features.functions(*radii), 1)
    potential = potential + 0.5 * NOISE["weight_decay"] * sum(r**2 for r in radii)
    exponent = -NOISE["beta"] * potential
    for r, axis in zip(radii, state.grid.box.axes, strict=True):
        exponent = exponent + (axis.radial - 1) * np.log(r)
    boltzmann = np.exp(exponent - exponent.max())
    boltzmann /= state.grid.integrate(boltzmann)
    away = state.grid.integrate(np.abs(boltzmann - state.density))
    assert away < (2e-3 if name == "isotropic_gaussians" else 1e-2)
    # so is the temperature seen: half of it moves the density by far more
    colder = np.exp(2 * (exponent - exponent.max()))
    assert state.grid.integrate(np.abs(colder / state.grid.integrate(colder) - boltzmann)) > 0.1


def test_imbalance_of_what_is_not_at_rest() -> None:
    problem = make("isotropic_gaussians", 0.8)
    state = stationary(problem, cells=60)
    grid = state.grid
    assert imbalance(problem, grid, state.density) < 1e-12
    pushed = state.density * (1 + 0.1 * np.sin(grid.centers[0]))
    pushed /= grid.integrate(pushed)
    assert imbalance(problem, grid, pushed) > 1e-3


def test_a_run_that_is_not_at_rest_is_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["study", "rest", "isotropic_gaussians", "--set", "beta=20", "--set"]
    words += ["weight_decay=0.5", "--cells", "60"]
    out = tmp_path / "r.json"
    assert main([*words, "--until", "0.5", "--json", str(out)]) == 1
    said = capsys.readouterr().out
    assert "MISSED: distance to the stationary state" in said
    assert "MISSED: distance of the states at rest" in said
    stored = json.loads(out.read_text())
    assert [row["start"] for row in stored["rows"]] == [0.4, 1.6]
    assert stored["apart"] > 0.1
    assert main([*words, "--starts", "kappa=0.5,1"]) == 0
    assert "isotropic_gaussians, scharfetter_gummel, 60 cells" in capsys.readouterr().out


def test_a_rise_of_the_energy_is_missed(case: tuple[str, RestTable]) -> None:
    from dataclasses import replace

    _, table = case
    risen = replace(table, rows=(replace(table.rows[0], increase=1e-9), table.rows[1]))
    assert any("rise of the free energy, relative 1.0e-09" in each for each in risen.missed())


def test_refusals(capsys: pytest.CaptureFixture[str]) -> None:
    def one() -> object:
        return rest(lambda kappa: make("isotropic_gaussians", kappa), (1.0,), until=1)

    refuses(one, "[1.0]", "two or more")
    words = ["study", "rest", "isotropic_gaussians"]
    for more, said in [
        (["--starts", "0.4,1.6"], "NAME=VALUE,VALUE"),
        (["--set", "kappa=1"], "omit it"),
        (["--cells", "20"], "no entropy"),
    ]:
        assert main([*words, *more]) == 2
        assert said in capsys.readouterr().err
