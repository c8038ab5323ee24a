"""Slips of the first hour, each answered by what to write instead."""

from __future__ import annotations

import inspect
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

import wgflow as wg
from wgflow import catalog, distances, networks, particles
from wgflow._compiled import keep_compiled, keep_fonts
from wgflow.called import answered
from wgflow.cli import main

BOX, NOISE = wg.Box((-5, 5)), wg.Entropy(0.5)
SCRIPT = """
import wgflow as wg
open("executed", "w").close()
problem = wg.Problem(wg.Box((-1, 1)), wg.Entropy(1.0), abs)
"""


def bell(x: Any) -> Any:
    return np.exp(-(x**2))


def start(initial: Callable[..., Any]) -> None:
    wg.solve(wg.Problem(BOX, NOISE, initial), cells=8, until=0.01)


def held(function: Callable[..., Any]) -> None:
    wg.Potential(function).discretize(wg.Grid(BOX, 8))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (lambda: start(lambda x: np.ones(7)), r"the initial density .* has shape \(7,\)"),
        (lambda: start(lambda x, y: x), r"called with 1 argument and takes \(x, y\)"),
        (lambda: held(lambda x, y: x), r"potential \(test_first_hour.py, line \d+\) is called"),
        (lambda: held(math.exp), "the potential cannot take arrays: write np.exp"),
        (lambda: held(lambda x: 1 if x > 0 else 0), r"np\.where\(x > 0"),
        (
            lambda: wg.Interaction(lambda x, y: x).discretize(wg.Grid(BOX, 8)),
            "interaction kernel .* is called with 1 argument",
        ),
        (
            lambda: wg.Potential(bell) + wg.Entropy,
            r"Entropy is not a term .*: write Entropy\(\.\.\.\)",
        ),
        (lambda: wg.Potential(bell) + 3, "3 is not a term of an energy: add terms only"),
        (lambda: wg.Box(-5, 5), r"write Box\(\(-1, 1\)\) for one axis"),
        (lambda: wg.solve("desai_zwanzig"), r"give a Problem; .*catalog\.load"),
    ],
)
def test_slips_in_a_script_name_the_remedy(what: Callable[[], Any], said: str) -> None:
    with pytest.raises(wg.InputError, match=said) as caught:
        what()
    assert "\n" not in str(caught.value)


def problem() -> wg.Problem:
    return wg.Problem(BOX, NOISE, bell)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (lambda: wg.solve(problem(), cels=3), "no 'cels': did you mean cells?"),
        (lambda: wg.solve(problem(), dt_max=0.1), "did you mean dt?"),
        (lambda: wg.solve(problem(), solver_options={}), "did you mean options?"),
        (lambda: wg.solve(problem(), tau=0.1), r'write solver="ljko", options=\{"tau": 0.1\}'),
        (lambda: wg.solve(problem(), "ljko", tau=0.1), r'ljko_bdf2, .*: write options=\{"tau"'),
        (lambda: wg.solve(problem(), time=2), "did you mean until"),
        (
            lambda: wg.solve(problem(), "muscl", 9),
            " takes 2 values .*, not 3: give .* cells",
        ),
        (lambda: wg.solve(problem(), cells=8, until=1e-3).save(".", overwite=True), "overwrite"),
        (lambda: wg.convergence(problem(), cells=[8, 16], tau=1), r'options=\{"tau": 1\}'),
        (lambda: wg.convergence(problem()), r"write convergence\(\.\.\., cells=\.\.\.\)"),
        (lambda: wg.Problem(BOX, NOISE), r"write Problem\(\.\.\., initial=\.\.\.\)"),
        (lambda: wg.Problem(BOX, NOISE, bell, end=2), "did you mean until?"),
        (lambda: wg.Entropy(), r"write Entropy\(temperature=\.\.\.\)"),
        (lambda: wg.Entropy(T=0.3), "did you mean temperature?"),
        (lambda: wg.Entropy(0.3, temperature=0.3), "is given temperature twice"),
        (lambda: wg.Entropy(0.3, 1), "takes 1 value without a name"),
        (lambda: wg.Potential(f=bell), "did you mean function?"),
        (lambda: wg.Axis(0, 1, period=True), "did you mean periodic?"),
        (lambda: wg.Box(x=(0, 1)), r"takes no 'x': it takes \*axes"),
        (lambda: wg.Upwind(limiter="minmod"), "it takes nothing"),
        (lambda: wg.load(), r"write load\(directory=\.\.\.\)"),
        (lambda: wg.SSPRK2(), r"SSPRK2\(\) needs space"),
    ],
)
def test_wrong_words_in_a_call_name_the_right_one(what: Callable[[], Any], said: str) -> None:
    with pytest.raises(TypeError, match=said) as caught:
        what()
    assert isinstance(caught.value, wg.InputError)
    assert "\n" not in str(caught.value)


def solve(**given: Any) -> wg.Solution:
    return wg.solve(problem(), **{"cells": 8, "until": 0.01, **given})


def stated(**given: Any) -> wg.Solution:
    words = {"domain": BOX, "energy": NOISE, "initial": bell, **given}
    return wg.solve(wg.Problem(**words), cells=8, until=0.01)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (lambda: stated(initial="bell"), "initial is 'bell': give a function or an array"),
        (lambda: stated(initial=lambda x: None), "gives None: return an array of numbers"),
        (lambda: stated(initial=lambda x: bell(x) * 1j), "complex values: give real ones"),
        (lambda: stated(initial=np.ones(8) * 1j), r"\(8,\) and type complex128: give"),
        (lambda: solve(density=np.ones(8) * 1j), "complex values: give real ones"),
        (lambda: stated(initial=lambda x: 0 * x), "has mass 0"),
        (lambda: stated(energy=np.ones(8)), r"energy is an array of shape \(8,\): give a term"),
        (lambda: stated(energy=wg.Entropy), r"energy is the class Entropy: give Entropy\(\.\.\.\)"),
        (lambda: stated(domain=(-5, 5)), r"domain is \(-5, 5\): give a Box"),
        (lambda: stated(until="1"), "final time '1': give a finite number"),
        (lambda: stated(exact=3), "exact is 3: give a function or None"),
        (lambda: stated(reference={"risk": 3}), "a mapping of names to functions"),
        (lambda: stated(time_scale=lambda: 1), r"time scale .* takes \(\): the time"),
        (lambda: stated(network=3), "network is 3: give a Network or None"),
        (lambda: wg.Potential(np.ones(8)), r"function, such as lambda x: np\.interp\(x, points"),
        (lambda: held(lambda x: x * 1j), "the potential .* complex values"),
        (lambda: held(lambda x: "x"), "the potential .* gives 'x'"),
        (lambda: wg.Interaction(3.0), "kernel is 3.0: give a function"),
        (lambda: wg.Entropy("hot"), "temperature is 'hot': give a number"),
        (lambda: wg.Entropy(1j), "temperature is 1j: give a number"),
        (lambda: wg.Entropy(np.ones(3)), r"an array of shape \(3,\): give a number"),
        (lambda: wg.Confinement(1.0, axes=1), "a sequence of whole numbers or None"),
        (
            lambda: wg.Confinement(1.0, axes=(3,)).discretize(wg.Grid(BOX, 8)),
            "the domain has 0 to 0",
        ),
        (lambda: wg.PolynomialInteraction([1, 2]), "a mapping of whole numbers to numbers"),
        (
            lambda: wg.FeatureInteraction(lambda x, y: (x,), [1.0]).discretize(wg.Grid(BOX, 8)),
            r"the features' function .* takes \(x, y\)",
        ),
        (lambda: wg.Axis("a", 1), "lower is 'a': give a number"),
        (lambda: wg.Axis(0, 1, stretch=3), "stretch is 3: give a function or None"),
        (lambda: wg.Box([(0, 1), (0, 1)]), r"write Box\(\(-1, 1\)\) for one axis"),
        (lambda: wg.Box(np.ones((2, 2))), r"axis an array of shape \(2, 2\)"),
        (lambda: wg.Grid((-1, 1), 8), r"box is \(-1, 1\): give a Box"),
        (lambda: solve(cells=(8, 8)), "for a domain of 1 dimensions"),
        (lambda: solve(cells="8"), "give a whole number"),
        (lambda: solve(until="1"), "final time '1': give a finite number"),
        (lambda: solve(until=[0, 1]), r"final time \[0, 1\]"),
        (lambda: solve(dt="a"), "time step dt = 'a': give a finite number"),
        (lambda: solve(snapshots=0.5), "0.5 snapshots: give a whole number >= 0, or a list"),
        (lambda: solve(snapshots=[0.5]), r"snapshot time 0.5: give times in \[0, 0.01\]"),
        (lambda: solve(snapshots="all"), "a whole number or a sequence of numbers"),
        (lambda: solve(observers=[print]), "give a sequence of Observers"),
        (lambda: solve(options="tau"), "options is 'tau': give a mapping"),
        (lambda: solve(solver="ljko", options={"tau": "a"}), "time step tau = 'a'"),
        (lambda: solve(solver=wg.MUSCL()), "solver MUSCL: give a name, such as"),
        (lambda: solve(solver=wg.SSPRK2), r"lambda problem, grid: wg\.SSPRK3"),
        (lambda: solve(solver=lambda: 3), r"takes \(\): the problem and the grid"),
        (lambda: solve(solver=lambda problem, grid: 3), "gives 3: return a Stepper"),
        (lambda: solve(density=bell), "density is the function bell: give an array of numbers"),
        (lambda: solve(follow=wg.Follow), r"a class: write Follow\(\.\.\.\)"),
        (lambda: solve(checkpoint="folder"), "checkpoint is 'folder': give a Checkpoint"),
        (lambda: wg.load(None), "directory is None: give text or a Path"),
        (lambda: solve().at("a", "mass"), "time is 'a': give a number"),
        (lambda: wg.convergence(3, cells=[8, 16]), "problem is 3: give a Problem"),
        (lambda: wg.FiniteVolume(problem(), wg.Grid(BOX, 8), wg.Upwind), r"write Upwind\("),
        (lambda: wg.SSPRK2(problem()), "space is a Problem: give a FiniteVolume"),
        (lambda: wg.Mesh.from_fipy(3), "mesh 3: give one of FiPy"),
        (
            lambda: distances.distance("L1", np.ones(3), np.ones(8), wg.Grid(BOX, 8)),
            r"density of shape \(3,\) on a grid of shape \(8,\)",
        ),
        (
            lambda: catalog.load("cases", "desai_zwanzig").problem(bta=3),
            "no 'bta': did you mean beta?",
        ),
    ],
)
def test_a_value_of_another_kind_is_named(what: Callable[[], Any], said: str) -> None:
    with pytest.raises(wg.InputError, match=said) as caught:
        what()
    assert "\n" not in str(caught.value)


def test_scalars_of_other_libraries_are_numbers() -> None:
    for scalar in (np.float32(0.5), np.array(0.5)):
        found = wg.solve(problem(), cells=np.int32(8), until=scalar, snapshots=np.array([0.1]))
        assert found.time == 0.5
        assert found.times.tolist() == [0.0, 0.1, 0.5]
    assert wg.Grid(BOX, 8.0).cells == (8,)  # type: ignore[arg-type]


def test_a_potential_that_jumps_on_a_circle_is_told(caplog: pytest.LogCaptureFixture) -> None:
    circle = wg.Box((-1, 1), wg.Axis(-np.pi, np.pi, periodic=True))
    wg.Potential(lambda x, y: x + np.cos(y)).discretize(wg.Grid(circle, 8))
    assert not caplog.messages
    wg.Potential(lambda t, x, y: x + y, True).discretize(wg.Grid(circle, 8))
    assert "potential is not periodic: it jumps by 6.28 between the ends of axis y" in caplog.text


NEVER_CALLED = {"Array", "Observer", "Progress", "Solution"}
OFFERED = [
    (room.__name__, name)
    for room in (wg, networks, particles, distances)
    for name in room.__all__
    if inspect.isfunction(getattr(room, name))
    or (
        inspect.isclass(getattr(room, name))
        and not inspect.isabstract(getattr(room, name))
        and not issubclass(getattr(room, name), BaseException | tuple)
        and not getattr(getattr(room, name), "_is_protocol", False)
        and name not in NEVER_CALLED
    )
]


@pytest.mark.parametrize(("room", "name"), OFFERED)
def test_all_that_is_offered_answers_to_a_wrong_word(room: str, name: str) -> None:
    with pytest.raises(wg.InputError, match="takes no 'no_such_word'"):
        getattr(sys.modules[room], name)(no_such_word=1)


def test_type_errors_from_inside_pass() -> None:
    def wrong(*given: Any) -> Any:
        return {}["a"] if given else len(3)  # type: ignore[arg-type]

    with pytest.raises(TypeError, match="object of type 'int' has no len") as caught:
        answered(wrong)()
    assert not isinstance(caught.value, wg.InputError)
    assert inspect.signature(wg.solve) == inspect.signature(inspect.unwrap(wg.solve))
    assert list(inspect.signature(wg.Entropy).parameters) == ["temperature"]


def test_errors_of_another_kind_stay_as_they_are() -> None:
    def careless(x: Any) -> Any:
        return x + "1"

    with pytest.raises(TypeError, match=r"str|ufunc"):
        held(careless)


def test_functions_may_return_less_than_the_grid() -> None:
    box = wg.Box((-5, 5), (-5, 5))
    grid = wg.Grid(box, (4, 6))
    term = wg.Potential(lambda x, y: x**2).discretize(grid)
    values = term.first_variation(np.ones(grid.shape), 0.0)
    assert np.array_equal(np.broadcast_to(values, (4, 6)).T[3], grid.centers[0] ** 2)


def test_a_name_the_package_lacks_lists_the_nearest() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Potental': nearest are Potential"):
        wg.Potental  # noqa: B018


def test_a_script_is_no_case_and_is_not_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("script.py").write_text(SCRIPT)
    with pytest.raises(wg.InputError, match=r"no function problem\(\).* python script\.py"):
        catalog.load("cases", "script.py")
    assert not Path("executed").exists()
    for index, text in enumerate(("from math import exp as problem", "problem = abs")):
        Path(f"case_{index}.py").write_text(text)
        assert callable(catalog.load("cases", f"case_{index}.py").problem)


def answer(capsys: pytest.CaptureFixture[str], line: str) -> str:
    assert main(line.split()) == 2
    return capsys.readouterr().err.strip()


def test_wrong_lines_name_what_lies_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    catalog_text = Path(catalog.find("cases", "cosine_neuron")).read_text()
    Path("my_case.py").write_text(catalog_text)
    Path("my_cases.py").write_text(SCRIPT)  # no case: not offered
    Path("crowd").mkdir()
    Path("crowd/summary.json").write_text("{}")
    assert answer(capsys, "run mycase").endswith("did you mean: wgflow run ./my_case.py")
    assert answer(capsys, "plot").endswith("did you mean: wgflow plot crowd")
    assert answer(capsys, "plot crowd --kind spactime").endswith("--kind spacetime")
    assert answer(capsys, "animate crowd --kind spactime").endswith("--kind spacetime")


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("version", "wgflow --version"),
        ("run desai_zwanzig --set beta", "wgflow run desai_zwanzig --set beta=3.0"),
    ],
)
def test_wrong_lines_name_the_right_one(
    capsys: pytest.CaptureFixture[str], line: str, right: str
) -> None:
    assert answer(capsys, line).endswith(f"did you mean: {right}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "transport"), "with --checkpoint-every S it writes checkpoints"),
        (
            ("run", "transport", "--checkpoint-steps", "9"),
            "the same command with --restart resumes",
        ),
        (("cases",), "interrupted\n"),
    ],
)
def test_an_interruption_says_how_to_go_on(
    words: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(given: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("wgflow.cli.find", lambda name: interrupted)
    assert main(words) == 130
    assert said in capsys.readouterr().err


def test_kernels_are_kept_where_only_the_owner_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "given")
    monkeypatch.setattr("wgflow._compiled._writable", lambda path: False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    keep_compiled()
    assert os.environ["NUMBA_CACHE_DIR"] == "given"
    before = numba.config.CACHE_DIR
    monkeypatch.setattr(numba.config, "CACHE_DIR", before)
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    keep_compiled()
    own = tmp_path / f"wgflow-numba-{os.getuid()}"
    assert os.environ["NUMBA_CACHE_DIR"] == numba.config.CACHE_DIR == str(own)
    assert own.stat().st_mode & 0o777 == 0o700
    own.chmod(0o777)  # another user may have put something there
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    keep_compiled()
    other = Path(os.environ["NUMBA_CACHE_DIR"])
    assert other != own
    assert other.stat().st_mode & 0o777 == 0o700


def test_fonts_are_kept_there_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    keep_fonts()
    assert "MPLCONFIGDIR" not in os.environ
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")  # Matplotlib warns without either
    keep_fonts()
    assert os.environ["MPLCONFIGDIR"] == str(tmp_path / f"wgflow-matplotlib-{os.getuid()}")
    monkeypatch.setenv("MPLCONFIGDIR", "given")
    keep_fonts()
    assert os.environ["MPLCONFIGDIR"] == "given"


def test_an_account_without_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # in which a folder of the name ~ could be made
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as for an unknown number
    monkeypatch.setattr("wgflow._compiled._package", lambda: Path("/dev/null"))
    for name in ("NUMBA_CACHE_DIR", "MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)
    keep_compiled()
    keep_fonts()
    assert os.environ["NUMBA_CACHE_DIR"].startswith(str(tmp_path))
    assert os.environ["MPLCONFIGDIR"].startswith(str(tmp_path))


def test_a_usual_place_for_kernels_is_left_to_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    for usual in ("__pycache__", "numba"):
        monkeypatch.setattr("wgflow._compiled._writable", lambda path, u=usual: path.name == u)
        keep_compiled()
        assert "NUMBA_CACHE_DIR" not in os.environ
