"""Networks on a user's own data: files, units with fixed parts, predictions, the case."""

from __future__ import annotations

import csv
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refused
from tests.mpi import needs_mpi, on_ranks, succeeds
from wgflow import catalog
from wgflow.cli import main
from wgflow.compare import ParticleSettings, compare
from wgflow.io import read_points
from wgflow.networks import (
    Affine,
    EmpiricalData,
    FeaturePopulation,
    Standardized,
    activation,
    empirical_features,
    empirical_network,
    loss_of,
    predict,
)
from wgflow.networks.units import Unit, pull
from wgflow.parallel import memory
from wgflow.plots.predictor import predictor_of


def case(**settings: Any) -> wg.Problem:
    return catalog.load("cases", "data_network").problem(**settings)  # type: ignore[no-any-return]


def samples(problem: wg.Problem) -> EmpiricalData:
    assert problem.network is not None
    assert isinstance(problem.network.data, EmpiricalData)
    return problem.network.data


# ---- files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "x1,x2,y\n1,2,-1\n3.5,-4e-1,1\n",
        "1;2;-1\n\n3.5 ; -.4 ; 1",
        "# x1 x2 y\r\n  1 2\t-1\r\n3.5   -0.4 1\r\n",
        "\ufeff1,2,-1\n# half\n3.5,-0.4,+1\n",
    ],
)
def test_files_of_numbers_are_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    data = read_points(path, loss_of("logistic"), inputs=(1, 2))
    np.testing.assert_array_equal(data.x, [[1.0, 2.0], [3.5, -0.4]])
    np.testing.assert_array_equal(data.y, [-1.0, 1.0])


@pytest.mark.parametrize(
    ("text", "loss", "said"),
    [
        ("x,y\n1,2\n1,abc\n", "square", ["line 3, column 2", "'abc' is not a number"]),
        ("1,2\n1,,2\n", "square", ["line 2, column 2: the value is missing ('')"]),
        ("1,2\n1,2,3\n", "square", ["line 2 has 3 columns", "before it 2"]),
        ("1,2,3,4\n", "square", ["line 1 has 4 columns: give 2 or 3"]),
        ("1\n", "square", ["line 1 has 1 columns: give 2 or 3"]),
        ("x,y\n\n1,1\n1,0\n", "logistic", ["line 4: label 0", "+1 or -1"]),
        ("1,2\n", "hinge", ["line 1: label 2", "+1 or -1"]),
        ("1,nan\n", "square", ["line 1, column 2: the value is missing ('nan')"]),
        ("1,inf\n", "square", ["line 1, column 2: inf is not finite"]),
        ("1,2\nNA,2\n", "square", ["line 2, column 1: the value is missing ('NA')"]),
        ("3,1,2\n3,2,1\n3,5,1\n", "square", ["column 1: x is 3 in all 3 lines: remove"]),
        ("1,1,2\n2,2,1\n", "square", ["columns 1 and 2: the same numbers"]),
        ("1,32,2\n2,50,1\n5,104,0\n", "square", ["columns 1 and 2: the same up to a factor"]),
        ("x,y\n", "square", ["holds no samples"]),
        ("", "square", ["holds no samples"]),
    ],
)
def test_what_is_wrong_is_named(
    text: str, loss: str, said: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text)
    words = ["run", "data_network", "--set", f"file={path}", "--set", f"loss={loss}"]
    message = refused(words, capsys)
    assert all(each in message for each in said), message


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no file 'no.csv'" in refused(["run", "data_network", "--set", "file=no.csv"], capsys)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x81")
    words = ["run", "data_network", "--set", f"file={tmp_path / 'binary'}"]
    assert "not UTF-8 text" in refused(words, capsys)


# ---- units of the user --------------------------------------------------------------------


def test_inputs_of_a_file_are_standardized(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2)) @ [[1.0, 0.5], [0.0, 1.0]]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = np.sign(x[:, 0] * x[:, 1])
    own = x * [1e-3, 250.0] + [0.02, 9000.0]
    for name, inputs in (("of order 1", x), ("own", own)):
        np.savetxt(tmp_path / name, np.column_stack([inputs, y]), fmt="%.17g")
    plain = case(file=str(tmp_path / "of order 1"), output=2.0, standardize=False)
    problem = case(file=str(tmp_path / "own"), output=2.0)
    one, other = (wg.solve(p, cells=10, until=1.0) for p in (plain, problem))
    np.testing.assert_allclose(other.history["risk"], one.history["risk"], rtol=1e-9)
    assert one.history["risk"][-1] < 0.999 * one.history["risk"][0]
    np.testing.assert_allclose(other.predict(own[:5]), one.predict(x[:5]), rtol=1e-9)
    np.testing.assert_array_equal(samples(problem).x, own)
    marks = problem.samples
    np.testing.assert_allclose(marks["centre"], own.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(marks["scale"], own.std(axis=0), rtol=1e-14)
    assert "centre" not in plain.samples
    settings = ParticleSettings(particles=20, step=0.01, seeds=1, batch=3)
    risks = [compare(solution, settings).risks for solution in (one, other)]
    np.testing.assert_allclose(risks[1], risks[0], rtol=1e-9)
    assert other.summary()["samples"]["scale"] == marks["scale"]
    predictor = predictor_of(other)
    assert predictor is not None
    np.testing.assert_array_equal(predictor.columns()["x2"][:30], own[:, 1])
    assert main(["describe", "data_network", "--set", f"file={tmp_path / 'own'}"]) == 0
    said = capsys.readouterr().out
    assert f"x2 -> (x2 - {own[:, 1].mean():.6g})/{own[:, 1].std():.6g}" in said
    assert case().samples.keys() == plain.samples.keys()  # the examples stay as they are


def test_standardized_neurons() -> None:
    rng = np.random.default_rng(0)
    unit, x, theta = Affine(activation("tanh"), 2), rng.normal(size=(7, 2)), rng.normal(size=(5, 4))
    seen = Standardized(unit, (3.0, -1.0), (2.0, 0.5))
    own, factors = x * [2.0, 0.5] + [3.0, -1.0], rng.normal(size=7)
    np.testing.assert_allclose(seen.value(own, theta), unit.value(x, theta), rtol=1e-12)
    np.testing.assert_allclose(seen.gradient(own, theta), unit.gradient(x, theta), rtol=1e-11)
    pulled = np.einsum("p,pnd->nd", factors, seen.gradient(own, theta))
    np.testing.assert_allclose(pull(seen, own, theta, factors), pulled, atol=1e-13)
    for bad in [((1.0,), (1.0, 2.0)), ((0.0, 0.0), (1.0, 0.0)), ((math.nan, 0.0), (1.0, 1.0))]:
        with pytest.raises(wg.InputError, match="give 2 finite numbers"):
            Standardized(unit, *bad)


# ---- neurons ------------------------------------------------------------------------------

UNITS = [
    Affine(activation("tanh"), p, a, b)
    for p, a, b in itertools.product((1, 2), (None, -1.5), (None, 0.3))
]


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: "".join(u.names))
def test_neurons_with_fixed_parts(unit: Affine) -> None:
    rng = np.random.default_rng(0)
    x, theta = rng.normal(size=(7, unit.inputs)), rng.normal(size=(5, len(unit.names)))
    full = np.column_stack(
        [
            theta[:, 0] if unit.output is None else np.full(5, unit.output),
            theta[:, [k for k, name in enumerate(unit.names) if name.startswith("w")]],
            theta[:, -1] if unit.bias is None else np.full(5, unit.bias),
        ]
    )
    by_hand = full[:, 0] * np.tanh(x @ full[:, 1:-1].T + full[:, -1])
    np.testing.assert_allclose(unit.value(x, theta), by_hand, rtol=1e-14)
    gradient = unit.gradient(x, theta)
    for k in range(theta.shape[1]):
        step = np.zeros(theta.shape[1])
        step[k] = 1e-6
        slope = (unit.value(x, theta + step) - unit.value(x, theta - step)) / 2e-6
        np.testing.assert_allclose(gradient[:, :, k], slope, atol=1e-8)
    factors = rng.normal(size=7)
    pulled = np.einsum("p,pnd->nd", factors, gradient)
    np.testing.assert_allclose(unit.pull(x, theta, factors), pulled, atol=1e-13)

    class Hidden:  # another class of units, which has no products of its own
        value, gradient = unit.value, unit.gradient

    hidden: Unit = Hidden()  # type: ignore[assignment]
    np.testing.assert_allclose(pull(hidden, x, theta, factors), pulled, atol=1e-13)


@pytest.mark.parametrize("bad", [{"output": 0.0}, {"output": math.inf}, {"bias": math.nan}])
def test_fixed_parts_are_numbers(bad: dict[str, float]) -> None:
    with pytest.raises(wg.InputError, match="give a finite number"):
        Affine(activation("tanh"), 1, **bad)


@pytest.mark.parametrize("loss", ["square", "logistic"])
def test_population_of_samples_is_that_of_the_features(
    loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    data = EmpiricalData(rng.normal(size=(9, 2)), np.sign(rng.normal(size=9)))
    unit, theta = Affine(activation("erf"), 2), rng.normal(size=(30, 4))
    whole = empirical_features(unit, data, loss)
    values = whole.functions(*theta.T)
    monkeypatch.setattr("wgflow.networks.empirical.BLOCK", 20)  # two neurons at a time
    np.testing.assert_array_equal(empirical_features(unit, data, loss).functions(*theta.T), values)
    network = empirical_network(unit, data, lambda rng, n: rng.normal(size=(n, 4)), loss)
    other = FeaturePopulation(whole)
    assert network.population.risk(theta) == pytest.approx(other.risk(theta), rel=1e-14)
    np.testing.assert_allclose(
        network.population.gradient(theta), other.gradient(theta), atol=1e-15
    )


# ---- predictions --------------------------------------------------------------------------


def test_predictions_of_a_density(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = case(samples=12)
    run = wg.solve(problem, cells=(20, 24), until=0.5, snapshots=[0.25])
    x = np.array([-3.0, 0.1, 2.0])
    w, b = run.coordinates
    mass = run.densities[1] * run.grid.volumes
    by_hand = [3.0 * np.sum(np.tanh(w * each + b) * mass) for each in x]
    np.testing.assert_allclose(run.predict(x, snapshot=1), by_hand, rtol=1e-12)
    data = samples(problem)
    np.testing.assert_allclose(run.predict(data.x), run.moments[-1], atol=1e-13)
    monkeypatch.setattr("wgflow.networks.prediction.INPUTS", 5)
    monkeypatch.setattr("wgflow.networks.prediction.OUTPUTS", 35)  # 5 inputs, 7 cells
    np.testing.assert_allclose(run.predict(data.x), run.moments[-1], atol=1e-13)
    with pytest.raises(wg.InputError, match=r"\(P, p\)"):
        run.predict(np.array([[[1.0]]]))
    radial = catalog.load("cases", "isotropic_gaussians").problem()
    other = wg.solve(radial, cells=40, until=1e-3)
    with pytest.raises(wg.InputError, match="nothing to predict with"):
        other.predict(x)


def test_predictions_of_finite_networks() -> None:
    unit, rng = UNITS[0], np.random.default_rng(2)
    theta, x = rng.normal(size=(6, len(unit.names))), rng.normal(size=4)
    value = unit.value(x[:, None], theta)
    np.testing.assert_allclose(predict(unit, theta, x), value.mean(axis=1), rtol=1e-13)
    weights = rng.random(6)
    np.testing.assert_allclose(predict(unit, theta, x, weights), value @ weights, rtol=1e-13)


def test_too_much_data_is_refused_before_it_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 3e8)
    words = ["run", "data_network", "--set", "samples=1000", "--cells", "200"]
    message = refused(words, capsys)
    for part in ("M = 1000 features", "40000 cells", "0.32 GB", "0.3 GB are free", "fewer cells"):
        assert part in message


def test_the_memory_that_is_left_is_known() -> None:
    assert 2**26 < memory.available_memory() < math.inf


# ---- the case -----------------------------------------------------------------------------


def test_dimensions_and_names() -> None:
    assert case().box.names == ("w", "b")
    assert case(output="trained").box.names == ("a", "w", "b")
    assert case(bias=0.0).box.names == ("w",)
    assert case(example="moons", output="trained").box.names == ("a", "w1", "w2", "b")
    assert len(samples(case(samples=7)).y) == 7


def test_samples_of_a_file_are_thinned(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("".join(f"{k},{k / 10}\n" for k in range(50)))
    whole, part = samples(case(file=str(path))), samples(case(file=str(path), samples=8, seed=3))
    assert len(whole.y) == 50
    assert len(part.y) == 8
    assert set(part.y) <= set(whole.y)
    np.testing.assert_allclose(part.x[:, 0], 10 * part.y)


def test_neurons_are_drawn_from_the_density() -> None:
    problem = case(spread=1.5, reach=2.0)  # a start that the domain cuts
    assert problem.network is not None
    theta = problem.network.draw(np.random.default_rng(0), 40_000)
    assert np.abs(theta).max() <= 2.0
    grid = wg.Grid(problem.box, 100)
    density = grid.average(problem.initial)  # type: ignore[arg-type]
    second = grid.integrate(grid.coordinates[0] ** 2 * density) / grid.integrate(density)
    np.testing.assert_allclose(np.mean(theta**2, axis=0), second, rtol=0.02)


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge", "huber"])
def test_density_and_networks_agree(loss: str) -> None:
    problem = case(
        example="moons", samples=30, loss=loss, bias=0.2, weight_decay=0.01, activation="erf"
    )
    run = wg.solve(problem, cells=100, until=2.0, snapshots=2)
    assert run.facts["mass_max_error"] < 1e-13
    assert run.facts["minimum"] >= 0
    assert run.facts["energy_max_increase"] < 1e-14
    assert run.history["risk"][-1] < 0.75 * run.history["risk"][0]
    settings = ParticleSettings(particles=400, step=0.02, seeds=4, dynamics="gradient")
    result = compare(run, settings)
    assert result.states is not None
    data, network = samples(problem), problem.network
    assert network is not None
    finite = np.mean([predict(network.unit, theta, data.x) for theta in result.states], axis=0)
    assert np.abs(run.moments[-1] - run.moments[0]).max() > 0.5
    assert np.abs(finite - run.moments[-1]).max() < 0.1  # some |a|/sqrt(1600)


def test_predictions_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["data_network", "--set", "samples=10", "--cells", "20", "--until", "0.2"]
    assert main(["run", *words, "--out", str(tmp_path / "run")]) == 0
    assert "risk" in capsys.readouterr().out
    more = ["--particles", "20", "--step", "0.05", "--seeds", "2"]
    assert main(["compare", *words, *more, "--out", str(tmp_path / "both")]) == 0
    tables = []
    for folder in ("run", "both"):
        assert (tmp_path / folder / "predictor.png").stat().st_size > 5000
        with (tmp_path / folder / "predictor.csv").open() as file:
            tables.append(list(csv.DictReader(file)))
    alone, beside = tables
    assert list(alone[0]) == ["x", "y", "f"]
    assert list(beside[0]) == ["x", "y", "f", "f_0", "f_1"]
    assert [row["f"] for row in alone] == [row["f"] for row in beside]
    data = samples(case(samples=10))
    assert [float(row["y"]) for row in alone[:10]] == data.y.tolist()
    assert all(row["y"] == "nan" for row in alone[10:])
    assert len({row["f_0"] for row in beside}) > 200


def test_a_changed_file_is_another_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "points.csv", tmp_path / "run"
    path.write_text("0,1\n1,2\n2,0\n")
    words = ["run", "data_network", "--set", f"file={path}", "--cells", "12", "--until", "0.5"]
    words += ["--out", str(out)]
    assert main(words) == 0
    assert main([*words, "--restart"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    path.write_text("0,1\n2,0\n1,2\n")  # the same samples in another order: other moments
    assert "of another run (samples" in refused([*words, "--restart"], capsys)
    checkpoint = wg.Checkpoint(tmp_path / "kept", steps=1, last=True)
    wg.solve(case(file=str(path)), cells=12, until=0.1, checkpoint=checkpoint)
    path.write_text("0,1\n1,2\n2,0\n")
    with pytest.raises(wg.InputError, match="samples"):
        wg.solve(case(file=str(path)), cells=12, until=0.1, checkpoint=checkpoint, restart=True)


@needs_mpi
def test_ranks_read_and_predict_alike(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("".join(f"{math.sin(9 * k)},{math.cos(4 * k)},{k % 5}\n" for k in range(12)))
    words = ["data_network", "--set", f"file={path}", "--set", "loss=huber", "--cells", "12"]
    words += ["--until", "0.3"]
    assert main(["run", *words, "--out", str(tmp_path / "1")]) == 0
    succeeds(2, ["-m", "wgflow", "run", *words, "--out", str(tmp_path / "2")])
    tables = []
    for folder in ("1", "2"):
        with (tmp_path / folder / "predictor.csv").open() as file:
            tables.append([float(row["f"]) for row in csv.DictReader(file)])
    np.testing.assert_allclose(*tables, atol=1e-13)
    path.write_text("1,2,3\n1,2,x\n")
    done = on_ranks(2, ["-m", "wgflow", "run", *words, "--out", str(tmp_path / "3")])
    assert done.returncode == 2
    assert done.stderr.count("line 2, column 3") == 1
