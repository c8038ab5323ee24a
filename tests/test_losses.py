"""Convex losses: their derivatives, and finite networks that minimize them."""

from __future__ import annotations

import numpy as np
import pytest

import wgflow as wg
from tests.labelled_neuron import HEIGHTS, INPUTS, SIGNS, problem
from wgflow._typing import Array
from wgflow.networks import (
    Cosine,
    EmpiricalData,
    Features,
    Huber,
    IsotropicGaussians,
    Logistic,
    Loss,
    Network,
    SmoothHinge,
    Square,
    empirical_features,
    isotropic_network,
    ramp,
)
from wgflow.networks.risks import LossRisk
from wgflow.particles import Schedule, gradient_descent, particle, stochastic_gradient_descent

LOSSES: list[Loss] = [Square(), Logistic(), SmoothHinge(), SmoothHinge(0.3), Huber(), Huber(0.4)]
SIGNED = (Logistic, SmoothHinge)
ALL = ["square", "logistic", "hinge", "huber"]


# ---- the functions ------------------------------------------------------------------------


def points(loss: Loss) -> tuple[Array, Array]:
    """Predictions and labels, in the mean halfway between multiples of 0.05, away from kinks."""
    f = np.arange(-3.025, 3.0, 0.05)
    y = np.where(np.arange(len(f)) % 2, 1.0, -1.0)
    return f, y if isinstance(loss, SIGNED) else 2 * y


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_derivatives_match_finite_differences(loss: Loss) -> None:
    f, y = points(loss)
    step = 1e-5
    slope = (loss.value(f + step, y) - loss.value(f - step, y)) / (2 * step)
    np.testing.assert_allclose(loss.slope(f, y), slope, atol=1e-9)
    curvature = (loss.slope(f + step, y) - loss.slope(f - step, y)) / (2 * step)
    np.testing.assert_allclose(loss.curvature(f, y), curvature, atol=1e-9)
    assert loss.value(f, y).min() >= 0
    assert loss.curvature(f, y).min() >= 0
    # the slope has no jumps: it grows by no more than the largest curvature allows
    fine = np.linspace(-3, 3, 6001)
    rise = np.diff(loss.slope(fine, np.full_like(fine, y[0])))
    assert rise.min() >= -1e-12
    assert rise.max() < 1.01e-3 * max(1.0, 1 / 0.3)


@pytest.mark.parametrize("loss", LOSSES[1:], ids=str)
@pytest.mark.filterwarnings("error")
def test_far_predictions_do_not_overflow(loss: Loss) -> None:
    f, y = np.array([-1e200, -800.0, 800.0, 1e200]), np.ones(4)
    assert np.all(np.isfinite(loss.value(f, y)))
    assert np.abs(loss.slope(f, y)).max() <= 1.0
    np.testing.assert_allclose(loss.curvature(f, y), 0.0, atol=1e-300)
    if not isinstance(loss, Huber):
        assert loss.value(f, y)[1] == pytest.approx(800, rel=2e-3)
        assert loss.value(f, y)[3] == 0.0


def test_errors_name_the_value_and_the_remedy() -> None:
    data = EmpiricalData(np.arange(3.0), np.array([1.0, -1.0, 0.5]))
    for name in ("logistic", "hinge"):
        with pytest.raises(wg.InputError, match=rf"y\[2\] = 0.5 with the {name} loss.*\+1 or -1"):
            empirical_features(Cosine(), data, name)
    with pytest.raises(wg.InputError, match="unknown loss 'logistc': known, nearest first: logi"):
        empirical_features(Cosine(), data, "logistc")
    for make in (SmoothHinge, Huber):
        for bad in (0.0, -1.0, np.inf, np.nan):
            with pytest.raises(wg.InputError, match="give a finite number > 0"):
                make(bad)
    few = empirical_features(Cosine(), data)
    with pytest.raises(wg.InputError, match=r"w\[1\] = -1 with Huber"):
        Features(few.functions, few.gradient, np.array([1.0, -1, 1]), few.targets, 1.0, Huber())
    square = isotropic_network(ramp(), IsotropicGaussians(3, 0.8))
    with pytest.raises(wg.InputError, match="use FeaturePopulation"):
        Network(
            square.unit,
            square.data,
            empirical_features(square.unit, EmpiricalData(np.eye(3), np.ones(3)), "logistic"),
            square.population,
            square.chart,
            square.draw,
        )


def test_the_square_is_one_of_them() -> None:
    features = empirical_features(Cosine(), EmpiricalData(INPUTS, HEIGHTS))
    mean = LossRisk(features.weights, features.targets, Square())
    moments = np.linspace(-1, 2, 9)
    assert features.energy(moments) == pytest.approx(mean.energy(moments), rel=1e-14)
    assert features.risk(moments) == pytest.approx(np.mean((HEIGHTS - moments) ** 2), rel=1e-14)
    np.testing.assert_allclose(features.slope(moments), mean.slope(moments), atol=1e-15)
    np.testing.assert_allclose(features.curvature(moments), mean.curvature(moments), rtol=1e-14)
    logistic = empirical_features(Cosine(), EmpiricalData(INPUTS, SIGNS), Logistic())
    by_hand = np.mean(np.log(1 + np.exp(-SIGNS * moments)))
    assert logistic.risk(moments) == logistic.energy(moments) == pytest.approx(by_hand, rel=1e-14)


# ---- finite networks ----------------------------------------------------------------------


@pytest.mark.parametrize("loss", ALL)
def test_density_agrees_with_particles_of_the_same_data(loss: str) -> None:
    """Without noise: N neurons at quantiles, moved by their own code, and the density."""
    task = problem(loss, np.inf, 0.5)
    assert task.network is not None
    theta = task.network.draw(np.random.default_rng(0), 4000)
    run = particle(task.network, theta, [0.0, 0.5], step=0.01, schedule=Schedule(2.0), keep=False)
    errors = []
    for cells in (100, 200):
        solution = wg.solve(task, "muscl", cells=cells)
        apart = abs(solution.history["risk"][-1] - run.risk[-1])
        errors.append(apart / (run.risk[0] - run.risk[-1]))
    assert run.risk[0] - run.risk[-1] > 0.05
    assert errors[1] < 6e-5
    assert 3.4 < errors[0] / errors[1] < 5.5


class Cycle:
    """A data law that gives its samples in turn."""

    def __init__(self, y: Array) -> None:
        self.y, self.second_moment, self.given = y, 1.0, 0

    def sample(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        index = (self.given + np.arange(size)) % len(self.y)
        self.given += size
        return INPUTS[index][:, None], self.y[index]


@pytest.mark.parametrize("loss", ALL)
def test_sgd_on_all_samples_is_gradient_descent(loss: str) -> None:
    net = problem(loss).network
    assert net is not None
    labels = SIGNS if loss in ("logistic", "hinge") else HEIGHTS
    same = Network(net.unit, Cycle(labels), net.features, net.population, net.chart, net.draw)
    theta = net.draw(np.random.default_rng(0), 50)
    schedule, rng = Schedule(2.0), np.random.default_rng(0)
    one = gradient_descent(same, theta, [1.0], 0.01, schedule)
    other = stochastic_gradient_descent(same, theta, [1.0], 0.01, schedule, rng, batch=len(labels))
    assert np.abs(one.final - theta).max() > 0.1
    np.testing.assert_allclose(other.final, one.final, rtol=1e-11)


def test_sgd_refuses_labels_of_another_loss() -> None:
    net = problem("logistic").network
    assert net is not None
    other = Network(net.unit, Cycle(HEIGHTS), net.features, net.population, net.chart, net.draw)
    rng = np.random.default_rng(0)
    with pytest.raises(wg.InputError, match="labels must be"):
        stochastic_gradient_descent(other, net.draw(rng, 5), [0.1], 0.01, Schedule(2.0), rng)
