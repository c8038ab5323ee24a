"""Meshes divided among ranks give what the whole mesh gives."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from tests.mpi import needs_mpi, succeeds
from tests.test_mesh import equilateral, kuhn
from wgflow.mesh.geometry import of_simplices
from wgflow.parallel import CellDivision, Communicator
from wgflow.parallel.division import bisected

PROGRAM = str(Path(__file__).with_name("ranks_mesh.py"))
HAS_FIPY = importlib.util.find_spec("fipy") is not None


def measured(ranks: int, *words: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in succeeds(ranks, [PROGRAM, *words]).splitlines()]
    assert lines
    return lines


# --- without MPI ----------------------------------------------------------------------------


class Ranks(Communicator):
    """A rank of several, that cannot communicate."""

    def __init__(self, rank: int, size: int) -> None:
        super().__init__()
        self.rank, self.size = rank, size


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 16])
def test_bisection_is_balanced_and_the_same_each_time(parts: int) -> None:
    rng = np.random.default_rng(parts)
    for points in (rng.normal(size=(101, 2)), rng.integers(0, 3, (60, 3)).astype(float)):
        owners = bisected(points, parts)
        sizes = np.bincount(owners, minlength=parts)
        assert len(sizes) == parts
        assert sizes.max() - sizes.min() <= 1
        np.testing.assert_array_equal(owners, bisected(points.copy(order="F"), parts))
    assert bisected(np.zeros((5, 2)), 5).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("make", "n", "faces"),
    [
        (equilateral, 32, 200),  # 195 of 3483
        (kuhn, 8, 3 * 64 * 2),  # three planes of 8² squares, two triangles each
    ],
)
def test_bisection_cuts_few_faces(make: Any, n: int, faces: int) -> None:
    geometry = of_simplices(*make(n))
    owners = bisected(geometry.centroids, 8)
    assert np.count_nonzero(owners[geometry.left] != owners[geometry.right]) <= faces
    assert faces < len(geometry.left) / 14


def test_cells_are_located() -> None:
    owners = np.array([2, 0, 1, 0, 2, 2])
    divisions = [CellDivision(Ranks(rank, 3), owners) for rank in range(3)]
    assert [d.numbers.tolist() for d in divisions] == [[1, 3], [2], [0, 4, 5]]
    rank, place = divisions[1].located(np.array([5, 3, 0]))
    assert rank.tolist() == [2, 0, 2]
    assert place.tolist() == [2, 1, 0]


def test_a_serial_mesh_is_its_whole() -> None:
    mesh = wg.Mesh.from_simplices(*equilateral(4))
    assert mesh.whole is mesh
    assert mesh.numbers is None
    values = np.arange(mesh.size, dtype=float)
    for same in (mesh.gather(values), mesh.own(values), mesh.gather_faces(values)):
        assert same is values
    assert mesh.cells == mesh.shape


# --- with MPI -------------------------------------------------------------------------------


@needs_mpi
@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_cells_and_faces(ranks: int) -> None:
    for line in measured(ranks, "parts"):
        assert line["spread"] <= 1
        for name in ("permutation", "gathered", "stacked", "differences", "divergences", "whole"):
            assert line[name], name  # to the last digit
        assert line["integral"] < 1e-13
        assert line["extremes"] == [0, 0]
        assert line["spacing"] == 0
        assert line["words"][0] == line["words"][1]


@needs_mpi
@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_solvers_agree_with_the_whole_mesh(ranks: int) -> None:
    lines = {line["case"]: line for line in measured(ranks, "solvers")}
    assert len(lines) == 10
    for case, line in lines.items():
        limit = 1e-11 if case.endswith("upwind") else 1e-10
        assert line["gap"] < limit, case
        assert line["moved"] > 1e3 * limit, case
        assert line["mass"] < 1e-12, case
        assert line["minimum"] >= 0, case
        assert line["energy"] < 1e-10, case
        assert line["steps"][0] == line["steps"][1], case


@needs_mpi
@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_systems_agree_with_the_whole_mesh(ranks: int) -> None:
    lines = measured(ranks, "systems")
    assert len(lines) == 18
    for line in lines:
        # distances of repaired faces are 1e-4 of a cell: rates, and with them rounding, are large
        limit = 1e-12 if "equilateral" in line["case"] else 1e-9
        assert line["gap"] < limit, line["case"]
        assert line["mass"] < (1e-12 if "density" in line["case"] else limit), line["case"]
        assert "residual" in line["case"] or line["minimum"] >= 0


@needs_mpi
@pytest.mark.skipif(not HAS_FIPY, reason="FiPy is not installed")
@pytest.mark.parametrize("ranks", [2, 3])
def test_fipy_agrees_with_one_rank(ranks: int) -> None:
    for line in measured(ranks, "fipy"):
        assert line["gap"] < (1e-11 if "fipy" in line["case"] else 1e-10), line["case"]
        assert line["moved"] > 1e-2
        assert line["mass"] < 1e-12


@needs_mpi
def test_files_do_not_depend_on_the_ranks(tmp_path: Path) -> None:
    import h5py

    found = {}
    for ranks in (1, 3):
        (line,) = measured(ranks, "files", str(tmp_path / str(ranks)))
        with h5py.File(Path(line["folder"]) / "solution.h5") as file:
            names = ("density", "x", "y", "volume", "vertices")
            found[ranks] = {name: file[name][:] for name in names}
            found[ranks]["mesh"] = file.attrs["mesh"]
        assert (Path(line["folder"]) / "figure.png").stat().st_size > 5000
    density, other = (found[ranks].pop("density") for ranks in (1, 3))
    assert density.shape == (4, len(found[1]["x"]))
    assert np.abs(density - other).max() < 1e-11
    assert np.abs(density[-1] - density[0]).max() > 0.05
    for name, values in found[1].items():
        np.testing.assert_array_equal(values, found[3][name], err_msg=name)


@needs_mpi
def test_what_cannot_be_divided_is_refused() -> None:
    (line,) = measured(2, "refusals", *(["fipy"] if HAS_FIPY else []))
    assert line["alike"]
    assert "different meshes" in line["lines"][0]
    assert "1 cells for 2 ranks" in line["lines"][1]
    assert not HAS_FIPY or "communicator=fipy.serialComm" in line["lines"][2]


@needs_mpi
def test_graphs_are_divided_by_petsc() -> None:
    """The way to ParMETIS and PT-Scotch, with a type that does not look at the graph."""
    (line,) = measured(3, "graph")
    assert line["alike"]
    assert sum(line["sizes"]) == line["cells"]
    assert min(line["sizes"]) > 0


@needs_mpi
def test_incomplete_factors_may_be_replaced() -> None:
    given = {"PETSC_OPTIONS": "-wgflow_sub_pc_type lu -wgflow_ksp_type gmres"}
    out = succeeds(2, [PROGRAM, "systems"], env=given)
    assert all(json.loads(line)["gap"] < 1e-9 for line in out.splitlines())
