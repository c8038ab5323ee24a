"""What was saved is loaded as it was."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy.spatial import Delaunay

import wgflow as wg
from tests.helpers import refuses
from tests.mpi import needs_mpi, succeeds
from wgflow.cli import main

pytestmark = pytest.mark.usefixtures("elsewhere")

UNEVEN = [-2.0, -0.5, 0.1, 0.5, 1.1, 2.0]
AXES = {
    "plain": wg.Axis(-2, 2),
    "named": wg.Axis(-2, 2, name="weight w", wall=True),
    "periodic": wg.Axis(-np.pi, np.pi, periodic=True),
    "radial": wg.Axis(0.0, 2.0, radial=40.5, name="r"),
    "clustered": wg.Axis(-2, 2, stretch=wg.Clustered(-2, 2, 0.3, 0.5)),
    "tabulated": wg.Axis(-2, 2, stretch=wg.Tabulated(UNEVEN)),
    "fixed": wg.Axis(-2, 2, fixed=True),
}


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save without figure.png: it takes longer than the rest, and nothing here reads it."""
    monkeypatch.setattr("wgflow.io.results._drawing", lambda *_: lambda: None)


def flowing(domain: wg.Box | wg.Region, cells: Any, **more: Any) -> wg.Solution:
    problem = wg.Problem(
        domain,
        wg.Confinement(1.0) + wg.Entropy(0.3),
        initial=lambda *x: np.exp(-sum((c - 0.3) ** 2 for c in x)),
    )
    return wg.solve(problem, cells=cells, until=0.02, snapshots=2, **more)


def same(found: wg.Solution, saved: wg.Solution) -> None:
    """Check all that does not hang on the problem, to the last bit."""
    for name in ("times", "densities", "moments"):
        here, there = getattr(found, name), getattr(saved, name)
        assert here.dtype == there.dtype
        assert np.array_equal(here, there), name
    assert list(found.history) == list(saved.history)
    for name, column in saved.history.items():
        assert np.array_equal(found.history[name], column, equal_nan=True), name
    for name in ("status", "facts", "warnings", "solver", "case", "parameters", "options"):
        assert getattr(found, name) == getattr(saved, name), name
    assert found.errors == saved.errors
    assert found.grid.box == saved.grid.box
    assert np.array_equal(found.grid.volumes, saved.grid.volumes)
    assert np.array_equal(found.coordinates, saved.coordinates)
    assert type(found.grid) is type(saved.grid)


@pytest.mark.parametrize("kind", AXES)
def test_every_kind_of_axis(kind: str) -> None:
    saved = flowing(wg.Box(AXES[kind], (-2, 2)), (7, 5))
    found = wg.load(saved.save("a"))
    same(found, saved)
    assert found.problem is None
    assert found.grid.uniform == saved.grid.uniform
    # the two grids compute alike: ghost cells and reference measure too
    padded = [s.grid.padded(saved.density)[s.grid.inner] for s in (found, saved)]
    assert np.array_equal(*padded)
    assert np.array_equal(found.grid.face_distances(0), saved.grid.face_distances(0))
    assert (found.grid.log_reference is None) == (saved.grid.log_reference is None)


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_one_to_four_dimensions(dimension: int) -> None:
    saved = flowing(wg.Box(*[(-2.0, 2.0 + a) for a in range(dimension)]), 5)
    same(wg.load(saved.save("a")), saved)


def test_edges_that_were_given_and_stretchings_of_ones_own() -> None:
    edges = np.array([-2.0, -1.0, 0.3, 1.0, 2.0])
    box = wg.Box((-2, 2))
    saved = flowing(box, wg.Grid(box, 4, [edges]))
    found = wg.load(saved.save("given"))
    same(found, saved)
    assert np.array_equal(found.grid.edges[0], edges)
    box = wg.Box(wg.Axis(0, 1, stretch=lambda s: s**1.5))
    saved = flowing(box, 9)
    found = wg.load(saved.save("own"))
    assert np.array_equal(found.grid.edges[0], saved.grid.edges[0])
    assert wg.load("own", problem=saved.problem).grid.box == box


def quilt() -> wg.Mesh:
    at = np.linspace(-1.0, 1.0, 6)
    points = np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1).reshape(-1, 2)
    points = points + 0.05 * np.random.default_rng(0).random(points.shape)
    cells = Delaunay(points).simplices
    return wg.Mesh.from_simplices(points, cells, wg.Region(2, "quilt"))


def test_a_mesh() -> None:
    saved = flowing(wg.Region(2, "quilt"), quilt())
    found = wg.load(saved.save("a"))
    same(found, saved)
    mesh, before = found.grid, saved.grid
    assert isinstance(mesh, wg.Mesh)
    assert isinstance(before, wg.Mesh)
    assert mesh.quality == before.quality
    for field in dataclasses.fields(mesh.geometry):
        name = field.name
        assert np.array_equal(getattr(mesh.geometry, name), getattr(before.geometry, name)), name
    again = flowing(wg.Region(2, "quilt"), mesh)  # and it computes
    assert np.array_equal(again.density, saved.density)


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("single", [False, True])
def test_packed_and_single(compression: str, single: bool) -> None:
    saved = flowing(wg.Box((-2, 2), (-2, 2)), 8)
    found = wg.load(saved.save("a", compression=compression, single=single))
    assert found.densities.dtype == np.float64
    assert np.array_equal(found.density, saved.density)
    assert np.array_equal(found.densities, saved.densities) != single
    np.testing.assert_allclose(found.densities, saved.densities, rtol=1e-7)


def test_a_network_of_the_command_line() -> None:
    words = ["run", "cosine_neuron", "--cells", "32", "--until", "0.2"]
    words += ["--set", "start=0.2", "--out", "a b"]
    assert main(words) == 0
    found = wg.load("a b")
    assert found.problem is not None
    assert found.problem.network is not None
    assert found.moments.shape[0] == len(found.history["time"])
    assert found.parameters["start"] == 0.2
    assert found.parameters["beta"] == np.inf  # which JSON holds as text
    start = wg.FiniteVolume(found.problem, found.grid, wg.Upwind()).initial_density()
    assert np.array_equal(start, found.densities[0])  # with its parameters
    record = found.record
    assert record["command"].startswith("wgflow run cosine_neuron --cells 32")
    assert record["command"].endswith("--out 'a b'")
    assert record["started"][:2] == "20"
    assert record["started"][-6] in "+-"
    assert record["case_file"] is None
    assert record["equation"] == found.problem.equation
    # saved again it is the same, but for what only the first run knows
    found.save("again")
    assert Path("again/summary.json").read_bytes() == Path("a b/summary.json").read_bytes()
    assert Path("again/history.csv").read_bytes() == Path("a b/history.csv").read_bytes()
    assert {p.name for p in Path("again").iterdir()} == {p.name for p in Path("a b").iterdir()}


def test_samples_predict_as_before() -> None:
    words = ["run", "data_network", "--cells", "12", "--until", "0.1", "--out", "a"]
    assert main(words) == 0
    found = wg.load("a")
    assert found.problem is not None
    assert found.problem.network is not None
    data: Any = found.problem.network.data
    np.testing.assert_allclose(found.predict(data.x), found.moments[-1], rtol=1e-12)
    found.save("again")
    assert Path("again/predictor.csv").read_bytes() == Path("a/predictor.csv").read_bytes()
    # samples that are others now make another problem
    record = json.loads(Path("a/summary.json").read_text())
    record["samples"]["digest"] = "0"
    Path("a/summary.json").write_text(json.dumps(record))
    assert wg.load("a").problem is None


def test_errors_are_those_that_were_stored() -> None:
    words = ["run", "ornstein_uhlenbeck", "--cells", "40", "--until", "0.1", "--out", "a"]
    assert main(words) == 0
    record = json.loads(Path("a/summary.json").read_text())
    found = wg.load("a")
    assert found.errors == record["errors"]
    assert found.errors["L1"] > 0
    again = dataclasses.replace(found, record={})  # computed anew, from the problem
    assert again.errors == pytest.approx(record["errors"], rel=1e-12)
    record["errors"]["L1"] = None
    record["errors"]["L2"] = "inf"
    Path("a/summary.json").write_text(json.dumps(record))
    errors = wg.load("a").errors
    assert np.isnan(errors["L1"])
    assert errors["L2"] == np.inf


OWN = '''"""A case of a user's own."""
import numpy as np
import wgflow as wg

def problem(stiffness: float = 1.0, half: float = {half}) -> object:
    return wg.Problem(wg.Box(wg.Axis(-half, half, stretch=lambda s: half * (2 * s - 1) ** 3)),
                      wg.Confinement(stiffness), initial=lambda x: np.exp(-x**2))
'''


def test_a_case_of_ones_own(caplog: pytest.LogCaptureFixture) -> None:
    Path("own").mkdir()
    # the name of a shipped case, which must not be taken for it
    Path("own/transport.py").write_text(OWN.format(half=2.0))
    words = ["run", "own/transport.py", "--cells", "24", "--until", "0.01", "--out", "a"]
    assert main([*words, "--set", "stiffness=3"]) == 0
    found = wg.load("a")
    assert found.case == "transport"
    assert found.record["case_file"] == str(Path("own/transport.py").resolve())
    assert found.problem is not None
    assert found.problem.domain == found.grid.box  # with its own stretching
    assert getattr(found.problem.energy, "strength", None) == 3.0
    record = json.loads(Path("a/summary.json").read_text())
    fails = OWN.format(half=2.0).replace("wg.Problem(", "wg.Riddle(")
    logger = logging.getLogger("wgflow.stored")
    logger.addHandler(caplog.handler)  # the command line has taken those of the root away
    for name, text, why in [
        ("moved.py", None, "no case file"),
        ("wider.py", OWN.format(half=2.5), "was on"),
        ("bent.py", OWN.format(half=2.0).replace("** 3", "** 5"), "was on"),
        ("other.py", "def problem(a: int = 1): ...", "unknown parameter"),
        ("fails.py", fails, "AttributeError"),
    ]:
        if text is not None:
            Path(name).write_text(text)
        # the other parameter, which has a default, is left to the file
        record["parameters"] = {"stiffness": 3.0}
        record["case_file"] = str(Path(name).resolve())
        Path("a/summary.json").write_text(json.dumps(record))
        caplog.clear()
        assert wg.load("a").problem is None
        assert why in caplog.text
    logger.removeHandler(caplog.handler)


def test_a_word_in_the_data_is_no_path_to_code(caplog: pytest.LogCaptureFixture) -> None:
    saved = dataclasses.replace(flowing(wg.Box((-2, 2)), 9), case="evil.py")
    Path("evil.py").write_text("open('executed', 'w')")
    assert wg.load(saved.save("a")).problem is None
    assert not Path("executed").exists()


def test_a_script_gives_its_problem() -> None:
    saved = flowing(wg.Box((-2, 2)), 9)
    saved.save("a")
    found = wg.load("a", problem=saved.problem)
    assert found.problem is saved.problem
    other = flowing(wg.Box((-2, 3)), 9).problem
    refuses(lambda: wg.load("a", problem=other), "Axis(-2.0, 3.0)", "the problem is on")
    unknown = wg.load("a")
    refuses(lambda: unknown.exact_density(0.0), "this solution", "problem=")
    refuses(lambda: unknown.predict(np.zeros(1)), "this solution", "problem=")


def _no_summary() -> None:
    Path("a/summary.json").unlink()


def _cut() -> None:
    raw = Path("a/solution.h5").read_bytes()
    Path("a/solution.h5").write_bytes(raw[: len(raw) // 2])


def _bad_json() -> None:
    Path("a/summary.json").write_text('{"case": ')


def _no_density() -> None:
    with h5py.File("a/solution.h5", "a") as file:
        del file["density"]


def _earlier() -> None:
    with h5py.File("a/solution.h5", "a") as file:
        del file["grid"]


def _earlier_summary() -> None:
    record = json.loads(Path("a/summary.json").read_text())
    del record["facts"]
    Path("a/summary.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("harm", "value", "remedy"),
    [
        (_no_summary, "holds no summary.json", "--restart"),
        (_cut, "a cannot be read", "run again"),
        (_bad_json, "a cannot be read", "run again"),
        (_no_density, "density", "run again"),
        (_earlier, "does not describe its grid", "run again"),
        (_earlier_summary, "earlier wgflow (", "run again"),
        (lambda: Path("a/solution.h5").unlink(), "solution.h5", "run again"),
    ],
)
def test_what_cannot_be_loaded(harm: Callable[[], None], value: str, remedy: str) -> None:
    flowing(wg.Box((-2, 2)), 9).save("a")
    harm()
    refuses(lambda: wg.load("a"), value, remedy)


def test_no_folder() -> None:
    refuses(lambda: wg.load("none"), "no folder none", "--out")
    Path("file").write_text("")
    refuses(lambda: wg.load("file"), "file is a file", "give the folder")


RANKS = """
import sys
import numpy as np
import wgflow as wg
from tests.test_stored import flowing, quilt
from wgflow.io import results

results._drawing = lambda *_: lambda: None
axes = [wg.Axis(-2, 2, stretch=wg.Clustered(-2, 2, 0.3, 0.5)), wg.Axis(-3, 3, periodic=True)]
runs = {"grid": flowing(wg.Box(*axes), (14, 12)), "mesh": flowing(wg.Region(2, "quilt"), quilt())}
for name, saved in runs.items():
    found = wg.load(saved.save(name, single=name == "mesh"))
    assert found.grid.comm.size == 2 and found.grid.shape == saved.grid.shape
    assert 0 < found.grid.size < np.prod(found.grid.cells)
    assert np.array_equal(found.density, saved.density)
    assert np.array_equal(found.grid.volumes, saved.grid.volumes)
    whole = wg.load(f"{name}-one")
    assert np.allclose(whole.gathered().density, saved.gathered().density, rtol=0, atol=1e-10)
    assert found.grid.integrate(found.density) == saved.grid.integrate(saved.density)
    assert "<table" in found._repr_html_() and "Solution(" in repr(found)
network = wg.load("network")
assert network.problem is not None and network.grid.comm.size == 2
assert np.allclose(network.grid.integrate(network.density), 1, atol=1e-12)
for name, said in [("none", "no folder"), ("broken", "run again")]:
    try:
        wg.load(name)
    except wg.InputError as error:
        assert said in str(error)
        continue
    raise AssertionError(name)
if saved.grid.comm.is_root:
    print("done")
"""


@needs_mpi
def test_on_ranks() -> None:
    axes = [wg.Axis(-2, 2, stretch=wg.Clustered(-2, 2, 0.3, 0.5)), wg.Axis(-3, 3, periodic=True)]
    flowing(wg.Box(*axes), (14, 12)).save("grid-one")
    flowing(wg.Region(2, "quilt"), quilt()).save("mesh-one")
    words = ["run", "cosine_neuron", "--cells", "32", "--until", "0.2", "--out", "network"]
    assert main(words) == 0
    flowing(wg.Box((-2, 2)), 9).save("broken")
    Path("broken/solution.h5").write_text("no HDF5")
    Path("program.py").write_text(RANKS)
    assert "done" in succeeds(2, ["program.py"])
    for name in ("grid", "mesh"):  # one rank reads what two have written
        found, one = wg.load(name), wg.load(f"{name}-one")
        np.testing.assert_allclose(found.density, one.density, rtol=0, atol=1e-10)


# --- xarray ---


def test_a_dataset() -> None:
    pytest.importorskip("xarray")
    saved = flowing(wg.Box(AXES["radial"], AXES["clustered"]), (6, 5))
    found = saved.to_xarray()
    assert found.density.dims == ("time", "r", "y")
    assert np.array_equal(found.density, saved.densities)
    mass = (found.density.isel(time=-1) * found.volume).sum()
    assert float(mass) == pytest.approx(1.0, abs=1e-12)
    assert np.array_equal(found.y, saved.grid.centers[1])
    assert np.array_equal(found.y_lower, saved.grid.edges[1][:-1])
    assert np.array_equal(found.y_upper, saved.grid.edges[1][1:])
    assert np.array_equal(found.history_energy, saved.history["energy"])
    assert np.array_equal(found.history_time, saved.history["time"])
    assert found.attrs["steps"] == saved.facts["steps"]
    assert json.loads(found.attrs["cells"]) == [6, 5]
    pytest.importorskip("h5netcdf")
    found.to_netcdf("a.nc", engine="h5netcdf")  # the attributes are such as files can hold


def test_a_dataset_of_a_mesh_and_of_a_network() -> None:
    pytest.importorskip("xarray")
    saved = flowing(wg.Region(2, "quilt"), quilt())
    found = saved.to_xarray()
    assert found.density.dims == ("time", "cell")
    assert found.vertices.dims == ("cell", "corner", "component")
    assert float(found.volume.sum()) == pytest.approx(float(saved.grid.volumes.sum()))
    assert np.array_equal(found.x, saved.coordinates[0])
    words = ["run", "cosine_neuron", "--cells", "16", "--until", "0.1", "--out", "a"]
    assert main(words) == 0
    network = wg.load("a")
    assert np.array_equal(network.to_xarray().history_moments, network.moments)


@pytest.mark.parametrize("kind", ["grid", "mesh"])
def test_a_dataset_agrees_with_the_file(kind: str) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    grid = flowing(wg.Box((-2, 2), AXES["clustered"]), (6, 5))
    saved = grid if kind == "grid" else flowing(wg.Region(2, "quilt"), quilt())
    found = saved.to_xarray()
    saved.save("a")
    with xarray.open_dataset("a/solution.h5", engine="h5netcdf") as file:
        assert file.density.dims == found.density.dims
        for name in ("density", "time", "x", "y"):
            assert np.array_equal(file[name], found[name]), name
    with xarray.open_dataset("a/solution.h5", engine="h5netcdf", group="history") as history:
        assert np.array_equal(history.energy, found.history_energy)


def test_without_xarray(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = flowing(wg.Box((-2, 2)), 9)
    monkeypatch.setitem(sys.modules, "xarray", None)
    refuses(saved.to_xarray, "xarray is not installed", "pip install 'wgflow[xarray]'")


@pytest.mark.parametrize("axis", ["plain", "clustered"])
def test_cells_that_follow(axis: str) -> None:
    problem = wg.Problem(
        wg.Box(AXES[axis], (-2, 2)),
        wg.Confinement(1.0) + wg.Entropy(0.01),
        initial=lambda x, y: np.exp(-100 * ((x + 1) ** 2 + y**2)),
    )
    saved = wg.solve(problem, cells=(20, 16), until=0.5, snapshots=2, follow=True)
    found = wg.load(saved.save("a"), problem=problem)
    if axis == "plain":
        same(found, saved)
    assert found.cells == saved.cells == (20, 16)
    assert len(found.windows) == len(saved.times) > 1
    for here, there in zip(found.windows, saved.windows, strict=True):
        assert np.array_equal(here.density, there.density)
        for mine, its in zip(here.grid.edges, there.grid.edges, strict=True):
            assert np.array_equal(mine, its)
    assert found.problem is problem
    other = dataclasses.replace(problem, domain=wg.Box((0, 1), (-2, 2)))
    refuses(lambda: wg.load("a", problem=other), "Axis(0.0, 1.0", "the problem is on")


@pytest.mark.parametrize(
    ("directory", "words", "said", "kept"),
    [
        ("a", {}, "a holds the result of an earlier run", "a-2"),
        ("file", {}, "file is a file", "file-2"),
        ("file/b", {}, "file is a file", "b"),
        ("new", {"compression": "gzp"}, "compression 'gzp': use none", "new"),
        (None, {}, "folder None: give a path", "result"),
    ],
)
def test_what_may_not_be_saved_there_is_not_lost(
    directory: Any, words: dict[str, Any], said: str, kept: str
) -> None:
    saved = flowing(wg.Box((-2, 2)), 9)
    saved.save("a")
    Path("file").touch()
    with pytest.raises(wg.InputError, match=rf"{said}.*; this one is in {kept}$"):
        saved.save(directory, **words)
    same(wg.load(kept), saved)
