"""Power laws: derivatives, limits at rho = 0, the cut-off, the radial reference, equilibria."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refuses
from wgflow._typing import Array
from wgflow.energies import DiscreteEnergy
from wgflow.energies.power_law import DiscretePowerLaw

EXPONENTS = [0.3, 0.5, 0.9, 1.2, 1.5, 2.0, 3.0, 4.0, 5.5]
BOXES = {
    "line": (wg.Box((-1, 2)), 9),
    "plane": (wg.Box((-1, 2), wg.Axis(0, 1, periodic=True)), (5, 4)),
    "space": (wg.Box((-1, 2), (0, 1), (0, 2)), (3, 4, 5)),
    "radial": (wg.Box(wg.Axis(0, 2, radial=3)), 12),
    "radial and plain": (wg.Box(wg.Axis(0.5, 2, radial=5), (0, 1)), (6, 5)),
}


def discrete(term: wg.PowerLaw, grid: wg.Grid) -> DiscretePowerLaw:
    made = term.discretize(grid)
    assert isinstance(made, DiscretePowerLaw)
    return made


def relative(grid: wg.Grid, rng: np.random.Generator) -> Array:
    """Random densities that are of order 1 relative to the reference."""
    density: Array = 0.2 + rng.random(grid.shape)
    return density if grid.log_reference is None else density * np.exp(grid.log_reference)


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("where", BOXES)
def test_variations_against_finite_differences(exponent: float, where: str) -> None:
    grid = wg.Grid(*BOXES[where])
    rng = np.random.default_rng(1)
    density = relative(grid, rng)
    direction = density * rng.standard_normal(grid.shape)
    # half of the cells below the cut-off of fast diffusion: the continuation is smooth
    term = discrete(wg.PowerLaw(0.7, exponent, cutoff=0.7 if exponent < 1 else 1e-12), grid)
    step = 1e-5
    ahead, back = density + step * direction, density - step * direction
    slope = (term.value(ahead, 0.0) - term.value(back, 0.0)) / (2 * step)
    expected = grid.integrate(term.first_variation(density, 0.0) * direction)
    assert abs(expected) > 1e-3
    assert slope == pytest.approx(expected, rel=1e-7)
    change = (term.first_variation(ahead, 0.0) - term.first_variation(back, 0.0)) / (2 * step)
    second = term.second_variation(density, direction)
    np.testing.assert_allclose(change, second, rtol=1e-6, atol=1e-8 * np.abs(second).max())
    np.testing.assert_allclose(second, term.slope(density) * direction, rtol=1e-15)


@pytest.mark.parametrize("exponent", [0.5, 1.5, 2.0, 3.0])
def test_value_of_a_uniform_density(exponent: float) -> None:
    grid = wg.Grid(wg.Box((0, 2), (0, 2)), 4)
    value = wg.PowerLaw(0.3, exponent).discretize(grid).value(np.full(grid.shape, 0.25), 0.0)
    assert value == pytest.approx(0.3 * 4 * 0.25**exponent / (exponent - 1), rel=1e-14)


@pytest.mark.parametrize("dimension", [1, 2, 3, 40])
@pytest.mark.parametrize("exponent", [0.98, 1.5, 2.0])
def test_radial_value_is_that_of_the_space(dimension: int, exponent: float) -> None:
    """∫ u^m over R^d of a Gaussian u in closed form, against the radius with c area^(1-m)."""
    d, m = float(dimension), exponent
    log_area = math.log(2) + d / 2 * math.log(math.pi) - math.lgamma(d / 2)
    log_norm = -d / 2 * math.log(2 * math.pi / d)  # covariance I/d
    log_integral = m * log_norm + d / 2 * math.log(2 * math.pi / (m * d))
    grid = wg.Grid(wg.Box(wg.Axis(0, 8 if dimension == 1 else 5, radial=dimension)), 3000)

    def chi(r: Array) -> Array:
        values: Array = np.exp(log_area + log_norm + (d - 1) * np.log(r) - d * r**2 / 2)
        return values

    term = wg.PowerLaw(math.exp((1 - m) * log_area), m, cutoff=1e-30)
    value = term.discretize(grid).value(grid.average(chi), 0.0)
    assert value * (m - 1) == pytest.approx(math.exp(log_integral), rel=3e-4)


def test_derivatives_at_empty_cells() -> None:
    grid = wg.Grid(wg.Box((0, 1)), 3)
    empty = np.zeros(3)
    for exponent, first, second in [(2.0, 0.0, 2.0), (3.0, 0.0, 0.0), (1.5, 0.0, math.nan)]:
        term = discrete(wg.PowerLaw(1.0, exponent), grid)
        assert term.value(empty, 0.0) == 0.0
        assert np.all(term.first_variation(empty, 0.0) == first)
        slope = term.slope(empty)
        assert np.all(np.isfinite(slope))
        if not math.isnan(second):
            assert np.all(slope == second)
    fast = discrete(wg.PowerLaw(1.0, 0.5, cutoff=1e-4), grid)
    # H = -2 sqrt(rho): Taylor polynomial at 1e-4, evaluated at 0
    assert fast.value(empty, 0.0) == pytest.approx(-0.02 + 1e-2 + 0.25 * 1e-2, rel=1e-12)
    np.testing.assert_allclose(fast.first_variation(empty, 0.0), -100 - 50, rtol=1e-12)
    np.testing.assert_allclose(fast.slope(empty), 0.5 * 1e-4**-1.5, rtol=1e-12)


@pytest.mark.parametrize("exponent", [0.5, 1.5, 2.0, 3.0])
def test_high_dimensions_stay_finite(exponent: float) -> None:
    grid = wg.Grid(wg.Box(wg.Axis(0, 2, radial=320)), 50)
    density = np.zeros(50)
    density[20] = 1 / grid.widths[0][20]
    term = discrete(wg.PowerLaw(1.0, exponent), grid)
    assert math.isfinite(term.value(density, 0.0))
    assert np.all(np.isfinite(term.first_variation(density, 0.0)))
    assert not np.any(np.isnan(term.slope(density)))


@pytest.mark.parametrize("exponent", [0.6, 1.5, 2.0, 3.0])
def test_equilibrium_has_a_constant_first_variation(exponent: float) -> None:
    """In V = |x|²/2: rho = ((m-1)/m (C - V))_+^(1/(m-1)), and xi = C where rho > 0."""
    grid = wg.Grid(wg.Box((-3, 3), (-3, 3)), 40)
    x, y = grid.coordinates
    level = 2.0 if exponent > 1 else -1.0
    base = (exponent - 1) / exponent * (level - (x**2 + y**2) / 2)
    density = np.maximum(base, 0.0) ** (1 / (exponent - 1))
    energy = DiscreteEnergy(wg.Confinement(1.0) + wg.PowerLaw(1.0, exponent), grid)
    variation = energy.first_variation(density, 0.0)
    inside = density > 0
    assert inside.any()
    np.testing.assert_allclose(variation[inside], level, rtol=1e-12)
    if exponent > 1:
        assert np.all(variation[~inside] > level)


def test_energy_keeps_local_terms_apart() -> None:
    grid = wg.Grid(wg.Box((-1, 1)), 8)
    density = 0.1 + np.random.default_rng(2).random(8)
    terms = wg.Confinement(1.0) + wg.Entropy(0.5) + wg.PowerLaw(2.0, 3.0) + wg.PowerLaw(1.0, 2.0)
    energy = DiscreteEnergy(terms, grid)
    assert [term.local for term in energy.terms] == [False, True, True, True]
    assert energy.nonlinear
    assert energy.temperature == 0.5
    assert not energy.interacting  # the drift does not depend on the density
    np.testing.assert_allclose(energy.drift(density, 0.0), grid.centers[0] ** 2 / 2)
    enthalpy = 3 * density**2 + 2 * density
    np.testing.assert_allclose(energy.enthalpy(density), enthalpy)
    np.testing.assert_allclose(energy.enthalpy_slope(density), 6 * density + 2)
    total = grid.centers[0] ** 2 / 2 + 0.5 * (np.log(density) + 1) + enthalpy
    np.testing.assert_allclose(energy.first_variation(density, 0.0), total)

    linear = DiscreteEnergy(wg.Confinement(1.0) + wg.Entropy(0.5), grid)
    assert not linear.nonlinear
    assert not np.any(linear.enthalpy(density))
    assert not np.any(linear.enthalpy_slope(density))
    assert not DiscreteEnergy(wg.PowerLaw(0.0, 2.0), grid).nonlinear


@pytest.mark.parametrize(
    ("make", "value", "remedy"),
    [
        (lambda: wg.PowerLaw(-1.0, 2.0), "-1.0", ">= 0"),
        (lambda: wg.PowerLaw(math.nan, 2.0), "nan", ">= 0"),
        (lambda: wg.PowerLaw(0.5, 1.0), "exponent 1", "Entropy(0.5)"),
        (lambda: wg.PowerLaw(1.0, 0.0), "0.0", "> 0"),
        (lambda: wg.PowerLaw(1.0, math.inf), "inf", "finite"),
        (lambda: wg.PowerLaw(1.0, 0.5, cutoff=0.0), "0.0", "> 0"),
    ],
)
def test_bad_power_laws(make: Callable[[], object], value: str, remedy: str) -> None:
    refuses(make, value, remedy)
