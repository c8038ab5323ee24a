"""What figures and films show: the data in their artists, not their pixels."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.colors import LogNorm
from matplotlib.quiver import Quiver
from PIL import Image

import wgflow as wg
from tests.helpers import refused, refuses
from tests.mpi import needs_mpi, succeeds
from wgflow.cli import main
from wgflow.io import load_neurons, save_neurons
from wgflow.plots import Neurons, animate, density_figure, history_figure
from wgflow.plots.curves import time_edges
from wgflow.plots.film import Film
from wgflow.plots.limits import Limits
from wgflow.plots.picture import Frame, Frames
from wgflow.plots.slices import cut
from wgflow.plots.style import capped
from wgflow.report.figures import solution_figures

RUN = ["run", "quadratic_attraction", "--set", "dimension=2", "--cells", "24", "--until", "0.1"]
PULL, HEAT, MEAN, VARIANCE, SCALE = 1.5, 0.4, 0.5, 0.3, 2.0


def gaussian(*x: wg.Array) -> wg.Array:
    square = sum((c - MEAN) ** 2 for c in x)
    return np.asarray(np.exp(-square / (2 * VARIANCE)))


def exact_velocity(x: wg.Array) -> wg.Array:
    """-s ∇ (k |x|²/2 + T log rho) of the Gaussian start."""
    return -SCALE * (PULL * x - HEAT * (x - MEAN) / VARIANCE)


def trapped(domain: wg.Box | wg.Region) -> wg.Problem:
    energy = wg.Confinement(PULL) + wg.Entropy(HEAT)
    return wg.Problem(domain, energy, gaussian, time_scale=SCALE)


def solved(dimension: int, cells: int, snapshots: Any = 2) -> wg.Solution:
    problem = trapped(wg.Box(*[(-3.0, 4.0)] * dimension))
    return wg.solve(problem, "muscl", cells=cells, until=0.2, snapshots=snapshots)


@pytest.fixture(scope="module")
def line() -> wg.Solution:
    return solved(1, 80, [0.01, 0.03, 0.15])


@pytest.fixture(scope="module")
def plane() -> wg.Solution:
    return solved(2, 60)


@pytest.fixture(scope="module")
def solid() -> wg.Solution:
    problem = trapped(wg.Box((-3, 4), (-3, 4.5), (-3.2, 5)))
    return wg.solve(problem, "muscl", cells=(14, 13, 12), until=0.2, snapshots=2)


def found(figure: Any, kind: type) -> list[Any]:
    return [artist for axes in figure.axes for artist in axes.findobj(kind)]


def triangles(n: int = 40) -> wg.Mesh:
    """Rows of equilateral triangles, with a hole."""
    side = 6.0 / n
    points = [
        (-2.5 + side * (i + (j % 2) / 2), -2.5 + side * j * np.sqrt(3) / 2)
        for j in range(n + 1)
        for i in range(n + 1)
    ]
    cells = []
    for j in range(n):
        for i in range(n):
            a, b = j * (n + 1) + i, j * (n + 1) + i + 1
            c, d = a + n + 1, b + n + 1
            cells += [(a, b, c), (b, d, c)] if j % 2 == 0 else [(a, b, d), (a, d, c)]
    places, numbers = np.array(points), np.array(cells)
    away = np.linalg.norm(places[numbers].mean(axis=1) - [-1.5, -1.5], axis=1)
    return wg.Mesh.from_simplices(places, numbers[away > 0.4])


# --- lines -----------------------------------------------------------------------------------


def test_stack_draws_the_snapshots_and_the_exact_density(line: wg.Solution) -> None:
    problem = replace(line.known_problem, exact=lambda t, x: 3 + t + 0 * x)
    figure: Any = density_figure(replace(line, problem=problem), "stack", [0.03, 0.2])
    curves = figure.axes[0].lines
    assert [c.get_label() for c in curves] == ["t = 0.03", "t = 0.2", "exact, t = 0.2"]
    np.testing.assert_array_equal(curves[0].get_ydata(), line.densities[2])
    np.testing.assert_array_equal(curves[1].get_ydata(), line.density)
    np.testing.assert_allclose(curves[2].get_ydata(), 3.2)
    assert figure.axes[0].get_xlabel() == "x"


def test_times_of_a_map_of_space_and_time_are_true(line: wg.Solution) -> None:
    figure: Any = density_figure(line, "spacetime")
    (mesh,) = [m for m in figure.axes[0].collections if isinstance(m, QuadMesh)]
    np.testing.assert_array_equal(mesh.get_array(), line.densities.T)
    edges = mesh.get_coordinates()[0, :, 0]
    np.testing.assert_allclose(edges, [0, 0.005, 0.02, 0.09, 0.175, 0.2], rtol=1e-12)
    marks = figure.axes[0].lines[0].get_xdata()
    np.testing.assert_array_equal(marks, line.times)


def test_crowded_times_are_logarithmic() -> None:
    solution = solved(1, 40, [1e-3, 1e-2, 0.1])
    figure: Any = density_figure(solution, "spacetime")
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    edges = axes.collections[0].get_coordinates()[0, :, 0]
    np.testing.assert_allclose(edges, time_edges(solution.times[1:], True), rtol=1e-12)
    assert edges[1] == pytest.approx(np.sqrt(1e-5), rel=1e-12)


def test_a_radius_says_of_which_space() -> None:
    box = wg.Box(wg.Axis(0, 5, radial=7, name="r"))
    problem = wg.Problem(box, wg.Entropy(0.1), lambda r: np.exp(-((r - 2) ** 2)))
    figure: Any = density_figure(wg.solve(problem, cells=30, until=0.01))
    assert figure.axes[0].get_xlabel() == "r (radius, d = 7)"


# --- planes ----------------------------------------------------------------------------------


def arrows_in(figure: Any, number: int = 0) -> tuple[wg.Array, wg.Array]:
    quiver = found(figure, Quiver)[number]
    parts = [np.ma.array(part, mask=quiver.Umask).filled(np.nan) for part in (quiver.U, quiver.V)]
    return np.asarray(quiver.XY), np.column_stack(parts)


def test_arrows_are_the_velocity(plane: wg.Solution) -> None:
    figure: Any = density_figure(plane, "map", [0.0, 0.2])
    points, moving = arrows_in(figure)
    kept = np.isfinite(moving[:, 0])
    assert kept.sum() > 60
    expected = np.column_stack([exact_velocity(points[:, 0]), exact_velocity(points[:, 1])])
    np.testing.assert_allclose(moving[kept], expected[kept], atol=0.02)
    # the longest has its share of the panel
    quiver = found(figure, Quiver)[0]
    longest = np.nanmax(np.hypot(*moving.T)) / quiver.scale
    low, high = figure.axes[0].get_xlim()
    assert longest == pytest.approx(0.075 * (high - low), rel=0.05)


def test_arrows_on_a_mesh_are_the_velocity() -> None:
    mesh = triangles()
    solution = wg.solve(trapped(wg.Region(2)), cells=mesh, until=0.01, dt=0.01)
    figure: Any = density_figure(solution, "map", [0.0])
    points, moving = arrows_in(figure)
    kept = np.isfinite(moving[:, 0])
    expected = np.column_stack([exact_velocity(points[:, 0]), exact_velocity(points[:, 1])])
    assert kept.sum() > 60
    np.testing.assert_allclose(moving[kept], expected[kept], atol=1e-6)
    cells = figure.axes[0].findobj(PolyCollection)[0]
    np.testing.assert_array_equal(cells.get_array(), solution.densities[0])
    assert len(cells.get_paths()) == mesh.cells[0]


def test_no_mass_moves_along_a_fixed_axis() -> None:
    box = wg.Box((-3, 4), wg.Axis(-3, 4, fixed=True))
    solution = wg.solve(trapped(box), cells=20, until=0.01)
    _, moving = arrows_in(density_figure(solution, "map", [0.0]))
    kept = np.isfinite(moving[:, 0])
    assert np.abs(moving[kept, 0]).max() > 0.5
    assert np.all(moving[kept, 1] == 0)


def test_arrows_where_cells_followed_are_the_velocity() -> None:
    problem = trapped(wg.Box((-20, 21), (-20, 21)))
    solution = wg.solve(problem, "muscl", cells=60, until=0.01, follow=True)
    points, moving = arrows_in(density_figure(solution, "map", [0.0]))
    kept = np.isfinite(moving[:, 0])
    assert kept.sum() > 60
    expected = np.column_stack([exact_velocity(points[:, 0]), exact_velocity(points[:, 1])])
    np.testing.assert_allclose(moving[kept], expected[kept], atol=0.15)


def test_rounding_at_rest_is_no_arrow() -> None:
    flat = wg.Problem(wg.Box((0, 1), (0, 1)), wg.Entropy(1.0), lambda x, y: 1 + 0.5 * x)
    solution = wg.solve(flat, cells=8, until=20.0, snapshots=1)
    figure: Any = density_figure(solution, "map", [0.0, 20.0])
    titles = [axes.get_title() for axes in figure.axes[:2]]
    assert len(figure.axes[0].findobj(Quiver)) == 1, titles
    assert "speed ≤" in titles[1]
    assert figure.axes[1].findobj(Quiver) == []


def test_without_a_problem_there_are_no_arrows(
    plane: wg.Solution, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = replace(plane, problem=None)
    with caplog.at_level(logging.WARNING):
        figure = density_figure(unknown)
    assert found(figure, Quiver) == []
    assert "no arrows" in caplog.text
    caplog.clear()
    assert found(density_figure(unknown, arrows=False), Quiver) == []
    assert caplog.text == ""


def test_maps_show_the_densities_on_one_scale(plane: wg.Solution) -> None:
    figure: Any = density_figure(plane, "map", arrows=False)
    panels = [a for a in figure.axes if a.get_title().startswith("t = ")]
    assert [a.get_title() for a in panels] == ["t = 0", "t = 0.1", "t = 0.2"]
    maps = [a.collections[0] for a in panels]
    for drawn, density in zip(maps, plane.densities, strict=True):
        np.testing.assert_array_equal(drawn.get_array(), density.T)
        assert drawn.norm.vmax == plane.densities.max()
    logarithmic: Any = density_figure(plane, "map", [0.2], log=True, arrows=False)
    drawn = logarithmic.axes[0].collections[0]
    assert isinstance(drawn.norm, LogNorm)
    assert drawn.get_array().min() >= drawn.norm.vmin > 0


def test_a_collapse_leaves_the_scale() -> None:
    assert capped([1, 1.5, 2, 3]) == 3
    assert capped([1, 1, 1, 100]) == 2.5
    grid = wg.Grid(wg.Box((0, 1)), 4)
    frames = [Frame(k, np.full(4, peak)) for k, peak in enumerate((1.0, 1.0, 100.0))]
    limits = Limits(grid, grid, frames)
    assert limits.cut()
    assert limits.norm().vmax == 2.5


def test_bounds_hold_the_mass_of_all_times() -> None:
    grid = wg.Grid(wg.Box((0, 10)), 10)
    moved = [np.where(np.arange(10) == k, 1.0 + k, 1e-5) for k in (5, 2, 3)]
    limits = Limits(grid, grid, [Frame(0.0, density) for density in moved])
    assert limits.bounds(0) == pytest.approx((1.8, 6.2))
    assert Limits(grid, grid, [Frame(0.0, moved[0])], log=True).bounds(0) == (0, 10)


def test_several_panels_share_the_memory_of_one(
    plane: wg.Solution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wgflow.plots.picture.LARGEST_PICTURE", 3600)
    assert Frames(plane).shown.shape == (60, 60)
    coarse = Frames(plane, together=4)
    assert coarse.shown.shape == (30, 30)
    frame = coarse.frame(0)
    assert frame is not None
    blocks = plane.densities[0].reshape(30, 2, 30, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(frame.density, blocks, rtol=1e-13)


# --- marginals, slices, history --------------------------------------------------------------


def test_marginals_of_axes_and_pairs(solid: wg.Solution) -> None:
    figure: Any = density_figure(solid)
    panels = np.array(figure.axes).reshape(3, 3)
    masses = solid.density * solid.grid.volumes
    widths = solid.grid.widths
    for axis, others in enumerate([(1, 2), (0, 2), (0, 1)]):
        curve = panels[axis, axis].lines[-1].get_ydata()
        np.testing.assert_allclose(curve, masses.sum(axis=others) / widths[axis], rtol=1e-12)
    for (first, second), other in {(0, 1): 2, (0, 2): 1, (1, 2): 0}.items():
        area = np.outer(widths[first], widths[second])
        drawn = panels[second, first].collections[0].get_array()
        np.testing.assert_allclose(drawn, (masses.sum(axis=other) / area).T, rtol=1e-12)
        assert not panels[first, second].get_visible()


@pytest.mark.parametrize("simplices", [True, False])
def test_slices_fill_the_cross_section(simplices: bool) -> None:
    if simplices:
        corners = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
        paths = [(0, a, a | b, 7) for a in (1, 2, 4) for b in (1, 2, 4) if a != b]
        mesh = wg.Mesh.from_simplices(corners, np.array(paths), largest_angle=89)
    else:
        fipy = pytest.importorskip("fipy")
        mesh = wg.Mesh.from_fipy(fipy.Grid3D(nx=3, ny=2, nz=4, dx=1 / 3, dy=1 / 2, dz=1 / 4))
    for normal in range(3):
        polygons, cells = cut(mesh, normal, 0.3)
        area = 0.0
        for x, y in (p.T for p in polygons):
            area += abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
        assert area == pytest.approx(1.0, rel=1e-12)
        assert len(cells) == len(polygons)


def test_a_solid_is_sliced() -> None:
    fipy = pytest.importorskip("fipy")
    mesh = wg.Mesh.from_fipy(fipy.Grid3D(nx=6, ny=6, nz=6))
    problem = wg.Problem(wg.Region(3), wg.Entropy(1.0), lambda x, y, z: 1 + x)
    solution = wg.solve(problem, cells=mesh, until=0.1, dt=0.1)
    figure: Any = density_figure(solution)
    counts = [len(c.get_paths()) for a in figure.axes for c in a.findobj(PolyCollection)]
    assert counts[:3] == [36, 36, 36]
    words = "Slices of the density over x, y, z through its mean at t = 0.1."
    assert words in solution_figures(solution)[0]


def test_history_shows_its_columns(line: wg.Solution) -> None:
    figure: Any = history_figure(line)
    drawn = {axes.get_ylabel(): axes.lines[0].get_ydata() for axes in figure.axes}
    history = line.history
    np.testing.assert_array_equal(drawn["free energy"], history["energy"])
    np.testing.assert_array_equal(drawn["dissipation -dF/dt"], history["dissipation"])
    np.testing.assert_array_equal(drawn["change of the mass"], history["mass"] - history["mass"][0])
    np.testing.assert_array_equal(drawn["time step"], history["dt"][1:])


def test_what_stays_the_same_has_a_scale_of_its_own_size() -> None:
    """Fixed steps differ by rounding, which is no scale; a scheme without iterations has none."""
    solution = wg.solve(
        trapped(wg.Box((-3, 4))), "scharfetter_gummel", cells=40, until=0.7, dt=0.07
    )
    figure: Any = history_figure(solution)
    scales = {axes.get_ylabel(): axes.get_ylim() for axes in figure.axes}
    assert scales["time step"] == pytest.approx((0, 0.14))
    assert not solution.history["iterations"].any()
    assert "iterations per step" not in scales


# --- neurons ---------------------------------------------------------------------------------


def test_neurons_lie_over_the_density(plane: wg.Solution, tmp_path: Path) -> None:
    states = np.random.default_rng(0).normal(MEAN, 0.3, (3, 2, 2, 40))
    save_neurons(tmp_path, plane, states)
    neurons = load_neurons(tmp_path, plane)
    assert neurons is not None
    np.testing.assert_array_equal(neurons.coordinates, states.astype("f4"))
    figure: Any = density_figure(plane, "map", [0.1], arrows=False, neurons=neurons)
    (dots,) = [a for a in figure.axes[0].lines if a.get_label() == "neurons"]
    expected = np.concatenate(list(states[1].astype("f4")), axis=1)
    np.testing.assert_array_equal(np.stack(dots.get_data()), expected)
    assert neurons.at(0.05, plane.grid) is None


def test_neurons_of_another_density_are_not_drawn(
    plane: wg.Solution, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert load_neurons(tmp_path, plane) is None
    save_neurons(tmp_path, plane, np.zeros((3, 1, 2, 5)))
    history = {**plane.history, "energy": plane.history["energy"] * (1 + 1e-15)}
    assert load_neurons(tmp_path, replace(plane, history=history)) is None
    assert "earlier result" in caplog.text
    (tmp_path / "particles.h5").write_bytes(b"torn")
    refuses(lambda: load_neurons(tmp_path, plane), "particles.h5", "remove it")


def test_the_file_of_the_neurons_is_small(
    plane: wg.Solution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = np.random.default_rng(0).random((3, 4, 2, 10))
    for bytes_, kept in ((3 * 2 * 10 * 4 * 2, 2), (1, 1)):
        monkeypatch.setattr("wgflow.io.neurons.LARGEST", bytes_)
        save_neurons(tmp_path, plane, states)
        neurons = load_neurons(tmp_path, plane)
        assert neurons is not None
        assert neurons.coordinates.shape == (3, kept, 2, 10)


def test_bars_are_the_histogram_and_angles_are_wrapped() -> None:
    box = wg.Box(wg.Axis(-np.pi, np.pi, periodic=True))
    problem = wg.Problem(box, wg.Entropy(0.1), lambda x: 1.5 + np.cos(x))
    solution = wg.solve(problem, cells=20, until=0.1, snapshots=0)
    states = np.array([0.1, 0.1 + 4 * np.pi, -2.0])[None, None, None]
    neurons = Neurons(np.array([0.1]), states)
    figure: Any = density_figure(solution, neurons=neurons)
    bars = [(b.get_x(), b.get_width(), b.get_height()) for b in figure.axes[0].patches]
    full = {round(h * w * 3): (x, x + w) for x, w, h in bars if h > 0}
    assert set(full) == {1, 2}
    assert full[2][0] <= 0.1 <= full[2][1]
    assert full[1][0] <= -2.0 <= full[1][1]


def test_neurons_beside_the_density_are_in_the_frame() -> None:
    problem = trapped(wg.Box((-3.0, 40.0)))
    solution = wg.solve(problem, cells=200, until=0.05, snapshots=0)
    ends = []
    for place in (MEAN, 4.0, 30.0):
        states = np.full((1, 1, 1, 9), place)
        neurons = Neurons(np.array([0.05]), states)
        ends.append(density_figure(solution, neurons=neurons).axes[0].get_xlim()[1])
    assert ends[0] < 4.0 <= ends[1] < 6.0
    assert ends[2] < 12.0  # the density is still seen


# --- films -----------------------------------------------------------------------------------


def test_a_film_has_a_frame_a_snapshot_on_the_same_scales(
    plane: wg.Solution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    taken: Callable[[Film, Frame], None] = Film._taken

    def watched(film: Film, frame: Frame) -> None:
        taken(film, frame)
        axes = film.panels[0][0]
        drawn = axes.collections[0]
        quiver = axes.findobj(Quiver)[0]
        scales = (*axes.get_xlim(), *axes.get_ylim(), *drawn.get_clim(), quiver.scale)
        place = axes.get_position().bounds
        dot = film._dot.get_data()
        seen.append(((scales, place), drawn.get_array(), dot, film.figure.get_suptitle()))

    monkeypatch.setattr(Film, "_taken", watched)
    assert animate(plane, tmp_path / "a.gif", fps=20) == 3
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]
        assert image.info["duration"] == 50
    assert len({scales for scales, _, _, _ in seen}) == 1
    for index, (_, values, dot, title) in enumerate(seen):
        np.testing.assert_array_equal(values, plane.densities[index].T)
        time = plane.times[index]
        assert dot == ([time], [plane.at(time, "energy")])
        assert title.endswith(f"t = {time:.4g}")
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]
    assert (tmp_path / "a.gif").stat().st_size / 3 < 5e6 / 30


def test_films_of_lines_and_solids(tmp_path: Path) -> None:
    for solution in (solved(1, 40, 1), solved(3, 8, 1)):
        count = animate(solution, tmp_path / "a.gif", log=True)
        with Image.open(tmp_path / "a.gif") as image:
            assert image.n_frames == count == len(solution.times)  # type: ignore[attr-defined]


def test_a_film_that_fails_leaves_the_earlier_one(
    plane: wg.Solution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.gif").write_text("earlier")

    def fails(writer: Any) -> None:
        Path(writer.outfile).write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.animation.PillowWriter.finish", fails)
    with pytest.raises(OSError, match="No space"):
        animate(plane, tmp_path / "a.gif")
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a.gif": "earlier"}


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the program ffmpeg")
def test_a_film_by_ffmpeg(plane: wg.Solution, tmp_path: Path) -> None:
    animate(plane, tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp"


def test_bad_input_is_refused(plane: wg.Solution, monkeypatch: pytest.MonkeyPatch) -> None:
    refuses(lambda: density_figure(plane, "mapp"), "'mapp'", "nearest first: map")
    refuses(lambda: density_figure(plane, "stack"), "'stack'", "use one of map, marginals")
    refuses(lambda: density_figure(plane, "map", [0.3]), "time 0.3", "from 0 to 0.2")
    refuses(lambda: density_figure(plane, "map", [float("nan")]), "time nan", "from 0 to 0.2")
    refuses(lambda: density_figure(plane, "map", []), "no time", "give one")
    refuses(lambda: density_figure(plane, "history", [0.1]), "'history'", "omit the times")
    refuses(lambda: animate(plane, "a.avi"), "'a.avi'", ".gif")
    refuses(lambda: animate(plane, "a.gif", 0), "0 frames", "give a number > 0")
    refuses(lambda: animate(plane, "a.gif", 51), "51 frames", "at most 50")
    one = replace(plane, times=plane.times[:1], densities=plane.densities[:1])
    refuses(lambda: animate(one, "a.gif"), "one snapshot", "--frames")
    monkeypatch.setattr("matplotlib.animation.FFMpegWriter.isAvailable", lambda: False)
    refuses(lambda: animate(plane, "a.mp4"), "no program ffmpeg", "end the name in .gif")


# --- the commands ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pictures") / "r"
    assert main([*RUN, "--frames", "3", "--out", str(out)]) == 0
    return out


def test_frames_are_evenly_spaced(result: Path) -> None:
    np.testing.assert_allclose(wg.load(result).times, np.linspace(0, 0.1, 3), rtol=1e-12)


def test_plot_and_animate(result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r"
    shutil.copytree(result, out)
    assert main(["plot", str(out)]) == 0
    assert main(["plot", str(out), "--kind", "history", "--log"]) == 0
    vector = tmp_path / "few.svg"
    assert main(["plot", str(out), "--time", "0.05,0.06", "--out", str(vector)]) == 0
    assert "t = 0.06: the nearest is drawn, t = 0.05" in capsys.readouterr().err
    assert {"map.png", "history.png"} <= {p.name for p in out.iterdir()}
    assert vector.read_text().startswith("<?xml")
    assert main(["animate", str(out), "--fps", "5"]) == 0
    said = capsys.readouterr().out
    assert "3 frames" in said
    assert "--frames 60" in said
    with Image.open(out / "film.gif") as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kind", "histroy"], "did you mean: wgflow plot"),
        (["--time", "1"], "from 0 to 0.1"),
        (["--time", "soon"], "give numbers"),
        (["--out", "a.pgn"], "use one of .png"),
        (["--out", "none/a.png"], "there is no folder none"),
    ],
)
def test_plot_refuses(
    result: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = said.replace("use one of .png", "end its name in one of .png")
    assert said in refused(["plot", str(result), *words], capsys)


def test_a_folder_without_a_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("plot", "animate"):
        assert "summary.json" in refused([command, str(tmp_path)], capsys)
    words = [*RUN, "--out", str(tmp_path / "r"), "--frames"]
    assert "give a whole number >= 2" in refused([*words, "1"], capsys)
    assert "give one of the two" in refused([*words, "3", "--snapshots", "0.1"], capsys)


def test_compare_leaves_its_neurons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "c"
    words = ["--cells", "40", "--until", "0.2", "--particles", "30", "--step", "0.02"]
    assert main(["compare", "cosine_neuron", *words, "--seeds", "2", "--out", str(out)]) == 0
    solution = wg.load(out)
    neurons = load_neurons(out, solution)
    assert neurons is not None
    np.testing.assert_array_equal(neurons.times, solution.times)
    assert neurons.coordinates.shape == (len(solution.times), 2, 1, 30)
    assert main(["plot", str(out)]) == 0


@needs_mpi
def test_ranks_draw_what_one_does(result: Path, tmp_path: Path) -> None:
    def words(ranks: int) -> list[list[str]]:
        files = {"plot": tmp_path / f"{ranks}.png", "animate": tmp_path / f"{ranks}.gif"}
        return [[command, str(result), "--out", str(out)] for command, out in files.items()]

    assert [main(each) for each in words(1)] == [0, 0]
    code = f"from wgflow.cli import main; assert [main(w) for w in {words(2)!r}] == [0, 0]"
    succeeds(2, ["-c", code])
    for suffix in ("png", "gif"):
        with (
            Image.open(tmp_path / f"1.{suffix}") as one,
            Image.open(tmp_path / f"2.{suffix}") as two,
        ):
            pair = [np.asarray(image.convert("RGB"), float) for image in (one, two)]
        assert np.abs(pair[0] - pair[1]).mean() < 0.01
