"""What blocks exchange beyond their faces, and that it keeps iterations few."""

from __future__ import annotations

from tests.mpi import needs_mpi, succeeds


@needs_mpi
def test_ghost_cells_at_corners() -> None:
    assert succeeds(4, ["-m", "tests.ranks_seams", "corners"]).split() == ["True"]


@needs_mpi
def test_iterations_hardly_depend_on_the_ranks() -> None:
    """Without corners, or with blocks that overlap less, they are twice as many."""
    one, four = (int(succeeds(n, ["-m", "tests.ranks_seams", "iterations"])) for n in (1, 4))
    assert four <= 1.4 * one
