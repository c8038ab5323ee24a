"""Directives of these pages: the script of the README, and the table of figures and commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
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


def _shown(command: str) -> str:
    """Leave out where `make figures` puts what a command writes."""
    return command.replace(" --out {out}/run", "").replace("{out}/", "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("readme-script", Script)
    app.add_directive("figures-table", Figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
