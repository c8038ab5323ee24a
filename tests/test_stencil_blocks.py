"""Explicit two-point rates and stabilized steps on grids that are divided among ranks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.mpi import needs_mpi, succeeds

PROGRAM = Path(__file__).with_name("ranks_stencil.py")
CASES = 4 * 2 * 4 + 3


@needs_mpi
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_ranks_agree_with_one(ranks: int) -> None:
    report = json.loads(succeeds(ranks, [str(PROGRAM)]).splitlines()[-1])
    assert len(report) == CASES
    limit = 0.0 if ranks == 1 else 1e-13  # one rank does what no MPI does, to the last bit
    assert {name: errors for name, errors in report.items() if not max(errors) <= limit} == {}
