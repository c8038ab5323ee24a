"""Every term of the free energy against finite differences, and what terms refuse."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refuses
from wgflow._typing import Array
from wgflow.energies import DiscreteEnergy, Energy, Term
from wgflow.networks import IsotropicGaussians, activation, isotropic_features
from wgflow.networks.data import CosineData
from wgflow.networks.features import Features, cosine_features

TIME = 0.4


def ramp_features(dimension: float) -> Features:
    return isotropic_features(activation("ramp"), IsotropicGaussians(dimension, 0.8))


PLANE = wg.Box((-1, 2), wg.Axis(0, 1, periodic=True, name="s"))
TERMS: dict[str, tuple[Term, wg.Box, int | tuple[int, ...]]] = {
    "potential": (wg.Potential(lambda x, y: np.sin(x) * y), PLANE, (5, 7)),
    "moving potential": (wg.Potential(lambda t, x: t * x**2, True), wg.Box((-1, 2)), 9),
    "confinement": (wg.Confinement(0.7), wg.Box((-1, 2), (0, 1), (0, 2)), (3, 4, 5)),
    "entropy": (wg.Entropy(0.3), PLANE, (5, 7)),
    "entropy, d=40": (wg.Entropy(0.3), wg.Box(wg.Axis(0, 2, radial=40)), 30),
    "entropy, d=320": (wg.Entropy(0.3), wg.Box(wg.Axis(0, 2, radial=320)), 300),
    "interaction": (
        wg.Interaction(lambda x: np.exp(-(x**2)) - x**2),
        wg.Box((-1, 2)),
        11,
    ),
    "interaction, plane": (
        wg.Interaction(lambda x, s: np.cos(2 * np.pi * s) * np.exp(-(x**2))),
        PLANE,
        (5, 6),
    ),
    "risk": (
        wg.Risk(cosine_features(CosineData(0.8))),
        wg.Box(wg.Axis(-np.pi, np.pi, periodic=True)),
        16,
    ),
    "risk, d=320": (wg.Risk(ramp_features(320)), wg.Box(wg.Axis(0, 6, radial=320)), 50),
}


def setting(name: str) -> tuple[wg.Grid, Term, Array, Array]:
    term, box, cells = TERMS[name]
    grid = wg.Grid(box, cells)
    rng = np.random.default_rng(3)
    density = 0.2 + rng.random(grid.shape)
    direction = rng.standard_normal(grid.shape)
    return grid, term, density / grid.integrate(density), direction * 0.1


@pytest.mark.parametrize("name", TERMS)
def test_first_variation_is_the_derivative_of_the_value(name: str) -> None:
    grid, term, density, direction = setting(name)
    discrete = term.discretize(grid)
    step = 1e-4
    ahead = discrete.value(density + step * direction, TIME)
    back = discrete.value(density - step * direction, TIME)
    variation = discrete.first_variation(density, TIME)
    assert variation.shape == grid.shape
    assert np.all(np.isfinite(variation))
    expected = grid.integrate(variation * direction)
    assert abs(expected) > 1e-6  # the test would see nothing otherwise
    assert (ahead - back) / (2 * step) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", TERMS)
def test_second_variation_is_the_derivative_of_the_first(name: str) -> None:
    grid, term, density, direction = setting(name)
    discrete = term.discretize(grid)
    step = 1e-4
    ahead = discrete.first_variation(density + step * direction, TIME)
    back = discrete.first_variation(density - step * direction, TIME)
    expected = discrete.second_variation(density, direction)
    size = max(float(np.abs(expected).max()), 1.0)
    np.testing.assert_allclose((ahead - back) / (2 * step), expected, atol=1e-6 * size)
    assert discrete.interacting == bool(np.any(expected))


def test_values_against_integrals() -> None:
    """Values of each term for a uniform density on a fine grid, against exact integrals."""
    grid = wg.Grid(wg.Box((0, 2)), 400)
    density = np.full(400, 0.5)

    def value(term: Term) -> float:
        return term.discretize(grid).value(density, 0.0)

    assert value(wg.Potential(lambda x: x**2)) == pytest.approx(4 / 3, abs=1e-5)
    assert value(wg.Confinement(3.0)) == pytest.approx(2.0, abs=1e-5)
    assert value(wg.Entropy(0.3)) == pytest.approx(-0.3 * math.log(2), rel=1e-12)
    # ½ ∬ (x-y)²/4 dx dy over [0,2]²
    assert value(wg.Interaction(lambda x: x**2)) == pytest.approx(1 / 3, abs=1e-5)


@pytest.mark.parametrize("dimension", [1, 3, 40, 320])
def test_radial_entropy_against_its_integral(dimension: int) -> None:
    """A Gaussian in d dimensions: the value is that of the radial integral, known in closed form.

    rho(r) is the chi density of |w|, w ~ N(0, I/d): ∫ rho log(rho / r^(d-1)) dr is the negative
    entropy of the Gaussian plus the logarithm of the sphere's area.
    """
    d = float(dimension)
    log_area = math.log(2) + d / 2 * math.log(math.pi) - math.lgamma(d / 2)
    log_gauss = -d / 2 * math.log(2 * math.pi / d)
    expected = log_area + log_gauss - d / 2  # log rho - (d-1) log r, averaged with E r² = 1

    def chi(r: Array) -> Array:
        values: Array = np.exp(log_area + log_gauss + (d - 1) * np.log(r) - d * r**2 / 2)
        return values

    errors = []
    for cells in (1000, 2000):
        grid = wg.Grid(wg.Box(wg.Axis(0, 8 if dimension == 1 else 4, radial=dimension)), cells)
        density = grid.average(chi)
        assert grid.integrate(density) == pytest.approx(1.0, abs=1e-7)
        errors.append(abs(wg.Entropy(1.0).discretize(grid).value(density, 0.0) - expected))
    # averages of r^(d-1) differ from values at centres by (d-1)(d-2) h²/(24 r²), relatively
    assert errors[1] < max(1.3 * (d - 1) * d * grid.spacing**2 / 24, 2e-5)
    assert 1.8 < math.log2(errors[0] / errors[1]) < 2.2


@pytest.mark.parametrize("periodic", [False, True])
def test_interaction_equals_the_double_sum(periodic: bool) -> None:
    box = wg.Box(wg.Axis(-1, 2, periodic=periodic), (0, 1))
    grid = wg.Grid(box, (6, 5))
    density = np.random.default_rng(4).random(grid.shape)

    def kernel(x: Array, y: Array) -> Array:
        values: Array = np.cos(2 * np.pi * x / 3) + np.exp(-np.abs(x) - 2 * y**2)
        return values

    x, y = (c.ravel() for c in grid.coordinates)
    dx = x[:, None] - x[None, :]
    if periodic:
        dx = (dx + 1.5) % 3 - 1.5
    dense = kernel(dx, y[:, None] - y[None, :])
    masses = (density * grid.volumes).ravel()
    term = wg.Interaction(kernel).discretize(grid)
    assert term.value(density, 0.0) == pytest.approx(masses @ dense @ masses / 2, rel=1e-13)
    convolved = (dense @ masses).reshape(grid.shape)
    np.testing.assert_allclose(term.first_variation(density, 0.0), convolved, rtol=1e-12)


def test_empty_cells_have_finite_entropy() -> None:
    grid = wg.Grid(wg.Box(wg.Axis(0, 2, radial=320)), 50)
    density = np.zeros(50)
    density[20] = 1 / grid.widths[0][20]
    term = wg.Entropy(1.0).discretize(grid)
    assert np.all(np.isfinite(term.first_variation(density, 0.0)))
    reference = grid.log_reference
    assert reference is not None
    assert term.value(density, 0.0) == pytest.approx(math.log(density[20]) - reference[20])


def test_sum_of_terms() -> None:
    grid = wg.Grid(PLANE, (5, 7))
    potential, entropy = wg.Confinement(0.7), wg.Entropy(0.3)
    kernel = wg.Interaction(lambda x, s: x**2 + 0 * s)
    energy = potential + (kernel + entropy) + wg.Entropy(0.2)
    assert isinstance(energy, Energy)
    assert energy.terms == (potential, kernel, entropy, wg.Entropy(0.2))
    total = DiscreteEnergy(energy, grid)
    assert total.temperature == 0.5
    assert total.interacting
    assert not total.time_dependent
    assert total.risk(np.ones(grid.shape)) is None
    density = np.random.default_rng(5).random(grid.shape)
    parts = [t.discretize(grid) for t in energy.terms]
    value = sum(t.value(density, 0.0) for t in parts)
    assert total.value(density, 0.0) == pytest.approx(value, rel=1e-14)
    drift = sum(t.first_variation(density, 0.0) for t in parts[:2])
    np.testing.assert_allclose(total.drift(density, 0.0), drift)
    logarithm = 0.5 * (np.log(density) + 1)
    np.testing.assert_allclose(total.first_variation(density, 0.0), drift + logarithm)
    change = total.drift_change(density, density)
    np.testing.assert_allclose(change, parts[1].first_variation(density, 0.0))


MULTIPLIED: list[tuple[str, Term]] = [
    *((name, term) for name, (term, _, _) in TERMS.items() if "risk" not in name),
    ("power law", wg.PowerLaw(0.3, 2.0)),
    ("polynomial", wg.PolynomialInteraction({2: 0.5, 4: -0.1})),
    ("features", wg.FeatureInteraction(lambda x: (np.cos(x), x), [1.0, -2.0])),
]


@pytest.mark.parametrize(("name", "term"), MULTIPLIED, ids=[name for name, _ in MULTIPLIED])
def test_a_multiple_of_a_term_has_multiples_of_its_values(name: str, term: Term) -> None:
    _, box, cells = TERMS.get(name, (None, wg.Box((-1, 2)), 9))
    grid = wg.Grid(box, cells)
    rng = np.random.default_rng(3)
    density, direction = 0.2 + rng.random(grid.shape), rng.standard_normal(grid.shape)
    plain, tripled = DiscreteEnergy(term, grid), DiscreteEnergy(np.float64(6) * term / 2, grid)
    assert math.isclose(tripled.value(density, TIME), 3 * plain.value(density, TIME))
    np.testing.assert_allclose(
        tripled.first_variation(density, TIME), 3 * plain.first_variation(density, TIME), 1e-12
    )
    np.testing.assert_allclose(
        tripled.terms[0].second_variation(density, direction),
        3 * plain.terms[0].second_variation(density, direction),
        1e-12,
    )
    assert type(tripled.terms[0]) is type(plain.terms[0])  # solvers know terms by their kind


def test_terms_are_summed_multiplied_and_subtracted() -> None:
    v, w, noise = wg.Potential(np.cos), wg.Interaction(np.cos), wg.Entropy(0.5)
    assert sum([v, w, noise]).terms == (v + w + noise).terms == (v, w, noise)  # type: ignore[union-attr]
    written = wg.Problem(wg.Box((-1, 1)), 2 * (v + noise) - w, np.cos).free_energy
    assert written == (
        r"F(\rho) = 2\,\int V\,\rho + \int \rho\,\log \rho - 0.5\,\int (W * \rho)\,\rho"
    )
    plain = wg.Problem(wg.Box((-1, 1)), 0.5 * (2 * v) + 0 * w, np.cos).free_energy
    assert plain == r"F(\rho) = \int V\,\rho"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda v: v - wg.Entropy(0.1), "temperature -0.1: give a finite number >= 0"),
        (lambda v: v * "a", "factor 'a' of an energy"),
        (lambda v: 1j * v, "factor 1j of an energy"),
        (lambda v: v * v, "factor a Potential of an energy: give a finite number"),
        (lambda v: v / 0, "divided by 0: give a finite number, not 0"),
        (lambda v: 2 - v, "2 is not a term"),
        (lambda v: v - 2, "2 is not a term"),
        (lambda v: sum([v, 3]), "3 is not a term"),
        (
            lambda v: 2 * TERMS["risk"][0],
            "Risk cannot be multiplied by a number: divide the other terms by 2",
        ),
    ],
)
def test_sums_and_multiples_that_are_none(make: Callable[[Term], object], said: str) -> None:
    with pytest.raises(wg.InputError, match=said):
        make(wg.Potential(np.cos))


def test_temperature_is_a_float_also_without_entropy() -> None:
    """Compiled kernels are specialized by type: an int would compile them twice."""
    grid = wg.Grid(wg.Box((0, 1)), 3)
    assert type(DiscreteEnergy(wg.Confinement(1.0), grid).temperature) is float


def test_moving_potential_follows_the_time() -> None:
    grid = wg.Grid(wg.Box((0, 1)), 4)
    term = wg.Potential(lambda t, x: t + x, True).discretize(grid)
    for time in (0.0, 2.0, 1.0, 2.0):
        np.testing.assert_allclose(term.first_variation(np.ones(4), time), time + grid.centers[0])


def test_risk_of_the_cosine_neuron() -> None:
    grid = wg.Grid(wg.Box(wg.Axis(-np.pi, np.pi, periodic=True)), 256)
    term = wg.Risk(cosine_features(CosineData(0.8))).discretize(grid)
    (theta,) = grid.coordinates
    z = 0.3
    density = (1 - z**2) / (2 * np.pi * (1 - 2 * z * np.cos(theta) + z**2))
    assert term.value(density, 0.0) == pytest.approx(0.125, abs=1e-12)  # (A - z)² / 2
    np.testing.assert_allclose(term.first_variation(density, 0.0), -0.5 * np.cos(theta), atol=1e-12)


def on_line(term: Term) -> Callable[[], object]:
    return lambda: term.discretize(wg.Grid(wg.Box((-1, 1)), 5))


UNEVEN = wg.Grid(wg.Box((0, 1)), 3, [np.array([0, 0.2, 0.5, 1])])
BAD = [
    (lambda: wg.Entropy(-0.1), "-0.1", ">= 0"),
    (lambda: wg.Entropy(math.nan), "nan", ">= 0"),
    (lambda: wg.Entropy(math.inf), "inf", ">= 0"),
    (lambda: wg.Confinement(-2.0), "-2.0", ">= 0"),
    (
        on_line(wg.Potential(lambda x: 1 / np.where(np.abs(x) < 1e-9, np.nan, x))),
        "1 cells",
        "shift",
    ),
    (on_line(wg.Potential(lambda x: np.ones(3))), "(3,)", "one value"),
    (on_line(wg.Interaction(lambda x: x + x**2)), "not even", "W(x) = W(-x)"),
    (on_line(wg.Interaction(lambda x: np.where(x == 0, np.inf, 1.0))), "not finite", "regular"),
    (lambda: wg.Interaction(np.cos).discretize(UNEVEN), "axis x", "equal cells"),
    (
        lambda: wg.Interaction(np.cos).discretize(
            wg.Grid(wg.Box(wg.Axis(0, 1, radial=3, name="r")), 4)
        ),
        "axis r",
        "equal cells",
    ),
    (
        on_line(wg.Risk(Features(lambda x: np.ones((2, 3)), np.cos, [1, 1], [1, 1], 1.0))),
        "(2, 3)",
        "(K, *grid.shape)",
    ),
]


@pytest.mark.parametrize(("make", "value", "remedy"), BAD, ids=[f"{v} {r}" for _, v, r in BAD])
def test_bad_terms(make: Callable[[], object], value: str, remedy: str) -> None:
    refuses(make, value, remedy)
