#!/usr/bin/env python3
"""Make the figures of the documentation anew: the commands of docs/figures/figures.toml.

    tools/figures.py                            all that take some minutes
    tools/figures.py figures/coupling.png …     these, however long they take
    tools/figures.py --list                     what there is, and what makes it

Run by the Python that has wgflow. A figure is replaced when all its commands have worked.
"""

from __future__ import annotations

import difflib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "figures" / "figures.toml"
MISSED = 1  # exit code of wgflow where a rate is not reached


def entries() -> dict[str, dict[str, Any]]:
    """Read the table: names relative to docs/, with their commands."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def command(text: str, folder: Path) -> list[str]:
    """Give the words of a command, with the interpreter that runs this script.

    Parameters
    ----------
    text : str
        As the table has it; it begins with wgflow or python.
    folder : Path
        In place of {out}.
    """
    first, *words = shlex.split(text.replace("{out}", str(folder)))
    known = {"wgflow": [sys.executable, "-m", "wgflow"], "python": [sys.executable]}
    if first not in known:
        raise SystemExit(f"figures: {text!r} begins with neither of {', '.join(known)}")
    return [*known[first], *words]


def make(name: str, entry: Mapping[str, Any]) -> int:
    """Run the commands of one figure and put it into its place; return an exit code."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    with tempfile.TemporaryDirectory() as folder:
        for text in entry["commands"]:
            print(f"== {name}: {text}", flush=True)
            words = command(text, Path(folder))
            code = subprocess.run(words, cwd=ROOT, env=environment, check=False).returncode
            if code and not (code == MISSED and entry.get("missed")):
                print(f"figures: {name} is unchanged: exit code {code}", file=sys.stderr)
                return code
        if "copy" in entry:
            shutil.copyfile(Path(folder) / entry["copy"], ROOT / "docs" / name)
    return 0


def main(words: Sequence[str]) -> int:
    """Make what is named, or all that is not long."""
    table = entries()
    if list(words) == ["--list"]:
        for name, entry in table.items():
            print(f"{name}  ({entry['takes']})")
            print("".join(f"    {text}\n" for text in entry["commands"]), end="")
        return 0
    for word in words:
        if word not in table:
            near = difflib.get_close_matches(word, table, n=1, cutoff=0.3) or sorted(table)
            print(f"figures: no figure '{word}': {', '.join(near)}, or --list", file=sys.stderr)
            return 2
    chosen = list(words) or [name for name, entry in table.items() if not entry.get("long")]
    return max(make(name, table[name]) for name in chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
