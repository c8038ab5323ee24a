"""Ranks compute on one thread each, whatever was imported first."""

from __future__ import annotations

import json
import os

import pytest

from tests.mpi import needs_mpi, succeeds
from wgflow.parallel.threads import THREADS, one_thread_a_rank

UNSET = dict.fromkeys(THREADS, "")
CODE = """
import json
{first}
import wgflow
from wgflow.parallel import world
rank = world().rank
import scipy.linalg
from threadpoolctl import threadpool_info
threads = [library["num_threads"] for library in threadpool_info()]
if rank == 0:
    print(json.dumps(threads))
"""


@needs_mpi
@pytest.mark.parametrize("first", ["", "import numpy", "import scipy.linalg"])
@pytest.mark.parametrize(("told", "threads"), [("", {1}), ("2", {2})])
def test_ranks_have_a_thread_each_unless_told(first: str, told: str, threads: set[int]) -> None:
    env = {**UNSET, "OPENBLAS_NUM_THREADS": told}
    found = json.loads(succeeds(2, ["-c", CODE.format(first=first)], env=env))
    assert set(found) == threads


def test_one_variable_is_a_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {"OMP_NUM_THREADS": "4"})
    one_thread_a_rank()
    assert dict(os.environ) == {"OMP_NUM_THREADS": "4"}
