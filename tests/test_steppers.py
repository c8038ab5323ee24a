"""Time steppers: explicit order, positivity and bounds; the energy identity; bad settings."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import CIRCLE, NEURON, advance, cosine, errors
from wgflow.errors import StabilityError
from wgflow.steppers import Stepper
from wgflow.steppers.base import divided


@pytest.mark.parametrize("scale", [2.0, lambda t: 2 + np.sin(6 * t)], ids=["constant", "moving"])
@pytest.mark.parametrize(("method", "order"), [(wg.SSPRK2, 2), (wg.SSPRK3, 3)])
def test_explicit_order_in_time(
    method: type[wg.SSPRK2], order: int, scale: float | Callable[[float], float]
) -> None:
    assert method.order == order
    # few cells: the bound on dt is loose, so that the error in time is far above rounding
    space = cosine(wg.Upwind(), cells=12, scale=scale)
    reference = advance(wg.SSPRK3(space, dt=0.5 / 800), 0.5)
    found = errors(lambda dt: method(space, dt=dt), reference, [20, 40, 80])
    rate = math.log2(found[1] / found[2])
    assert order - 0.15 < rate < order + 0.15, found
    assert found[2] < {2: 1e-4, 3: 1e-6}[order]


@pytest.mark.parametrize("method", [wg.SSPRK2, wg.SSPRK3])
@pytest.mark.parametrize("flux", [wg.Upwind(), wg.MUSCL("van_leer"), wg.MUSCL("central")])
@pytest.mark.parametrize("temperature", [0.0, 0.2])
def test_explicit_positivity_and_mass(
    method: type[wg.SSPRK2], flux: wg.Upwind | wg.MUSCL, temperature: float
) -> None:
    """A start with empty cells and jumps, at the full positivity bound."""
    box = wg.Box((-1, 1), wg.Axis(0, 1, periodic=True, name="s"))
    energy = (
        wg.Potential(lambda x, s: 3 * np.cos(4 * x) * np.sin(2 * np.pi * s))
        + wg.Interaction(lambda x, s: np.exp(-4 * x**2) * np.cos(2 * np.pi * s))
        + wg.Entropy(temperature)
    )
    problem = wg.Problem(box, energy, lambda x, s: 1.0 * ((x > 0.3) & (s < 0.3)))
    space = wg.FiniteVolume(problem, wg.Grid(box, (20, 12)), flux)
    stepper = method(space, safety=1.0)
    density = space.initial_density()
    assert density.min() == 0
    for _ in range(40):
        density = stepper.step(density, 0.0, 1.0).density
        assert density.min() >= 0
        assert space.grid.integrate(density) == pytest.approx(1.0, abs=2e-14)


@pytest.mark.parametrize("method", [wg.SSPRK2, wg.SSPRK3])
def test_step_above_the_bound(method: type[wg.SSPRK2]) -> None:
    space = cosine(wg.MUSCL())
    density = space.initial_density()
    bound = 1 / (space.rate(density, 0.0).emptying + space.decay(density, 0.0))
    with pytest.raises(StabilityError) as caught:
        method(space, dt=3 * bound).step(density, 0.0, 1.0)
    message = str(caught.value)
    assert "\n" not in message
    assert f"{3 * bound:.6g}" in message
    assert f"{bound:.6g}" in message
    assert "omit dt" in message
    assert method(space, dt=0.5 * bound).step(density, 0.0, 1.0).dt <= 0.5 * bound


def test_later_stage_above_the_bound() -> None:
    """The velocity grows within the step: automatic steps retry, given ones are refused."""
    problem = wg.Problem(
        CIRCLE, NEURON, lambda x: 1 + 0 * x, time_scale=lambda t: 1.0 if t < 1e-9 else 50.0
    )
    space = wg.FiniteVolume(problem, wg.Grid(CIRCLE, 20), wg.Upwind())
    density = space.initial_density()
    bound = 1 / (space.rate(density, 0.0).emptying + space.decay(density, 0.0))
    step = wg.SSPRK2(space).step(density, 0.0, 10.0)
    assert step.rejections > 0
    assert step.dt < bound / 40
    assert step.density.min() >= 0
    with pytest.raises(StabilityError, match="above the stability bound"):
        wg.SSPRK2(space, dt=bound / 2).step(density, 0.0, 10.0)


def test_nothing_moves_without_a_force() -> None:
    problem = wg.Problem(wg.Box((0, 1)), wg.Potential(lambda x: 0 * x), lambda x: 1 + x)
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 10), wg.MUSCL())
    density = space.initial_density()
    step = wg.SSPRK3(space).step(density, 0.0, 5.0)
    assert step.dt == 5.0
    np.testing.assert_allclose(step.density, density, rtol=4e-16)


def test_energy_identity() -> None:
    """F(t) - F(0) = -∫ dissipation: the gap falls like the order of step and quadrature."""
    gaps: dict[str, list[float]] = {"explicit": [], "implicit": []}
    for n in (40, 80, 160):
        space = cosine(wg.Upwind(), cells=12)
        fitted = cosine(wg.ScharfetterGummel(), cells=12)
        steppers: dict[str, Stepper] = {
            "explicit": wg.SSPRK3(space, dt=0.5 / n),
            "implicit": wg.ImplicitEuler(fitted, dt=0.5 / n),
        }
        for kind, stepper in steppers.items():
            space = stepper.space
            density, rates, start = space.initial_density(), [], 0.0
            start = space.energy.value(density, 0.0)
            for k in range(n + 1):
                time = 0.5 * k / n
                rates.append(space.dissipation(density, space.rate(density, time), time))
                if k < n:
                    density = stepper.step(density, time, 0.5 / n).density
            assert min(rates) > 0
            lost = float(np.trapezoid(rates, dx=0.5 / n))
            gaps[kind].append(abs(space.energy.value(density, 0.0) - start + lost))
    for kind, order, cap in (("explicit", 2, 1e-5), ("implicit", 1, 2e-3)):
        rate = math.log2(gaps[kind][1] / gaps[kind][2])
        assert order - 0.2 < rate < order + 0.2, gaps[kind]
        assert gaps[kind][2] < cap


@pytest.mark.parametrize(
    ("dt", "limit", "expected"), [(0.3, 1.0, 0.25), (2.0, 1.0, 1.0), (0.1, 0.3, 0.1)]
)
def test_divided(dt: float, limit: float, expected: float) -> None:
    assert divided(dt, limit) == pytest.approx(expected, rel=1e-14)


BAD: list[tuple[Callable[[wg.FiniteVolume], object], str, str]] = [
    (lambda s: wg.SSPRK2(s, dt=0.0), "dt = 0.0", "> 0"),
    (lambda s: wg.SSPRK3(s, dt=-1.0), "dt = -1.0", "> 0"),
    (lambda s: wg.SSPRK3(s, dt=math.nan), "dt = nan", "> 0"),
    (lambda s: wg.SSPRK3(s, safety=1.5), "safety 1.5", "(0, 1]"),
    (lambda s: wg.ImplicitEuler(s, dt=math.inf), "dt = inf", "> 0"),
    (lambda s: wg.ImplicitEuler(s, tolerance=0.0), "tolerance 0.0", "> 0"),
    (lambda s: wg.ImplicitEuler(s, tolerance=-1.0), "tolerance -1.0", "> 0"),
    (lambda s: wg.ImplicitEuler(s, dt=0.1, tolerance=0.1), "dt = 0.1", "one of the two"),
]


@pytest.mark.parametrize(("make", "value", "remedy"), BAD, ids=[v for _, v, _ in BAD])
def test_bad_settings(make: Callable[[wg.FiniteVolume], object], value: str, remedy: str) -> None:
    with pytest.raises(wg.InputError) as caught:
        make(cosine(wg.Upwind()))
    message = str(caught.value)
    assert "\n" not in message
    assert value in message
    assert remedy in message


def test_implicit_needs_a_linear_flux() -> None:
    with pytest.raises(wg.InputError, match=r"MUSCL is not linear.*Upwind or ScharfetterGummel"):
        wg.ImplicitEuler(cosine(wg.MUSCL()))
