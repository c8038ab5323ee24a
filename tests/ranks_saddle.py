"""What tests/test_saddle_ranks.py runs on several ranks: saddle-point systems against factors.

The root prints one JSON object a line: the case and what was measured.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

import numpy as np

import wgflow as wg
from tests.test_mesh import equilateral, kuhn
from wgflow._typing import Array
from wgflow.algebra.petsc import saddle, saddle_blocks, saddle_multigrid
from wgflow.algebra.saddle import saddle_system
from wgflow.algebra.saddle.direct import DirectSaddle as Reference
from wgflow.errors import SolverError
from wgflow.parallel import SERIAL, world

COMM = world()
Cells = Any  # Grid or Mesh


def say(case: str, **measured: Any) -> None:
    """Print a line on the root."""
    if COMM.is_root:
        print(json.dumps({"case": case, **measured}))


def arguments(cells: Cells, density: Array, phi: Array, compliance: Array, factor: float) -> Any:
    """Give what a step of the upwind scheme has the system made of."""
    coefficients, mobility = [], []
    for axis in range(len(cells.shape)):
        fall = -cells.difference(phi, axis)
        low, high = cells.beside(density, axis)
        coefficients.append((np.maximum(fall, 0.0), np.maximum(-fall, 0.0)))
        mobility.append(np.where(fall > 0, low, high))
    return cells, coefficients, mobility, compliance, factor


def compared(
    case: str, whole: Cells, cells: Cells, fields: dict[str, Array], factor: float
) -> dict[str, Any]:
    """Solve on all cells by factors and on those of the ranks; tell how far apart they are."""
    own = _own(cells)
    density, phi, compliance = (fields[n] for n in ("density", "phi", "compliance"))
    wanted = Reference(*arguments(whole, density, phi, compliance, factor)).solve(
        fields["first"], fields["second"]
    )
    system = saddle_system(*arguments(cells, own(density), own(phi), own(compliance), factor))
    found = [cells.gather(f) for f in system.solve(own(fields["first"]), own(fields["second"]))]
    change, potential = wanted
    size = np.abs(potential).max()
    here = compliance > 0
    gap = np.abs(found[0] - change)[here] / compliance[here]
    mass = whole.integrate(found[0] - fields["first"])
    return {
        "case": case,
        "potential": float(np.abs(found[1] - potential).max() / size),
        "gap": float(gap.max() / size),
        "density": whole.integrate(np.abs(found[0] - change)) / whole.integrate(np.abs(change)),
        "mass": abs(mass) / whole.integrate(np.abs(fields["first"]) + np.abs(found[0])),
        "iterations": COMM.everyone(system.iterations),
    }


def _own(cells: Cells) -> Callable[[Array], Array]:
    if isinstance(cells, wg.Mesh):
        return cells.own
    return lambda values: np.ascontiguousarray(values[cells.partition.block(COMM.rank)])


def random_fields(whole: Cells, decades: float, empty: bool) -> dict[str, Array]:
    """Densities that fall by so many decades, rough ones, and a potential with many extrema."""
    random = np.random.default_rng(5)
    x = [(c - c.mean()) / (np.ptp(c) / 2) for c in whole.coordinates]
    radius = np.asarray(sum(c**2 for c in x)) / len(x)
    density = 10 ** (-decades * radius) * random.uniform(0.5, 1.5, whole.shape)
    if empty:
        density = np.where(radius > 0.6, 0.0, density)
    waves = np.asarray(sum(np.cos((3 + i) * c + i) for i, c in enumerate(x)))
    return {
        "density": density,
        "phi": radius + 0.3 * waves,
        "compliance": density * random.uniform(0.5, 2.0, whole.shape),
        "first": density * random.normal(size=whole.shape),
        "second": random.normal(size=whole.shape),
    }


def grids() -> Iterator[tuple[str, Cells, Cells]]:
    loop, wall = wg.Axis(-np.pi, np.pi, periodic=True), (-2, 2)
    edges = [np.sinh(np.linspace(-2, 2, 25)) / np.sinh(2.0) * 2, None]
    boxes = {
        "line": (wg.Box(wall), (40,), None),
        "loop": (wg.Box(loop), (32,), None),
        "plane": (wg.Box(wall, (-1, 1)), (48, 40), None),
        "periodic": (wg.Box(loop, wall), (30, 36), None),
        "torus": (wg.Box(loop, loop), (24, 24), None),
        "stretched": (wg.Box(wall, wall), (24, 32), edges),
        "solid": (wg.Box(wall, loop, wall), (10, 12, 9), None),
        "four": (wg.Box(wall, wall, wall, loop), (6, 6, 6, 4), None),
    }
    for name, (box, cells, given) in boxes.items():
        yield name, wg.Grid(box, cells, given, comm=SERIAL), wg.Grid(box, cells, given)
    for name, points in (("triangles", equilateral(20)), ("kuhn", kuhn(5))):
        alone = wg.Mesh.from_simplices(*points, comm=SERIAL)
        yield name, alone, wg.Mesh.from_simplices(*points)


def against_factors() -> None:
    for name, whole, cells in grids():
        for decades, empty in ((2.0, False), (60.0, False), (20.0, True)):
            case = f"{name} {decades:g}{' empty' if empty else ''}"
            say(**compared(case, whole, cells, random_fields(whole, decades, empty), 0.05))


def gaussian(whole: Cells, width: float, slope: float, temperature: float) -> dict[str, Array]:
    random = np.random.default_rng(1)
    square = np.asarray(sum(c**2 for c in whole.coordinates))
    density = np.exp(-square / 2 / width**2) / (2 * np.pi * width**2)
    return {
        "density": density,
        "phi": slope * square / 2,
        "compliance": density / temperature,
        "first": density * random.normal(size=whole.shape),
        "second": (1 + square) * random.normal(size=whole.shape),
    }


def plane(n: int) -> tuple[wg.Grid, wg.Grid]:
    box = wg.Box((-6, 6), (-6, 6))
    return wg.Grid(box, (n, n), comm=SERIAL), wg.Grid(box, (n, n))


def iterations() -> None:
    """Finer cells; tails of 1e-250; long steps with little diffusion."""
    sides = (64, 128, 256) if COMM.size < 3 else (64, 128)  # the factors of 256² take their time
    cases = [(f"gaussian {n}", n, 1.0, 1.0, 1.0, 0.05) for n in sides]
    cases += [("tails", 128, 0.25, 1.0, 1.0, 0.05), ("fast", 96, 1.0, 20.0, 0.1, 0.05)]
    cases += [("long", 96, 1.0, 1.0, 1.0, 5.0)]
    for case, n, width, slope, temperature, factor in cases:
        whole, grid = plane(n)
        say(**compared(case, whole, grid, gaussian(whole, width, slope, temperature), factor))


def again() -> None:
    """Systems of one grid in turn, of which one has been solved before; and nothing kept."""
    whole, grid = plane(24)
    own = _own(grid)
    systems, given = [], []
    for width in (1.0, 0.5):
        f = {name: own(v) for name, v in gaussian(whole, width, 1.0, 1.0).items()}
        args = arguments(grid, f["density"], f["phi"], f["compliance"], 0.05)
        systems.append(saddle_system(*args))
        given.append((f["first"], f["second"]))
    solved = [systems[i].solve(*given[i])[1] for i in (0, 1, 0)]
    same = np.array_equal(solved[0], solved[2])
    nothing = np.abs(systems[0].solve(0 * given[0][0], 0 * given[0][1])[1]).max()
    kept = ref(grid)
    systems.clear()
    del grid, own, args
    gc.collect()
    gone = all(COMM.everyone(kept() is None))
    say("again", same=all(COMM.everyone(bool(same))), nothing=COMM.maximum(nothing), gone=gone)


def failures() -> None:
    """What is not solved: gathered where it is small, else refused by all ranks alike."""
    before = saddle_multigrid.MAXIMUM_ITERATIONS, saddle.GATHERED_CELLS
    saddle_multigrid.MAXIMUM_ITERATIONS = 1
    whole, grid = plane(32)
    fields = gaussian(whole, 1.0, 4.0, 1.0)
    say(**compared("gathered", whole, grid, fields, 0.05))
    saddle.GATHERED_CELLS = (0,) * 4
    attempts = {"steep": fields, "nan": dict(fields), "given": dict(fields)}
    attempts["nan"]["compliance"] = np.where(fields["phi"] < 1, np.nan, fields["compliance"])
    attempts["given"]["first"] = np.where(fields["phi"] < 1, np.inf, fields["first"])
    for name, values in attempts.items():
        message = "nothing was raised"
        own = {n: _own(grid)(v) for n, v in values.items()}
        try:
            args = arguments(grid, own["density"], own["phi"], own["compliance"], 0.05)
            saddle_system(*args).solve(own["first"], own["second"])
        except SolverError as error:
            message = str(error)
        say(name, message=message, alike=len(set(COMM.everyone(message))) == 1)
    saddle_multigrid.MAXIMUM_ITERATIONS, saddle.GATHERED_CELLS = before


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("error", RuntimeWarning)
    saddle_blocks.GATHERED = 100  # cells: that there are divided levels
    against_factors()
    iterations()
    again()
    failures()
