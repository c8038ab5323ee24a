"""Checkpoints of runs on several ranks, and on other numbers of ranks than wrote them."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from tests.mpi import needs_mpi, on_ranks, succeeds
from tests.test_restart import VARIANTS, Stop, Variant, assert_same
from wgflow.parallel import world

NAMES = ["muscl-plane", "sg-plane-dt", "sg-large-plane-tolerance", "sg-pairs-tolerance"]
NAMES += ["rkl-tolerance", "euler-tolerance", "sg-space-dt", "jko-tolerance"]
ON_OTHERS = 1e-12  # relative, of explicit steps; implicit ones are solved to about 1e-12


def named(name: str) -> Variant:
    return next(v for v in VARIANTS if v.name == name)


def stop_on_the_last_rank(*steps: int) -> Stop:
    """Give a signal that only one of the ranks gets."""
    comm = world()
    return Stop(*(steps if comm.rank == comm.size - 1 else ()))


def begin(variant: Variant, directory: Path, steps: int) -> None:
    place = wg.Checkpoint(directory, every=None)
    with pytest.raises(wg.Interrupted, match="SIGTERM"):
        variant(checkpoint=place, observers=[stop_on_the_last_rank(steps)])


def finish(variant: Variant, directory: Path) -> wg.Solution:
    place = wg.Checkpoint(directory, every=None)
    return variant(checkpoint=place, restart=True, observers=[Stop()])


def parts_and_whole(directory: Path) -> None:
    """On each rank: parts give the whole, and what serial runs left is continued."""
    for name in NAMES:
        variant = named(name)
        begin(variant, directory / name, 3)
        whole = variant()
        assert_same(finish(variant, directory / name), whole)
        solution = finish(variant, directory / f"serial-{name}")
        cells = [solution.grid.gather(d) for d in solution.densities]
        if world().is_root:
            np.savez(directory / f"{name}.npz", densities=cells, energy=solution.history["energy"])
        begin(variant, directory / f"ranks-{name}", 4)


def killed(directory: Path, rank: int, call: int) -> None:
    """End the root at a call that makes a checkpoint durable, or another rank at a step."""
    count = 0

    def dying(name: str) -> None:
        function = getattr(os, name)

        def wrapped(*words: Any) -> Any:
            nonlocal count
            count += 1
            if count == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*words)

        setattr(os, name, wrapped)

    if world().rank == rank == 0:
        dying("fsync")
        dying("replace")
    place = wg.Checkpoint(directory, steps=3)
    kill = wg.Callback(
        lambda state: (
            os.kill(os.getpid(), signal.SIGKILL)
            if rank and world().rank == rank and state.steps == call
            else None
        )
    )
    named("muscl-plane")(checkpoint=place, restart=True, observers=[kill])


def compared(directory: Path) -> None:
    """Go on and compare on each rank with a run that was not killed."""
    variant = named("muscl-plane")
    assert_same(finish(variant, directory), variant())


def close(one: wg.Array, other: wg.Array, tolerance: float) -> None:
    assert np.max(np.abs(one - other)) <= tolerance * np.max(np.abs(other))


@needs_mpi
def test_two_ranks_and_one(tmp_path: Path) -> None:
    for name in NAMES:
        begin(named(name), tmp_path / f"serial-{name}", 4)
    succeeds(2, [__file__, "parts_and_whole", str(tmp_path)])
    for name in NAMES:
        variant = named(name)
        whole = variant()
        tolerance = ON_OTHERS if variant.solver == "muscl" else 100 * ON_OTHERS
        with np.load(tmp_path / f"{name}.npz") as there:
            close(there["densities"], whole.densities, tolerance)
            close(there["energy"], whole.history["energy"], tolerance)
        here = finish(variant, tmp_path / f"ranks-{name}")
        close(here.densities, whole.densities, tolerance)
        assert here.facts["steps"] == whole.facts["steps"]


@needs_mpi
@pytest.mark.parametrize(("rank", "call"), [(0, 5), (0, 9), (0, 14), (1, 7)])
def test_a_rank_is_killed(rank: int, call: int, tmp_path: Path) -> None:
    assert on_ranks(2, [__file__, "killed", str(tmp_path), str(rank), str(call)]).returncode != 0
    succeeds(2, [__file__, "compared", str(tmp_path)])


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), *map(int, sys.argv[3:]))
