"""The pages: links, figures and what is measured. The whole build is `make docs`."""

from __future__ import annotations

import importlib.util
import json
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog
from wgflow.cli import build_parser
from wgflow.convergence.plans import matrix

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    if not {"_build", "gallery", "commands.md"} & set(page.relative_to(ROOT).parts)
)
WRITTEN = ("gallery/", "api/", "commands.md")  # at the start of a build
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
PICTURE = re.compile(r"\]\(([^)\s]+\.(?:png|gif))\)|\{figure\} (\S+\.(?:png|gif))")


def script(path: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FIGURES = script(ROOT / "tools" / "figures.py")
SETTINGS = script(DOCS / "_ext" / "gallery_settings.py")


def prose(page: Path) -> str:
    """Give a page without its code, in which brackets are no links."""
    text = re.sub(r"^(`{3,}|~{3,})(?!\{).*?^\1", "", page.read_text("utf-8"), flags=re.M | re.S)
    return re.sub(r"`[^`\n]+`", "", re.sub(r"^ {4}.*$", "", text, flags=re.M))


def links(page: Path) -> Iterator[tuple[str, str]]:
    for target in LINK.findall(prose(page)):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield file, anchor


def anchors(page: Path) -> set[str]:
    """List what a link into a page may name: its headings, as GitHub and MyST spell them."""
    text = page.read_text("utf-8")
    heads = re.findall(r"^#+ (.*)$", text, flags=re.M)
    spelt = {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}
    return spelt | set(re.findall(r"^\(([\w-]+)\)=$", text, flags=re.M))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for file, anchor in links(page):
        target = page if not file else (page.parent / file).resolve()
        inside = target.relative_to(DOCS).as_posix() if target.is_relative_to(DOCS) else ""
        if inside.startswith(WRITTEN):
            check_written(inside)
            continue
        assert target.exists(), f"{page.name}: {file}"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {file}#{anchor}"


def check_written(inside: str) -> None:
    """Find the case or solver of a page that a build writes."""
    folder, *rest = inside.removesuffix(".md").split("/")
    if folder == "gallery" and rest[-1] != "index":
        assert rest[-1] in catalog.names(rest[0]), inside  # type: ignore[arg-type]


def test_a_lost_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = "# A\n\n[b](gone.md) `[no](link.md)`\n\n    [no](link.md)\n\n[c](#a)\n"
    page.write_text(text, "utf-8")
    assert list(links(page)) == [("gone.md", ""), ("", "a")]
    assert anchors(page) == {"a"}


def test_every_figure_has_its_command() -> None:
    table = FIGURES.entries()
    files = [path for path in (DOCS / "figures").iterdir() if path.suffix != ".toml"]
    there = {path.relative_to(DOCS).as_posix() for path in files}
    there |= {path.relative_to(DOCS).as_posix() for path in (DOCS / "measured").iterdir()}
    assert there == set(table)
    pictures = [
        page.parent / "".join(found)
        for page in PAGES
        for found in PICTURE.findall(page.read_text("utf-8"))
    ]
    shown = {picture.resolve().relative_to(DOCS).as_posix() for picture in pictures}
    assert len(shown) > 5
    assert shown <= set(table)
    for name, entry in table.items():
        assert set(entry) <= {"commands", "copy", "takes", "long", "missed", "pages"}, name
        for page in entry["pages"]:
            if not page.startswith(WRITTEN):
                assert Path(name).name in (DOCS / page).read_text("utf-8"), f"{name}: {page}"


def test_commands_of_figures_parse(tmp_path: Path) -> None:
    for name, entry in FIGURES.entries().items():
        made = [FIGURES.command(text, tmp_path) for text in entry["commands"]]
        for words in made:
            if words[1:3] == ["-m", "wgflow"]:
                given = build_parser().parse_args(words[3:])
                catalog.find("cases", getattr(given, "case", "") or "heat_torus")
        assert "copy" not in entry or any(str(tmp_path) in w for words in made for w in words), name


def test_unknown_figures_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert FIGURES.main(["figures/couplng.png"]) == 2
    assert "figures/coupling.png" in capsys.readouterr().err


def test_what_is_measured_is_what_the_cases_state() -> None:
    checks = json.loads((DOCS / "measured" / "verify.json").read_text("utf-8"))["checks"]
    count = f"{sum(each['passed'] for each in checks)} of {len(checks)}"
    assert count in (ROOT / "README.md").read_text("utf-8")
    said = {(each["case"], each["variant"], each["solver"]): each for each in checks}
    stated = {(each.case, each.variant, each.method): each for each in matrix()}
    missing = sorted(key for key in stated if key not in said)
    stale = sorted(key for key in said if key not in stated and not _left_out(key[2]))
    remedy = "make figures FIGURE=measured/verify.json"
    assert not missing, f"{remedy}: {missing}"
    assert not stale, f"{remedy}: {stale}"
    for key, plan in stated.items():
        assert said[key]["expected"] == plan.expected, f"{remedy}: {key}"


def _left_out(method: str) -> bool:
    """Whether the solver needs a package that is not installed here."""
    from wgflow.convergence.plans import missing

    return bool(missing(method.split()[0]))


def test_settings_of_the_gallery_are_of_what_there_is() -> None:
    assert set(SETTINGS.CASES) <= set(catalog.names("cases"))
    assert set(SETTINGS.SOLVERS) <= set(catalog.names("solvers"))
    for name, words in SETTINGS.CASES.items():
        assert build_parser().parse_args(["run", name, *words.split()]).case == name
    for words in SETTINGS.SOLVERS.values():
        given = ["run", SETTINGS.SOLVER_CASE, *SETTINGS.SOLVER_WORDS.split(), *words.split()]
        assert build_parser().parse_args(given).case == SETTINGS.SOLVER_CASE


def test_files_are_read_as_their_page_says(elsewhere: None) -> None:
    pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    problem = wg.Problem(
        wg.Box((-5, 5)), wg.Confinement(2.0) + wg.Entropy(0.5), lambda x: 1 + 0 * x
    )
    saved = wg.solve(problem, cells=20, until=0.1)
    saved.save("double_well")
    blocks = re.findall(
        r"^```python\n(.*?)^```", (DOCS / "files.md").read_text("utf-8"), re.M | re.S
    )
    assert len(blocks) == 3
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "files.md", "exec", dont_inherit=True), names)
    assert np.array_equal(names["last"], saved.density)
    assert np.array_equal(names["times"], saved.times)
    assert np.array_equal(names["densities"].values, saved.densities)
    assert np.array_equal(names["energy"], names["history"]["energy"].values)


def test_choosing_names_every_solver_and_the_table_is_what_they_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = (DOCS / "choosing.md").read_text("utf-8")
    assert set(catalog.names("solvers")) <= set(re.findall(r"`(\w+)`", page))
    assert len(catalog.names("solvers")) == 11
    assert "Eleven schemes" in (DOCS / "index.md").read_text("utf-8")
    for line in re.findall(r"^wgflow (.*)$", page.replace("\\\n", ""), flags=re.M):
        assert build_parser().parse_args(line.split()).command == "rates:converge"
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    choices = script(DOCS / "_ext" / "choices.py")
    assert choices.takes("upwind", *choices.TRIED["mesh"])
    assert choices.takes("quantile_jko", choices.BOXES[0])
    assert not choices.takes("quantile_jko", choices.BOXES[1])
    assert choices.takes("entropic_jko", *choices.TRIED["none"])  # given a step
