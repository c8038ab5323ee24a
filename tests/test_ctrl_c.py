"""Ctrl-C: a command leaves a checkpoint at the first and ends at the second; not so a script."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import wgflow as wg
from tests.mpi import launcher, needs_mpi, on_ranks, surroundings
from tests.test_checkpoint import WORDS, assert_same_files, process, wait_for
from tests.test_restart import PLAIN, Stop
from wgflow.cli import main
from wgflow.loop import Signals, heeding_keyboard
from wgflow.observers import State

TOLD = "wgflow: Ctrl-C: the current step will be completed and saved; Ctrl-C again stops at once"
SMALL = ["run", "ornstein_uhlenbeck", "--cells", "60", "--until", "0.3", "--dt", "0.002"]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "r"
    assert main([*WORDS, "--out", str(out)]) == 0
    return out


def test_a_command_leaves_a_checkpoint(tmp_path: Path, uninterrupted: Path) -> None:
    out = tmp_path / "r"
    run = process(out, "--checkpoint-steps", "3")
    wait_for(lambda: [*out.glob("checkpoint/*.json")], run)
    run.send_signal(signal.SIGINT)
    printed, said = run.communicate()
    assert run.returncode == 130, said
    assert printed == ""
    told, stopped = said.splitlines()
    assert told == TOLD
    assert stopped.startswith("wgflow: stopped by Ctrl-C at t = ")
    assert stopped.endswith(f"--out {out} --restart")
    assert main([*WORDS, "--out", str(out), "--restart"]) == 0
    assert_same_files(out, uninterrupted)


class Twice(wg.Observer):
    """Presses Ctrl-C twice in one step."""

    def update(self, state: State) -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)


def test_the_second_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("wgflow.commands.inputs.Progress", lambda *_: Twice())
    assert main([*WORDS, "--out", str(tmp_path / "r")]) == 130
    said = capfd.readouterr().err
    assert TOLD in said
    assert "wgflow: interrupted: " in said
    assert not (tmp_path / "r").exists()
    assert signal.getsignal(signal.SIGINT) is before


def test_what_a_shell_has_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heeding_keyboard(print), Signals() as signals:
            os.kill(os.getpid(), signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert not signals.seen
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_a_script_it_is_pythons(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        PLAIN(checkpoint=wg.Checkpoint(tmp_path / "c"), observers=[Stop(5, name="SIGINT")])
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "with --out DIR, finished networks are kept"),
        (["--out", "r"], "runs the remaining networks"),
    ],
)
def test_a_study_says_how_to_go_on(
    words: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(given: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("wgflow.cli.find", lambda name: interrupted)
    assert main(["study", "lazy_training", *words]) == 130
    assert said in capsys.readouterr().err


# a rank alone sends the signal, in the middle of the loop
ONE_RANK = """
import os, signal, sys
from wgflow.cli import main
from wgflow.loop import Signals, heeding_keyboard
from wgflow.commands import inputs
from wgflow.observers import Observer
from wgflow.parallel import world
class Press(Observer):
    def __init__(self, *words): pass
    def update(self, state):
        if state.steps == 7 and world().rank == RANK:
            os.kill(os.getpid(), signal.SIGINT)
inputs.Progress = Press
sys.exit(main(sys.argv[1:]))
"""


@needs_mpi
@pytest.mark.parametrize("rank", [0, 1])
def test_one_rank_stops_all(rank: int, tmp_path: Path) -> None:
    out = tmp_path / "r"
    program = ONE_RANK.replace("RANK", str(rank))
    done = on_ranks(2, ["-c", program, *SMALL, "--out", str(out)])
    assert done.returncode == 130, done.stderr
    assert "stopped by Ctrl-C at t = 0.014 after 7 steps, its checkpoint is in" in done.stderr
    assert "alone" not in done.stderr
    assert (TOLD in done.stderr) == (rank == 0)
    assert [*out.glob("checkpoint/*.json")]


@needs_mpi
def test_the_launcher_passes_it_on(tmp_path: Path) -> None:
    out = tmp_path / "r"
    words = [*SMALL, "--until", "30", "--checkpoint-steps", "1", "--out", str(out)]
    run = subprocess.Popen(
        [launcher(), "-n", "2", sys.executable, "-m", "wgflow", *words],
        env=surroundings(),
        stderr=subprocess.PIPE,
        text=True,
    )
    while not [*out.glob("checkpoint/*.json")] and run.poll() is None:
        time.sleep(0.005)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=120)
    assert run.returncode == 130, said
    assert said.count("wgflow: stopped by Ctrl-C at t = ") == 1
    assert said.count(TOLD) == 1
    assert "Traceback" not in said
