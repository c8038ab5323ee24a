"""Right command lines: those that the help and the pages show, and whether another is one."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from wgflow import catalog
from wgflow.commands import inputs
from wgflow.errors import InputError
from wgflow.parser import build_parser
from wgflow.parser.tree import tree

HERE = Path(__file__).resolve().parents[1]
PAGES = (HERE / "README.md", *sorted((HERE / "docs" / "tutorials").glob("*.md")))
PARSER = build_parser()
ROOT = tree(PARSER)
WHOLE = ("cells", "splits", "sizes", "values")
REAL = ("snapshots", "times", "time", "between", "scales")


def lines() -> list[tuple[str, ...]]:
    """List the right lines: the examples of the help, and what the pages show."""
    texts = [e for leaf in ROOT.leaves() for e in leaf.parser.examples]
    for page in PAGES:
        blocks = re.findall(r"```(?:shell|console)\n(.*?)```", page.read_text("utf-8"), re.S)
        blocks += re.findall(r"^    \S.*$", page.read_text("utf-8"), re.M)
        for block in blocks:
            text = block.replace("\\\n", " ")
            texts += re.findall(r"^[ $]*((?:mpiexec|srun|wgflow) .*)$", text, re.M)
    found = []
    for text in texts:
        line = re.search(r"wgflow (.*?)(?:\)?\"?$| {2,}.*| [>|&#].*)", text)
        if line is not None and not re.search(r"[$…*]| -- ", line[1]):
            found.append(tuple(shlex.split(line[1])))
    return sorted(set(found))


def furnish() -> None:
    """Make the files and folders here that the lines name."""
    own = "def problem(depth: float = 1.0): ...\ndef stepper(problem, grid): ...\n"
    for words in lines():
        for word in words:
            if word.endswith(".py"):
                Path(word).write_text(own)
        if words[0] in {"plot", "animate", "report"}:
            Path(words[1]).mkdir(exist_ok=True)
            summary = {"case": "cosine_neuron"}
            (Path(words[1]) / "summary.json").write_text(json.dumps(summary))
    Path("points.csv").write_text("0,1\n")


@cache
def _solver_of(case: str) -> str:
    module = catalog.load("cases", case)
    stated = getattr(module, "DEFAULT_SOLVER", None)
    return stated or str(inputs.default_solver(module.problem()))


def right(words: Sequence[str]) -> bool:
    """Whether a line is understood and names what there is; it is not run."""
    if {"-h", "--help", "--version"} & set(words):
        return _helps(words)
    try:
        given = vars(PARSER.parse_args(list(words)))
        _check(given)
    except InputError:
        return False
    return given["command"] is not None


def _helps(words: Sequence[str]) -> bool:
    """Whether a line prints a help or the version and leaves."""
    try:
        with open(os.devnull, "w", encoding="utf-8") as sink:
            out, sys.stdout = sys.stdout, sink
            try:
                PARSER.parse_args(list(words))
            finally:
                sys.stdout = out
    except InputError:
        return False
    except SystemExit:
        pass
    return True


def _check(given: dict[str, object]) -> None:
    """Check what the parser does not: names, settings, numbers, folders."""
    cases = given.get("case") or []
    for case in [cases] if isinstance(cases, str) else cases:
        module = catalog.load("cases", case)
        inputs.settings_of(module.problem, given.get("set") or [])
        if given.get("option"):
            inputs.options_of(given["solver"] or _solver_of(case), given["option"])
        if given.get("variant") and given["variant"] not in getattr(module, "VARIANTS", {}):
            raise InputError("no such variant")
        if given.get("sweep"):
            _sweep(module, str(given["sweep"]))
        if given.get("parameter"):
            inputs.settings_of(module.problem, [f"{given['parameter']}=1"])
    solver = given.get("solver") or []
    for name in [solver] if isinstance(solver, str) else solver:
        catalog.load("solvers", name)
    if given.get("name"):
        found = [k for k in ("cases", "solvers") if _there(k, str(given["name"]))]
        if not found or (given["set"] and "cases" not in found):
            raise InputError("no such name")
        if given["set"]:
            inputs.settings_of(catalog.load("cases", given["name"]).problem, given["set"])
    if given.get("like"):
        catalog.load(given["kind"], given["like"])
    _check_values(given)


def _sweep(module: object, text: str) -> None:
    """Check ``K=FROM:TO:COUNT``."""
    found = re.fullmatch(r"(\w+)=([^:]+):([^:]+):(\d+)", text)
    if found is None:
        raise InputError("no sweep")
    inputs.numbers(f"{found[2]},{found[3]}", "")
    inputs.settings_of(module.problem, [f"{found[1]}={found[2]}"])


def _there(kind: str, name: str) -> bool:
    try:
        catalog.load(kind, name)
    except InputError:
        return False
    return True


def _check_values(given: dict[str, object]) -> None:
    for name in WHOLE:
        if isinstance(given.get(name), str):
            inputs.whole_numbers(given[name], name)
    for name in REAL:
        if isinstance(given.get(name), str):
            inputs.numbers(given[name], name)
    directory = given.get("directory")
    if directory is not None and not (Path(str(directory)) / "summary.json").is_file():
        raise InputError("no result")
    if given.get("units") and not set(str(given["units"]).split(",")) <= {"sigmoid", "gaussian"}:
        raise InputError("no such units")
    for text in given.get("set") or []:
        name, _, value = text.partition("=")
        if name == "file" and value and not Path(value).is_file():
            raise InputError("no such file")
    for name in ("figure",):
        if given.get(name) and Path(str(given[name])).suffix.lower() not in {
            ".png",
            ".pdf",
            ".svg",
        }:
            raise InputError("no such format")
