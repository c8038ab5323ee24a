"""Pages that commands make, beside these pages: the directive runs the commands it shows.

    ```{sample} A run in a plane
    wgflow run quadratic_attraction --set dimension=2 --out trap
    wgflow report trap
    ```

shows the commands and a link to the page, trap/report.html. What they make is kept until they
or the package change.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".cache" / "samples"
FOLDER = "samples"  # beside the pages
LIMIT = 300.0  # seconds for a command


class Sample(SphinxDirective):
    """Commands, the last of them `wgflow report DIR`, and the page that they make."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Run them, if they changed, and show them."""
        lines = [line for line in self.content if line.strip()]
        last = shlex.split(lines[-1]) if lines else []
        if last[:2] != ["wgflow", "report"] or len(last) != 3:
            raise self.error("the last command of a sample is 'wgflow report DIR'")
        try:
            page = made(lines, last[2])
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", "") or ""
            raise self.error(f"sample {last[2]}: {error} {said}") from error
        shown = "\n".join(lines)
        block = nodes.literal_block(shown, shown)
        block["language"] = "shell"
        self.env.note_reread()  # the code may have changed
        above = "../" * self.env.docname.count("/")
        size = f"{page.stat().st_size / 1e6:.1f} MB"
        link = nodes.raw(
            "",
            f'<p><a href="{above}{FOLDER}/{last[2]}.html">{self.arguments[0]}</a> ({size})</p>',
            format="html",
        )
        return [block, link]


def made(lines: Sequence[str], folder: str) -> Path:
    """Run commands in an empty folder, unless their page is kept; give the page.

    Parameters
    ----------
    lines : sequence of str
        Commands that begin with wgflow.
    folder : str
        Where the last one leaves report.html.
    """
    page = KEPT / f"{folder}-{_digest(lines)}.html"
    if page.exists():
        return page
    KEPT.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    with tempfile.TemporaryDirectory() as place:
        for line in lines:
            words = [sys.executable, "-m", "wgflow", *shlex.split(line)[1:]]
            subprocess.run(
                words, cwd=place, env=environment, check=True, timeout=LIMIT,
                capture_output=True, text=True,
            )  # fmt: skip
        for old in KEPT.glob(f"{folder}-*.html"):
            old.unlink(missing_ok=True)
        shutil.move(Path(place) / folder / "report.html", page)
    return page


def _digest(lines: Sequence[str]) -> str:
    """Of the commands and all code that a page may depend on."""
    found = hashlib.blake2b("\n".join(lines).encode(), digest_size=8)
    for room in ("wgflow", "cases", "solvers"):
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in (".py", ".css"):
                found.update(path.read_bytes())
    return found.hexdigest()


def publish(app: Sphinx, error: Exception | None) -> None:
    """Put the pages beside the others."""
    if error is not None or app.builder.format != "html":
        return
    (Path(app.outdir) / FOLDER).mkdir(exist_ok=True)
    for page in KEPT.glob("*.html"):
        shutil.copyfile(page, Path(app.outdir) / FOLDER / f"{page.stem.rpartition('-')[0]}.html")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("sample", Sample)
    app.connect("build-finished", publish)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
