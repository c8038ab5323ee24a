"""A folder that a command has made and could not fill is not left behind."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import refused
from wgflow.cli import main

RUN = ["run", "quadratic_attraction", "--cells", "30", "--until", "0.1", "--dt", "0.02"]
CONVERGE = ["converge", "ornstein_uhlenbeck", "--levels", "2", "--cells", "20", "--until", "0.1"]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no file be written, as on a full disk."""

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("wgflow.io.results.reserve", fail)
    monkeypatch.setattr("wgflow.io.generations.reserve", fail)
    monkeypatch.setattr("os.replace", fail)


@pytest.mark.parametrize(
    "words", [RUN, [*RUN, "--checkpoint-steps", "2"], CONVERGE], ids=["run", "kept", "converge"]
)
@pytest.mark.usefixtures("full")
def test_folders_of_its_own_are_removed(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    said = refused([*words, "--out", str(own / "new" / "deep")], capsys)
    assert "No space left on device: make room" in said
    assert [*tmp_path.rglob("*")] == [own]


@pytest.mark.usefixtures("full")
def test_a_folder_of_the_users_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused([*RUN, "--out", str(tmp_path)], capsys)
    assert tmp_path.is_dir()
    assert not [*tmp_path.iterdir()]


def test_what_is_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("wgflow.io.results.write_xdmf", fail)
    assert main([*RUN, "--out", str(tmp_path / "r")]) == 2
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["solution.h5"]
