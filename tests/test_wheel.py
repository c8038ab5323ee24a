"""The built wheel works from any folder, and installs one package only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command with nothing of the checkout on its path; return what it printed."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the source distribution, as a release is built."""
    folder = tmp_path_factory.mktemp("dist")
    # Away from ROOT, where a folder build/ would hide the tool of that name.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a clean environment with the wheel; the dependencies are those that run the tests."""
    venv = tmp_path_factory.mktemp("clean") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=venv.parent)
    python = venv / "bin" / "python"
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", python]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=venv.parent)
    (site,) = venv.glob("lib/python*/site-packages")
    # Folders named in a .pth come last and their own .pth are not read: an editable wgflow of the
    # testing environment stays unseen, and the wheel's own files come first in any case.
    shared = [p for p in sys.path if Path(p).name in {"site-packages", "dist-packages"}]
    (site / "dependencies.pth").write_text("\n".join(shared) + "\n")
    return venv


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


def shipped(kind: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / kind).glob("[!_]*.py"))


def test_wheel_holds_one_package_and_the_catalog(wheel: Path) -> None:
    entries = zipfile.ZipFile(wheel).namelist()
    top = {entry.split("/")[0] for entry in entries}
    assert {name for name in top if not name.endswith(".dist-info")} == {"wgflow"}
    assert {"wgflow/py.typed", "wgflow/report/style.css"} <= set(entries)
    assert not [entry for entry in entries if "__pycache__" in entry]
    for kind in ("cases", "solvers"):
        assert shipped(kind), f"{kind}/ is empty"
        for name in shipped(kind):
            assert f"wgflow/_catalog/{kind}/{name}.py" in entries


def test_only_wgflow_is_importable(environment: Path, elsewhere: Path) -> None:
    python = environment / "bin" / "python"
    code = """if True:
        import importlib.util, json, wgflow, wgflow.catalog
        found = [n for n in ("cases", "solvers", "tests") if importlib.util.find_spec(n)]
        print(json.dumps([wgflow.__file__, found, str(wgflow.catalog.find("cases", "NAME"))]))
    """.replace("NAME", shipped("cases")[0])
    package, found, case = json.loads(run(python, "-c", code, cwd=elsewhere))
    assert found == []
    site = environment.resolve()
    assert Path(package).resolve().is_relative_to(site)
    assert Path(case).is_relative_to(site)


@pytest.mark.parametrize("kind", ["cases", "solvers"])
def test_command_lists_what_is_shipped(environment: Path, elsewhere: Path, kind: str) -> None:
    listed = run(environment / "bin" / "wgflow", kind, cwd=elsewhere)
    for name in shipped(kind):
        assert name in listed


def test_command_describes_and_runs_a_case(environment: Path, elsewhere: Path) -> None:
    wgflow = environment / "bin" / "wgflow"
    assert "temperature" in run(wgflow, "describe", "ornstein_uhlenbeck", cwd=elsewhere).lower()
    options = ["--cells", "32", "--until", "0.02", "--out", "out"]
    run(wgflow, "run", "ornstein_uhlenbeck", *options, cwd=elsewhere)
    summary = json.loads((elsewhere / "out" / "summary.json").read_text())
    assert summary["case"] == "ornstein_uhlenbeck"
    assert summary["minimum"] >= 0.0
    assert summary["mass_final"] == pytest.approx(summary["mass_initial"], rel=1e-12)
    for file in ("solution.h5", "history.csv", "figure.png"):
        assert (elsewhere / "out" / file).is_file()


def test_command_runs_a_copied_case(environment: Path, elsewhere: Path) -> None:
    (elsewhere / "my").mkdir()
    copy = elsewhere / "my" / "case.py"
    copy.write_text((ROOT / "cases" / "ornstein_uhlenbeck.py").read_text())
    options = ["--cells", "32", "--until", "0.02", "--out", "copied"]
    run(environment / "bin" / "wgflow", "run", "my/case.py", *options, cwd=elsewhere)
    assert (elsewhere / "copied" / "summary.json").is_file()


def test_command_begins_a_case(environment: Path, elsewhere: Path) -> None:
    wgflow = environment / "bin" / "wgflow"
    for kind in ("case", "solver"):
        run(wgflow, "new", kind, "mine", "--in", kind, cwd=elsewhere)
    options = ["--cells", "32", "--until", "0.02", "--out", "begun"]
    run(wgflow, "run", "case/mine.py", "--solver", "solver/mine.py", *options, cwd=elsewhere)
    assert (elsewhere / "begun" / "summary.json").is_file()
