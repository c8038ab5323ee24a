"""The table of what each solver takes: all of them are tried on small problems in a build."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import numpy as np
from docutils import nodes
from gallery_pages import table
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import wgflow as wg
from wgflow import catalog

STEP = 0.01
CELLS = (20, 8, 6, 5)  # along each axis, by dimension


def _bump(*x: Any) -> Any:
    return np.exp(-2 * sum((each - 0.3) ** 2 for each in x))


def _held(*terms: Any, axis: Any = (-3, 3), dimension: int = 1) -> wg.Problem:
    """Give a problem with a confinement and some more."""
    energy = wg.Confinement(1.0)
    for term in terms:
        energy = energy + term
    return wg.Problem(wg.Box(*[axis] * dimension), energy, _bump)


def _on_triangles() -> tuple[wg.Problem, wg.Mesh]:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.9], [1.5, 0.9], [2.0, 0.0]])
    mesh = wg.Mesh.from_simplices(points, np.array([[0, 1, 2], [1, 3, 2], [1, 4, 3]]))
    tilt = wg.Potential(lambda x, y: -x)
    return wg.Problem(wg.Region(2), tilt + wg.Entropy(1.0), lambda x, y: 1 + 0 * x), mesh


def _log(z: Any) -> Any:
    return -np.log(np.abs(z))


STRETCHED = wg.Axis(-3, 3, stretch=wg.Clustered(-3, 3, around=0.0, scale=1.0))
CIRCLE = wg.Axis(-3, 3, periodic=True)
NOISE = wg.Entropy(0.5)
TRIED: dict[str, tuple[wg.Problem, Any]] = {
    "no diffusion": (_held(), None),
    "entropy": (_held(NOISE), None),
    "m > 1": (_held(wg.PowerLaw(1.0, 2.0)), None),
    "m < 1": (_held(wg.PowerLaw(1.0, 0.5)), None),
    "log kernel": (_held(wg.Interaction(_log, singular=True), NOISE), None),
    "2-D": (_held(NOISE, dimension=2), None),
    "3-D": (_held(NOISE, dimension=3), None),
    "4-D": (_held(NOISE, dimension=4), None),
    "periodic": (wg.Problem(wg.Box(CIRCLE), wg.Potential(np.cos) + NOISE, _bump), None),
    "radial": (_held(NOISE, axis=wg.Axis(0, 4, radial=3)), None),
    "stretched": (_held(NOISE, axis=STRETCHED), None),
    "mesh": _on_triangles(),
}


def takes(solver: str, problem: wg.Problem, mesh: wg.Mesh | None) -> bool:
    """Whether a solver makes a step of a problem; False if it refuses it."""
    domain = problem.domain
    cells = mesh if mesh is not None else CELLS[domain.dimension - 1]
    for dt in (None, STEP):  # some need a step to be given
        with contextlib.suppress(wg.InputError):
            wg.solve(problem, solver, cells=cells, until=STEP, dt=dt, snapshots=0)
            return True
    return False


def rows() -> list[tuple[str, ...]]:
    """Try every solver on every problem; a mark where it is taken."""
    logger = logging.getLogger("wgflow")
    level = logger.level
    logger.setLevel(logging.ERROR)  # the problems are too small for their domains
    found = []
    try:
        for name in catalog.names("solvers"):
            order = catalog.load("solvers", name).ORDER
            marks = ["✓" if takes(name, *each) else "–" for each in TRIED.values()]
            link = f"[{name}](/gallery/solvers/{name}.md)"
            found.append((link, f"{order['space']}, {order['time']}", *marks))
    finally:
        logger.setLevel(level)
    return found


class Choices(SphinxDirective):
    """What each solver takes, found by trying."""

    def run(self) -> list[nodes.Node]:
        """Show the table."""
        for name in catalog.names("solvers"):
            self.env.note_dependency(str(catalog.find("solvers", name)))
        text = table(("solver", "order", *TRIED), rows())
        found = self.parse_text_to_nodes(text)
        found[-1]["classes"].append("numbers")
        return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("solver-table", Choices)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
