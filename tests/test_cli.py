"""The command line, run in this process: what it prints, writes and refuses."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.helpers import refused
from wgflow.cli import main

OU = "ornstein_uhlenbeck"


pytestmark = pytest.mark.usefixtures("elsewhere")


def test_run_leaves_the_promised_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", OU, "--cells", "60", "--until", "0.2", "--dt", "0.02", "--out", "r"]) == 0
    assert "written to r/" in capsys.readouterr().out
    folder = Path("r")
    assert sorted(p.name for p in folder.iterdir()) == [
        "figure.png",
        "history.csv",
        "solution.h5",
        "solution.xdmf",
        "summary.json",
    ]
    summary = json.loads((folder / "summary.json").read_text())
    promised = (
        "case solver parameters cells ranks steps time wall_seconds converged mass_initial "
        "mass_final minimum energy_initial energy_final energy_max_increase errors versions"
    )
    assert set(promised.split()) <= set(summary)
    assert set(summary["errors"]) >= {"L1", "Linf", "W1"}
    assert set(summary["versions"]) == {"wgflow", "python", "numpy", "scipy", "petsc", "mpi"}
    assert summary["case"] == OU
    assert summary["solver"] == "scharfetter_gummel"
    assert summary["cells"] == [60]
    assert summary["steps"] == 10
    assert summary["parameters"]["beta"] == 1.0
    assert (folder / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_written_numbers_are_those_of_the_run() -> None:
    assert main(["run", OU, "--cells", "50", "--until", "0.2", "--dt", "0.02", "--out", "r"]) == 0
    summary = json.loads(Path("r/summary.json").read_text())
    with h5py.File("r/solution.h5") as file:
        density, time, x = file["density"][:], file["time"][:], file["x"][:]
        assert [file["density"].dims[i][0].name for i in range(2)] == ["/time", "/x"]
        energy = file["history/energy"][:]
    assert density.shape == (len(time), len(x)) == (11, 50)
    assert time[-1] == summary["time"] == 0.2
    mass = density.sum(axis=1) * (x[1] - x[0])
    assert np.max(np.abs(mass - 1)) < 1e-14
    with Path("r/history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["energy"]) for row in rows] == energy.tolist()
    assert float(rows[-1]["energy"]) == summary["energy_final"]


def test_network_summary_holds_the_risk() -> None:
    words = ["run", "isotropic_gaussians", "--cells", "200", "--until", "0.01", "--out", "r"]
    assert main(words) == 0
    summary = json.loads(Path("r/summary.json").read_text())
    assert summary["risk_initial"] == pytest.approx(1.7045, abs=1e-3)
    assert summary["risk_final"] == pytest.approx(1.6319, abs=2e-3)
    assert main([*words[:-2], "--set", "d=inf", "--out", "inf"]) == 0
    assert json.loads(Path("inf/summary.json").read_text())["parameters"]["d"] == "inf"


def test_nothing_is_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", OU, "--cells", "40", "--until", "0.1", "--dt", "0.05"]
    assert main([*words, "--out", "r"]) == 0
    before = Path("r/summary.json").read_bytes()
    assert "--overwrite" in refused([*words, "--out", "r"], capsys)
    assert Path("r/summary.json").read_bytes() == before
    assert main([*words, "--cells", "30", "--out", "r", "--overwrite"]) == 0
    assert json.loads(Path("r/summary.json").read_text())["cells"] == [30]
    assert main(words) == 0
    assert main(words) == 0
    assert Path(OU, "summary.json").exists()
    assert Path(f"{OU}-2", "summary.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "ornstein_uhlenbek"], "did you mean: wgflow run ornstein_uhlenbeck"),
        (["run", OU, "--solver", "mucsl"], "--solver muscl"),
        (["run", OU, "--set", "bta=1"], "--set beta=1"),
        (["run", OU, "--set", "temprature=1"], "known, nearest first: beta,"),
        (["run", OU, "--set", "beta=cold"], "a number"),
        (["run", OU, "--set", "beta"], "NAME=VALUE"),
        (["run", OU, "--set", "beta=-1"], "beta = -1"),
        (["run", OU, "--set", "half_width=-3"], "reversed"),
        (["run", OU, "--cells", "2"], ">= 3"),
        (["run", OU, "--cells", "4,4"], "1 dimension"),
        (["run", OU, "--cells", "many"], "whole numbers"),
        (["run", OU, "--dt", "-0.1"], "dt = -0.1"),
        (["run", OU, "--dt", "nan"], "dt = nan"),
        (["run", OU, "--until", "0"], "final time"),
        (["run", OU, "--solver", "muscl", "--dt", "0.5"], "positivity bound"),
        (["run", OU, "--solver", "muscl", "--tolerance", "0.1"], "takes no 'tolerance'"),
        (["run", OU, "--dt", "0.1", "--tolerance", "0.1"], "give one of the two"),
        (["run", OU, "--option", "limiter=superbee", "--solver", "muscl"], "minmod"),
        (["run", OU, "--snapshots", "0.1,later"], "give numbers"),
        (["run", OU, "--snapshots", "7"], "snapshot time 7"),
        (["run", "isotropic_gaussians", "--set", "activation=rellu"], "--set activation=relu"),
        (["run", "isotropic_gaussians", "--set", "delta=1.5"], "1.5"),
        (["run", "isotropic_gaussians", "--set", "d=inf", "--set", "beta=10"], "finite dimension"),
        (["run", "nowhere/case.py"], "nowhere/case.py"),
        (["describe", "nothing"], "nothing"),
        (["compare", OU], "network"),
        (["compare", "cosine_neuron", "--particles", "0"], "particles = 0"),
        (["compare", "cosine_neuron", "--step", "0"], "step = 0"),
        (["converge", OU, "--levels", "1"], "at least 2"),
        (["converge", OU, "--norm", "L7"], "L1"),
        (["study", "refinement", "cosine_neuron", "--times", "x"], "give numbers"),
        (["study", "coupling", OU], "network"),
        (["study", "refinement", "cosine_neuron", "--levels", "2"], "--levels 2: give at least 3"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_exit_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert said in refused(words, capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_refused_before_anything_is_solved(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("file").write_text("precious")
    assert "not a folder" in refused(["run", OU, "--out", "file"], capsys)
    assert "not a folder" in refused(["run", OU, "--out", "file/below"], capsys)
    assert Path("file").read_text() == "precious"


def test_too_small_a_domain_is_warned_of_with_the_amount(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["run", OU, "--cells", "40", "--until", "0.2", "--set", "half_width=2", "--out", "r"]
    assert main(words) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "outermost cells" in line]
    assert len(said) == 1
    assert said[0].startswith("wgflow: warning: mass 0.0")
    assert json.loads(Path("r/summary.json").read_text())["warnings"]


BROKEN = '''"""A potential that breaks at t = 0.3."""
import numpy as np
import wgflow as wg

def problem() -> wg.Problem:
    def potential(t, x):
        return x**2 if t < 0.3 else x**2 * np.nan
    return wg.Problem(
        wg.Box((-3, 3)),
        wg.Potential(potential, time_dependent=True),
        lambda x: np.exp(-x**2),
    )
'''


def test_a_run_that_breaks_keeps_what_it_had(capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.py").write_text(BROKEN)
    line = refused(["run", "broken.py", "--cells", "50", "--dt", "0.01", "--out", "r"], capsys)
    assert "0.3" in line
    assert "in r" in line
    summary = json.loads(Path("r/summary.json").read_text())
    assert summary["converged"] is False
    assert line.removeprefix("wgflow: error: ").startswith(summary["error"])
    assert 0.25 < summary["time"] < 0.31
    with h5py.File("r/solution.h5") as file:
        assert np.all(np.isfinite(file["density"][:]))


@pytest.mark.parametrize(
    ("density", "said"),
    [("x", "negative"), ("x * np.nan", "not finite"), ("0 * x", "mass 0")],
)
def test_bad_initial_densities(density: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = BROKEN.replace("lambda x: np.exp(-x**2)", f"lambda x: {density}")
    Path("mine.py").write_text(text)
    assert said in refused(["run", "mine.py"], capsys)


def test_converge_passes_and_writes_json(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["converge", OU, "--levels", "3", "--cells", "40", "--json", "t.json"]
    assert main(words) == 0
    assert "passed: order 2." in capsys.readouterr().out.replace("order 1.9", "order 2.")
    table = json.loads(Path("t.json").read_text())
    assert {"case", "solver", "norm", "levels", "expected", "passed"} <= set(table)
    assert {"cells", "dt", "error", "rate", "errors"} <= set(table["levels"][0])
    assert table["passed"] is True


@pytest.mark.parametrize("expected", ["3", "1"])
def test_converge_fails_when_the_rate_is_missed_on_either_side(
    expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["converge", OU, "--levels", "2", "--cells", "40", "--expected", expected]
    assert main(words) == 1
    assert "MISSED" in capsys.readouterr().out


def test_converge_fails_when_the_finest_error_is_too_large(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = Path(__file__).resolve().parents[1] / "cases" / f"{OU}.py"
    start, end = "FINEST_ERROR = {", "}"
    text = source.read_text()
    line = text[text.index(start) : text.index(end, text.index(start)) + 1]
    Path("strict.py").write_text(text.replace(line, 'FINEST_ERROR = {"upwind": 1e-9}'))
    assert main(["converge", "strict.py", "--solver", "upwind"]) == 1
    assert "finest error at most 1e-09" in capsys.readouterr().out


def test_compare_prints_both_risks(capsys: pytest.CaptureFixture[str]) -> None:
    words = "compare cosine_neuron --cells 100 --until 0.5 --particles 50 --seeds 2 --out c"
    assert main(words.split()) == 0
    out = capsys.readouterr().out
    assert "R density" in out
    assert "R SGD" in out
    assert Path("c/comparison.png").read_bytes().startswith(b"\x89PNG")
    assert {p.name for p in Path("c").iterdir()} >= {"comparison.csv", "summary.json"}


def test_lists_and_pages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases"]) == 0
    assert "isotropic_gaussians  " in capsys.readouterr().out
    assert main(["solvers"]) == 0
    assert "scharfetter_gummel  " in capsys.readouterr().out
    assert main(["describe", "isotropic_gaussians"]) == 0
    page = capsys.readouterr().out
    assert "kappa = 0.8" in page
    assert "Conventions" in page
    assert main(["describe", "muscl"]) == 0
    assert "limiter" in capsys.readouterr().out


def test_refinement_study(capsys: pytest.CaptureFixture[str]) -> None:
    words = "study refinement cosine_neuron --cells 50 --levels 3 --times 0.5,1 --json t.json"
    assert main(words.split()) == 0
    assert "extrapolated" in capsys.readouterr().out
    table = json.loads(Path("t.json").read_text())
    exact = (0.8 - 0.571360) ** 2
    assert table["extrapolated"][1] == pytest.approx(exact, abs=2e-6)
    assert table["orders"][1] == pytest.approx(2.0, abs=0.2)
    assert abs(table["values"][-1][1] - exact) > 5 * abs(table["extrapolated"][1] - exact)


def test_the_module_is_the_command_and_stays_silent_off_a_terminal(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "wgflow", "run", OU, "--cells", "40", "--until", "0.1"]
    assert main([*words[3:], "--out", str(tmp_path / "kernels-are-compiled")]) == 0
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_a_log_is_written_line_by_line() -> None:
    program = """
import sys
from wgflow import cli
cli.find = lambda name: lambda given: print(sys.stdout.line_buffering) or 0
sys.exit(cli.main(["cases"]))
"""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr
