"""What goes wrong on ranks goes wrong alike on all of them, and in its own words."""

from __future__ import annotations

import pytest

from tests.mpi import ROOT, needs_mpi, succeeds

SOLVERS = ("scharfetter_gummel", "bailo_carrillo_hu")


@needs_mpi
@pytest.mark.parametrize("ranks", [2, 3])
def test_trouble_is_the_same_on_all_ranks(ranks: int) -> None:
    lines = succeeds(ranks, ["-m", "tests.ranks_trouble"], cwd=ROOT).splitlines()
    # MPI's own maximum gives one rank nan and another the number
    assert lines.count("extremes nan nan") == 2
    assert lines.count(f"pair [nan, {ranks - 1}.0]") == 2
    for solver in SOLVERS:
        # inside PETSc's GMRES, whose own error would hide these
        assert f"{solver} bug ZeroDivisionError: of the energy" in lines
        said = [line for line in lines if line.startswith(f"{solver} unsolvable")]
        assert "SolverError: no step could be solved" in said[0]
        assert "said by the energy" in said[0]
        said = [line for line in lines if line.startswith(f"{solver} empty_on_the_last")]
        assert "SolverError: no step could be solved" in said[0]
        assert "not finite" in said[0]
    assert lines[-1] == "left 0"
