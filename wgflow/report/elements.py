"""Pieces of a page: text that is made harmless, tables, figures, the page around them."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal

from wgflow.report.colours import palette

__all__ = [
    "Html",
    "Verdict",
    "code",
    "facts",
    "figure",
    "join",
    "number",
    "page",
    "section",
    "table",
    "verdict",
]

# well, badly, with something to look at, or not judged
Verdict = Literal["good", "bad", "note", "plain"]

# Nothing may be loaded and nothing run: a report is handed on, and its words come from files.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'"
SHORT, LONG = 16, 24  # letters: up to the first a cell is not broken, from the second it has room
MARKS: dict[Verdict, str] = {"good": "✓", "bad": "✗", "note": "!", "plain": ""}


class Html(str):
    """Text that is HTML already; any other is escaped."""

    __slots__ = ()


def _safe(value: object) -> Html:
    return value if isinstance(value, Html) else Html(html.escape(str(value)))


def join(parts: Iterable[object], between: str = "") -> Html:
    """Put parts one after the other.

    Examples
    --------
    >>> join(["a < b", Html("<br>")])
    'a &lt; b<br>'
    """
    return Html(between.join(_safe(part) for part in parts))


def code(text: object) -> Html:
    """Show text as it would be typed."""
    return Html(f"<code>{_safe(text)}</code>")


def number(value: Any, digits: int = 6) -> str:
    """Write a number shortly, and what is no number as it is.

    Examples
    --------
    >>> number(0.1 + 0.2), number(2.5e-16, 2), number(None), number(True), number([4, 5])
    ('0.3', '2.5e-16', '–', 'true', '4, 5')
    """
    if value is None or value != value:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {number(item, digits)}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(number(item, digits) for item in value)
    return str(value)


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    numeric: Sequence[int] = (),
    *,
    told: bool = False,
) -> Html:
    """Make a table whose first column names the rows.

    On a phone what is ``told`` has lines of its own below the rest; so have long names, and all
    names where something passed or failed, above it.

    Parameters
    ----------
    caption : str
    head : sequence of str
    rows : iterable of sequences
        A cell that is True or False says passed or failed.
    numeric : sequence of int
        Columns that are set to the right.
    told : bool
        Whether the last column is prose.
    """
    rows = list(rows)
    kinds = [' class="number"' if i in numeric else "" for i in range(len(head))]
    titles = "".join(
        f'<th scope="col"{k}>{_safe(title)}</th>' for title, k in zip(head, kinds, strict=True)
    )
    lines = []
    for first, *rest in rows:
        cells = [f'<th scope="row"{kinds[0]}>{_safe(first)}</th>']
        cells += [_cell(value, kind) for value, kind in zip(rest, kinds[1:], strict=True)]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    title = html.escape(caption)
    return Html(
        f'<div class="scroll" role="region" aria-label="{title}" tabindex="0">'
        f"<table{_layout(head, rows, told)}>"
        f"<caption><span>{title}</span></caption><thead><tr>{titles}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _layout(head: Sequence[str], rows: Sequence[Sequence[object]], told: bool) -> str:
    """Give the attributes by which a table is laid out on a phone; none where it just scrolls."""
    names = [str(row[0]) for row in rows if not isinstance(row[0], Html)]
    judged = any(isinstance(row[-1], bool) for row in rows)
    named = len(head) > 2 and (judged or any(len(name) > LONG for name in names))
    kind = "told" if told else "named"
    return f' style="--columns: {len(head) - 1}" class="{kind}"' if told or named else ""


def _cell(value: object, kind: str) -> str:
    if isinstance(value, bool):
        good: Verdict = "good" if value else "bad"
        return f'<td class="{good}">{MARKS[good]} {"passed" if value else "FAILED"}</td>'
    if not kind and not isinstance(value, Html):
        length = len(str(value))
        kind = ' class="short"' if length <= SHORT else ' class="text"' if length > LONG else ""
    return f"<td{kind}>{_safe(value)}</td>"


def verdict(kind: Verdict, text: str) -> Html:
    """Say in one line how it went."""
    return Html(f'<p class="verdict {kind}">{MARKS[kind]} {_safe(text)}</p>')


def facts(pairs: Mapping[str, object]) -> Html:
    """Show a few numbers in a row."""
    each = "".join(f"<div><dt>{_safe(k)}</dt><dd>{_safe(v)}</dd></div>" for k, v in pairs.items())
    return Html(f'<dl class="facts">{each}</dl>')


def figure(drawing: Html, caption: str) -> Html:
    """Show a drawing with its caption; one on white turns with the page."""
    return Html(f"<figure>{drawing}<figcaption>{_safe(caption)}</figcaption></figure>")


def section(title: str, *parts: object) -> tuple[str, Html]:
    """Make a section of a page; empty where it has no parts."""
    return title, join((part for part in parts if part), "\n")


@cache
def _style() -> str:
    return resources.files("wgflow.report").joinpath("style.css").read_text(encoding="utf-8")


def page(title: str, top: Html, sections: Iterable[tuple[str, Html]], foot: str) -> str:
    """Put a page together, with links to its sections."""
    shown = [(f"s{i}", name, body) for i, (name, body) in enumerate(sections, 1) if body]
    links = " ".join(f'<a href="#{key}">{_safe(name)}</a>' for key, name, _ in shown)
    bodies = "\n".join(
        f'<section id="{key}" aria-labelledby="{key}-name">'
        f'<h2 id="{key}-name">{_safe(name)}</h2>\n{body}\n</section>'
        for key, name, body in shown
    )
    sides = [f":root {{ {palette(bodies, dark)} }}" for dark in (False, True)]
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="generator" content="{html.escape(foot)}">
<title>{html.escape(title)}</title>
<link rel="icon" href="data:,">
<style>
{_style()}{sides[0]}
@media screen and (prefers-color-scheme: dark) {{ {sides[1]} }}
</style>
</head>
<body>
<header>
{top}
<nav aria-label="sections">{links}</nav>
</header>
<main>
{bodies}
</main>
<footer><p class="made">{html.escape(foot)}</p></footer>
</body>
</html>
"""
