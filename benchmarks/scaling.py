"""Runs on one, two and four ranks: strong and weak scaling, memory, and what a model needs.

`python -m benchmarks.scaling --page` writes the tables and the figure of docs/scaling.md anew from
the last results.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ._measure import Record, at_least, at_most, skipped
from ._ranks import Job, missing
from ._scaling_memory import memory_of
from ._scaling_plan import (
    CHECKED,
    COUNTED,
    EXCHANGES,
    FITTED,
    MEMORY_RANKS,
    REDUCTIONS,
    TIMED,
    Timed,
)

NAME = "scaling"
ROUNDS = 5  # of which the median is taken; in each all configurations are measured in turn
LONG = 0.3  # seconds a configuration is measured for in a round, about
SAMPLES = (1, 25)
EXPLICIT, IMPLICIT, AGREE = 1.7, 1.4, 1e-11
SHARE_OF_TRIAD, SAME_SPEED, MEMORY_SHARE = 0.9, 1.1, 0.6

SECTION: dict[str, Any] = {}  # what was measured, for results/scaling.json


def run() -> Iterator[Record]:
    lacking = missing()
    if lacking is not None:
        yield skipped(NAME, "runs on several ranks", lacking)
        return
    SECTION.clear()
    with tempfile.TemporaryDirectory(prefix="wgflow-scaling-") as folder:
        jobs: dict[str, Job] = {}
        try:
            for name, ranks in (("serial", None), ("one", 1), ("two", 2)):
                jobs[name] = Job(Path(folder) / name, ranks)
            jobs["four"] = Job(Path(folder) / "four", 4, bind=False)
            SECTION["cores"] = {name: job.ask("hello")["cores"] for name, job in jobs.items()}
            yield from _timed(jobs)
            yield from _checked(jobs)
            _calibrated(jobs)
        finally:
            for job in jobs.values():
                job.end()
    yield from _memory()


# --- strong and weak ----------------------------------------------------------------------------


def _timed(jobs: dict[str, Job]) -> Iterator[Record]:
    SECTION["timed"] = {}
    for timed in TIMED:
        found = SECTION["timed"][timed.label] = _alternated(jobs, timed)
        yield from _records(timed, found)


def _alternated(jobs: dict[str, Job], timed: Timed) -> dict[str, Any]:
    """Medians of each round, of the serial run, one rank, two ranks, and two of twice the cells."""
    shapes = [("serial", "serial", timed.words), ("one", "one", timed.words)]
    shapes += [("two", "two", timed.words), ("weak", "two", timed.weak)]
    works = {
        key: jobs[job].ask("make", key=key, case=timed.case, words=w) for key, job, w in shapes
    }
    rough = works["serial"]["seconds"]
    samples = min(max(SAMPLES[0], round(LONG / rough)), SAMPLES[1])
    seconds: dict[str, list[float]] = {key: [] for key, _, _ in shapes}
    for _ in range(ROUNDS):
        for key, job, _ in shapes:
            taken = jobs[job].ask("measure", key=key, samples=samples)
            # a unit of weak work may be of other units: stages depend on the cells
            seconds[key].append(statistics.median(taken) / works[key]["work"]["units"])
    counts = {key: jobs[job].ask("count", key=key) for key, job, _ in shapes}
    for key, job, _ in shapes:
        jobs[job].ask("drop", key=key)
    work = works["serial"]["work"]
    return {"case": timed.case, "words": timed.words, **work, "seconds": seconds, "counts": counts}


def ratio(seconds: dict[str, list[float]], above: str, below: str) -> float:
    """Median over the rounds of the ratio of two configurations."""
    pairs = zip(seconds[above], seconds[below], strict=True)
    return statistics.median(a / b for a, b in pairs)


def _records(timed: Timed, found: dict[str, Any]) -> Iterator[Record]:
    seconds = found["seconds"]
    strong, weak = ratio(seconds, "serial", "two"), ratio(seconds, "serial", "weak")
    alone = ratio(seconds, "one", "serial")
    spread = min(strong_of(seconds)), max(strong_of(seconds))
    goal: dict[str, Any] = {}
    if timed.goal == "explicit":
        goal = at_least(EXPLICIT, strong, "x")
    elif timed.goal == "implicit":
        goal = at_least(IMPLICIT, strong, "x")
    elif timed.goal == "memory":
        triad = ratio(SECTION["timed"]["triad"]["seconds"], "serial", "two")
        goal = at_least(round(SHARE_OF_TRIAD * triad, 3), strong, "x, 0.9 of the triad's ratio")
    cost = statistics.median(seconds["serial"]) / found["cells"] * 1e9
    what = f"serial / two pinned ranks, {ROUNDS} rounds, {spread[0]:.3g} to {spread[1]:.3g}"
    yield Record(
        NAME,
        f"{timed.label}: strong",
        strong,
        "x",
        f"{what}; serial {cost:.3g} ns/cell a {timed.unit}{_iterations(found)}",
        **goal,
    )
    yield Record(
        NAME,
        f"{timed.label}: weak efficiency",
        100 * weak,
        "%",
        "serial over two pinned ranks with twice the cells",
    )
    same = at_most(SAME_SPEED, alone, "x") if timed.goal == "explicit" else {}
    yield Record(
        NAME, f"{timed.label}: one rank", alone, "x", "one rank under mpiexec / serial", **same
    )


def strong_of(seconds: dict[str, list[float]]) -> list[float]:
    """Give the strong ratios, one a round."""
    return [a / b for a, b in zip(seconds["serial"], seconds["two"], strict=True)]


def iterations(counts: dict[str, float], solves: float) -> float:
    """Iterations of a linear solve: those counted in serial, or half of PETSc's products."""
    if "iterations" in counts:
        return counts["iterations"] / solves
    return counts["products"] / counts["solves"] / 2


def _iterations(found: dict[str, Any]) -> str:
    counts = found["counts"]
    if not counts["two"].get("solves"):
        return ""
    solves = counts["two"]["solves"]
    each = [f"{iterations(counts[k], solves):.1f}" for k in ("serial", "one", "two")]
    return f"; iterations a solve {each[0]} serial, {each[1]} on one rank, {each[2]} on two"


# --- correctness --------------------------------------------------------------------------------


def _checked(jobs: dict[str, Job]) -> Iterator[Record]:
    SECTION["agreement"] = {}
    for label, case, words in CHECKED:
        found = {name: job.ask("digest", case=case, words=words) for name, job in jobs.items()}
        worst = max(_apart(found["serial"], other) for other in found.values())
        SECTION["agreement"][label] = worst
        yield Record(
            NAME,
            f"{label}: two and four ranks against serial",
            worst,
            "relative",
            "largest difference of integrals, square and moments of the result; four ranks share "
            "two cores, and are not timed",
            **at_most(AGREE, worst, "relative"),
        )


def _apart(one: Sequence[float], other: Sequence[float]) -> float:
    size = max(abs(x) for x in one)
    return max(abs(x - y) for x, y in zip(one, other, strict=True)) / size


# --- what the model needs -----------------------------------------------------------------------


def _calibrated(jobs: dict[str, Job]) -> None:
    """Costs of cells and of calls on one rank; seams and sums between two; iterations."""
    SECTION["fitted"] = {
        label: [[*_cost(jobs["one"], case, words)] for words in sizes]
        for label, (case, sizes) in FITTED.items()
    }
    SECTION["exchange"] = [_latency(jobs["two"], "exchange", words) for words in EXCHANGES]
    SECTION["reduction"] = [_latency(jobs["two"], "reduction", words) for words in REDUCTIONS]
    SECTION["counted"] = {}
    for label, case, words in COUNTED:
        names = ("one", "two", "four")
        SECTION["counted"][label] = {name: _count(jobs[name], case, words) for name in names}


def _cost(job: Job, case: str, words: dict[str, Any]) -> tuple[float, float, float]:
    """Cells, seconds a unit, and products with the matrix in a unit, if there is one."""
    made = job.ask("make", key="cost", case=case, words=words)
    samples = min(max(5, round(LONG / made["seconds"])), SAMPLES[1])
    seconds = statistics.median(job.ask("measure", key="cost", samples=samples))
    products = job.ask("count", key="cost").get("products", 0)
    job.ask("drop", key="cost")
    units = made["work"]["units"]
    return made["work"]["cells"], seconds / units, products / units


def _latency(job: Job, case: str, words: dict[str, Any]) -> tuple[float, float]:
    """Bytes, and seconds."""
    made = job.ask("make", key="seam", case=case, words=words)
    seconds = statistics.median(job.ask("measure", key="seam", samples=9))
    job.ask("drop", key="seam")
    return made["work"]["bytes"], seconds


def _count(job: Job, case: str, words: dict[str, Any]) -> dict[str, float]:
    """Give what a unit communicates."""
    made = job.ask("make", key="count", case=case, words=words)
    counts: dict[str, float] = job.ask("count", key="count")
    job.ask("drop", key="count")
    return {"units": made["work"]["units"], **counts}


# --- memory -------------------------------------------------------------------------------------


def _memory() -> Iterator[Record]:
    SECTION["memory"] = {}
    for rank in MEMORY_RANKS:
        serial, two = memory_of(None, rank), memory_of(2, rank)
        SECTION["memory"][str(rank)] = {"serial": serial, "two": two}
        peak = max(r["peak"] for r in two["ranks"]) / serial["ranks"][0]["peak"]
        alone = serial["ranks"][0]
        rise = max(r["peak"] - r["before"] for r in two["ranks"]) / (
            alone["peak"] - alone["before"]
        )
        what = f"4-D run, 32⁴ cells, {rank} features"
        detail = (
            f"VmHWM of the fuller of two ranks over the serial run's {alone['peak'] / 1e6:.0f} MB, "
            f"of which {alone['before'] / 1e6:.0f} MB before the run; densities "
            f"{_apart(serial['digest'], two['digest']):.1e} apart"
        )
        whole = at_most(100 * MEMORY_SHARE, 100 * peak, "%")
        yield Record(NAME, f"{what}: memory a rank", 100 * peak, "%", detail, **whole)
        above = at_most(100 * MEMORY_SHARE, 100 * rise, "%")
        detail = "the same, above what the interpreter has with all libraries and kernels loaded"
        yield Record(NAME, f"{what}: memory of the run", 100 * rise, "%", detail, **above)


def main(words: list[str]) -> int:
    if words != ["--page"]:
        print("python -m benchmarks scaling    measures; python -m benchmarks.scaling --page")
        return 2
    from ._scaling_page import write

    for path in write():
        print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
