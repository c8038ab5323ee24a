from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest

from wgflow._typing import Array
from wgflow.errors import DivergenceError, InputError
from wgflow.networks import (
    Affine,
    Cosine,
    CosineData,
    DataLaw,
    FeaturePopulation,
    Features,
    Huber,
    Identity,
    IsotropicGaussians,
    Logistic,
    Loss,
    Network,
    PiecewiseLinear,
    Ridge,
    Smooth,
    SmoothHinge,
    Square,
    Unit,
    cosine_network,
    isotropic_network,
    nonmonotone,
    ramp,
    relu,
)
from wgflow.particles import (
    Brownian,
    Schedule,
    Trajectory,
    cosine_moments,
    gradient_descent,
    nonlinear,
    particle,
    stochastic_gradient_descent,
)
from wgflow.particles._advances import _by_products, _compiled

AMPLITUDE, START = 0.8, 0.3
GAUSSIANS = IsotropicGaussians(6, 0.5)


def flat_features(width: int) -> Features:
    """V = U = 0: only regularization and noise move the neurons."""
    return Features(
        functions=lambda *c: np.zeros((1, *c[0].shape)),
        gradient=lambda *c: np.zeros((len(c), 1, *c[0].shape)),
        weights=np.zeros(1),
        targets=np.zeros(1),
        second_moment=1.0,
    )


def network_of(unit: Unit, data: DataLaw, width: int, scale: float = 1.0) -> Network:
    """A network of any unit; its population is flat, for SGD does not use it."""
    features = flat_features(width)
    return Network(
        unit=unit,
        data=data,
        features=features,
        population=FeaturePopulation(features),
        chart=Identity(),
        draw=lambda rng, size: scale * rng.standard_normal((size, width)),
    )


class Constant:
    """A neuron that ignores its input and its state."""

    def value(self, x: Array, theta: Array) -> Array:
        return np.zeros((len(x), len(theta)))

    def gradient(self, x: Array, theta: Array) -> Array:
        return np.zeros((len(x), *theta.shape))


def naive_sgd(
    network: Network,
    theta: Array,
    steps: int,
    step: float,
    schedule: Schedule,
    rng: np.random.Generator,
    batch: int,
) -> Array:
    """The definition, one neuron and one sample at a time."""
    theta = theta.copy()
    drawn = [network.data.sample(rng, 1024) for _ in range(-(-steps * batch // 1024))]
    x = np.concatenate([pair[0] for pair in drawn])
    y = np.concatenate([pair[1] for pair in drawn])
    for k in range(steps):
        scale = schedule.at(k * step)
        move = np.zeros_like(theta)
        for p in range(k * batch, (k + 1) * batch):
            inputs = x[p : p + 1]
            output = sum(network.unit.value(inputs, w[None])[0, 0] for w in theta) / len(theta)
            for i, w in enumerate(theta):
                move[i] += (y[p] - output) * network.unit.gradient(inputs, w[None])[0, 0] / batch
        theta = theta + scale * step * (move - schedule.regularization * theta)
    return theta


TILTED = PiecewiseLinear((-1.0, 0.2, 1.0), (0.5, -0.3, 2.0), left_slope=-0.7, right_slope=0.4)
UNITS: dict[str, tuple[Unit, DataLaw, int]] = {
    "ramp": (Ridge(ramp()), GAUSSIANS, 6),
    "non-monotone": (Ridge(nonmonotone()), GAUSSIANS, 6),
    "relu": (Ridge(relu()), GAUSSIANS, 6),
    "tilted": (Ridge(TILTED), GAUSSIANS, 6),
    "tanh": (Ridge(Smooth("tanh")), GAUSSIANS, 6),
    "erf": (Ridge(Smooth("erf")), GAUSSIANS, 6),
    "logistic": (Ridge(Smooth("logistic")), GAUSSIANS, 6),
    "affine": (Affine(relu(), inputs=6), GAUSSIANS, 8),
    "no bias": (Affine(Smooth("tanh"), inputs=6, bias=0.1), GAUSSIANS, 7),
    "no output": (Affine(TILTED, inputs=6, output=-1.5), GAUSSIANS, 7),
    "cosine": (Cosine(), CosineData(AMPLITUDE), 1),
}


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", UNITS)
def test_sgd_is_its_definition(name: str, batch: int) -> None:
    unit, data, width = UNITS[name]
    network = network_of(unit, data, width)
    theta0 = network.draw(np.random.default_rng(1), 7)
    schedule = Schedule(lambda t: 2 / (1 + t), regularization=0.3)
    steps, step = 400, 0.01  # 1200 samples with batch 3: more than are drawn at once
    run = stochastic_gradient_descent(
        network, theta0, [steps * step], step, schedule, np.random.default_rng(2), batch
    )
    expected = naive_sgd(network, theta0, steps, step, schedule, np.random.default_rng(2), batch)
    assert np.abs(expected - theta0).max() > 0.1  # it moved
    np.testing.assert_allclose(run.final, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("neurons", [3, 300])  # less than a tile, and more
@pytest.mark.parametrize("batch", [1, 2, 9])  # inner loops over the inputs, or over the batch
@pytest.mark.parametrize("loss", [Square(), Logistic(), SmoothHinge(0.5), Huber(0.7)], ids=repr)
@pytest.mark.parametrize("name", UNITS)
def test_compiled_steps_are_those_of_numpy(name: str, loss: Loss, batch: int, neurons: int) -> None:
    unit, data, width = UNITS[name]
    compiled, products = _compiled(unit, loss), _by_products(unit, loss)
    if compiled is None:
        assert name == "cosine"
        assert loss != Square()
        return
    rng = np.random.default_rng(5)
    x, y = data.sample(rng, 12 * batch)
    x, y = x.reshape(12, batch, -1), np.sign(y).reshape(12, batch)
    rate, decay = np.linspace(0.03, 0.01, 12), 1 - rng.uniform(0, 0.1, (12, width))
    kicks = 0.1 * rng.standard_normal((12, neurons, width))
    start = rng.standard_normal((neurons, width))
    for noise in (None, kicks):
        one, other = start.copy(), start.copy()
        compiled(one, x, y, rate, decay, noise)
        products(other, x, y, rate, decay, noise)
        assert np.abs(one - start).max() > 1e-3
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)


def test_large_batches_go_by_products(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of(Ridge(ramp()), GAUSSIANS, 6)
    theta = network.draw(np.random.default_rng(1), 7)

    def run() -> Array:
        rng = np.random.default_rng(2)
        return stochastic_gradient_descent(network, theta, [0.5], 0.05, Schedule(2.0), rng, 9).final

    small = run()
    monkeypatch.setattr("wgflow.particles._advances.LARGE", 50)
    large = run()
    np.testing.assert_allclose(small, large, rtol=1e-12)
    assert (small != large).any()


def test_activations_are_those_of_numpy() -> None:
    from wgflow.particles import _activations

    z = np.concatenate([[0.0, 1e-300, 1e-9, 400.0, 800.0], np.linspace(0, 40, 4001)])
    z = np.concatenate([z, -z])
    for name, kind in {"tanh": 1, "logistic": 2, "erf": 3}.items():
        value, slope = np.empty((2, z.size))
        room = np.empty(z.size, np.int64)
        _activations.activate(kind, np.zeros((1, 4)), z.copy(), room, value, slope)
        np.testing.assert_allclose(value, Smooth(name)(z), rtol=4e-16, atol=1.2e-16)
        np.testing.assert_allclose(slope, Smooth(name).derivative(z), rtol=2e-15, atol=1e-300)


@pytest.mark.parametrize("name", ["ramp", "cosine", "tanh", "affine"])
@pytest.mark.parametrize("kicked", [1, 1000])
def test_noise_does_not_depend_on_how_it_is_drawn(
    name: str, kicked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit, data, width = UNITS[name]
    network = network_of(unit, data, width)
    theta = network.draw(np.random.default_rng(1), 20)
    schedule = Schedule(lambda t: 2 / (1 + t), 0.3, 0.1)

    def run(ratio: int) -> Array:
        path = Brownian(3, theta.shape, 0.01 / ratio)
        rng = np.random.default_rng(2)
        return stochastic_gradient_descent(
            network, theta, [1.0], 0.01, schedule, rng, 2, brownian=path
        ).final

    whole = [run(ratio) for ratio in (1, 2)]
    monkeypatch.setattr("wgflow.particles.sgd.KICKED", kicked)
    for ratio, expected in zip((1, 2), whole, strict=True):
        np.testing.assert_array_equal(run(ratio), expected)
    path = Brownian(3, theta.shape, 0.01)
    increments, several = path.increments(0.02), path.increments(0.02)
    np.testing.assert_array_equal([next(increments) for _ in range(3)], several.take(3))


@pytest.mark.parametrize("name", ["ramp", "cosine", "tanh", "affine"])
def test_sgd_does_not_depend_on_blocks_or_recorded_times(name: str) -> None:
    unit, data, width = UNITS[name]
    network = network_of(unit, data, width)
    theta0 = network.draw(np.random.default_rng(1), 33)

    def final(times: list[float], block: int) -> Array:
        rng = np.random.default_rng(5)
        return stochastic_gradient_descent(
            network, theta0, times, 1e-3, Schedule(2.0), rng, 2, block=block
        ).final

    whole = final([1.5], 1024)
    for times, block in (([1.5], 1), ([1.5], 100), ([0.0, 0.001, 0.777, 1.5], 999)):
        np.testing.assert_array_equal(final(times, block), whole)


def test_sgd_uses_each_sample_once_and_depends_on_the_seed() -> None:
    network = cosine_network(AMPLITUDE, START)
    theta0 = network.draw(np.random.default_rng(0), 20)
    runs = [
        stochastic_gradient_descent(
            network, theta0, [1.0], 0.01, Schedule(2.0), np.random.default_rng(seed)
        ).final
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 1e-3


def test_gradient_descent_tends_to_runge_kutta_at_order_one() -> None:
    network = cosine_network(AMPLITUDE, START)
    theta0 = network.draw(np.random.default_rng(0), 200)
    exact = particle(network, theta0, [1.0], step=0.01, schedule=Schedule(2.0)).final
    steps = np.array([1 / 16, 1 / 32, 1 / 64, 1 / 128])
    errors = np.array(
        [
            np.abs(gradient_descent(network, theta0, [1.0], e, Schedule(2.0)).final - exact).max()
            for e in steps
        ]
    )
    rates = np.log2(errors[:-1] / errors[1:])
    assert np.all(np.abs(rates - 1) < 0.05)
    assert errors[-1] < 2.5e-3


def test_runge_kutta_is_of_order_four_and_ends_at_the_times_asked_for() -> None:
    network = cosine_network(AMPLITUDE, START)
    theta0 = network.draw(np.random.default_rng(0), 50)
    schedule = Schedule(lambda t: 2 / (1 + t), regularization=0.1)
    times = [0.31, 1.7]
    runs = [particle(network, theta0, times, dt, schedule).final for dt in (0.2, 0.1, 0.0125)]
    first, second = (np.abs(run - runs[2]).max() for run in runs[:2])
    assert 3.6 < math.log2(first / second) < 4.6
    assert second < 1e-6
    np.testing.assert_array_equal(particle(network, theta0, times, 0.2, schedule).times, times)


def test_exact_moments_solve_their_equation() -> None:
    assert cosine_moments(AMPLITUDE, START)(1.0)[0] == pytest.approx(0.571360, abs=5e-7)
    for amplitude, start, scale in ((0.8, 0.3, 2.0), (-0.5, 0.95, 1.0), (0.2, -0.99, 3.0)):
        moments = cosine_moments(amplitude, start, scale)
        assert moments(0.0)[0] == pytest.approx(start, abs=1e-14)
        assert moments(80.0)[0] == pytest.approx(amplitude, abs=1e-12)
        for t in (0.1, 1.0, 3.0):
            z, h = moments(t)[0], 1e-3
            slope = (moments(t + h)[0] - moments(t - h)[0]) / (2 * h)
            expected = 0.5 * scale * (amplitude - z) * (1 - z * z)
            assert slope == pytest.approx(expected, abs=1e-5)


def test_dynamics_follow_the_exact_density() -> None:
    network, moments = cosine_network(AMPLITUDE, START), cosine_moments(AMPLITUDE, START)
    theta0 = network.draw(np.random.default_rng(3), 20_000)
    times = [0.0, 0.5, 1.0, 2.0]
    alone = nonlinear(network, theta0, times, moments, step=0.05, schedule=Schedule(2.0))
    together = particle(network, theta0, times, step=0.05, schedule=Schedule(2.0))
    for run in (alone, together):
        for t, theta in zip(times, run.theta, strict=True):
            z = moments(t)[0]
            scatter = math.sqrt((1 - z * z) / (2 * len(theta)))  # variance of cos θ and of sin θ
            assert abs(np.cos(theta).mean() - z) < 4 * scatter
    # The nonlinear dynamics keeps the particles independent: sin θ has mean 0 within scatter too.
    assert abs(np.sin(alone.final).mean()) < 4 * scatter


def test_mean_risk_of_independent_neurons_is_exact() -> None:
    network, moments = cosine_network(AMPLITUDE, START), cosine_moments(AMPLITUDE, START)
    size, seeds, z = 10, 4000, moments(1.0)[0]
    theta0 = network.draw(np.random.default_rng(4), size * seeds)
    final = nonlinear(network, theta0, [1.0], moments, step=0.05, schedule=Schedule(2.0)).final
    risks = np.array([network.population.risk(part) for part in np.split(final, seeds)])
    excess = risks.mean() - (AMPLITUDE - z) ** 2
    scatter = risks.std() / math.sqrt(seeds)
    assert scatter < 0.1 * (1 - z * z) / size
    assert excess == pytest.approx((1 - z * z) / size, abs=3.5 * scatter)


def ornstein_uhlenbeck(
    schedule: Schedule, theta0: Array, step: float, path: Brownian
) -> dict[str, Trajectory]:
    network = network_of(Constant(), GAUSSIANS, theta0.shape[1])
    times, rng = [0.5, 1.0], np.random.default_rng(1)
    zero = np.zeros(1)
    return {
        "ND": nonlinear(network, theta0, times, lambda _: zero, step, schedule, brownian=path),
        "PD": particle(network, theta0, times, step, schedule, brownian=path),
        "GD": gradient_descent(network, theta0, times, step, schedule, brownian=path),
        "SGD": stochastic_gradient_descent(
            network, theta0, times, step, schedule, rng, brownian=path
        ),
    }


def test_noise_and_regularization_make_an_ornstein_uhlenbeck_process() -> None:
    schedule, step, steps = Schedule(2.0, regularization=1.5, temperature=0.4), 0.02, 50
    theta0 = 1.0 + 0.1 * np.random.default_rng(0).standard_normal((20_000, 2))
    runs = ornstein_uhlenbeck(schedule, theta0, step, Brownian(7, theta0.shape, step))
    final = runs["SGD"].final
    for run in runs.values():  # the same path: the same process
        np.testing.assert_allclose(run.final, final, rtol=0, atol=1e-12)
    # v' = -2 s λ v + 2 s T, exactly as Euler-Maruyama discretizes it
    shrink = 1 - 2.0 * 1.5 * step
    stationary = 2 * 2.0 * 0.4 * step / (1 - shrink**2)
    variance = stationary + shrink ** (2 * steps) * (theta0.var() - stationary)
    assert final.var() == pytest.approx(variance, rel=4 * math.sqrt(2 / theta0.size))
    assert final.mean() == pytest.approx(
        shrink**steps * theta0.mean(), abs=4 * math.sqrt(variance / theta0.size)
    )
    continuous = 0.4 / 1.5 + (0.01 - 0.4 / 1.5) * math.exp(-2 * 2.0 * 1.5)
    assert final.var() == pytest.approx(continuous, rel=0.06)


def test_noise_from_a_generator_leaves_the_samples_alone() -> None:
    network = cosine_network(AMPLITUDE, START)
    theta0 = network.draw(np.random.default_rng(0), 20)

    def final(temperature: float) -> Array:
        schedule = Schedule(2.0, temperature=temperature)
        rng = np.random.default_rng(1)
        return stochastic_gradient_descent(network, theta0, [1.0], 0.01, schedule, rng).final

    np.testing.assert_allclose(final(1e-30), final(0.0), atol=1e-10)
    assert np.abs(final(0.1) - final(0.0)).max() > 0.1


def test_brownian_paths_agree_across_steps() -> None:
    path = Brownian(3, (500, 4), 0.01)
    fine, coarse = path.increments(0.01), path.increments(0.05)
    for _ in range(3):
        total = sum(next(fine) for _ in range(5))
        np.testing.assert_allclose(next(coarse), total, atol=1e-14)
    assert np.var(next(coarse)) == pytest.approx(0.05, rel=0.15)


def test_noisy_descent_converges_path_by_path() -> None:
    network = cosine_network(AMPLITUDE, START)
    theta0 = network.draw(np.random.default_rng(0), 400)
    schedule = Schedule(2.0, temperature=0.05)
    path = Brownian(11, theta0.shape, 1 / 1024)
    fine = particle(network, theta0, [1.0], 1 / 1024, schedule, brownian=path).final
    errors = [
        float(
            np.sqrt(
                np.mean(
                    (
                        gradient_descent(
                            network, theta0, [1.0], step, schedule, brownian=path
                        ).final
                        - fine
                    )
                    ** 2
                )
            )
        )
        for step in (1 / 16, 1 / 64)
    ]
    assert 0.8 < math.log(errors[0] / errors[1], 4) < 1.2  # additive noise: strong order 1


def test_radius_dynamics_stays_on_its_rays() -> None:
    network = isotropic_network(ramp(), IsotropicGaussians(40, 0.8))
    theta0 = network.draw(np.random.default_rng(0), 30)
    rest = network.moments(theta0)
    run = nonlinear(
        network, theta0, [0.0, 0.2], lambda _: rest, step=0.02, schedule=Schedule(2.0), keep=True
    )
    before, after = run.coordinates(0)[0], run.coordinates()[0]
    np.testing.assert_allclose(run.final / after[:, None], theta0 / before[:, None], atol=1e-12)
    assert np.abs(after - before).max() > 0.01


def test_isotropic_sgd_reaches_the_risk_of_the_density() -> None:
    """R = 1.70444, 1.63185, 1.0706 at t = 0, 0.01, 1 for the density; N neurons add C/N.

    Measured at t = 1: C = 3.3 for N from 200 to 3200, with a scatter over seeds of 2.5e-4 at
    N = 800. Two sizes take the excess away.
    """
    network = isotropic_network(ramp(), IsotropicGaussians(40, 0.8))
    risks = []
    for size in (400, 800):
        rng = np.random.default_rng(size)
        run = stochastic_gradient_descent(
            network,
            network.draw(rng, size),
            [0.0, 0.01, 1.0],
            1e-5,
            Schedule(2.0),
            rng,
            keep=False,
        )
        assert run.theta.shape == (1, size, 40)
        risks.append(run.risk)
    np.testing.assert_allclose(risks[1], [1.70444, 1.63185, 1.0706], atol=0.05)
    assert risks[1][2] - 1.0706 == pytest.approx(3.3 / 800, abs=1e-3)
    assert 2 * risks[1][2] - risks[0][2] == pytest.approx(1.0706, abs=2e-3)


def test_keep_only_the_last() -> None:
    network = cosine_network(AMPLITUDE, START)
    theta0 = network.draw(np.random.default_rng(0), 5)
    times = [0.0, 0.5, 1.0]
    kept = gradient_descent(network, theta0, times, 0.1, Schedule(2.0))
    last = gradient_descent(network, theta0, times, 0.1, Schedule(2.0), keep=False)
    assert kept.theta.shape == (3, 5, 1)
    assert last.theta.shape == (1, 5, 1)
    np.testing.assert_array_equal(kept.final, last.final)
    np.testing.assert_array_equal(kept.risk, last.risk)
    np.testing.assert_array_equal(kept.theta[0], theta0)


class Log:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self, total: int) -> None:
        self.calls.append(f"start {total}")

    def step(self, done: int) -> None:
        self.calls.append(f"step {done}")

    def close(self) -> None:
        self.calls.append("close")


def test_progress_is_told_and_always_closed() -> None:
    network = cosine_network(AMPLITUDE, START)
    theta0, log = network.draw(np.random.default_rng(0), 5), Log()
    stochastic_gradient_descent(
        network, theta0, [0.5], 0.01, Schedule(2.0), np.random.default_rng(1), 1, log, block=20
    )
    assert log.calls == ["start 50", "step 20", "step 40", "step 50", "close"]


def explosive() -> tuple[Network, Array]:
    network = network_of(Affine(relu(), inputs=6), GAUSSIANS, 8, scale=3.0)
    return network, network.draw(np.random.default_rng(0), 5)


def test_divergence_stops_the_run_and_keeps_what_was_computed() -> None:
    network, theta0 = explosive()
    log = Log()
    with pytest.raises(
        DivergenceError, match=r"SGD: neuron \d is not finite at t = .* reduce"
    ) as e:
        stochastic_gradient_descent(
            network, theta0, [0, 1e4], 10.0, Schedule(2.0), np.random.default_rng(1), 1, log
        )
    assert "\n" not in str(e.value)
    assert e.value.solution.times.tolist() == [0.0]
    np.testing.assert_array_equal(e.value.solution.theta[0], theta0)
    assert log.calls[-1] == "close"
    growing = Schedule(1.0, regularization=1.0)
    cosine = cosine_network(AMPLITUDE, START)
    with pytest.raises(DivergenceError, match="gradient descent"):
        gradient_descent(cosine, np.ones((3, 1)), [0.0, 1e7], 1e4, growing)
    with pytest.raises(DivergenceError, match="particle"):
        particle(cosine, np.ones((3, 1)), [0.0, 1e7], step=1e4, schedule=growing)


def run_gd(**changes: object) -> Trajectory:
    arguments: dict[str, object] = {
        "network": cosine_network(AMPLITUDE, START),
        "theta0": np.ones((3, 1)),
        "times": [1.0],
        "step": 0.1,
        "schedule": Schedule(2.0),
    }
    return gradient_descent(**(arguments | changes))  # type: ignore[arg-type]


def run_sgd(**changes: object) -> Trajectory:
    arguments: dict[str, object] = {
        "network": cosine_network(AMPLITUDE, START),
        "theta0": np.ones((3, 1)),
        "times": [1.0],
        "step": 0.1,
        "schedule": Schedule(2.0),
        "rng": np.random.default_rng(0),
    }
    return stochastic_gradient_descent(**(arguments | changes))  # type: ignore[arg-type]


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "no neuron": (lambda: run_gd(theta0=np.empty((0, 1))), "N >= 1"),
    "flat theta": (lambda: run_gd(theta0=np.ones(3)), "pass .N, D."),
    "NaN theta": (lambda: run_sgd(theta0=np.array([[1.0], [math.nan]])), "1 non-finite"),
    "zero step": (lambda: run_gd(step=0.0), "step is 0"),
    "negative step": (lambda: run_sgd(step=-1.0), "step is -1"),
    "NaN step": (lambda: run_gd(step=math.nan), "step is nan"),
    "tiny step": (lambda: run_gd(step=1e-300), "more than"),
    "no times": (lambda: run_gd(times=[]), "times are empty"),
    "times back": (lambda: run_sgd(times=[1.0, 0.5]), "increasing"),
    "negative time": (lambda: run_gd(times=[-1.0, 0.5]), "increasing"),
    "batch": (lambda: run_sgd(batch=0), "batch is 0"),
    "block": (lambda: run_sgd(block=0), "block is 0"),
    "no noise": (lambda: run_gd(schedule=Schedule(2.0, temperature=1.0)), "pass rng or brownian"),
    "noise shape": (
        lambda: run_gd(schedule=Schedule(2.0, 0.0, 1.0), brownian=Brownian(1, (2, 1), 0.1)),
        r"must be \(3, 1\)",
    ),
    "noise step": (
        lambda: run_gd(schedule=Schedule(2.0, 0.0, 1.0), brownian=Brownian(1, (3, 1), 0.03)),
        "not a multiple",
    ),
    "Brownian step": (lambda: Brownian(1, (3, 1), 0.0), "Brownian step"),
    "scale": (lambda: Schedule(-1.0), "time scale is -1"),
    "scale later": (lambda: run_gd(schedule=Schedule(lambda t: -t)), "time scale at t = 0.1"),
    "regularization": (lambda: Schedule(1.0, regularization=-1.0), "regularization is -1"),
    "temperature": (lambda: Schedule(1.0, temperature=math.inf), "temperature is inf"),
    "amplitude": (lambda: cosine_moments(1.5, 0.0), "amplitude is 1.5"),
    "start": (lambda: cosine_moments(0.5, -1.0), "start is -1"),
    "moments' scale": (lambda: cosine_moments(0.5, 0.1, -1.0), "time scale is -1"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(name: str) -> None:
    call, words = BAD[name]
    with pytest.raises(InputError, match=words) as e:
        call()
    assert "\n" not in str(e.value)


def test_initial_parameters_are_left_alone() -> None:
    theta0 = np.ones((3, 1))
    for run in (run_gd(theta0=theta0), run_sgd(theta0=theta0)):
        assert np.abs(run.final - 1).max() > 0
    np.testing.assert_array_equal(theta0, 1.0)


def test_trajectory_is_data() -> None:
    assert dataclasses.is_dataclass(Trajectory)
    with pytest.raises(dataclasses.FrozenInstanceError):
        run_gd().name = "other"  # type: ignore[misc]
