"""Saddle-point systems on several ranks against sparse factors of one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.mpi import ROOT, needs_mpi, succeeds

pytestmark = needs_mpi

PROGRAM = str(ROOT / "tests" / "ranks_saddle.py")
TOLERANCE = 5e-9  # of densities, in L1, where 1e-10 is asked for
# Of potentials, in the far tails of rough densities too, by the decades these fall by; what is
# left there is left on one rank too.
TOLERANCES = {"2": 5e-9, "20 empty": 5e-7, "60": 1e-5}


@pytest.fixture(scope="module", params=(1, 2, 4))
def lines(request: Any) -> dict[str, dict[str, Any]]:
    found = map(json.loads, succeeds(request.param, [PROGRAM]).splitlines())
    return {line["case"]: line for line in found}


def test_agrees_with_factors(lines: dict[str, dict[str, Any]]) -> None:
    compared = [line for line in lines.values() if "potential" in line]
    assert len(compared) >= 35
    for line in compared:
        limit = TOLERANCES.get(line["case"].partition(" ")[2], TOLERANCE)
        assert line["density"] < TOLERANCE, line
        assert line["potential"] < limit, line
        assert line["gap"] < 2 * limit, line
        # what one rank solves for all is exact to the tolerance of that solve
        assert line["mass"] < (1e-11 if "gathered" in line["case"] else 1e-15), line


def test_iterations_are_few_and_the_same_on_all_ranks(lines: dict[str, dict[str, Any]]) -> None:
    counts = {case: line["iterations"] for case, line in lines.items() if "iterations" in line}
    assert all(len(set(each)) == 1 for each in counts.values())
    # 5, 7, 8, 7 and 5 on any number of ranks
    assert counts["gaussian 64"][0] <= 6
    assert counts["gaussian 128"][0] <= 8
    assert counts.get("gaussian 256", [8])[0] <= 10
    assert counts["tails"][0] <= 8
    assert counts["fast"][0] <= 6
    for case, each in counts.items():
        iterated = not case.startswith(("line", "loop"))
        assert (each[0] > 0) == iterated, case
        assert each[0] <= 14, case


def test_systems_share_a_solver_that_ends_with_the_grid(lines: dict[str, dict[str, Any]]) -> None:
    assert lines["again"] == {"case": "again", "same": True, "nothing": 0.0, "gone": True}


def test_what_fails_is_gathered_or_refused_alike(lines: dict[str, dict[str, Any]]) -> None:
    assert lines["gathered"]["potential"] < TOLERANCE
    said = {"steep": "did not converge", "nan": "not finite", "given": "not finite"}
    for case, words in said.items():
        assert words in lines[case]["message"]
        assert lines[case]["alike"]
    assert "reduce tau" in lines["steep"]["message"]
    assert "-wgflow_saddle_pc_type" in lines["steep"]["message"]


PREPARED = """
import petsc4py, sys
from wgflow.parallel import insert_options, unused_options, world
world()
from petsc4py import PETSc
from tests.ranks_saddle import COMM, compared, gaussian, plane
for line in sys.argv[1:]:
    words = line.split()
    insert_options(words)
    whole, grid = plane(40)
    line = compared("options", whole, grid, gaussian(whole, 1.0, 1.0, 1.0), 0.05)
    if COMM.is_root:
        print(line["potential"] < 5e-9, line["iterations"][0], unused_options(COMM, words))
    for word in words[::2]:
        PETSc.Options().delValue(word)
"""
CHOSEN = {
    "-wgflow_saddle_pc_type bjacobi -wgflow_saddle_sub_pc_type icc": (8, 60),
    "-wgflow_saddle_pc_type redundant": (1, 1),  # LU on every rank
    "-wgflow_saddle_pc_type gamg": (2, 8),
    "-wgflow_saddle_pc_type gamg -wgflow_saddle_mg_levels_pc_type jacobi": (5, 60),
    "-wgflow_saddle_ksp_type bcgs": (1, 5),
    "-wgflow_saddle_ksp_rtol 1e-12": (5, 9),
}


def test_options_choose_the_preconditioner() -> None:
    told = succeeds(2, ["-c", PREPARED, *CHOSEN]).splitlines()
    for said, (words, (fewest, most)) in zip(told, CHOSEN.items(), strict=True):
        right, iterations, unused = said.split(maxsplit=2)
        assert right == "True", words
        assert fewest <= int(iterations) <= most, words
        assert unused == "[]", words
