"""Odd words on the command line, and cases that fail in use: one line, nothing left behind."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

import wgflow as wg
from tests.helpers import refused
from wgflow import catalog
from wgflow.cli import main
from wgflow.plots import solution_figure

OU = "ornstein_uhlenbeck"


pytestmark = pytest.mark.usefixtures("elsewhere")


@pytest.mark.parametrize(
    "words",
    [
        ["converge", OU, "--json", "none/x.json"],
        ["converge", OU, "--json", "."],
        ["converge", OU, "--figure", "none/x.png"],
        ["converge", OU, "--figure", "x.xyz"],
        ["stationary", OU, "--json", "none/x.json"],
        ["verify", "transport", "--json", "none/x.json"],
        ["study", "coupling", "cosine_neuron", "--json", "none/x.json"],
        ["study", "refinement", "cosine_neuron", "--json", "none/x.json"],
    ],
)
def test_an_unwritable_file_is_refused_before_anything_is_computed(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""  # no table
    assert err.startswith("wgflow: error: ")
    assert len(err.splitlines()) == 1
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["converge", OU, "--cells", "0"], "--cells 0: give a whole number >= 3"),
        (["converge", OU, "--cells", "-3"], "--cells -3: give a whole number >= 3"),
        (["converge", OU, "--within", "-1"], "--within -1.0: give"),
        (["converge", OU, "--within", "nan"], "--within nan: give"),
        (["converge", OU, "--expected", "nan"], "--expected nan: give"),
        (["study", "refinement", "cosine_neuron", "--cells", "0"], "--cells 0: give"),
        (["stationary", OU, "--sweep", "dimension=1:2:3"], "a whole number"),
        (["run", OU, "--dt", "1e-300"], "dt = 1e-300: below the resolution"),
        (["run", OU, "--dt", "0.1", "--option", "dt=0.2"], "0.2 as an option: give one only"),
        (["run", OU, "--cells", "999999999999"], "give fewer cells"),
        (["run", OU, "--out", ""], "--out ''"),
        (["run", OU, "--set", "correlation=inf"], "correlation = inf: give a finite number"),
        (["run", "isotropic_gaussians", "--set", "d=1"], "d = 1: give a whole number >= 2"),
        (["verify", "transport", "--solver", "mucsl"], "transport --solver muscl"),
        (["describe", "mucsl"], "did you mean: wgflow describe muscl"),
        (["describe", "sinkhorn"], "known, nearest first: "),
        (
            ["describe", "muscl", "--set", "a=1"],
            "only a case has parameters: did you mean",
        ),
    ],
)
def test_odd_words_are_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(words, capsys)
    assert not list(Path().iterdir())


def test_a_sweep_of_whole_numbers_gives_whole_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["stationary", "heat_torus", "--cells", "8", "--sweep", "waves=1:2:2"]
    assert main(words) == 0
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_describe_takes_the_path_of_a_solver(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(catalog.find("solvers", "muscl").read_text())
    assert main(["describe", "mine.py"]) == 0
    assert "limiter" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise RuntimeError('boom')", "mine.py, line 3: RuntimeError: boom; fix the file"),
        ("return None", "'energy': does problem() return what it makes?"),
        (
            "return wg.Problem(wg.Box((-1, 1)), wg.Entropy(1.0), lambda x: 1 / 0)",
            "mine.py, line 3: ZeroDivisionError",
        ),
        (
            "return wg.Problem(wg.Box((-1, 1)), wg.Entropy(1.0), lambda x, y: 1.0)",
            "the initial density (mine.py, line 3) is called with 1 argument and takes (x, y)",
        ),
        (
            "return wg.Problem(wg.Box((-1, 1)), wg.Entropy(1.0), np.ones_like, exact=lambda x: x)",
            "the exact density (mine.py, line 3) is called with 2 arguments and takes (x)",
        ),
    ],
)
def test_a_case_that_fails_in_use_is_one_line(
    body: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"import numpy as np, wgflow as wg\ndef problem():\n    {body}\n"
    Path("mine.py").write_text(text)
    assert said in refused(["run", "mine.py", "--cells", "8", "--until", "0.01"], capsys)
    assert [path.name for path in Path().iterdir()] == ["mine.py"]


def test_the_summary_holds_the_step(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", OU, "--cells", "9", "--until", "0.2", "--dt", "0.1", "--out", "r"]
    assert main(words) == 0
    assert json.loads(Path("r/summary.json").read_text())["options"] == {"dt": 0.1}


def test_times_of_a_risk_do_not_run_into_each_other() -> None:
    problem = catalog.load("cases", "isotropic_gaussians").problem()
    figure = solution_figure(wg.solve(problem, cells=40, until=0.05))
    axes = figure.axes[1]
    figure.canvas.draw()
    boxes = [
        label.get_window_extent()
        for label in axes.get_xticklabels(which="both")
        if label.get_visible() and label.get_text()
    ]
    shown = sorted((box.x0, box.x1) for box in boxes if box.width > 0)
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(shown))


def test_converge_holds_options_against_their_own_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["converge", OU, "--option", "time=euler", "--variant", "in time"]
    assert main(words) == 0
    assert "expected 1 ±" in capsys.readouterr().out
