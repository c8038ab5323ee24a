"""Three-layer networks beside their limit on finite index spaces."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tests.helpers import refused
from tests.mpi import needs_mpi, succeeds
from wgflow.cli import main
from wgflow.errors import DivergenceError
from wgflow.networks import EmpiricalData, Smooth
from wgflow.particles import Layers, index_spaces, three_layer, three_layer_run

RNG = np.random.default_rng
TANH = Smooth("tanh")


def samples(count: int = 7) -> EmpiricalData:
    x = RNG(0).standard_normal((count, 2))
    return EmpiricalData(x, np.sin(2 * x[:, 0]))


def network(one: int = 5, two: int = 4) -> Layers:
    rng = RNG(1)
    return Layers(
        rng.standard_normal((one, 2)), rng.standard_normal((one, two)), rng.standard_normal(two)
    )


def pack(layers: Layers) -> np.ndarray:
    return np.concatenate([layers.first.ravel(), layers.second.ravel(), layers.third])


def unpack(flat: np.ndarray, like: Layers) -> Layers:
    one, two = like.first.size, like.first.size + like.second.size
    first, second = flat[:one].reshape(like.first.shape), flat[one:two].reshape(like.second.shape)
    return Layers(first, second, flat[two:])


def half_risk(layers: Layers, data: EmpiricalData, activation: Smooth = TANH) -> float:
    total = 0.0  # by the definition, neuron by neuron
    for x, y in zip(data.x, data.y, strict=True):
        inner = [float(activation(w @ x)) for w in layers.first]
        f = 0.0
        for j, last in enumerate(layers.third):
            h = sum(layers.second[i, j] * inner[i] for i in range(len(inner))) / len(inner)
            f += last * float(activation(h)) / len(layers.third)
        total += (f - y) ** 2 / (2 * len(data.y))
    return total


@pytest.mark.parametrize("name", ["tanh", "erf", "logistic"])
def test_rates_are_the_scaled_gradient(name: str) -> None:
    data, start, phi = samples(), network(), Smooth(name)
    gradient = np.empty(len(pack(start)))
    for k in range(len(gradient)):
        step = np.zeros(len(gradient))
        step[k] = 1e-5
        ends = [half_risk(unpack(pack(start) + s * step, start), data, phi) for s in (1, -1)]
        gradient[k] = (ends[0] - ends[1]) / 2e-5
    slopes = unpack(gradient, start)
    rates = start.rates(data, phi)
    np.testing.assert_allclose(rates.first, -5 * slopes.first, atol=1e-9)
    np.testing.assert_allclose(rates.second, -5 * 4 * slopes.second, atol=1e-9)
    np.testing.assert_allclose(rates.third, -4 * slopes.third, atol=1e-9)


def test_steps_solve_the_flow_at_order_four() -> None:
    data, start = samples(), network()
    exact = solve_ivp(
        lambda _, flat: pack(unpack(flat, start).rates(data, TANH)),
        (0, 2), pack(start), method="DOP853", rtol=1e-12, atol=1e-13,
    ).y[:, -1]  # fmt: skip
    runs = [three_layer_run(start, data, [2.0], dt=dt) for dt in (0.5, 0.25, 0.125)]
    errors = [np.abs(pack(run.final) - exact).max() for run in runs]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert errors[-1] < 1e-6
    assert 3.5 < orders[-1] < 4.6
    values = unpack(exact, start).values(data.x, TANH)
    np.testing.assert_allclose(runs[-1].predictions[0], values, atol=1e-6)


def test_risk_falls_as_fast_as_the_weights_move() -> None:
    data, start = samples(), network(30, 20)
    run = three_layer_run(start, data, np.linspace(0, 20, 201), dt=0.1)
    assert np.all(np.diff(run.risk) < 0)
    assert run.risk[-1] < 0.3 * run.risk[0]
    assert run.risk[0] == pytest.approx(2 * half_risk(start, data), rel=1e-12)
    zero = replace(start, first=0 * start.first, second=0 * start.second, third=0 * start.third)
    speed = start.rates(data, TANH).distance(zero) ** 2
    near = three_layer_run(start, data, [0.0, 1e-4, 2e-4]).risk
    # R/2 falls by the squared speed; a one-sided difference of second order
    assert (3 * near[0] - 4 * near[1] + near[2]) / 4e-4 == pytest.approx(speed, rel=1e-6)


def test_repeated_neurons_change_nothing() -> None:
    """The limit on finite spaces is the network that has each index once, or equally often."""
    data, start = samples(), network()
    one, two = np.repeat(np.arange(5), 3), np.tile(np.arange(4), 2)
    times = [0.0, 1.0, 5.0]
    run = three_layer_run(start, data, times)
    more = three_layer_run(start.take(one, two), data, times)
    np.testing.assert_allclose(more.predictions, run.predictions, rtol=0, atol=1e-13)
    assert more.final.distance(run.final.take(one, two)) < 1e-13
    assert run.final.distance(start) > 0.5


def test_start_of_the_limit() -> None:
    """By Stein's identity h(x) = E <b, w> tanh <w, x> = <b, x> E tanh'(|x| Z)."""
    spaces = index_spaces(RNG(2), 200_000, 2)
    spaces = replace(spaces, outer=spaces.outer[:3])
    start, x = spaces.start(), np.array([0.6, -0.8])
    hidden = np.tanh(start.first @ x) @ start.second / len(start.first)
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    mean = weights @ np.cosh(nodes) ** -2 / weights.sum()
    np.testing.assert_allclose(hidden, mean * spaces.outer[:, 1:] @ x, atol=0.01)
    assert np.abs(hidden).max() > 0.1
    np.testing.assert_array_equal(start.third, spaces.outer[:, 0])


def test_long_steps_are_told() -> None:
    data, start = samples(), network()
    huge = replace(start, third=1e200 * start.third)
    with pytest.raises(DivergenceError, match="reduce dt"):
        three_layer_run(huge, data, [1.0, 50.0], dt=1.0)


def test_distance_falls_like_the_root_of_the_width() -> None:
    table = three_layer([16, 32, 64, 128], indices=400, until=8.0, seeds=24, spaces=6)
    for name in ("risk", "predictions", "end"):
        slope, low, high = table.slope(name)
        assert slope == pytest.approx(-0.5, abs=0.15)
        assert low < -0.5 < high
        assert high - low < 0.4
    assert table.slope("weights")[0] == pytest.approx(-0.5, abs=0.08)
    # limits on other indices lie on the networks' line, at n = 400
    for quantity in (0, 1):
        line = table.mean_error()[0][-1, quantity] * (128 / 400) ** 0.5
        assert 0.4 < table.own[quantity] / line < 2
    assert table.limit.risk[-1] < 0.6 * table.limit.risk[0]
    assert table.mean_error()[0][-1, 1] < 0.1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sizes", "8,16"], "three or more"),
        (["--sizes", "8,16,16"], "increasing"),
        (["--indices", "0"], "0 indices"),
        (["--seeds", "1"], "1 seeds"),
        (["--spaces", "1"], "1 spaces"),
        (["--until", "inf"], "until = inf"),
        (["--step", "0"], "dt = 0"),
        (["--activation", "relu"], "give one of tanh, erf, logistic"),
        (["--figure", "no/where.png"], "no folder no"),
    ],
)
def test_bad_words_are_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--indices", "10", "--until", "1"]
    assert said in refused(["study", "three_layer", *small, *words], capsys)


@needs_mpi
def test_command_writes_the_same_on_any_ranks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["study", "three_layer", "--sizes", "4,6,8", "--indices", "30", "--until", "2"]
    words += ["--seeds", "3", "--spaces", "3", "--csv"]
    figure = tmp_path / "figure.png"
    assert main([*words, str(tmp_path / "1.csv"), "--figure", str(figure)]) == 0
    alone = capsys.readouterr().out
    assert figure.stat().st_size > 5000
    assert succeeds(2, ["-m", "wgflow", *words, str(tmp_path / "2.csv")]) == alone
    assert (tmp_path / "1.csv").read_text() == (tmp_path / "2.csv").read_text()
    with (tmp_path / "1.csv").open() as file:
        assert next(csv.reader(file))[:2] == ["neurons", "risk"]
