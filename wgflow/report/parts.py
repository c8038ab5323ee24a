"""Sections that pages of several kinds share: settings, method, provenance, files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from wgflow import catalog
from wgflow.report.elements import Html, Verdict, code, facts, join, number, table, verdict
from wgflow.report.folder import Folder
from wgflow.report.words import formula, line, paragraph_of, prose

__all__ = [
    "about_case",
    "equation",
    "files",
    "head",
    "method",
    "provenance",
    "settings",
]

FILES = {
    "summary.json": "settings, facts and results of the command",
    "solution.h5": "densities, grid, history (HDF5)",
    "solution.xdmf": "the same for ParaView and VisIt",
    "history.csv": "time, step, mass, energy, … at the recorded times",
    "figure.png": "figure",
    "comparison.json": "settings and risks of the networks",
    "comparison.csv": "risks of the networks over time",
    "comparison.png": "figure of density and networks",
    "predictor.csv": "predictions of the network",
    "predictor.png": "figure of the predictions",
    "widths.json": "settings, errors and slopes",
    "widths.csv": "errors against N",
    "widths.png": "figure of the study",
    "risks.csv": "risks over time",
    "table.csv": "the table",
    "table.json": "the table, with its settings",
}


def head(folder: Folder, title: str, judged: tuple[Verdict, str], strip: Any) -> Html:
    """Give the top of the page: what it is, how it went, a few numbers, the warnings."""
    subtitle = "" if folder.case is None else line(catalog.describe(folder.case))
    warnings = folder.summary.get("warnings") or []
    listed = join([Html(f"<p>{join(['warning: ', text])}</p>") for text in warnings])
    return join(
        [
            Html(f"<h1>{join([title])}</h1>"),
            Html(f'<p class="subtitle">{subtitle}</p>') if subtitle else "",
            verdict(*judged),
            Html(f'<div class="warnings note" role="note">{listed}</div>') if warnings else "",
            facts(strip),
        ]
    )


def equation(folder: Folder) -> Html:
    """Typeset the equation, if the command has left it."""
    latex = folder.summary.get("equation")
    return Html(f'<div class="equation">{formula(latex, display=True)}</div>' if latex else "")


def about_case(folder: Folder) -> Html:
    """Render the docstring of the case."""
    if folder.case is None:
        named = folder.summary.get("case")
        return Html(f"<p>The file of the case {code(named)} is not there.</p>" if named else "")
    text = (folder.case.__doc__ or "").strip()
    return prose(text.partition("\n")[2])  # the first line stands at the top of the page


def settings(
    given: Mapping[str, Any], function: Any, caption: str, only_given: bool = False
) -> Html:
    """List settings with what each means and its default, read from the function that takes them.

    Parameters
    ----------
    given : mapping
        Values, as JSON has them.
    function : callable or None
        A case's ``problem`` or a solver's ``stepper``; None if its file is not there.
    caption : str
    only_given : bool
        Whether a setting that was not given stands at its default.
    """
    known = {p.name: p for p in catalog.parameters(function)} if function is not None else {}
    rows = []
    for name in dict.fromkeys([*(known if only_given else []), *given]):
        parameter = known.get(name)
        default = "" if parameter is None or parameter.required else number(parameter.default)
        value = number(given[name]) if name in given else default
        changed = value != default and parameter is not None
        shown = Html(f"<strong>{join([value])}</strong> (changed)") if changed else value
        meaning = "" if parameter is None else _one_line(parameter.text)
        rows.append((code(name), shown, default, meaning))
    if not rows:
        return Html("")
    return table(caption, ("name", "value", "default", "meaning"), rows, told=True)


def _one_line(text: str) -> Html:
    return Html(prose(text).strip().removeprefix("<p>").removesuffix("</p>"))


def method(folder: Folder) -> Html:
    """Say which method it was, what it promises and how it was set."""
    name, solver = folder.summary.get("solver"), folder.solver
    if not name:
        return Html("")
    if solver is None:
        return Html(f"<p>{code(name)} (its file is not there).</p>")
    text = solver.__doc__ or ""
    parts: list[object] = [
        Html(f"<p>{code(name)}: {line(catalog.describe(solver))}.</p>"),
        *(
            prose(f"**{words}.** {found}")
            for words in ("Guarantees", "Limits", "Order")
            if (found := paragraph_of(text, words))
        ),
        settings(folder.summary.get("options", {}), solver.stepper, "Options", only_given=True),
    ]
    return join(parts, "\n")


def provenance(folder: Folder) -> Html:
    """Say by which command, when, with what and how long."""
    summary = folder.summary
    versions = {k: v for k, v in summary.get("versions", {}).items() if v}
    rows: list[tuple[str, object]] = [
        ("command", code(summary.get("command") or "(from Python)")),
        ("started", summary.get("started") or "–"),
        ("duration", f"{number(summary.get('wall_seconds'), 4)} s"),
        ("ranks", number(summary.get("ranks"))),
        ("versions", ", ".join(f"{name} {text}" for name, text in versions.items()) or "–"),
    ]
    own = [word for word in ("case_file", "solver_file") if summary.get(word)]
    rows += [(word.replace("_", "'s "), code(summary[word])) for word in own]
    for name, mark in (summary.get("samples") or {}).items():
        rows.append((f"samples {name}", code(json.dumps(mark))))
    return table("Command, date and versions", ("what", "value"), rows)


def files(folder: Folder) -> Html:
    """List what lies in the folder."""
    rows = list(_files(folder))
    return table(f"Files in {folder.path.name}/", ("name", "size", "contents"), rows, (1,))


def _files(folder: Folder) -> Iterator[tuple[object, ...]]:
    for path in sorted(folder.path.iterdir()):
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".html":
            yield code(path.name), _size(path.stat().st_size), FILES.get(path.name, "")


def _size(count: int) -> str:
    """Write a number of bytes.

    Examples
    --------
    >>> _size(900), _size(2_500_000)
    ('900 B', '2.5 MB')
    """
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count} B"
