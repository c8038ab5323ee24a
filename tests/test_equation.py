"""The equation of a problem in LaTeX."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.energies import Energy, Term
from wgflow.energies.latex import coordinate, number
from wgflow.formulas import formula, mathml
from wgflow.networks import CosineData, EmpiricalData, Logistic
from wgflow.networks.features import cosine_features

CASES = catalog.names("cases")
LINE, PLANE = wg.Box((-1, 1)), wg.Box((-1, 1), (-1, 1))
V = wg.Potential(lambda x: x**2)
RISK = wg.Risk(cosine_features(CosineData(0.8)))


class Wind_Energy(Term):
    """A user's term, without formulas."""

    def discretize(self, grid: wg.Grid) -> Any:
        raise NotImplementedError


class Broken(Wind_Energy):
    """A user's term whose formula has a slip."""

    def latex(self, letters: Any) -> Any:
        return letters.names[7]


class Spoken(Wind_Energy):
    """A user's term with something else of that name."""

    latex = "W"


def equation(domain: wg.Box | wg.Region, energy: Energy | Term, scale: Any = 1.0) -> str:
    """Give the equation as one reads it in a terminal."""
    return formula(wg.Problem(domain, energy, np.ones_like, scale).equation)


def free_energy(domain: wg.Box, energy: Energy | Term) -> str:
    return formula(wg.Problem(domain, energy, np.ones_like).free_energy)


def named(value: object) -> str:
    """Name a test without addresses, which would differ from process to process."""
    return value if isinstance(value, str) else type(value).__name__


@pytest.mark.parametrize(
    ("term", "right"),
    [
        (V, "∂ₓ(ρ ∂ₓV)"),
        (wg.Potential(lambda t, x: t * x, time_dependent=True), "∂ₓ(ρ ∂ₓ(V(t, ·)))"),
        (wg.Confinement(3.0), "∂ₓ(ρ ∂ₓ(1.5 x²))"),
        (wg.Interaction(np.abs), "∂ₓ(ρ ∂ₓ(W * ρ))"),
        (
            wg.PolynomialInteraction({0: 2.0, 4: 0.25, 2: -1.0}),
            "∂ₓ(ρ ∂ₓ(W * ρ)), W(z) = 0.25 |z|⁴ - |z|² + 2",
        ),
        (
            wg.FeatureInteraction(lambda x: (x, x**2), [1.0, 2.0]),
            "∂ₓ(ρ ∂ₓ(∑ₖ₌₁² wₖ mₖ Φₖ)), mₖ = ∫ Φₖ ρ",
        ),
        (wg.Entropy(0.125), "0.125 ∂ₓ² ρ"),
        (wg.PowerLaw(0.5, 3.0), "0.5 ∂ₓ² ρ³"),
        (wg.PowerLaw(1.0, 1.5), "∂ₓ² ρ^(1.5)"),
        (RISK, "∂ₓ(ρ ∂ₓΨ), Ψ = V + ∫ U ρ"),
        (Wind_Energy(), "∂ₓ(ρ ∂ₓ(δWindEnergy/δρ))"),
        (Broken(), "∂ₓ(ρ ∂ₓ(δBroken/δρ))"),
        (Spoken(), "∂ₓ(ρ ∂ₓ(δSpoken/δρ))"),
        (wg.Confinement(0.0) + wg.Entropy(0.0) + wg.PowerLaw(0.0, 2.0), "0"),
    ],
    ids=named,
)
def test_each_term(term: Term, right: str) -> None:
    assert equation(LINE, term) == f"∂ₜρ = {right}"


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (wg.Confinement(3.0), "1.5 ∫ x² ρ"),
        (wg.PowerLaw(0.5, 3.0), "0.25 ∫ ρ³"),
        (wg.PowerLaw(1.0, 0.5), "-2 ∫ ρ^(0.5)"),
        (wg.Entropy(1.0), "∫ ρ log ρ"),
        (V + wg.Interaction(np.abs), "∫ V ρ + ½ ∫ (W * ρ) ρ"),
        (RISK + Wind_Energy(), "½ R(ρ) + WindEnergy(ρ)"),
        (V + wg.PowerLaw(1.0, 0.5), "∫ V ρ - 2 ∫ ρ^(0.5)"),
    ],
    ids=named,
)
def test_the_free_energy(term: Term, value: str) -> None:
    assert free_energy(LINE, term) == f"F(ρ) = {value}"


def test_the_time_scale_multiplies_every_part() -> None:
    energy = V + wg.Entropy(0.25) + wg.PowerLaw(3.0, 2.0)
    assert equation(PLANE, energy, 2) == "∂ₜρ = 2 ∇·(ρ ∇V) + 0.5 Δρ + 6 Δρ²"
    assert equation(PLANE, energy, lambda t: 1 + t) == "∂ₜρ = s(t) (∇·(ρ ∇V) + 0.25 Δρ + 3 Δρ²)"
    assert equation(PLANE, V, lambda t: 1 + t) == "∂ₜρ = s(t) ∇·(ρ ∇V)"
    assert equation(PLANE, wg.Entropy(0.25) + wg.Entropy(0.5)) == "∂ₜρ = 0.75 Δρ"


def test_terms_that_share_a_letter_have_an_index() -> None:
    both = wg.Interaction(np.abs) + wg.PolynomialInteraction({2: 1.0})
    found = equation(PLANE, both + V)
    assert found == "∂ₜρ = ∇·(ρ ∇(W₁ * ρ + W₂ * ρ + V)), W₂(z) = |z|²"
    assert equation(PLANE, V + V) == "∂ₜρ = ∇·(ρ ∇(V₁ + V₂))"
    # the risk has a V of its own
    assert equation(LINE, RISK + V) == "∂ₜρ = ∂ₓ(ρ ∂ₓ(Ψ + V₁)), Ψ = V + ∫ U ρ"


def test_coordinates_are_those_of_the_domain() -> None:
    weights = wg.Confinement(2.0, axes=(1,))
    names = [wg.Axis(-1, 1, name=name) for name in ("theta", "w2")]
    named = "∂ₜρ = ∇·(ρ ∇(w₂²)), ∇ = (∂_θ, ∂_w₂)"
    assert equation(wg.Box(*names), weights) == named
    assert "(θ² + w₂²)" in equation(wg.Box(*names), wg.Confinement(1.0))
    assert equation(PLANE, wg.Confinement(2.0)) == "∂ₜρ = ∇·(ρ ∇(|x|²))"
    assert equation(wg.Region(2), V + wg.Entropy(1.0)) == "∂ₜρ = ∇·(ρ ∇V) + Δρ"


def test_nothing_moves_along_fixed_axes() -> None:
    box = wg.Box((-1, 1), (-1, 1), wg.Axis(-1, 1, fixed=True))
    assert equation(box, V + wg.Entropy(1.0)) == "∂ₜρ = ∇·(ρ ∇V) + Δρ, ∇ = (∂ₓ, ∂_y)"
    box = wg.Box((-1, 1), wg.Axis(-1, 1, fixed=True))
    assert equation(box, V + wg.Entropy(1.0)) == "∂ₜρ = ∂ₓ(ρ ∂ₓV) + ∂ₓ² ρ"


def test_noise_on_radial_axes_has_a_measure() -> None:
    radial = wg.Box(wg.Axis(0, 1, radial=40, name="r"))
    energy = V + wg.Entropy(0.5) + wg.PowerLaw(1.0, 2.0)
    assert equation(radial, energy, 2.0) == (
        "∂ₜρ = 2 ∂ᵣ(ρ ∂ᵣV) + ∂ᵣ(μ ∂ᵣ(ρ/μ)) + 2 ∂ᵣ(μ ∂ᵣ(ρ/μ)²), μ = r³⁹"
    )
    assert "μ" not in equation(radial, V)
    assert free_energy(radial, energy) == ("F(ρ) = ∫ V ρ + 0.5 ∫ ρ log(ρ/μ) + ∫ μ (ρ/μ)², μ = r³⁹")
    two = wg.Box(wg.Axis(0, 1, radial=2, name="r1"), wg.Axis(0, 1, radial=3, name="r2"))
    assert equation(two, wg.Entropy(1.0)) == ("∂ₜρ = ∇·(μ ∇(ρ/μ)), μ = r₁ r₂², ∇ = (∂_r₁, ∂_r₂)")
    line = wg.Box(wg.Axis(0, 1, radial=1, name="r"))
    assert equation(line, wg.Entropy(1.0)) == "∂ₜρ = ∂ᵣ² ρ"


def test_another_loss_than_the_square() -> None:
    points = np.linspace(-1, 1, 4)
    data = EmpiricalData(points[:, None], np.sign(points))
    network = wg.networks.empirical_network(
        wg.networks.Affine(wg.networks.activation("tanh"), inputs=1), data, _draw, Logistic()
    )
    risk = wg.Risk(network.features)
    assert equation(PLANE, risk) == "∂ₜρ = ∇·(ρ ∇Ψ), Ψ = E ℓ_logistic′(f, y) σ"
    assert free_energy(PLANE, risk) == "F(ρ) = E ℓ_logistic(f, y)"


def _draw(rng: np.random.Generator, count: int) -> wg.Array:
    return rng.standard_normal((count, 2))


def test_numbers_and_names() -> None:
    assert [number(v) for v in (1e-7, 2.5e8, 1 / 3, -5 / 3, math.pi)] == [
        "10^{-7}",
        r"2.5 \cdot 10^{8}",
        r"\frac{1}{3}",
        r"-\frac{5}{3}",
        "3.14159",
    ]
    assert [coordinate(n) for n in ("x", "y12", "phi", "bias", "r_in")] == [
        "x",
        "y_{12}",
        r"\phi",
        r"\mathrm{bias}",
        "r_{in}",
    ]


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_an_equation_that_renders(case: str) -> None:
    from matplotlib.mathtext import MathTextParser

    problem: wg.Problem = catalog.load("cases", case).problem()
    for latex in (problem.equation, problem.free_energy):
        assert "\n" not in latex
        assert mathml(latex).startswith("<math")
        # Matplotlib has no sizes of brackets
        MathTextParser("path").parse(f"${re.sub(r'.(big|Big)(?=[()])', '', latex)}$")
        assert "\\" not in formula(latex)
