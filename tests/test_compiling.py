"""That kernels are compiled is said, once, and only if they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
import numpy as np
from wgflow.commands.compiling import compiling_told
finders = [*sys.meta_path]
with compiling_told(SPEAKS):
    assert "numba" not in sys.modules
    import numba
    assert sys.meta_path == finders
    assert type(numba.__loader__) is type(numba.__spec__.loader) is type(np.__loader__)
    numba.njit(lambda x: x + 1)(1)  # of a user's
    print("ours", file=sys.stderr)
    from wgflow.quantiles._kernels import nearest_ordered
    nearest_ordered(np.ones(3), np.ones(3))
    nearest_ordered(np.ones(3)[::1].astype("f4"), np.ones(3))
from numba.core import event
assert not any(event._registered.values())
"""
SAID = "wgflow: compiling kernels (only once, about ten seconds)"


def run(cache: Path, speaks: bool = True) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("SPEAKS", str(speaks))],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


def test_it_is_said_once_and_not_of_what_is_kept(tmp_path: Path) -> None:
    assert run(tmp_path) == ["ours", SAID]
    assert run(tmp_path) == ["ours"]
    assert run(tmp_path / "other", speaks=False) == ["ours"]


def test_a_command_without_kernels_says_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wgflow", "cases"],
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
