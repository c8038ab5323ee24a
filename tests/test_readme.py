"""What the README shows is run as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from wgflow.cli import build_parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_scripts_run_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    scripts = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(scripts) == 3
    names: dict[str, object] = {}
    for script in scripts:
        exec(compile(script, "README.md", "exec"), names)
    assert "finished" in capsys.readouterr().out
    assert (tmp_path / "double_well" / "summary.json").exists()


def test_commands_parse() -> None:
    lines = re.findall(r"^    (wgflow .*)$", README, flags=re.MULTILINE)
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(re.split(r"\s{3,}", line)[0])[1:]
        assert build_parser().parse_args(words).command is not None


def test_files_named_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
