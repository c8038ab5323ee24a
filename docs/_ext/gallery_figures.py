"""Figures of the gallery: runs of the cases and solvers themselves, kept until these change."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shlex
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".cache" / "gallery"
MEASURED = ROOT / "docs" / "measured" / "verify.json"
STUDIES = 8  # curves in the panel of a solver's convergence


@dataclass(frozen=True)
class Wanted:
    """A figure: of a case or a solver, by a command line.

    Attributes
    ----------
    kind : {"cases", "solvers"}
    name : str
    words : str
        What follows `wgflow`.
    """

    kind: str
    name: str
    words: str

    @property
    def digest(self) -> str:
        """Of all that the figure depends on, but not the whole package: its version."""
        from wgflow import __version__

        read = [ROOT / self.kind / f"{self.name}.py", *sorted((ROOT / "wgflow/plots").glob("*.py"))]
        read += [Path(__file__), MEASURED] if self.kind == "solvers" else [Path(__file__)]
        text = b"".join(path.read_bytes() for path in read if path.exists())
        return hashlib.blake2b(
            f"{self.words} {__version__}".encode() + text, digest_size=8
        ).hexdigest()

    def file(self, suffix: str = "") -> Path:
        """Name the file of the figure, or of its thumbnail, among those that are kept."""
        return KEPT / f"{self.kind}-{self.name}-{self.digest}{suffix}.png"


def draw_all(wanted: Sequence[Wanted]) -> dict[Wanted, str]:
    """Draw what is not yet there, on all cores.

    Returns
    -------
    dict
        Of figures that could not be drawn, why.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    missing = [each for each in wanted if not (each.file().exists() and each.file("-s").exists())]
    failures: dict[Wanted, str] = {}
    if missing:
        with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
            answers = zip(missing, pool.map(_try, missing), strict=True)
            failures = {each: failure for each, failure in answers if failure}
    kept = {path for each in wanted for path in (each.file(), each.file("-s"))}
    for old in KEPT.glob("*.png"):
        if old not in kept:
            old.unlink(missing_ok=True)
    return failures


def _try(wanted: Wanted) -> str:
    from wgflow.errors import WgflowError

    # a domain that is too small for few cells is no fault of the page
    logging.getLogger("wgflow").setLevel(logging.ERROR)
    try:
        (_draw_case if wanted.kind == "cases" else _draw_solver)(wanted)
    except (WgflowError, ImportError) as error:
        return f"wgflow {wanted.words}: {error}"
    return ""


def _solve(wanted: Wanted) -> Any:
    from wgflow import catalog
    from wgflow.cli import build_parser
    from wgflow.commands.inputs import solve_case

    given = build_parser().parse_args(shlex.split(wanted.words))
    given.typed = f"wgflow {wanted.words}"
    return solve_case(given, catalog.load("cases", given.case))


def _draw_case(wanted: Wanted) -> None:
    from wgflow.plots import solution_figure

    figure = solution_figure(_solve(wanted))
    assert figure is not None  # there is one rank
    figure.savefig(wanted.file(), dpi=140)
    _save_part(figure, figure.axes[0], wanted.file("-s"))


def _save_part(figure: Any, axes: Any, path: Path) -> None:
    """Save one panel, of three to two, as a thumbnail."""
    from matplotlib.transforms import Bbox

    box = axes.get_tightbbox().transformed(figure.dpi_scale_trans.inverted()).padded(0.08)
    width, height = max(box.width, 1.5 * box.height), max(box.height, box.width / 1.5)
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    whole = Bbox.from_bounds(x - width / 2, y - height / 2, width, height)
    figure.set_layout_engine("none")
    figure.suptitle("")
    for other in figure.axes:
        other.set_visible(other is axes)
    figure.savefig(path, dpi=90, bbox_inches=whole)


def _draw_solver(wanted: Wanted) -> None:
    from wgflow.plots import style

    figure = style.styled(_solver_panels)(_solve(wanted), wanted.name)
    figure.savefig(wanted.file(), dpi=140)
    _save_part(figure, figure.axes[1], wanted.file("-s"))


def _solver_panels(solution: Any, name: str) -> Any:
    from wgflow.plots import style

    figure = style.new_figure(10, 3.8)
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    _draw_densities(left, solution)
    _draw_orders(right, name)
    figure.suptitle(f"{name}: {solution.case}, {solution.grid.cells[0]} cells; measured orders")
    return figure


def _draw_densities(axes: Any, solution: Any) -> None:
    """Cells as they are, over the exact density."""
    import numpy as np

    from wgflow.plots import style

    grid, exact = solution.grid, solution.problem.exact
    x = np.linspace(*grid.edges[0][[0, -1]], 1000)
    shades = style.colours(len(solution.times))
    for colour, time, density in zip(shades, solution.times, solution.densities, strict=True):
        axes.stairs(density, grid.edges[0], color=colour, label=f"t = {time:.3g}", lw=1.3)
        axes.plot(x, exact(time, x), "k:", lw=1, label="exact" if time == 0 else None)
    axes.set_xlim(*style.visible(np.max(solution.densities, axis=0), grid.edges[0]))
    axes.set(xlabel=grid.box.names[0], ylabel="density")
    axes.legend(fontsize=7)


def measured(kind: str, name: str) -> list[dict[str, Any]]:
    """Read what `wgflow verify` measured of a case or a solver."""
    checks = json.loads(MEASURED.read_text(encoding="utf-8"))["checks"]
    return [each for each in checks if _concerns(each, kind, name)]


def _concerns(check: dict[str, Any], kind: str, name: str) -> bool:
    said = check["case"] if kind == "cases" else check["solver"].split()[0]
    return bool(said == name and check["table"] is not None)


def _draw_orders(axes: Any, name: str) -> None:
    from wgflow.plots import style

    studies = [
        each for each in measured("solvers", name) if each["table"]["refine"] == "both"
    ]  # of the others the cells stay
    chosen = studies[:: max(1, -(-len(studies) // STUDIES))]
    for colour, each in zip(style.colours(len(chosen)), chosen, strict=True):
        levels = each["table"]["levels"]
        cells = [max(level["cells"]) for level in levels]
        title = f"{each['case']} {each['variant']}".strip()
        axes.plot(
            cells, [level["error"] for level in levels], "o-", ms=3, color=colour,
            label=f"{title}: {each['table']['levels'][-1]['rate']:.2f}",
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="cells along an axis", ylabel="error")
    axes.tick_params(axis="x", which="minor", labelbottom=False)
    shown: list[int] = []
    for size in sorted({max(level["cells"]) for e in chosen for level in e["table"]["levels"]}):
        if not shown or size >= 1.7 * shown[-1]:
            shown.append(size)
    axes.set_xticks(shown, [str(size) for size in shown])
    low = axes.get_ylim()[0]
    axes.set_ylim(bottom=low / 30)  # room for the words
    axes.legend(fontsize=6, loc="lower left", title="order on the two finest", title_fontsize=6)
