"""The page of what was measured: a table, a figure, and what was expected of the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wgflow.report import parts
from wgflow.report.drawings import image
from wgflow.report.elements import Html, Verdict, code, figure, number, section, table
from wgflow.report.folder import Folder

__all__ = ["study_sections", "study_top"]

TITLES = {
    "converge": "Order of convergence",
    "verify": "All stated orders",
    "study coupling": "The four coupled dynamics",
    "study refinement": "Grid refinement of a recorded quantity",
    "study spins": "Networks for the 3-spin function",
    "study critical": "The critical value of a parameter",
    "study teacher_student": "Students of a teacher",
    "study lazy_training": "Lazy training",
    "study three_layer": "Three-layer networks and their limit",
    "study dimension": "Networks and density in growing data dimension",
    "study rest": "Noisy runs to rest from several starts",
}
DIGITS = 5


def study_top(folder: Folder) -> Html:
    """Give the top of the page of a study."""
    summary = folder.summary
    names = ", ".join(filter(None, (summary.get("case"), summary.get("solver"))))
    title = TITLES[folder.kind] + (f": {names}" if names else "")
    strip = {
        "duration": f"{number(summary['wall_seconds'], 3)} s",
        "ranks": str(summary["ranks"]),
    }
    return parts.head(folder, title, _judged(summary["findings"]), strip)


def _judged(findings: Sequence[Mapping[str, Any]]) -> tuple[Verdict, str]:
    judged = [each for each in findings if each["passed"] is not None]
    failed = [each for each in judged if not each["passed"]]
    if failed:
        told = "; ".join(
            f"{v['name']} {number(v['value'], 4)}, expected {v['expected']}" for v in failed
        )
        return "bad", f"{len(failed)} of {len(judged)} MISSED: {told}"
    if not judged:
        return "plain", "measured; no expected value is stated"
    if len(judged) == 1:
        return "good", "the one stated expectation is met"
    return "good", f"all {len(judged)} stated expectations are met"


def study_sections(folder: Folder) -> Iterator[tuple[str, Html]]:
    """Give the sections of the page of a study."""
    summary = folder.summary
    yield section("Findings", _findings(summary["findings"]))
    yield section("Figure", *_figure(folder))
    yield section("Table", _columns(folder))
    yield section("Equation", parts.equation(folder))
    if folder.case is not None:
        function = folder.case.problem
        caption = "Parameters of the case"
        yield section("Parameters", parts.settings(summary["parameters"], function, caption))
        yield section("The case", parts.about_case(folder))
    yield section("Method", parts.method(folder))
    yield section("Settings", _settings(summary["settings"]))
    yield section("Provenance", parts.provenance(folder), parts.files(folder))


def _findings(findings: Sequence[Mapping[str, Any]]) -> Html:
    if not findings:
        return Html("")
    columns: dict[str, list[object]] = {
        "what": [each["name"] for each in findings],
        "value": [number(each["value"], 4) for each in findings],
        "interval": [_interval(each["interval"]) for each in findings],
        "expected": [each["expected"] for each in findings],
        "result": ["" if each["passed"] is None else each["passed"] for each in findings],
    }
    shown = {name: cells for name, cells in columns.items() if any(v != "" for v in cells)}
    return table("Measured values", list(shown), zip(*shown.values(), strict=True), (1,))


def _interval(ends: Sequence[float] | None) -> str:
    return "" if ends is None else f"[{number(ends[0], 4)}, {number(ends[1], 4)}]"


def _figure(folder: Folder) -> Iterator[Html]:
    path = folder.path / "figure.png"
    if not path.exists():
        return
    found = "; ".join(f"{v['name']} {number(v['value'], 3)}" for v in folder.summary["findings"])
    alt = f"{TITLES[folder.kind]}: the values of the table below. {found}"
    yield figure(image(path, alt), "The values of the table, with lines of the stated slopes.")


def _columns(folder: Folder) -> Html:
    columns = folder.columns("table.csv")
    numeric = [i for i, values in enumerate(columns.values()) if all(map(_number, values))]
    cells = [[_shown(value) for value in values] for values in columns.values()]
    heads = [name.replace("_", " ") for name in columns]
    return table("Contents of table.csv", heads, list(zip(*cells, strict=True)), numeric)


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shown(text: str) -> str:
    return number(float(text), DIGITS) if _number(text) else text


def _settings(settings: Mapping[str, Any]) -> Html:
    rows = [
        (code(name), number(value)) for name, value in settings.items() if value not in ([], "")
    ]
    return table("Command-line options, given or by default", ("name", "value"), rows)
