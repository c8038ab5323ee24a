from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest

from wgflow.errors import InputError
from wgflow.networks import cosine_network
from wgflow.particles import CouplingTable, Schedule, cosine_moments, coupling_errors
from wgflow.particles.coupling_table import fit_slope

NETWORK, MOMENTS = cosine_network(0.8, 0.3), cosine_moments(0.8, 0.3)

CITED = {100: 7.98e-2, 400: 4.23e-2, 1600: 1.97e-2, 6400: 1.03e-2}
"""Errors ND-PD measured once with other seeds: the root mean square over neurons up to t = 2."""


def measure(**changes: object) -> CouplingTable:
    arguments: dict[str, object] = {
        "network": NETWORK,
        "moments": MOMENTS,
        "times": [0.5, 1.0],
        "sizes": [50, 100],
        "steps": [1 / 8, 1 / 16],
        "seeds": range(2),
        "schedule": Schedule(2.0),
        "neurons": 50,
    }
    return coupling_errors(**(arguments | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def table() -> CouplingTable:
    return measure(
        times=np.linspace(0.25, 2.0, 8),
        sizes=list(CITED),
        steps=[2.0**-k for k in range(4, 10)],
        seeds=range(20),
        neurons=400,
    )


@pytest.mark.parametrize("pair", ["rho-ND", "ND-PD", "PD-GD", "GD-SGD"])
def test_slopes_are_those_of_the_theorems(table: CouplingTable, pair: str) -> None:
    slope = table.slope(pair)
    assert slope.expected == {"rho-ND": -0.5, "ND-PD": -0.5, "PD-GD": 1, "GD-SGD": 0.5}[pair]
    assert abs(slope.slope - slope.expected) < 0.15
    assert slope.low <= slope.slope <= slope.high
    assert slope.high - slope.low < 0.35  # the fit means something


def test_errors_are_capped(table: CouplingTable) -> None:
    assert table.errors("PD-GD", "rms")[2.0**-9][0] < 5e-4
    assert table.errors("GD-SGD", "rms")[2.0**-9][0] < 3e-2
    assert table.errors("rho-ND", "risk")[6400][0] < 1e-2


def test_cited_errors_are_met(table: CouplingTable) -> None:
    for size, (mean, error) in table.errors("ND-PD", "rms").items():
        assert error < 0.2 * mean
        assert mean == pytest.approx(CITED[int(size)], abs=3.5 * error)


def test_predictions_of_independent_neurons_scatter_as_they_must(table: CouplingTable) -> None:
    """At all times E (f_N - f)² = (1 - z²)/N with z between 0.3 and 0.75; a sup over 8 times."""
    for size, (mean, _) in table.errors("rho-ND", "pred").items():
        assert 0.5 < mean * math.sqrt(size) < 1.2


def test_nothing_is_missed_and_missing_is_seen(table: CouplingTable) -> None:
    assert table.missed(0.15) == ()
    assert {each.pair for each in table.missed(0.0)} == {"rho-ND", "ND-PD", "PD-GD", "GD-SGD"}


def test_text_and_json(table: CouplingTable) -> None:
    text = table.to_text()
    assert "20 seeds" in text
    assert "N = 6400" in text
    assert max(map(len, text.splitlines())) <= 80
    data = json.loads(table.to_json())
    assert len(data["rows"]) == len(table.rows) == 2 * 4 + 3 * 4 + 2 * 3 * 6
    assert data["slopes"][0]["slope"] == table.slopes[0].slope


def test_noise_is_shared() -> None:
    """Without a shared path PD-GD would not fall at all."""
    table = measure(
        times=[1.0],
        sizes=[],
        steps=[2.0**-k for k in (4, 6)],
        schedule=Schedule(2.0, temperature=0.05),
        neurons=200,
    )
    assert table.slope("PD-GD").slope == pytest.approx(1.0, abs=0.2)
    assert {row.parameter for row in table.rows} == {"step"}


def test_same_seeds_same_table() -> None:
    assert measure() == measure()


def test_one_seed_has_no_interval() -> None:
    table = measure(seeds=[3], steps=[])
    assert math.isnan(table.slopes[0].low)
    assert json.loads(table.to_json())["rows"][0]["error"] is None


def test_fit_of_a_power_law() -> None:
    values = np.array([10.0, 20.0, 80.0])
    rng = np.random.default_rng(0)
    exact = np.tile(3 * values**-0.5, (4, 1))
    np.testing.assert_allclose(fit_slope(values, exact, 0.95), -0.5, atol=1e-12)
    covered = 0
    for _ in range(300):
        noisy = exact * rng.lognormal(sigma=0.3, size=exact.shape)
        _, low, high = fit_slope(values, noisy, 0.9)
        covered += low < -0.5 < high
    assert 0.82 < covered / 300 < 0.97
    assert math.isnan(fit_slope(values, np.zeros((2, 3)), 0.95)[0])


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "one size": (lambda: measure(sizes=[100]), "two or more"),
    "same steps": (lambda: measure(steps=[0.1, 0.1]), "all different"),
    "nothing": (lambda: measure(sizes=[], steps=[]), "neither sizes nor steps"),
    "no neuron": (lambda: measure(sizes=[0, 10]), "N is 0"),
    "no seeds": (lambda: measure(seeds=[]), "no seeds"),
    "step": (lambda: measure(steps=[0.25, -0.5]), "step is -0.5"),
    "does not divide": (lambda: measure(steps=[0.3, 0.1]), "step 0.3 does not divide"),
    "confidence": (lambda: measure(confidence=1.0), "confidence is 1.0"),
    "dt": (lambda: measure(dt=0.0), "dt is 0.0"),
    "noise without dt": (
        lambda: measure(steps=[], schedule=Schedule(2.0, temperature=1.0)),
        "pass dt",
    ),
    "unknown slope": (lambda: measure(steps=[]).slope("PD-GD"), "there are rho-ND pred"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(name: str) -> None:
    call, words = BAD[name]
    with pytest.raises(InputError, match=words) as e:
        call()
    assert "\n" not in str(e.value)
