"""Formulas as MathML: what browsers need, and nothing that they would obey."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from wgflow.formulas import mathml
from wgflow.formulas.tidy import NAMESPACE


def elements(latex: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(mathml(latex))
    for each in root.iter():
        assert each.tag.startswith(f"{{{NAMESPACE}}}")
        each.tag = each.tag.partition("}")[2]
    return list(root.iter())


def text(latex: str) -> str:
    return "".join(each.text or "" for each in elements(latex))


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"\mathbb{R}^d", "ℝd"),
        (r"\mathbf{x}", "𝐱"),
        (r"\boldsymbol{x}", "𝒙"),
        (r"\mathcal{W}_2", "𝒲2"),
        (r"\lvert x \rvert", "|x|"),
        (r"\lVert x \rVert", "‖x‖"),
        (r"\operatorname*{arg\,min}_{\rho} F", "argminρF"),
        (r"a \text{ where $V$ is } b", "a where V is b"),
    ],
)
def test_letters_and_words(latex: str, shown: str) -> None:
    said = re.sub(r"[ \xa0\u2009]+", " ", text(latex))
    assert said == shown or said.replace(" ", "") == shown.replace(" ", "")


def test_what_is_varied_stands_below() -> None:
    assert any(each.tag == "munder" for each in elements(r"\operatorname*{min}_{x} f"))


def test_columns_keep_their_sides_without_attributes_that_browsers_dropped() -> None:
    cells = [e for e in elements(r"\begin{aligned}a &= b \\ &= c\end{aligned}") if e.tag == "mtd"]
    styles = [str(cell.get("style")) for cell in cells]
    assert [style.partition(";")[0] for style in styles] == [
        "text-align: right",
        "text-align: left",
    ] * 2
    assert all(cell.get("columnalign") is None for cell in cells)


def test_a_prime_stands_beside_its_letter() -> None:
    assert [each.tag for each in elements("f'")][-2:] == ["mi", "mo"]


@pytest.mark.parametrize("latex", [r"\text{<script>x</script>}", r"\text{<b>x</b>}"])
def test_markup_in_a_formula_is_refused(latex: str) -> None:
    with pytest.raises(ValueError, match="no element of MathML"):
        mathml(latex)


def test_links_in_a_formula_go() -> None:
    assert "javascript" not in mathml(r"\href{javascript:alert(1)}{a}")


@pytest.mark.parametrize("latex", [r"\frac{a", r"\unknown{x}", "a & b", r"\text{a < b}"])
def test_what_cannot_be_set_is_an_error_that_names_it(latex: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(latex))):
        mathml(latex)
