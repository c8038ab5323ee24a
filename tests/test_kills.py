"""Two ranks are killed again and again, while they compute and while they write."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np

from tests.mpi import ROOT, launcher, needs_mpi, surroundings

KILLS = 20
LIMIT = 240.0  # seconds until a restarted run must have written a checkpoint
RUN = ["run", "ornstein_uhlenbeck", "--set", "dimension=2", "--cells", "24", "--until", "0.3"]
RUN += ["--solver", "scharfetter_gummel", "--dt", "0.0005", "--snapshots", "0.05,0.1,0.2"]


def start(out: Path) -> subprocess.Popen[bytes]:
    words = [*RUN, "--out", str(out), "--checkpoint-steps", "1", "--restart"]
    return subprocess.Popen(
        [launcher(), "-n", "2", sys.executable, "-m", "wgflow", *words],
        cwd=ROOT,
        env=surroundings(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def ranks_of(launched: int) -> list[int]:
    """Processes that a launcher has started to compute, by the tree of parents."""
    parents, names = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)
            except OSError:  # it has just ended
                continue
            parents[int(entry.name)] = int(fields[1].split()[1])
            names[int(entry.name)] = fields[0].split("(", 1)[1]

    def below(pid: int | None) -> bool:
        while pid is not None and pid != launched:
            pid = parents.get(pid)
        return pid == launched

    return [p for p in parents if below(p) and names[p].startswith("python")]


def newest(out: Path) -> set[str]:
    folder = out / "checkpoint"
    return {p.name for p in folder.glob("checkpoint-*.json")} if folder.is_dir() else set()


def kill(running: subprocess.Popen[bytes], out: Path, dice: random.Random) -> bool:
    """Kill all ranks or one at a moment after it has written; False if the run has ended."""
    before, end = newest(out), time.monotonic() + LIMIT
    while newest(out) == before and running.poll() is None:
        assert time.monotonic() < end, "no checkpoint was written"
        time.sleep(0.002)
    time.sleep(dice.uniform(0.0, 0.05))
    ranks = sorted(ranks_of(running.pid))
    if running.poll() is not None or not ranks:
        return False
    whom = dice.choice(["all", "one"])
    for pid in ranks if whom == "all" else [dice.choice(ranks)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert running.wait(timeout=LIMIT) != 0
    return True


def contents(out: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    with h5py.File(out / "solution.h5") as file:
        file.visititems(
            lambda name, each: found.update({name: each[()]}) if hasattr(each, "dtype") else None
        )
    return found


@needs_mpi
def test_a_run_that_is_killed_ends_as_one_that_is_not(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(whole).wait(timeout=LIMIT) == 0
    dice, kills = random.Random(4), 0
    for _ in range(KILLS):
        running = start(killed)
        try:
            if not kill(running, killed, dice):
                break
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
        kills += 1
    assert kills == KILLS
    assert start(killed).wait(timeout=LIMIT) == 0
    expected, found = contents(whole), contents(killed)
    assert expected.keys() == found.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
    assert (killed / "history.csv").read_bytes() == (whole / "history.csv").read_bytes()
    assert not (killed / "checkpoint").exists()
