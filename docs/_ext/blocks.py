"""Directives of these pages: the README's script, and tables of figures and of measured orders."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from gallery_figures import MEASURED
from gallery_pages import table
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]


class Script(SphinxDirective):
    """The first script of the README, which tests execute."""

    def run(self) -> list[nodes.Node]:
        """Show it."""
        readme = ROOT / "README.md"
        self.env.note_dependency(str(readme))
        found = re.search(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
        if found is None:
            raise self.error("README.md has no block of Python")
        script = found[1].rstrip()
        block = nodes.literal_block(script, script)
        block["language"] = "python"
        return [block]


class Figures(SphinxDirective):
    """The figures of docs/figures with the commands that make them."""

    def run(self) -> list[nodes.Node]:
        """Show the table of docs/figures/figures.toml."""
        path = ROOT / "docs" / "figures" / "figures.toml"
        self.env.note_dependency(str(path))
        rows = []
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            commands = "<br>".join(f"`{_shown(each)}`" for each in entry["commands"])
            where = ", ".join(f"[](/{page})" for page in entry["pages"])
            rows.append((f"`{name}`", commands, entry["takes"], where))
        text = table(("figure or data", "made by", "takes", "shown in"), rows)
        return self.parse_text_to_nodes(text)


class Orders(SphinxDirective):
    """What `wgflow verify` measured: docs/measured/verify.json, a row a study."""

    def run(self) -> list[nodes.Node]:
        """Show the table, and how many passed."""
        self.env.note_dependency(str(MEASURED))
        checks = json.loads(MEASURED.read_text(encoding="utf-8"))["checks"]
        rows = [_study(each) for each in checks if each["table"] is not None]
        head = ("case", "solver", "order", "expected", "error", "limit", "mass", "least", "energy")
        passed = sum(each["passed"] for each in checks)
        said = f"{passed} of {len(checks)} passed."
        found = self.parse_text_to_nodes(f"{said}\n\n{table(head, rows)}")
        found[-1]["classes"].append("numbers")
        return found


def _study(check: dict[str, Any]) -> tuple[str, ...]:
    levels = check["table"]["levels"]

    def worst(fact: str) -> str:
        """Give the worst value of all grids."""
        return f"{(min if fact == 'minimum' else max)(float(e[fact]) for e in levels):.1e}"

    last, band, limit = levels[-1], check["expected"], check["finest_error_limit"]
    return (
        f"{_link('cases', check['case'])} {check['variant']}".strip(),
        _link("solvers", check["solver"]),
        f"{last['rate']:.3f}" + ("" if check["passed"] else " **failed**"),
        "" if band is None else f"{band:g} ± {check['within']:g}",
        f"{last['error']:.2e}",
        "" if limit is None else f"{limit:g}",
        *(worst(fact) for fact in ("mass_error", "minimum", "energy_max_increase")),
    )


def _link(kind: str, words: str) -> str:
    """Link a case or solver to its page; its options follow."""
    name, *options = words.split()
    shown = [f"`{each}`" for each in options]
    known = (ROOT / kind / f"{name}.py").exists()
    return " ".join([f"[{name}](/gallery/{kind}/{name}.md)" if known else name, *shown])


def _shown(command: str) -> str:
    """Leave out the folder in which `make figures` puts what a command writes."""
    return command.replace("{out}/", "")


def keep_numbers_whole(app: Sphinx, document: nodes.document) -> None:
    """Mark cells of tables that hold a number, which is not to be broken at its exponent."""
    for entry in document.findall(nodes.entry):
        text = entry.astext()
        if len(text) < 22 and re.fullmatch(r"[-+±−\d.,e()\[\] ×²³⁴–…]*\d[\d)\]²³⁴]*", text):
            entry["classes"].append("number")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.connect("doctree-read", keep_numbers_whole)
    app.add_directive("readme-script", Script)
    app.add_directive("figures-table", Figures)
    app.add_directive("verify-table", Orders)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
