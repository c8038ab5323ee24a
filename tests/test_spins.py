"""Networks for the 3-spin function, and their errors against the width."""

from __future__ import annotations

import math
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import refuses
from wgflow.cli import main
from wgflow.networks import (
    Radial,
    Sigmoid,
    SpinData,
    cosine_network,
    spin_network,
    spin_settings,
)
from wgflow.particles import Schedule, WidthTable, stochastic_gradient_descent, width_errors
from wgflow.particles.spins import quench


def test_target_is_the_sum_of_the_couplings() -> None:
    data = SpinData(4, seed=3)
    a = np.random.default_rng(3).standard_normal((4, 4, 4))
    x, y = data.sample(np.random.default_rng(0), 200_000)
    np.testing.assert_allclose((x**2).sum(axis=1), 4.0, rtol=1e-12)
    direct = np.einsum("ijk,pi,pj,pk->p", a, x[:50], x[:50], x[:50]) / 4
    np.testing.assert_allclose(y[:50], direct, rtol=1e-10)
    error = np.std(y**2) / math.sqrt(len(y))
    assert data.second_moment == pytest.approx(np.mean(y**2), abs=4 * error)
    assert abs(np.mean(y)) < 4 * np.std(y) / math.sqrt(len(y))


@pytest.mark.parametrize("units", ["sigmoid", "gaussian"])
def test_units(units: str) -> None:
    """Gradients are derivatives, and sums by matrix products are the sums of gradients."""
    data = SpinData(3)
    network = spin_network(data, units, points=20)  # type: ignore[arg-type]
    rng = np.random.default_rng(1)
    theta, (x, y) = network.draw(rng, 5), data.sample(rng, 7)
    unit = network.unit
    slope = unit.gradient(x, theta)
    for axis in range(theta.shape[1]):
        step = np.zeros(theta.shape[1])
        step[axis] = 1e-5
        change = unit.value(x, theta + step) - unit.value(x, theta - step)
        np.testing.assert_allclose(slope[..., axis], change / 2e-5, atol=1e-7)
    assert isinstance(unit, Sigmoid | Radial)
    left = y - unit.value(x, theta).mean(axis=1)
    found = unit.descent(x, theta, lambda f: y - f)
    np.testing.assert_allclose(found, np.einsum("p,pnd->nd", left, slope), rtol=1e-10, atol=1e-12)
    # one step of descent on one sample of the law
    run = stochastic_gradient_descent(
        network, theta, [0.1], 0.1, Schedule(1.0), np.random.default_rng(5), batch=1024
    )
    x, y = data.sample(np.random.default_rng(5), 1024)
    left = (y - unit.value(x, theta).mean(axis=1)) / 1024
    by_hand = theta + 0.1 * np.einsum("p,pnd->nd", left, unit.gradient(x, theta))
    np.testing.assert_allclose(run.final, by_hand, rtol=1e-11)


def test_moments_are_values_at_points_of_the_sphere() -> None:
    data = SpinData(5)
    network = spin_network(data, points=3000)
    theta = network.draw(np.random.default_rng(2), 30)
    x, y = data.sample(np.random.default_rng(3), 40_000)
    squares = (y - network.unit.value(x, theta).mean(axis=1)) ** 2
    error = math.hypot(squares.std() / 200, squares.std() / math.sqrt(3000))
    assert network.population.risk(theta) == pytest.approx(squares.mean(), abs=4 * error)


def test_error_of_draws_is_exact() -> None:
    """At the start of the cosine network: E |f_N - f_0|² = (1 - z²)/N."""
    table = width_errors(
        cosine_network(0.8, 0.3), (20, 80), lambda n: 1, 24, 0.01, 0.01, Schedule(2.0)
    )
    for row in table.rows:
        exact = (1 - 0.3**2) / row.neurons
        assert row.start[0] == pytest.approx(exact, abs=4 * row.start[1] + 0.02 * exact)
        assert row.start[1] < 0.2 * exact
    slope, low, high = table.slopes["start"]
    assert low < slope < high
    assert slope == pytest.approx(-1.0, abs=0.15)
    columns = table.columns()
    np.testing.assert_allclose(np.square(columns["start_rms"]), columns["start"])
    assert f"{slope / 2:6.2f} [{low / 2:5.2f}" in table.to_text()


def test_error_of_draws_of_a_spin_network_is_a_mean_over_the_sphere() -> None:
    """At the start c is independent, of mean 0: E |f_N - f_0|² = start² E h²/N."""
    network = spin_network(SpinData(5), start=2.0, points=200)
    x = network.draw(np.random.default_rng(0), 20_000)
    x[:, -1] = 1.0
    points, _ = SpinData(5).sample(np.random.default_rng(1), 500)
    exact = 4 * float(np.mean(network.unit.value(points, x) ** 2)) / 16
    table = width_errors(network, (16, 32), lambda n: 1, 8, 0.01, 0.01, Schedule(1.0))
    mean, error = table.rows[0].start
    assert error < 0.15 * exact
    assert mean == pytest.approx(exact, abs=4 * error)


def _table(power: int) -> WidthTable:
    def batch(n: int) -> int:
        return int(6 * (n // 8) ** power)

    # a step that a batch of 6 only just bears
    network = spin_network(SpinData(5, seed=1), points=500)
    settings = spin_settings("sigmoid", 5)
    until = 600 * settings.step
    table = width_errors(
        network, (8, 16, 32, 64), batch, 3, until, settings.step, Schedule(quench(until)), tail=9
    )
    assert [row.batch for row in table.rows] == [batch(n) for n in (8, 16, 32, 64)]
    return table


def test_error_falls_like_one_over_the_width_or_faster_with_batches_of_its_square() -> None:
    square, fixed = _table(2), _table(0)
    for table in (square, fixed):
        assert table.slopes["start"][0] == pytest.approx(-1.0, abs=0.2)
    ends = np.log([row.end[0] for row in square.rows])
    assert square.slopes["tail"][0] == pytest.approx(
        np.polyfit(np.log([16, 32, 64]), ends[1:], 1)[0]
    )
    assert square.slopes["end"][0] < -0.8
    assert square.rows[-1].end[0] < 0.02 * SpinData(5, seed=1).second_moment
    # the noise of batches that do not grow with the width
    assert fixed.rows[-1].end[0] > 1.5 * square.rows[-1].end[0]
    assert fixed.slopes["end"][0] > square.slopes["end"][0] + 0.1


def test_settings() -> None:
    for units in ("sigmoid", "gaussian"):
        few, mid, many = (spin_settings(units, d) for d in (10, 15, 25))
        assert few.start < mid.start < many.start
        assert few.step > mid.step > many.step
        assert astuple(spin_settings(units, 3)) == pytest.approx(astuple(spin_settings(units, 5)))
    refuses(lambda: spin_settings("tanh", 5), "'tanh'", "sigmoid")
    scale = quench(10.0)
    assert (scale(0.0), scale(6.99), scale(7.01)) == (1.0, 1.0, 0.1)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, figure = tmp_path / "t.csv", tmp_path / "f.png"
    words = ["study", "spins", "--dimension", "3", "--units", "gaussian,sigmoid"]
    words += ["--sizes", "2,4", "--seeds", "2", "--batch", "1", "--seed", "2"]
    status = main([*words, "--csv", str(table), "--figure", str(figure)])
    text = capsys.readouterr().out
    assert status == (1 if "MISSED" in text else 0)
    rows = np.genfromtxt(table, delimiter=",", names=True, dtype=None, encoding="utf-8")
    assert rows["dimension"].tolist() == [3] * 8
    assert rows["units"].tolist() == 4 * ["gaussian"] + 4 * ["sigmoid"]
    assert rows["batch"].tolist() == 2 * [1, 1, 1, 4]
    assert rows["power"].tolist() == 2 * [0, 0, 2, 2]
    assert rows["second_moment"][0] == pytest.approx(SpinData(3, 2).second_moment)
    assert figure.stat().st_size > 10_000


def test_command_says_what_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    # with next to no training the loss is still that of the draw, which falls like 1/N
    words = ["study", "spins", "--sizes", "8,16,32", "--until", "0.04", "--seeds", "6"]
    assert main(words) == 1
    text = capsys.readouterr().out
    assert "passed: slope of the squared error at start" in text
    assert "MISSED: loss at end of N = 32 over E f², d = 5, sigmoid" in text


def test_refusals(capsys: pytest.CaptureFixture[str]) -> None:
    refuses(lambda: SpinData(1), "dimension = 1", ">= 2")
    refuses(lambda: SpinData(5, -1), "seed = -1", ">= 0")
    refuses(lambda: Radial(0.0), "sharpness = 0.0", "> 0")
    refuses(lambda: spin_network(SpinData(5), "tanh"), "'tanh'", "sigmoid")  # type: ignore[arg-type]
    refuses(lambda: spin_network(SpinData(5), start=0.0), "start = 0.0", "> 0")
    network, s = cosine_network(), Schedule(1.0)
    refuses(lambda: width_errors(network, (8, 4), lambda n: 1, 3, 1.0, 0.1, s), "8, 4", "increase")
    refuses(lambda: width_errors(network, (4, 8), lambda n: 1, 1, 1.0, 0.1, s), "seeds = 1", "2")
    assert main(["study", "spins", "--batch", "0"]) == 2
    assert "--batch 0" in capsys.readouterr().err
    assert main(["study", "spins", "--until", "-1"]) == 2
    assert main(["study", "spins", "--sizes", "4,x"]) == 2
    assert main(["study", "spins", "--dimension", "5,x"]) == 2
    assert main(["study", "spins", "--dimension", "5,1"]) == 2
    capsys.readouterr()
    assert main(["study", "spins", "--units", "tanh"]) == 2
    assert "'tanh'" in capsys.readouterr().err
    assert main(["study", "spins", "--dimension", "5,10", "--step", "0.1"]) == 2
    assert "--step" in capsys.readouterr().err
