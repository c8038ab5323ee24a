"""Tables and figure of docs/scaling.md, from what was measured last."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ._measure import RESULTS
from ._scaling_model import (
    CLUSTER,
    Network,
    Scheme,
    fitted_schemes,
    local_network,
    median_unit,
    seconds,
)

__all__ = ["write"]

ROOT = Path(__file__).resolve().parents[1]
PAGE, FIGURE = ROOT / "docs" / "scaling.md", ROOT / "docs" / "figures" / "scaling.png"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

RANKS = (1, 1000, 10_000)
DRAWN = (*(2**k for k in range(14)), 10_000)
PLANE, SPACE, FOUR = (16384, 16384), (1024, 1024, 1024), (128, 128, 128, 128)
EXTRAPOLATED: tuple[tuple[str, tuple[int, ...], str], ...] = (
    ("explicit, 2-D", PLANE, "stage"),
    ("explicit, 3-D", SPACE, "stage"),
    ("explicit, 4-D", FOUR, "stage"),
    ("implicit, 2-D", PLANE, "step"),
    ("implicit, 3-D", SPACE, "step"),
    ("features, K = 20", FOUR, "pass"),
    ("FFT, 2-D", PLANE, "convolution"),
    ("FFT, 3-D", SPACE, "convolution"),
    ("FFT, 4-D", FOUR, "convolution"),
)
FITTED_CASE = {
    "rkl2": "explicit, 2-D",
    "implicit": "implicit, 2-D",
    "features": "features, K = 20",
    "fft": "FFT, 2-D",
}


def write() -> list[Path]:
    """Write the tables into the page, and the figure.

    Raises
    ------
    SystemExit
        If nothing has been measured.
    """
    stored = RESULTS / "scaling.json"
    content = json.loads(stored.read_text()) if stored.exists() else {}
    if "timed" not in content.get("scaling", {}):
        raise SystemExit(f"no scaling in {stored}: run make bench BENCH=scaling first")
    section = content["scaling"]
    schemes, network = fitted_schemes(section), local_network(section)
    lines = [
        f"Measured on {content['versions']['machine']}, "
        + ", ".join(f"{k} {content['versions'][k]}" for k in ("numpy", "mpi4py", "petsc4py"))
        + ".",
        *_measured(section),
        *_memory(section),
        *_constants(schemes, network),
        *_tested(section, schemes, network),
        *_extrapolated(schemes, network),
    ]
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}")
    _draw(section, schemes, network)
    return [PAGE, FIGURE]


def _table(head: Sequence[str], rows: Iterator[Sequence[str]] | list[Sequence[str]]) -> list[str]:
    body = ["| " + " | ".join(row) + " |" for row in rows]
    return ["", "| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body]


def _quartiles(values: Sequence[float]) -> str:
    low, _, high = statistics.quantiles(values, n=4)
    return f"{statistics.median(values):.2f} ({low:.2f}–{high:.2f})"


def _ratios(seconds: dict[str, list[float]], above: str, below: str) -> list[float]:
    return [a / b for a, b in zip(seconds[above], seconds[below], strict=True)]


def _measured(section: dict[str, Any]) -> Iterator[str]:
    rounds = len(next(iter(section["timed"].values()))["seconds"]["serial"])
    yield ""
    yield f"### Measured: one and two ranks\n\nMedians of {rounds} rounds, quartiles in brackets."

    def rows() -> Iterator[Sequence[str]]:
        for label, found in section["timed"].items():
            times = found["seconds"]
            cost = median_unit(found, "serial") / found["cells"] * 1e9
            counts = found["counts"]
            each = "–"
            if counts["two"].get("solves"):
                solves = counts["two"]["solves"]
                inner = [counts["serial"]["iterations"] / solves]
                inner += [counts[k]["products"] / solves / 2 for k in ("one", "two")]
                each = ", ".join(f"{n:.1f}" for n in inner)
            yield (
                label,
                f"{cost:.3g}",
                _quartiles(_ratios(times, "serial", "two")),
                _quartiles(_ratios(times, "serial", "weak")),
                _quartiles(_ratios(times, "one", "serial")),
                each,
            )

    yield from _table(
        (
            "what",
            "serial, ns/cell a unit",
            "strong: serial / two ranks",
            "weak: serial / two ranks, twice the cells",
            "one rank / serial",
            "iterations a solve: serial, 1, 2",
        ),
        list(rows()),
    )
    worst = max(section["agreement"].values())
    yield ""
    yield (
        f"Results on one, two and four ranks (four share the two cores) differ from the serial "
        f"ones by {worst:.1e} relative at most."
    )


def _memory(section: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield "### Measured: memory in four dimensions\n\nMegabytes, of the fuller of two ranks."

    def rows() -> Iterator[Sequence[str]]:
        for features, found in section["memory"].items():
            one = found["serial"]["ranks"][0]
            two = max(found["two"]["ranks"], key=lambda r: r["peak"])
            parts = (
                (one["peak"], two["peak"]),
                (one["peak"] - one["files"], two["peak"] - two["files"]),
                (one["peak"] - one["before"], two["peak"] - two["before"]),
            )
            yield (
                features,
                *(f"{a / 1e6:.0f}, {b / 1e6:.0f}: {100 * b / a:.0f} %" for a, b in parts),
            )

    yield from _table(
        (
            "features K",
            "peak of the process: serial, a rank",
            "without pages of library files",
            "above the interpreter with its libraries",
        ),
        list(rows()),
    )


def _constants(schemes: dict[str, Scheme], network: Network) -> Iterator[str]:
    yield ""
    yield "### Fitted: constants of the model"

    def rows() -> Iterator[Sequence[str]]:
        for name, s in schemes.items():
            label = name + (", a product" if name.startswith("implicit") else "")
            yield (
                label,
                f"{s.cell * 1e9:.3g}",
                f"{s.call * 1e6:.3g}",
                f"{s.exchanges:.2g}",
                f"{s.sums:.2g}",
                f"{s.times:.3g}",
            )

    yield from _table(
        ("scheme", "ns a cell", "µs a call", "exchanges", "sums", "units a step"), list(rows())
    )
    yield ""
    yield (
        f"Between two ranks of the machine an exchange takes {network.seam_call * 1e6:.1f} µs and "
        f"{network.bandwidth / 1e9:.1f} GB/s, a sum {network.sum_call * 1e6:.1f} µs."
    )


def _tested(section: dict[str, Any], schemes: dict[str, Scheme], network: Network) -> Iterator[str]:
    yield ""
    yield "### Tested: the model against the two ranks it was not fitted to\n\nMilliseconds a unit."

    def rows() -> Iterator[Sequence[str]]:
        for label, found in section["timed"].items():
            scheme = schemes.get(FITTED_CASE.get(found["case"], ""))
            if scheme is None or found["words"].get("rank", 20) != 20:
                continue
            cells = found["words"]["cells"]
            values = [1e3 * median_unit(found, key) for key in ("one", "two")]
            told = []
            for ranks, key in ((1, "one"), (2, "two")):
                # as many products as there were: how they grow is not what is tested
                products = found["counts"][key].get("products", 0) / found["units"]
                counted = replace(scheme, times=products) if products else scheme
                told.append(1e3 * sum(seconds(counted, cells, ranks, network).values()))
            yield (
                label,
                *(f"{v:.3g}, {t:.3g}" for v, t in zip(values, told, strict=True)),
                f"{values[0] / values[1]:.2f}, {told[0] / told[1]:.2f}",
            )

    head = "what", "one rank: measured, modelled", "two: measured, modelled", "ratio: both"
    yield from _table(head, list(rows()))


def cluster(network: Network) -> Network:
    """The assumed network, with calls that cost what they cost here."""
    return Network(CLUSTER.latency, CLUSTER.bandwidth, network.seam_call, network.sum_call)


def _extrapolated(schemes: dict[str, Scheme], network: Network) -> Iterator[str]:
    yield ""
    yield (
        "### Modelled: thousands of ranks\n\nNothing in this table is measured. Network: assumed, "
        f"latency {CLUSTER.latency * 1e6:.1f} µs, {CLUSTER.bandwidth / 1e9:.0f} GB/s a rank."
    )

    def rows() -> Iterator[Sequence[str]]:
        for name, cells, unit in EXTRAPOLATED:
            spent = [seconds(schemes[name], cells, p, cluster(network)) for p in RANKS]
            totals = [sum(s.values()) for s in spent]
            shown = [f"{totals[0]:.3g} s"]
            for ranks, total in zip(RANKS[1:], totals[1:], strict=True):
                share = 100 * totals[0] / total / ranks
                shown.append(f"{1e3 * total:.3g} ms, {share:.0f} %")
            size = " × ".join(map(str, cells[:1])) + "²³⁴"[len(cells) - 2]
            yield f"{name}: {size}, a {unit}", *shown, _lost(spent[-1], totals[0] / RANKS[-1])

    yield from _table(
        ("what", "1 rank", "10³ ranks, efficiency", "10⁴ ranks, efficiency", "lost at 10⁴ to"),
        list(rows()),
    )


def _lost(spent: dict[str, float], ideal: float) -> str:
    """Where the time beyond the ideal goes, the two largest parts."""
    parts = {**spent, "cells": spent["cells"] - ideal}
    words = {"cells": "unequal shares of the work", "calls": "calls of a small block"}
    total = sum(spent.values())
    ranked = sorted(parts.items(), key=lambda item: -item[1])[:2]
    return ", ".join(f"{words.get(k, k)} {100 * v / total:.0f} %" for k, v in ranked)


def _draw(section: dict[str, Any], schemes: dict[str, Scheme], network: Network) -> None:
    from wgflow.plots.style import new_figure, styled

    figure = new_figure(7.5, 4.4)
    figure.clear()
    styled(lambda: _panels(figure, section, schemes, network))()
    figure.savefig(FIGURE)


def _panels(
    figure: Any, section: dict[str, Any], schemes: dict[str, Scheme], network: Network
) -> None:
    left, right = figure.subplots(1, 2)
    groups = ((left, ("explicit", "features")), (right, ("implicit", "FFT")))
    for axes, kinds in groups:
        for name, cells, unit in EXTRAPOLATED:
            if name.split(",")[0] not in kinds:
                continue
            times = [
                sum(seconds(schemes[name], cells, p, cluster(network)).values()) for p in DRAWN
            ]
            (line,) = axes.loglog(DRAWN, times, "--", label=f"{name}, {cells[0]} an axis, a {unit}")
            ideal = [times[0] / p for p in DRAWN]
            axes.loglog(DRAWN, ideal, color=line.get_color(), alpha=0.25, linewidth=0.8)
        for label, marker in (
            ("explicit, 1024²", "o"),
            ("implicit, 1024²", "s"),
            ("FFT, 1024²", "^"),
        ):
            if label.split(",")[0] in kinds:
                found = section["timed"][label]
                points = [median_unit(found, key) for key in ("one", "two")]
                axes.loglog([1, 2], points, marker + "-k", markersize=4, label=f"measured: {label}")
        axes.set_xlabel("ranks")
        axes.legend(fontsize=6, loc="upper center", bbox_to_anchor=(0.5, -0.15))
    left.set_ylabel("seconds a unit (dashed: modelled)")
