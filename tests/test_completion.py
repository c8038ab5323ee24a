"""A shell completes the words of the command line."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wgflow.parser import build_parser
from wgflow.parser.complete import answer

pytestmark = pytest.mark.usefixtures("elsewhere")


def offered(*words: str) -> list[str]:
    return [line.split("\t")[0] for line in answer(build_parser(), words).splitlines()]


def test_what_is_offered() -> None:
    Path("my.py").write_text("def problem(depth: float = 1.0, *, sort: bool = False): ...")
    Path("data").mkdir()
    assert offered("conv") == ["converge"]
    assert offered("study", "wi") == ["width"]
    assert offered("run", "orn") == ["ornstein_uhlenbeck"]
    assert offered("run", "my") == ["my.py"]
    assert offered("run", "./my") == ["./my.py"]
    assert offered("run", "./d") == ["./data/"]
    assert offered("run", "charges", "--solver", "mus") == ["muscl"]
    assert offered("run", "charges", "--solver=mus") == ["--solver=muscl"]
    assert offered("run", "charges", "--set", "fix") == ["fixed=true", "fixed=false"]
    assert offered("run", "charges", "--set", "target=p") == ["target=pair"]
    assert offered("run", "--set", "x=1", "charges", "--set", "wid") == ["width="]
    assert offered("run", "./my.py", "--set", "") == ["depth=", "sort=true", "sort=false"]
    assert offered("run", "charges", "--solver", "muscl", "--option", "st") == [
        "stages=2",
        "stages=3",
    ]
    assert offered("run", "charges", "--cells", "9", "--ce") == []
    assert offered("run", "charges", "--unt") == ["--until"]
    assert offered("compare", "charges", "--dynamics", "p") == ["particle"]
    assert offered("describe", "mus") == ["muscl"]
    assert offered("new", "solver", "x", "--like", "mus") == ["muscl"]
    assert offered("verify", "transport", "til") == ["tilted_box"]
    assert set(offered("completion", "")) == {"bash", "zsh", "fish"}


def test_results_and_parameters_are_offered() -> None:
    for folder in ("ready", "results/old", "results/none"):
        Path(folder).mkdir(parents=True)
    for folder in ("ready", "results/old"):
        Path(folder, "summary.json").write_text("{}")
    Path("points.csv").write_text("")
    assert offered("plot", "re") == ["ready", "results/"]
    assert offered("report", "results/") == ["results/none/", "results/old"]
    assert offered("animate", "ready", "--lo") == ["--log"]
    assert offered("run", "charges", "--out", "re") == ["ready/", "results/"]
    assert offered("run", "data_network", "--set", "file=poi") == ["file=points.csv"]
    assert offered("stationary", "charges", "--sweep", "be") == ["beta="]
    assert offered("study", "rest", "charges", "--starts", "be") == ["beta="]
    assert offered("study", "critical", "charges", "--parameter", "be") == ["beta"]
    assert "2-D" in offered("converge", "ornstein_uhlenbeck", "--variant", "2")
    assert offered("converge", "charges", "--norm", "W") == ["W1", "W2"]
    assert offered("plot", "ready", "--kind", "sp") == ["spacetime"]
    assert offered("study", "spins", "--units", "") == ["sigmoid", "gaussian"]
    assert offered("verify", "--solver", "mus") == ["muscl"]


def test_a_key_runs_no_ones_code() -> None:
    Path("my.py").write_text("raise SystemExit\ndef problem(depth=1): ...")
    assert offered("run", "./my.py", "--set", "") == ["depth="]
    Path("my.py").write_text("def problem(:")
    assert offered("run", "./my.py", "--set", "") == []


def furnish() -> None:
    Path("my_case.py").write_text("")
    Path("ready").mkdir()
    Path("ready/summary.json").write_text("{}")


LINES = [
    ("wgflow conv\t", b"wgflow converge "),
    ("wgflow run charges --set wid\t", b"width="),
    ("wgflow run charges --set target=p\t", b"target=pair"),
    ("wgflow run ./my_ca\t", b"./my_case.py"),
    ("wgflow plot read\t", b"ready "),
]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_completes(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    furnish()
    quiet = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"]}[shell]
    terminal = Terminal([shell, *quiet, "-i"])
    try:
        program = f"{sys.executable} -m wgflow"
        terminal.type(f'wgflow() {{ {program} "$@"; }}\n')
        terminal.type(f'eval "$(wgflow completion {shell})"; echo rea""dy\n')
        terminal.wait(b"ready")
        for typed, expected in LINES:
            terminal.type(typed)
            terminal.wait(expected)
            terminal.type("\x15")  # clear the line
    finally:
        terminal.close()


def test_fish_completes() -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    furnish()
    Path("wgflow").write_text(f'#!/bin/sh\nexec {sys.executable} -m wgflow "$@"\n')
    Path("wgflow").chmod(0o755)
    environment = {**os.environ, "PATH": f"{Path.cwd()}:{os.environ['PATH']}"}
    asked = "".join(f"complete -C '{typed.strip()}'; echo ---;" for typed, _ in LINES)
    done = subprocess.run(
        ["fish", "-N", "-c", f"wgflow completion fish | source; {asked}"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    for (_, expected), answered in zip(LINES, done.stdout.split("---\n"), strict=False):
        last = expected.decode().split()[-1]
        assert last in {line.split("\t")[0] for line in answered.splitlines()}


class Terminal:
    """A shell that a user types into."""

    def __init__(self, command: list[str]) -> None:
        import pty

        self.seen = b""
        self.process, self.screen = pty.fork()
        if self.process == 0:
            os.environ.update(TERM="dumb", PS1="$ ", COLUMNS="200", HISTFILE="/dev/null")
            os.execvp(command[0], command)

    def type(self, text: str) -> None:
        self.seen = b""
        os.write(self.screen, text.encode())

    def wait(self, expected: bytes) -> None:
        """Read until it is seen; how long that takes is no matter, up to a minute."""
        end = time.monotonic() + 60
        while expected not in self.seen:
            assert time.monotonic() < end, f"{expected!r} is not in {self.seen!r}"
            if select.select([self.screen], [], [], 0.2)[0]:
                self.seen += os.read(self.screen, 65536).replace(b"\a", b"")

    def close(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.screen)
