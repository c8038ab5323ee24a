"""The gallery: a page of each case and of each solver, written at the start of a build.

To show a new case or solver nothing is to be done here: its file is found. If its own size is too
slow for a build, it gets a line in gallery_settings.py.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gallery_figures import ROOT, Wanted, draw_all
from gallery_pages import page
from gallery_settings import CASES, SOLVER_CASE, SOLVER_WORDS, SOLVERS
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

FOLDER = ROOT / "docs" / "gallery"
INTRODUCTION = {
    "cases": "What can be solved: `wgflow run NAME`. Each is one file of `cases/`, and its page is "
    "made from it. Figures are runs of the case itself.",
    "solvers": "How it is solved: `wgflow run CASE --solver NAME`. Each is one file of `solvers/`, "
    "and its page is made from it. All figures show the same problem on few cells, over its exact "
    "solution, and the orders that `wgflow verify` measured. "
    "[Choosing a solver](../../choosing.md) says which one suits which equation.",
}
TITLES = {"cases": "Cases", "solvers": "Solvers"}
GALLERY = """# Gallery

::::{grid} 1 2 2 2
:gutter: 3

:::{grid-item-card} Cases
:link: cases/index
:link-type: doc
:img-top: cases/aggregation_ring-s.png
:class-card: gallery-card

What can be solved: densities with exact solutions, and networks beside their limit.
:::

:::{grid-item-card} Solvers
:link: solvers/index
:link-type: doc
:img-top: solvers/scharfetter_gummel-s.png
:class-card: gallery-card

How: finite volumes and minimizing movements, what each promises, and its measured orders.
:::
::::

Every page is made from the file of the case or solver, and every figure by running it, while these
pages are built.

```{toctree}
:hidden:

cases/index
solvers/index
```
"""


def wanted() -> list[Wanted]:
    """List the figures of all cases and solvers."""
    from wgflow import catalog

    cases = [
        Wanted("cases", name, f"run {name} {CASES.get(name, '')}".strip())
        for name in catalog.names("cases")
    ]
    solvers = [Wanted("solvers", name, _solver_words(name)) for name in catalog.names("solvers")]
    return cases + solvers


def _solver_words(name: str) -> str:
    words = f"run {SOLVER_CASE} --solver {name} {SOLVER_WORDS} {SOLVERS.get(name, '')}"
    return shlex.join(shlex.split(words))


def write_gallery(app: Sphinx) -> None:
    """Write all pages, and copy figures that changed."""
    from wgflow import catalog

    figures = wanted()
    failures = draw_all(figures)
    for each, why in failures.items():
        logger.warning("no figure of %s: %s", each.name, why, type="gallery")
    for kind in ("cases", "solvers"):
        folder = FOLDER / kind
        folder.mkdir(parents=True, exist_ok=True)
        shown = [each for each in figures if each.kind == kind]
        for each in shown:
            drawn = each not in failures
            if drawn:
                _copy(each.file(), folder / f"{each.name}.png")
                _copy(each.file("-s"), folder / f"{each.name}-s.png")
            module = catalog.load(each.kind, each.name)
            _write(folder / f"{each.name}.md", page(each, module, drawn))
        _write(folder / "index.md", _index(kind, shown, failures))
        _remove_others(folder, shown)
    _write(FOLDER / "index.md", GALLERY)


def _index(kind: str, shown: Sequence[Wanted], failures: dict[Wanted, str]) -> str:
    from wgflow import catalog

    cards = []
    for each in shown:
        lead = catalog.describe(catalog.load(each.kind, each.name))
        image = "" if each in failures else f":img-top: {each.name}-s.png\n:img-alt: {each.name}\n"
        cards.append(
            f":::{{grid-item-card}} {each.name}\n:link: {each.name}\n:link-type: doc\n"
            f":class-card: gallery-card\n{image}\n{lead}.\n:::"
        )
    names = "\n".join(each.name for each in shown)
    return (
        f"# {TITLES[kind]}\n\n{INTRODUCTION[kind]}\n\n"
        f"::::{{grid}} 1 2 3 3\n:gutter: 3\n\n" + "\n\n".join(cards) + "\n\n::::\n\n"
        f"```{{toctree}}\n:hidden:\n\n{names}\n```\n"
    )


def _write(path: Path, text: str) -> None:
    """Leave a file with the same text alone: Sphinx reads again what is newer."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    if not target.exists() or target.read_bytes() != source.read_bytes():
        shutil.copyfile(source, target)


def _remove_others(folder: Path, shown: Sequence[Wanted]) -> None:
    names = {"index", *(each.name for each in shown)}
    for path in folder.iterdir():
        if path.stem.removesuffix("-s") not in names:
            path.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before Sphinx looks for pages."""
    app.connect("builder-inited", write_gallery)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
