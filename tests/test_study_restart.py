"""Studies of networks that are stopped and go on: every number is that of one that was not."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import refused
from tests.mpi import needs_mpi, succeeds
from wgflow.cli import main
from wgflow.compare.kept import KeptResults, _packed, _unpacked
from wgflow.errors import InputError
from wgflow.io import Checkpoint
from wgflow.parallel import SERIAL
from wgflow.particles import Layers, ThreeLayerRun

STUDIES = {
    "teacher_student": (
        "--dimension 4 --teacher 2 --sizes 2,3 --until 2 --batch 5 --seeds 2",
        4,
    ),
    "lazy_training": (
        "--sizes 4,8,12 --scales 1,2,4 --neurons 6 --samples 4 --until 0.3 --seeds 1",
        9,
    ),
    "coupling": ("cosine_neuron --seeds 5", 5),
    "three_layer": ("--sizes 3,6,9 --indices 12 --spaces 2 --seeds 2 --until 1", 8),
}
WRITTEN = ("table.csv", "table.json", "figure.png")


def words(study: str) -> list[str]:
    return ["study", study, *STUDIES[study][0].split()]


class KillError(BaseException):
    """What nobody catches."""


class Counted:
    """Counts the networks that are run; is killed when it is about to finish one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, killed_at: int = 0) -> None:
        from wgflow.compare.keeper import NetworkKeeper

        self.run = 0
        finish = NetworkKeeper.finish

        def counted(keeper: NetworkKeeper, result: dict[str, Any]) -> None:
            self.run += 1
            if self.run == killed_at:
                raise KillError
            finish(keeper, result)

        monkeypatch.setattr(NetworkKeeper, "finish", counted)


def kill(asked: list[str], killed_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a study that ends in the middle."""
    with monkeypatch.context() as patch:
        counted = Counted(patch, killed_at)
        with pytest.raises(KillError):
            main(asked)
    assert counted.run == killed_at


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    for study in STUDIES:
        assert main([*words(study), "--out", str(out / study)]) == 0
    return out


def assert_same(out: Path, whole: Path) -> None:
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in whole.iterdir())
    for name in WRITTEN:
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.mark.parametrize("study", STUDIES)
def test_a_killed_study_goes_on(
    study: str, tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, count = tmp_path / "r", STUDIES[study][1]
    asked = [*words(study), "--out", str(out)]
    done = 0
    for killed_at in (2, count - 2):  # the second before the last; in both calls of three_layer
        kill([*asked, "--restart"], killed_at, monkeypatch)
        done += killed_at - 1
        assert not (out / "summary.json").exists()
    with monkeypatch.context() as patch:
        counted = Counted(patch)
        assert main([*asked, "--restart"]) == 0
    assert counted.run == count - done
    assert_same(out, whole / study)


def test_other_networks_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], whole: Path
) -> None:
    out = tmp_path / "r"
    asked = [*words("lazy_training"), "--out", str(out)]
    kill(asked, 4, monkeypatch)
    before = {p: p.read_bytes() for p in out.rglob("*.*")}
    assert "continue it with --restart" in refused(asked, capsys)
    assert "until 0.3 there, 0.4 here" in refused([*asked, "--until", "0.4", "--restart"], capsys)
    assert "give only one of them" in refused([*asked, "--restart", "--overwrite"], capsys)
    assert "of the study with --out" in refused([*words("lazy_training"), "--restart"], capsys)
    assert {p: p.read_bytes() for p in out.rglob("*.*")} == before
    with monkeypatch.context() as patch:
        counted = Counted(patch)
        assert main([*asked, "--overwrite"]) == 0
    assert counted.run == STUDIES["lazy_training"][1]
    assert_same(out, whole / "lazy_training")


def test_a_finished_study_is_left_as_it_is(
    tmp_path: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r"
    shutil.copytree(whole / "three_layer", out)
    asked = [*words("three_layer"), "--out", str(out), "--restart"]
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    assert main(asked) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert "seed 0 there, 4 here" in refused([*asked, "--seed", "4"], capsys)
    other = [*words("teacher_student"), "--out", str(out), "--restart"]
    assert "'study three_layer' there" in refused(other, capsys)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_a_study_that_fails_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r"
    asked = [*words("lazy_training"), "--out", str(out), "--seed", "-1"]
    assert "a seed >= 0" in refused(asked, capsys)
    assert not [*tmp_path.rglob("checkpoint-*")]


# a network takes a while, for signals to come in the middle
SLOW = """
import sys, time
from wgflow.cli import main
from wgflow.particles import lazy_study
once = lazy_study.lazy_run
def slowly(*words, **more):
    time.sleep(0.05)
    return once(*words, **more)
lazy_study.lazy_run = slowly
sys.exit(main(sys.argv[1:]))
"""


def process(out: Path) -> subprocess.Popen[str]:
    """Begin a study, or go on; give it when some networks more are kept."""
    before = len([*out.rglob("*.json")])
    run = subprocess.Popen(
        [sys.executable, "-c", SLOW, *words("lazy_training"), "--out", str(out), "--restart"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len([*out.rglob("*.json")]) < before + 2 and run.poll() is None:
        time.sleep(0.005)
    return run


def test_signals(tmp_path: Path, whole: Path) -> None:
    out = tmp_path / "r"
    run = process(out)
    run.kill()
    run.communicate()
    run = process(out)
    run.send_signal(signal.SIGTERM)
    _, said = run.communicate()
    assert run.returncode == 75, said
    assert len(said.splitlines()) == 1
    assert "stopped by SIGTERM before network" in said
    assert f"--out {out} --restart" in said
    kept = len([*out.rglob("*.json")])
    assert 4 <= kept < STUDIES["lazy_training"][1]
    assert main([*words("lazy_training"), "--out", str(out), "--restart"]) == 0
    assert_same(out, whole / "lazy_training")


@needs_mpi
def test_other_ranks_go_on(tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "r"
    asked = [*words("three_layer"), "--out", str(out), "--restart"]
    kill(asked, 6, monkeypatch)
    succeeds(3, ["-m", "wgflow", *asked])
    assert_same(out, whole / "three_layer")


def test_results_are_kept_as_they_are(tmp_path: Path) -> None:
    layers = Layers(np.ones((2, 1)), np.zeros((2, 3)), np.array([np.nan, 1 / 3, -0.0]))
    run = ThreeLayerRun(np.arange(2.0), np.zeros((2, 0)), np.zeros(0), layers)
    result = (run, None, (0.1, np.arange(3)))
    again = _unpacked(_packed(result))
    assert again[0].final.third.tobytes() == layers.third.tobytes()
    assert again[0].predictions.shape == (2, 0)
    assert again[1] is None
    assert again[2][0] == 0.1
    assert again[2][1].dtype == np.arange(3).dtype
    place = Checkpoint(tmp_path / "c")
    with pytest.raises(InputError, match="cannot be kept"):
        KeptResults(SERIAL, place).share(lambda number: {"a": number}, 1)
