"""Students of a teacher, and lazy training beside its exact limit."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from tests.helpers import refused
from tests.mpi import needs_mpi, succeeds
from wgflow.cli import main
from wgflow.errors import InputError
from wgflow.networks import (
    Affine,
    EmpiricalData,
    ReluTeacher,
    Smooth,
    empirical_network,
    random_teacher,
    teacher_network,
)
from wgflow.networks.teacher import arc_cosine
from wgflow.particles import (
    Schedule,
    lazy_run,
    lazy_training,
    particle,
    stochastic_gradient_descent,
    teacher_student,
)
from wgflow.particles.lazy import tangent_kernel, tangent_solution

RNG = np.random.default_rng


# ---- the teacher --------------------------------------------------------------------------


def test_arc_cosine_kernel_is_the_mean_over_inputs() -> None:
    rng = RNG(0)
    w, v = rng.standard_normal((2, 4, 3))
    x = rng.standard_normal((400_000, 3))
    kernel, own, other = arc_cosine(w, v)
    sampled = np.maximum(x @ w.T, 0).T @ np.maximum(x @ v.T, 0) / len(x)
    np.testing.assert_allclose(kernel, sampled, atol=0.02)
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-6
        slope = (arc_cosine(w + step, v)[0] - arc_cosine(w - step, v)[0]) / 2e-6
        np.testing.assert_allclose(own * w[:, k : k + 1] + other * v[:, k], slope, atol=1e-8)


def test_risk_of_a_student() -> None:
    rng = RNG(1)
    teacher = random_teacher(6, 3, rng)
    network = teacher_network(teacher)
    assert teacher.second_moment == pytest.approx(1.0, rel=1e-14)
    exact = np.column_stack([3 * teacher.outputs, teacher.weights])
    assert network.population.risk(exact) < 1e-15
    assert np.abs(network.population.gradient(exact)).max() < 1e-7  # the angle's rounding
    theta = network.draw(rng, 5)
    np.testing.assert_allclose(np.linalg.norm(theta[:, 1:], axis=1), 1.0)
    x, y = teacher.sample(rng, 400_000)
    f = network.unit.value(x, theta).mean(axis=1)
    assert network.population.risk(theta) == pytest.approx(np.mean((y - f) ** 2), rel=0.02)
    gradient = network.population.gradient(theta)
    for i, k in [(0, 0), (2, 1), (4, 6)]:
        step = np.zeros_like(theta)
        step[i, k] = 1e-6
        ends = [network.population.risk(theta + sign * step) for sign in (1, -1)]
        assert gradient[i, k] == pytest.approx(
            len(theta) / 2 * (ends[0] - ends[1]) / 2e-6, abs=1e-7
        )


def test_a_step_of_a_student_by_hand() -> None:
    teacher = random_teacher(4, 2, RNG(2))
    network = teacher_network(teacher)
    theta = network.draw(RNG(3), 3)
    run = stochastic_gradient_descent(network, theta, [0.1], 0.1, Schedule(2.0), RNG(4), batch=5)
    x, y = teacher.sample(RNG(4), 1024)
    x, y = x[:5], y[:5]
    hidden = np.maximum(x @ theta[:, 1:].T, 0)
    residual = y - (hidden * theta[:, 0]).mean(axis=1)
    on = theta[:, 0] * (hidden > 0) * residual[:, None]
    np.testing.assert_allclose(run.final[:, 0], theta[:, 0] + 0.2 * residual @ hidden / 5)
    np.testing.assert_allclose(run.final[:, 1:], theta[:, 1:] + 0.2 * on.T @ x / 5)


@pytest.mark.parametrize(
    ("outputs", "weights"), [([1.0, 2.0], [[1.0]]), ([1.0], [[0.0]]), ([math.nan], [[1.0]])]
)
def test_bad_teachers_are_refused(outputs: list[float], weights: list[list[float]]) -> None:
    with pytest.raises(InputError, match="weights"):
        ReluTeacher(np.array(outputs), np.array(weights))


def test_wide_students_learn_and_narrow_ones_cannot() -> None:
    options: dict[str, Any] = {"dimension": 20, "neurons": 3, "until": 50.0, "seeds": 4}
    table = teacher_student([1, 12], **options)
    narrow, wide = table.risks[:, :, -1]
    assert narrow.min() > 0.2
    assert wide.max() < 0.01
    assert table.columns()["learnt"].tolist() == [0.0, 1.0]

    def backwards(task: Callable[[int], Any], count: int) -> list[Any]:
        return [task(number) for number in reversed(range(count))][::-1]

    again = teacher_student([12, 1], **options, share=backwards)
    np.testing.assert_array_equal(again.risks[::-1], table.risks)


# ---- lazy training ------------------------------------------------------------------------


def samples(count: int = 8) -> EmpiricalData:
    x = RNG(5).standard_normal((count, 2))
    return EmpiricalData(x, np.sin(2 * x[:, 0]))


def test_lazy_limit_is_the_matrix_exponential() -> None:
    rng = RNG(6)
    half = rng.standard_normal((5, 3))
    kernel, start, labels = half @ half.T, rng.standard_normal(5), rng.standard_normal(5)
    found = tangent_solution(kernel, start, labels, np.array([0.0, 0.3, 2.0]))
    for row, time in zip(found, (0.0, 0.3, 2.0), strict=True):
        exact = labels + expm(-time * kernel / 5) @ (start - labels)
        np.testing.assert_allclose(row, exact, atol=1e-13)


def test_tangent_kernel_is_that_of_derivatives() -> None:
    unit, data = Affine(Smooth("erf"), 2), samples(4)
    theta = RNG(7).standard_normal((6, 4))
    jacobian = np.empty((4, theta.size))
    for k in range(theta.size):
        step = np.zeros(theta.size)
        step[k] = 1e-6
        shifted = [unit.value(data.x, theta + s * step.reshape(6, 4)).mean(1) for s in (1, -1)]
        jacobian[:, k] = (shifted[0] - shifted[1]) / 2e-6
    # of the mean, times the m of the mean-field time
    np.testing.assert_allclose(
        tangent_kernel(unit, theta, data.x), 6 * jacobian @ jacobian.T, atol=1e-7
    )


def test_scale_one_is_the_particle_dynamics() -> None:
    data, times = samples(), np.array([1.0, 2.0])
    run = lazy_run(data, 10, 1.0, times, RNG(8), dt=0.02)
    half = RNG(8).standard_normal((5, 4))
    start = np.concatenate([half, half * [-1, 1, 1, 1]])
    network = empirical_network(Affine(Smooth("tanh"), 2), data, lambda rng, n: start)
    other = particle(network, start, times, step=0.02, schedule=Schedule(1.0))
    predicted = [network.unit.value(data.x, theta).mean(axis=1) for theta in other.theta]
    np.testing.assert_allclose(run.predictions, predicted, rtol=1e-12)
    moved = np.sqrt(np.mean(np.sum((other.theta - start) ** 2, axis=2), axis=1))
    np.testing.assert_allclose(run.displacement, moved, rtol=1e-12)
    assert run.risk(run.predictions)[-1] == pytest.approx(other.risk[-1], rel=1e-12)
    coarse = lazy_run(data, 10, 1.0, times, RNG(8), dt=0.2)
    finer = lazy_run(data, 10, 1.0, times, RNG(8), dt=0.1)
    errors = [np.abs(r.predictions - run.predictions).max() for r in (coarse, finer)]
    assert 3.5 < np.log2(errors[0] / errors[1]) < 4.6


def test_rates_of_lazy_training() -> None:
    table = lazy_training([100, 200, 400], [16, 64, 256], neurons=60, until=5.0, seeds=8)
    assert table.slope("1/m", "displacement")[0] == pytest.approx(0.0, abs=0.05)
    assert table.slope("1/√m", "displacement")[0] == pytest.approx(-0.5, abs=0.05)
    assert table.slope("α", "displacement")[0] == pytest.approx(-1.0, abs=0.01)
    for quantity in ("kernel", "gap"):
        assert table.slope("α", quantity)[0] == pytest.approx(-2.0, abs=0.15)
        assert -0.5 < table.slope("1/m", quantity)[0] < 0.3
        assert table.slope("1/√m", quantity)[0] < -0.7  # the theorem has -1/2 at least
    assert table.largest["1/m"][:, :, 1].min() > 0.05
    last = table.risks["α"][-1]
    np.testing.assert_allclose(last[:, 0], last[:, 1], rtol=1e-3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lazy_training", "--sizes", "50,101,200"], "101 neurons"),
        (["lazy_training", "--sizes", "50,100"], "3 or more"),
        (["lazy_training", "--scales", "1,0,3"], "increasing"),
        (["lazy_training", "--activation", "relu"], "give one of tanh, erf, logistic"),
        (["lazy_training", "--dt", "-1"], "dt = -1"),
        (["teacher_student", "--sizes", "0,1"], "widths >= 1"),
        (["teacher_student", "--step", "200"], "step = 200"),
        (["teacher_student", "--teacher", "0"], "teacher of 0 neurons"),
        (["teacher_student", "--csv", "no/where.csv"], "no folder no"),
    ],
)
def test_bad_words_are_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--seeds", "1", "--until", "0.2"]
    assert said in refused(["study", *words, *small], capsys)


LAZY = ["study", "lazy_training", "--sizes", "4,6,8", "--scales", "1,2,4", "--neurons", "4"]
TEACHER = ["study", "teacher_student", "--sizes", "1,3", "--dimension", "4", "--teacher", "2"]


@needs_mpi
@pytest.mark.parametrize("words", [LAZY, TEACHER], ids=["lazy", "teacher"])
def test_commands_write_the_same_on_any_ranks(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*words, "--until", "1", "--seeds", "2", "--csv"]
    figure = tmp_path / "figure.png"
    assert main([*words, str(tmp_path / "1.csv"), "--figure", str(figure)]) == 0
    alone = capsys.readouterr().out
    assert figure.stat().st_size > 5000
    assert succeeds(2, ["-m", "wgflow", *words, str(tmp_path / "2.csv")]) == alone
    assert (tmp_path / "1.csv").read_text() == (tmp_path / "2.csv").read_text()
    with (tmp_path / "1.csv").open() as file:
        assert "neurons" in next(csv.reader(file))
