"""Networks for the 3-spin function, and their errors against the width."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import refuses
from wgflow.cli import main
from wgflow.networks import Radial, Sigmoid, SpinData, cosine_network, spin_network
from wgflow.particles import Schedule, stochastic_gradient_descent, width_errors


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
    """At the start of the cosine network: E |f_N - f|² = (1 - z²)/N."""
    table = width_errors(
        cosine_network(0.8, 0.3), (20, 80), lambda n: 1, 24, 0.01, 0.01, Schedule(2.0)
    )
    for row in table.rows:
        exact = math.sqrt((1 - 0.3**2) / row.neurons)
        assert row.start[0] == pytest.approx(exact, abs=4 * row.start[1] + 0.01 * exact)
        assert row.start[1] < 0.1 * exact
    slope, low, high = table.slopes["start"]
    assert low < slope < high
    assert slope == pytest.approx(-0.5, abs=0.1)
    assert "theory -0.5" in table.to_text()


def test_batches_that_grow_like_the_square_of_the_width_give_errors_of_order_one_over_it() -> None:
    network = spin_network(SpinData(5, seed=1), points=500)

    def slope(power: int) -> float:
        def batch(n: int) -> int:
            return int(4 * (n // 8) ** power)

        table = width_errors(network, (8, 16, 32), batch, 4, 500.0, 1.0, Schedule(1.0))
        assert [row.batch for row in table.rows] == [batch(n) for n in (8, 16, 32)]
        assert table.slopes["start"][0] == pytest.approx(-0.5, abs=0.15)
        return table.slopes["end"][0]

    assert slope(2) == pytest.approx(-1.0, abs=0.2)
    assert slope(0) > -0.5


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, figure = tmp_path / "t.csv", tmp_path / "f.png"
    words = ["study", "spins", "--sizes", "4,8", "--seeds", "2", "--until", "5"]
    # so short a training has no error of order 1/N
    assert main([*words, "--csv", str(table), "--figure", str(figure)]) == 1
    assert "MISSED: slope of the error at end" in capsys.readouterr().out
    rows = np.genfromtxt(table, delimiter=",", names=True)
    assert rows["batch"].tolist() == [4, 4, 4, 16]
    assert rows["power"].tolist() == [0, 0, 2, 2]
    assert figure.stat().st_size > 10_000


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
