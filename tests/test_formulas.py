"""LaTeX as text for terminals."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from wgflow.formulas import formula, mathml, terminal

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*(ROOT / "cases").glob("*.py"), *(ROOT / "solvers").glob("*.py")])
DOCUMENTS = [ROOT / "docs" / f"{name}.md" for name in ("mathematics", "jko")]

FORMULAS = {
    # fractions and roots take brackets where they need them
    r"\frac{a}{b}": "a/b",
    r"\frac{a + b}{2 c}": "(a + b)/(2 c)",
    r"\frac{-1}{|K|}": "-1/|K|",
    r"\frac{1}{1+x^2} y": "1/(1+x²) y",
    r"\frac{x}{f(y)}": "x/(f(y))",
    r"\frac{\Gamma(a) \Gamma(b)}{(c + d)}": "Γ(a) Γ(b)/(c + d)",
    r"\tfrac12\iint U\rho": "½ ∬ Uρ",
    r"\frac{\mathrm d F}{\mathrm d t}": "dF/dt",
    r"\frac{\delta F}{\delta\rho}(y)": "δF/δρ (y)",
    r"\nabla\frac{\rho}{\mu}": "∇(ρ/μ)",
    r"\sqrt x + \sqrt{x + 1}\sqrt[3]{2}": "√x + √(x + 1) ³√2",
    # scripts
    r"\partial_t \rho_K^{n+1}": "∂ₜρ_Kⁿ⁺¹",
    r"\frac{|x - y|^2}{(1 - b)^2} + \frac{1}{2 |K|}": "|x - y|²/(1 - b)² + 1/(2 |K|)",
    r"x_{i+1} \tau_\pm \rho_\mathrm{left}": "xᵢ₊₁ τ_± ρ_left",
    r"e^{-\beta V}": "e^(-β V)",
    r"m_{K,L} + h^{p/q}": "m_(K,L) + h^(p/q)",
    r"x^\top u' f'' (y)_+^4": "xᵀ u′ f″ (y)₊⁴",
    r"\sum_{i=1}^n \int_0^\infty": "∑ᵢ₌₁ⁿ ∫₀^∞",
    # symbols, spaces and functions
    r"s\le t\in[0,1)": "s ≤ t ∈ [0,1)",
    r"2\,\nabla \cdot \big(\rho\,\nabla \Psi\big)": "2 ∇·(ρ ∇Ψ)",
    r"\rho\log\rho + \log|x| + \log(x)": "ρ log ρ + log|x| + log(x)",
    r"\max_c\; \langle \rho, c \rangle": "max_c ⟨ρ, c⟩",
    r"\operatorname*{argmin}_\rho F": "argmin_ρ F",
    r"\mathbb E\,x \in \mathbb{R}^D, \mathcal{L}": "E x ∈ ℝᴰ, ℒ",
    r"\dot m + \hat x + \bar{ab}": "ṁ + x̂ + ab",
    r"\left.\left(\lVert x \rVert\right)^2": "(‖x ‖)²",
    r"V \quad\text{if $x > 0$, else } 0": "V if x > 0, else 0",
    r"\foo{x}\ \bar": "foo x",
    r"\{ m \}, a \% b": "{ m }, a % b",
    r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}": "[a b; c d]",
    r"\begin{aligned} a &= b \\[2pt] c &= d \end{aligned}": "a = b; c = d",
}


@pytest.mark.parametrize("latex", FORMULAS, ids=str)
def test_formulas(latex: str) -> None:
    assert formula(latex) == FORMULAS[latex]


def test_rows_are_aligned_behind_what_stands_before() -> None:
    text = r"""Text

$$
f(x) = \begin{cases} 1 & x > 0 \\ -22 & \text{else} \end{cases}
$$

$$
\begin{aligned}
\dot m &= 1 \\
m + n &= 2
\end{aligned}
$$
with more."""
    assert terminal(text).split("\n") == [
        "Text",
        "",
        "    f(x) = { 1     x > 0",
        "           { -22   else",
        "",
        "        ṁ = 1",
        "    m + n = 2",
        "",
        "with more.",
    ]


def test_a_long_formula_is_broken_where_its_source_is() -> None:
    first, second = " + ".join("abcdefghijklmnop"), " + ".join("qrstuvwxyz")
    lines = terminal(f"$$\n{first}\n + {second}\n$$").split("\n")
    assert lines == ["    " + first, "        + " + second]
    assert terminal(f"$$\na\n + {second}\n$$") == f"    a + {second}"


def test_code_stays_as_it_is() -> None:
    text = "Set `$HOME` to \\$5.\n\n    wgflow run $x ** 2\n\n```console\n$ wgflow a\\b\n```\n\nEnd"
    assert terminal(text).split("\n") == [
        "Set `$HOME` to $5.",
        "",
        "    wgflow run $x ** 2",
        "",
        "    $ wgflow a\\b",
        "",
        "End",
    ]
    assert terminal("```{math}\n\\rho\n```") == "    ρ"


def test_paragraphs_and_items_are_filled() -> None:
    text = "**One.** $\\alpha$ two\nthree four\n- five six seven\n- eight"
    assert terminal(text, width=12).split("\n") == [
        "One. α two",
        "three four",
        "- five six",
        "  seven",
        "- eight",
    ]
    assert terminal(text, width=None).split("\n")[:2] == ["One. α two", "three four"]


@pytest.mark.parametrize("broken", [r"\frac{a", r"\begin{aligned} a &", "x_", "}", r"\sqrt", "{"])
def test_a_broken_formula_is_no_trap(broken: str) -> None:
    assert "\\" not in formula(broken)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_pages_read_in_a_terminal(path: Path) -> None:
    page = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert page is not None
    shown = terminal(page)
    assert "\\" not in shown
    assert "$" not in shown
    assert "**" not in shown
    assert max(map(len, shown.split("\n"))) <= 100


@pytest.mark.parametrize("path", [*PAGES, *DOCUMENTS], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_formulas_of_pages_are_latex(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    page = text if path.suffix == ".md" else ast.get_docstring(ast.parse(text))
    prose = re.sub(r"```.*?```|^    .*?$|(?<!`)`[^`\n]+`", "", page, flags=re.DOTALL | re.MULTILINE)
    blocks, lines = re.findall(r"\$\$(.+?)\$\$", prose, re.DOTALL), []
    for paragraph in re.sub(r"\$\$(.+?)\$\$", "", prose, flags=re.DOTALL).split("\n\n"):
        assert paragraph.count("$") % 2 == 0, paragraph
        lines += re.findall(r"\$(.+?)\$", paragraph, re.DOTALL)
    assert blocks or lines or "TransientTerm" in page
    for latex in [*blocks, *lines]:
        assert mathml(latex).startswith("<math"), latex
