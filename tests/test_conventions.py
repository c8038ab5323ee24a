"""What a page of a network case says of conventions, where texts differ."""

from __future__ import annotations

import re
import typing

import pytest

from wgflow import catalog
from wgflow.cli import main
from wgflow.formulas import terminal

CONVENTIONS = ("preset", "convention")  # parameters that choose between texts
AUTHORS = re.compile(r"[A-Z][a-zé-]+(, [A-Z][a-zé-]+)* (19|20)\d\d")
NETWORKS = [
    name
    for name in catalog.names("cases")
    if catalog.load("cases", name).problem().network is not None
]


def paragraph(text: str) -> str:
    """Give what stands between the head and the next one, on one line."""
    found = re.search(r"\*\*Conventions\.\*\*(.*?)(\n\n\*\*|\Z)", text, flags=re.DOTALL)
    assert found is not None
    return " ".join(found.group(1).split())


def test_network_cases() -> None:
    known = {"isotropic_gaussians", "anisotropic_gaussians", "nonmonotone_failure", "charges"}
    assert known | {"relu_gaussians", "cosine_neuron", "data_network"} <= {*NETWORKS}


@pytest.mark.parametrize("name", NETWORKS)
def test_conventions_have_a_source(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    case = catalog.load("cases", name)
    said = paragraph(case.__doc__ or "")
    assert AUTHORS.search(said)
    assert r"\varepsilon" in said  # the step of which time is counted
    assert "risk" in said
    hints = typing.get_type_hints(case.problem)
    for parameter in CONVENTIONS:
        values = typing.get_args(hints.get(parameter))
        for value in values:  # by its name, and who uses it not far behind
            behind = said.partition(f"`{parameter}={value}`")[2]
            assert AUTHORS.search(behind[:200]), f"{parameter}={value}"
    if {"beta", "weight_decay"} & {*hints}:
        assert r"\sqrt{2" in said  # the noise
    assert main(["describe", name]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Conventions." in printed
    last = terminal(said[said.rindex(". ") + 2 :], 10**6).strip()
    assert last in printed
