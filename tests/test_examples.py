"""The scripts of examples/: run as a user runs them, and each holds itself to what is known."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LONGEST = 75  # lines


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_passes_its_own_check(
    path: Path, elsewhere: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = path == EXAMPLES[0]
    monkeypatch.setattr(sys, "argv", [str(path), *(["figure.png"] if drawn else [])])
    names = runpy.run_path(str(path), run_name="__main__")
    assert 2 <= len(capsys.readouterr().out.splitlines()) <= 5
    assert names["solution"].status == "finished"
    assert names["solution"].warnings == ()
    assert [each.name for each in Path.cwd().iterdir()] == (["figure.png"] if drawn else [])


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_short_cites_and_checks(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    module = ast.parse(text)
    assert len(text.splitlines()) <= LONGEST
    assert "\nSource: " in (ast.get_docstring(module) or "")
    assert isinstance(module.body[-1], ast.Assert)
    page = (ROOT / "docs" / "tutorials" / "examples.md").read_text(encoding="utf-8")
    assert page.count(f"../../examples/{path.name}\n") == 1
