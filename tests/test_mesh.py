"""Unstructured meshes: geometry, quality, and the schemes on them."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wgflow as wg
from wgflow._typing import Array, IntArray
from wgflow.mesh.geometry import circumcentres, of_simplices
from wgflow.networks import Features
from wgflow.steppers.upwind_stage import UpwindStage

SQUARE = """
Point(1) = {-5,-5,0,%(h)g}; Point(2) = {5,-5,0,%(h)g};
Point(3) = {5,5,0,%(h)g}; Point(4) = {-5,5,0,%(h)g};
Line(6) = {1,2}; Line(7) = {2,3}; Line(8) = {3,4}; Line(9) = {4,1};
Line Loop(10) = {6,7,8,9}; Plane Surface(11) = {10};
"""


def exact(t: float, x: Array, y: Array) -> Array:
    variance = 0.5 - 0.25 * np.exp(-2 * t)
    square = (x - np.exp(-t)) ** 2 + (y - 0.5 * np.exp(-t)) ** 2
    return np.exp(-square / (2 * variance)) / (2 * np.pi * variance)


def ornstein_uhlenbeck(domain: wg.Box | wg.Region | None = None, until: float = 0.5) -> wg.Problem:
    return wg.Problem(
        domain=domain or wg.Region(2),
        energy=wg.Confinement(1.0) + wg.Entropy(0.5),
        initial=lambda x, y: exact(0.0, x, y),
        exact=exact,
        until=until,
    )


def equilateral(n: int, half: float = 5.0) -> tuple[Array, IntArray]:
    """Rows of equilateral triangles over about [-half, half]²."""
    side = 2 * half / n
    height = side * np.sqrt(3) / 2
    rows = round(2 * half / height)
    points = [
        (-half + side * (i + (j % 2) / 2), -half + j * height)
        for j in range(rows + 1)
        for i in range(n + 1)
    ]
    cells = []
    for j in range(rows):
        for i in range(n):
            a, b = j * (n + 1) + i, j * (n + 1) + i + 1
            c, d = a + n + 1, b + n + 1
            cells += [(a, b, c), (b, d, c)] if j % 2 == 0 else [(a, b, d), (a, d, c)]
    return np.array(points), np.array(cells)


def right_triangles(n: int, half: float = 5.0) -> tuple[Array, IntArray]:
    line = np.linspace(-half, half, n + 1)
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    a = (np.arange(n)[:, None] * (n + 1) + np.arange(n)).ravel()
    lower = np.stack([a, a + 1, a + n + 2], axis=1)
    return points, np.concatenate([lower, np.stack([a, a + n + 2, a + n + 1], axis=1)])


def kuhn(n: int) -> tuple[Array, IntArray]:
    """Six tetrahedra a cube of the unit cube."""
    line = np.linspace(0, 1, n + 1)
    points = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    strides = np.array([(n + 1) ** 2, n + 1, 1])
    corner = np.add.outer(
        np.add.outer(np.arange(n) * strides[0], np.arange(n) * strides[1]), np.arange(n)
    ).ravel()
    cells = []
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        path = np.cumsum([0, *strides[list(order)]])
        cells.append(corner[:, None] + path)
    return points, np.concatenate(cells)


@pytest.fixture(scope="module")
def gmsh() -> object:
    """Give FiPy with Gmsh's program on the path, or skip."""
    fipy = pytest.importorskip("fipy")
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = beside + os.pathsep + os.environ["PATH"]
    if shutil.which("gmsh") is None:
        pytest.skip("needs the program gmsh: pip install gmsh")
    return fipy


# --- geometry -------------------------------------------------------------------------------


def test_volumes_faces_and_circumcentres() -> None:
    points, cells = equilateral(8)
    geometry = of_simplices(points, cells)
    side = 10 / 8
    np.testing.assert_allclose(geometry.volumes, np.sqrt(3) / 4 * side**2, rtol=1e-12)
    np.testing.assert_allclose(geometry.areas, side, rtol=1e-12)
    # inner faces by Euler's formula: 3 cells = 2 inner + outer
    outer = 3 * len(cells) - 2 * len(geometry.left)
    assert outer == 2 * 8 + 2 * round(10 / (side * np.sqrt(3) / 2))
    rng = np.random.default_rng(1)
    for dimension in (2, 3):
        corners = rng.normal(size=(50, dimension + 1, dimension))
        centres = circumcentres(corners)
        assert centres is not None
        radii = np.linalg.norm(corners - centres[:, None], axis=2)
        np.testing.assert_allclose(radii, radii[:, :1] * np.ones(dimension + 1), rtol=1e-7)
    quadrangle = np.array([[[0, 0], [1, 0], [1.2, 1.3], [0, 1]]], dtype=float)
    assert circumcentres(quadrangle) is None
    np.testing.assert_allclose(
        circumcentres(np.array([[[0.0, 0], [2, 0], [2, 1], [0, 1]]])), [[1, 0.5]]
    )


def test_quality_says_how_bad_a_mesh_is(caplog: pytest.LogCaptureFixture) -> None:
    good = wg.Mesh.from_simplices(*equilateral(8)).quality
    assert good.usable
    assert good.largest_angle < 1e-4
    assert (good.outside, good.coincident, good.slight, good.reversed) == (0, 0, 0, 0)
    right = wg.Mesh.from_simplices(*right_triangles(8))
    assert (right.quality.centres, right.quality.coincident) == ("circumcentre", 64)
    points, cells = right_triangles(8)
    with pytest.raises(wg.InputError, match=r"in wrong order [1-9]"):
        # sheared: triangles that are not Delaunay
        wg.Mesh.from_simplices(points @ np.array([[1, 0], [0.8, 1]]), cells, centres="circumcentre")
    assert not caplog.records
    skew = wg.Mesh.from_simplices(points @ np.array([[1, 0.2], [0, 1]]), cells, centres="centroid")
    assert 20 < skew.quality.largest_angle < 40
    assert "not orthogonal" in caplog.text
    with pytest.raises(wg.InputError, match="limit 10°"):
        wg.Mesh.from_simplices(points, cells, centres="centroid", largest_angle=10)


def test_bad_arrays_are_refused() -> None:
    points, cells = equilateral(3)
    for bad, words in [
        ((points, cells[:, :2]), "not simplices"),
        ((points[:, :1], cells), "give"),
        ((points, cells + 1), "there are"),
        ((points, np.array([[0, 1, 1]])), "no volume"),
        ((points, np.concatenate([cells, cells[:1], cells[:1]])), "more than two"),
    ]:
        with pytest.raises(wg.InputError, match=words):
            wg.Mesh.from_simplices(*bad)
    with pytest.raises(wg.InputError, match="centres 'middle'"):
        wg.Mesh.from_simplices(points, cells, centres="middle")  # type: ignore[arg-type]
    with pytest.raises(wg.InputError, match="cannot fill"):
        wg.Mesh.from_simplices(points, cells, wg.Region(3))
    with pytest.raises(wg.InputError, match="2 or 3"):
        wg.Region(1)


# --- schemes --------------------------------------------------------------------------------


def observed(meshes: list[wg.Mesh], flux: wg.ScharfetterGummel | wg.Upwind) -> list[float]:
    """L1 errors with a time step small enough for the error in space to dominate."""
    errors = []
    for mesh in meshes:
        problem = ornstein_uhlenbeck()
        space = wg.FiniteVolume(problem, mesh, flux)
        dt = 0.5 / (4 * round(10 / mesh.spacing))
        solution = wg.solve(problem, wg.SDIRK2(space, dt=dt), snapshots=[])
        assert solution.facts["minimum"] >= 0
        assert solution.facts["mass_max_error"] < 1e-12
        assert solution.facts["energy_max_increase"] <= 1e-12
        errors.append(solution.errors["L1"])
    return errors


def rates(errors: list[float], meshes: list[wg.Mesh]) -> Array:
    width = [mesh.spacing for mesh in meshes]
    return np.diff(np.log(errors)) / np.diff(np.log(width))


@pytest.mark.parametrize(
    ("flux", "order", "cap"), [(wg.ScharfetterGummel(), 2.0, 1.6e-3), (wg.Upwind(), 1.0, 0.08)]
)
@pytest.mark.parametrize("make", [equilateral, right_triangles])
def test_orders(flux: wg.ScharfetterGummel, order: float, cap: float, make: object) -> None:
    meshes = [wg.Mesh.from_simplices(*make(n)) for n in (16, 32, 64)]  # type: ignore[operator]
    errors = observed(meshes, flux)
    assert abs(rates(errors, meshes)[-1] - order) < 0.15
    assert errors[-1] < cap * (1 if make is equilateral else 3)


def test_order_two_on_gmsh_triangles(gmsh: object) -> None:
    for options, cap in (("", 1.6e-3), ("Mesh.Algorithm = 5; Mesh.Smoothing = 0;", 4e-3)):
        meshes = [
            wg.Mesh.from_fipy(gmsh.Gmsh2D(options + SQUARE % {"h": 10 / n}))  # type: ignore[attr-defined]
            for n in (16, 32, 64)
        ]
        assert all(m.quality.centres == "circumcentre" for m in meshes)
        assert all(m.quality.reversed == 0 for m in meshes)
        errors = observed(meshes, wg.ScharfetterGummel())
        assert abs(rates(errors, meshes).mean() - 2) < 0.3
        assert errors[-1] < cap


def test_order_in_three_dimensions(gmsh: object) -> None:
    def heat(t: float, *x: Array) -> Array:
        product = np.cos(np.pi * x[0]) * np.cos(np.pi * x[1]) * np.cos(np.pi * x[2])
        return 1 + 0.5 * product * np.exp(-0.3 * np.pi**2 * t)

    problem = wg.Problem(
        wg.Region(3, "cube"), wg.Entropy(0.1), lambda *x: heat(0, *x), exact=heat, until=0.3
    )
    cube = """Mesh.Optimize = 0;
        Point(1) = {0,0,0,%(h)g}; Point(2) = {1,0,0,%(h)g};
        Point(3) = {1,1,0,%(h)g}; Point(4) = {0,1,0,%(h)g};
        Line(6) = {1,2}; Line(7) = {2,3}; Line(8) = {3,4}; Line(9) = {4,1};
        Line Loop(10) = {6,7,8,9}; Plane Surface(11) = {10};
        Extrude {0,0,1} { Surface{11}; }
        """
    for make, cells, cap in (
        (lambda n: wg.Mesh.from_simplices(*kuhn(n), problem.domain), (3, 6, 12), 4e-4),
        (
            lambda n: wg.Mesh.from_fipy(gmsh.Gmsh3D(cube % {"h": 1 / n}), problem.domain),  # type: ignore[attr-defined]
            (3, 6, 12),
            6e-4,
        ),
    ):
        meshes = [make(n) for n in cells]
        errors = [
            wg.solve(problem, "scharfetter_gummel", cells=mesh, dt=0.1 / n, snapshots=[]).errors[
                "L1"
            ]
            for n, mesh in zip(cells, meshes, strict=True)
        ]
        overall = np.log(errors[0] / errors[-1]) / np.log(meshes[0].spacing / meshes[-1].spacing)
        assert 1.5 < overall < 2.5
        assert errors[-1] < cap


@pytest.mark.parametrize("make", [equilateral, right_triangles])
def test_stationary_state_does_not_move(make: object) -> None:
    mesh = wg.Mesh.from_simplices(*make(20))  # type: ignore[operator]
    problem = wg.Problem(
        wg.Region(2),
        wg.Potential(lambda x, y: np.sin(x) + 0.1 * x * y + 0.2 * y**2) + wg.Entropy(0.7),
        initial=lambda x, y: np.exp(-(np.sin(x) + 0.1 * x * y + 0.2 * y**2) / 0.7),
        until=1e4,
    )
    space = wg.FiniteVolume(problem, mesh, wg.ScharfetterGummel())
    start = space.initial_density()
    fastest = np.abs(space.rate(start, 0.0).values).max() / space.rate(start, 0.0).emptying
    assert fastest < 1e-13 * start.max()
    for dt in (1e-3, 1.0, 1e3):
        moved = wg.ImplicitEuler(space, dt=dt).step(start, 0.0, dt).density
        # conductances of repaired faces are 1e4 times larger, and so is rounding
        limit = 1e-12 if make is equilateral else 1e-11
        assert mesh.integrate(np.abs(moved - start)) < limit
    # another start ends there
    shifted = wg.solve(
        replace(problem, initial=lambda x, y: np.exp(-((x - 1) ** 2) - y**2)),
        "scharfetter_gummel",
        cells=mesh,
        dt=50.0,
        until=2000.0,
        snapshots=[],
    )
    assert mesh.integrate(np.abs(shifted.density - start)) < 1e-9


def network(dimension: int = 2) -> wg.Risk:
    """Three features of the plane, targets that pull."""

    def functions(x: Array, y: Array) -> Array:
        return np.stack([np.tanh(x), np.tanh(y), np.tanh(x + y)])

    def gradient(x: Array, y: Array) -> Array:
        a, b, c = (1 - np.tanh(z) ** 2 for z in (x, y, x + y))
        return np.stack([np.stack([a, 0 * b, c]), np.stack([0 * a, b, c])])

    return wg.Risk(Features(functions, gradient, np.array([3.0, 2, 1]), np.ones(3), 4.0))


@pytest.mark.parametrize("factor", [1, 10, 100, 1000])
def test_energy_mass_and_sign_with_an_interaction(factor: int) -> None:
    mesh = wg.Mesh.from_simplices(*equilateral(16))
    problem = wg.Problem(
        wg.Region(2),
        network() + wg.Confinement(0.3) + wg.Entropy(0.2),
        initial=lambda x, y: np.exp(-4 * ((x + 1) ** 2 + y**2)),
    )
    space = wg.FiniteVolume(problem, mesh, wg.ScharfetterGummel())
    bound = 1 / space.rate(space.initial_density(), 0.0).emptying
    solution = wg.solve(
        problem, wg.ImplicitEuler(space, dt=factor * bound), until=8 * factor * bound, snapshots=[]
    )
    assert solution.facts["energy_max_increase"] <= 1e-12
    assert solution.facts["mass_max_error"] <= 1e-12
    assert solution.facts["minimum"] >= 0
    assert "risk" in solution.history


def test_explicit_steps_and_their_bound() -> None:
    mesh = wg.Mesh.from_simplices(*equilateral(24))
    problem = ornstein_uhlenbeck(until=0.05)
    for flux in (wg.Upwind(), wg.ScharfetterGummel()):
        space = wg.FiniteVolume(problem, mesh, flux)
        solution = wg.solve(problem, wg.SSPRK2(space), snapshots=[])
        assert solution.facts["minimum"] >= 0
        assert solution.facts["mass_max_error"] < 1e-12
        assert solution.facts["energy_max_increase"] <= 1e-12
        fine = wg.solve(problem, wg.SDIRK2(space, dt=1e-3), snapshots=[])
        assert mesh.integrate(np.abs(solution.density - fine.density)) < 1e-3
        emptying = space.rate(space.initial_density(), 0.0).emptying
        with pytest.raises(wg.StabilityError):
            wg.solve(problem, wg.SSPRK2(space, dt=1.01 / emptying), snapshots=[])


# --- FiPy's meshes --------------------------------------------------------------------------


@pytest.mark.parametrize("interacting", [False, True])
def test_agrees_with_the_grid_on_its_own_cells(interacting: bool) -> None:
    fipy = pytest.importorskip("fipy")
    box = wg.Box((-5, 5), (-5, 5))
    on_box = ornstein_uhlenbeck(box, until=0.2)
    if interacting:
        on_box = replace(on_box, energy=network() + on_box.energy)
    on_mesh = replace(on_box, domain=wg.Region(2))
    n = 20
    grid = wg.Grid(box, n)
    mesh = wg.Mesh.from_fipy(fipy.Grid2D(nx=n, ny=n, dx=0.5, dy=0.5) + np.full((2, 1), -5.0))
    start = grid.average(lambda x, y: exact(0.0, x, y))
    for make in (
        lambda space: wg.ImplicitEuler(space, dt=0.05),
        lambda space: wg.SDIRK2(space, dt=0.05),
        lambda space: wg.SSPRK3(space, dt=0.01),
    ):
        for flux in (wg.ScharfetterGummel(), wg.Upwind()):
            a = wg.solve(
                on_box, make(wg.FiniteVolume(on_box, grid, flux)), density=start, snapshots=[]
            )
            b = wg.solve(
                on_mesh,
                make(wg.FiniteVolume(on_mesh, mesh, flux)),
                density=start.ravel(order="F"),  # FiPy's first axis runs fastest
                snapshots=[],
            )
            gap = grid.integrate(np.abs(a.density - b.density.reshape(n, n, order="F")))
            assert gap < (1e-10 if interacting else 1e-13)


def test_agrees_with_fipys_terms_on_triangles() -> None:
    fipy = pytest.importorskip("fipy")
    source = fipy.Tri2D(dx=0.5, dy=0.5, nx=20, ny=20) + np.full((2, 1), -5.0)
    mesh = wg.Mesh.from_fipy(source, centres="centroid")
    problem = ornstein_uhlenbeck(until=0.2)
    space = wg.FiniteVolume(problem, mesh, wg.ScharfetterGummel())
    ours = wg.solve(problem, wg.ImplicitEuler(space, dt=0.05), snapshots=[])
    theirs = wg.solve(problem, "fipy", cells=mesh, dt=0.05, snapshots=[])
    assert mesh.integrate(np.abs(ours.density - theirs.density)) < 1e-11
    with pytest.raises(wg.InputError, match="not made from a FiPy mesh"):
        wg.solve(problem, "fipy", cells=wg.Mesh.from_simplices(*equilateral(6)))


def test_fipy_meshes_that_do_not_fit_are_refused() -> None:
    fipy = pytest.importorskip("fipy")
    for source, words in [
        (fipy.Tri2D(nx=3, ny=3, dx=1.0, dy=3.0), "too far from orthogonal"),
        (fipy.PeriodicGrid2D(nx=5, ny=5), "periodic"),
        (fipy.Grid1D(nx=3), "dimension 1"),
    ]:
        with pytest.raises(wg.InputError, match=words):
            wg.Mesh.from_fipy(source)
    stretched = wg.Mesh.from_fipy(fipy.Grid2D(dx=[1.0, 2, 1], dy=[1.0, 3]))
    assert stretched.quality.largest_angle < 1e-6
    assert stretched.volumes.sum() == pytest.approx(16)


# --- the other nouns ------------------------------------------------------------------------


def test_what_needs_a_box_says_so() -> None:
    mesh = wg.Mesh.from_simplices(*equilateral(6))
    plain = ornstein_uhlenbeck()
    for problem, options, words in [
        (
            replace(plain, energy=wg.Interaction(lambda x, y: x**2 + y**2)),
            {"cells": mesh, "solver": "upwind"},
            "Risk with features",
        ),
        (plain, {"cells": mesh, "solver": "muscl"}, "needs lines of cells"),
        (plain, {"cells": 10}, "needs a mesh"),
        (plain, {}, "needs a mesh"),
        (ornstein_uhlenbeck(wg.Box((-5, 5), (-5, 5))), {"cells": mesh}, "not the problem's"),
        (replace(plain, domain=wg.Region(2, "disk")), {"cells": mesh}, "not the problem's"),
        (replace(plain, initial=lambda x, y: x), {"cells": mesh}, "negative"),
        (
            replace(plain, energy=wg.Potential(lambda x, y: np.log(x - x))),
            {"cells": mesh},
            "not finite in",
        ),
    ]:
        with pytest.raises(wg.InputError, match=words), np.errstate(all="ignore"):
            wg.solve(problem, **options)  # type: ignore[arg-type]


def test_results_are_saved(tmp_path: Path) -> None:
    import h5py

    mesh = wg.Mesh.from_simplices(*equilateral(10))
    solution = wg.solve(ornstein_uhlenbeck(), "scharfetter_gummel", cells=mesh, dt=0.1)
    assert set(solution.errors) == {"L1", "L2", "Linf", "W1", "W2"}
    assert solution.errors["W1"] <= solution.errors["W2"] < 0.2
    assert "Mesh" not in repr(solution)
    folder = solution.save(tmp_path / "out")
    with h5py.File(folder / "solution.h5") as file:
        assert file["density"].shape == (11, mesh.size)
        np.testing.assert_array_equal(file["x"], mesh.coordinates[0])
        assert file["vertices"].shape == (mesh.size, 3, 2)
        assert float(file["volume"][:].sum()) == pytest.approx(mesh.volumes.sum())
    assert (folder / "figure.png").stat().st_size > 5000


@pytest.mark.parametrize("solver", ["scharfetter_gummel", "upwind"])
def test_power_laws_agree_with_the_grid(solver: str) -> None:
    """A mesh of FiPy's rectangles is the grid, for nonlinear diffusion too."""
    fipy = pytest.importorskip("fipy")
    energy = wg.Potential(lambda x, y: -x) + wg.PowerLaw(1.0, 2.0)
    start = np.random.default_rng(0).uniform(0.5, 1.5, 64)
    mesh = wg.Mesh.from_fipy(fipy.Grid2D(nx=8, ny=8, dx=1 / 8, dy=1 / 8))
    # FiPy numbers the cells along x first, the grid along y
    box = wg.Problem(
        wg.Box(wg.Axis(0, 1, wall=True, name="x"), wg.Axis(0, 1, wall=True, name="y")),
        energy,
        start.reshape(8, 8).T,
    )
    region = wg.Problem(wg.Region(2), energy, start)
    dt = 0.01 if solver == "scharfetter_gummel" else 0.0005
    ours = wg.solve(region, solver, cells=mesh, until=0.05, dt=dt)
    grid = wg.solve(box, solver, cells=8, until=0.05, dt=dt)
    assert np.abs(ours.density.reshape(8, 8).T - grid.density).max() < 1e-12
    assert np.abs(grid.density - 1).max() > 0.1
    assert ours.facts["mass_max_error"] < 1e-14
    assert ours.facts["minimum"] > 0
    assert ours.facts["energy_max_increase"] < 0


def test_the_stage_of_upwind_fluxes_agrees_with_the_grid() -> None:
    """It takes the steps with a power law that would not lose energy otherwise."""
    fipy = pytest.importorskip("fipy")
    energy = wg.Potential(lambda x, y: x * y - x) + wg.PowerLaw(1.0, 2.0) + wg.Entropy(0.1)
    start = np.random.default_rng(0).uniform(0.5, 1.5, (6, 6))
    box = wg.Box(wg.Axis(0, 1, wall=True, name="x"), wg.Axis(0, 1, wall=True, name="y"))
    mesh = wg.Mesh.from_fipy(fipy.Grid2D(nx=6, ny=6, dx=1 / 6, dy=1 / 6))
    ends = []
    for domain, cells, density in (
        (box, wg.Grid(box, 6), start),
        (wg.Region(2), mesh, start.ravel(order="F")),
    ):
        space = wg.FiniteVolume(wg.Problem(domain, energy, density), cells, wg.ScharfetterGummel())
        ends.append(UpwindStage(space).solve(density, density, 0.1, 0.1).density)
    assert np.abs(ends[0] - ends[1].reshape(6, 6, order="F")).max() < 1e-11
    assert np.abs(ends[0] - start).max() > 0.1


def test_stabilized_steps_say_that_they_need_a_grid() -> None:
    fipy = pytest.importorskip("fipy")
    mesh = wg.Mesh.from_fipy(fipy.Grid2D(nx=4, ny=4, Lx=1.0, Ly=1.0))
    problem = wg.Problem(wg.Region(2), wg.Entropy(1.0), lambda x, y: 1 + 0 * x)
    with pytest.raises(wg.InputError, match="need lines of cells"):
        wg.solve(problem, "scharfetter_gummel_explicit", cells=mesh, until=0.1)
