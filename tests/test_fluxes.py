"""Numerical fluxes: coefficients, slopes, consistency, order, the bound they report."""

from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest

import wgflow as wg
from wgflow._typing import Array
from wgflow.fluxes import Flux, _kernels

ALL: list[Flux] = [
    wg.Upwind(),
    wg.MUSCL("minmod"),
    wg.MUSCL("van_leer"),
    wg.MUSCL("central"),
    wg.ScharfetterGummel(),
]
LINEAR: list[Flux] = [wg.Upwind(), wg.ScharfetterGummel()]


def name(flux: object) -> str:
    return repr(flux) if isinstance(flux, Flux) else str(flux)


def exact_bernoulli(x: float) -> float:
    getcontext().prec = 400
    z = Decimal(x)
    return 1.0 if z == 0 else float(z / (z.exp() - 1))


ARGUMENTS = [
    0.0,
    1e-300,
    1e-12,
    1e-8,
    9.9e-6,
    1e-5,
    1.1e-5,
    1e-3,
    0.3,
    1.0,
    5.0,
    40.0,
    300.0,
    699.0,
]


@pytest.mark.parametrize("x", [s * a for a in ARGUMENTS for s in (1.0, -1.0)])
def test_bernoulli_function(x: float) -> None:
    forth, back = np.empty(1), np.empty(1)
    _kernels.two_point(np.array([x]), 1.0, forth, back)
    assert forth[0] == pytest.approx(exact_bernoulli(x), rel=4e-16, abs=1e-310)
    assert back[0] == pytest.approx(exact_bernoulli(-x), rel=4e-16, abs=1e-310)


def test_bernoulli_function_far_out() -> None:
    forth, back = np.empty(2), np.empty(2)
    _kernels.two_point(np.array([1e6, -1e6]), 1.0, forth, back)
    np.testing.assert_array_equal(forth, [0.0, 1e6])
    np.testing.assert_array_equal(back, [1e6, 0.0])


def test_kernels_are_continuous_where_formulas_meet() -> None:
    for limit, tolerance in ((1e-5, 1e-10), (1e-4, 1e-9), (700.0, 1e-9)):
        x = np.array([np.nextafter(limit, 0), np.nextafter(limit, 1e9)])
        one = np.ones(2)
        out = np.empty(2)
        _kernels.two_point_slope(x, 1.0, one, 0.5 * one, out)
        assert abs(out[1] - out[0]) < tolerance


@pytest.mark.parametrize("flux", LINEAR, ids=name)
@pytest.mark.parametrize("temperature", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("x", [-30.0, -1.0, -1e-3, -5e-5, 5e-5, 1e-3, 1.0, 30.0, 600.0])
def test_slope_is_the_derivative(flux: Flux, temperature: float, x: float) -> None:
    low, high = 0.7, 1.9
    step = 1e-3 * abs(x)

    def value(at: float) -> float:
        forth, back = flux.coefficients(np.array([at]), temperature)
        return float(forth[0] * low - back[0] * high)

    slope = flux.slope(np.array([x]), temperature, np.array([low]), np.array([high]))[0]
    # central differences, extrapolated once: error of order step^4
    coarse = (value(x + 2 * step) - value(x - 2 * step)) / (4 * step)
    fine = (value(x + step) - value(x - step)) / (2 * step)
    # rounding of the values over the step
    rounding = 1e-14 * max(1.0, abs(x)) * (1 + temperature) / step
    assert slope == pytest.approx((4 * fine - coarse) / 3, rel=1e-7, abs=1e-9 + rounding)


def test_slope_keeps_the_shape() -> None:
    difference = np.linspace(-2, 2, 12).reshape(3, 4)
    slope = wg.ScharfetterGummel().slope(difference, 0.5, difference + 3, difference + 4)
    forth, back = wg.ScharfetterGummel().coefficients(difference, 0.5)
    assert slope.shape == forth.shape == back.shape == (3, 4)


def line(flux: Flux, temperature: float, cells: int = 40) -> wg.FiniteVolume:
    energy = wg.Potential(lambda x: np.sin(2 * x) + np.cos(x)) + wg.Entropy(temperature)
    box = wg.Box(wg.Axis(-np.pi, np.pi, periodic=True))
    problem = wg.Problem(box, energy, initial=lambda x: 1.5 + np.cos(x))
    return wg.FiniteVolume(problem, wg.Grid(box, cells), flux)


@pytest.mark.parametrize("flux", LINEAR, ids=name)
@pytest.mark.parametrize("temperature", [0.0, 0.4])
def test_coefficients_are_those_of_the_kernel(flux: Flux, temperature: float) -> None:
    """Explicit kernel and implicit coefficients are two codes for one flux."""
    space = line(flux, temperature)
    grid = space.grid
    density = np.random.default_rng(6).random(grid.shape)
    potential = space.potential(density, 0.0)
    forth, back = flux.coefficients(grid.difference(potential, 0), space.temperature)
    face = (forth * density - back * np.roll(density, -1)) / grid.face_distances(0)
    np.testing.assert_allclose(
        space.rate(density, 0.0).values, -grid.face_divergence(face, 0), atol=1e-11
    )


@pytest.mark.parametrize("flux", ALL, ids=name)
@pytest.mark.parametrize("temperature", [0.0, 0.4])
def test_order_of_consistency(flux: Flux, temperature: float) -> None:
    """Rates against the exact right-hand side, cell averaged: order two-sided, error capped."""
    errors = []
    for cells in (100, 200, 400):
        space = line(flux, temperature, cells)
        grid = space.grid
        density = space.initial_density()
        x = grid.edges[0]
        rho = (1.5 + np.cos(x)) / (3 * np.pi)
        drift = 2 * np.cos(2 * x) - np.sin(x)
        current = -rho * drift + temperature * np.sin(x) / (3 * np.pi)
        exact = -np.diff(current) / grid.widths[0]
        errors.append(float(np.abs(space.rate(density, 0.0).values - exact).mean()))
    # the exponentially fitted flux without entropy is the upwind flux
    fitted = isinstance(flux, wg.ScharfetterGummel) and temperature == 0
    order = 1 if fitted else flux.order
    rate = np.log2(errors[1] / errors[2])
    # at extrema limited slopes lose an order in the rate, on a share h of the cells
    assert order - 0.25 < rate < order + 0.25, errors
    assert errors[2] < {1: 1e-2, 2: 1e-3}[order]


@pytest.mark.parametrize("temperature", [0.05, 1.0])
def test_scharfetter_gummel_vanishes_at_the_boltzmann_density(temperature: float) -> None:
    space = line(wg.ScharfetterGummel(), temperature)
    psi = space.potential(np.ones(space.grid.shape), 0.0)
    density = np.exp(-(psi - psi.min()) / temperature)
    density /= space.grid.integrate(density)
    scale = temperature / space.grid.spacing**2 * density.max()
    assert np.abs(space.rate(density, 0.0).values).max() < 4e-15 * scale
    assert np.abs(space.rate(np.ones(space.grid.shape), 0.0).values).max() > 0.1


def test_scharfetter_gummel_is_exact_for_a_constant_drift() -> None:
    """The stationary current of rho' = -v rho/T + c is reproduced, whatever the cell size."""
    h, v, temperature, current = 1.7, 2.0, 0.3, 0.8

    def rho(x: float) -> float:
        return current / v + np.exp(v * x / temperature)  # T rho' - v rho = -current

    forth, back = wg.ScharfetterGummel().coefficients(np.array([-v * h]), temperature)
    flux = (forth[0] * rho(0.0) - back[0] * rho(h)) / h
    assert flux == pytest.approx(current, rel=1e-10)


def test_muscl_with_linear_data_is_exact() -> None:
    """Away from the ends the rate of a linear density in a linear potential is exact."""
    for limiter in ("minmod", "van_leer", "central"):
        for slope in (1.0, -1.0):
            problem = wg.Problem(
                wg.Box((0, 1)), wg.Potential(lambda x, s=slope: s * x), initial=lambda x: 1 + x
            )
            edges = np.linspace(0, 1, 11) ** 1.1
            edges[-1] = 1.0
            grid = wg.Grid(problem.domain, 10, [edges])
            space = wg.FiniteVolume(problem, grid, wg.MUSCL(limiter))  # type: ignore[arg-type]
            rate = space.rate(1 + grid.centers[0], 0.0).values
            np.testing.assert_allclose(rate[2:-2], slope, rtol=1e-12)


def test_limiters_differ_in_their_order_of_sharpness() -> None:
    """For one face: minmod <= van Leer <= central in modulus, all 0 at an extremum."""
    values = {}
    for limiter in ("minmod", "van_leer", "central"):
        problem = wg.Problem(wg.Box((0, 5)), wg.Potential(lambda x: -x), initial=np.ones(5))
        space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 5), wg.MUSCL(limiter))
        density = np.array([1.0, 1.0, 2.0, 6.0, 6.0])
        outflow = 1.0 - space.rate(density, 0.0).values[2]  # rho at face 2|3 minus at face 1|2
        values[limiter] = outflow - 2.0 - 0.0 + 0.0
    # one-sided slopes of cell 2 are 1 and 4: limited slopes 1, 1.6, 2; half of it is added
    assert values["minmod"] == pytest.approx(0.5)
    assert values["van_leer"] == pytest.approx(0.8)
    assert values["central"] == pytest.approx(1.0)
    space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 5), wg.MUSCL("central"))
    peak = np.array([1.0, 1.0, 3.0, 1.0, 1.0])
    assert space.rate(peak, 0.0).values[2] == pytest.approx(-2.0)  # first order at an extremum


@pytest.mark.parametrize("flux", ALL, ids=name)
@pytest.mark.parametrize("temperature", [0.0, 0.4])
def test_reported_bound_keeps_positivity(flux: Flux, temperature: float) -> None:
    """Forward Euler at the bound stays nonnegative, for rough densities with empty cells."""
    rng = np.random.default_rng(7)
    box = wg.Box((0, 1), wg.Axis(0, 1, periodic=True, name="s"))
    edges = np.cumsum([0, *rng.uniform(0.2, 1.0, 12)])
    grid = wg.Grid(box, (12, 7), [edges / edges[-1], None])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        field = rng.standard_normal(grid.shape)
        energy = wg.Potential(lambda x, s, f=field: f) + wg.Entropy(temperature)
        problem = wg.Problem(box, energy, initial=np.ones(grid.shape))
        space = wg.FiniteVolume(problem, grid, flux)
        density = rng.random(grid.shape) ** 8 * (rng.random(grid.shape) < 0.3)
        rate = space.rate(density, 0.0)
        assert rate.emptying > 0
        after = density + rate.values / rate.emptying
        assert after.min() >= -1e-15 * density.max()
        assert grid.integrate(rate.values) == pytest.approx(0, abs=1e-11)


@pytest.mark.parametrize("cell", range(5))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_lone_cell_bounds_the_step(cell: int, sign: float) -> None:
    """One full cell, with inflow on both sides or outflow, in the middle or at an end."""
    for flux in ALL:
        energy = wg.Potential(lambda x: sign * x**2 / 2) + wg.Entropy(1.0)
        problem = wg.Problem(wg.Box((-1, 1)), energy, initial=np.eye(5)[cell])
        space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 5), flux)
        density = space.initial_density()
        rate = space.rate(density, 0.0)
        assert rate.emptying > 0
        assert (density + rate.values / rate.emptying).min() >= -1e-15


def test_bad_limiter_and_nonlinear_flux() -> None:
    with pytest.raises(wg.InputError, match=r"'superbee' .*minmod, van_leer, central"):
        wg.MUSCL("superbee")  # type: ignore[arg-type]
    with pytest.raises(wg.InputError, match=r"MUSCL is not linear.*ScharfetterGummel"):
        wg.MUSCL().coefficients(np.zeros(3), 0.0)


def test_order_of_face_arguments() -> None:
    """Mass moves down the potential, on both sides of a face."""
    for flux in ALL:
        for sign in (1.0, -1.0):
            problem = wg.Problem(
                wg.Box((0, 3)),
                wg.Potential(lambda x, s=sign: s * x) + wg.Entropy(1e-3),
                initial=np.ones(3),
            )
            space = wg.FiniteVolume(problem, wg.Grid(problem.domain, 3), flux)
            values: Array = space.rate(np.ones(3), 0.0).values
            np.testing.assert_allclose(values, [sign, 0.0, -sign], atol=1e-3)
