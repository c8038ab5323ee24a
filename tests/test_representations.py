"""How objects are shown, on a line and in a notebook."""

from __future__ import annotations

import base64
import dataclasses
import re
import subprocess
import sys
from html.parser import HTMLParser

import matplotlib.image
import numpy as np
import pytest

import wgflow as wg
import wgflow.plots.solution
from wgflow.mesh import Region

BOX = wg.Box(
    wg.Axis(-6, 6, stretch=wg.Clustered(-6, 6, 0, 1)),
    wg.Axis(0, 1, periodic=True, name="<phase>"),
    wg.Axis(0, 2, radial=40, name="r"),
)
VOID = {"br", "img"}


class Reader(HTMLParser):
    """Collects the text of a page whose elements are all closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.texts: list[str] = []
        self.images: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "img":
            self.images.append(dict(attrs)["src"] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    # no colours of its own, for light pages and dark ones
    assert set(re.findall(r"(?<![-\w])(?:color|background):([^;\"]+)", html)) <= {"inherit", "none"}
    assert set(reader.names) <= {"div", "b", "table", "tr", "td", *VOID}
    return reader


def problem(**more: object) -> wg.Problem:
    made = wg.Problem(
        wg.Box((-5, 5)), wg.Confinement(1.0) + wg.Entropy(0.5), lambda x: np.exp(-((x - 1) ** 2))
    )
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def solution() -> wg.Solution:
    return wg.solve(problem(), cells=40, until=0.1, snapshots=2)


def test_an_axis_is_what_is_typed() -> None:
    for axis in (
        wg.Axis(-6.0, 6.5),
        wg.Axis(0, 2, radial=40, name="r"),
        wg.Axis(0, 0.1 + 0.2, periodic=True),
        wg.Axis(-1, 1, stretch=wg.Clustered(-1, 1, 0.0, 0.5), wall=True),
    ):
        again = eval(repr(axis), {"Axis": wg.Axis, "Clustered": wg.Clustered})
        assert again == axis
    assert repr(wg.Axis(-6.0, 6.5)) == "Axis(-6.0, 6.5)"


def test_a_grid() -> None:
    assert repr(wg.Grid(wg.Box((-6, 6), (0, 2.5)), (128, 64))) == (
        "Grid(x: 128 cells on [-6, 6], y: 64 cells on [0, 2.5])"
    )
    grid = wg.Grid(BOX, (40, 10, 12))
    assert repr(grid) == (
        "Grid(x: 40 cells on [-6, 6] (unequal), <phase>: 10 cells on [0, 1] (periodic), "
        "r: 12 cells on [0, 2] (radial, d = 40))"
    )
    texts = read(grid._repr_html_()).texts
    assert "Grid of 4,800 cells" in texts
    assert "<phase>" in texts
    assert "10 cells on [0, 1] (periodic), width 0.1" in texts
    widths = grid.widths[0]
    assert any(t.endswith(f"width {widths.min():.6g} to {widths.max():.6g}") for t in texts)


def test_a_box() -> None:
    texts = read(BOX._repr_html_()).texts
    assert texts == [
        *("Box of 3 axes", "x", "[-6, 6]", "<phase>", "[0, 1], periodic"),
        *("r", "[0, 2], radial, d = 40"),
    ]


def test_a_mesh() -> None:
    corners = np.array([[0, 0], [1, 0], [0.5, 0.8], [1.5, 0.8]])
    mesh = wg.Mesh.from_simplices(corners, np.array([[0, 1, 2], [1, 3, 2]]), Region(2, "a<b"))
    assert repr(mesh).startswith("Mesh(2 cells in 2 dimensions of a<b, circumcentres")
    texts = read(mesh._repr_html_()).texts
    assert "Mesh of 2 cells in 2 dimensions of a<b" in texts
    assert texts[texts.index("x") + 1] == "[0, 1.5]"
    assert texts[texts.index("volume") + 1] == "0.8"
    assert texts[texts.index("faces") + 1] == "1 between cells"


def test_a_problem() -> None:
    known = problem(reference={"risk": lambda t: t}, time_scale=lambda t: 2.0, blows_up=True)
    texts = read(known._repr_html_()).texts
    found = dict(zip(texts[1::2], texts[2::2], strict=True))
    assert found["domain"] == "x in [-5, 5]"
    assert found["energy"] == "Confinement(strength=1) + Entropy(temperature=0.5)"
    assert found["equation"] == f"${known.equation}$"
    assert found["free energy"] == f"${known.free_energy}$"
    assert found["time scale"] == "s(t)"
    assert found["exact"] == "risk"
    assert found["blows up"] == "it may"
    plain = read(problem()._repr_html_()).texts
    assert "exact" not in plain


def test_a_solution_on_two_lines(solution: wg.Solution) -> None:
    lines = repr(dataclasses.replace(solution, case="wells")).splitlines()
    assert len(lines) == 2
    assert "wells by scharfetter_gummel, 40 cells, 3 snapshots on [0, 0.1]" in lines[0]
    assert f"{solution.facts['steps']} steps, finished: mass 1 (" in lines[1]
    assert f"-> {solution.history['energy'][-1]:.6g}" in lines[1]


def test_a_solution_in_a_notebook(solution: wg.Solution) -> None:
    told = dataclasses.replace(
        solution,
        case="<script>alert(1)</script>",
        warnings=("first & last", "second"),
        parameters={"k": "<b>"},
        record={"equation": r"\partial_t \rho < 1", "errors": {"L1": 0.5}},
        problem=None,
    )
    page = read(told._repr_html_())
    assert "<script>alert(1)</script> by scharfetter_gummel" in page.texts
    assert r"$\partial_t \rho < 1$" in page.texts
    assert "k = <b>" in page.texts
    assert {"first & last", "second", "L1 0.5", "finished"} <= set(page.texts)
    (source,) = page.images
    head, _, data = source.partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data).startswith(b"\x89PNG")


def test_the_figure_is_that_of_the_solution(solution: wg.Solution) -> None:
    def image(shown: wg.Solution) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        import io

        (source,) = read(shown._repr_html_()).images
        return matplotlib.image.imread(io.BytesIO(base64.b64decode(source.partition(",")[2])))

    drawn = image(solution)
    assert drawn.shape[1] > 700
    other = dataclasses.replace(solution, densities=np.flip(solution.densities, axis=1))
    assert not np.array_equal(drawn, image(other))


def test_a_table_stands_without_its_figure(
    solution: wg.Solution, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no fonts")

    monkeypatch.setattr(wgflow.plots.solution, "draw_picture", broken)
    page = read(solution._repr_html_())
    assert page.images == []
    assert "finished" in page.texts
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert read(solution._repr_html_()).images == []


def test_a_failed_run_is_shown_too(solution: wg.Solution) -> None:
    densities = np.full_like(solution.densities, np.nan)
    history = {k: np.full(len(v), np.nan) for k, v in solution.history.items()}
    ruined = dataclasses.replace(
        solution,
        densities=densities,
        history=history,
        status="diverged",
        record={"error": "rho is not finite"},
    )
    assert "diverged" in repr(ruined)
    assert "diverged: rho is not finite" in read(ruined._repr_html_()).texts


def test_a_line_loads_no_matplotlib() -> None:
    code = (
        "import sys, numpy as np, wgflow as wg\n"
        "p = wg.Problem(wg.Box((-3, 3)), wg.Confinement(1.0), lambda x: np.exp(-x**2))\n"
        "repr(wg.solve(p, 'upwind', cells=9, until=0.01)), p._repr_html_()\n"
        "assert 'matplotlib' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
