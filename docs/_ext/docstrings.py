"""Docstrings as they are written for a terminal, made readable as ReST.

Formulas in docstrings are plain text: a bar is an absolute value, not a substitution, and an
indented line a formula, not a quotation. Names that have no page of their own are shown without a
link, if there is such a name at all.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

# Literals, roles, hyperlinks: what ReST shall see.
MARKUP = re.compile(r"^\s*\* |``.+?``|:[\w:]+:`[^`]+`|`[^`]+`_|\*\*[^*]+\*\*|\|?\.\. \w+::.*")
SPECIAL = re.compile(r"[|*]|(?<=\w)_(?!\w)")
HEADING = re.compile(r"^-{3,}$")


def escaped(line: str) -> str:
    """Take the meaning from bars, stars and final underscores outside markup."""
    parts, last = [], 0
    for found in MARKUP.finditer(line):
        parts += [SPECIAL.sub(r"\\\g<0>", line[last : found.start()]), found[0]]
        last = found.end()
    return "".join([*parts, SPECIAL.sub(r"\\\g<0>", line[last:])])


def rewritten(lines: list[str]) -> Iterator[str]:
    """Escape prose, and make literal blocks of indented formulas before the first section."""
    in_sections = literal = doctest = False
    before = ""  # the last line that was not empty
    for number, line in enumerate(lines):
        empty = not line.strip()
        following = lines[number + 1] if number + 1 < len(lines) else ""
        in_sections = in_sections or bool(HEADING.match(following.strip()))
        indented = line.startswith("    ")
        if not empty:
            goes_on = doctest and bool(lines[number - 1].strip())
            doctest = line.lstrip().startswith(">>>") or goes_on
            if literal and not indented:
                literal = False
            starts = indented and not in_sections and not lines[number - 1].strip()
            if starts and not literal and not before.lstrip().startswith(("-", "*")):
                if not before.endswith("::"):
                    yield "::"
                    yield ""
                literal = True
            before = line
        yield line if empty or literal or doctest else escaped(line)


def process(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Rewrite a docstring before numpydoc reads it."""
    lines[:] = list(rewritten(lines))


def resolve(app: Sphinx, env: Any, node: Any, contnode: Any) -> nodes.Node | None:
    """Find a name that is meant from where it is used; leave one that has no page unlinked."""
    if node.get("refdomain") != "py":
        return None
    target = str(node["reftarget"])
    objects = env.domains["py"].objects
    ends = [name for name in objects if name == target or name.endswith("." + target)]
    public = {objects[name].node_id: name for name in ends if name.startswith("wgflow")}
    if len(public) == 1:
        found = objects[next(iter(public.values()))]
        return make_refnode(
            app.builder, node["refdoc"], found.docname, found.node_id, contnode, target
        )
    return contnode if _exists(target) else None


def _exists(target: str) -> bool:
    """Say whether the package has something of this name."""
    first, *rest = target.split(".")
    if first == "wgflow":
        for length in range(len(rest) + 1, 0, -1):
            try:
                thing = importlib.import_module(".".join([first, *rest][:length]))
            except ImportError:
                continue
            return _has(thing, rest[length - 1 :])
        return False
    modules = [module for name, module in sys.modules.items() if name.startswith("wgflow")]
    things = [*modules, *(t for m in modules for t in vars(m).values() if isinstance(t, type))]
    return any(_has(thing, [first, *rest]) for thing in things)


def _has(thing: Any, path: list[str]) -> bool:
    for name in path:
        if name in getattr(thing, "__annotations__", {}):
            return True
        if not hasattr(thing, name):
            return False
        thing = getattr(thing, name)
    return True


def setup(app: Sphinx) -> dict[str, Any]:
    """Come before numpydoc."""
    app.connect("autodoc-process-docstring", process, priority=100)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
