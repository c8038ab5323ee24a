"""The script that installs Chromium, with other programs in place of the system's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def script(path: Path, root: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run it where these shell scripts are all the programs."""
    for name, text in programs.items():
        program = path / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(root / "tools/install-chromium")],
        env={"PATH": os.fspath(path)}, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


def test_it_is_shell_and_can_be_run(root: Path) -> None:
    assert os.access(root / "tools/install-chromium", os.X_OK)
    assert shutil.which("sh")


def test_what_is_there_is_used(root: Path, tmp_path: Path) -> None:
    done = script(tmp_path, root, chromium="exit 1", apt_get="echo never >&2")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("programs", "says"),
    [
        ({}, "no apt-get"),
        ({"apt_get": "echo never >&2", "id": "echo 1000"}, "packages need root"),
        ({"apt_get": "exit 100", "id": "echo 0"}, "cannot install"),
        ({"apt_get": "exit 0", "id": "echo 0"}, "is not on PATH"),
    ],
)
def test_the_tests_that_are_skipped_are_named(
    root: Path, tmp_path: Path, programs: dict[str, str], says: str
) -> None:
    done = script(tmp_path, root, **programs)
    assert done.returncode == 1
    assert says in done.stderr
    assert "the tests in a browser are skipped" in done.stderr
    assert "never" not in done.stderr


def test_root_gets_it_from_the_system(root: Path, tmp_path: Path) -> None:
    made = tmp_path / "chromium"
    get = f'case "$1" in install) echo > {made}; /bin/chmod +x {made};; esac'
    done = script(tmp_path, root, apt_get=get, id="echo 0")
    assert done.returncode == 0, done.stderr
    assert made.exists()
