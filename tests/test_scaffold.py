"""Files of one's own begin as files that work."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.helpers import refused
from wgflow import catalog
from wgflow.cli import main
from wgflow.parser import build_parser
from wgflow.parser.mend import mend

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_a_new_case_converges_as_it_states(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "case", "mine"]) == 0
    out = capsys.readouterr().out
    for line in ("describe ./mine.py", "run ./mine.py", "converge ./mine.py"):
        assert f"wgflow {line} " in out
    assert "_template" not in Path("mine.py").read_text()
    for solver in catalog.load("cases", "./mine.py").EXPECTED:
        assert main(["converge", "./mine.py", "--solver", solver]) == 0
        assert "passed: order" in capsys.readouterr().out
    assert main(["run", "./mine.py", "--cells", "100", "--out", "r"]) == 0
    assert "errors  L1" in capsys.readouterr().out


def test_the_order_of_a_new_case_can_be_missed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["new", "case", "mine"])
    text = Path("mine.py").read_text()
    Path("mine.py").write_text(text.replace("return stiffness / 2 * x**2", "return x**2"))
    assert main(["converge", "./mine.py"]) == 1
    assert "MISSED" in capsys.readouterr().out


def test_a_new_solver_has_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "solver", "mine.py"]) == 0
    assert "wgflow run ornstein_uhlenbeck --solver ./mine.py" in capsys.readouterr().out
    words = ["converge", "ornstein_uhlenbeck", "--cells", "50", "--levels", "3"]
    own = ["--solver", "./mine.py", "--expected"]
    assert main([*words, *own, "2"]) == 0
    assert main([*words, *own, "1", "--option", "blending=0"]) == 0  # the upwind flux
    capsys.readouterr()
    assert "blending = 2.0" in refused([*words, *own, "2", "--option", "blending=2"], capsys)


def test_a_copy_is_that_of_the_shipped_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "case", "mine", "--like", "charges", "--in", "deep/er"]) == 0
    assert "wgflow run ./deep/er/mine.py " in capsys.readouterr().out
    first, _, rest = Path("deep/er/mine.py").read_text().partition("\n")
    assert "charges" in first
    assert rest == catalog.find("cases", "charges").read_text()
    assert catalog.load("cases", "./deep/er/mine.py").__doc__ is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["case", "3d"], "such as my_case"),
        (["case", "my-case"], "such as my_case"),
        (["case", "class"], "give letters"),
        (["case", "_mine"], "give letters"),
        (["case", "charges"], "wgflow new case my_charges --like charges"),
        (["solver", "muscl"], "that of a shipped solver"),
        (["case", "sub/mine"], "the folder with --in"),
        (["case", "there"], "already exists"),
        (["case", "mine", "--like", "muscl"], "unknown case 'muscl'"),
        (["solver", "mine", "--like", "mucsl"], "--like muscl"),
        (["case", "mine", "--in", "there.py"], "there.py"),
    ],
)
def test_what_is_no_name_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("there.py").write_text("precious")
    assert said in refused(["new", *words], capsys)
    assert [path.name for path in Path().iterdir()] == ["there.py"]
    assert Path("there.py").read_text() == "precious"


# --- describe ----------------------------------------------------------------------------------


def test_a_page_has_equation_settings_orders_and_examples(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    assert main(["describe", "quadratic_attraction", "--set", "beta=4"]) == 0
    page = capsys.readouterr().out
    assert "∂ₜρ = ∂ₓ(ρ ∂ₓ(0.25 x² + W * ρ)) + 0.25 ∂ₓ² ρ" in page
    assert "stiffness = 0.5  [a number]" in page
    assert "muscl                        2 ± 0.3  L1: 50, 100, 200, 400 cells" in page
    assert "scharfetter_gummel           2 ± 0.3" in page
    assert "cells      200" in page
    assert '"2-D": dimension=2' in page
    assert "wgflow stationary quadratic_attraction" in page
    assert "wgflow compare" not in page  # it has no network
    prose = page.partition("**")[0].partition("Parameters (")[0]
    assert max(map(len, prose.splitlines())) <= 100


@pytest.mark.parametrize("kind", ["cases", "solvers"])
def test_every_page_ends_with_lines_that_are_understood(
    kind: catalog.Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in catalog.names(kind):
        assert main(["describe", name]) == 0
        page = capsys.readouterr().out
        examples = page.partition("\nExamples:\n")[2].split("\n")
        lines = [line.strip() for line in examples if line.strip()]
        assert lines, name
        for line in lines:
            given = build_parser().parse_args(shlex.split(line)[1:])
            assert mend(build_parser(), shlex.split(line)[1:]) is None
            if getattr(given, "cells", None) is not None:
                dimension = catalog.load("cases", name).problem().domain.dimension
                assert len(given.cells.split(",")) == dimension


def test_pages_of_new_files(capsys: pytest.CaptureFixture[str]) -> None:
    main(["new", "case", "mine"])
    main(["new", "solver", "own"])
    capsys.readouterr()
    assert main(["describe", "./mine.py"]) == 0
    assert "∂ₜρ = ∂ₓ(ρ ∂ₓ(V + W * ρ)) + 0.5 ∂ₓ² ρ" in capsys.readouterr().out
    assert main(["describe", "./own.py"]) == 0
    page = capsys.readouterr().out
    assert "Order: 2 in space, 2 in time" in page
    assert "blending = 1.0" in page
