"""What the README shows is run as it stands, and the citation is that of this version."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.cli import build_parser, main

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
LINES = [
    shlex.split(re.split(r"\s{3,}", line)[0])
    for line in re.findall(r"^    (?:mpiexec -n \d+ )?(wgflow .*)$", README, flags=re.MULTILINE)
]
QUICK = ("cases", "describe", "plot", "animate", "report", "new")


def test_scripts_and_quick_commands_run_one_after_the_other(
    elsewhere: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(SCRIPTS) == 2
    names: dict[str, object] = {}
    for script in SCRIPTS:
        exec(compile(script, "README.md", "exec", dont_inherit=True), names)
    assert "finished" in capsys.readouterr().out
    assert wg.load("double_well").status == "finished"
    quick = [words[1:] for words in LINES if words[1] in QUICK]
    assert [words[0] for words in quick] == list(QUICK)
    for words in quick:
        assert main(words) == 0
    assert main(["run", "./my_case.py", "--cells", "20", "--until", "0.1", "--out", "mine"]) == 0
    made = {path.name for path in [*Path().iterdir(), *Path("double_well").iterdir()]}
    assert {"my_case.py", "mine", "stack.png", "film.gif", "report.html"} <= made


def test_commands_parse_and_name_cases_that_are_there() -> None:
    assert len(LINES) >= 12
    for words in LINES:
        given = build_parser().parse_args(words[1:])
        assert given.command is not None
        case = getattr(given, "case", None)
        assert case is None or case == "./my_case.py" or catalog.find("cases", case).exists()


def test_counts_are_those_of_the_catalog() -> None:
    found = re.search(r"(\d+) problems and networks", README)
    assert found is not None
    assert int(found[1]) == len(catalog.names("cases"))
    table = README[README.index("## Solvers") : README.index("## Measured")]
    assert set(re.findall(r"^\| `(\w+)`", table, flags=re.MULTILINE)) == set(
        catalog.names("solvers")
    )


def test_it_is_read_in_two_minutes() -> None:
    text = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    prose = re.sub(r"^(?:    |\|).*$|\]\(\S+\)", "", text, flags=re.MULTILINE)
    assert len(prose.split()) < 550  # at 250 words a minute


def test_files_named_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_citation_is_of_this_version() -> None:
    said = dict(re.findall(r"^([\w-]+): (.*)$", CITATION, flags=re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert said["cff-version"] == "1.2.0"
    assert said["version"] == wg.__version__
    assert said["license"] == project["license"]
    assert said["title"].strip('"') == f"wgflow: {project['description']}"
    assert re.findall(r"^  - (?:name: )?(.*)$", CITATION, flags=re.MULTILINE) == [
        *(author["name"] for author in project["authors"]),
        *project["keywords"],
    ]
