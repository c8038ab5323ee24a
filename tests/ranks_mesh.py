"""What tests/test_mesh_ranks.py runs on several ranks: a divided mesh against the whole one.

The root prints one JSON object a line: the case and what was measured.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

import wgflow as wg
from tests.test_mesh import SQUARE, equilateral, kuhn, right_triangles
from wgflow._typing import Array
from wgflow.algebra import linear_system
from wgflow.mesh.geometry import of_simplices
from wgflow.parallel import SERIAL, world
from wgflow.parallel.division import bisected, graph_owners

COMM = world()
MAKERS = {"equilateral": equilateral, "right": right_triangles, "kuhn": kuhn}


def say(case: str, **measured: Any) -> None:
    """Print a line on the root."""
    if COMM.is_root:
        print(json.dumps({"case": case, **measured}))


def both(name: str, n: int) -> tuple[wg.Mesh, wg.Mesh]:
    """Give the mesh of one rank and that of all."""
    points, cells = MAKERS[name](n)
    return wg.Mesh.from_simplices(points, cells, comm=SERIAL), wg.Mesh.from_simplices(points, cells)


def nonlocal_diffusion() -> wg.Problem:
    """Everything a mesh can have: a potential, an interaction, an entropy and a power law."""
    energy = (
        wg.Confinement(0.5)
        + wg.FeatureInteraction(lambda x, y: (np.tanh(x), np.tanh(x + y)), [1.0, 0.5])
        + wg.Entropy(0.2)
        + wg.PowerLaw(0.5, 2.0)
    )

    def initial(x: Array, y: Array) -> Array:
        return np.exp(-((x - 1) ** 2) - 2 * (y + 0.5) ** 2)

    return wg.Problem(wg.Region(2), energy, initial, until=0.2)


def transport() -> wg.Problem:
    energy = wg.Confinement(1.0) + wg.Entropy(0.5)
    return wg.Problem(wg.Region(2), energy, lambda x, y: np.exp(-((x - 1) ** 2) - y**2), until=0.5)


def heat() -> wg.Problem:
    energy = wg.Potential(lambda x, y, z: x + 0.3 * y * z) + wg.Entropy(0.1)
    return wg.Problem(wg.Region(3), energy, lambda x, y, z: 1 + 0.5 * np.cos(3 * x) * y, until=0.3)


def run(case: str, problem: wg.Problem, meshes: tuple[Any, Any], solver: str, **given: Any) -> None:
    """Solve on the whole and on the divided cells, and tell how far apart they end."""
    whole, mesh = meshes
    once = wg.solve(problem, solver, cells=whole, snapshots=[], **given)
    again = wg.solve(problem, solver, cells=mesh, snapshots=[], **given)
    density = mesh.gather(again.density)
    energies = [s.history["energy"][-1] for s in (once, again)]
    say(
        f"{case} {solver}",
        gap=whole.integrate(np.abs(density - once.density)),
        moved=whole.integrate(np.abs(density - mesh.gather(again.densities[0]))),
        mass=again.facts["mass_max_error"],
        minimum=again.facts["minimum"],
        energy=abs(energies[1] - energies[0]),
        steps=[once.facts["steps"], again.facts["steps"]],
    )


def solvers() -> None:
    plane = both("equilateral", 16)
    implicit = "scharfetter_gummel"
    for case, problem in (("everything", nonlocal_diffusion()), ("transport", transport())):
        run(case, problem, plane, "upwind")
        run(case, problem, plane, implicit, dt=0.05)
        run(f"{case}, euler,", problem, plane, implicit, dt=0.05, options={"time": "euler"})
    run("repaired", transport(), both("right", 10), implicit, dt=0.05)
    solid = both("kuhn", 4)
    run("solid", heat(), solid, "upwind", until=2e-4)
    run("solid", heat(), solid, implicit, dt=0.1)
    run("solid, euler,", heat(), solid, implicit, dt=0.1, options={"time": "euler"})


def parts() -> None:
    """Cells, faces and what is computed from them."""
    rng = np.random.default_rng(3)
    for name, n in (("equilateral", 9), ("kuhn", 3)):
        whole, mesh = both(name, n)
        values, flux = rng.normal(size=whole.size), rng.normal(size=len(whole.distances))
        own = mesh.own(values)
        assert mesh.part is not None
        numbers = np.concatenate(COMM.everyone(mesh.numbers))
        sizes = COMM.everyone(mesh.size)
        divergence = mesh.face_divergence(flux[mesh.part.faces])
        differences = mesh.gather_faces(mesh.difference(own))
        stacks = mesh.gather(np.stack([own, 2 * own]))
        say(
            f"parts of {name}",
            permutation=bool(np.array_equal(np.sort(numbers), np.arange(whole.size))),
            spread=max(sizes) - min(sizes),
            gathered=bool(np.array_equal(mesh.gather(own), values)),
            stacked=bool(np.array_equal(stacks, np.stack([values, 2 * values]))),
            differences=bool(np.array_equal(differences, whole.difference(values))),
            divergences=bool(np.array_equal(mesh.gather(divergence), whole.face_divergence(flux))),
            integral=abs(mesh.integrate(own) - whole.integrate(values)),
            extremes=[mesh.minimum(own) - values.min(), mesh.maximum(own) - values.max()],
            whole=bool(np.array_equal(mesh.whole.volumes, whole.volumes)),
            spacing=mesh.spacing - whole.spacing,
            words=[repr(whole), repr(mesh.whole)],
        )


def systems() -> None:
    """Short steps, long steps, residuals."""
    rng = np.random.default_rng(4)
    for name, n in (("equilateral", 40), ("right", 20), ("kuhn", 6)):
        whole, mesh = both(name, n)
        given = {"density": rng.random(whole.size), "residual": rng.normal(size=whole.size)}
        slope = sum(c**2 for c in whole.coordinates) / 2
        for dt in (1e-3, 1e-1, 10.0):
            solved = {}
            for cells in (whole, mesh):
                across = cells.difference(cells.own(slope))
                pair = wg.ScharfetterGummel().coefficients(across, 0.4)
                system = linear_system(cells, [pair], dt)
                solved[cells] = [cells.gather(system.solve(cells.own(g))) for g in given.values()]
            for i, (kind, g) in enumerate(given.items()):
                one, other = solved[whole][i], solved[mesh][i]
                size = whole.integrate(np.abs(g))
                say(
                    f"system {name} {kind} {dt}",
                    gap=whole.integrate(np.abs(one - other)) / size,
                    mass=abs(whole.integrate(other) - whole.integrate(g)) / size,
                    minimum=float(other.min()),
                )


def fipy() -> None:
    """FiPy's solver, on each rank by itself."""
    from fipy import serialComm
    from fipy.meshes.uniformGrid2D import UniformGrid2D

    box = wg.Box((-4, 4), wg.Axis(-np.pi, np.pi, periodic=True))
    energy = wg.Potential(lambda x, y: x**2 / 2 + np.cos(y)) + wg.Entropy(0.5)
    problem = wg.Problem(box, energy, lambda x, y: np.exp(-((x - 1) ** 2)) + 0 * y, until=0.2)
    grids = wg.Grid(box, (12, 15), comm=SERIAL), wg.Grid(box, (12, 15))
    ends = []
    for grid in grids:
        solver = wg.catalog.load("solvers", "fipy").stepper(problem, grid, dt=0.05)
        ends.append(wg.solve(problem, solver, snapshots=[]))
    density = grids[1].gather(ends[1].density)
    gap = grids[0].integrate(np.abs(density - ends[0].density))
    mass, steps = ends[1].facts["mass_max_error"], ends[1].facts["steps"]
    moved = grids[0].integrate(np.abs(ends[0].density - ends[0].densities[0]))
    say("grid fipy", gap=gap, mass=mass, moved=moved, steps=steps)
    source = UniformGrid2D(nx=9, ny=7, origin=((-4.0,), (-4.0,)), communicator=serialComm)
    meshes = (
        wg.Mesh.from_fipy(source, centres="centroid", comm=SERIAL),
        wg.Mesh.from_fipy(source, centres="centroid"),
    )
    run("everything", nonlocal_diffusion(), meshes, "fipy", dt=0.1, until=0.1)
    beside = str(Path(sys.executable).parent)
    os.environ["PATH"] = beside + os.pathsep + os.environ["PATH"]
    if shutil.which("gmsh") is not None:
        from fipy import Gmsh2D

        disk = Gmsh2D(SQUARE % {"h": 1.0}, communicator=serialComm)
        meshes = wg.Mesh.from_fipy(disk, comm=SERIAL), wg.Mesh.from_fipy(disk)
        run("gmsh", transport(), meshes, "scharfetter_gummel", dt=0.1)


def refusals() -> None:
    """What all ranks refuse alike."""
    points, cells = equilateral(4)
    lines = []
    attempts: list[Any] = [
        lambda: wg.Mesh.from_simplices(points * (1 + COMM.rank), cells),
        lambda: wg.Mesh.from_simplices(points, cells[:1]),
    ]
    if len(sys.argv) > 2:
        import fipy

        attempts.append(lambda: wg.Mesh.from_fipy(fipy.Grid2D(nx=8, ny=8)))
    for attempt in attempts:
        try:
            attempt()
        except wg.InputError as error:
            lines.append(str(error))
    say("refusals", lines=lines, alike=len(set(map(tuple, COMM.everyone(lines)))) == 1)


def graph() -> None:
    """PETSc's partitioning of the graph of cells, by a type that every build has."""
    points, cells = equilateral(8)
    geometry = of_simplices(points, cells)
    owners = graph_owners(COMM, len(cells), geometry.left, geometry.right, "average")
    sizes = np.bincount(owners, minlength=COMM.size)
    alike = len({o.tobytes() for o in COMM.everyone(owners)}) == 1
    cut = np.count_nonzero(owners[geometry.left] != owners[geometry.right])
    bisection = bisected(geometry.centroids, COMM.size)
    ours = np.count_nonzero(bisection[geometry.left] != bisection[geometry.right])
    say("graph", sizes=sizes.tolist(), cells=len(cells), alike=alike, cuts=[int(ours), int(cut)])


def files() -> None:
    """Write a run to the folder that is named."""
    mesh = wg.Mesh.from_simplices(*equilateral(12))
    solution = wg.solve(transport(), "scharfetter_gummel", cells=mesh, dt=0.1, snapshots=3)
    say("files", folder=str(solution.save(Path(sys.argv[2]))))


if __name__ == "__main__":
    {f.__name__: f for f in (solvers, parts, systems, fipy, files, refusals, graph)}[sys.argv[1]]()
