"""Interactions on grids that are divided among ranks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.mpi import needs_mpi, succeeds

PROGRAM = Path(__file__).with_name("ranks_interaction.py")
CHECKS = {1: 37, 2: 42, 3: 42, 4: 42}
REASONS = {
    "infinite": "not finite on the grid's displacements",
    "hole": "give singular=True",
    "steep": "not integrable at 0",
    "odd": "is not even",
    "features": "features of shape (2, ",
}


@needs_mpi
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_ranks_agree_with_one(ranks: int) -> None:
    report = json.loads(succeeds(ranks, [str(PROGRAM)]).splitlines()[-1])
    errors = report["errors"]
    assert len(errors) == CHECKS[ranks]
    limit = 0.0 if ranks == 1 else 1e-13  # one rank does what no MPI does, to the last bit
    assert {name: e for name, e in errors.items() if not e <= limit} == {}
    for name, reason in REASONS.items():
        assert reason in report["messages"][name]
        assert "ranks differ" not in report["messages"][name]
    # making the transform takes less than in proportion, for it is done in pieces
    assert report["memory"] < 1.1 / ranks
