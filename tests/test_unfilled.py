"""A folder that a command has made and could not fill is not left behind."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import wgflow as wg
from tests.helpers import refused
from tests.mpi import surroundings
from wgflow.cli import main
from wgflow.io import free_directory
from wgflow.observers import State

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
    assert "No space left on device: free some space" in said
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


@pytest.mark.usefixtures("elsewhere")
def test_runs_started_together_have_folders_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Other(wg.Observer):
        """Runs the same command to its end in the middle of the first."""

        def __init__(self, *_: Any) -> None:
            pass

        def update(self, state: State) -> None:
            if state.steps == 2:
                words = [sys.executable, "-m", "wgflow", *RUN, "--set", "dimension=2"]
                subprocess.run(words, env=surroundings(), stdout=subprocess.PIPE, check=True)

    place = Path.cwd()
    monkeypatch.setattr("wgflow.commands.inputs.Progress", Other)
    assert main(RUN) == 0
    for name, cells in (("quadratic_attraction", 1), ("quadratic_attraction-2", 2)):
        summary = json.loads((place / name / "summary.json").read_text())
        assert len(summary["cells"]) == cells


@pytest.mark.usefixtures("elsewhere")
def test_the_folder_of_a_run_that_fails_is_removed() -> None:
    assert main([*RUN, "--cells", "1"]) == 2
    assert main(["compare", "quadratic_attraction"]) == 2
    assert not [*Path.cwd().iterdir()]


def test_no_number_is_free_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(wg.InputError, match=r"cannot be created \(Not a directory\): give another"):
        free_directory(str(tmp_path / "file" / "r"))
