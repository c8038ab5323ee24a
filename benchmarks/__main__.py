"""Run benchmarks; print tables and write each to ``results/NAME.json`` and ``.txt``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from . import (
    accuracy,
    back_and_forth,
    drift,
    entropic,
    explicit,
    implicit,
    jko,
    memory,
    particles,
    scaling,
)
from ._measure import RESULTS, Record, versions

MODULES = (
    drift, explicit, implicit, jko, back_and_forth, entropic, accuracy, particles, memory, scaling
)  # fmt: skip
BENCHMARKS = {module.NAME: module for module in MODULES}


def line(record: Record) -> str:
    verdict = {None: "", True: "met", False: "NOT MET"}[record.met]
    if record.unit == "skipped":
        return f"{record.quantity:<66} {'skipped':>10}  {record.compared}"
    goal = f"{record.goal} {verdict}" if record.goal else ""
    value = f"{record.value:.4g}"
    return f"{record.quantity:<66} {value:>10} {record.unit:<12} {goal}\n      {record.compared}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    unknown = set(given.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}: choose from {', '.join(BENCHMARKS)}")
    used = versions()
    head = ", ".join(f"{name} {version}" for name, version in used.items())
    head = f"# {head}; one thread; medians of at least 5"
    print(head, flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.names or BENCHMARKS:
        lines = [f"== {name}: {(BENCHMARKS[name].__doc__ or '').strip()}"]
        print(f"\n{lines[0]}", flush=True)
        records: list[Record] = []
        for record in BENCHMARKS[name].run():
            records.append(record)
            lines.append(line(record))
            print(lines[-1], flush=True)
        content = {"versions": used, "records": [record.as_dict() for record in records]}
        if name == scaling.NAME:
            content[name] = scaling.SECTION
        (given.out / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
        (given.out / f"{name}.txt").write_text("\n".join([head, "", *lines]) + "\n")
        print(f"written: {given.out / name}.json and .txt", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
