"""The text of the gallery's pages: a file's own words, and tables read from it."""

from __future__ import annotations

import inspect
import math
import re
import textwrap
import types
from collections.abc import Sequence
from typing import Any

from gallery_figures import ROOT, Wanted, measured

WIDTH = 78  # letters of a command on a line


def page(wanted: Wanted, module: types.ModuleType, drawn: bool) -> str:
    """Write the page of a case or a solver in Markdown.

    Parameters
    ----------
    wanted : Wanted
        What it is, and its figure.
    module : module
        As the catalog loads it.
    drawn : bool
        Whether there is a figure.
    """
    entry = module.problem if wanted.kind == "cases" else module.stepper
    first, _, rest = inspect.cleandoc(module.__doc__ or "").partition("\n\n")
    lead = " ".join(first.split())
    parts = [f"# {wanted.name}", lead, _linked(rest, wanted)]
    if drawn:
        parts[2:2] = [_figure(wanted, lead)]
    equation = _equation(module) if wanted.kind == "cases" else ""
    if equation:
        parts += ["## Equation", "With the parameters' defaults:", f"$$\n{equation}\n$$"]
    parts += ["## Parameters" if wanted.kind == "cases" else "## Options", _settings(entry, wanted)]
    parts += ["## Commands", _commands(wanted, module), "## Orders", _orders(wanted, module)]
    parts += ["## Source", _source(wanted)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _linked(text: str, wanted: Wanted) -> str:
    """Link the names of other cases and solvers in prose to their pages."""
    from wgflow import catalog

    kinds = {name: kind for kind in ("cases", "solvers") for name in catalog.names(kind)}

    def link(found: re.Match[str]) -> str:
        name = found[1]
        if name not in kinds or name == wanted.name:
            return found[0]
        return f"[{found[0]}](../{kinds[name]}/{name}.md)"

    return re.sub(r"(?<![`\w])`(\w+)`(?!`)", link, text)


def _figure(wanted: Wanted, lead: str) -> str:
    alternative = lead.replace("]", "").replace("[", "").rstrip(".")
    return (
        f"```{{figure}} {wanted.name}.png\n:alt: {alternative}\n:class: gallery-figure\n\n"
        f"Made by `wgflow {wanted.words}`"
        + (" and, on the right, by `wgflow verify`" if wanted.kind == "solvers" else "")
        + ".\n```"
    )


def _equation(module: types.ModuleType) -> str:
    return str(getattr(module.problem(), "equation", ""))


def _settings(entry: Any, wanted: Wanted) -> str:
    from wgflow import catalog

    word = "--set" if wanted.kind == "cases" else "--option"
    rows = [
        (f"`{each.name}`", f"`{_value(each)}`", each.expected, each.text)
        for each in catalog.parameters(entry)
    ]
    if not rows:
        return "None, apart from `dt` and `tolerance`, which every run has (`wgflow run --help`)."
    return f"Set them with `{word} NAME=VALUE`.\n\n" + table(
        ("name", "default", "type", "meaning"), rows
    )


def _value(parameter: Any) -> str:
    if parameter.required:
        return "(must be given)"
    if parameter.default == "":
        return '""'
    return "inf" if parameter.default == math.inf else str(parameter.default)


def _commands(wanted: Wanted, module: types.ModuleType) -> str:
    if wanted.kind == "solvers":
        lines = [
            _folded(f"wgflow {wanted.words}"),
            f"wgflow describe {wanted.name}",
            f"wgflow verify --solver {wanted.name}",
        ]
    else:
        name = wanted.name
        lines = [f"wgflow run {name}", f"wgflow describe {name}"]
        if measured("cases", name):
            lines.append(f"wgflow verify {name}")
        if hasattr(module, "PARTICLES"):
            lines.append(f"wgflow compare {name}")
        if hasattr(module, "COUPLING"):
            lines.append(f"wgflow study coupling {name}")
        if hasattr(module, "WIDTHS"):
            lines.append(f"wgflow study width {name}")
    return "```shell\n" + "\n".join(lines) + "\n```"


def _folded(line: str) -> str:
    """Break a long command before an option."""
    parts = textwrap.wrap(
        line.replace(" --", "\n--").replace(" ", "\xa0").replace("\n", " "),
        WIDTH, subsequent_indent=4 * "\xa0", break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return " \\\n".join(parts).replace("\xa0", " ")


def _orders(wanted: Wanted, module: types.ModuleType) -> str:
    stated = ""
    if wanted.kind == "solvers":
        order = module.ORDER
        stated = f"Stated: {order['space']} in space, {order['time']} in time. "
    checks = measured(wanted.kind, wanted.name)
    if not checks:
        return stated + "`wgflow verify` does not measure it."
    intro = (
        f"{stated}The observed orders are measured by `wgflow verify` on the two finest grids or "
        "steps, and the error is that on the finest."
    )
    return intro + "\n\n" + _order_table(wanted, checks)


def _order_table(wanted: Wanted, checks: Sequence[dict[str, Any]]) -> str:
    cases = wanted.kind == "cases"
    rows = []
    for each in checks:
        levels, norm = each["table"]["levels"], each["table"]["norm"]
        last = levels[-1]
        other = each["solver"] if cases else each["case"]
        words = other.split()
        known = (ROOT / ("solvers" if cases else "cases") / f"{words[0]}.py").exists()
        folder = "solvers" if cases else "cases"
        link = f"[{words[0]}](../{folder}/{words[0]}.md)" if known else words[0]
        options = "".join(f" `{word}`" for word in words[1:])
        if not cases:
            options += "".join(f" `{word}`" for word in each["solver"].split()[1:])
        cells = "in time" if each["table"]["refine"] == "time" else _sizes(levels)
        band = "" if each["expected"] is None else f"{each['expected']:g} ± {each['within']:g}"
        error = f"{last['error']:.1e} ({norm})"
        numbers = (cells, f"{last['rate']:.2f}", band, error)
        kept = [text.replace(" ", "\xa0") for text in numbers]  # on one line each
        rows.append((link + options, each["variant"] or "–", *kept))
    head = ("solver" if cases else "case", "variant", "cells", "order", "stated", "error")
    return table(head, rows)


def _sizes(levels: Sequence[dict[str, Any]]) -> str:
    def power(cells: Sequence[int]) -> str:
        if len(set(cells)) > 1:
            return " × ".join(map(str, cells))
        return str(cells[0]) + ("", "", "²", "³", "⁴")[len(cells)]

    return f"{power(levels[0]['cells'])} … {power(levels[-1]['cells'])}"


def _source(wanted: Wanted) -> str:
    path = f"{wanted.kind}/{wanted.name}.py"
    return (
        f"This page is made from {{download}}`{path} <../../../{path}>`. To change it, "
        f"copy the file, edit it, and give its path instead of the name.\n\n"
        f":::{{dropdown}} {path}\n```{{literalinclude}} ../../../{path}\n:language: python\n```\n"
        ":::"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table in Markdown; a bar within a cell does not end it."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"

    return "\n".join([line(head), line(["---"] * len(head)), *map(line, rows)])
