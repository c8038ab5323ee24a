"""The same numbers on any number of ranks as in serial, case by case."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.mpi import ROOT, needs_mpi, succeeds
from tests.parity_runs import RUNS

EXPLICIT, IMPLICIT = 1e-11, 1e-9  # relative; a stage is solved to 1e-12 of the mass
IMPLICIT_SOLVERS = ("scharfetter_gummel", "bailo_carrillo_hu", "fipy")
OWN = {"ranks", "wall_seconds", "versions", "started", "command", "facts"}  # what may differ
Results = dict[str, tuple[np.ndarray[Any, Any], dict[str, Any]]]


def read(path: Path) -> Results:
    with np.load(path) as file:
        numbers = json.loads(str(file["numbers"]))
        return {name: (file[name], numbers[name]) for name in numbers}


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Results:
    path = tmp_path_factory.mktemp("parity") / "serial.npz"
    words = [sys.executable, "-m", "tests.parity_runs", str(path)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=300)
    return read(path)


def close(here: Any, there: Any, tolerance: float, where: str) -> None:
    """Compare what summary.json holds: words exactly, numbers to a tolerance."""
    if isinstance(there, dict):
        assert here.keys() == there.keys(), where
        for key in there:
            close(here[key], there[key], tolerance, f"{where}.{key}")
    elif isinstance(there, float):
        assert here == pytest.approx(there, rel=1e3 * tolerance, abs=tolerance), where
    elif where.endswith("warnings"):
        assert len(here) == len(there), where  # they quote numbers
    else:
        assert here == there, where


@needs_mpi
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_ranks_agree_with_serial(ranks: int, serial: Results, tmp_path: Path) -> None:
    path = tmp_path / "ranks.npz"
    # on a line four ranks have the neighbours that three have; in the plane they are two by two
    names = [name for name, run in RUNS.items() if ranks < 4 or isinstance(run[4], tuple)]
    succeeds(ranks, ["-m", "tests.parity_runs", str(path), *names], cwd=ROOT, limit=400)
    found = read(path)
    assert list(found) == names
    for name, (density, numbers) in found.items():
        tolerance = (
            IMPLICIT if RUNS[name][2] in ("scharfetter_gummel", "bailo_carrillo_hu") else EXPLICIT
        )
        expected, wanted = serial[name]
        apart = np.abs(density - expected).max() / expected.max()
        assert apart < tolerance, f"{name}: {apart}"
        assert numbers["mass_max_error"] < 1e-12, name
        assert numbers["minimum"] >= 0, name
        assert numbers["ranks"] == ranks
        for key in wanted.keys() - OWN - {"mass_max_error", "energy_max_increase", "minimum"}:
            close(numbers[key], wanted[key], tolerance, f"{name}.{key}")
