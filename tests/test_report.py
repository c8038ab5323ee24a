"""The page of what a command left: what it says, and that a browser shows it, light and dark."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wgflow as wg
from tests.browser import Browser, browsing, needs_chromium
from tests.helpers import refused
from tests.mpi import needs_mpi, succeeds
from wgflow.cli import main
from wgflow.report import write_report

LARGEST = 5_000_000  # bytes
MADE = {
    "line": "run ornstein_uhlenbeck --cells 50 --until 0.2 --dt 0.05 --set mean=2",
    "plane": "run quadratic_attraction --set dimension=2 --solver ljko --cells 12 --until 0.1 "
    "--dt 0.05",
    "many": "run relu_gaussians --cells 8 --until 0.02",
    "networks": "compare isotropic_gaussians --cells 100 --until 0.05 --particles 20 --step 1e-3 "
    "--seeds 2",
    "order": "converge ornstein_uhlenbeck --levels 2 --cells 20 --within 1 --until 0.1",
    "widths": "study width cosine_neuron --cells 40 --sizes 5,20 --until 0.1 --seeds 2",
}
# Elements whose words must be readable, and the page itself.
READ = "h1 h2 p.subtitle p.verdict dt dd nav>a caption th td code figcaption text math footer>p"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leave results of several kinds, each with its page."""
    place = tmp_path_factory.mktemp("made")
    for name, words in MADE.items():
        assert main([*words.split(), "--out", str(place / name)]) in (0, 1), name
        assert main(["report", str(place / name)]) == 0, name
    return place


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.fixture
def line(made: Path, tmp_path: Path) -> Path:
    """Give a copy of a run that a test may spoil; without densities there is less to draw."""
    copy = Path(shutil.copytree(made / "line", tmp_path / "line"))
    (copy / "solution.h5").unlink()
    return copy


def text_of(folder: Path, name: str = "report.html") -> str:
    return (folder / name).read_text(encoding="utf-8")


def changed(folder: Path, **values: Any) -> str:
    """Change what a run says of itself and give its new page."""
    path = folder / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return write_report(folder, overwrite=True).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MADE)
def test_a_page_needs_nothing_besides_itself(made: Path, name: str) -> None:
    page = text_of(made / name)
    assert len(page) < LARGEST
    names = re.compile(r'xmlns(:\w+)?="http://www\.w3\.org/[^"]*"')
    assert "://" not in names.sub("", page)
    assert "<script" not in page
    assert "default-src 'none'" in page
    for source in re.findall(r'(?:src|href)="([^"]*)"', page):
        assert source.startswith(("data:", "#")), source
    identifiers = re.findall(r'\bid="([^"]*)"', page)
    assert len(identifiers) == len(set(identifiers))


def test_a_run_says_what_was_solved_and_whether_it_holds(made: Path) -> None:
    page = text_of(made / "line")
    for words in (
        "finished, all 4 checks passed", "Ornstein-Uhlenbeck process", "<math", "Scharfetter",
        "<strong>Guarantees.</strong>", "<strong>2</strong> (changed)", "≤ 1e-12 (1 + |F|)",
        "largest change of the mass", "Distance to the exact solution at t = 0.2",
        "wgflow run ornstein_uhlenbeck --cells 50", f"wgflow {wg.__version__}", "solution.h5",
    ):  # fmt: skip
        assert words in page, words
    assert "FAILED" not in page
    assert page.count("(changed)") == 2  # the mean and the time step
    law = "largest excess of W²/(2τs)"
    assert law not in page
    assert law in text_of(made / "plane")
    assert "Marginal densities: of each of a, b" in text_of(made / "many")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"mass_max_error": 1e-11}, "mass changes by 1.0e-11"),
        ({"minimum": -1e-300}, "negative density -1.0e-300"),
        ({"energy_max_increase": 1e-3}, "energy increases by 1.0e-03"),
        ({"energy_law": 1e-3}, "energy law missed by 1.0e-03"),
        (
            {"status": "diverged", "error": "not finite at <3>"},
            "diverged at t = 0.2 after 10 steps: not finite at &lt;3&gt; (below",
        ),
        ({"energy_max_increase": None, "status": "failed"}, "failed at t = 0.2 after 10 steps ("),
    ],
)
def test_what_does_not_hold_is_said_at_the_top(
    line: Path, values: dict[str, Any], says: str
) -> None:
    top = changed(line, **values).partition("<main>")[0]
    assert 'class="verdict bad">✗' in top
    assert says in top
    assert "all 4 checks passed" not in top


def test_a_warning_is_said_at_the_top(line: Path) -> None:
    told = "mass 1e-3 lies in the outermost cells at x = 8, limit 1e-06: move <that> bound"
    top = changed(line, warnings=[told]).partition("<main>")[0]
    assert 'class="verdict note">! finished, 3 of 4 checks passed: the domain is too small' in top
    assert "move &lt;that&gt; bound" in top
    top = changed(line, warnings=["something else"]).partition("<main>")[0]
    assert "finished, all 4 checks passed, with 1 warning<" in top


def test_the_energy_is_judged_where_it_is_promised(line: Path) -> None:
    """A solver that promises nothing of the energy, or is not known, is not blamed for it."""
    rise = {"energy_max_increase": 1e-3}
    assert "not promised" in changed(line, **rise, solver="quantile_jko")
    page = changed(line, **rise, solver="my_own")
    assert "not known" in page
    assert "energy increases" not in page


def test_own_files_are_read_and_made_harmless(tmp_path: Path) -> None:
    case = tmp_path / "mine.py"
    case.write_text(
        'r"""My `own` <b>case</b>.\n\nA *cloud* with $\\sigma^2$ and <script>alert(1)</script>.\n\n'
        '![x](https://example.org/a.png)\n"""\nimport numpy as np\nimport wgflow as wg\n\n'
        'def problem(width: float = 1.0):\n    """Make it.\n\n    Parameters\n    ----------\n'
        '    width : float\n        Of the start, <i>positive</i>.\n    """\n'
        "    return wg.Problem(wg.Box((-4, 4)), wg.Entropy(1.0),\n"
        "                      lambda x: np.exp(-(x / width) ** 2), until=0.1)\n"
    )
    out = tmp_path / "out"
    assert main(["run", str(case), "--cells", "30", "--set", "width=2", "--out", str(out)]) == 0
    page = write_report(out).read_text(encoding="utf-8")
    assert "My <code>own</code> &lt;b&gt;case&lt;/b&gt;" in page
    assert "<em>cloud</em>" in page
    assert "<msup><mi>" in page
    assert "&lt;i&gt;positive&lt;/i&gt;" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<img" not in page
    case.unlink()
    page = write_report(out, overwrite=True).read_text(encoding="utf-8")
    assert "The file of the case <code>mine</code> is not there" in page


def test_without_densities_the_figure_of_the_run_is_shown(line: Path) -> None:
    page = write_report(line, overwrite=True).read_text(encoding="utf-8")
    assert "As drawn by the run" in page
    assert "data:image/png;base64," in page


def test_networks_and_orders_have_their_tables(made: Path) -> None:
    networks, order, widths = (text_of(made / n) for n in ("networks", "order", "widths"))
    assert "R, N → ∞" in networks
    assert "neurons N of each network" in networks
    assert "order on the two finest grids" in order
    assert "2 ± 1" in order
    assert ("all 4 stated expectations are met" in order) == ("FAILED" not in order)
    assert "sup |R_N - R|" in widths
    assert "≤ -0.5 + 0.15" in widths


def test_every_study_leaves_a_folder_that_has_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, words in enumerate(
        (
            "verify transport --solver upwind",
            "study refinement ornstein_uhlenbeck --cells 10 --levels 3 --column energy --times .1",
            "study critical ornstein_uhlenbeck --parameter mean --between 0.5,2 --below 0 "
            "--column energy --until 0.1 --cells 20 --within 0.5",
            "study spins --dimension 3 --sizes 4,8,16 --seeds 2 --until 2",
            "study teacher_student --sizes 2,4 --dimension 5 --until 1 --seeds 2",
            "study lazy_training --sizes 10,20,40 --scales 1,2,4 --samples 4 --until 1 --seeds 2",
            "study three_layer --sizes 4,8,16 --indices 20 --samples 4 --until 1 --seeds 2",
        )
    ):
        out = tmp_path / str(number)
        assert main([*words.split(), "--out", str(out)]) in (0, 1), words
        summary = json.loads((out / "summary.json").read_text())
        assert words.startswith(summary["kind"])
        assert summary["command"].startswith(f"wgflow {words.split()[0]}")
        page = write_report(out).read_text(encoding="utf-8")
        assert "<table>" in page
        assert (not summary["passed"]) == ("FAILED" in page)
        assert ("case" in summary) == ('class="equation"' in page), words
        assert "--overwrite" in refused([*words.split(), "--out", str(out)], capsys)


def test_what_cannot_be_shown_is_refused(
    made: Path, line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuses(words: list[str], value: str, remedy: str) -> None:
        told = refused(["report", *words], capsys)
        assert value in told
        assert remedy in told

    refuses([str(tmp_path / "none")], "no folder", "wgflow report --help")
    refuses([str(line / "history.csv")], "is a file", f"wgflow report {line}")
    (tmp_path / "empty").mkdir()
    refuses([str(tmp_path / "empty")], "holds no result", "wgflow report --help")
    (tmp_path / "begun/checkpoint").mkdir(parents=True)
    refuses([str(tmp_path / "begun")], "has not finished", "--restart")
    refuses([str(made / "line")], "report.html already exists", "--overwrite")
    refuses([str(made / "line"), "--out", ""], "''", "give a file")
    refuses([str(line), "--out", str(tmp_path / "no/r.html")], "there is no folder", "create it")
    summary = (line / "summary.json").read_text()
    (line / "summary.json").write_text(json.dumps(json.loads(summary) | {"kind": "study widht"}))
    refuses([str(line), "--overwrite"], "'study widht'", "nearest first: study width")
    (line / "summary.json").write_text(summary[:50])
    refuses([str(line), "--overwrite"], "cannot be read", "run the command again")


@needs_mpi
def test_ranks_make_the_page_of_one(made: Path, tmp_path: Path) -> None:
    words = ["-m", "wgflow", "report", str(made / "line"), "--out", str(tmp_path / "r.html")]
    assert "written to" in succeeds(2, words)
    both = [text_of(tmp_path, "r.html"), text_of(made / "line")]
    one, other = (re.sub(r"<footer>.*|<meta name=.generator.*", "", page) for page in both)
    assert one == other


# --- in a browser --------------------------------------------------------------------------------

COLOURS = """(() => {
  const shown = selector => [...document.querySelectorAll(selector)].filter(
    e => e.getClientRects().length && e.textContent.trim());
  const found = {};
  for (const selector of %s) {
    for (const element of shown(selector)) {
      const style = getComputedStyle(element);
      found[element.tagName === 'text' ? style.fill : style.color] = selector;
    }
  }
  return {page: getComputedStyle(document.body).backgroundColor, words: found};
})()"""
BOXES = """[...document.querySelectorAll(%r)].map(
  e => { const box = e.getBoundingClientRect(); return [box.width, box.height]; })"""


def contrast(one: str, other: str) -> float:
    """Ratio of the luminances of two colours, as WCAG 2.1 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgb(119, 119, 119)", "rgb(255, 255, 255)") == pytest.approx(4.48, abs=0.01)


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", MADE)
def test_a_browser_shows_the_page(made: Path, browser: Browser, name: str, scheme: str) -> None:
    path = made / name / "report.html"
    browser.open(path, scheme)
    assert browser.complaints() == []
    asked = [url for url in browser.requests() if not url.startswith("data:")]
    assert asked == [path.resolve().as_uri()]
    assert all(w > 20 and h > 10 for w, h in browser.ask(BOXES % ".equation math"))
    assert browser.ask("document.querySelectorAll('.equation math').length") > 0
    figures = browser.ask(BOXES % "figure svg, figure img")
    assert figures
    assert all(w > 200 and h > 100 for w, h in figures)
    colours = browser.ask(COLOURS % json.dumps(READ.split()))
    assert len(colours["words"]) >= 3
    for colour, selector in colours["words"].items():
        assert contrast(colour, colours["page"]) >= 4.5, (selector, colour)
    seen = browser.screenshot()
    assert seen.std() > 0.03
    assert (seen.mean() > 0.8) if scheme == "light" else (seen.mean() < 0.3)


@needs_chromium
def test_curves_are_seen_on_dark(made: Path, browser: Browser) -> None:
    for scheme in ("light", "dark"):
        browser.open(made / "line/report.html", scheme)
        drawn = browser.ask(
            "[...document.querySelectorAll('#history-axes_1 > g[id*=line2d] > path')]"
            ".map(e => getComputedStyle(e).stroke)"
        )
        page = browser.ask("getComputedStyle(document.body).backgroundColor")
        assert drawn
        assert min(contrast(colour, page) for colour in drawn) >= 3


@needs_chromium
@pytest.mark.parametrize("name", MADE)
def test_a_phone_scrolls_tables_not_the_page(made: Path, browser: Browser, name: str) -> None:
    browser.open(made / name / "report.html", width=360)
    assert browser.ask("document.documentElement.scrollWidth") <= 360
    assert browser.ask("document.querySelector('h1').getBoundingClientRect().width") > 200
    # but for numbers, all that a table tells is seen without scrolling
    wide = "[...document.querySelectorAll('.told, .named')].map(e => e.scrollWidth)"
    assert max(browser.ask(wide)) <= 360
    # letters of a figure are not set smaller than they may be
    shown = (
        "[...document.querySelectorAll('figure :is(svg, img)')]"
        ".map(e => e.clientWidth / parseFloat(e.style.width))"
    )
    assert min(browser.ask(shown)) > 0.74
