"""Networks that are stopped and continued give what those that are not give, bit for bit."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.cli import main
from wgflow.compare import Comparison, ParticleSettings, compare
from wgflow.loop.plain import separated
from wgflow.networks import IsotropicGaussians, cosine_network, isotropic_network, ramp
from wgflow.particles import (
    Schedule,
    Trajectory,
    cosine_moments,
    gradient_descent,
    nonlinear,
    particle,
    stochastic_gradient_descent,
)

# --- one network -----------------------------------------------------------------------------


class StopError(Exception):
    """Ends a run in the middle."""


class Memory:
    """Keeps the state of every so many calls, as files would, and stops there."""

    def __init__(self, calls: int) -> None:
        self.calls, self.made = calls, 0
        self.kept: tuple[str, dict[str, Any]] | None = None

    def resumed(self) -> dict[str, Any] | None:
        if self.kept is None:
            return None
        numbers, arrays = self.kept
        return {**json.loads(numbers), **{k: v.copy() for k, v in arrays.items()}}

    def after(self, steps: int, state: Callable[[], dict[str, Any]]) -> None:
        self.made += 1
        if self.made % self.calls == 0:
            numbers, arrays = separated(state())
            assert numbers["steps"] == steps
            self.kept = json.dumps(numbers), {k: v.copy() for k, v in arrays.items()}
            raise StopError


COSINE = cosine_network(0.8, 0.3)
TIMES = [0.0, 0.001, 0.3, 0.5, 1.0]


def descent(schedule: Schedule, keeper: Memory | None, **changes: Any) -> Trajectory:
    rng = np.random.default_rng(3)
    given = {"network": COSINE, "theta0": COSINE.draw(rng, 6), "times": TIMES, "step": 0.01}
    given |= {"schedule": schedule, "rng": rng, "batch": 30, "block": 7, "keeper": keeper}
    return stochastic_gradient_descent(**(given | changes))


def ridge(schedule: Schedule, keeper: Memory | None) -> Trajectory:
    network = isotropic_network(ramp(), IsotropicGaussians(5, 0.8))
    theta = network.draw(np.random.default_rng(1), 8)
    keep = [True, True, False, True, True]
    return descent(schedule, keeper, network=network, theta0=theta, keep=keep)


def full(schedule: Schedule, keeper: Memory | None) -> Trajectory:
    rng = np.random.default_rng(3)
    theta = COSINE.draw(rng, 6)
    return gradient_descent(COSINE, theta, TIMES, 0.01, schedule, rng, keeper=keeper)


def together(schedule: Schedule, keeper: Memory | None) -> Trajectory:
    rng = np.random.default_rng(3)
    theta = COSINE.draw(rng, 6)
    return particle(COSINE, theta, TIMES, 0.013, schedule, rng, keeper=keeper, keep=False)


def alone(schedule: Schedule, keeper: Memory | None) -> Trajectory:
    rng = np.random.default_rng(3)
    theta, moments = COSINE.draw(rng, 6), cosine_moments(0.8, 0.3)
    return nonlinear(COSINE, theta, TIMES, moments, 0.013, schedule, rng, keeper=keeper)


@pytest.mark.parametrize("temperature", [0.0, 0.05])
@pytest.mark.parametrize("make", [descent, ridge, full, together, alone])
def test_parts_give_the_whole(make: Callable[..., Trajectory], temperature: float) -> None:
    schedule = Schedule(lambda t: 2 / (1 + t), 0.1, temperature)
    whole = make(schedule, None)
    for calls in (1, 5):
        memory, stops = Memory(calls), 0
        while True:
            try:
                parts = make(schedule, memory)
                break
            except StopError:
                stops += 1
        assert stops > 1
        assert parts.times.tobytes() == whole.times.tobytes()
        assert parts.risk.tobytes() == whole.risk.tobytes()
        assert parts.theta.tobytes() == whole.theta.tobytes()
        assert parts.theta.shape == whole.theta.shape


def test_parameters_are_kept_when_told() -> None:
    some = descent(Schedule(2.0), None, keep=[True, False, False, True, False])
    every = descent(Schedule(2.0), None)
    assert np.array_equal(some.theta, every.theta[[0, 3]])
    for keep in ([True], [False] * 5):
        with pytest.raises(wg.InputError, match="there are 5, of which"):
            descent(Schedule(2.0), None, keep=keep)


# --- several networks ------------------------------------------------------------------------

SETTINGS = ParticleSettings(particles=12, step=0.002, seeds=3, extrapolate=True)


@pytest.fixture(scope="module")
def solution() -> wg.Solution:
    problem = catalog.load("cases", "cosine_neuron").problem()
    return wg.solve(problem, "muscl", cells=60, until=0.5, snapshots=[0.1])


@pytest.fixture(scope="module")
def whole(solution: wg.Solution) -> Comparison:
    return compare(solution, SETTINGS)


def assert_same(one: Comparison, other: Comparison) -> None:
    assert one.times.tobytes() == other.times.tobytes()
    assert one.risks.tobytes() == other.risks.tobytes()
    assert one.coordinates.tobytes() == other.coordinates.tobytes()
    assert one.half_risks is not None
    assert other.half_risks is not None
    assert one.half_risks.tobytes() == other.half_risks.tobytes()


class Bar:
    """Counts networks and their steps; sends a signal after some of them."""

    def __init__(self, stop: tuple[int, int] = (0, 0), name: str = "SIGTERM") -> None:
        self.stop, self.signal, self.run, self.steps = stop, signal.Signals[name], 0, 0

    def start(self, total: int) -> None:
        self.run += 1

    def step(self, done: int) -> None:
        self.steps += 1
        if (self.run, self.steps) == self.stop:
            os.kill(os.getpid(), self.signal)

    def close(self) -> None:
        self.steps = 0


@pytest.fixture
def stopped(
    solution: wg.Solution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> wg.Checkpoint:
    """Give the checkpoints of networks stopped in the middle of the second."""
    monkeypatch.setattr("wgflow.compare.runs.LONGEST_BLOCK", 5)
    place = wg.Checkpoint(tmp_path / "c", steps=40)
    with pytest.raises(wg.Interrupted, match=r"stopped by SIGTERM after \d+ steps of network 2, "):
        compare(solution, SETTINGS, Bar((2, 30)), checkpoint=place)
    return place


def test_networks_go_on(stopped: wg.Checkpoint, solution: wg.Solution, whole: Comparison) -> None:
    assert [p.name for p in sorted(stopped.path.iterdir())] == ["network-0000", "network-0001"]
    again = Bar((2, 1), "SIGUSR1")  # the third
    with pytest.raises(wg.Interrupted, match=r"SIGUSR1 after \d+ steps of network 3"):
        compare(solution, SETTINGS, again, checkpoint=stopped, restart=True)
    last = Bar()
    assert_same(compare(solution, SETTINGS, last, checkpoint=stopped, restart=True), whole)
    assert last.run == 4  # one that was stopped, three of half the width
    done = Bar()
    assert_same(compare(solution, SETTINGS, done, checkpoint=stopped, restart=True), whole)
    assert done.run == 0


def test_the_one_before_a_torn_one_is_used(
    stopped: wg.Checkpoint,
    solution: wg.Solution,
    whole: Comparison,
    caplog: pytest.LogCaptureFixture,
) -> None:
    headers = sorted((stopped.path / "network-0001").glob("*.h5"))
    assert len(headers) == 2
    headers[-1].write_bytes(headers[-1].read_bytes()[:-7])
    assert_same(compare(solution, SETTINGS, checkpoint=stopped, restart=True), whole)
    assert "a checkpoint is skipped" in caplog.text


def test_other_networks_are_refused(stopped: wg.Checkpoint, solution: wg.Solution) -> None:
    before = {p: p.read_bytes() for p in stopped.path.rglob("*.*")}
    with pytest.raises(wg.InputError, match="holds checkpoints of a run that has not finished"):
        compare(solution, SETTINGS, checkpoint=stopped)
    for changes, said in [
        ({"step": 0.001}, "step 0.002 there, 0.001 here"),
        ({"seed": 1}, "seed"),
        ({"particles": 14}, "particles 12 there, 14 here"),
        ({"dynamics": "gradient"}, "dynamics"),
    ]:
        other = ParticleSettings(**{**vars(SETTINGS), **changes})
        with pytest.raises(wg.InputError, match=said):
            compare(solution, other, checkpoint=stopped, restart=True)
    with pytest.raises(wg.InputError, match="give the checkpoint"):
        compare(solution, SETTINGS, restart=True)
    assert {p: p.read_bytes() for p in stopped.path.rglob("*.*")} == before


def test_overwrite_begins_anew(
    stopped: wg.Checkpoint, solution: wg.Solution, whole: Comparison
) -> None:
    bar, anew = Bar(), wg.Checkpoint(stopped.path, overwrite=True)
    assert_same(compare(solution, SETTINGS, bar, checkpoint=anew), whole)
    assert bar.run == 6


def test_more_seeds_are_added(stopped: wg.Checkpoint, solution: wg.Solution) -> None:
    few = ParticleSettings(**{**vars(SETTINGS), "extrapolate": False})
    more = ParticleSettings(**{**vars(few), "seeds": 5})
    bar = Bar()
    found = compare(solution, more, bar, checkpoint=stopped, restart=True)
    assert bar.run == 4
    assert np.array_equal(found.risks, compare(solution, more).risks)


def test_a_batch_without_samples_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for dynamics in ("gradient", "particle", "nonlinear"):
        with pytest.raises(wg.InputError, match="batch = 4 with dynamics"):
            ParticleSettings(batch=4, dynamics=dynamics)  # type: ignore[arg-type]
    words = ["compare", "cosine_neuron", "--batch", "4", "--dynamics", "particle"]
    assert main(words) == 2
    assert "omit it, or choose dynamics = 'sgd'" in capsys.readouterr().err


# --- the command line ------------------------------------------------------------------------

WORDS = ["compare", "cosine_neuron", "--cells", "60", "--until", "0.5", "--particles", "12"]
WORDS += ["--step", "0.002", "--seeds", "3"]
# looks take a while, for signals to come in the middle; the numbers are those of any machine
SLOW = """
import sys, time
from wgflow.cli import main
from wgflow.compare import runs
from wgflow.compare.keeper import NetworkKeeper
runs.LONGEST_BLOCK = 5
after = NetworkKeeper.after
def slowly(*words):
    time.sleep(0.004)
    return after(*words)
NetworkKeeper.after = slowly
sys.exit(main(sys.argv[1:]))
"""


def process(out: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SLOW, *WORDS, "--out", str(out), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def headers(out: Path) -> list[str]:
    return sorted(str(p) for p in out.glob("checkpoint/network-*/*.json"))


def wait_for_more(out: Path, run: subprocess.Popen[str], before: list[str]) -> None:
    """Wait until there is another checkpoint, or the process is gone."""
    while headers(out) == before and run.poll() is None:
        time.sleep(0.005)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "r"
    assert main([*WORDS, "--out", str(out)]) == 0
    return out


def assert_same_files(out: Path, whole: Path) -> None:
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in whole.iterdir())
    for name in ("comparison.csv", "comparison.json", "comparison.png", "history.csv"):
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name


def test_killed_at_random_moments(tmp_path: Path, uninterrupted: Path) -> None:
    out, moments = tmp_path / "r", random.Random(5)
    for _ in range(3):
        before = headers(out)
        run = process(out, "--checkpoint-steps", "20", "--restart")
        wait_for_more(out, run, before)
        time.sleep(moments.uniform(0, 0.1))
        run.kill()
        run.communicate()
    assert headers(out)
    run = process(out, "--checkpoint-every", "0.05", "--restart")
    _, said = run.communicate()
    assert run.returncode == 0, said
    assert "Traceback" not in said
    assert_same_files(out, uninterrupted)


def test_a_signal_ends_with_75(
    tmp_path: Path, uninterrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r"
    run = process(out, "--checkpoint-steps", "50")
    wait_for_more(out, run, [])
    run.send_signal(signal.SIGTERM)
    _, said = run.communicate()
    assert run.returncode == 75, said
    assert len(said.splitlines()) == 1
    assert "stopped by SIGTERM after" in said
    assert f"--out {out} --restart" in said
    words = [*WORDS, "--out", str(out)]
    assert main(words) == 2
    assert "--restart" in capsys.readouterr().err
    assert main([*words, "--restart"]) == 0
    said = capsys.readouterr().err
    assert "network 1 continued after" in said
    assert "continued at t = 0.5 " in said  # the density was done
    assert_same_files(out, uninterrupted)


def test_a_finished_comparison_is_left_as_it_is(
    uninterrupted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r"
    shutil.copytree(uninterrupted, out)
    words = [*WORDS, "--out", str(out), "--restart"]
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    assert main(words) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert main([*words, "--seeds", "4"]) == 2
    assert "seeds 3 there, 4 here" in capsys.readouterr().err
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
