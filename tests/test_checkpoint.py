"""Checkpoint files: torn, altered and unfinished ones, full disks, kills at any moment, signals."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refused, refuses
from tests.test_restart import PLAIN, Stop, assert_same
from wgflow.cli import main
from wgflow.io import CellFile, generations

CASE = "quadratic_attraction"
WORDS = ["run", CASE, "--cells", "60", "--until", "0.3", "--dt", "0.002"]


def stopped(directory: Path, steps: int = 11, **settings: Any) -> wg.Checkpoint:
    """Leave the checkpoints of a run that was stopped: by default after steps 6, 9 and 11."""
    place = wg.Checkpoint(directory, **{"steps": 3, **settings})
    with pytest.raises(wg.Interrupted):
        PLAIN(checkpoint=place, observers=[Stop(steps)])
    return place


def newest(directory: Path, kind: str = "h5") -> Path:
    return sorted(directory.glob(f"checkpoint-*.{kind}"))[-1]


def continued(place: wg.Checkpoint) -> tuple[wg.Solution, int]:
    """Go on; give the solution and after how many steps it went on."""
    seen: list[int] = []
    watch = wg.Callback(lambda state: seen.append(state.steps))
    solution = PLAIN(checkpoint=place, restart=True, observers=[watch, Stop()])
    return solution, seen[0] - 1


# --- generations -----------------------------------------------------------------------------


def test_two_generations_are_kept_and_snapshots_once(tmp_path: Path) -> None:
    stopped(tmp_path)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == [
        *[f"checkpoint-{n:06d}.{kind}" for n in (2, 3) for kind in ("h5", "json")],
        "snapshot-0000.h5",
        "snapshot-0001.h5",
    ]
    with h5py.File(newest(tmp_path)) as file:
        assert set(file) == {"density", "observers"}
        assert file["density"].shape == (60,)
    # the older of the two was written before the second snapshot
    headers = [json.loads(p.read_bytes()) for p in sorted(tmp_path.glob("*.json"))]
    assert [len(h["snapshots"]) for h in headers] == [1, 2]
    assert [h["numbers"]["state"]["steps"] for h in headers] == [9, 11]


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES: list[Callable[[Path], None]] = [torn, flipped, empty, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", ["h5", "json"])
def test_the_one_before_is_used(
    kind: str, damage: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = stopped(tmp_path)
    damage(newest(tmp_path, kind))
    solution, steps = continued(place)
    assert steps == 9
    assert "a checkpoint is skipped" in caplog.text
    assert "checkpoint-000003" in caplog.text
    assert_same(solution, PLAIN())


def test_a_digit_changed_in_a_header_is_seen(tmp_path: Path) -> None:
    place = stopped(tmp_path)
    path = newest(tmp_path, "json")
    text = path.read_text()
    assert text.count('"steps": 11') == 1
    path.write_text(text.replace('"steps": 11', '"steps": 12'))
    assert continued(place)[1] == 9


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda f: f.__name__)
def test_a_damaged_snapshot_spoils_those_that_need_it(
    damage: Callable[[Path], None], tmp_path: Path
) -> None:
    place = stopped(tmp_path)
    damage(tmp_path / "snapshot-0001.h5")
    solution, steps = continued(place)
    assert steps == 9
    assert_same(solution, PLAIN())


def test_without_a_whole_one_nothing_is_touched(tmp_path: Path) -> None:
    place = stopped(tmp_path)
    flipped(tmp_path / "snapshot-0000.h5")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    refuses(lambda: continued(place), "no checkpoint in", "start over")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_parts_of_files_are_no_checkpoints(tmp_path: Path) -> None:
    """The leftovers of a first checkpoint that was never finished."""
    for name in (".checkpoint-000000.h5.part", ".snapshot-0000.h5.part", "checkpoint-000000.h5"):
        (tmp_path / name).write_bytes(b"part")
    other = tmp_path / "notes.txt"
    other.write_text("not ours")
    place = wg.Checkpoint(tmp_path, steps=3)
    solution = PLAIN(checkpoint=place, restart=True)
    assert_same(solution, PLAIN())
    assert not list(tmp_path.glob(".*"))
    place.remove()
    assert [*tmp_path.iterdir()] == [other]


def test_a_later_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "FORMAT", 2)
    place = stopped(tmp_path)
    monkeypatch.undo()
    refuses(lambda: continued(place), "format is 2", "start over")


def test_those_by_the_clock_are_told_in_a_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "wgflow.loop"):
        PLAIN(checkpoint=wg.Checkpoint(tmp_path / "steps", every=None, steps=1))
        assert "checkpoint" not in caplog.text
        solution = PLAIN(checkpoint=wg.Checkpoint(tmp_path / "clock", every=1e-9))
    # after each step but the last
    assert caplog.text.count("checkpoint at t = ") == solution.facts["steps"] - 1


# --- writing fails ---------------------------------------------------------------------------


def test_a_full_disk_is_warned_of_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put, full = CellFile.put, [False]

    def failing(self: CellFile, name: str, value: Any) -> None:
        if full[0]:
            raise OSError(28, "No space left on device")
        put(self, name, value)

    monkeypatch.setattr(CellFile, "put", failing)

    def fill(state: Any) -> None:
        full[0] = 7 <= state.steps <= 10  # the checkpoint after step 9 fails, that after 6 stays

    place = wg.Checkpoint(tmp_path, steps=3)
    with pytest.raises(wg.Interrupted):
        PLAIN(checkpoint=place, observers=[wg.Callback(fill), Stop(10)])
    assert caplog.text.count("No space left on device") == 2
    assert not list(tmp_path.glob(".*"))
    solution, steps = continued(place)
    assert steps == 6
    assert_same(solution, PLAIN())


def test_a_real_limit_of_file_size(tmp_path: Path) -> None:
    """HDF5 itself meets a disk that takes no more."""
    pytest.importorskip("resource")
    code = f"""
import resource
import wgflow as wg
from tests.test_restart import PLAIN
PLAIN()
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
solution = PLAIN(checkpoint=wg.Checkpoint({str(tmp_path / "c")!r}, steps=3))
print(solution.status)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("finished", 0), done.stderr
    assert "no checkpoint at t = " in done.stderr
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"every": 0}, "every 0 s"),
        ({"every": -1.0}, "every -1.0 s"),
        ({"every": float("nan")}, "every nan s"),
        ({"steps": 0}, "every 0 steps"),
        ({"steps": 1.5}, "every 1.5 steps"),
    ],
)
def test_bad_settings(settings: dict[str, Any], said: str, tmp_path: Path) -> None:
    refuses(lambda: wg.Checkpoint(tmp_path, **settings), said, "give a")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    place = wg.Checkpoint(tmp_path / "file" / "c")
    refuses(lambda: PLAIN(checkpoint=place), "is a file", "give another")


# --- killed at any moment --------------------------------------------------------------------


def killed_at(call: int, directory: Path) -> bool:
    """Run in a child that dies at the n-th call that touches the disk; whether it died."""
    child = os.fork()
    if child == 0:
        count = 0

        def dying(function: Callable[..., Any]) -> Callable[..., Any]:
            def wrapped(*words: Any, **named: Any) -> Any:
                nonlocal count
                count += 1
                if count == call:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*words, **named)

            return wrapped

        code = 1
        try:
            for name in ("replace", "fsync", "unlink"):
                setattr(os, name, dying(getattr(os, name)))
            Path.unlink = dying(Path.unlink)  # type: ignore[method-assign]
            CellFile.close = dying(CellFile.close)  # type: ignore[method-assign]
            place = wg.Checkpoint(directory, steps=15)
            PLAIN(checkpoint=place, restart=True, observers=[Stop()])
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def test_killed_in_the_middle_of_each_write(tmp_path: Path) -> None:
    """Every call of the first two checkpoints, and again while going on from what was left."""
    whole = PLAIN()
    calls = 0
    while killed_at(calls := calls + 1, tmp_path / str(calls)):
        killed_at(calls // 2 + 1, tmp_path / str(calls))
        place = wg.Checkpoint(tmp_path / str(calls), steps=15)
        assert_same(PLAIN(checkpoint=place, restart=True, observers=[Stop()]), whole)
    assert calls > 20


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "r"
    assert main([*WORDS, "--out", str(out)]) == 0
    return out


def assert_same_files(out: Path, whole: Path) -> None:
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in whole.iterdir())
    assert not (out / "checkpoint").exists()
    assert (out / "history.csv").read_bytes() == (whole / "history.csv").read_bytes()
    with h5py.File(out / "solution.h5") as one, h5py.File(whole / "solution.h5") as other:
        found: list[str] = []
        one.visit(found.append)
        expected: list[str] = []
        other.visit(expected.append)
        assert found == expected
        for name in found:
            if isinstance(one[name], h5py.Dataset):
                assert np.array_equal(one[name][()], other[name][()]), name
    one, other = (json.loads((p / "summary.json").read_text()) for p in (out, whole))
    own = dict.fromkeys(("wall_seconds", "started", "command"))
    assert {**one, **own} == {**other, **own}


# steps take a while, for signals to come in the middle; the numbers are those of any machine
SLOW = """
import sys, time
from wgflow.cli import main
from wgflow.steppers import SDIRK2
step = SDIRK2.step
def slowly(*words):
    time.sleep(0.004)
    return step(*words)
SDIRK2.step = slowly
sys.exit(main(sys.argv[1:]))
"""


def process(out: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SLOW, *WORDS, "--out", str(out), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], object], of: subprocess.Popen[str]) -> None:
    """Wait until something is there, or the process is gone."""
    while not condition() and of.poll() is None:
        time.sleep(0.005)


def further(out: Path) -> Callable[[], bool]:
    """Give a condition: there is a later checkpoint than there is now."""

    def last() -> str:
        return max((p.name for p in out.glob("checkpoint/checkpoint-*.json")), default="")

    before = last()
    return lambda: last() > before


def test_killed_at_random_moments(tmp_path: Path, uninterrupted: Path) -> None:
    out, moments = tmp_path / "r", random.Random(4)
    for _ in range(4):
        later = further(out)
        run = process(out, "--checkpoint-steps", "2", "--restart")
        wait_for(later, run)
        time.sleep(moments.uniform(0, 0.2))
        run.kill()
        run.communicate()
    run = process(out, "--checkpoint-steps", "5", "--restart")
    _, said = run.communicate()
    assert run.returncode == 0, said
    assert "Traceback" not in said
    assert_same_files(out, uninterrupted)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1"])
@pytest.mark.parametrize("words", [[], ["--checkpoint-every", "0.01"]], ids=["asked", "every"])
def test_signals_end_with_75(
    name: str, words: list[str], tmp_path: Path, uninterrupted: Path
) -> None:
    out = tmp_path / "r"
    # a run says nothing before its first checkpoint: one is asked for, to know that it has begun
    run = process(out, "--checkpoint-steps", "3", *words)
    wait_for(further(out), run)
    run.send_signal(signal.Signals[name])
    printed, said = run.communicate()
    assert run.returncode == 75, said
    assert printed == ""
    assert len(said.splitlines()) == 1
    assert f"stopped by {name} at t = " in said
    assert f"--out {out} --restart" in said
    run = process(out, "--restart")
    printed, said = run.communicate()
    assert run.returncode == 0, said
    assert "continued at t = " in said
    assert_same_files(out, uninterrupted)


# --- the words of the command line -----------------------------------------------------------


@pytest.fixture
def interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the directory of a run that was stopped after 20 steps."""
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("wgflow.commands.inputs.Progress", lambda *_: Stop(20))
        assert main([*WORDS, "--out", "r"]) == 75
    return Path("r")


def test_a_signal_needs_no_words(
    interrupted: Path, uninterrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [p.name for p in interrupted.iterdir()] == ["checkpoint"]
    assert main([*WORDS, "--out", "r", "--restart"]) == 0
    assert "after 20 steps" in capsys.readouterr().err
    assert_same_files(interrupted, uninterrupted)


def test_a_finished_run_is_left_as_it_is(
    uninterrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {p.name: p.read_bytes() for p in uninterrupted.iterdir()}
    words = [*WORDS, "--out", str(uninterrupted), "--restart"]
    assert main(words) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert "cells [60] there, [61] here" in refused([*words, "--cells", "61"], capsys)
    assert "time 0.3 there, 0.4 here" in refused([*words, "--until", "0.4"], capsys)
    assert "parameters" in refused([*words, "--set", "attraction=0.5"], capsys)
    (uninterrupted / "checkpoint").mkdir()  # as of a run killed while it removed them
    (uninterrupted / "checkpoint" / "snapshot-0000.h5").write_bytes(b"")
    assert main(words) == 0
    assert {p.name: p.read_bytes() for p in uninterrupted.iterdir()} == before


def test_nothing_to_go_on_from_is_a_beginning(
    tmp_path: Path, uninterrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "--out", str(tmp_path / "r"), "--restart"]) == 0
    assert "from the beginning" in capsys.readouterr().err
    assert_same_files(tmp_path / "r", uninterrupted)


def test_words_that_are_refused(interrupted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(interrupted.rglob("*"))
    assert "--restart" in refused([*WORDS, "--out", "r"], capsys)
    assert "--out DIR" in refused([*WORDS, "--restart"], capsys)
    assert "one of them" in refused([*WORDS, "--out", "r", "--restart", "--overwrite"], capsys)
    assert "every 0.0 s" in refused([*WORDS, "--out", "x", "--checkpoint-every", "0"], capsys)
    assert "every 0 steps" in refused([*WORDS, "--out", "x", "--checkpoint-steps", "0"], capsys)
    words = [*WORDS, "--out", "r", "--restart"]
    assert "parameters" in refused([*words, "--set", "attraction=0.5"], capsys)
    assert "case" in refused(["run", "cosine_neuron", "--out", "r", "--restart"], capsys)
    assert sorted(interrupted.rglob("*")) == before
    assert not Path("x").exists()


def test_overwrite_starts_anew(interrupted: Path, uninterrupted: Path) -> None:
    assert main([*WORDS, "--out", "r", "--overwrite"]) == 0
    assert_same_files(interrupted, uninterrupted)
