"""tools/install-petsc: what it uses, refuses and says, without installing anything."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"
HAVE_MPI = all(importlib.util.find_spec(name) for name in ("mpi4py", "petsc4py"))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Load the script, which has no suffix, and the files beside it."""
    monkeypatch.syspath_prepend(TOOLS)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in ("PETSC_DIR", "PETSC_ARCH", "MPICC"):
        monkeypatch.delenv(name, raising=False)
    loader = SourceFileLoader("install_petsc", str(TOOLS / "install-petsc"))
    spec = importlib.util.spec_from_loader("install_petsc", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    yield module
    for name in [name for name in sys.modules if name.split(".")[0] == "installation"]:
        del sys.modules[name]


@pytest.fixture
def calls(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Take the place of pip: what it is called with, and nothing is installed."""
    said: list[tuple[str, ...]] = []

    def pip(python: str, variables: dict[str, str], *words: str) -> str:
        said.append((variables.get("MPICC", ""), *words))
        return ""

    monkeypatch.setattr(script, "pip", pip)
    monkeypatch.setattr(script, "need_tools", lambda python: None)
    monkeypatch.setattr(script, "with_headers", lambda *given: None)
    faults = iter(["No module named 'petsc4py'", None])
    monkeypatch.setattr(script, "fault", lambda *given: next(faults))
    return said


def petsc_at(folder: Path, settings: str, wrapper: str) -> Path:
    for name, text in (
        ("include/petscversion.h", "#define PETSC_VERSION_MAJOR 3\n#define PETSC_VERSION_MINOR 22"),
        ("arch/include/petscconf.h", settings),
        ("arch/lib/petsc/conf/petscvariables", f"X = 1\nCC = {wrapper}\nCC_FLAGS = -O\n"),
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


REAL = "#define PETSC_USE_REAL_DOUBLE 1\n"


def test_what_works_is_left_alone(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "fault", lambda *given: None)
    monkeypatch.setattr(script, "install", lambda python: pytest.fail("it installed"))
    monkeypatch.setenv("PETSC_DIR", "/nowhere")
    assert script.main([]) == 0
    assert "nothing to install" in capsys.readouterr().out


def test_a_given_petsc_is_used_with_its_mpi(
    script: ModuleType,
    calls: list[tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrapper = shutil.which("true")
    assert wrapper is not None
    monkeypatch.setenv("PETSC_DIR", str(petsc_at(tmp_path, REAL, wrapper)))
    monkeypatch.setenv("PETSC_ARCH", "arch")
    monkeypatch.setattr(script, "run", lambda words: "no mpi4py")
    monkeypatch.setattr(script, "facts", lambda python: {"mpicc": ""})
    assert script.main([]) == 0
    mpi, petsc = calls
    assert mpi[0] == petsc[0] == wrapper
    assert {"--no-binary=mpi4py", "--no-cache-dir"} <= set(mpi)
    assert {"--no-binary=petsc4py", "--no-cache-dir", "petsc4py==3.22.*"} <= set(petsc)


@pytest.mark.parametrize(
    ("settings", "arch", "words"),
    [
        (REAL + "#define PETSC_USE_COMPLEX 1\n", "arch", "not real doubles"),
        ("#define PETSC_USE_REAL_SINGLE 1\n", "arch", "not real doubles"),
        (REAL, "other", "set PETSC_DIR (and PETSC_ARCH"),
    ],
)
def test_a_petsc_that_cannot_serve_is_refused(
    script: ModuleType,
    calls: list[tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: str,
    arch: str,
    words: str,
) -> None:
    monkeypatch.setenv("PETSC_DIR", str(petsc_at(tmp_path, settings, "true")))
    monkeypatch.setenv("PETSC_ARCH", arch)
    assert script.main([]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert str(tmp_path) in said
    assert calls == []


def test_a_missing_wrapper_is_named(
    script: ModuleType,
    calls: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MPICC", "mpicc-of-nobody")
    monkeypatch.setattr(script, "run", lambda words: "no mpi4py")
    assert script.main([]) == 1
    assert "no mpicc-of-nobody: load the MPI module" in capsys.readouterr().err
    assert not any("petsc" in word for call in calls for word in call)


@pytest.mark.parametrize(
    ("tools", "words"),
    [([], "no working C compiler"), (["cc"], "no make"), (["cc", "make"], "no nm")],
)
def test_a_machine_that_cannot_compile_is_told_what_to_install(
    tools: list[str], words: str, tmp_path: Path
) -> None:
    for name in tools:
        (tmp_path / name).write_text("#!/bin/sh\nexit 0\n")
        (tmp_path / name).chmod(0o755)
    python = tmp_path / "python"  # which has neither mpi4py nor anything else
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    done = subprocess.run(
        [sys.executable, TOOLS / "install-petsc", "--python", python],
        env={"PATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"install-petsc: {words}"), done.stderr
    assert "apt-get install" in done.stderr


def test_a_make_around_it_does_not_reach_petsc(script: ModuleType) -> None:
    around = {"MAKEFLAGS": "-j -- PYTHON=python3.12", "MAKELEVEL": "1", "PYTHON": "x", "MPI": "yes"}
    launched = {"PMI_SIZE": "2", "PMIX_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}
    kept = {
        "PATH": "/bin",
        "MPICC": "mpicc",
        "PYTHONPATH": "/x",
        "PETSC_DIR": "/p",
        "MPICH_CC": "c",
    }
    assert script.clean(around | launched | kept) == kept


def test_a_path_with_blanks_gets_one_without(script: ModuleType, tmp_path: Path) -> None:
    python = tmp_path / "my project" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    with script.plain_path(str(python)) as plain:
        assert " " not in plain
        assert os.path.samefile(plain, python)
    assert not os.path.exists(plain)
    assert python.exists()
    with script.plain_path("/usr/bin/python3") as plain:
        assert plain == "/usr/bin/python3"


def test_a_check_that_hangs_is_ended(script: ModuleType) -> None:
    said = script.run(["sh", "-c", "sleep 600 & wait"], timeout=0.2)
    assert said.startswith("no end within")
    assert script.run(["sh", "-c", "echo one; echo two >&2; exit 3"]) == "two"
    assert script.run(["true"]) is None


@pytest.mark.skipif(not HAVE_MPI, reason="no MPI")
def test_the_check_tells_a_launcher_of_another_mpi(script: ModuleType) -> None:
    said = script.run([sys.executable, script.CHECK, "2"], timeout=120)
    assert said == "2 ranks were started, MPI knows of 1: mpiexec is of another MPI"
    assert script.run([sys.executable, script.CHECK, "1"], timeout=120) is None
