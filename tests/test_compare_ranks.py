"""Networks on several ranks: the numbers are those of one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.mpi import needs_mpi, on_ranks, succeeds
from tests.test_compare_restart import SLOW
from wgflow.cli import main
from wgflow.compare import Team
from wgflow.errors import DivergenceError, InputError
from wgflow.parallel import SERIAL

WORDS = ["compare", "cosine_neuron", "--cells", "60", "--until", "0.5", "--particles", "12"]
WORDS += ["--step", "0.002"]
CASE = '''"""A short study of the cosine neuron."""
from wgflow import catalog

problem = catalog.load("cases", "cosine_neuron").problem
COUPLING = {"times": (0.25, 0.5), "sizes": (10, 40), "steps": (0.05, 0.025)}
'''

WILD = '''"""A neuron some of whose targets are infinite: networks diverge sooner or later."""
import dataclasses

import wgflow as wg
from wgflow import catalog

CALM = catalog.load("cases", "cosine_neuron").problem()


class Wild:
    def __init__(self, calm):
        self.calm, self.second_moment = calm, calm.second_moment

    def sample(self, rng, size):
        x, y = self.calm.sample(rng, size)
        return x, y * (float("inf") if rng.random() < 0.6 else 1.0)


def problem() -> wg.Problem:
    network = dataclasses.replace(CALM.network, data=Wild(CALM.network.data))
    return dataclasses.replace(CALM, network=network)
'''


@needs_mpi
def test_the_numbers_do_not_depend_on_ranks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*WORDS, "--seeds", "3", "--extrapolate"]
    assert main([*words, "--out", str(tmp_path / "0")]) == 0
    table = capsys.readouterr().out.split("(sgd)\n")[1].splitlines()[:-1]
    for ranks in (2, 3):  # of one rank below
        out = tmp_path / str(ranks)
        said = succeeds(ranks, ["-m", "wgflow", *words, "--out", str(out)])
        assert said.split("(sgd)\n")[1].splitlines()[:-1] == table
        for name in ("comparison.csv", "comparison.png"):
            assert (out / name).read_bytes() == (tmp_path / "0" / name).read_bytes()
        assert not (out / "checkpoint").exists()
        assert (out / "summary.json").exists()


@needs_mpi
def test_the_study_does_not_depend_on_ranks(tmp_path: Path) -> None:
    case = tmp_path / "short.py"
    case.write_text(CASE)
    words = ["study", "coupling", str(case), "--seeds", "5", "--json"]
    code = main([*words, str(tmp_path / "0")])
    done = on_ranks(2, ["-m", "wgflow", *words, str(tmp_path / "2")])
    assert done.returncode == code, done.stderr
    assert (tmp_path / "2").read_bytes() == (tmp_path / "0").read_bytes()


@needs_mpi
def test_ranks_without_a_network_idle(tmp_path: Path) -> None:
    done = on_ranks(3, ["-m", "wgflow", *WORDS, "--seeds", "2", "--out", "r"], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("3 ranks for 2 networks") == 1


@needs_mpi
def test_a_network_that_diverges_ends_all_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*WORDS, "--seeds", "3"]
    case = tmp_path / "wild.py"
    case.write_text(WILD)
    words[1] = str(case)
    assert main([*words, "--out", str(tmp_path / "0")]) == 2
    alone = capsys.readouterr().err
    assert "is not finite at t =" in alone
    done = on_ranks(2, ["-m", "wgflow", *words, "--out", str(tmp_path / "r")])
    assert done.returncode == 2
    assert done.stderr == alone
    assert not (tmp_path / "r").exists()


TEAM = """
import sys, time
from wgflow.compare import Team
from wgflow.errors import DivergenceError, InputError
from wgflow.parallel import world
comm = world()
done = []
with Team(comm) as team:
    def task(number):
        for _ in range(40 if number == 0 else 1):
            time.sleep(0.01)
            team.check(number)
        if number in (3, 5):
            raise DivergenceError(f"number {number}", object())
        while number == 4:  # until it is called off
            time.sleep(0.01)
            team.check(number)
        done.append(number)
        return number**2
    try:
        team.share(task, 9)
    except DivergenceError as error:
        said = str(error)
for rank, each in enumerate(comm.everyone((said, done))):
    if comm.is_root:
        print(rank, *each)
with Team(comm) as team:
    assert team.share(lambda n: n**2, 5) == [0, 1, 4, 9, 16]
"""


@needs_mpi
def test_the_lowest_failure_is_that_of_all() -> None:
    said = succeeds(3, ["-c", TEAM]).splitlines()
    # rank 0 fails at 3; rank 1 is called off at 4; rank 2 had done 2, and may have failed at 5
    assert said == ["0 number 3 [0]", "1 number 3 [1]", "2 number 3 [2]"]


def test_one_rank_raises_what_was_raised() -> None:
    failure = DivergenceError("lost", "solution")  # type: ignore[arg-type]

    def task(number: int) -> int:
        if number == 2:
            raise failure
        return number

    with pytest.raises(DivergenceError) as caught:
        Team(SERIAL).share(task, 4)
    assert caught.value is failure
    assert Team(SERIAL).share(task, 2) == [0, 1]

    class OwnError(InputError):
        pass

    with pytest.raises(OwnError):
        Team(SERIAL).share(lambda number: (_ for _ in ()).throw(OwnError("x")), 1)


@needs_mpi
def test_a_signal_to_one_rank_stops_all_and_any_number_goes_on(tmp_path: Path) -> None:
    words = [*WORDS, "--seeds", "3"]
    assert main([*words, "--out", str(tmp_path / "0")]) == 0
    mpiexec = shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or "mpiexec"
    told = "import os; from wgflow.parallel import world\n"
    told += f"open({str(tmp_path)!r} + f'/pid{{world().rank}}', 'w').write(str(os.getpid()))\n"
    out = tmp_path / "r"
    words += ["--out", str(out), "--checkpoint-steps", "50"]
    run = subprocess.Popen(
        [mpiexec, "-n", "2", sys.executable, "-c", told + SLOW, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    folders = [out / "checkpoint" / f"network-000{n}" for n in (0, 1)]
    while run.poll() is None and not all([*f.glob("*.json")] for f in folders):
        time.sleep(0.01)
    os.kill(int((tmp_path / "pid1").read_text()), signal.SIGTERM)
    _, said = run.communicate(timeout=100)
    assert run.returncode == 75, said
    assert "stopped by SIGTERM after" in said
    for ranks in (3, 1):
        copy = tmp_path / f"copy{ranks}"
        shutil.copytree(out, copy)
        succeeds(ranks, ["-m", "wgflow", *words, "--out", str(copy), "--restart"])
        for name in ("comparison.csv", "comparison.png"):
            assert (copy / name).read_bytes() == (tmp_path / "0" / name).read_bytes()
