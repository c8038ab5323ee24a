"""The JKO scheme with entropic transport: exact Gaussians, its bias, its law, hard numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import lambertw, logsumexp

import wgflow as wg
from tests.helpers import CIRCLE, refuses
from wgflow import catalog
from wgflow.convergence.verification import check, plan
from wgflow.steppers.jko import EntropicJKO
from wgflow.steppers.jko.entropic.kernel import GaussianKernel

SOLVER = "entropic_jko"
LINE = wg.Box((-8, 8))
START, MEAN = 0.36, 0.5  # of the Gaussians


def case(name: str, **parameters: Any) -> wg.Problem:
    return catalog.load("cases", name).problem(**parameters)  # type: ignore[no-any-return]


def made(problem: wg.Problem, cells: Any, **options: Any) -> EntropicJKO:
    return catalog.load("solvers", SOLVER).stepper(  # type: ignore[no-any-return]
        problem, wg.Grid(problem.domain, cells), **options
    )


def run(problem: wg.Problem, cells: Any, until: float, **options: Any) -> wg.Solution:
    return wg.solve(problem, SOLVER, cells=cells, until=until, options=options, snapshots=[])


def bump(*x: wg.Array) -> wg.Array:
    values: wg.Array = np.exp(-sum((c - 0.7) ** 2 for c in x) / 0.5)
    return values


def problem(energy: Any, box: wg.Box = LINE, initial: Any = bump, **more: Any) -> wg.Problem:
    return wg.Problem(box, energy, initial=initial, **more)


def gaussian(stiffness: float, heat: float) -> wg.Problem:
    energy = wg.Confinement(stiffness) + wg.Entropy(heat)
    return problem(energy, initial=lambda x: np.exp(-((x - MEAN) ** 2) / (2 * START)))


def moments(stepper: EntropicJKO, density: wg.Array) -> tuple[float, float]:
    grid = stepper.space.grid
    x = grid.coordinates[0]
    mean = grid.integrate(density * x)
    return mean, grid.integrate(density * (x - mean) ** 2)


def keeps_its_laws(solution: wg.Solution) -> None:
    assert solution.status == "finished"
    assert solution.facts["mass_max_error"] < 1e-12
    assert solution.facts["minimum"] >= 0
    assert solution.facts["marginal_error"] <= 1e-11
    assert solution.facts["energy_law"] <= 1e-12 * (1 + np.abs(solution.history["energy"]).max())


# --- one step, exactly -------------------------------------------------------------------------


def next_variance(
    stiffness: float, heat: float, tau: float, blur: float, debias: bool, start: float
) -> float:
    """(1 + λτ)B - τT - [ε²/2] = sqrt(A B + ε⁴/4), the bracket without debiasing."""
    less = 0.0 if debias else blur**2 / 2

    def miss(b: float) -> float:
        return (1 + stiffness * tau) * b - tau * heat - less - math.sqrt(start * b + blur**4 / 4)

    return float(brentq(miss, 1e-6, 50, xtol=1e-15))


@pytest.mark.parametrize("debias", [True, False])
@pytest.mark.parametrize(
    ("stiffness", "heat", "tau", "blur"),
    [(1.3, 0.7, 0.2, 0.3), (1.0, 0.5, 0.05, 0.06), (1.0, 0.0, 0.1, 0.1), (0.0, 1.0, 0.01, 0.15)],
)
def test_a_gaussian_step_is_exact(
    stiffness: float, heat: float, tau: float, blur: float, debias: bool
) -> None:
    """Also where the blur stands for more than the temperature (the last two)."""
    stepper = made(gaussian(stiffness, heat), 400, tau=tau, blur=blur, debias=debias)
    start = stepper.space.initial_density()
    mean, variance = moments(stepper, start)
    step = stepper.step(start, 0.0, tau)
    assert step.dt == tau
    after = moments(stepper, step.density)
    assert after[0] == pytest.approx(mean / (1 + stiffness * tau), abs=3e-8)
    exact = next_variance(stiffness, heat, tau, blur, debias, variance)
    assert after[1] == pytest.approx(exact, abs=3e-8)
    # Schroedinger's cost less what it gains in entropy, against W2²/(2 tau)
    wasserstein = (mean - after[0]) ** 2 + (math.sqrt(variance) - math.sqrt(after[1])) ** 2
    fourth = blur**4 / (8 * tau * math.sqrt(variance * after[1]))
    assert step.movement == pytest.approx(wasserstein / (2 * tau) + fourth, abs=0.02 * fourth)
    assert step.excess <= 1e-15


def test_interactions_are_implicit() -> None:
    """Attraction pulls on the variance like a potential, and leaves the mean."""
    pull, heat, tau, blur = 1.5, 0.4, 0.2, 0.2
    energy = wg.PolynomialInteraction({2: pull / 2}) + wg.Entropy(heat)
    chosen = problem(energy, initial=gaussian(0, 0).initial)
    stepper = made(chosen, 200, tau=tau, blur=blur)
    start = stepper.space.initial_density()
    mean, variance = moments(stepper, start)
    after = moments(stepper, stepper.step(start, 0.0, tau).density)
    assert after[0] == pytest.approx(mean, abs=1e-8)
    exact = next_variance(pull, heat, tau, blur, True, variance)
    assert after[1] == pytest.approx(exact, abs=3e-8)


def test_bias_against_blur() -> None:
    """Of second order as Peyré's scheme has it, of fourth order and far smaller debiased."""
    stiffness, heat, tau = 1.0, 0.5, 0.1
    exact = next_variance(stiffness, heat, tau, 0.0, True, START)
    blurs = np.array([0.08, 0.16, 0.32])
    biases = {}
    for debias in (True, False):
        found = []
        for blur in blurs:
            stepper = made(gaussian(stiffness, heat), 400, tau=tau, blur=blur, debias=debias)
            start = stepper.space.initial_density()
            step = stepper.step(start, 0.0, tau)
            # cells average the start: compared from the same variance
            same = next_variance(stiffness, heat, tau, 0.0, True, moments(stepper, start)[1])
            found.append(moments(stepper, step.density)[1] - same)
        biases[debias] = np.array(found)
        orders = np.log2(biases[debias][1:] / biases[debias][:-1])
        np.testing.assert_allclose(orders, 4.0 if debias else 2.0, atol=0.1)
    slope = 1 + stiffness * tau - math.sqrt(START / exact) / 2  # of the equation for B
    np.testing.assert_allclose(biases[False][0] * slope, blurs[0] ** 2 / 2, rtol=0.05)
    leading = blurs**4 / (8 * math.sqrt(START) * exact**0.5)
    np.testing.assert_allclose(biases[True] * slope, leading, rtol=0.05)
    assert biases[True][1] < 0.03 * biases[False][1]


def test_blur_that_is_all_of_the_diffusion_gives_the_heat_flow() -> None:
    """On a torus exactly, without iterations; with walls a uniform density stays."""
    torus = wg.Box(*[wg.Axis(0, 1, periodic=True), wg.Axis(0, 2, periodic=True)])
    heat, tau = 0.3, 0.01
    wave = problem(
        wg.Entropy(heat), torus, lambda x, y: 1 + 0.4 * np.cos(2 * np.pi * x) * np.cos(np.pi * y)
    )
    stepper = made(wave, (40, 60), tau=tau, blur=math.sqrt(2 * heat * tau))
    start = stepper.space.initial_density()
    step = stepper.step(start, 0.0, tau)
    decay = math.exp(-heat * 5 * np.pi**2 * tau)
    assert step.iterations == 1
    np.testing.assert_allclose(step.density - 0.5, decay * (start - 0.5), atol=1e-12)
    room = wg.Box(wg.Axis(0, 1, wall=True), wg.Axis(-1, 2, wall=True))
    for energy in (wg.Entropy(heat), wg.PowerLaw(1.0, 2.0)):
        still = run(problem(energy, room, lambda x, y: 1 + 0 * x * y), (20, 50), 0.1, tau=0.05)
        np.testing.assert_allclose(still.density, 1 / 3, rtol=1e-9)


@pytest.mark.parametrize("debias", [True, False])
def test_against_a_dense_plan(debias: bool) -> None:
    """Plain damped scaling with all pairs of cells, Lambert's W for the proximal point."""
    box = wg.Box(wg.Axis(-1, 1, wall=True, stretch=wg.Clustered(-1, 1, 0.2, 0.5)), CIRCLE.axes[0])
    energy = wg.PowerLaw(0.6, 2.0) + wg.Entropy(0.1) + wg.Potential(lambda x, y: x + np.cos(y))
    tau, blur = 0.2, 0.6
    stepper = made(problem(energy, box), (7, 9), tau=tau, blur=blur, debias=debias)
    space, grid = stepper.space, stepper.space.grid
    start = space.initial_density()
    step = stepper.step(start, 0.0, tau)
    x, y = (c.ravel() for c in grid.coordinates)
    w, a = grid.volumes.ravel(), start.ravel()
    turns = np.arange(-4, 5)

    def images(gaps: wg.Array, period: float) -> wg.Array:
        distances: wg.Array = gaps[..., None] + period * turns
        return np.asarray(np.exp(-(distances**2) / (2 * blur**2)).sum(-1))

    first = images(np.subtract.outer(x, x), 4.0) + images(np.add.outer(x, x) + 2, 4.0)
    k = first * images(np.subtract.outer(y, y), 2 * np.pi)
    gamma = blur**2 / tau
    heat = 0.1 - (gamma / 2 if debias else 0.0)
    drift = space.energy.drift(start, 0.0).ravel()
    v = np.ones_like(a)
    for _ in range(400):
        p = k.T @ (w * a / (k @ (w * v)))
        right = (gamma * np.log(p) - drift - heat) / (gamma + heat)
        # (gamma + heat) log rho + 1.2 rho = ...
        ratio = 1.2 / (gamma + heat)
        rho = np.real(lambertw(ratio * np.exp(right))) / ratio
        v = np.sqrt(v * rho / p)
    np.testing.assert_allclose(step.density.ravel(), rho, rtol=1e-8)
    pairs = (w * a / (k @ (w * v)))[:, None] * k * (w * v)
    bare = (w * a / (k @ w))[:, None] * k * w
    cost = gamma * float((pairs * np.log(pairs / bare)).sum())

    def value(density: wg.Array) -> float:
        lost = gamma / 2 * float(w @ (density * np.log(density))) if debias else 0.0
        return space.energy.value(density.reshape(grid.shape), tau) - lost

    excess = cost + value(pairs.sum(0) / w) - value(bare.sum(0) / w)
    assert excess < -1e-3
    assert step.excess == pytest.approx(excess, abs=1e-9)


# --- numbers far out of range ------------------------------------------------------------------


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("blur", [0.005, 0.03, 0.2, 5.0])
def test_kernel_of_any_range(blur: float, periodic: bool) -> None:
    rng = np.random.default_rng(3)
    stretch = None if periodic else wg.Clustered(-1, 2, 0.3, 0.4)
    axis = wg.Axis(-1, 2, periodic=periodic, stretch=stretch)
    for cells in (7, 32, 75):
        grid = wg.Grid(wg.Box(axis, (0, 1)), (cells, 5))
        kernel = GaussianKernel(grid, blur)
        first, second = (line.exact for line in kernel._lines)
        for size in (1, 300, 1e5):
            logs = size * rng.normal(size=grid.shape).cumsum(axis=0) / math.sqrt(cells)
            if size == 300:
                logs[cells // 3 : cells // 2] = -np.inf
            pairs = logsumexp(first[:, :, None] + logs, axis=1)
            expected = logsumexp(second + pairs[:, None, :], axis=2)
            scale = 1 + np.abs(expected[np.isfinite(expected)]).max()
            np.testing.assert_allclose(kernel.apply(logs), expected, atol=1e-14 * scale)
            # in blocks also where products would do
            rows = np.ascontiguousarray(logs.T)
            blocks = kernel._lines[0].apply(rows)
            np.testing.assert_allclose(blocks, pairs.T, atol=1e-14 * scale)


@pytest.mark.parametrize("exponent", [0.4, 2.0, 2.7, 30.0])
def test_proximal_points(exponent: float) -> None:
    """Against a bracketing search with the energy's own first variation."""
    from wgflow.steppers.jko.entropic import _kernels

    grid = wg.Grid(LINE, 40)
    law = wg.PowerLaw(0.8, exponent, cutoff=1e-3)
    term = law.discretize(grid)
    right, linear = np.linspace(-60.0, 900.0, 40), 0.03
    logs = np.linspace(5.0, -30.0, 40)  # far from the answer
    _kernels.proximal(right, linear, np.array([[0.8, exponent, 1e-3]]), logs)

    def miss(z: float, i: int) -> float:
        rho = np.full(40, math.exp(min(z, 600.0)))
        with np.errstate(over="ignore"):
            found = linear * z + float(term.first_variation(rho, 0.0)[0]) - right[i]
        return min(found, 1e300)

    exact = [brentq(miss, -1e5, 1e5, args=(i,), xtol=1e-13) for i in range(40)]
    np.testing.assert_allclose(logs, exact, rtol=1e-11, atol=1e-11)


STEEP = wg.Potential(lambda x: 200 * x**4)
HARD: dict[str, tuple[wg.Problem, Any, dict[str, Any]]] = {
    "cold": (gaussian(1.0, 1e-3), 200, {}),
    "far": (problem(wg.Confinement(1.0) + wg.Entropy(0.02), wg.Box((-30, 30))), 200, {}),
    "steep": (problem(STEEP + wg.Entropy(0.1)), 200, {}),
    "narrow blur": (gaussian(1.0, 0.5), 100, {"blur": 0.03}),
    "point": (problem(wg.Entropy(0.5), initial=np.eye(60)[20]), 60, {}),
    "porous point": (problem(wg.PowerLaw(0.5, 2.0), initial=np.eye(100)[25]), 100, {}),
    "hard core": (problem(wg.PowerLaw(0.5, 10.0)), 100, {}),
    "fast": (problem(wg.PowerLaw(0.5, 0.6), wg.Box(wg.Axis(-5, 5, wall=True))), 50, {}),
    "long step": (problem(wg.Confinement(1.0) + wg.PowerLaw(0.5, 2.0)), 100, {"tau": 10.0}),
    "pairs": (
        problem(wg.Confinement(1.0) + wg.Interaction(lambda x: -np.abs(x), singular=True)),
        100,
        {"tau": 1.0},
    ),
    "plane": (
        problem(wg.Confinement(5.0) + wg.Entropy(0.01), wg.Box((-8, 8), (-8, 8))),
        (30, 40),
        {},
    ),
}


@pytest.mark.parametrize("name", HARD)
def test_laws_where_numbers_are_large(name: str) -> None:
    chosen, cells, options = HARD[name]
    tau = options.get("tau", 0.1)
    solution = run(chosen, cells, 3 * tau, **{"tau": tau, **options})
    keeps_its_laws(solution)
    assert solution.facts["steps"] == 3
    assert solution.facts["rejections"] == 0


def test_densities_over_hundreds_of_orders() -> None:
    """Cells far below rounding are right too: the logarithm is the Gaussian's parabola."""
    start, heat, tau, blur = 0.02, 0.01, 0.1, 0.05
    energy = wg.Confinement(1.0) + wg.Entropy(heat)
    narrow = problem(energy, wg.Box((-4, 4)), lambda x: np.exp(-(x**2) / (2 * start)))
    stepper = made(narrow, 200, tau=tau, blur=blur)
    density = stepper.space.initial_density()
    variance = moments(stepper, density)[1]
    step = stepper.step(density, 0.0, tau)
    assert 0 < step.density.min() < 1e-150
    x = stepper.space.grid.centers[0]
    exact = -(x**2) / (2 * next_variance(1.0, heat, tau, blur, True, variance))
    logs = np.log(step.density / step.density.max())
    inner = np.abs(x) < 3.7  # reflection shows within some blurs of the walls
    np.testing.assert_allclose(logs[inner], exact[inner] - exact.max(), rtol=2e-2, atol=1e-2)


# --- runs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "until", "finest"), [("ornstein_uhlenbeck", 0.5, 6e-3), ("cosine_neuron", 0.5, 5e-3)]
)
def test_order_in_time(name: str, until: float, finest: float) -> None:
    table = wg.convergence(
        case(name), SOLVER, cells=200, dt=[until / n for n in (5, 10, 20)], until=until,
        refine="time",
    )  # fmt: skip
    table.require(rate=1.0, within=0.1, finest_error=finest)


@pytest.mark.parametrize(
    ("name", "variant"),
    [("quadratic_attraction", "all schemes"), ("barenblatt", "by entropic transport")],
)
def test_verified(name: str, variant: str) -> None:
    found = check(plan(name, SOLVER, variant))
    assert found.passed, found.failures


@pytest.mark.parametrize(
    ("name", "parameters", "cells", "bound"),
    [
        ("quadratic_attraction", {}, 200, 1.5e-3),
        ("quadratic_attraction", {"dimension": 2, "half_width": 4.0}, 56, 7e-3),
        ("cosine_neuron", {"beta": 20.0}, 200, 2e-3),
        ("desai_zwanzig", {}, 200, 4e-3),
    ],
)
def test_agrees_with_finite_volumes(
    name: str, parameters: dict[str, Any], cells: int, bound: float
) -> None:
    """In L1, at tau = 0.02 against second-order steps."""
    chosen = case(name, **parameters)
    ours = run(chosen, cells, 0.2, tau=0.02)
    keeps_its_laws(ours)
    theirs = wg.solve(chosen, "scharfetter_gummel", cells=cells, until=0.2, dt=0.01, snapshots=[])
    apart = ours.grid.integrate(np.abs(ours.density - theirs.density))
    assert apart < bound


def test_debiasing_is_worth_it() -> None:
    errors = {
        debias: run(
            case("ornstein_uhlenbeck"), 200, 0.5, tau=0.0125, debias=debias, blur=0.1
        ).errors["L1"]
        for debias in (True, False)
    }
    assert errors[True] < 4e-3
    assert errors[False] > 20 * errors[True]


def test_porous_medium_is_positive_and_keeps_its_front() -> None:
    solution = run(case("barenblatt"), 200, 0.1, tau=0.005)
    keeps_its_laws(solution)
    x = solution.grid.centers[0]
    front = solution.problem.reference["front"](0.1)
    outside = solution.density[np.abs(x) > front + 0.2]
    assert 0 <= outside.max() < 1e-6  # three blurs beyond it
    assert np.all(solution.density[np.abs(x) < front + 0.2] > 0)
    assert solution.errors["L1"] < 3e-3


def test_three_axes() -> None:
    chosen = case("ornstein_uhlenbeck", dimension=3, half_width=5.0, variance=0.5)
    solution = run(chosen, (20, 22, 24), 0.1, tau=0.05)
    keeps_its_laws(solution)
    assert solution.errors["L1"] < 0.1


def test_steps_by_tolerance() -> None:
    errors = []
    for tolerance in (3e-3, 3e-4):
        solution = run(case("ornstein_uhlenbeck"), 300, 0.3, tolerance=tolerance)
        keeps_its_laws(solution)
        errors.append(solution.errors["L1"])
    assert errors[0] / errors[1] == pytest.approx(math.sqrt(10), rel=0.4)
    assert errors[1] < 4e-3
    coarse = run(case("ornstein_uhlenbeck"), 100, 0.5, tolerance=1e-7)
    assert coarse.facts["steps"] <= 0.5 / 0.16**2 + 1  # no step below blur²/T


# --- as part of the package --------------------------------------------------------------------


def test_warnings_of_the_blur() -> None:
    free = {"debias": False, "tau": 0.005}
    assert run(gaussian(1.0, 0.5), 200, 0.1, tau=0.05).warnings == ()
    (said,) = run(gaussian(1.0, 0.5), 200, 0.02, blur=0.2, **free).warnings
    assert "the blur 0.2 adds" in said
    assert "give a larger tau" in said
    (said,) = run(gaussian(1.0, 0.5), 200, 0.1, tau=0.05, blur=0.04).warnings
    assert "the blur 0.04 is narrow for cells of width 0.08" in said


def test_a_step_that_does_not_settle_is_halved_then_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from wgflow.steppers.jko.entropic import plan as module

    porous = problem(wg.PowerLaw(0.5, 2.0))
    monkeypatch.setattr(module, "ITERATIONS", 20)
    stepper = made(porous, 100, tau=1.0)
    step = stepper.step(stepper.space.initial_density(), 0.0, 1.0)
    assert step.rejections > 0
    assert step.dt == 0.5**step.rejections
    monkeypatch.setattr(module, "ITERATIONS", 1)
    with pytest.raises(wg.SolverError, match=r"after 1 iterations.* reduce tau"):
        made(porous, 100, tau=1.0).step(stepper.space.initial_density(), 0.0, 1.0)


def test_refusals() -> None:
    chosen = gaussian(1.0, 0.5)
    one = wg.solve(chosen, SOLVER, cells=60, until=0.2, dt=0.05, snapshots=[])
    other = run(chosen, 60, 0.2, tau=0.05)
    assert np.array_equal(one.density, other.density)
    given: list[tuple[wg.Problem, dict[str, Any], str, str]] = [
        (chosen, {"dt": 0.1, "options": {"tau": 0.1}}, "tau = 0.1 and dt = 0.1", "one of the two"),
        (chosen, {"tolerance": 0.1, "options": {"tau": 0.1}}, "tolerance = 0.1", "one of the two"),
        (chosen, {"options": {"blur": -1.0}}, "blur = -1.0", "finite length > 0"),
        (chosen, {"options": {"marginal": 0.0}}, "marginal = 0.0", "an error > 0"),
        (problem(wg.Confinement(1.0)), {}, "no entropy", "give tau"),
        (case("isotropic_gaussians"), {"dt": 0.1}, "dimension 40", "another solver"),
    ]
    for asked, settings, value, remedy in given:
        refuses(lambda p=asked, s=settings: wg.solve(p, SOLVER, cells=40, **s), value, remedy)


def test_a_blur_beyond_the_box_and_an_error_below_rounding_are_refused() -> None:
    problem = wg.Problem(wg.Box((-4, 4)), wg.Confinement(1.0) + wg.Entropy(1.0), np.ones_like)

    def run(**options: Any) -> wg.Solution:
        return wg.solve(problem, "entropic_jko", cells=20, until=0.1, dt=0.1, options=options)

    refuses(lambda: run(blur=1e9), "blur = 1e+09", "give a smaller one")
    refuses(lambda: run(marginal=1e-30), "marginal = 1e-30", "rounding")


def test_the_longest_steps_end_at_a_flat_kernel() -> None:
    # the automatic blur, sqrt(T tau), is bounded: all images of a point would else be summed
    problem = wg.Problem(wg.Box((-4, 4)), wg.Confinement(1.0) + wg.Entropy(0.5), np.ones_like)
    solution = wg.solve(problem, "entropic_jko", cells=40, until=1e9, dt=1e9, snapshots=[])
    assert solution.facts["blur"] == 800.0
    assert solution.facts["energy_law"] <= 1e-12
