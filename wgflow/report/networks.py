"""Sections about finite networks beside a density: a comparison, or several widths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wgflow.report.drawings import image
from wgflow.report.elements import Html, code, figure, number, section, table
from wgflow.report.folder import Folder

__all__ = ["comparison_sections", "width_sections", "widths_judged"]

COLUMNS = {
    "time": "time", "iterations": "iterations", "risk_equation": "R density",
    "risk_network": "R networks", "deviation": "± std dev", "difference": "difference",
    "risk_limit": "R, N → ∞", "limit_error": "± std error", "limit_difference": "difference, N → ∞",
}  # fmt: skip
MEANING = {
    "particles": "neurons N of each network",
    "step": "step size ε; time is iterations times ε",
    "seeds": "independent networks",
    "seed": "seed of the first",
    "batch": "samples per step",
    "dynamics": "which of the four coupled dynamics",
    "extrapolate": "whether networks of half the width extrapolate the risk to N → ∞",
}


def comparison_sections(folder: Folder) -> Iterator[tuple[str, Html]]:
    """Show the networks beside the density."""
    found = folder.json("comparison.json")
    rows = found["rows"]
    alt = (
        "Histograms of the networks' neurons over the density at several times; population risk of "
        f"networks and density against iterations. {_last(rows[-1])}"
    )
    drawn = image(folder.path / "comparison.png", alt)
    names = [name for name in COLUMNS if name in rows[0]]
    others = [name for name in rows[0] if name not in COLUMNS]
    yield section(
        "Density and networks",
        figure(drawn, "Networks and density. Bars and bands as in the legends."),
        table(
            "Population risk of the density and the mean of the networks",
            [COLUMNS[name] for name in names],
            [[number(row[name], 5) for name in names] for row in rows],
            range(len(names)),
        ),
        table(
            "Means of coordinates",
            ["time", *(name.replace("_", " ") for name in others)],
            [[number(row["time"], 5), *(number(row[n], 5) for n in others)] for row in rows],
            range(len(others) + 1),
        )
        if others
        else "",
        _settings(found["settings"]),
    )


def _last(row: Mapping[str, Any]) -> str:
    return (
        f"At t = {number(row['time'], 4)} the density has {number(row['risk_equation'], 5)}, the "
        f"networks have {number(row['risk_network'], 5)}."
    )


def _settings(settings: Mapping[str, Any]) -> Html:
    rows = [(code(name), number(v), MEANING.get(name, "")) for name, v in settings.items()]
    return table("Settings of the networks", ("name", "value", "meaning"), rows, told=True)


def width_sections(folder: Folder) -> Iterator[tuple[str, Html]]:
    """Show the errors against the width, with their slopes."""
    from wgflow.compare.widths import TITLES

    found = folder.json("widths.json")
    errors, slopes = found["errors"], found["slopes"]
    told = ", ".join(f"{TITLES[k]} with slope {v[0]:.2f}" for k, v in slopes.items())
    drawn = image(
        folder.path / "widths.png",
        "Histograms of one network of each width over the density; risks over time; errors against "
        f"the number of neurons: {told}.",
    )
    names = list(TITLES)
    heads = [h for name in names for h in (TITLES[name], "± std error")]
    rows = zip(*(errors[k] for k in ("neurons", *(n + e for n in names for e in ("", "_error")))),
               strict=True)  # fmt: skip
    grid = found.get("grid_error")
    yield section(
        "Networks of several widths",
        figure(drawn, "One network of each width over the density, risks, and errors against N."),
        table(
            "Errors against the number of neurons, means over networks",
            ["N", *heads],
            [[number(v, 4) for v in row] for row in rows],
            range(len(heads) + 1),
        ),
        _slopes(slopes),
        Html(f"<p>Half as many cells change the risk by {number(grid, 2)} at most.</p>")
        if grid is not None
        else "",
        _settings(found["settings"]),
    )


def _slopes(slopes: Mapping[str, Any]) -> Html:
    from wgflow.compare.widths import THEORY, TITLES, WITHIN

    rows = [
        (
            TITLES[name], number(at, 3), f"[{number(low, 3)}, {number(high, 3)}]",
            f"≤ {THEORY} + {WITHIN}", bool(at <= THEORY + WITHIN),
        )
        for name, (at, low, high) in slopes.items()
    ]  # fmt: skip
    caption = "Slopes against N on logarithmic axes; the theorems' bound falls like N^(-1/2)"
    return table(caption, ("error", "slope", "95 % interval", "limit", "result"), rows, (1,))


def widths_judged(folder: Folder) -> list[str]:
    """Name what falls more slowly than the theorems say."""
    from wgflow.compare.widths import THEORY, TITLES, WITHIN

    slopes = folder.json("widths.json")["slopes"]
    return [TITLES[n] for n, found in slopes.items() if not found[0] <= THEORY + WITHIN]
