"""Files of one's own begin as files that work, and a shell completes words."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers import refused
from wgflow import catalog
from wgflow.cli import main
from wgflow.parser import build_parser
from wgflow.parser.complete import answer

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_a_new_case_converges_as_it_states(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "case", "mine"]) == 0
    out = capsys.readouterr().out
    for line in ("describe ./mine.py", "run ./mine.py", "converge ./mine.py"):
        assert f"wgflow {line} " in out
    assert "_template" not in Path("mine.py").read_text()
    for solver in catalog.load("cases", "./mine.py").EXPECTED:
        assert main(["converge", "./mine.py", "--solver", solver]) == 0
        assert "passed: order" in capsys.readouterr().out
    assert main(["run", "./mine.py", "--cells", "100", "--out", "r"]) == 0
    assert "errors  L1" in capsys.readouterr().out


def test_the_order_of_a_new_case_can_be_missed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["new", "case", "mine"])
    text = Path("mine.py").read_text()
    Path("mine.py").write_text(text.replace("return stiffness / 2 * x**2", "return x**2"))
    assert main(["converge", "./mine.py"]) == 1
    assert "MISSED" in capsys.readouterr().out


def test_a_new_solver_has_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "solver", "mine.py"]) == 0
    assert "wgflow run ornstein_uhlenbeck --solver ./mine.py" in capsys.readouterr().out
    words = ["converge", "ornstein_uhlenbeck", "--cells", "50", "--levels", "3"]
    own = ["--solver", "./mine.py", "--expected"]
    assert main([*words, *own, "2"]) == 0
    assert main([*words, *own, "1", "--option", "blending=0"]) == 0  # the upwind flux
    capsys.readouterr()
    assert "blending = 2.0" in refused([*words, *own, "2", "--option", "blending=2"], capsys)


def test_a_copy_is_that_of_the_shipped_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "case", "mine", "--like", "charges", "--in", "deep/er"]) == 0
    assert "wgflow run ./deep/er/mine.py " in capsys.readouterr().out
    first, _, rest = Path("deep/er/mine.py").read_text().partition("\n")
    assert "charges" in first
    assert rest == catalog.find("cases", "charges").read_text()
    assert catalog.load("cases", "./deep/er/mine.py").__doc__ is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["case", "3d"], "such as my_case"),
        (["case", "my-case"], "such as my_case"),
        (["case", "class"], "give letters"),
        (["case", "_mine"], "give letters"),
        (["case", "charges"], "wgflow new case my_charges --like charges"),
        (["solver", "muscl"], "that of a shipped solver"),
        (["case", "sub/mine"], "the folder with --in"),
        (["case", "there"], "there already"),
        (["case", "mine", "--like", "muscl"], "unknown case 'muscl'"),
        (["solver", "mine", "--like", "mucsl"], "--like muscl"),
        (["case", "mine", "--in", "there.py"], "there.py"),
    ],
)
def test_what_is_no_name_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("there.py").write_text("precious")
    assert said in refused(["new", *words], capsys)
    assert [path.name for path in Path().iterdir()] == ["there.py"]
    assert Path("there.py").read_text() == "precious"


# --- describe ----------------------------------------------------------------------------------


def test_a_page_has_equation_settings_orders_and_examples(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    assert main(["describe", "quadratic_attraction", "--set", "beta=4"]) == 0
    page = capsys.readouterr().out
    assert "∂ₜρ = ∂ₓ(ρ ∂ₓ(0.25 x² + W * ρ)) + 0.25 ∂ₓ² ρ" in page
    assert "stiffness = 0.5  [a number]" in page
    assert "muscl                        2 ± 0.3  L1: 50, 100, 200, 400 cells" in page
    assert "scharfetter_gummel           2 ± 0.3" in page
    assert "cells      200" in page
    assert '"2-D": dimension=2' in page
    assert "wgflow stationary quadratic_attraction" in page
    assert "wgflow compare" not in page  # it has no network
    prose = page.partition("**")[0].partition("Parameters (")[0]
    assert max(map(len, prose.splitlines())) <= 100


@pytest.mark.parametrize("kind", ["cases", "solvers"])
def test_every_page_ends_with_lines_that_are_understood(
    kind: catalog.Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in catalog.names(kind):
        assert main(["describe", name]) == 0
        page = capsys.readouterr().out
        examples = page.partition("\nExamples:\n")[2].split("\n")
        lines = [line.strip() for line in examples if line.strip()]
        assert lines, name
        for line in lines:
            build_parser().parse_args(shlex.split(line)[1:])


def test_pages_of_new_files(capsys: pytest.CaptureFixture[str]) -> None:
    main(["new", "case", "mine"])
    main(["new", "solver", "own"])
    capsys.readouterr()
    assert main(["describe", "./mine.py"]) == 0
    assert "∂ₜρ = ∂ₓ(ρ ∂ₓ(V + W * ρ)) + 0.5 ∂ₓ² ρ" in capsys.readouterr().out
    assert main(["describe", "./own.py"]) == 0
    page = capsys.readouterr().out
    assert "Order: 2 in space, 2 in time" in page
    assert "blending = 1.0" in page


# --- completion --------------------------------------------------------------------------------


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


def test_a_key_runs_no_ones_code() -> None:
    Path("my.py").write_text("raise SystemExit\ndef problem(depth=1): ...")
    assert offered("run", "./my.py", "--set", "") == ["depth="]
    Path("my.py").write_text("def problem(:")
    assert offered("run", "./my.py", "--set", "") == []


LINES = [
    ("wgflow conv\t", b"wgflow converge "),
    ("wgflow run charges --set wid\t", b"width="),
    ("wgflow run charges --set target=p\t", b"target=pair"),
    ("wgflow run charges --solver mus\t", b"--solver muscl "),
    ("wgflow run ./my_ca\t", b"./my_case.py"),
]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_completes(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    Path("my_case.py").write_text("")
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
    Path("my_case.py").write_text("")
    Path("wgflow").write_text(f'#!/bin/sh\nexec {sys.executable} -m wgflow "$@"\n')
    Path("wgflow").chmod(0o755)
    environment = {**os.environ, "PATH": f"{Path.cwd()}:{os.environ['PATH']}"}
    script = "wgflow completion fish | source; "
    for typed, expected in LINES:
        done = subprocess.run(
            ["fish", "-N", "-c", f"{script}complete -C '{typed.strip()}'"],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        last = expected.decode().split()[-1]
        assert last in {line.split("\t")[0] for line in done.stdout.splitlines()}


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
