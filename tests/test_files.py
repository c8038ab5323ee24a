"""The files of a run, by one rank and by several."""

from __future__ import annotations

import json
import re
import resource
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import wgflow as wg
from tests.helpers import refused, refuses
from tests.mpi import needs_mpi, succeeds
from wgflow.cli import main
from wgflow.io import CellFile, packing
from wgflow.io.cells import chunks_of
from wgflow.parallel import SERIAL, NumberedSlabs, on_root
from wgflow.plots.picture import LARGEST_PICTURE
from wgflow.plots.solution import pictured

RUN = ["run", "transport", "--cells", "24", "--until", "0.1", "--set", "dimension=2"]

NUMBERS = [
    *("time", "mass_initial", "mass_final", "mass_max_error", "minimum", "errors"),
    *("energy_initial", "energy_final", "energy_max_increase"),
]

pytestmark = pytest.mark.usefixtures("elsewhere")


def datasets(path: str) -> dict[str, Any]:
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda n, d: found.update({n: d[()]} if hasattr(d, "dtype") else {}))
    return found


def transported(cells: int = 24, dimension: int = 2) -> wg.Solution:
    domain = wg.Box(*[(-2.0, 2.0 + axis) for axis in range(dimension)])
    problem = wg.Problem(
        domain,
        wg.Confinement(1.0),
        initial=lambda *x: np.exp(-sum((c - 0.3) ** 2 for c in x)),
    )
    return wg.solve(problem, "muscl", cells=cells, until=0.05, snapshots=2)


def test_cells_come_back_from_a_file() -> None:
    grid = wg.Grid(wg.Box((0, 1), (0, 1)), (5, 4))
    values = np.random.default_rng(0).random((3, 5, 4))
    with CellFile("a.h5", "w", SERIAL) as file:
        file.write("density", grid, values, **packing("gzip:1"))
        file.write("last", grid, values[2], dtype="f4")
        file.put("time", np.arange(3.0))
        file.put("name", "Größe")
        refuses(lambda: file.write("bad", grid, values[:, :3]), "(3, 3, 4)", "(5, 4)")
    with CellFile("a.h5", "r", SERIAL) as file:
        np.testing.assert_array_equal(file.read("density", grid), values)
        np.testing.assert_array_equal(file.read("density", grid, (-1,)), values[2])
        assert file.read("last", grid).dtype == np.float32
        assert file.get("time").tolist() == [0, 1, 2]
        assert file.get("name") == "Größe"
        assert "last" in file
        assert "first" not in file
        other = wg.Grid(wg.Box((0, 1), (0, 1)), (4, 5))
        refuses(lambda: file.read("last", other), "(4, 5)", "on a grid of as many")
        refuses(lambda: file.get("first"), "first", "a.h5")
    with h5py.File("a.h5") as file:
        assert file["density"].compression == "gzip"
        assert file["density"].chunks == (1, 5, 4)


def test_chunks_are_of_whole_rows_where_these_are_short() -> None:
    assert chunks_of((1000, 100)) == (1000, 100)
    assert chunks_of((10000, 100)) == (1310, 100)
    assert chunks_of((7, 600, 600)) == (1, 218, 600)
    assert chunks_of((2, 2**20)) == (1, 2**17)


def test_numbered_cells_lie_in_the_order_of_their_numbers() -> None:
    numbers = np.array([3, 0, 4, 1, 2])
    out = np.zeros(5)
    slabs = NumberedSlabs(SERIAL, numbers, 5)
    slabs.write(numbers * 10.0, out.__setitem__)
    np.testing.assert_array_equal(out, [0, 10, 20, 30, 40])
    np.testing.assert_array_equal(slabs.read(out.__getitem__), numbers * 10.0)


def test_what_cannot_be_written_is_named() -> None:
    grid = wg.Grid(wg.Box((0, 1), (0, 1)), 200)
    with pytest.raises(OSError, match=r"none/a\.h5"):
        CellFile("none/a.h5", "w", SERIAL)
    Path("text.h5").write_text("no HDF5")
    with pytest.raises(OSError, match=r"text\.h5"):
        CellFile("text.h5", "r", SERIAL)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, limits[1]))
    try:
        with pytest.raises(OSError, match=r"too large.*full\.h5") as caught:  # noqa: SIM117
            with CellFile("full.h5", "w", SERIAL) as file:
                file.write("density", grid, np.ones(grid.shape))
        assert "\n" not in str(caught.value)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_an_action_on_the_root_fails_as_itself() -> None:
    assert on_root(SERIAL, lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        on_root(SERIAL, lambda: 1 // 0)


def test_single_precision_keeps_the_last_density_whole() -> None:
    assert main([*RUN, "--out", "double"]) == 0
    assert main([*RUN, "--out", "single", "--single", "--compression", "gzip:9"]) == 0
    double, single = (datasets(f"{n}/solution.h5") for n in ("double", "single"))
    assert double["density"].dtype == np.float64
    assert single["density"].dtype == np.float32
    assert "density_last" not in double
    np.testing.assert_array_equal(single["density_last"], double["density"][-1])
    np.testing.assert_allclose(single["density"], double["density"], rtol=1e-7, atol=1e-30)
    with h5py.File("single/solution.h5") as file:
        assert file["density"].compression == "gzip"
        assert file["density"].compression_opts == 9
        assert file["density"].dims[1][0].name == file["density_last"].dims[0][0].name == "/x"
    with h5py.File("double/solution.h5") as file:
        assert file["density"].compression is None
    assert Path("single/solution.h5").stat().st_size < Path("double/solution.h5").stat().st_size


@pytest.mark.parametrize("word", ["zip", "gzip:0", "gzip:10", "gzip:", "none:1", ""])
def test_unknown_compression_is_refused_at_once(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "give one of none, gzip, gzip:1," in refused([*RUN, "--compression", word], capsys)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("dimension", [1, 2])
def test_large_grids_are_drawn_by_averages(dimension: int, monkeypatch: pytest.MonkeyPatch) -> None:
    solution = transported(30, dimension)
    assert solution.grid.size < LARGEST_PICTURE
    whole = pictured(solution)
    assert whole is not None
    np.testing.assert_array_equal(whole.frames[-1].density, solution.density)
    together = 3 if dimension == 1 else 1  # snapshots in the figure
    monkeypatch.setattr("wgflow.plots.picture.LARGEST_PICTURE", 13**dimension * together)
    monkeypatch.setattr("wgflow.plots.picture.ROW_BYTES", 8 * 30 ** (dimension - 1) * 4)
    coarse = pictured(solution)
    assert coarse is not None
    assert coarse.shown.shape == (10,) * dimension
    expected = solution.density.reshape((10, 3) * dimension).mean(axis=(1, 3)[:dimension])
    np.testing.assert_allclose(coarse.frames[-1].density, expected, rtol=1e-13)
    mass = coarse.shown.integrate(coarse.frames[-1].density)
    assert mass == pytest.approx(solution.grid.integrate(solution.density), rel=1e-13)


def test_groups_may_be_unequal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wgflow.plots.picture.LARGEST_PICTURE", 13**2)
    solution = transported(31)
    coarse = pictured(solution)
    assert coarse is not None
    assert coarse.shown.shape == (11, 11)
    np.testing.assert_allclose(
        coarse.frames[-1].density[-1, -1], solution.density[-1, -1], rtol=1e-13, atol=1e-300
    )


def test_marginals_are_those_of_the_masses() -> None:
    solution = transported(8, 3)
    picture = pictured(solution)
    assert picture is not None
    masses = solution.density * solution.grid.volumes
    for axis, others in enumerate([(1, 2), (0, 2), (0, 1)]):
        expected = masses.sum(axis=others) / solution.grid.widths[axis]
        np.testing.assert_allclose(picture.frames[-1].lines[axis], expected, rtol=1e-13)


def test_a_gathered_solution_is_itself_in_serial() -> None:
    solution = transported(10)
    gathered = solution.gathered()
    assert gathered.grid is solution.grid
    np.testing.assert_array_equal(gathered.densities, solution.densities)
    assert gathered.summary() == solution.summary()


# ---- several ranks ------------------------------------------------------------------------

STREAM = '''
import sys
import numpy as np
import wgflow as wg
from wgflow.io import CellFile, packing
from wgflow.parallel import slabs, world

slabs.SLAB_BYTES = 4096  # many slabs
comm = world()
for cells in [(50,), (20, 31), (12, 13, 14), (6, 8, 7, 9)]:
    whole = np.random.default_rng(0).random((2, *cells))
    grid = wg.Grid(wg.Box(*[(0.0, 1.0)] * len(cells)), cells)
    mine = whole[(slice(None), *grid.partition.block(comm.rank))]
    for words in ({}, packing("gzip"), {"dtype": "f4"}):
        name = f"{sys.argv[2]}-{len(cells)}-{len(words)}.h5"
        if sys.argv[1] == "write":
            with CellFile(name, "w", comm) as file:
                file.write("density", grid, mine, **words)
                file.put("name", "Größe")
        else:
            with CellFile(name, "r", comm) as file:
                got = file.read("density", grid)
                assert np.array_equal(got, mine.astype(got.dtype)), name
                assert np.array_equal(file.read("density", grid, (-1,)), got[-1])
                assert file.get("name") == "Größe"


class Part:
    """A mesh of which each rank has some cells, in no order."""

    comm = comm
    cells = (3000,)
    numbers = np.random.default_rng(1).permutation(3000)[comm.rank :: comm.size]
    shape = (len(numbers),)


slabs_of = slabs.NumberedSlabs(comm, Part.numbers, 3000)
out = np.zeros(3000)
slabs_of.write(Part.numbers * 1.0, out.__setitem__)
assert not comm.is_root or np.array_equal(out, np.arange(3000.0))
assert np.array_equal(slabs_of.read(lambda rows: np.arange(3000.0)[rows]), Part.numbers)
'''


@needs_mpi
def test_any_ranks_read_what_others_have_written() -> None:
    Path("stream.py").write_text(STREAM)
    for ranks in (1, 2, 3):
        succeeds(ranks, ["stream.py", "write", str(ranks)])
    for ranks, written in ((2, 1), (3, 2), (1, 3), (4, 3)):
        succeeds(ranks, ["stream.py", "read", str(written)])
    for path in Path().glob("1-*.h5"):
        others = [datasets(path.name.replace("1-", f"{n}-", 1)) for n in (2, 3)]
        for other in others:
            np.testing.assert_array_equal(other["density"], datasets(path.name)["density"])


FAILING = """
import resource
import numpy as np
import wgflow as wg
from wgflow.io import CellFile
from wgflow.io.files import claim_directory
from wgflow.parallel import on_root, world

comm = world()
grid = wg.Grid(wg.Box((0, 1), (0, 1)), 256)
said = []
try:
    claim_directory(__import__("pathlib").Path(__file__), comm=comm)
except wg.InputError as error:
    said.append(str(error))
try:
    CellFile("none/a.h5", "w", comm)
except OSError as error:
    said.append(str(error))
if comm.is_root:  # as a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))
try:
    with CellFile("full.h5", "w", comm) as file:
        file.write("density", grid, np.ones(grid.shape))
except OSError as error:
    said.append(str(error))
try:
    on_root(comm, lambda: 1 // 0)
except ZeroDivisionError as error:
    said.append(str(error))
assert len(said) == 4 and all(other == said for other in comm.everyone(said)), said
if comm.is_root:
    print(said)
"""


@needs_mpi
def test_what_fails_on_the_root_is_raised_by_all() -> None:
    Path("failing.py").write_text(FAILING)
    said = succeeds(2, ["failing.py"])
    assert "none/a.h5" in said
    assert "full.h5" in said


@needs_mpi
@pytest.mark.parametrize(
    ("ranks", "dimension", "cells"), [(1, 2, 24), (2, 1, 60), (3, 2, 24), (2, 3, 12)]
)
def test_the_files_do_not_depend_on_the_ranks(ranks: int, dimension: int, cells: int) -> None:
    words = ["run", "transport", "--cells", str(cells), "--until", "0.1"]
    words += ["--set", f"dimension={dimension}"]
    assert main([*words, "--out", "one"]) == 0
    said = succeeds(ranks, ["-m", "wgflow", *words, "--out", "many"])
    assert said.count("written to many/") == 1
    names = sorted(p.name for p in Path("one").iterdir())
    assert names == sorted(p.name for p in Path("many").iterdir())
    one, many = datasets("one/solution.h5"), datasets("many/solution.h5")
    assert list(one) == list(many)
    for name, values in one.items():
        np.testing.assert_allclose(many[name], values, rtol=1e-11, atol=1e-14, err_msg=name)
    assert Path("one/solution.xdmf").read_text() == Path("many/solution.xdmf").read_text()
    summary, other = (json.loads(Path(f"{n}/summary.json").read_text()) for n in ("one", "many"))
    assert (summary["ranks"], other["ranks"]) == (1, ranks)
    assert summary["versions"]["mpi"] is summary["versions"]["petsc"] is None
    assert re.match(r"\d+\.\d+", other["versions"]["petsc"])
    assert other["versions"]["mpi"]
    assert list(summary) == list(other)
    for name, value in summary.items():
        if name not in ("ranks", "wall_seconds", "versions", "started", "command"):
            close = pytest.approx(value, rel=1e-11, abs=1e-13) if name in NUMBERS else value
            assert other[name] == close, name


GATHERED = """
import sys
import numpy as np
import wgflow as wg
from wgflow.parallel import SERIAL, world

assert "mpi4py" not in sys.modules or world().active
domain = wg.Box((-2, 2), (-2, 3))
problem = wg.Problem(domain, wg.Confinement(1.0), initial=lambda x, y: np.exp(-x * x - y * y))
solution = wg.solve(problem, "muscl", cells=20, until=0.05, snapshots=1)
whole = solution.gathered()
assert solution.densities.shape == (2, *solution.grid.shape)
assert whole.densities.shape == (2, 20, 20) and whole.grid.comm is SERIAL
assert abs(whole.grid.integrate(whole.density) - 1) < 1e-13
folder = solution.save("out")
if world().is_root:
    import h5py

    with h5py.File(folder / "solution.h5") as file:
        assert np.array_equal(file["density"][()], whole.densities)
else:
    assert "matplotlib" not in sys.modules
try:
    solution.save("out")
except wg.InputError as error:
    assert "holds the result of an earlier run" in str(error)
    assert str(error).endswith("; this one is in out-2")
    assert np.array_equal(wg.load("out-2").density, solution.density)
else:
    raise AssertionError("an earlier result was replaced")
"""


@needs_mpi
def test_every_rank_can_have_the_whole_and_the_root_alone_draws() -> None:
    Path("gathered.py").write_text(GATHERED)
    succeeds(2, ["gathered.py"])


@pytest.mark.parametrize("words", [[], ["--single"], ["--compression", "gzip"]])
def test_a_full_disk_is_told_before_hdf5_meets_it(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """HDF5 would let the process die in its exit."""
    from wgflow.io import results

    sizes: list[int] = []
    monkeypatch.setattr(results, "reserve", lambda path, size: sizes.append(size))
    assert main([*RUN, *words, "--out", "whole"]) == 0
    assert sizes[0] >= Path("whole/solution.h5").stat().st_size

    def full(path: Path, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results, "reserve", full)
    assert "r/solution.h5: No space left" in refused([*RUN, *words, "--out", "r"], capsys)
    assert not Path("r").exists()
