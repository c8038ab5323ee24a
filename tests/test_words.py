"""The words of the command line: wrong ones are answered with the right line, help is true."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

import wgflow as wg
from tests.helpers import refused
from tests.right_lines import furnish
from wgflow import catalog, distances, plots
from wgflow.cli import main
from wgflow.commands import find
from wgflow.io.results import packing
from wgflow.networks import spin_settings
from wgflow.networks.activations import Smooth
from wgflow.parser import build_parser
from wgflow.parser.base import ACTIVATIONS, COLUMNS, COMPRESSIONS, KINDS, NORMS, UNITS, WordsError
from wgflow.parser.likeness import COMMANDS, OPTIONS, nearest
from wgflow.parser.mend import mend
from wgflow.parser.mend_settings import Settings
from wgflow.parser.mend_values import mend_value
from wgflow.parser.reference import markdown
from wgflow.parser.tree import Command, tree

pytestmark = pytest.mark.usefixtures("elsewhere")

ROOT = tree(build_parser())
LEAVES = {leaf.line: leaf for leaf in ROOT.leaves()}
EXAMPLES = [example for leaf in LEAVES.values() for example in leaf.parser.examples]

# what is typed, a part of what is said to be wrong, and the line that is right
WRONG = """
isotropic_gaussians | is a case, not a command | run isotropic_gaussians
isotropic_gaussians --cells 400 | is a case | run isotropic_gaussians --cells 400
isotropic | unknown command 'isotropic' | run isotropic_gaussians
muscl | is a solver | describe muscl
rnu cosine_neuron | unknown command 'rnu' | run cosine_neuron
RUN cosine_neuron | unknown command 'RUN' | run cosine_neuron
solve cosine_neuron | unknown command 'solve' | run cosine_neuron
list | unknown command 'list' | cases
./my_case.py | is a file, not a command | run ./my_case.py
--verison | unknown option --verison | --version
frobnicate | unknown command 'frobnicate' | --help
help | with --help | --help
help run | with --help | run --help
help study width | with --help | study width --help
--cells 400 run cosine_neuron | comes before the command | run cosine_neuron --cells 400
study widths cosine_neuron | has no 'widths' | study width cosine_neuron
study widths | needs a CASE | study width cosine_neuron
study cosine_neuron | needs one of coupling, width, | study coupling cosine_neuron
coupling cosine_neuron | not a command | study coupling cosine_neuron
study frobnicate cosine_neuron | needs one of coupling | study coupling cosine_neuron
new my_case | needs one of case, solver | new case my_case
new cases mine | has no 'cases' | new case mine
new solver | needs a NAME | new solver my_solver
new case charges | of a shipped case | new case my_charges --like charges
new case sub/mine | the folder with --in | new case mine --in sub
new case 3-body.py | letters, digits and _ | new case my_3_body
study critical charges --column enrgy | give one of risk | study critical charges --column energy
run charges --compression gzp | give one of none | run charges --compression gzip
completion bsh | give one of bash, zsh, fish | completion bash
run | needs a CASE | run isotropic_gaussians
describe | needs a NAME | describe isotropic_gaussians
run isotropic | unknown case 'isotropic' | run isotropic_gaussians
run cosine_neuron.py | no file 'cosine_neuron.py' | run cosine_neuron
run my_case | given by its path | run ./my_case.py
run my_cas.py | no file 'my_cas.py' | run ./my_case.py
run muscl | is a solver, not a case | run isotropic_gaussians --solver muscl
run cosine_neuron muscl | given with --solver | run cosine_neuron --solver muscl
run cosine_neuron 64x64 | given with --cells | run cosine_neuron --cells 64,64
run cosine_neuron whatever | takes no 'whatever' | run cosine_neuron
run --case cosine_neuron | without --case | run cosine_neuron
run cosine_neuron --cels 64 | unknown option --cels | run cosine_neuron --cells 64
run cosine_neuron -cells 64 | unknown option -cells | run cosine_neuron --cells 64
run cosine_neuron --tol 1e-3 | is written out as --tolerance | run cosine_neuron --tolerance 1e-3
run cosine_neuron --time 3 | unknown option --time | run cosine_neuron --until 3
run cosine_neuron -o there | unknown option -o | run cosine_neuron --out there
run cosine_neuron --frobnicate 3 | unknown option --frobnicate | run cosine_neuron
run cosine_neuron --levels 3 | of `wgflow converge`, not of | converge cosine_neuron --levels 3
run cosine_neuron --particles 9 | of `wgflow compare` | compare cosine_neuron --particles 9
run cosine_neuron --json t.json | not of `wgflow run` | run cosine_neuron
stationary cosine_neuron --solver muscl | not of `wgflow stationary` | stationary cosine_neuron
run keller_segel --cells 64x64 | whole numbers like | run keller_segel --cells 64,64
run keller_segel --cells 64 64 | whole numbers like | run keller_segel --cells 64,64
run keller_segel --cells many | whole numbers like | run keller_segel --cells 400
converge cosine_neuron --cells 1e2 | give a whole number | converge cosine_neuron --cells 100
run cosine_neuron --until=abc | --until 'abc': give a number | run cosine_neuron --until=4
run cosine_neuron --until 1,5 | '1,5': give a number | run cosine_neuron --until 1.5
run cosine_neuron --until 1/4 | '1/4': give a number | run cosine_neuron --until 0.25
run cosine_neuron --until | needs a value | run cosine_neuron --until 4
run cosine_neuron --overwrite=yes | takes no value | run cosine_neuron --overwrite
run cosine_neuron --solver=muscel | unknown solver | run cosine_neuron --solver=muscl
compare cosine_neuron --dynamics sdg | give one of sgd | compare cosine_neuron --dynamics sgd
converge cosine_neuron --norm l2 | give one of L1 | converge cosine_neuron --norm L2
converge heat_torus --refine spce | give one of both | converge heat_torus --refine space
study critical charges --between -1,2 | for an option | study critical charges --between=-1,2
run charges --set wdth=1 | has no parameter 'wdth' | run charges --set width=1
run charges --width 1 | a parameter of charges | run charges --set width=1
run charges --wdth=1 | unknown option --wdth | run charges --set width=1
run charges --set width 1 | as --set NAME=VALUE | run charges --set width=1
run charges --set width = 1 | as --set NAME=VALUE | run charges --set width=1
run charges width=1 start=2 | given with --set | run charges --set width=1 --set start=2
run charges --set target=pear | 'pair' or 'three' | run charges --set target=pair
run charges --set width=wide | is a number | run charges --set width=0.6
run charges --set until=1 | given as --until | run charges --until 1
run charges --set limiter=minmod | with --option | run charges --option limiter=minmod
run charges --limiter minmod | an option of solvers | run charges --option limiter=minmod
verify transprot | unknown case | verify transport
rnu charge --celss 8x8 --set wdth=1 | unknown command | run charges --cells 8,8 --set width=1
"""


@pytest.mark.parametrize("row", WRONG.strip().splitlines(), ids=lambda row: row.split(" | ")[0])
def test_a_wrong_line_is_answered_with_the_right_one(
    row: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Path("my_case.py").write_text("def problem(): ...")
    typed, said, right = row.split(" | ")
    line = refused(shlex.split(typed), capsys)
    reason, _, remedy = line.removeprefix("wgflow: error: ").partition(": did you mean: ")
    assert said in reason
    assert remedy == f"wgflow {right}"
    assert [path.name for path in tmp_path.iterdir()] == ["my_case.py"]
    if "--help" not in right and right != "--version":  # they print and leave
        words = shlex.split(right)
        build_parser().parse_args(words)
        assert mend(build_parser(), words) is None  # a right line is left alone


def test_options_of_petsc_stay_on_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(["run", "--", "-ksp_type", "cg"], capsys)
    assert line.endswith("did you mean: wgflow run isotropic_gaussians -- -ksp_type cg")


def test_a_name_that_only_the_case_knows_is_mended_by_its_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["run", "isotropic_gaussians", "--set", "activation=rellu"]
    assert refused(words, capsys).endswith(
        "unknown activation 'rellu': did you mean: "
        "wgflow run isotropic_gaussians --set activation=relu"
    )


@pytest.mark.parametrize(
    ("typed", "said", "right"),
    [
        ("run charges --cells -5", "-5 cells along an axis", "run charges --cells 5"),
        ("run charges --until=-1", "give a finite number > 0", "run charges --until=1"),
        ("run charges --dt 0", "give a finite number > 0", "run charges"),
        ("run charges --frames 1", "--frames 1: give", "run charges --frames 2"),
        (
            "run quadratic_attraction --option obstacle=wall",
            "unknown parameter 'obstacle' of scharfetter_gummel",
            "run quadratic_attraction --option obstacle=wall --solver back_and_forth",
        ),
    ],
)
def test_what_only_the_work_refuses_is_mended_by_its_reason(
    typed: str, said: str, right: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(shlex.split(typed), capsys)
    assert said in line
    assert line.endswith(f": did you mean: wgflow {right}")


def test_what_is_far_from_all_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(["run", "charges", "--solver", "sinkhorn"], capsys)
    assert "unknown solver 'sinkhorn': known, nearest first: " in line
    assert ": did you mean: wgflow run charges" in line


@pytest.mark.parametrize("line", EXAMPLES)
def test_examples_of_the_help_are_understood(line: str) -> None:
    furnish()
    found = re.search(r"wgflow (.*?)(?:\)?\"?$| >>? .*)", line)
    assert found is not None
    words = shlex.split(found[1])
    try:
        given = build_parser().parse_args(words)
    except WordsError as error:
        pytest.fail(f"{line}: {error}")
    assert mend(build_parser(), words) is None
    case = getattr(given, "case", None)
    assert not isinstance(case, str) or catalog.is_path(case) or case in catalog.names("cases")


@pytest.mark.parametrize("leaf", LEAVES.values(), ids=list(LEAVES))
def test_help_shows_examples_and_explains_each_word(
    leaf: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert leaf.parser.examples, f"{leaf.line} has no examples: make it with add_command"
    assert all(leaf.line in example for example in leaf.parser.examples)
    text = leaf.parser.format_help()
    for action in [*leaf.options.values(), *leaf.operands]:
        assert action.help, f"{leaf.line} {action.option_strings} has no help"
    shown = text.partition("examples:\n")[2].replace(" \\\n      ", " ")
    assert shown == "".join(f"  {example}\n" for example in leaf.parser.examples)
    assert max(map(len, text.splitlines())) <= 80
    assert leaf.parser.allow_abbrev is False


@pytest.mark.parametrize("leaf", LEAVES.values(), ids=list(LEAVES))
def test_the_reference_has_every_command_and_option(leaf: Command) -> None:
    page = markdown(build_parser())
    section = page.partition(f"\n## `{leaf.line}`\n")[2].partition("\n## ")[0]
    for name in leaf.options:
        if name not in {"-h", "--help"}:
            assert f"`{name}" in section
    for action in leaf.operands:
        assert f"`{action.metavar or ' or '.join(action.choices or ())}`" in section
    assert f"[`{leaf.line}`](#command-{'-'.join(leaf.words)})" in page
    assert f"(command-{'-'.join(leaf.words)})=\n## " in page


@pytest.mark.parametrize("leaf", LEAVES.values(), ids=LEAVES)
def test_every_command_is_there(leaf: Command) -> None:
    assert callable(find(leaf.parser.get_default("command")))


def test_the_names_that_the_parser_knows_are_those_that_there_are() -> None:
    assert set(NORMS) == set(distances.available(wg.Grid(wg.Box((0, 1)), 3)))
    assert set(KINDS) == set(plots.KINDS)
    for case in ("charges", "quadratic_attraction"):
        problem = catalog.load("cases", case).problem()
        assert set(wg.solve(problem, cells=4, until=1e-3).history) <= set(COLUMNS)
    for word in COMPRESSIONS:
        packing(word)
    for name in ACTIVATIONS:
        Smooth(name)
    for unit in UNITS:
        spin_settings(unit, 5)
    with pytest.raises(wg.InputError, match="known are " + ", ".join(sorted(ACTIVATIONS))):
        Smooth("")


def test_other_programs_words_lead_to_ours() -> None:
    options = {name for leaf in LEAVES.values() for name in leaf.options}
    assert set(COMMANDS.values()) <= {*ROOT.choices, "--version"}
    assert set(OPTIONS.values()) <= options
    assert not set(COMMANDS) & set(ROOT.choices)


def test_a_beginning_is_near_and_a_stranger_is_not() -> None:
    assert nearest("iso", ["anisotropic", "isotropic", "risotto"]) == "isotropic"
    assert nearest("x", ["anisotropic", "isotropic"]) is None
    assert nearest("a", []) is None


QUICK = [  # of the examples, those that take no time
    *("wgflow cases", "wgflow solvers", "wgflow describe muscl", "wgflow doctor"),
    *("wgflow describe cosine_neuron --set beta=20", "wgflow converge ornstein_uhlenbeck"),
    *("wgflow stationary cosine_neuron --set beta=20", "wgflow verify transport --solver upwind"),
    *("wgflow new case my_charges --like charges", "wgflow new solver my_solver"),
]


@pytest.mark.parametrize("line", QUICK)
def test_quick_examples_do_what_they_say(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert line in EXAMPLES
    code = main(shlex.split(line)[1:])
    assert code == 0 or line == "wgflow doctor"  # who may find something wrong here
    assert capsys.readouterr().out


def test_the_folder_of_a_result_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    Path("keller_segel").mkdir()
    Path("keller_segel/summary.json").write_text("{}")
    operand = argparse.Namespace(
        dest="directory", metavar="DIR", option_strings=[], choices=None, type=None
    )
    said: list[str] = []
    run = LEAVES["wgflow run"]
    assert mend_value(run, operand, "keler_segel", Settings(), said) == "keller_segel"  # type: ignore[arg-type]
    assert said == ["no folder 'keler_segel'"]


def test_no_words_start_one_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    lines = re.findall(r"^  wgflow (.*?)  ", out, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        build_parser().parse_args(shlex.split(line))
